"""The time line of an object: what its organization's audit log tells of it, oldest first, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from privyseal.look.audit_words import action_words, letter_words, reason_words
from privyseal.look.words import gettext
from privyseal.model.audit import organization_log
from privyseal.model.organization import Organization
from privyseal.model.scope import Scope
from privyseal.reception.log_list import actor_words, names_in, read_time
from privyseal.store import audit, departments
from privyseal.store.database import Transaction

LONGEST = 200
MOVES = frozenset({"move-request", "move-certificate", "move-administrator", "move-department"})
BETWEEN = " -> "
"""Stands between the two ends in the entry of a move."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line: what happened, when, and by whom."""

    words: str
    at: datetime
    who: str


def history_of(tx: Transaction, organization: Organization, object_ids: Sequence[str], seen: Scope) -> list[Happened]:
    """Return what happened to these objects, at most the last 200 things; departments outside of ``seen`` are not named."""
    entries = [json.loads(entry) for entry in audit.of_objects(tx, organization_log(organization.slug), object_ids, LONGEST)]
    names = names_in(tx, entries)
    places = _places(tx, organization, entries, seen)
    found: list[Happened] = []
    for entry in entries:
        line = _happened(entry, names, places)
        # Letters to several people leave one after the other; one line tells of them, with the time of the first.
        if line.words and not (found and entry["action"] == "deliver-fact" and found[-1].words == line.words):
            found.append(line)
    return found


def _places(tx: Transaction, organization: Organization, entries: Sequence[Mapping[str, Any]], seen: Scope) -> dict[str, str]:
    """Return the names of the departments between which something was moved, as far as they are in sight."""
    moves = [str(entry["reason"]).split(BETWEEN) for entry in entries if entry["action"] in MOVES and entry["outcome"] == "done"]
    found = departments.of_ids(tx, organization.id, (step for steps in moves for step in steps)) if moves else {}
    named = {str(item.id): item.name for item in found.values() if seen.covers(item.path)}
    return named | ({"organization": organization.name} if seen.everything else {})


def _happened(entry: Mapping[str, Any], names: Mapping[str, str], places: Mapping[str, str]) -> Happened:
    """Return the line of an entry; without words where a reader of the time line misses nothing."""
    action, is_refused = str(entry["action"]), entry["outcome"] == "refused"
    at = read_time(str(entry["time"]))
    if action == "deliver-fact" and not is_refused:
        return Happened(letter_words(entry), at, "")
    words = action_words(action, refused=is_refused)
    if is_refused or (action in {"revoke-certificate", "revoke-credential", "close-department", "assign-servers"} and entry["reason"]):
        words = f"{words} ({reason_words(entry)})"
    elif action in MOVES:
        ends = [places.get(step, gettext("another department")) for step in str(entry["reason"]).split(BETWEEN)]
        words = f"{words} ({BETWEEN.join(ends)})"
    return Happened(words, at, actor_words(entry, names))
