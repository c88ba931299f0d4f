"""The time line of an object: what its organization's audit log tells of it, oldest first, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from privyseal.look.words import gettext
from privyseal.model.audit import organization_log
from privyseal.model.organization import Organization
from privyseal.pages.control_center.words import action_words
from privyseal.store import administrators, audit
from privyseal.store.database import Transaction

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Happened:
    """One line: what happened, when, and by whom."""

    words: str
    at: datetime
    who: str


def history_of(tx: Transaction, organization: Organization, object_ids: Sequence[str]) -> list[Happened]:
    """Return what happened to these objects, at most the last 200 things."""
    entries = [json.loads(entry) for entry in audit.of_objects(tx, organization_log(organization.slug), object_ids, LONGEST)]
    names = actor_names(tx, entries)
    return [_happened(entry, names) for entry in entries]


def _happened(entry: Mapping[str, Any], names: Mapping[str, str]) -> Happened:
    is_refused = entry["outcome"] == "refused"
    words = action_words(str(entry["action"]), refused=is_refused)
    if is_refused or (entry["action"] == "revoke-certificate" and entry["reason"]):
        words = f"{words} ({entry['reason']})"
    return Happened(words, read_time(str(entry["time"])), actor_words(entry, names))


def actor_names(tx: Transaction, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return id -> name of the administrators who acted in these entries."""
    return administrators.names_of(tx, (str(entry["actor"]["id"]) for entry in entries))


def actor_words(entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return who acted, by name where it is one of those in ``names``."""
    kind, actor_id = str(entry["actor"]["kind"]), str(entry["actor"]["id"])
    if kind == "requester":
        return gettext("the requester") if entry["object"]["kind"] in {"request", "certificate"} else gettext("not signed in")
    if kind == "system":
        return gettext("the service")
    if kind == "operator":
        return gettext("the provider's operator")
    if kind == "api-token":
        return gettext("API token %(id)s") % {"id": actor_id}
    return names.get(actor_id, actor_id)


def read_time(text: str) -> datetime:
    """Return the moment that an entry's time names."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
