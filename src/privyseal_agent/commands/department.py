"""``seal department``: the tree of departments, and where requests, certificates and people belong in it."""

from __future__ import annotations

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.errors import Refused
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("department", "Departments: list, create, rename, move, close, and what belongs where.")

_STEP = "  "


@APP.command(name="list")
def list_departments(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the departments as a tree, those that you may see."""
    with open_service(options, desk) as service:
        found = list(service.items(service.path("departments")))
    top = min((_depth(item) for item in found), default=1)
    rows = [
        (item.text("id"), _STEP * (_depth(item) - top) + item.text("name"), item.text("cost_center"), item.text("state")) for item in found
    ]
    table = words.table(("DEPARTMENT", "NAME", "COST CENTER", "STATE"), rows, empty="There are no departments.")
    return Reply({"items": [item.fields for item in found]}, table)


def _depth(department: Document) -> int:
    path = department.fields["path"]
    return len(path) if isinstance(path, list) else 1


@APP.command
def create(name: str, /, *, below: str = "", cost_center: str = "", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Add a department.

    Parameters
    ----------
    name
        Its name; no other open one at the same place has it.
    below
        Id of the department that it lies below; right below the organization when left out.
    cost_center
        Where its certificates are charged to.
    """
    with open_service(options, desk) as service:
        answer = service.post(service.path("departments"), {"name": name, "parent": below, "cost_center": cost_center})
    return Reply(answer.fields, f"The department {answer.text('name')} is {answer.text('id')}.")


@APP.command
def rename(
    department: str, name: str, /, *, cost_center: str | None = None, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Give a department another name; the audit log keeps what it was called.

    Parameters
    ----------
    department
        Id of the department.
    name
        Its new name.
    cost_center
        Where its certificates are charged to from now on; as before when left out.
    """
    with open_service(options, desk) as service:
        charged = _one(service, department).text("cost_center") if cost_center is None else cost_center
        answer = service.put(service.path("departments", department), {"name": name, "cost_center": charged})
    return Reply(answer.fields, f"The department {answer.text('id')} is called {answer.text('name')}.")


def _one(service: Service, department: str) -> Document:
    for item in service.items(service.path("departments")):
        if item.text("id") == department:
            return item
    raise Refused("department-unknown", f"There is no department {department} that you may see. See: seal department list.")


@APP.command
def move(department: str, /, *, below: str = "", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Put a department with everything below it under another one. Whoever has a role there has it in the moved ones too.

    Parameters
    ----------
    department
        Id of the department.
    below
        Id of the department that it lies below from now on; right below the organization when left out.
    """
    with open_service(options, desk) as service:
        answer = service.post(service.path("departments", department, "place"), {"department": below})
    where = f"below {below}" if below else "right below the organization"
    return Reply(answer.fields, f"The department {answer.text('name')} lies {where} now.")


@APP.command
def close(department: str, /, *, reason: str, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Close a department for good: what belongs to it stays, and nothing new comes in.

    Parameters
    ----------
    department
        Id of the department.
    reason
        Why, for the audit log.
    yes
        Do not ask.
    """
    if not yes and not desk.confirm(f"Close {department} for good?"):
        return Reply({"closed": False}, "", "Nothing was closed.")
    with open_service(options, desk) as service:
        answer = service.post(service.path("departments", department, "closing"), {"reason": reason})
    return Reply(answer.fields, f"The department {answer.text('name')} is closed.")


@APP.command
def place_request(request: str, /, *, department: str = "", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Let a request that is not decided belong to another department; approvals that it has count no more.

    Parameters
    ----------
    request
        Id of the request.
    department
        Id of the department; the organization itself when left out.
    """
    return _place(("requests", request), department, options, desk)


@APP.command
def place_certificate(serial: str, /, *, department: str = "", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Let a certificate, with the servers that use it, belong to another department.

    Parameters
    ----------
    serial
        Serial number in hex.
    department
        Id of the department; the organization itself when left out.
    """
    return _place(("certificates", serial.lower()), department, options, desk)


@APP.command
def place_administrator(
    administrator: str, /, *, department: str = "", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Let a person belong to another department, which says who sees him and nothing of what he may do.

    Parameters
    ----------
    administrator
        Id of the person.
    department
        Id of the department; the organization itself when left out.
    """
    return _place(("administrators", administrator), department, options, desk)


def _place(thing: tuple[str, str], department: str, options: ServiceOptions, desk: AtDesk) -> Reply:
    with open_service(options, desk) as service:
        answer = service.post(service.path(*thing, "department"), {"department": department})
    where = f"to the department {department}" if department else "to the organization itself"
    return Reply(answer.fields, f"{thing[1]} belongs {where} now.")
