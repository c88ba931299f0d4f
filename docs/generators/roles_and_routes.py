"""docs/reference/roles-and-routes.md: who may call which route, written out for each role.

Everything comes from tests/invariants/role_by_action_by_scope.txt, which a person writes and
tests/invariants/test_i19_role_by_action_by_scope.py compares with what the service does. This module reads that table for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docs.generators.pages import ROOT

TABLE = ROOT / "tests" / "invariants" / "role_by_action_by_scope.txt"
DOORS = {
    "page": "Pages",
    "rest": "REST",
    "health": "For whoever watches the service",
    "status": "The status front",
}
SHORT = {
    "security-administrator": "SA",
    "certificate-administrator": "CA",
    "department-administrator": "DA",
    "requester": "RQ",
    "recovery-requester": "RR",
    "recovery-approver": "RA",
    "service-desk-agent": "SD",
    "auditor": "AU",
    "read-only": "RO",
    "api-token": "API",
    "provider-administrator": "PA",
    "provider-vetter": "PV",
    "provider-operator": "PO",
    "provider-security-officer": "PS",
    "provider-auditor": "PU",
}

HEAD = """# Roles and routes

Who may call what, for each role. `W`: with the role for the whole organization (or the provider). `D`: with the role for a department
too, for what lies in it or below it; anything else is answered as what does not exist. Nothing: refused. Whoever belongs to another
organization is nobody here, and so is whoever lost the last role.

*Shown* says with what somebody has to come. `sign-on`: a session through the organization's own sign-on will do. `credential`: a passkey
or an Administrator ID. `fresh`: one that was shown in the last five minutes. `token`: an API token with the right will do as well.
`signature`: whoever may read may carry it, and the right is asked of whoever signed. `session`: the sign-in of a program.

The table is written by hand, from the roles that the service promises, and every line is compared with what the service does
(`tests/invariants/test_i19_role_by_action_by_scope.py`).
"""


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role: ``scope`` is ``organization``, ``department`` (given for one as well) or ``provider``."""

    name: str
    scope: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One route; ``right`` and ``reach`` are "-" where it asks for none, ``right`` is "signed-in" where anybody known will do."""

    door: str
    method: str
    path: str
    whose: str
    right: str
    reach: str
    by: str


def roles() -> dict[str, RoleRow]:
    """The roles of the table by their names."""
    found = {}
    for line in _lines():
        if line.startswith("role "):
            head, _, rights = line.partition(":")
            _, name, scope = head.split()
            found[name] = RoleRow(name, scope, frozenset(rights.split()))
    return found


def routes() -> list[RouteRow]:
    """The routes of the table."""
    return [RouteRow(*line.split()) for line in _lines() if not line.startswith("role ")]


def _lines() -> list[str]:
    """What is no comment; a line that begins with + goes on with the one before."""
    found: list[str] = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("+"):
            found[-1] += line.removeprefix("+")
        elif line and not line.startswith("#"):
            found.append(line)
    return found


def mark(role: RoleRow, route: RouteRow) -> str:
    """``W``, ``D`` or nothing: how a role may call a route."""
    home = "provider" if role.scope == "provider" else "organization"
    if route.right == "-" or route.whose not in {home, "anybody"}:
        return ""
    if role.name == "api-token":
        return "W" if _takes_token(role, route) else ""
    if route.right == "signed-in":
        return "W"
    if route.right not in role.rights:
        return ""
    return "D" if role.scope == "department" and route.reach == "part" else "W"


def _takes_token(role: RoleRow, route: RouteRow) -> bool:
    return route.by == "signature" or (route.by == "token" and route.right in role.rights)


def render() -> str:
    """The page."""
    return "\n".join([HEAD, *_roles(), *_routes()])


def _roles() -> Iterator[str]:
    yield "## Roles\n\n| | Role | For | Rights |\n|---|---|---|---|"
    words = {"organization": "the whole organization", "department": "the organization or a department", "provider": "the provider"}
    for role in roles().values():
        rights = ", ".join(f"`{right}`" for right in sorted(role.rights))
        yield f"| {SHORT[role.name]} | {role.name.replace('-', ' ')} | {words[role.scope]} | {rights} |"
    yield ""


def _routes() -> Iterator[str]:
    known = roles()
    for door, title in DOORS.items():
        mine = [route for route in routes() if route.door == door]
        guarded = [route for route in mine if route.right != "-"]
        yield f"## {title}\n"
        for whose in ("organization", "provider", "anybody"):
            rows = [route for route in guarded if route.whose == whose]
            if rows:
                shown = [role for role in known.values() if whose == "anybody" or (role.scope == "provider") == (whose == "provider")]
                yield from _table(whose, rows, shown)
        yield "Open to everybody, some of them for whoever shows a code or a challenge phrase:\n"
        yield from (f"- `{route.method} {route.path}`" for route in mine if route.right == "-")
        yield ""


def _table(whose: str, rows: list[RouteRow], shown: list[RoleRow]) -> Iterator[str]:
    heads = {"organization": "Of an organization:", "provider": "Of the provider:", "anybody": "Of whoever is known:"}
    names = " | ".join(SHORT[role.name] for role in shown)
    yield f"{heads[whose]}\n"
    yield f"| Route | Right | Shown | {names} |\n|---|---|---|{'---|' * len(shown)}"
    for route in rows:
        marks = " | ".join(mark(role, route) for role in shown)
        right = "signed in" if route.right == "signed-in" else f"`{route.right}`"
        yield f"| `{route.method} {route.path}` | {right} | {route.by} | {marks} |"
    yield ""
