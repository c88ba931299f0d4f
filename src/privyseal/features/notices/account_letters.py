"""Letters about the life of an account: applied, vetted, suspended, closed (requirements 5.5)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from privyseal.features.notices.desk import Desk, common_values
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Attachment, Letter, date_text
from privyseal.look.guides.kit import make_kit
from privyseal.model.application import CONFIRM_WITHIN, ApplicationState
from privyseal.model.identifiers import AdministratorId, ApplicationId, TrialId
from privyseal.model.organization import OrganizationEvent, OrganizationState, vetted_until
from privyseal.model.rules import Tier
from privyseal.model.trial import CONFIRM_WITHIN as TRIAL_CONFIRM_WITHIN
from privyseal.model.trial import TRIAL_LIFE, TrialState
from privyseal.store import administrators, applications, organization_events, organizations, trials

_MOVED: Final = {
    OrganizationEvent.SUSPEND: (
        "suspended",
        "Nothing new is issued, and nobody gets a credential. What exists can be read and revoked, and its certificates go on working.",
    ),
    OrganizationEvent.RESUME: ("active again", "Your administrators decide for themselves again, as before."),
    OrganizationEvent.REJECT: (
        "not accepted",
        "Nothing was issued, and nothing is needed from you. If the reason can be removed, apply again.",
    ),
    OrganizationEvent.CLOSE: (
        "closed",
        "Nobody can sign in any more. Its certificates are revoked: take them off every server that still has them.",
    ),
    OrganizationEvent.END_TRIAL: (
        "over",
        "Nobody can sign in any more, and its test certificates have ended. Who wants real ones applies for an organization.",
    ),
}


def organization_moved(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: what the provider did with the account, why, and what follows."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    event = OrganizationEvent(desk.payload["event"])
    address = address_of(desk.tx, desk.recipient, organization)
    entry = next((one for one in reversed(organization_events.of_organization(desk.tx, organization.id)) if one.event is event), None)
    if not address or entry is None or event not in _MOVED:
        return None
    state, follows = _MOVED[event]
    values = {
        "service": desk.house.service.service_id,
        # The provider decided this, so the provider is asked about it.
        "help_contact": "",
        "organization": organization.name,
        "state": state,
        "follows": follows,
        "reason": entry.reason,
        "moved_at": entry.at,
    }
    what = {OrganizationEvent.REJECT: "application", OrganizationEvent.END_TRIAL: "trial"}.get(event, "account")
    return Letter("organization_moved", address, f"{organization.name}: {what} {state} on {date_text(entry.at)}", values)


def application_code(desk: Desk) -> Letter | None:
    """To the corporate contact: confirm the address. Nothing that a stranger typed stands in it (an address is all we have of him)."""
    application = applications.require(desk.tx, ApplicationId(desk.payload["application"]))
    if application.state is not ApplicationState.UNCONFIRMED:
        return None
    code = str(desk.payload["code"])
    until = application.created_at + CONFIRM_WITHIN
    values = common_values(desk, None) | {
        "confirm_url": f"{desk.house.service.base_url}/apply/{application.id}?code={quote(code)}",
        "until": until,
        "applied_at": application.created_at,
    }
    subject = f"Confirm your application at {desk.house.service.service_id} by {date_text(until)}"
    return Letter("application_code", application.form.corporate_email, subject, values)


def trial_code(desk: Desk) -> Letter | None:
    """To whoever asked for a trial: confirm the address. Nothing that a stranger typed stands in it."""
    trial = trials.require(desk.tx, TrialId(desk.payload["trial"]))
    if trial.state is not TrialState.UNCONFIRMED:
        return None
    until = trial.created_at + TRIAL_CONFIRM_WITHIN
    values = common_values(desk, None) | {
        "confirm_url": f"{desk.house.service.base_url}/try/{trial.id}?code={quote(str(desk.payload['code']))}",
        "until": until,
        "asked_at": trial.created_at,
        "days": TRIAL_LIFE.days,
    }
    subject = f"Confirm your trial at {desk.house.service.service_id} by {date_text(until)}"
    return Letter("trial_code", trial.form.person_email, subject, values)


def trial_ends(desk: Desk) -> Letter | None:
    """To everybody of a trial: it ends within a week, and how to go on."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    address, until = address_of(desk.tx, desk.recipient, organization), organization.trial_until
    if until is None or not address or organization.state is OrganizationState.CLOSED:
        return None
    values = common_values(desk, None) | {
        "organization": organization.name,
        "until": until,
        "apply_url": f"{desk.house.service.base_url}/apply",
    }
    return Letter("trial_ends", address, f"{organization.name}: the trial ends on {date_text(until)}", values)


def application_waits(desk: Desk) -> Letter | None:
    """To somebody of the provider who vets: an application is confirmed."""
    application = applications.require(desk.tx, ApplicationId(desk.payload["application"]))
    address = _person(desk)
    if application.state is not ApplicationState.APPLIED or not address:
        return None
    values = common_values(desk, None) | {
        "name": application.form.name,
        "place": f"{desk.house.service.base_url}/provider/applications/{application.id}",
        "confirmed_at": application.confirmed_at,
    }
    return Letter("application_waits", address, f"{application.form.name} applies since {date_text(application.created_at)}", values)


def application_rejected(desk: Desk) -> Letter | None:
    """To the applicant, whose address is confirmed: the application is not taken up, and why."""
    application = applications.require(desk.tx, ApplicationId(desk.payload["application"]))
    if application.state is not ApplicationState.REJECTED or application.decided_at is None:
        return None
    values = common_values(desk, None) | {
        "organization": application.form.name,
        "reason": application.reason,
        "apply_url": f"{desk.house.service.base_url}/apply",
        "decided_at": application.decided_at,
    }
    subject = f"{application.form.name}: application not accepted on {date_text(application.decided_at)}"
    return Letter("application_rejected", application.form.corporate_email, subject, values)


def kit(desk: Desk) -> Letter | None:
    """To the corporate contact and the first administrator: the Administrator's Kit. The one-time link has a letter of its own (A35)."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    address = address_of(desk.tx, desk.recipient, organization)
    if organization.state is not OrganizationState.ACTIVE or not address:
        return None
    made = make_kit(desk.house, organization)
    values = common_values(desk, None) | {
        "organization": organization.name,
        "fingerprint": made.fingerprint,
        "console_url": f"{desk.house.service.base_url}/o/{organization.slug}/console/kit",
        "file": made.file_name,
    }
    subject = f"{organization.name} is active since {date_text(desk.row.created_at)}: your Administrator's Kit"
    return Letter("kit", address, subject, values, (Attachment(made.file_name, "application/zip", made.content),))


def vetting_ends(desk: Desk) -> Letter | None:
    """To the organization and the provider's vetters: the vetting has to be done again before this day."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    end = vetted_until(organization, Tier.PUBLIC)
    address = address_of(desk.tx, desk.recipient, organization) or _person(desk)
    if organization.state is not OrganizationState.ACTIVE or end is None or not address or (end - desk.row.created_at).days > 61:
        return None
    private = vetted_until(organization, Tier.PRIVATE)
    values = common_values(desk, None) | {"organization": organization.name, "end": end, "private_end": private}
    return Letter("vetting_ends", address, f"{organization.name}: vetting ends on {date_text(end)} - renew it", values)


def _person(desk: Desk) -> str:
    """Return the address of one of the provider's people who is not removed, or ""."""
    person = administrators.get(desk.tx, AdministratorId(desk.recipient))
    return person.email if person is not None and person.organization_id is None else ""
