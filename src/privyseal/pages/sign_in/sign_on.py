"""Through the organization's own sign-on: the way there and back, and linking one's account with it."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from privyseal.actions.house import About
from privyseal.actions.opening import StartedSession
from privyseal.actions.sign_on.unlink_identity import unlink_identity
from privyseal.look.frame import Link
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, Conflict, NotFound, NotPermitted, Refused, TooManyRequests, Unauthenticated, Unavailable
from privyseal.pages.sign_in.arrival import sign_in_page
from privyseal.pages.sign_in.places import MAXIMUM_WAY, keep_way, kept_way, place_of, way_back
from privyseal.reception import sign_in, sign_on
from privyseal.reception.site import Visit
from privyseal.reception.statuses import http_status
from privyseal.reception.visitors import recognize

SHOWN = (BadRequest, Conflict, NotFound, NotPermitted, Refused, TooManyRequests, Unauthenticated, Unavailable)
"""What goes wrong on the way there and back is told on the page that it began at."""


def go_to_provider(visit: Visit) -> Response:
    """Send the browser to the provider; somebody who is signed in already goes on."""
    known = recognize(visit.request, visit.slug, in_use=False)
    way = way_back(visit, visit.query("next", MAXIMUM_WAY + 1))
    if known.visitor is not None:
        return visit.go_to(way)
    begun = sign_in.begin(visit.request, visit.slug)
    try:
        address = sign_on.way_to_provider(visit.request, begun)
    except SHOWN as error:
        visit.form.refuse("", error.sentence)
        return sign_in_page(visit, status=http_status(error))
    return _sent(visit, address, begun, way)


def _sent(visit: Visit, address: str, begun: sign_in.Attempt, way: str) -> Response:
    answer = RedirectResponse(address, 303, headers={"Referrer-Policy": "no-referrer"})
    sign_in.keep(answer, begun)
    keep_way(visit, answer, way)
    return answer


def come_back(visit: Visit) -> Response:
    """Take the provider's answer."""
    guest = recognize(visit.request, visit.slug, in_use=False).visitor
    try:
        came = sign_on.come_back(visit.request, visit.slug, guest)
    except SHOWN as error:
        if guest is not None and not guest.session.is_reading:
            return visit.show("kinds/refusal.html", _unlinked(visit, error.sentence), status=http_status(error))
        visit.form.refuse("", error.sentence)
        return sign_in_page(visit, status=http_status(error))
    if not isinstance(came, StartedSession):
        return visit.go_to(f"{place_of(visit.slug)}/account#sign-on-title")
    answer = visit.go_to(kept_way(visit))
    sign_in.let_in(answer, came)
    return answer


def _unlinked(visit: Visit, sentence: str) -> dict[str, object]:
    way_on = Link(f"{place_of(visit.slug)}/account", gettext("Back to your account"))
    return {"heading": gettext("Nothing was linked"), "sentence": sentence, "way_on": way_on}


def ask_link(visit: Visit) -> Response:
    """Say what linking means, and with which provider."""
    return _show(visit)


def _show(visit: Visit, status: int = 200, address: str = "") -> Response:
    found = sign_on.sign_on_of(visit.context.entrance, visit.slug)
    values = {"place": place_of(visit.slug), "issuer": found.settings.issuer if found is not None else "", "address": address}
    return visit.show("sign_in/link.html", values, status=status)


def begin_link(visit: Visit) -> Response:
    """Begin it, and give the way to the provider as a link: a form may lead nowhere but here."""
    assert visit.guest is not None  # noqa: S101 - the access row asks for somebody who is signed in
    begun = sign_in.begin(visit.request, visit.slug)
    try:
        address = sign_on.way_to_provider(visit.request, begun, visit.guest)
    except SHOWN as error:
        visit.form.refuse("", error.sentence)
        return _show(visit, http_status(error))
    answer = _show(visit, address=address)
    sign_in.keep(answer, begun)
    return answer


def end_link(visit: Visit) -> Response:
    """End the own link."""
    about = About("unlink-identity", visit.slug, "administrator", visit.person.id)
    visit.perform(about, unlink_identity, visit.slug, visit.person.id)
    return visit.go_to(f"{place_of(visit.slug)}/account#sign-on-title")
