"""``seal administrator roles`` and ``revoke-all``: what somebody may do, and every credential of a person revoked at once."""

from __future__ import annotations

from privyseal_agent import words
from privyseal_agent.changes import side_path
from privyseal_agent.commands.administrator import APP
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, Reason, open_service
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

__all__ = ["APP"]


@APP.command
def roles(administrator: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List every role that a person has or ever had; without an organization somebody of the provider.

    Parameters
    ----------
    administrator
        Id of the person, as seal administrator list shows it.
    """
    with open_service(options, desk) as service:
        found = service.get(side_path(service, "administrators", administrator, "roles")).parts("items")
    rows = [
        (item.text("role"), item.maybe("department") or "everything", words.moment(item.text("given_at")), item.maybe("ended_at") or "")
        for item in found
    ]
    table = words.table(("ROLE", "IN", "SINCE", "UNTIL"), rows, empty="This person never had a role.")
    return Reply({"items": [item.fields for item in found]}, table)


@APP.command
def revoke_all(
    administrator: str,
    /,
    *,
    reason: Reason = "unspecified",
    yes: bool = False,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Revoke every credential of a person at once, for an emergency; without an organization somebody of the provider.

    The roles stay, and the person still counts for how many have to sign a change. Remove the person then: seal administrator remove.

    Parameters
    ----------
    administrator
        Id of the person, as seal administrator list shows it.
    reason
        Why.
    yes
        Do not ask.
    """
    if not yes and not desk.confirm(f"Revoke every credential of {administrator}?"):
        return Reply({"revoked": False}, "", "Nothing was revoked.")
    with open_service(options, desk) as service:
        answer = service.post(side_path(service, "administrators", administrator, "credentials", "revocation"), {"reason": reason})
    return Reply(answer.fields, f"No credential of {answer.text('name')} counts any more.")
