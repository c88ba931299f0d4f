"""``seal administrator give`` and ``take``: propose a change of somebody's roles under your signature; others sign it then."""

from __future__ import annotations

from typing import Literal, TypeAlias

from privyseal_agent.changes import content_of, new_id, sign_about
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
        return _propose(service, desk, administrator, role, department, "give")


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
        return _propose(service, desk, administrator, role, department, "take")


def _propose(service: Service, desk: Desk, administrator: str, role: str, department: str, decision: str) -> Reply:
    ever = service.get(service.path("administrators", administrator, "roles")).parts("items")
    steps = len(ever) + sum(bool(item.maybe("ended_at")) for item in ever)
    needed = service.get(service.path("changes"), {"administrator": administrator}).part("signatures_needed").integer("role")
    value = {"administrator": administrator, "role": role, "department": department, "decision": decision}
    content, change = content_of("role", administrator, steps, needed, value), new_id("chg", desk)
    signature = sign_about(service, desk, change, "role", content)
    answer = service.post(service.path("changes"), {"content": content.decode(), "signature": signature})
    return Reply(answer.fields, standing(answer))
