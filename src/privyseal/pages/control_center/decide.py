"""Decisions about a request: approve and reject under a signature, hold with a question, release."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.hold_request import hold_request
from privyseal.actions.request.reject_request import reject_request
from privyseal.actions.request.release_request import release_request
from privyseal.look.words import gettext
from privyseal.model.errors import Conflict, PrivysealError, Refused, Unavailable
from privyseal.model.identifiers import RequestId
from privyseal.model.request import require_text
from privyseal.pages.control_center.check import CAN_BE_REJECTED, check_page, matter_of, values_of
from privyseal.pages.control_center.entry import look_up, part
from privyseal.pages.control_center.queue import Tally, check_address, chosen_next, summary_address, tally_of
from privyseal.reception.issuing import issue
from privyseal.reception.kept import forget_signed, go_on, marked, unsigned
from privyseal.reception.refusals import show_again
from privyseal.reception.signing import end_of_statement, offer, read_signature, shell_word
from privyseal.reception.site import Visit
from privyseal.store import administrators
from privyseal.store.failpoints import failpoint
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Rejection, parse_statement

REASON_CHARACTERS = 500


def approve(visit: Visit) -> Response:
    """Hand in a signed approval, and have the certificate issued when it was the last one needed."""
    request_id = RequestId(part(visit, "request"))
    about = visit.about("approve-request", "request", request_id)
    try:
        approved = visit.perform(about, approve_request, visit.slug, request_id, read_signature(visit))
    except PrivysealError as error:
        if error.kind == "approval-replayed":
            return _approved(visit, request_id)  # Sent twice: the first one counted, and this tells what came of it.
        field = "" if isinstance(error, Unavailable) else _signed_field(visit)  # That nothing is issued now, no file has to do with.
        return show_again(visit, _in_names(visit, error), lambda status: check_page(visit, status), field)
    failpoint("approve.after-commit")
    if approved.is_complete:
        issue(visit.context.entrance, about, [request_id])
    return _approved(visit, request_id)


def _approved(visit: Visit, request_id: str) -> Response:
    """Lead straight to the next of several chosen requests, and after the last one to the sum; one alone has its own page."""
    tally, then = tally_of(visit), chosen_next(visit)
    if tally is None:
        return _decided(visit, request_id)
    # Sent twice it counts once: the second time its id is the last one already.
    counted = tally if tally.last == request_id else Tally(min(tally.approved + 1, tally.chosen), tally.chosen, request_id)
    if then:
        return visit.go_to(check_address(visit, then[0], then[1:], tally=counted))
    return visit.go_to(summary_address(visit, counted))


def _in_names(visit: Visit, error: PrivysealError) -> PrivysealError:
    """Return an error that names both people where somebody handed in what was made for a colleague to sign."""
    if error.kind != "approval-content" or not visit.form.value("content"):
        return error
    try:
        signer = str(parse_statement(visit.form.value("content").encode()).to_fields().get("approver", ""))
    except WireError:
        return error
    people = look_up(visit, lambda tx, organization: administrators.of_organization(tx, organization.id))
    name = next((person.name for person in people if person.id == signer), "")
    if not name or signer == visit.person.id:
        return error
    words = gettext("It is signed as %(signer)s; you are signed in as %(person)s. Look at the request again and sign it yourself.")
    return Refused(error.kind, words % {"signer": name, "person": visit.person.name})


def _signed_field(visit: Visit) -> str:
    """The input that a refused signature belongs to: the file, or none for a passkey."""
    return "" if visit.form.value("answer") else "signed"


def _decided(visit: Visit, request_id: str) -> Response:
    return visit.go_to(check_address(visit, request_id, chosen_next(visit), "/decided"))


def ask_rejection(visit: Visit) -> Response:
    """Ask for the reason; of a request that is decided its own page tells."""
    matter = matter_of(visit)
    if matter.request.state not in CAN_BE_REJECTED:
        return visit.go_to(check_address(visit, matter.request.id, chosen_next(visit)))
    return _show_reason(visit)


def _show_reason(visit: Visit, status: int = 200) -> Response:
    values = values_of(visit, matter_of(visit)) | {"unsigned": unsigned(visit)}
    return visit.show("control_center/reject.html", values, status=status)


def prepare_rejection(visit: Visit) -> Response:
    """Lead to what is signed to reject with this reason."""
    request = matter_of(visit).request
    try:
        require_text("reason", _one_line(visit, "reason"), REASON_CHARACTERS)
    except Refused as error:
        return show_again(visit, error, lambda status: _show_reason(visit, status), "reason")
    return go_on(visit, check_address(visit, request.id, chosen_next(visit), "/rejection/sign"))


def show_rejection(visit: Visit) -> Response:
    """Show what is signed; without a reason the question for it, and of a decided request its own page."""
    matter = matter_of(visit)
    if not _has_reason(visit):
        return visit.go_to(check_address(visit, matter.request.id, chosen_next(visit), "/rejection"))
    if matter.request.state not in CAN_BE_REJECTED:
        return visit.go_to(check_address(visit, matter.request.id, chosen_next(visit)))
    return _show_rejection(visit)


def _has_reason(visit: Visit) -> bool:
    try:
        require_text("reason", _one_line(visit, "reason"), REASON_CHARACTERS)
    except Refused:
        return False
    return True


def _show_rejection(visit: Visit, status: int = 200) -> Response:
    matter = matter_of(visit)
    reason = _one_line(visit, "reason")
    rejection = Rejection(
        service=visit.house.service.service_id,
        organization=visit.slug,
        expires=end_of_statement(visit),
        request=matter.request.id,
        approver=visit.person.id,
        reason=reason,
    )
    action, back = (marked(visit, check_address(visit, matter.request.id, chosen_next(visit), way)) for way in ("/rejected", "/rejection"))
    command = f"seal request reject {matter.request.id} --reason {shell_word(reason)}"
    signing = offer(visit, rejection.to_bytes(), action=action, command=command, kept={"reason": reason})
    values = values_of(visit, matter) | {"signing": signing, "reason": reason, "back": back}
    return visit.show("control_center/sign_rejection.html", values, status=status)


def reject(visit: Visit) -> Response:
    """Hand in a signed rejection; the contact is told the reason."""
    request_id = RequestId(part(visit, "request"))
    about = visit.about("reject-request", "request", request_id)
    try:
        visit.perform(about, reject_request, visit.slug, request_id, read_signature(visit))
    except PrivysealError as error:
        if not isinstance(error, Conflict) and _has_reason(visit):
            return show_again(visit, error, lambda status: _show_rejection(visit, status), _signed_field(visit))
        return show_again(visit, error, lambda status: check_page(visit, status))
    forget_signed(visit)
    return _decided(visit, request_id)


def ask_question(visit: Visit) -> Response:
    """Ask for the question."""
    return _show_question(visit)


def _show_question(visit: Visit, status: int = 200) -> Response:
    return visit.show("control_center/hold.html", values_of(visit, matter_of(visit)), status=status)


def hold(visit: Visit) -> Response:
    """Hold the request with a question, which is mailed to the contact."""
    request_id = RequestId(part(visit, "request"))
    about = visit.about("hold-request", "request", request_id)
    try:
        visit.perform(about, hold_request, visit.slug, request_id, _one_line(visit, "question"))
    except Refused as error:
        return show_again(visit, error, lambda status: _show_question(visit, status), "question")
    except PrivysealError as error:
        return show_again(visit, error, lambda status: check_page(visit, status))
    return _decided(visit, request_id)


def release(visit: Visit) -> Response:
    """Let a held request wait for a decision again."""
    request_id = RequestId(part(visit, "request"))
    about = visit.about("release-request", "request", request_id)
    try:
        visit.perform(about, release_request, visit.slug, request_id)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: check_page(visit, status))
    return visit.go_to(check_address(visit, request_id, chosen_next(visit)))


def _one_line(visit: Visit, name: str) -> str:
    """A text area's breaks are blanks here: the text stands in a mail and in a signed statement as one line."""
    return " ".join(visit.form.value(name).split("\r\n")).replace("\n", " ")
