"""A field to choose a department: the first of them, and a box that finds the others by a part of the name."""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.model.department import Department
from privyseal.model.identifiers import DepartmentId
from privyseal.model.organization import Organization
from privyseal.pages.control_center.department_words import BETWEEN
from privyseal.pages.control_center.entry import look_up, sight
from privyseal.reception.site import Visit
from privyseal.store import departments
from privyseal.store.database import Transaction
from privyseal.store.departments import Place

CHOICES = 200
"""So many departments at most stand in a field to choose one."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the field offers as (id, words), and ``find``, the part of a name that it was asked for.

    ``is_cut`` tells that there are more; ``whole`` are the words for the organization itself, which is then the first of them.
    """

    find: str
    is_cut: bool
    items: tuple[tuple[str, str], ...]

    @property
    def has_box(self) -> bool:
        """Whether there is anything to find that is not offered already."""
        return self.is_cut or bool(self.find)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has that part of a name."""
        return bool(self.find) and not self.items


def choices(visit: Visit, chosen: str = "", *, whole: str = "", but: str = "") -> Choices:
    """Return the open departments in sight to choose from.

    The organization (``whole``, or its name) stands first where it is in sight, and not among what was found by name:
    whoever looks for a department and goes on gets a department. ``chosen`` is always among what is offered unasked.
    ``but`` is the path of a department that is not offered, with all below it.
    """
    find = visit.form.value("find") or visit.query("find")

    def work(tx: Transaction, organization: Organization) -> Choices:
        mine = sight(visit)
        found = departments.named(tx, organization.id, find, scope=mine, limit=CHOICES + 1)
        is_cut = len(found) > CHOICES
        listed: list[Department | Place] = [item for item in found[:CHOICES] if not (but and item.path.startswith(but))]
        if chosen and not find and all(item.id != chosen for item in listed):
            known = departments.get(tx, organization.id, DepartmentId(chosen))
            listed += [known] if known and mine.covers(known.path) else []
        names = departments.names_to(tx, organization.id, listed)
        items = sorted(((str(name), BETWEEN.join(way)) for name, way in names.items()), key=lambda item: item[1])
        top = [("", whole or organization.name)] if mine.everything and not find else []
        return Choices(find, is_cut, (*top, *items))

    return look_up(visit, work)
