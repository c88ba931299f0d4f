"""``seal administrator remove`` and ``roles``: a removal under your signature, made on this computer, and what somebody may do."""

from __future__ import annotations

from privyseal_agent import words
from privyseal_agent.commands.administrator import APP
from privyseal_agent.decisions import end_of
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, open_service
from privyseal_agent.rest.client import PROVIDER, Service
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions
from privyseal_wire.statements import Removal

__all__ = ["APP"]


def _side(service: Service, *parts: str) -> str:
    """Return the path of something of the organization, or of the provider where no organization is set."""
    return service.path(*parts) if service.settings.organization else "/".join(("/provider", *parts))


@APP.command
def remove(administrator: str, /, *, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Remove a person under your signature: every role ends and every credential is revoked, at once and for good.

    Parameters
    ----------
    administrator
        Id of the person, as seal administrator list shows it.
    yes
        Do not ask.
    """
    if not yes and not desk.confirm(f"Remove {administrator} for good?"):
        return Reply({"removed": False}, "", "Nobody was removed.")
    with open_service(options, desk) as service:
        identity = service.require_identity()
        statement = Removal(
            service=service.about.text("service"),
            organization=service.settings.organization or PROVIDER,
            expires=end_of(desk.now()),
            administrator=administrator,
            remover=identity.person,
        )
        answer = service.post(_side(service, "removals"), {"signature": identity.sign(statement.to_bytes(), desk.now())})
    return Reply(answer.fields, f"{answer.text('name')} is removed.")


@APP.command
def roles(administrator: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List every role that a person has or ever had.

    Parameters
    ----------
    administrator
        Id of the person, as seal administrator list shows it.
    """
    with open_service(options, desk) as service:
        found = service.get(service.path("administrators", administrator, "roles")).parts("items")
    rows = [
        (item.text("role"), item.maybe("department") or "everything", words.moment(item.text("given_at")), item.maybe("ended_at") or "")
        for item in found
    ]
    table = words.table(("ROLE", "IN", "SINCE", "UNTIL"), rows, empty="This person never had a role.")
    return Reply({"items": [item.fields for item in found]}, table)
