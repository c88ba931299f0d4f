"""Giving a role to somebody, taking one, or removing the person with every role, as a change under dual control has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privyseal.model.administrator import Role
from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId, DepartmentId

_FORMS: Final = {"administrator": re.compile(r"adm-[0-9a-f]{32}"), "department": re.compile(r"(dep-[0-9a-f]{32})?")}
_DECISIONS: Final = {"give": True, "take": False}
_REMOVE: Final = "remove"


@dataclass(frozen=True, slots=True)
class RoleChange:
    """``department_id`` None is the whole organization, or the provider."""

    administrator_id: AdministratorId
    role: Role
    department_id: DepartmentId | None
    gives: bool


@dataclass(frozen=True, slots=True)
class Removal:
    """Every role of a person ends, every credential is revoked, and the person is removed for good."""

    administrator_id: AdministratorId


def role_content(change: RoleChange | Removal) -> dict[str, object]:
    """Return a change of roles as a mapping of canonical JSON values; a removal names no role and no place."""
    if isinstance(change, Removal):
        return {"administrator": change.administrator_id, "decision": _REMOVE}
    return {
        "administrator": change.administrator_id,
        "role": change.role.value,
        "department": change.department_id or "",
        "decision": "give" if change.gives else "take",
    }


def read_role_change(value: Mapping[str, object]) -> RoleChange | Removal:
    """Return what :func:`role_content` described; raises Refused ``role-change``."""
    if value.get("decision") == _REMOVE:
        return _read_removal(value)
    if value.keys() != {"administrator", "role", "department", "decision"} or not all(isinstance(item, str) for item in value.values()):
        raise _refuse("it has administrator, role, department and decision, each a text")
    texts = {name: str(item) for name, item in value.items()}
    roles = {role.value: role for role in Role}
    if texts["role"] not in roles:
        raise _refuse("nobody knows the role")
    if texts["decision"] not in _DECISIONS:
        raise _refuse("decision is give, take or remove")
    if any(not form.fullmatch(texts[name]) for name, form in _FORMS.items()):
        raise _refuse("administrator and department are ids, and department is empty for the whole organization")
    place = DepartmentId(texts["department"]) if texts["department"] else None
    return RoleChange(AdministratorId(texts["administrator"]), roles[texts["role"]], place, _DECISIONS[texts["decision"]])


def _read_removal(value: Mapping[str, object]) -> Removal:
    person = value.get("administrator")
    if value.keys() != {"administrator", "decision"} or not isinstance(person, str) or not _FORMS["administrator"].fullmatch(person):
        raise _refuse("a removal has administrator, an id, and decision, and nothing else")
    return Removal(AdministratorId(person))


def _refuse(what: str) -> Refused:
    return Refused("role-change", f"This is no change of roles: {what}.", field="role")
