"""The one-time link of an invitation: a person makes a passkey his first credential, or reads how to make one with seal."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.actions.passkey.enroll_passkey import enroll_passkey
from privyseal.actions.passkey.offer_passkey_enrollment import offer_passkey_enrollment
from privyseal.engine.phrases import code_hash
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, Conflict, NotFound, Refused
from privyseal.pages.sign_in.account import certify
from privyseal.pages.sign_in.places import audience_of_visit, place_of
from privyseal.reception.site import Visit
from privyseal.store import administrators, organizations

FIRST = "sign_in/first_credential.html"


def show_first(visit: Visit) -> Response:
    """Show what the link is for; opening it uses nothing up, because mail scanners open every link."""
    return _page(visit, visit.query("code"))


def _page(visit: Visit, code: str, *, status: int = 200) -> Response:
    values = {"place": place_of(audience_of_visit(visit)), "code": code, "base_url": visit.house.service.base_url}
    return visit.show(FIRST, values, status=status)


def offer(visit: Visit) -> Response:
    """Return the options with which the browser makes the passkey."""
    code = _code(visit)
    attempt(visit.house, visit.actor, _about("offer-passkey"), lambda: _require_here(visit, code))
    options = visit.perform(_about("offer-passkey"), offer_passkey_enrollment, code)
    return Response(options, media_type="application/json")


def make(visit: Visit) -> Response:
    """Use the link up for this passkey, and have it certified at once."""
    code = _code(visit)
    try:
        attempt(visit.house, visit.actor, _about("enroll-passkey"), lambda: _require_here(visit, code))
        if not visit.form.value("answer"):
            raise BadRequest("passkey", gettext("The browser gave no passkey. Press the button again."), field="label")
        label = visit.form.value("label") or gettext("My passkey")
        visit.context.entrance.issuer.ping()  # The link works once: it is not used up while nobody can sign.
        intent = visit.perform(_about("enroll-passkey"), enroll_passkey, code, visit.form.value("answer"), label)
    except NotFound as error:
        visit.form.refuse("code", error.sentence)
        return _page(visit, "", status=404)
    except (Refused, BadRequest, Conflict) as error:
        visit.form.refuse(error.field if error.field == "label" else "", error.sentence)
        return _page(visit, code, status=422)
    certify(visit, intent)
    return visit.go_to(f"{place_of(audience_of_visit(visit))}/first-credential/done")


def _code(visit: Visit) -> str:
    return visit.form.secret("code").strip().lower()


def _require_here(visit: Visit, code: str) -> None:
    """Raise NotFound ``link`` for one of another audience, as for one that does not exist: this page names whose it is."""
    with visit.house.database.read(visit.now) as tx:
        invitation = administrators.invitation_of_code(tx, code_hash(code))
        person = administrators.get(tx, invitation.administrator_id) if invitation else None
        here = organizations.require(tx, visit.slug).id if visit.slug else None
    if person is not None and person.organization_id != here:
        raise NotFound("link", gettext("This one-time link is not for this address. Open the one that stands in your mail."))


def _about(action: str) -> About:
    # The link alone says whose it is; a refusal of an unknown one stands in the provider's log.
    return About(action, "", "administrator", "invited")
