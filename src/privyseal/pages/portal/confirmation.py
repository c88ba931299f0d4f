"""The page on which the contact of a request confirms its address: one form, no script, one POST.

Mail scanners open every link of a letter, so opening the page changes nothing; only the button does. The code may come
with the link (``?code=``) and is then filled in already.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.request.confirm_request import confirm_request
from privyseal.look.words import gettext
from privyseal.model.errors import NotFound, PrivysealError, Refused
from privyseal.model.identifiers import RequestId
from privyseal.model.request import Request, RequestState
from privyseal.pages.portal.entry import home, look_up, nothing_here, part, portal_page, show_again
from privyseal.pages.portal.states import words_of_request
from privyseal.reception.site import Method, Visit
from privyseal.store import requests

_CODE: Final = re.compile(r"[a-z2-7]{52}")
"""256 bits as lower case letters and digits (RFC 4648 6)."""


def ask_code(visit: Visit) -> Response:
    """Show the form, or where the request stands when nothing is left to confirm."""
    request = _find(visit)
    if request is not None and request.state is not RequestState.UNCONFIRMED:
        return _show_standing(visit, request)
    code = visit.query("code", 200).lower()
    return _show(visit, code if _CODE.fullmatch(code) else "")


def confirm(visit: Visit) -> Response:
    """Confirm the address; a second time is harmless."""
    request_id = RequestId(part(visit, "request"))
    code = visit.form.secret("code").strip().lower()
    is_code = _CODE.fullmatch(code) is not None
    try:
        if not is_code:
            raise Refused("code-form", gettext("The code has 52 letters and digits. Copy it from the newest mail."), field="code")
        visit.perform(visit.about("confirm-request", "request", request_id), confirm_request, visit.slug, request_id, code)
    except PrivysealError as error:
        if isinstance(error, NotFound):
            error.field = "code"
        # The code opens nothing by itself that this page would not: it stays, so that one wrong letter is mended and not searched.
        return show_again(visit, error, lambda status: _show(visit, code if is_code else "", status), {"code": "code"})
    return visit.go_to(f"{home(visit)}/confirm/{request_id}/done")


def show_done(visit: Visit) -> Response:
    """Say what became of the request, and what happens next."""
    request = _find(visit)
    if request is None:
        raise nothing_here()
    return _show_standing(visit, request)


def _find(visit: Visit) -> Request | None:
    request_id = RequestId(part(visit, "request"))
    return look_up(visit, lambda tx, organization: requests.get(tx, organization.id, request_id))


def _show_standing(visit: Visit, request: Request) -> Response:
    state = request.state
    values = {
        "home": home(visit),
        "request_id": request.id,
        "state": words_of_request(request),
        "is_unconfirmed": state is RequestState.UNCONFIRMED,
        "is_over": state in {RequestState.WITHDRAWN, RequestState.LAPSED},
        "is_pending": state is RequestState.PENDING,
    }
    return visit.show("portal/confirmed.html", values)


def _show(visit: Visit, code: str, status: int = 200) -> Response:
    return visit.show("portal/confirm.html", {"code": code}, status=status)


PAGES = (
    portal_page(Method.GET, "/confirm/{request}", ask_code),
    portal_page(Method.POST, "/confirm/{request}", confirm),
    portal_page(Method.GET, "/confirm/{request}/done", show_done),
)
