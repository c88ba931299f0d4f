"""``seal request``: ask for a certificate, follow what becomes of it, decide on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cyclopts import Parameter

from privyseal_agent import words
from privyseal_agent.decisions import approval_of, end_of, rejection_of, require_same
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.errors import Refused, UsageError
from privyseal_agent.groups import AtDesk, challenge_phrase, group, open_service
from privyseal_agent.keys.disclosed import has_private_key
from privyseal_agent.private_files import read_file, text_of
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.rest.live import Told, follow_requests
from privyseal_agent.rest.together import hand_in_together
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions
from privyseal_wire.statements import Approval, Rejection

APP = group("request", "Ask for certificates, and decide on requests.")

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ADMINISTRATOR = re.compile(r"adm-[0-9a-f]{32}")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentForm:
    """What a requester says beside the CSR."""

    endpoint: list[str]
    """A server that will use the certificate, such as www.example.test or load-balancer:10.0.0.7; once for each."""

    contact_name: str
    """The person who is told about the certificate."""

    contact_email: str
    """The address of that person."""

    policy: str | None = None
    """Name of the policy; may be left out when the organization has only one."""

    lifetime_days: int | None = None
    """Life of the certificate; the longest of the policy when left out."""

    platform: str = "other"
    """Software of the server, such as nginx or apache, for the installation steps in the mail."""

    comment: str = ""
    """A note for the administrator who decides."""

    department: str = ""
    """Id of the department that it is for, as seal department list shows it; the organization itself when left out."""

    field: list[str] | None = None
    """An answer to a question of the organization's own, such as cost-center=4711; once for each."""


