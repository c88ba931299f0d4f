"""Departments: the tree within an organization that requests, certificates and people belong to, and that rights are scoped to.

A department knows its path, the ids from the top of the tree down to its own with a slash behind each. A subtree is then all
paths that begin with one of them, which is one range of an index. What belongs to no department belongs to the organization
itself, the root of the tree, whose path is empty.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import DepartmentId, OrganizationId
from privyseal.model.request import require_text

MAXIMUM_DEPTH: Final = 8
"""So many levels at most, the first below the organization being one."""

MAXIMUM_DEPARTMENTS: Final = 20_000
"""Of one organization, closed ones included."""

NAME_CHARACTERS: Final = 64
COST_CENTER_CHARACTERS: Final = 40
ROOT_PATH: Final = ""


class DepartmentState(enum.Enum):
    """open -> closed. What belongs to a closed one stays there until it is moved; nothing new comes in."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Department:
    """``parent_id`` is None directly below the organization; ``cost_center`` may be empty."""

    id: DepartmentId
    organization_id: OrganizationId
    parent_id: DepartmentId | None
    name: str
    cost_center: str
    path: str
    depth: int
    state: DepartmentState
    created_at: datetime
    closed_at: datetime | None


def child_path(parent: Department | None, department_id: DepartmentId) -> str:
    """Return the path of a department below ``parent`` (None: the organization)."""
    return f"{parent.path if parent else ROOT_PATH}{department_id}/"


def require_department_name(name: str) -> str:
    """Return the name as it is kept; raises Refused ``text``."""
    return require_text("name", name, NAME_CHARACTERS)


def require_cost_center(text: str) -> str:
    """Return the cost center as it is kept, or ""; raises Refused ``text``."""
    return require_text("cost_center", text, COST_CENTER_CHARACTERS, optional=True)


def require_open(department: Department) -> None:
    """Raise Conflict ``department-closed`` unless something may still come into this department."""
    if department.state is not DepartmentState.OPEN:
        sentence = f"The department {department.name} is closed. Choose another one."
        raise Conflict("department-closed", sentence, field="department")


def require_depth(parent: Department | None, levels: int = 1) -> None:
    """Raise Refused ``department-depth`` unless ``levels`` levels fit below ``parent``."""
    if (parent.depth if parent else 0) + levels > MAXIMUM_DEPTH:
        sentence = f"The tree of departments has at most {MAXIMUM_DEPTH} levels. Choose a department further up."
        raise Refused("department-depth", sentence, field="parent")
