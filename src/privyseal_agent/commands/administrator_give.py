"""``seal administrator give``, ``take`` and ``remove``: propose what becomes of somebody under your signature; others sign it then."""

from __future__ import annotations

from typing import Literal, TypeAlias

from privyseal_agent.changes import content_of, new_id, side_path, sign_about
from privyseal_agent.commands.administrator_roles import APP
from privyseal_agent.commands.change import standing
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.groups import AtDesk, open_service
from privyseal_agent.rest.client import Service
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

__all__ = ["APP"]

Role: TypeAlias = Literal[
    "security-administrator",
    "certificate-administrator",
    "department-administrator",
    "requester",
    "recovery-requester",
    "recovery-approver",
    "service-desk-agent",
    "auditor",
    "read-only",
]


@APP.command
def give(administrator: str, role: Role, /, *, department: str = "", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Propose that a person gets a role, under your signature.

    It holds when as many people have signed it as the service asks for; they do it with seal change sign. The person concerned
    does not sign.

    Parameters
    ----------
    administrator
        Id of the person, as seal administrator list shows it.
    role
        What the person may do.
    department
        Id of the department that the role is for, with all below it; left out for the whole organization.
    """
    with open_service(options, desk) as service:
        return _change_role(service, desk, administrator, role, department, "give")


@APP.command
def take(administrator: str, role: Role, /, *, department: str = "", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Propose that a person loses a role, under your signature; it holds when enough people have signed it.

    Parameters
    ----------
    administrator
        Id of the person, as seal administrator list shows it.
    role
        The role that the person has.
    department
        Id of the department that the role is for; left out for the whole organization.
    """
    with open_service(options, desk) as service:
        return _change_role(service, desk, administrator, role, department, "take")


@APP.command
def remove(administrator: str, /, *, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Propose that a person is removed for good, under your signature; without an organization somebody of the provider.

    When enough people have signed it, with seal change sign, every role ends and every credential is revoked. The person concerned
    does not sign. Until then nothing changes: if it is urgent, seal administrator revoke-all takes nobody else.

    Parameters
    ----------
    administrator
        Id of the person, as seal administrator list shows it.
    yes
        Do not ask.
    """
    if not yes and not desk.confirm(f"Propose that {administrator} is removed for good?"):
        return Reply({"proposed": False}, "", "Nothing was proposed.")
    with open_service(options, desk) as service:
        return _propose(service, desk, {"administrator": administrator, "decision": "remove"})


def _change_role(service: Service, desk: Desk, administrator: str, role: str, department: str, decision: str) -> Reply:
    return _propose(service, desk, {"administrator": administrator, "role": role, "department": department, "decision": decision})


def _propose(service: Service, desk: Desk, value: dict[str, str]) -> Reply:
    administrator, place = value["administrator"], side_path(service, "changes")
    ever = service.get(side_path(service, "administrators", administrator, "roles")).parts("items")
    steps = len(ever) + sum(bool(item.maybe("ended_at")) for item in ever)
    needed = service.get(place, {"administrator": administrator}).part("signatures_needed").integer("role")
    content, change = content_of("role", administrator, steps, needed, value), new_id("chg", desk)
    signature = sign_about(service, desk, change, "role", content, of_provider=not service.settings.organization)
    answer = service.post(place, {"content": content.decode(), "signature": signature})
    return Reply(answer.fields, standing(answer))