@APP.command
def submit(
    csr: Path,
    /,
    *,
    form: EnrollmentForm,
    phrase_file: Path | None = None,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Send a CSR and ask for a certificate.

    The challenge phrase that you choose is needed again to pick the certificate up, to revoke and to reissue it.
    Without an Administrator ID or a token, a mail with a confirmation code goes to the contact's address.

    Parameters
    ----------
    csr
        The file with the CSR, as seal key new makes it.
    phrase_file
        File with the challenge phrase; asked for when left out.
    """
    text, answers = read_csr(csr), _answers(form.field or [])
    phrase = challenge_phrase(phrase_file, desk, new=True)
    with open_service(options, desk) as service:
        name, longest = _choose_policy(service, form.policy)
        body = {
            "csr": text,
            "policy": name,
            "lifetime_days": longest if form.lifetime_days is None else form.lifetime_days,
            "endpoints": form.endpoint,
            "contact_name": form.contact_name,
            "contact_email": form.contact_email,
            "phrase": phrase,
            "server_platform": form.platform,
            "comment": form.comment,
            "department": form.department,
        } | ({"custom_fields": answers} if answers else {})
        answer = service.post(service.path("requests"), body)
    return Reply(answer.fields, _received(answer, form.contact_email))


@APP.command
def confirm(request: str, code: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Confirm the contact's address with the code from the mail.

    Parameters
    ----------
    request
        Id of the request.
    code
        The code from the mail.
    """
    with open_service(options, desk) as service:
        answer = service.post(service.path("requests", request, "confirmation"), {"code": code})
    return Reply(answer.fields, f"The address is confirmed. Request {answer.text('id')} is {_state(answer)}.")


@APP.command(name="list")
def list_requests(
    *, state: list[str] | None = None, follow: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply | None:
    """List the requests of the organization, or watch the live queue.

    Parameters
    ----------
    state
        Only requests in this state, such as pending; may be given several times.
    follow
        First what is pending, then one line for each change as it happens, until Ctrl-C; with --json one object per line.
    """
    with open_service(options, desk) as service:
        if follow:
            _follow(service, desk, state or [])
            return None
        requests = list(service.items(service.path("requests"), {"state": state} if state else None))
    rows = [_row(request) for request in requests]
    table = words.table(("REQUEST", "STATE", "NAMES", "CONTACT", "RECEIVED"), rows, empty="There are no such requests.")
    return Reply({"items": [request.fields for request in requests]}, table)


@APP.command
def show(
    request: str,
    /,
    *,
    expires: str | None = None,
    approver: str | None = None,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Show everything that an administrator decides on.

    Parameters
    ----------
    request
        Id of the request.
    expires
        End of an approval, such as 2026-11-22T01:02:03Z: shows the fingerprint of your approval with that end, to compare
        with the one that another screen shows. Needs your Administrator ID, or --approver.
    approver
        Id of the administrator whose approval it would be, such as adm-..., as the page of the request writes it. With it an
        API token is enough, also for somebody who signs with a passkey.
    """
    if expires is not None and not _RFC3339.fullmatch(expires):
        raise UsageError("expires", "--expires is a time in UTC with whole seconds, such as 2026-11-22T01:02:03Z.")
    if approver is not None and (expires is None or not _ADMINISTRATOR.fullmatch(approver)):
        raise UsageError("approver", "--approver is the id of an administrator, adm- and 32 hexadecimal digits, and goes with --expires.")
    with open_service(options, desk) as service:
        shown = service.get(service.path("requests", request))
        text, document = words.request_facts(shown), dict(shown.fields)
        if expires is not None:
            fingerprint = _approval(service, shown, expires, approver or service.administrator_id()).fingerprint()
            document["fingerprint"] = fingerprint
            text += f"\n\nFingerprint of {f'the approval by {approver}' if approver else 'your approval'} until {expires}: {fingerprint}"
    return Reply(document, text)


@APP.command
def approve(
    request: list[str], /, *, yes: bool = False, minutes: int = 10, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Approve requests under your own signature.

    What is signed is computed on this computer from what is shown, and compared with what the service expects. Several
    requests are shown one after the other, asked about once, signed one by one and handed in together; one that is refused
    does not keep the others from being approved.

    Parameters
    ----------
    request
        Id of the request, or several of them.
    yes
        Sign without asking.
    minutes
        How long the signed approval may be used; 10 when left out.
    """
    wanted = list(dict.fromkeys(request))
    with open_service(options, desk) as service:
        identity, expires = service.require_identity(), _end(desk, minutes)
        approver = service.administrator_id()
        approvals = [_shown_approval(service, desk, item, expires, approver) for item in wanted]
        what = "Approve" if len(wanted) == 1 else f"Approve these {len(wanted)} requests"
        _ask(desk, f"{what} as {identity.name}?", yes=yes)
        signatures = [identity.sign(approval.to_bytes(), desk.now()) for approval in approvals]
        if len(wanted) > 1:
            outcomes = hand_in_together(service, list(zip(wanted, signatures, strict=True)))
            return _approved_together(outcomes, approvals)
        answer = service.post(service.path("requests", wanted[0], "approval"), {"signature": signatures[0]})
    return _approved(answer, approvals[0])


@APP.command
def reject(request: str, /, *, reason: str, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Reject a request under your own signature.

    Parameters
    ----------
    request
        Id of the request.
    reason
        Why; the contact of the request reads it in the mail.
    yes
        Sign without asking.
    """
    with open_service(options, desk) as service:
        identity = service.require_identity()
        shown = service.get(service.path("requests", request))
        rejection = _rejection(service, shown, reason, end_of(desk.now()))
        desk.show(f"{words.request_facts(shown)}\n\nFingerprint of your rejection: {rejection.fingerprint()}")
        _ask(desk, f"Reject as {identity.name}?", yes=yes)
        signature = identity.sign(rejection.to_bytes(), desk.now())
        answer = service.post(service.path("requests", request, "rejection"), {"signature": signature})
    return Reply(answer.fields, f"Request {answer.text('id')} is {_state(answer)}. Its contact gets the reason by mail.")


@APP.command
def hold(request: str, /, *, question: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Ask the contact of a request something before it is decided.

    The request is held until the contact answers with the challenge phrase, or you release it; it can be decided all the
    same. Needs your Administrator ID; nothing is signed.

    Parameters
    ----------
    request
        Id of the request.
    question
        What to ask, on one line; the contact reads it in the mail.
    """
    with open_service(options, desk) as service:
        service.require_identity()
        answer = service.post(service.path("requests", request, "hold"), {"question": question})
    return Reply(answer.fields, f"Request {answer.text('id')} is {_state(answer)}, who gets it by mail.")


@APP.command
def release(request: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Take your question back, so that the request waits for a decision again.

    Parameters
    ----------
    request
        Id of the request.
    """
    with open_service(options, desk) as service:
        service.require_identity()
        answer = service.post(service.path("requests", request, "release"), {})
    return Reply(answer.fields, f"Request {answer.text('id')} is {_state(answer)}.")


@APP.command
def answer(
    request: str, /, *, text: str, phrase_file: Path | None = None, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Answer the question about your own request, with its challenge phrase.

    Parameters
    ----------
    request
        Id of the request.
    text
        The answer, on one line; the administrators read it.
    phrase_file
        File with the challenge phrase; asked for when left out.
    """
    phrase = challenge_phrase(phrase_file, desk)
    with open_service(options, desk) as service:
        answered = service.post(service.path("requests", request, "answer"), {"phrase": phrase, "answer": text})
    return Reply(answered.fields, f"Request {answered.text('id')} is {_state(answered)}.")


@APP.command
def withdraw(request: str, /, *, phrase_file: Path | None = None, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Take your own request back, with its challenge phrase.

    Parameters
    ----------
    request
        Id of the request.
    phrase_file
        File with the challenge phrase; asked for when left out.
    """
    phrase = challenge_phrase(phrase_file, desk)
    with open_service(options, desk) as service:
        answer = service.post(service.path("requests", request, "withdrawal"), {"phrase": phrase})
    return Reply(answer.fields, f"Request {answer.text('id')} is {_state(answer)}.")


@APP.command
def status(request: str, /, *, phrase_file: Path | None = None, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Tell what became of your own request, with its challenge phrase.

    Parameters
    ----------
    request
        Id of the request.
    phrase_file
        File with the challenge phrase; asked for when left out.
    """
    phrase = challenge_phrase(phrase_file, desk)
    with open_service(options, desk) as service:
        answer = service.post(service.path("requests", request, "status"), {"phrase": phrase})
    rows = [
        ("Request", answer.text("id")),
        ("State", _state(answer)),
        ("Reason", answer.maybe("state_reason")),
        ("Certificate", answer.maybe("serial")),
    ]
    return Reply(answer.fields, words.facts(rows))


def read_csr(path: Path) -> str:
    """Return the text of a CSR file; raises Refused ``private-key`` when it is a key, and the kinds of private_files."""
    data = read_file(path, "the CSR")
    if has_private_key(data):
        raise Refused(
            "private-key", f"The file {path} contains a private key. It was not sent, and must never be. Give the file with the CSR alone."
        )
    return text_of(data, path, "the CSR")


def _answers(given: list[str]) -> dict[str, str]:
    """Return what was given as NAME=ANSWER; raises UsageError for another form, or a name that is there twice."""
    found: dict[str, str] = {}
    for item in given:
        name, sign, answer = item.partition("=")
        if not sign or not name:
            raise UsageError("field", f"Write a field as NAME=ANSWER, such as cost-center=4711; this is none: {item}")
        if name in found:
            raise UsageError("field", f"The field {name} is given twice. Give it once.")
        found[name] = answer
    return found


def _choose_policy(service: Service, wanted: str | None) -> tuple[str, int]:
    policies = service.get(service.path()).parts("policies")
    names = ", ".join(policy.text("name") for policy in policies) or "none"
    chosen = [policy for policy in policies if wanted is None or policy.text("name") == wanted]
    if len(chosen) != 1:
        if wanted is None:
            raise UsageError("policy", f"Which policy? Give --policy with one of: {names}.")
        raise Refused("policy", f"The organization has no policy {wanted}. Its policies: {names}.")
    return chosen[0].text("name"), max(chosen[0].integers("lifetimes_days"))


def _received(answer: Document, contact_email: str) -> str:
    request = answer.text("id")
    lines = [f"Request {request} is {_state(answer)}."]
    if answer.text("state") == "unconfirmed":
        lines.append(f"A mail with a code goes to {contact_email}. Confirm the address with: seal request confirm {request} CODE")
    if "warnings" in answer.fields:
        lines += answer.texts("warnings")
    return "\n".join(lines)


def _state(request: Document) -> str:
    state = request.text("state")
    return words.STATE_WORDS.get(state, state)


def _row(request: Document) -> tuple[str, ...]:
    contact = request.part("contact").text("email")
    names = words.bare_names(request.texts("names"))
    return request.text("id"), request.text("state"), names, contact, words.moment(request.text("created_at"))


def _follow(service: Service, desk: Desk, states: list[str]) -> None:
    told = Told()

    def tell(request: Document, state: str, cursor: str) -> None:
        if not told.is_news(request.text("id"), state, cursor):
            return
        line = {"id": request.text("id"), "state": state, "cursor": cursor, "names": list(request.texts("names"))}
        if desk.json:
            desk.emit(line)
        else:
            names = words.one_line(words.bare_names(request.texts("names")))
            desk.say(f"{desk.now():%H:%M:%S}  {state:<11}  {request.text('id')}  {names}")

    def catch_up() -> None:
        for request in service.items(service.path("requests"), {"state": states or ["pending"]}):
            tell(request, request.text("state"), "")

    try:
        for change in follow_requests(service, desk, catch_up):
            if not states or change.text("state") in states:
                tell(service.get(service.path("requests", change.text("id"))), change.text("state"), change.maybe("cursor"))
    except KeyboardInterrupt:
        return


def _approval(service: Service, shown: Document, expires: str, approver: str) -> Approval:
    organization = service.settings.require_organization()
    return approval_of(shown, service=service.about.text("service"), organization=organization, approver=approver, expires=expires)


def _shown_approval(service: Service, desk: Desk, request: str, expires: str, approver: str) -> Approval:
    """Show a request and return the approval of what was shown; raises Refused when the service expects another one."""
    shown = service.get(service.path("requests", request))
    approval = _approval(service, shown, expires, approver)
    expected = service.get_bytes(service.path("requests", request, "approval-content"), {"expires": approval.expires})
    require_same(approval.to_bytes(), expected)
    desk.show(f"{words.request_facts(shown)}\n\nFingerprint of your approval until {approval.expires}: {approval.fingerprint()}")
    return approval


def _rejection(service: Service, shown: Document, reason: str, expires: str) -> Rejection:
    organization = service.settings.require_organization()
    approver = service.administrator_id()
    about = service.about.text("service")
    return rejection_of(shown, service=about, organization=organization, approver=approver, reason=reason, expires=expires)


def _end(desk: Desk, minutes: int) -> str:
    if not 1 <= minutes <= 7 * 24 * 60:
        raise UsageError("minutes", "--minutes is a number from 1 to 10080, which is seven days.")
    return end_of(desk.now(), timedelta(minutes=minutes))


def _ask(desk: Desk, question: str, *, yes: bool) -> None:
    if not yes and not desk.confirm(question):
        raise Refused("not-confirmed", "Nothing was signed, and the request stays as it is.")


def _approved(answer: Document, approval: Approval) -> Reply:
    request = answer.part("request")
    document = {**answer.fields, "fingerprint": approval.fingerprint()}
    if request.text("state") == "failed":
        return Reply(document, refusal=_failed(request))
    return Reply(document, _given(answer, request.text("id"), request.text("state")))


def _approved_together(outcomes: Sequence[Document], approvals: Sequence[Approval]) -> Reply:
    document = [{**item.fields, "fingerprint": approval.fingerprint()} for item, approval in zip(outcomes, approvals, strict=True)]
    told, refused = [], []
    for item in outcomes:
        request, state = item.text("request"), item.maybe("state")
        if item.fields.get("problem") is not None:
            refused.append(f"{request}: {item.part('problem').text('detail')}")
        elif state == "failed":
            refused.append(f"{request}: {_failed(item)}")
        else:
            told.append(_given(item, request, state))
    return Reply({"items": document}, "\n".join(told), "\n".join(refused))


def _failed(request: Document) -> str:
    return f"Your approval counts, but the certificate could not be issued: {request.maybe('state_reason')}"


def _given(answer: Document, request: str, state: str) -> str:
    given, needed = answer.integer("approvals"), answer.integer("approvals_needed")
    text = f"Approved ({given} of {words.count(needed, 'approval')}). Request {request} is {words.STATE_WORDS.get(state, state)}."
    if answer.fields.get("certificate") is not None:
        certificate = answer.part("certificate")
        until = words.moment(certificate.maybe("not_after"))
        text += f"\nCertificate {certificate.text('serial')}" + (f" is valid until {until}." if until else ".")
    return text
