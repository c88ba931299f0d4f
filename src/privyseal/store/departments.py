"""Departments: the tree of each organization as rows with a path, and the condition that a row lies within a scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from privyseal.model.department import Department, DepartmentState
from privyseal.model.identifiers import DepartmentId, OrganizationId
from privyseal.model.scope import Scope
from privyseal.store.database import Transaction
from privyseal.store.named import begins_with
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Id, UtcTime, metadata

Path = sa.String(400).with_variant(sa.String(400, collation="C"), "postgresql")
"""Ids with slashes; asked for by its beginning, so in the order of its bytes on both databases."""

departments = sa.Table(
    "departments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("parent_id", Id, sa.ForeignKey("departments.id"), index=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("cost_center", sa.String(40), nullable=False),
    sa.Column("path", Path, nullable=False),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("closed_at", UtcTime),
    sa.Index("ix_departments_tree", "organization_id", "path", "id"),
    sa.Index("ix_departments_children", "organization_id", "parent_id", "name", "id"),
)

_GET = Prepared(
    departments.select().where(departments.c.id == sa.bindparam("id"), departments.c.organization_id == sa.bindparam("organization"))
)
_OF_IDS = Prepared(
    departments.select().where(departments.c.organization_id == sa.bindparam("organization"), is_among(departments.c.id, "wanted"))
)
_NAMES = Prepared(
    sa.select(departments.c.id, departments.c.name).where(
        is_among(departments.c.id, "wanted"), departments.c.organization_id == sa.bindparam("organization")
    )
)
_OFFERED = Prepared(
    sa.select(departments.c.id, departments.c.path, departments.c.name)
    .where(departments.c.organization_id == sa.bindparam("organization"), departments.c.state == DepartmentState.OPEN.value)
    .order_by(departments.c.path)
    .limit(sa.bindparam("quantity", type_=sa.Integer()))
)
_PATH = Prepared(sa.select(departments.c.path).where(departments.c.id == sa.bindparam("id")))


class Place(NamedTuple):
    """Where a department lies and what it is called: as much as a list of hundreds of them needs."""

    id: DepartmentId
    path: str
    name: str


def _department(row: Mapping[Any, Any]) -> Department:
    return Department(**{**row, "state": DepartmentState(row["state"])})


def insert(tx: Transaction, department: Department) -> None:
    """Add a department."""
    values = {column.name: getattr(department, column.name) for column in departments.columns}
    tx.execute(departments.insert().values(**values | {"state": department.state.value}))


def get(tx: Transaction, organization_id: OrganizationId, department_id: DepartmentId) -> Department | None:
    """Return the department within this organization, or None."""
    row = _GET.first(tx, id=department_id, organization=organization_id)
    return None if row is None else _department(row)


def hold(tx: Transaction, organization_id: OrganizationId, department_id: DepartmentId) -> Department | None:
    """Return the department as it now is, and let nobody change, close or move it before this transaction ends."""
    clause = (departments.c.id == department_id, departments.c.organization_id == organization_id)
    row = tx.execute(departments.select().where(*clause).with_for_update(read=True)).first()
    return None if row is None else _department(row._mapping)


def is_in(column: sa.ColumnElement[Any], department_id: DepartmentId | None) -> sa.ColumnElement[bool]:
    """Return the condition that something belongs to exactly this department (None: to the organization itself)."""
    return column.is_(None) if department_id is None else column == department_id


def path_of(tx: Transaction, department_id: DepartmentId | None) -> str:
    """Return where in the tree something lies that belongs to this department (None: to the organization itself).

    Raises LookupError for a department that does not exist, which the schema does not allow.
    """
    if department_id is None:
        return ""
    row = _PATH.first(tx, id=department_id)
    if row is None:
        message = f"no department {department_id}"
        raise LookupError(message)
    return str(row["path"])


def within(column: sa.ColumnElement[Any], organization_id: OrganizationId, scope: Scope) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that what belongs to the department in ``column`` lies within the scope; none for everything."""
    if scope.everything:
        return []
    inside = sa.select(departments.c.id).where(departments.c.organization_id == organization_id, _below(scope))
    return [column.in_(inside)]


