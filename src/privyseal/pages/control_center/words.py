"""States and reasons in words."""

from __future__ import annotations

from datetime import datetime

from privyseal.look.certificate_words import reason_words
from privyseal.look.words import gettext, mark
from privyseal.model.administrator import AdministratorState
from privyseal.model.certificate import CertificateState
from privyseal.model.request import RequestState
from privyseal.model.revocation import RevocationReason

_REQUEST_STATES = {
    RequestState.UNCONFIRMED: ("waiting", mark("Address not confirmed")),
    RequestState.PENDING: ("waiting", mark("Waiting for a decision")),
    RequestState.HELD: ("waiting", mark("Waiting for an answer")),
    RequestState.APPROVED: ("waiting", mark("Approved, not issued yet")),
    RequestState.ISSUING: ("waiting", mark("Being issued")),
    RequestState.ISSUED: ("good", mark("Issued")),
    RequestState.REJECTED: ("ended", mark("Rejected")),
    RequestState.WITHDRAWN: ("ended", mark("Withdrawn")),
    RequestState.LAPSED: ("ended", mark("Lapsed")),
    RequestState.FAILED: ("bad", mark("Failed")),
}

_PEOPLE = {
    AdministratorState.INVITED: ("waiting", mark("Invited")),
    AdministratorState.ACTIVE: ("good", mark("Active")),
    AdministratorState.REMOVED: ("ended", mark("Removed")),
}


def request_state(state: RequestState) -> tuple[str, str]:
    """Return kind and words of the state of a request."""
    kind, words = _REQUEST_STATES[state]
    return kind, gettext(words)


def certificate_state(state: CertificateState, not_after: datetime, now: datetime) -> tuple[str, str]:
    """Return kind and words of how a certificate stands at ``now``."""
    if state is CertificateState.REVOKED:
        return "bad", gettext("Revoked")
    return ("ended", gettext("Expired")) if now >= not_after else ("good", gettext("Valid"))


def person_state(state: AdministratorState) -> tuple[str, str]:
    """Return kind and words of the state of an administrator."""
    kind, words = _PEOPLE[state]
    return kind, gettext(words)


def reason_choices() -> list[tuple[str, str, str]]:
    """Return (value, when to choose it, what follows) of the reasons to revoke a certificate."""
    more = {RevocationReason.KEY_COMPROMISE: gettext("The key is blocked for ever.")}
    return [(reason.value, words, more.get(reason, "")) for reason, words in reason_words().items()]
