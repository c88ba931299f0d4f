"""States, roles, reasons and audit entries in words."""

from __future__ import annotations

from datetime import datetime

from privyseal.look.words import gettext, mark
from privyseal.model.administrator import AdministratorState, Role
from privyseal.model.certificate import CertificateState
from privyseal.model.request import RequestState
from privyseal.model.revocation import RevocationReason

_REQUEST_STATES = {
    RequestState.UNCONFIRMED: ("waiting", mark("Address not confirmed")),
    RequestState.PENDING: ("waiting", mark("Waiting for a decision")),
    RequestState.HELD: ("waiting", mark("Held with a question")),
    RequestState.APPROVED: ("waiting", mark("Approved, not issued yet")),
    RequestState.ISSUING: ("waiting", mark("Being issued")),
    RequestState.ISSUED: ("good", mark("Issued")),
    RequestState.REJECTED: ("ended", mark("Rejected")),
    RequestState.WITHDRAWN: ("ended", mark("Withdrawn")),
    RequestState.LAPSED: ("ended", mark("Lapsed")),
    RequestState.FAILED: ("bad", mark("Failed")),
}

_ROLES = {
    Role.SECURITY_ADMINISTRATOR: mark("Security administrator"),
    Role.CERTIFICATE_ADMINISTRATOR: mark("Certificate administrator"),
    Role.AUDITOR: mark("Auditor"),
    Role.READ_ONLY: mark("Read only"),
    Role.PROVIDER_ADMINISTRATOR: mark("Provider administrator"),
}

_ROLE_RIGHTS = {
    Role.SECURITY_ADMINISTRATOR: mark(
        "Everything: decides, revokes, invites and revokes administrators, makes tokens, reads the audit log."
    ),
    Role.CERTIFICATE_ADMINISTRATOR: mark("Reads, submits, approves, rejects, revokes."),
    Role.AUDITOR: mark("Reads everything, the audit log too, and changes nothing."),
    Role.READ_ONLY: mark("Reads, and changes nothing."),
}

_PEOPLE = {
    AdministratorState.INVITED: ("waiting", mark("Invited")),
    AdministratorState.ACTIVE: ("good", mark("Active")),
    AdministratorState.REMOVED: ("ended", mark("Removed")),
}

_REASONS = {
    RevocationReason.KEY_COMPROMISE: mark("Somebody else may have the private key. The key is blocked for ever."),
    RevocationReason.SUPERSEDED: mark("Another certificate has replaced it."),
    RevocationReason.CESSATION_OF_OPERATION: mark("The server is gone."),
    RevocationReason.AFFILIATION_CHANGED: mark("What it says about the organization is no longer true."),
    RevocationReason.PRIVILEGE_WITHDRAWN: mark("The right to it was withdrawn."),
    RevocationReason.UNSPECIFIED: mark("None of these."),
}

_ACTIONS = {
    "submit-request": mark("Request received"),
    "confirm-request": mark("Address of the contact confirmed"),
    "hold-request": mark("Held with a question to the contact"),
    "answer-question": mark("Question answered by the contact"),
    "release-request": mark("Question taken back"),
    "approve-request": mark("Approved under signature"),
    "reject-request": mark("Rejected under signature"),
    "withdraw-request": mark("Withdrawn by the contact"),
    "lapse-request": mark("Lapsed without a decision"),
    "prepare-certificate": mark("Certificate prepared and linted"),
    "issue-certificate": mark("Certificate issued"),
    "deliver-fact": mark("Mail about it sent"),
    "complete-certificate": mark("Certificate issued"),
    "abandon-intent": mark("Serial number given up; a new one is drawn"),
    "pick-up-certificate": mark("Picked up"),
    "check-certificate": mark("Checked on a server"),
    "revoke-certificate": mark("Revoked"),
    "guess-phrase": mark("Several wrong challenge phrases"),
    "invite-administrator": mark("Invited as an administrator"),
    "use-invitation": mark("One-time link used"),
    "replace-last-administrator": mark("Let in again by the operator: nobody was left"),
    "enroll-administrator": mark("Administrator ID asked for with the one-time link"),
    "enroll-passkey": mark("Passkey made with the one-time link"),
    "add-passkey": mark("Passkey added under another credential"),
    "issue-administrator-id": mark("Administrator ID issued"),
    "issue-passkey": mark("Passkey certified"),
    "complete-administrator-id": mark("Credential issued"),
    "revoke-credential": mark("Credential revoked"),
    "create-api-token": mark("Token made"),
    "revoke-api-token": mark("Token revoked"),
    "start-session": mark("Signed in"),
    "end-session": mark("Session ended"),
    "step-up-session": mark("Credential shown again"),
    "hand-over-identity": mark("Certificate shown to sign in"),
    "sign-in": mark("Sign-in"),
    "create-organization": mark("Organization set up"),
    "vet-organization": mark("Organization vetted"),
    "add-domain": mark("Domain registered"),
    "validate-domain": mark("Domain validated"),
    "add-policy": mark("Policy version added"),
    "place-order": mark("Units ordered"),
    "save-search": mark("Search kept"),
    "delete-search": mark("Search deleted"),
    "open-page": mark("Page opened"),
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


def role_words(role: Role) -> str:
    """Return a role in words."""
    return gettext(_ROLES[role])


def role_choices() -> list[tuple[str, str, str]]:
    """Return (value, name, what it may) of the roles that an organization gives."""
    return [(role.value, gettext(_ROLES[role]), gettext(rights)) for role, rights in _ROLE_RIGHTS.items()]


def person_state(state: AdministratorState) -> tuple[str, str]:
    """Return kind and words of the state of an administrator."""
    kind, words = _PEOPLE[state]
    return kind, gettext(words)


def reason_choices() -> list[tuple[str, str, str]]:
    """Return (value, when to choose it, value) of the reasons to revoke: plain words first, the name in standards below."""
    return [(reason.value, gettext(words), reason.value) for reason, words in _REASONS.items()]


def action_words(action: str, *, refused: bool = False) -> str:
    """Return what an audit entry tells of, in words where there are some; of a refusal, what was tried, by its own name."""
    plain = action.replace("-", " ")
    if refused:
        return gettext("Refused: %(what)s") % {"what": plain}
    return gettext(_ACTIONS[action]) if action in _ACTIONS else plain
