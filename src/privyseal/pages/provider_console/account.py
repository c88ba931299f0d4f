"""The dangerous steps in the life of an account: rejecting, suspending, resuming and closing, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from privyseal.actions.house import About
from privyseal.actions.organization.close_organization import close_organization
from privyseal.actions.organization.reject_organization import reject_organization
from privyseal.actions.organization.resume_organization import resume_organization
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, Conflict, NotPermitted, Refused
from privyseal.model.organization import Organization, OrganizationEvent, require_move
from privyseal.pages.provider_console.organization import place, require_organization
from privyseal.reception.site import Visit
from privyseal.store import certificates

FORM = "provider_console/account_step.html"
STEPS: dict[str, tuple[OrganizationEvent, Callable[..., Any]]] = {
    "rejection": (OrganizationEvent.REJECT, reject_organization),
    "suspension": (OrganizationEvent.SUSPEND, suspend_organization),
    "resumption": (OrganizationEvent.RESUME, resume_organization),
    "closure": (OrganizationEvent.CLOSE, close_organization),
}


def _words() -> dict[str, tuple[str, str, str]]:
    """Return heading, consequence and button of each step."""
    return {
        "rejection": (
            gettext("Reject the application of %(name)s"),
            gettext(
                "The reason is mailed to the applicant. The application cannot be taken up again; whoever still wants to become a "
                "customer sends a new one."
            ),
            gettext("Reject"),
        ),
        "suspension": (
            gettext("Suspend %(name)s"),
            gettext(
                "Nothing new is issued, and nobody gets a credential. Its administrators may still read and revoke. CRL and OCSP go on."
            ),
            gettext("Suspend"),
        ),
        "resumption": (
            gettext("Resume %(name)s"),
            gettext("Its administrators decide for themselves again, as before."),
            gettext("Resume"),
        ),
        "closure": (
            gettext("Close %(name)s for ever"),
            gettext("Its people are signed out at once, and their credentials and tokens are revoked. This cannot be taken back."),
            gettext("Close"),
        ),
    }


def _step(visit: Visit) -> str:
    return visit.request.url.path.rpartition("/")[2]


def show_step(visit: Visit) -> Response:
    """Show what a step does, and ask for the reason; raises Conflict where it is not possible now."""
    organization, step = require_organization(visit), _step(visit)
    require_move(organization, STEPS[step][0])
    return _show(visit, organization, step)


def _show(visit: Visit, organization: Organization, step: str, status: int = 200) -> Response:
    heading, consequence, button = _words()[step]
    valid = 0
    if step == "closure":
        with visit.house.database.read(visit.now) as tx:
            valid = certificates.count_valid(tx, organization.id)
    values = {
        "organization": organization,
        "place": place(visit),
        "step": step,
        "asked": heading % {"name": organization.name},
        "consequence": consequence,
        "button": button,
        "valid": valid,
    }
    return visit.show(FORM, values, status=status)


def take_step(visit: Visit) -> Response:
    """Do it."""
    organization, step = require_organization(visit), _step(visit)
    about = About(f"{STEPS[step][0].value}-organization", organization.slug, "organization", organization.slug)
    more: dict[str, int] = {}
    if step == "closure":
        shown = visit.form.value("valid_certificates")
        more["valid_certificates"] = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 10 else -1
    try:
        if step == "closure" and not visit.form.has("confirm", "yes"):
            raise BadRequest("confirm", gettext("Confirm that its certificates are revoked."), field="confirm")
        visit.perform(about, STEPS[step][1], organization.slug, visit.form.value("reason"), **more)
    except (Refused, BadRequest, Conflict, NotPermitted) as error:
        visit.form.refuse(error.field if error.field in {"reason", "confirm"} else "", error.sentence)
        return _show(visit, organization, step, 409 if isinstance(error, Conflict) else 422)
    return visit.go_to(f"{place(visit)}?done={STEPS[step][0].value}")
