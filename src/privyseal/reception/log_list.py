"""A page of an audit log: what a filter asks for, the entries that fit, each as a line in words. Both consoles show their logs by it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any, Final

from privyseal.look.audit_words import actor_kind_words, entry_words, object_words, reason_words
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest
from privyseal.store import administrators, audit, log_names, organizations
from privyseal.store.database import Transaction

FIELDS: Final = ("action", "object", "outcome", "person", "from", "to")
PAGE_SIZE: Final = 50
MAXIMUM_SCANNED: Final = 3_000
"""Entries looked at for one page where several things are asked for at once; then the page offers to look further back."""

SHOWN_ID: Final = 20
SHOWN_NAME: Final = 64
_LAST_INDEX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the page shows it; ``address`` is the page of its object, "" where it has none."""

    index: int
    at: datetime
    words: str
    who: str
    outcome: str
    object_kind: str
    object_id: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found: ``behind`` is the index below which the next look goes on, None at the beginning of the log."""

    lines: list[Line]
    behind: int | None
    is_full: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: ``asked`` by the names of FIELDS, ``since`` and ``until`` the days of it, ``before`` an index."""

    asked: Mapping[str, str]
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def read_index(text: str) -> int | None:
    """Return the index that an address names, or None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_INDEX)) and int(text) <= _LAST_INDEX else None


def look_into(tx: Transaction, log: str, wanted: Wanted, address_of: Callable[[str, str], str]) -> Found:
    """Return one page of entries, the newest first; ``address_of`` gives the page of an object by kind and id."""
    fitting: list[tuple[int, dict[str, Any]]] = []
    asked, before = wanted.asked, wanted.before
    marked = _marks(asked)
    until = wanted.until + timedelta(days=1) if wanted.until else None
    scanned = 0
    while scanned < MAXIMUM_SCANNED:
        # Mostly the first portion is enough; where it is not, all the others cost least together.
        limit = MAXIMUM_SCANNED - scanned if scanned else PAGE_SIZE * 4
        about = asked.get("object", "")
        rows = audit.newest(tx, log, object_id=about, since=wanted.since, until=until, before=before, marked=marked, limit=limit)
        for index, entry in rows:
            before = index
            if entry is None:
                continue
            fields = json.loads(entry)
            if _fits(fields, asked):
                fitting.append((index, fields))
                if len(fitting) == PAGE_SIZE:
                    return Found(_lines_of(tx, fitting, address_of), index, is_full=True)
        scanned += len(rows)
        if len(rows) < limit:
            return Found(_lines_of(tx, fitting, address_of), None, is_full=True)
    return Found(_lines_of(tx, fitting, address_of), before, is_full=False)


def _marks(asked: Mapping[str, str]) -> list[str]:
    """What an index finds the entries by; the rarest first, because the others are asked of what that one finds."""
    values = {"actor": asked.get("person"), "outcome": asked.get("outcome"), "action": asked.get("action")}
    return [f"{name}:{value}" for name, value in values.items() if value and (name, value) != ("outcome", "done")]


def _fits(fields: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    action, outcome, person = asked.get("action"), asked.get("outcome"), asked.get("person")
    return (
        (not action or fields["action"] == action)
        and (not outcome or fields["outcome"] == outcome)
        and (not person or fields["actor"]["id"] == person)
    )


def _lines_of(tx: Transaction, fitting: Sequence[tuple[int, Mapping[str, Any]]], address_of: Callable[[str, str], str]) -> list[Line]:
    names = names_in(tx, (fields for _, fields in fitting)) | _names_of_objects(tx, (fields["object"] for _, fields in fitting))
    return [_line(index, fields, names, address_of) for index, fields in fitting]


def _names_of_objects(tx: Transaction, objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return id -> the first name of the requests and certificates among these."""
    ids: dict[str, set[str]] = {"request": set(), "certificate": set()}
    for each in objects:
        ids.get(str(each["kind"]), set()).add(str(each["id"]))
    found = log_names.names_of_requests(tx, sorted(ids["request"])) if ids["request"] else {}
    return found | (log_names.names_of_certificates(tx, sorted(ids["certificate"])) if ids["certificate"] else {})


def _line(index: int, fields: Mapping[str, Any], names: Mapping[str, str], address_of: Callable[[str, str], str]) -> Line:
    kind, whole_id = str(fields["object"]["kind"]), str(fields["object"]["id"])
    words, object_id = object_words(kind, whole_id)
    return Line(
        index=index,
        at=read_time(str(fields["time"])),
        words=entry_words(fields),
        who=actor_words(fields, names),
        outcome=str(fields["outcome"]),
        object_kind=words,
        object_id=_cut(names[object_id]) if object_id in names else _short(object_id),
        address=address_of(kind, object_id) if object_id else "",
        reason=reason_words(fields),
    )


def _cut(name: str) -> str:
    """A name, without the end of one that would fill the page."""
    return name if len(name) <= SHOWN_NAME else f"{name[: SHOWN_NAME - 1]}…"


def _short(object_id: str) -> str:
    """An id or a digest, as much of it as tells it from others; a name whole."""
    return object_id if "." in object_id or len(object_id) <= SHOWN_ID else f"{object_id[:SHOWN_ID]}…"


def names_in(tx: Transaction, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return id -> name of the people, tokens and organizations that act in entries or are what they are about."""
    ids = {str(entry[part]["id"]) for entry in entries for part in ("actor", "object")}
    found = administrators.names_of(tx, (each for each in ids if each.startswith("adm-")))
    found |= administrators.token_names_of(tx, (each for each in ids if each.startswith("tok-")))
    named = [each for each in ids if each.startswith("org-")]
    return found | organizations.names_of(tx, named) if named else found


def actor_words(entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return who acted, by name where it is one of those in ``names``."""
    kind, actor_id = str(entry["actor"]["kind"]), str(entry["actor"]["id"])
    if kind == "requester" and entry["object"]["kind"] in {"request", "certificate"}:
        return gettext("the requester")
    if kind == "api-token":
        return gettext("token %(name)s") % {"name": names.get(actor_id, actor_id)}
    return names.get(actor_id) or actor_kind_words(kind, actor_id)


def read_time(text: str) -> datetime:
    """Return the moment that an entry's time names."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def read_day(asked: Mapping[str, str], name: str) -> datetime | None:
    """Return the day, at midnight UTC, that a filter asks for, or None; raises BadRequest ``search`` for what is no day before 9999."""
    text = asked.get(name, "")
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        day = None
    # The last year of the calendar has no day behind its last one, which is where a filter would end.
    if day is None or day.year == MAXYEAR:
        raise BadRequest("search", gettext("Write a day as 2026-11-22."), field=name)
    return day
