"""Departments in words: where in the tree something lies, from the top down."""

from __future__ import annotations

from privyseal.model.identifiers import DepartmentId
from privyseal.model.organization import Organization
from privyseal.store import departments
from privyseal.store.database import Transaction

BETWEEN = " / "


def department_words(tx: Transaction, organization: Organization, department_id: DepartmentId | None) -> str:
    """Return the names of the departments from the top down to this one, or "" for the organization itself."""
    department = departments.get(tx, organization.id, department_id) if department_id is not None else None
    return "" if department is None else BETWEEN.join(item.name for item in departments.way_to(tx, department))
