"""Letters about the people who decide: invitations, credentials and their end, roles, lost cards (architecture section 4)."""

from __future__ import annotations

from privyseal.engine.phrases import code_hash
from privyseal.features.notices.desk import REASON_WORDS, Desk, common_values, decider, grouped, last_word, page_of
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Letter, date_text, time_text
from privyseal.model.administrator import AdministratorState
from privyseal.model.identifiers import AdministratorId, AssignmentId
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, assignments, departments, organizations, passkeys


def invitation(desk: Desk) -> Letter | None:
    """To a new administrator: the one-time link and line that make the first credential (architecture section 4)."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    link = administrators.invitation_of_code(desk.tx, code_hash(desk.payload["code"]))
    if person is None or link is None or link.used_at is not None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    whom = organization.name if organization else "the provider"
    place = f"/o/{organization.slug}" if organization else "/provider"
    values = common_values(desk, organization) | {
        "name": person.name,
        "role": person.role.value.replace("-", " "),
        "whom": whom,
        "enroll_url": f"{desk.house.service.base_url}{place}/first-credential?code={desk.payload['code']}",
        "enroll_line": f"seal administrator enroll --service {desk.house.service.base_url} {last_word(desk.payload['code'])}",
        "expires_at": link.expires_at,
    }
    subject = f"{whom}: make your administrator's credential by {time_text(link.expires_at)}"
    return Letter("invitation", person.email, subject, values)


def credential_added(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: somebody can now approve under this new Administrator ID or passkey."""
    what = "passkey" if desk.payload.get("credential") == "passkey" else "Administrator ID"
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    whom = organization.name if organization else "the provider"
    values = common_values(desk, organization) | {
        "name": person.name,
        "role": person.role.value.replace("-", " "),
        "whom": whom,
        "what": what,
        "fingerprint": grouped(str(desk.payload["certificate_sha256"])),
        "revoke_line": f"seal administrator revoke {person.id} {desk.payload['certificate_sha256']}",
        "added_at": desk.row.created_at,
    }
    subject = f"{whom}: new {what} of {person.name} since {time_text(desk.row.created_at)}"
    return Letter("credential_added", address, subject, values)


def credential_revoked(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: this credential decides nothing any more, who ended it, and what now."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    fingerprint = str(desk.payload["certificate_sha256"])
    what = "passkey" if fingerprint in passkeys.every_of(desk.tx, person.id) else "Administrator ID"
    left = [credential for credential in administrators.credentials_of(desk.tx, person.id) if credential.is_usable(desk.row.created_at)]
    whom = organization.name if organization else "the provider"
    values = common_values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "what": what,
        "fingerprint": grouped(fingerprint),
        "by": decider(desk, organization, str(desk.payload["by"])),
        "reason_words": REASON_WORDS[RevocationReason(desk.payload["reason"])],
        "left": len(left),
        "page": page_of(desk, organization, f"console/administrators/{person.id}") if organization else "",
        "revoked_at": desk.row.created_at,
    }
    subject = f"{whom}: {what} of {person.name} revoked on {date_text(desk.row.created_at)}"
    return Letter("credential_revoked", address, subject, values)


def credential_ending(desk: Desk) -> Letter | None:
    """To its owner: this Administrator ID or passkey ends soon, and how the next one is got."""
    found = administrators.by_certificate(desk.tx, str(desk.payload["certificate_sha256"]))
    if found is None or not found[1].is_usable(desk.row.created_at) or found[0].state is AdministratorState.REMOVED:
        return None
    person, credential = found
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    passkey = passkeys.every_of(desk.tx, person.id).get(credential.certificate_sha256)
    whom = organization.name if organization else "the provider"
    values = common_values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "label": passkey.label if passkey else "",
        "fingerprint": grouped(credential.certificate_sha256),
        "ends_at": credential.not_after,
        "page": f"{desk.house.service.base_url}{f'/o/{organization.slug}' if organization else '/provider'}/account",
    }
    what = "passkey" if passkey else "Administrator ID"
    return Letter("credential_ending", person.email, f"Your {what} for {whom} ends on {date_text(credential.not_after)} - renew", values)


def role_changed(desk: Desk) -> Letter | None:
    """To the person, the corporate contact and everybody who may assign roles: who may now do what, and who decided it."""
    assignment = assignments.get(desk.tx, AssignmentId(desk.payload["assignment"]))
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if assignment is None or person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    department = None
    if organization is not None and assignment.department_id is not None:
        department = departments.get(desk.tx, organization.id, assignment.department_id)
    whom = organization.name if organization else "the provider"
    role, given = assignment.role.value.replace("-", " "), bool(desk.payload["given"])
    values = common_values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "role": role,
        "given": given,
        "where": f"the department {department.name} and everything below it" if department else f"all of {whom}",
        "by": decider(desk, organization, str(desk.payload["by"])),
        "page": page_of(desk, organization, f"console/administrators/{person.id}") if organization else "",
        "changed_at": desk.row.created_at,
    }
    subject = f"{whom}: {person.name} {'is now' if given else 'is no longer'} {role}"
    return Letter("role_changed", address, subject, values)


def administrator_removed(desk: Desk) -> Letter | None:
    """To the corporate contact and everybody who may assign roles: this person decides nothing any more."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    whom = organization.name if organization else "the provider"
    values = common_values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "by": decider(desk, organization, str(desk.payload["by"])),
        "removed_at": desk.row.created_at,
    }
    return Letter("administrator_removed", address, f"{whom}: {person.name} is no longer an administrator", values)


def lost_card_code(desk: Desk) -> Letter | None:
    """To the corporate contact: somebody says that a card is lost; the code with which he confirms it."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    if person is None:
        return None
    page = f"{desk.house.service.base_url}/o/{organization.slug}/lost-card/confirm?code={desk.payload['code']}"
    values = common_values(desk, organization) | {"name": person.name, "page": page}
    subject = f"{organization.name}: has {person.name} lost the administrator's card? Confirm within a day"
    return Letter("lost_card_code", organization.contact_email, subject, values)


def lost_card(desk: Desk) -> Letter | None:
    """To the corporate contact, every administrator and the provider's operators: confirmed as lost, the provider calls back."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    address = address_of(desk.tx, desk.recipient, organization) or address_of(desk.tx, desk.recipient, None)
    if person is None or not address:
        return None
    values = common_values(desk, organization) | {
        "name": person.name,
        "confirmed_at": desk.row.created_at,
        "page": f"{desk.house.service.base_url}/provider/lost-cards",
    }
    return Letter("lost_card", address, f"{organization.name}: {person.name} has lost the administrator's card", values)


def last_replaced(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator there was: the provider's operator lets somebody in again."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    address = address_of(desk.tx, desk.recipient, organization)
    if person is None or not address:
        return None
    values = common_values(desk, organization) | {
        "name": person.name,
        "email": person.email,
        "role": person.role.value.replace("-", " "),
        "invited_at": desk.row.created_at,
    }
    subject = f"{organization.name}: the provider invited {person.name} as administrator at {time_text(desk.row.created_at)}"
    return Letter("last_replaced", address, subject, values)
