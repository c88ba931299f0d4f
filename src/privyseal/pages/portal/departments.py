"""The departments that a request may be for, as the enrolment offers them: the open ones, each with the way down to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from privyseal.look.words import gettext
from privyseal.model.department import Department
from privyseal.model.identifiers import DepartmentId
from privyseal.model.organization import Organization
from privyseal.pages.portal.entry import look_up
from privyseal.reception.site import Visit
from privyseal.store import departments
from privyseal.store.database import Transaction
from privyseal.store.departments import Place

CHOICES: Final = 200
"""So many at most stand in the field. Of a larger tree the others are reached by a link that names theirs."""

BETWEEN: Final = " / "


def choices(visit: Visit, chosen: str) -> list[tuple[str, str]]:
    """Return (id, words) to choose from, first the organization itself; nothing where there are no departments."""

    def work(tx: Transaction, organization: Organization) -> list[tuple[str, str]]:
        found: list[Department | Place] = [*departments.offered(tx, organization.id, CHOICES)]
        if chosen and all(item.id != chosen for item in found):
            known = departments.get(tx, organization.id, DepartmentId(chosen))
            found += [known] if known else []
        named = _named(tx, organization, found)
        return [("", gettext("None, or I do not know")), *sorted(named.items(), key=lambda item: item[1].casefold())] if named else []

    return look_up(visit, work)


def chosen_words(visit: Visit, chosen: str) -> str:
    """Return the way down to a department, or "" for the organization itself."""
    if not chosen:
        return ""

    def work(tx: Transaction, organization: Organization) -> str:
        known = departments.get(tx, organization.id, DepartmentId(chosen))
        return _named(tx, organization, [known])[known.id] if known else ""

    return look_up(visit, work)


def _named(tx: Transaction, organization: Organization, wanted: Sequence[Department | Place]) -> dict[str, str]:
    return {str(found): BETWEEN.join(names) for found, names in departments.names_to(tx, organization.id, wanted).items()}