def _below(scope: Scope) -> sa.ColumnElement[bool]:
    if scope.everything:
        return sa.true()
    if not scope.paths:
        return sa.false()
    return sa.or_(*(sa.and_(*begins_with(path)(departments.c.path)) for path in scope.paths))


MANY: Final = 50
"""From so many departments on a scope is taken for a large part of its organization."""


def are_many(tx: Transaction, organization_id: OrganizationId, scope: Scope) -> bool:
    """Tell whether a scope that is not everything reaches over many departments."""
    if scope.everything:
        return False
    inside = sa.select(sa.literal(1)).where(departments.c.organization_id == organization_id, _below(scope)).limit(MANY).subquery()
    found: int = tx.execute(sa.select(sa.func.count()).select_from(inside)).scalar_one()
    return found >= MANY


def children(
    tx: Transaction,
    organization_id: OrganizationId,
    parent_id: DepartmentId | None,
    *,
    scope: Scope,
    after: tuple[str, str] = ("", ""),
    limit: int = 50,
) -> list[Department]:
    """Return the departments right below ``parent_id`` (None: the organization) within a scope by name, behind (name, id)."""
    parent = departments.c.parent_id.is_(None) if parent_id is None else departments.c.parent_id == parent_id
    statement = departments.select().where(departments.c.organization_id == organization_id, parent, _below(scope))
    if after[1]:
        statement = statement.where(sa.tuple_(departments.c.name, departments.c.id) > sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
    rows = tx.execute(statement.order_by(departments.c.name, departments.c.id).limit(limit))
    return [_department(row._mapping) for row in rows]


def tops(tx: Transaction, organization_id: OrganizationId, *, scope: Scope) -> list[Department]:
    """Return the departments that a scope begins with, by name: where somebody starts who does not see the whole organization."""
    clause = (departments.c.organization_id == organization_id, departments.c.path.in_(scope.paths))
    rows = tx.execute(departments.select().where(*clause).order_by(departments.c.name, departments.c.id))
    return [_department(row._mapping) for row in rows]


def page(tx: Transaction, organization_id: OrganizationId, *, scope: Scope, after: str = "", limit: int = 50) -> list[Department]:
    """Return departments within a scope in the order of the tree, behind the one with the path ``after`` (keyset paging)."""
    statement = departments.select().where(departments.c.organization_id == organization_id, _below(scope), departments.c.path > after)
    return [_department(row._mapping) for row in tx.execute(statement.order_by(departments.c.path).limit(limit))]


def offered(tx: Transaction, organization_id: OrganizationId, limit: int) -> list[Place]:
    """Return the first open departments in the order of the tree: what a field offers to whom nothing is hidden."""
    return [Place(row["id"], row["path"], row["name"]) for row in _OFFERED.every(tx, organization=organization_id, quantity=limit)]


def named(
    tx: Transaction, organization_id: OrganizationId, text: str, *, scope: Scope, limit: int = 50, is_open: bool = True
) -> list[Place]:
    """Return departments within a scope whose name has this text in it, in the order of the tree: what a field to choose one offers.

    That order is the index's own: where nothing is asked for, a page costs as much as it shows.
    """
    places = sa.select(departments.c.id, departments.c.path, departments.c.name)
    statement = places.where(departments.c.organization_id == organization_id, _below(scope))
    if text:
        statement = statement.where(departments.c.name.icontains(text, autoescape=True))
    if is_open:
        statement = statement.where(departments.c.state == DepartmentState.OPEN.value)
    rows = tx.execute(statement.order_by(departments.c.path).limit(limit))
    return [Place(row.id, row.path, row.name) for row in rows]


def of_ids(tx: Transaction, organization_id: OrganizationId, department_ids: Iterable[str]) -> dict[DepartmentId, Department]:
    """Return the departments of these ids, for lists and for the way down to one of them."""
    rows = _OF_IDS.every(tx, organization=organization_id, wanted=sorted(set(department_ids)))
    return {DepartmentId(row["id"]): _department(row) for row in rows}


def way_to(tx: Transaction, department: Department) -> list[Department]:
    """Return the departments from the top of the tree down to this one."""
    ids = _steps(department.path)
    found = of_ids(tx, department.organization_id, ids)
    return [found[DepartmentId(item)] for item in ids if item in found]


def names_to(tx: Transaction, organization_id: OrganizationId, wanted: Sequence[Department | Place]) -> dict[DepartmentId, list[str]]:
    """Return the names on the way down to each of these departments, by id: one query for all of them."""
    names = {str(item.id): item.name for item in wanted}
    missing = {step for item in wanted for step in _steps(item.path)} - names.keys()
    rows = _NAMES.every(tx, wanted=sorted(missing), organization=organization_id) if missing else []
    names |= {row["id"]: row["name"] for row in rows}
    return {item.id: [names[step] for step in _steps(item.path) if step in names] for item in wanted}


def _steps(path: str) -> list[str]:
    return path.rstrip("/").split("/")


def has_namesake(tx: Transaction, organization_id: OrganizationId, parent_id: DepartmentId | None, name: str, but: str = "") -> bool:
    """Tell whether an open department of this name lies right below the same parent, ``but`` this one."""
    parent = departments.c.parent_id.is_(None) if parent_id is None else departments.c.parent_id == parent_id
    clause = (departments.c.organization_id == organization_id, parent, departments.c.state == DepartmentState.OPEN.value)
    rows = tx.execute(sa.select(departments.c.id, departments.c.name).where(*clause))
    return any(row.name.casefold() == name.casefold() and row.id != but for row in rows)


def has_open_below(tx: Transaction, department: Department) -> bool:
    """Tell whether an open department lies below this one."""
    clause = (
        departments.c.organization_id == department.organization_id,
        *begins_with(department.path)(departments.c.path),
        departments.c.id != department.id,
        departments.c.state == DepartmentState.OPEN.value,
    )
    return tx.execute(sa.select(departments.c.id).where(*clause).limit(1)).first() is not None


def count(tx: Transaction, organization_id: OrganizationId) -> int:
    """Return how many departments the organization has, closed ones included."""
    statement = sa.select(sa.func.count()).select_from(departments).where(departments.c.organization_id == organization_id)
    return int(tx.execute(statement).scalar_one())


def height(tx: Transaction, department: Department) -> int:
    """Return how many levels this department and what lies below it take."""
    clause = (departments.c.organization_id == department.organization_id, *begins_with(department.path)(departments.c.path))
    deepest = tx.execute(sa.select(sa.func.max(departments.c.depth)).where(*clause)).scalar_one()
    return int(deepest) - department.depth + 1


def change(tx: Transaction, department: Department, *, name: str, cost_center: str) -> bool:
    """Give an open department another name or cost center; tells whether it was open."""
    return _update(tx, department, name=name, cost_center=cost_center)


def close(tx: Transaction, department: Department) -> bool:
    """Close a department; tells whether it was open."""
    return _update(tx, department, state=DepartmentState.CLOSED.value, closed_at=tx.now)


def _update(tx: Transaction, department: Department, **values: object) -> bool:
    statement = departments.update().where(departments.c.id == department.id, departments.c.state == DepartmentState.OPEN.value)
    return tx.changed(statement.values(**values)) == 1


def move(tx: Transaction, department: Department, parent: Department | None, path: str) -> None:
    """Put a department with all below it under another parent; the caller holds the organization and has judged it."""
    levels = (parent.depth if parent else 0) + 1 - department.depth
    tx.execute(departments.update().where(departments.c.id == department.id).values(parent_id=parent.id if parent else None))
    tail = sa.func.substr(departments.c.path, len(department.path) + 1)
    statement = departments.update().where(
        departments.c.organization_id == department.organization_id, *begins_with(department.path)(departments.c.path)
    )
    tx.execute(statement.values(path=sa.literal(path).concat(tail), depth=departments.c.depth + levels))
