"""States of requests and certificates in words: a kind of seal, a word, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from privyseal.look.certificate_words import reason_words
from privyseal.look.words import gettext
from privyseal.model.certificate import Certificate, CertificateState
from privyseal.model.request import FINAL_STATES, TRANSITIONS, Request, RequestEvent, RequestState
from privyseal.model.revocation import RevocationReason


@dataclass(frozen=True, slots=True)
class StateWords:
    """``kind`` is good, waiting, bad or ended; ``next`` what happens now, in whole sentences."""

    kind: str
    word: str
    next: str


def words_of_request(request: Request, *, is_paused: bool = False) -> StateWords:
    """Return how a request stands; ``is_paused`` tells that the CA that would issue issues nothing now."""
    state = request.state
    found = {
        RequestState.UNCONFIRMED: (
            "waiting",
            gettext("Waiting for you"),
            gettext(
                "Confirm your address: open the mail that was sent to %(address)s, and press the button on the page it leads to. Nobody "
                "sees the request before that. After seven days without it, the request ends by itself."
            )
            % {"address": shortened(request.contact_email)},
        ),
        RequestState.PENDING: (
            "waiting",
            gettext("Waiting for a decision"),
            gettext("Your administrators know of it. One of them looks at it and decides. You get a mail either way."),
        ),
        RequestState.HELD: (
            "waiting",
            gettext("Waiting for an answer"),
            gettext("An administrator has a question before deciding. The contact has it by mail as well."),
        ),
        RequestState.APPROVED: ("waiting", gettext("Approved"), gettext("The certificate is being made. This takes a few seconds.")),
        RequestState.ISSUING: ("waiting", gettext("Being issued"), gettext("The certificate is being made. This takes a few seconds.")),
        RequestState.ISSUED: ("good", gettext("Issued"), gettext("The certificate is there. Show it with its files, and install it.")),
        RequestState.REJECTED: (
            "ended",
            gettext("Rejected"),
            gettext("No certificate comes of this request. If the reason can be mended, ask again."),
        ),
        RequestState.WITHDRAWN: ("ended", gettext("Withdrawn"), gettext("The request was taken back. Nothing else happens.")),
        RequestState.LAPSED: ("ended", gettext("Lapsed"), gettext("Nobody decided in time. Ask again if you still need the certificate.")),
        RequestState.FAILED: (
            "bad",
            gettext("Not issued"),
            gettext("It was approved, but the certificate could not be made. Your administrators are told and decide again."),
        ),
    }
    if is_paused and state in {RequestState.APPROVED, RequestState.ISSUING}:
        told = gettext("Issuing is paused at the provider. The certificate is made by itself when it goes on, and you get a mail then.")
        return StateWords("waiting", gettext("Approved"), told)
    return StateWords(*found[state])


def shortened(email: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: ``d...@gallery.test``."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}...@{domain}"


def is_moving(request: Request) -> bool:
    """Tell whether something can still happen to it by itself, so that a page is worth asking again."""
    return request.state not in FINAL_STATES


def may_withdraw(request: Request) -> bool:
    """Tell whether it can be taken back."""
    return request.state in TRANSITIONS[RequestEvent.WITHDRAW][0]


def words_of_certificate(certificate: Certificate, now: datetime) -> StateWords:
    """Return how a certificate stands at ``now``."""
    if certificate.state is CertificateState.REVOKED:
        return StateWords("bad", gettext("Revoked"), gettext("It is refused by every client that checks. This is final."))
    if now >= certificate.not_after:
        return StateWords("ended", gettext("Expired"), gettext("Its time is over. Ask for a new one."))
    if now < certificate.not_before:
        return StateWords("waiting", gettext("Not yet valid"), gettext("Its time has not begun."))
    return StateWords("good", gettext("Valid"), "")


def reasons() -> dict[RevocationReason, tuple[str, str]]:
    """Return each reason that a subscriber may give in plain words, with what it means for the key and for whoever uses the server."""
    more = {
        RevocationReason.KEY_COMPROMISE: gettext(
            "It was copied, lost, sent to somebody, or the server was broken into. The key is then blocked for ever."
        ),
        RevocationReason.SUPERSEDED: gettext("The new one is installed on every server and works."),
        RevocationReason.CESSATION_OF_OPERATION: gettext("Nobody needs a certificate for these names any more."),
        RevocationReason.AFFILIATION_CHANGED: gettext("The organization's name or place has changed, or the name of the server."),
        RevocationReason.UNSPECIFIED: gettext("No reason is published."),
    }
    return {reason: (reason_words()[reason], words) for reason, words in more.items()}


def reason_of(certificate: Certificate) -> str:
    """Return why it was revoked, in plain words; nothing when it was not, or when the reason is nobody else's business."""
    by_code = {reason.code: words for reason, (words, _) in reasons().items()}
    return by_code.get(certificate.revocation_reason, "") if certificate.revocation_reason is not None else ""
