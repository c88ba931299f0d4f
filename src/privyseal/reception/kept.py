"""Forms that could not be taken at once: what was typed stands in the form again, or on the page where it is signed.

A form that came too late is kept while the person shows the credential again; nothing is sent by itself. Answers that are to be
signed are kept until then, so that the page to sign has an address: it can be loaded again, and left and come back to. The
browser is led on with ``kept`` in the address, and only the session that sent the form, or the next one of the same person in
the same browser, finds anything there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from privyseal.actions.house import About, perform
from privyseal.actions.session.forget_answers import forget_answers
from privyseal.actions.session.keep_answers import keep_answers
from privyseal.actions.session.keep_form import keep_form
from privyseal.model.kept_form import KEPT_AFTER
from privyseal.model.session import log_of
from privyseal.reception.desk import desk_of
from privyseal.reception.forms import SentForm
from privyseal.reception.site import Page, Visit
from privyseal.reception.visitors import Recognized, Visitor, recognize
from privyseal.store import kept_answers, kept_forms

MARK: Final = "kept"
INTERRUPTED: Final = "1"
"""The mark of the form that came too late, of which a session has one; answers to be signed have marks of their own."""

_MAXIMUM_PATH: Final = 400
_FORM_OF_MARK: Final = re.compile(r"[0-9a-f]{32}")


def keeper_of(request: Request, audience: str) -> Recognized | None:
    """Return whose form may be kept: somebody signed in, or whose session ended by its time alone."""
    known = recognize(request, audience, in_use=False)
    return known if known.visitor is not None or (known.session is not None and known.ended in KEPT_AFTER) else None


def keep(request: Request, keeper: Recognized, form: str, sent: SentForm) -> bool:
    """Keep what was sent for the form at the address ``form``; tells whether there was something to keep. Raises Unavailable."""
    path = urlsplit(form).path
    if keeper.session is None or len(path) > _MAXIMUM_PATH:
        return False
    desk = desk_of(request)
    actor = keeper.visitor.actor if keeper.visitor else desk.stranger(request)
    about = About("keep-form", log_of(keeper.session.audience), "session", keeper.session.id)
    return perform(desk.house, actor, about, keep_form, keeper.session.id, path, sent.values)


def address_of(form: str, mark: str = INTERRUPTED) -> str:
    """Return where a form, or the page to sign, is shown with what was kept under this mark."""
    path, _, query = form.partition("?")
    others = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != MARK]
    return f"{path}?{urlencode([*others, (MARK, mark)])}"


def kept_for(request: Request, page: Page, guest: Visitor | None) -> Mapping[str, Sequence[str]]:
    """Return what was kept of the form of this page for whoever is signed in; mostly nothing."""
    mark = request.query_params.get(MARK, "")
    if guest is None or request.method != "GET" or not mark:
        return {}
    house, path = desk_of(request).house, page.form_path(request)
    with house.database.read(house.clock()) as tx:
        if mark == INTERRUPTED:
            form = kept_forms.find(tx, guest.session.id, path)
            return form.values if form is not None else {}
        answers = kept_answers.find(tx, guest.session.id, mark, path) if _FORM_OF_MARK.fullmatch(mark) else None
        return answers.values if answers is not None else {}


def go_on(visit: Visit, address: str, answers: Mapping[str, Sequence[str]] | None = None) -> Response:
    """Keep what was answered, all of the form unless it is given, and lead to where it is signed, or to the form with more room.

    Raises Refused ``answers`` and Unavailable.
    """
    guest = _guest(visit)
    page: Page = visit.request.scope["route"]
    about = About("keep-answers", log_of(guest.session.audience), "session", guest.session.id)
    path = page.form_path(visit.request)
    mark = visit.perform(about, keep_answers, guest.session.id, path, visit.form.values if answers is None else answers)
    return visit.go_to(address_of(address, mark))


def marked(visit: Visit, address: str) -> str:
    """Return an address with the mark under which the answers of this visit are kept, where they are."""
    mark = visit.query(MARK)
    return address_of(address, mark) if _FORM_OF_MARK.fullmatch(mark) else address


def unsigned(visit: Visit) -> str:
    """Return where the form at this address stands with what was answered last and not signed; "" for nothing of the kind."""
    guest = _guest(visit)
    if visit.request.method != "GET" or visit.form.is_filled_again:
        return ""
    with visit.house.database.read(visit.now) as tx:
        found = kept_answers.newest(tx, guest.session.id, visit.request.url.path)
    return address_of(f"{visit.request.url.path}?{visit.request.url.query}", found.mark) if found is not None else ""


def forget_signed(visit: Visit) -> None:
    """Forget the answers that were signed with this call."""
    guest, mark = _guest(visit), visit.query(MARK)
    if _FORM_OF_MARK.fullmatch(mark):
        about = About("forget-answers", log_of(guest.session.audience), "session", guest.session.id)
        visit.perform(about, forget_answers, guest.session.id, mark)


def _guest(visit: Visit) -> Visitor:
    assert visit.guest is not None  # noqa: S101 - whoever signs is signed in: the access row of the page asks for it
    return visit.guest
