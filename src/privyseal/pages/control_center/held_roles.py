"""What a person may do, in words: each role with its scope, since when, and who gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from privyseal.look.people_words import role_rights, role_words
from privyseal.look.words import gettext
from privyseal.model.administrator import ENTRY, Administrator
from privyseal.model.identifiers import AssignmentId
from privyseal.model.organization import Organization
from privyseal.pages.control_center.department_words import department_words
from privyseal.store import administrators
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Held:
    """A role as the page shows it; ``where`` is empty for the whole organization, ``by`` for what the person came in with."""

    id: AssignmentId
    role: str
    rights: str
    where: str
    since: datetime
    by: str


def held_roles(tx: Transaction, organization: Organization, person: Administrator) -> list[Held]:
    """Return what a person holds now, the oldest first."""
    names = administrators.names_of(tx, [item.given_by for item in person.assignments])
    found = []
    for item in person.assignments:
        by = "" if item.given_by == ENTRY else names.get(item.given_by, gettext("somebody who was removed"))
        where = department_words(tx, organization, item.department_id)
        found.append(Held(item.id, role_words(item.role), role_rights(item.role), where, item.given_at, by))
    return found
