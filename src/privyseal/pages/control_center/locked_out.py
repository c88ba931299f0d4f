"""Who could approve nothing under a policy that takes approvals by Administrator ID alone: people who have only passkeys."""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.model.administrator import Permission, Role
from privyseal.model.organization import Organization
from privyseal.pages.control_center.entry import look_up
from privyseal.reception.site import Visit
from privyseal.store import administrators, passkeys
from privyseal.store.database import Transaction

SHOWN = 10


@dataclass(frozen=True, slots=True)
class LockedOut:
    """``names`` are the first people concerned, ``more`` how many others there are, ``left`` how many could approve still."""

    names: tuple[str, ...]
    more: int
    left: int


def locked_out(visit: Visit, approvers: Role | None) -> LockedOut:
    """Return who has the right to approve (``approvers``: in this role alone) and, of valid credentials, only passkeys."""

    def work(tx: Transaction, organization: Organization) -> LockedOut:
        people = [
            person
            for person in administrators.of_organization(tx, organization.id)
            if person.may(Permission.APPROVE) and (approvers is None or any(item.role is approvers for item in person.assignments))
        ]
        held = administrators.credentials_by_person(tx, [person.id for person in people])
        certified = passkeys.every_of(tx, *held)
        names, left = [], 0
        for person in people:
            usable = [item.certificate_sha256 for item in held[person.id] if item.is_usable(tx.now)]
            if any(sha256 not in certified for sha256 in usable):
                left += 1
            elif usable:
                names.append(person.name)
        return LockedOut(tuple(names[:SHOWN]), max(0, len(names) - SHOWN), left)

    return look_up(visit, work)
