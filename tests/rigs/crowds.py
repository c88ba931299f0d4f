"""What a big provider has beside certificates: a deep tree of departments, many people, organizations, applications, failed letters.

Rows as the store writes them, many at once: copies of one that an action made, or plain ones that no rule looks into.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from privyseal.model.department import Department, DepartmentState, child_path
from privyseal.model.identifiers import DepartmentId
from privyseal.store import administrators, applications, changes, departments, organizations, outbox, units
from privyseal.store.prepared import Prepared
from tests.rigs.service import AdministratorRig, ServiceRig

TOPS: Final = 10
"""Departments right below the organization; each has as many below it, and these share the rest."""


def digest(*of: object) -> str:
    """A digest that differs with what it is of."""
    return hashlib.sha256(repr(of).encode()).hexdigest()


def put(rig: ServiceRig, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows as fast as the database takes them."""
    with rig.house.database.write(rig.clock()) as tx:
        if rows:
            Prepared(table.insert().inline(), list(rows[0])).each(tx, rows)


def copies_of(rig: ServiceRig, table: sa.Table, clause: sa.ColumnElement[bool], own: Sequence[Mapping[str, Any]]) -> None:
    """Insert one copy of the row that ``clause`` finds for each of these mappings, which hold what differs."""
    with rig.house.database.read(rig.clock()) as tx:
        model = dict(tx.execute(table.select().where(clause).limit(1)).one()._mapping)
    put(rig, table, [model | dict(differing) for differing in own])


def grow_departments(rig: ServiceRig, slug: str, quantity: int) -> list[Department]:
    """Add a tree of three levels with so many departments; return them, those above before those below."""
    with rig.house.database.read(rig.clock()) as tx:
        organization = organizations.require(tx, slug)
    tree: list[Department] = []
    for number in range(quantity):
        above = None if number < TOPS else tree[number % TOPS] if number < TOPS + TOPS**2 else tree[TOPS + number % TOPS**2]
        department_id = DepartmentId(f"dep-{digest(slug, 'department', number)[:32]}")
        tree.append(
            Department(
                id=department_id,
                organization_id=organization.id,
                parent_id=above.id if above else None,
                name=f"Department {number}",
                cost_center=f"{10_000 + number}",
                path=child_path(above, department_id),
                depth=above.depth + 1 if above else 1,
                state=DepartmentState.OPEN,
                created_at=rig.clock(),
                closed_at=None,
            )
        )
    columns = [column.name for column in departments.departments.columns]
    put(rig, departments.departments, [{name: getattr(item, name) for name in columns} | {"state": item.state.value} for item in tree])
    return tree


def copy_people(rig: ServiceRig, person: AdministratorRig, numbers: range) -> None:
    """People with a credential each, and tokens, of the organization of this person."""
    people, held, tokens = administrators.administrators, administrators.credentials, administrators.api_tokens
    ids = {number: f"adm-{digest(number)[:32]}" for number in numbers}
    own = [{"id": ids[number], "name": f"Person {number}", "email": f"person.{number}@{person.organization}.test"} for number in numbers]
    copies_of(rig, people, people.c.id == person.administrator.id, own)
    credentials = [
        {"id": f"cred-{digest(number)[:32]}", "administrator_id": ids[number], "certificate_sha256": digest("held", number)}
        for number in numbers
    ]
    copies_of(rig, held, held.c.administrator_id == person.administrator.id, credentials)
    now, organization_id = rig.clock(), person.administrator.organization_id
    rows = [
        {
            "id": f"tok-{digest(number)[:32]}",
            "organization_id": organization_id,
            "name": f"Token {number}",
            "token_hash": digest("token", number),
            "scopes": "read",
            "created_at": now,
            "expires_at": now,
            "revoked_at": None,
        }
        for number in numbers
    ]
    put(rig, tokens, rows)


def copy_organizations(rig: ServiceRig, slug: str, numbers: range) -> None:
    """Organizations with an order each."""
    table, orders = organizations.organizations, units.orders
    with rig.house.database.read(rig.clock()) as tx:
        model = organizations.require(tx, slug)
    ids = {number: f"org-{digest('copy', number)[:32]}" for number in numbers}
    own = [{"id": ids[number], "slug": f"copy-{number}", "name": f"Copy {number}"} for number in numbers]
    copies_of(rig, table, table.c.id == model.id, own)
    ordered = [{"id": f"ord-{digest('copy', number)[:32]}", "organization_id": ids[number]} for number in numbers]
    copies_of(rig, orders, orders.c.organization_id == model.id, ordered)


def copy_application(rig: ServiceRig, application_id: str, numbers: range) -> None:
    """Applications like this one."""
    table = applications.applications
    own = [{"id": f"apl-{digest('copy', number)[:32]}", "code_hash": digest("code", number)} for number in numbers]
    copies_of(rig, table, table.c.id == application_id, own)


def copy_change(rig: ServiceRig, change_id: str, numbers: range) -> None:
    """Changes like this one, each with the same signature over it."""
    ids = [f"chg-{digest('copy', number)[:32]}" for number in numbers]
    copies_of(rig, changes.changes, changes.changes.c.id == change_id, [{"id": name, "subject": name} for name in ids])
    copies_of(rig, changes.signatures, changes.signatures.c.change_id == change_id, [{"change_id": name} for name in ids])


def fail_letters(rig: ServiceRig, numbers: range) -> None:
    """Letters that did not arrive."""
    now = rig.clock()
    rows: list[dict[str, Any]] = [
        {
            "id": f"fact-{digest(number)[:32]}",
            "fact": "certificate-issued",
            "listener": "notices.issued",
            "payload": {},
            "created_at": now,
            "dispatched_at": now,
            "done_at": None,
            "failure": "refused",
            "attempts": 1,
        }
        for number in numbers
    ]
    put(rig, outbox.outbox, rows)
