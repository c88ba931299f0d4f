"""Signing in and showing the credential again, by passkey or by Administrator ID."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from starlette.responses import Response

from privyseal.actions.session.prove_by_passkey import PasskeyAnswer
from privyseal.engine.passkeys import assertion_options
from privyseal.look.frame import Link
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, NotPermitted, Refused, Unauthenticated
from privyseal.model.session import END_SENTENCES
from privyseal.pages.sign_in.places import MAXIMUM_WAY, asked_way, audience_of_visit, keep_way, kept_way, place_of, way_back
from privyseal.pages.sign_in.without_certificate import show_what_is_missing
from privyseal.reception import sign_in
from privyseal.reception.certificates import client_certificate
from privyseal.reception.sign_on import sign_on_of
from privyseal.reception.site import Visit
from privyseal.reception.visitors import recognize
from privyseal.store import passkeys

SIGN_IN = "sign_in/sign_in.html"
STEP_UP = "sign_in/step_up.html"


def show_sign_in(visit: Visit) -> Response:
    """Show both ways in; somebody who is signed in already goes on."""
    audience = audience_of_visit(visit)
    known = recognize(visit.request, audience, in_use=False)
    if known.visitor is not None and not known.visitor.session.is_reading:
        return visit.go_to(way_back(visit, visit.query("next", MAXIMUM_WAY + 1)))
    return sign_in_page(visit, END_SENTENCES[known.ended] if known.ended else "")


def sign_in_page(visit: Visit, ended: str = "", *, status: int = 200) -> Response:
    """Show every way in, with what went wrong with the last one."""
    begun = sign_in.begin(visit.request, audience_of_visit(visit))
    way = way_back(visit, asked_way(visit))
    values = {
        "place": place_of(audience_of_visit(visit)),
        "certificate_address": sign_in.certificate_address(visit.request, begun),
        "way": way,
        "ended": ended,
        "is_reading": _is_reading(visit),
        "sign_on_way": _sign_on_way(visit, way),
    }
    answer = visit.show(SIGN_IN, values, status=status)
    sign_in.keep(answer, begun)
    keep_way(visit, answer, way)
    return answer


def _is_reading(visit: Visit) -> bool:
    """Tell whether the visitor is here already, but for reading only."""
    known = recognize(visit.request, audience_of_visit(visit), in_use=False).visitor
    return known is not None and known.session.is_reading


def _sign_on_way(visit: Visit, way: str) -> str:
    """Return where the way through the organization's own sign-on begins, "" where it has none."""
    if not visit.slug or sign_on_of(visit.context.entrance, visit.slug) is None:
        return ""
    return f"{place_of(visit.slug)}/sign-in/provider?{urlencode({'next': way})}"


def offer_challenge(visit: Visit) -> Response:
    """Return the options of a sign-in with any passkey of this site."""
    begun = sign_in.begin(visit.request, audience_of_visit(visit))
    challenge = sign_in.new_challenge(visit.request, begun)
    options = assertion_options(visit.house.relying_party, challenge, [])
    answer = Response(options, media_type="application/json")
    sign_in.keep(answer, begun)
    return answer


def sign_in_with_passkey(visit: Visit) -> Response:
    """Let the owner of a passkey in."""
    try:
        started = sign_in.sign_in_by_passkey(visit.request, audience_of_visit(visit), _passkey_answer(visit))
    except (Unauthenticated, Refused, BadRequest) as error:
        visit.form.refuse("", error.sentence)
        return sign_in_page(visit, status=401)
    answer = visit.go_to(way_back(visit, visit.form.value("next")))
    sign_in.let_in(answer, started)
    return answer


def _passkey_answer(visit: Visit) -> PasskeyAnswer:
    text = visit.form.value("challenge")
    try:
        return PasskeyAnswer(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), visit.form.value("answer"))
    except ValueError as error:
        raise BadRequest("passkey", gettext("The answer of the passkey cannot be read. Start again.")) from error


def finish_sign_in(visit: Visit) -> Response:
    """Exchange the one-time code that the administrators' port gave for a session."""
    try:
        started = sign_in.sign_in_by_code(visit.request, audience_of_visit(visit), visit.query("code"))
    except Unauthenticated as error:
        visit.form.refuse("", error.sentence)
        return sign_in_page(visit, status=401)
    answer = visit.go_to(kept_way(visit))
    sign_in.let_in(answer, started)
    return answer


def show_certificate(visit: Visit) -> Response:
    """At the administrators' port: lead back with a one-time code, or say why this certificate lets nobody in."""
    if client_certificate(visit.request) is None:
        return show_what_is_missing(visit)
    try:
        address = sign_in.hand_over(visit.request, visit.query("audience"), visit.query("state"), visit.query("purpose") or sign_in.SIGN_IN)
    except Unauthenticated as error:
        # This is another port than that of the pages, so the way back has its whole address.
        back = f"{visit.house.service.base_url}{place_of(visit.query('audience'))}/sign-in"
        values = {
            "heading": gettext("This certificate does not let you in"),
            "sentence": error.sentence,
            "advice": gettext("Close the browser before you try another certificate: it remembers the one you chose."),
            "way_on": Link(back, gettext("Back to signing in")),
        }
        return visit.show("kinds/refusal.html", values, status=401)
    return visit.go_to(address)


def show_step_up(visit: Visit) -> Response:
    """Ask for the credential again."""
    return _step_up_page(visit)


def _step_up_page(visit: Visit, *, status: int = 200) -> Response:
    begun = sign_in.begin(visit.request, audience_of_visit(visit))
    challenge = sign_in.new_challenge(visit.request, begun)
    with visit.house.database.read(visit.now) as tx:
        allowed = passkeys.usable_of(tx, visit.person.id)
    way = way_back(visit, asked_way(visit))
    values = {
        "place": place_of(audience_of_visit(visit)),
        "certificate_address": sign_in.certificate_address(visit.request, begun, sign_in.STEP_UP),
        "options": assertion_options(visit.house.relying_party, challenge, allowed) if allowed else "",
        "way": way,
    }
    answer = visit.show(STEP_UP, values, status=status)
    sign_in.keep(answer, begun)
    keep_way(visit, answer, way)
    return answer


def step_up_with_passkey(visit: Visit) -> Response:
    """Note that the passkey was used again, and go on."""
    assert visit.guest is not None  # noqa: S101 - the access row asks for somebody who is signed in
    try:
        sign_in.step_up_by_passkey(visit.request, visit.guest, _passkey_answer(visit))
    except (Unauthenticated, Refused, BadRequest, NotPermitted) as error:
        visit.form.refuse("", error.sentence)
        return _step_up_page(visit, status=401)
    return visit.go_to(way_back(visit, visit.form.value("next")))


def finish_step_up(visit: Visit) -> Response:
    """The same by Administrator ID."""
    assert visit.guest is not None  # noqa: S101 - the access row asks for somebody who is signed in
    try:
        sign_in.step_up_by_code(visit.request, visit.guest, visit.query("code"))
    except (Unauthenticated, NotPermitted) as error:
        visit.form.refuse("", error.sentence)
        return _step_up_page(visit, status=401)
    return visit.go_to(kept_way(visit))
