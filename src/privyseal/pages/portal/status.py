"""Where a request stands, for whoever has its address: follow it, take it back, pick the certificate up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.actions.certificate.pick_up_certificate import pick_up_certificate
from privyseal.actions.pausing import pause_of
from privyseal.actions.request.answer_question import answer_question
from privyseal.actions.request.send_code_again import send_code_again
from privyseal.actions.request.withdraw_request import withdraw_request
from privyseal.look.words import gettext
from privyseal.model.certificate import Certificate
from privyseal.model.errors import NotFound, PrivysealError, Refused
from privyseal.model.identifiers import RequestId
from privyseal.model.organization import Organization
from privyseal.model.question import QUESTION_CHARACTERS
from privyseal.model.request import Request, RequestState
from privyseal.pages.portal.entry import home, is_active, look_up, nothing_here, part, portal_page, show_again
from privyseal.pages.portal.phrase import prove
from privyseal.pages.portal.states import is_moving, may_withdraw, shortened, words_of_request
from privyseal.reception.site import Method, Visit
from privyseal.store import certificates, requests
from privyseal.store.database import Transaction

PHRASE_FIELDS = {"phrase": "phrase"}
SENT_COOKIE: Final = "__Host-privyseal-sent"
SENT_SECONDS: Final = 3600


def remember_sent(answer: Response, request_id: str) -> None:
    """Let the browser that sent a request know for an hour that it was this one."""
    answer.set_cookie(SENT_COOKIE, request_id, max_age=SENT_SECONDS, path="/", secure=True, httponly=True, samesite="lax")


@dataclass(frozen=True, slots=True)
class Followed:
    """A request and the certificate that came of it, if one did; ``is_paused`` tells that its CA issues nothing now."""

    request: Request
    certificate: Certificate | None
    is_paused: bool


def _followed(visit: Visit) -> Followed:
    request_id = RequestId(part(visit, "request"))

    def work(tx: Transaction, organization: Organization) -> Followed:
        request = requests.get(tx, organization.id, request_id)
        if request is None:
            raise nothing_here()
        return Followed(request, certificates.of_request(tx, request.id), pause_of(visit.house, tx, organization) is not None)

    return look_up(visit, work)


def _values(visit: Visit, followed: Followed) -> dict[str, object]:
    request = followed.request
    return {
        "home": home(visit),
        "is_active": is_active(visit),
        "place": f"{home(visit)}/requests/{request.id}",
        "url": f"{visit.house.service.base_url}{home(visit)}/requests/{request.id}",
        "request": request,
        "seen": request.state.value,
        "names": [name for _, name in request.names],
        "certificate": followed.certificate,
        "state": words_of_request(request, is_paused=followed.is_paused),
        "is_moving": is_moving(request),
        "may_withdraw": may_withdraw(request),
    }


def ask_number(visit: Visit) -> Response:
    """Ask for the number of a request."""
    return _show_follow(visit)


def _show_follow(visit: Visit, status: int = 200) -> Response:
    return visit.show("portal/follow.html", {"home": home(visit)}, status=status)


def follow(visit: Visit) -> Response:
    """Lead to the request whose number, or whole address, was typed."""
    try:
        found = re.search(r"req-[0-9a-f]{32}(?![0-9a-f])", visit.form.value("number").lower())
        if found is None:
            sentence = gettext("This has no number of a request in it. It begins with req- and has 32 letters and digits after that.")
            raise Refused("request-number", sentence, field="number")
        _require_known(visit, RequestId(found[0]))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_follow(visit, status), {"number": "number"})
    return visit.go_to(f"{home(visit)}/requests/{found[0]}")


def _require_known(visit: Visit, request_id: RequestId) -> None:
    if look_up(visit, lambda tx, organization: requests.get(tx, organization.id, request_id)) is None:
        sentence = gettext("No request here has this number. Copy it whole from the mail, or open the link in it.")
        raise NotFound("request-not-found", sentence, field="number")


def show_status(visit: Visit) -> Response:
    """Show the state in words, what happens next, and what can be done."""
    return _show(visit)


def _show(visit: Visit, status: int = 200) -> Response:
    was_sent = visit.query("sent") == "again" and not visit.form.problems
    return visit.show("portal/status.html", _values(visit, _followed(visit)) | {"was_sent": was_sent}, status=status)


def show_state(visit: Visit) -> Response:
    """Return the part that the page asks for by itself; a page that shows another state than this one is sent to load itself again."""
    values = _values(visit, _followed(visit))
    answer = visit.show("portal/state.html", values)
    if visit.query("seen") not in ("", values["seen"]):
        # Title, facts, side and ways on all follow from the state.
        answer.headers["HX-Redirect"] = str(values["place"])
    return answer


def show_received(visit: Visit) -> Response:
    """Say what happens next and what to keep."""
    followed = _followed(visit)
    values = _values(visit, followed)
    request = followed.request
    # Others may have the address of this page; only the browser that sent the request is shown the mail address in full.
    address = request.contact_email if visit.request.cookies.get(SENT_COOKIE) == request.id else shortened(request.contact_email)
    return visit.show("portal/received.html", values | {"was_known": visit.query("known") == "yes", "address": address})


def ask_withdrawal(visit: Visit) -> Response:
    """Ask for the phrase, and show what taking back means."""
    return _show_withdrawal(visit)


def _show_withdrawal(visit: Visit, status: int = 200) -> Response:
    return visit.show("portal/withdraw.html", _values(visit, _followed(visit)), status=status)


def withdraw(visit: Visit) -> Response:
    """Take the request back with the challenge phrase."""
    request_id = part(visit, "request")
    about = visit.about("withdraw-request", "request", request_id)
    try:
        visit.perform(about, withdraw_request, visit.slug, prove(visit, about, request_id))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_withdrawal(visit, status), PHRASE_FIELDS)
    return visit.go_to(f"{home(visit)}/requests/{request_id}")


def ask_answer(visit: Visit) -> Response:
    """Show the question of an administrator, and ask for the answer."""
    return _show_answer(visit)


def _show_answer(visit: Visit, status: int = 200) -> Response:
    followed = _followed(visit)
    values = {"is_held": followed.request.state is RequestState.HELD, "most": QUESTION_CHARACTERS}
    return visit.show("portal/answer.html", _values(visit, followed) | values, status=status)


def answer(visit: Visit) -> Response:
    """Keep the answer; the request then waits for a decision again."""
    request_id = part(visit, "request")
    about = visit.about("answer-question", "request", request_id)
    try:
        visit.perform(about, answer_question, visit.slug, prove(visit, about, request_id), visit.form.value("answer"))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_answer(visit, status), {"phrase": "phrase", "answer": "answer"})
    return visit.go_to(f"{home(visit)}/requests/{request_id}")


def send_again(visit: Visit) -> Response:
    """Mail the confirmation once more."""
    request_id = part(visit, "request")
    about = visit.about("send-code-again", "request", request_id)
    try:
        visit.perform(about, send_code_again, visit.slug, RequestId(request_id))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, status), {})
    return visit.go_to(f"{home(visit)}/requests/{request_id}?sent=again")


def pick_up(visit: Visit) -> Response:
    """Note the pick-up, and lead to the certificate's files and the steps to install them."""
    request_id = part(visit, "request")
    about = visit.about("pick-up-certificate", "request", request_id)
    try:
        certificate = visit.perform(about, pick_up_certificate, visit.slug, prove(visit, about, request_id))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, status), PHRASE_FIELDS)
    return visit.go_to(f"{home(visit)}/certificates/{certificate.serial_hex}/install")


PAGES = (
    portal_page(Method.GET, "/follow", ask_number),
    portal_page(Method.POST, "/follow", follow),
    portal_page(Method.GET, "/requests/{request}", show_status),
    portal_page(Method.GET, "/requests/{request}/state", show_state, by_itself=True),
    portal_page(Method.GET, "/requests/{request}/received", show_received),
    portal_page(Method.GET, "/requests/{request}/withdraw", ask_withdrawal),
    portal_page(Method.POST, "/requests/{request}/withdraw", withdraw, phrase=True),
    portal_page(Method.GET, "/requests/{request}/answer", ask_answer),
    portal_page(Method.POST, "/requests/{request}/answer", answer, phrase=True),
    portal_page(Method.POST, "/requests/{request}/code", send_again),
    portal_page(Method.POST, "/requests/{request}", pick_up, phrase=True),
)
