"""Letters about an organization's own sign-on: that it was set or removed, and that an account of it lets somebody in."""

from __future__ import annotations

from privyseal.features.notices.desk import Desk, common_values, decider, page_of
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Letter, time_text
from privyseal.model.identifiers import AdministratorId, SignOnId
from privyseal.store import administrators, organizations, sign_ons


def sign_on_changed(desk: Desk) -> Letter | None:
    """To the corporate contact and everybody who may assign roles: whose word now lets people read here, or no longer does."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    sign_on = sign_ons.get(desk.tx, SignOnId(desk.payload["sign_on"]))
    address = address_of(desk.tx, desk.recipient, organization)
    if sign_on is None or not address:
        return None
    is_set = bool(desk.payload["is_set"])
    values = common_values(desk, organization) | {
        "whom": organization.name,
        "is_set": is_set,
        "issuer": sign_on.settings.issuer,
        "client_id": sign_on.settings.client_id,
        "claim": sign_on.settings.claim,
        "ended": int(desk.payload["ended"]),
        "by": decider(desk, organization, str(desk.payload["by"])),
        "page": page_of(desk, organization, "console/sign-on"),
        "remove_line": "seal sign-on remove",
        "changed_at": desk.row.created_at,
    }
    subject = f"{organization.name}: its own sign-on was {'set' if is_set else 'removed'} at {time_text(desk.row.created_at)}"
    return Letter("sign_on_changed", address, subject, values)


def identity_linked(desk: Desk) -> Letter | None:
    """To the person, the corporate contact and everybody who may assign roles: an account elsewhere now reads here as this person."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    sign_on = sign_ons.get(desk.tx, SignOnId(desk.payload["sign_on"]))
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    address = address_of(desk.tx, desk.recipient, organization)
    if sign_on is None or person is None or not address:
        return None
    values = common_values(desk, organization) | {
        "name": person.name,
        "whom": organization.name,
        "issuer": sign_on.settings.issuer,
        "page": page_of(desk, organization, f"console/administrators/{person.id}"),
        "unlink_line": f"seal sign-on unlink {person.id}",
        "linked_at": desk.row.created_at,
    }
    subject = f"{organization.name}: an account of its own sign-on reads as {person.name} since {time_text(desk.row.created_at)}"
    return Letter("identity_linked", address, subject, values)
