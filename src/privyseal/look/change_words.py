"""What people call changes under dual control: their kinds, how they stand, and what somebody said to one."""

from __future__ import annotations

from typing import Final

from babel.numbers import format_currency

from privyseal.look.words import gettext, locale, mark
from privyseal.model.change import ChangeKind, ChangeState, Decision, Hindrance

_KINDS: Final = {
    ChangeKind.POLICY: mark("Policy"),
    ChangeKind.ROLE: mark("Roles"),
    ChangeKind.PRICE: mark("Price of a unit"),
    ChangeKind.AUTHORITY: mark("Certification authority"),
}
_STATES: Final = {
    ChangeState.OPEN: ("waiting", mark("Waits for signatures")),
    ChangeState.APPLIED: ("good", mark("Holds")),
    ChangeState.REFUSED: ("ended", mark("Refused")),
    ChangeState.WITHDRAWN: ("ended", mark("Taken back")),
    ChangeState.OVERTAKEN: ("ended", mark("Overtaken by another change")),
    ChangeState.EXPIRED: ("ended", mark("Not signed in time")),
}
_DECISIONS: Final = {Decision.SIGN: mark("signed"), Decision.REFUSE: mark("refused"), Decision.WITHDRAW: mark("took it back")}

_HINDRANCES: Final = {
    Hindrance.REVOKED: mark("the credential was revoked"),
    Hindrance.EXPIRED: mark("the credential has expired"),
}


def change_kind_words(kind: ChangeKind) -> str:
    """Return what a change is of."""
    return gettext(_KINDS[kind])


def change_state_words(state: ChangeState) -> tuple[str, str]:
    """Return the kind of seal and the word for where a change stands."""
    seal, words = _STATES[state]
    return seal, gettext(words)


def change_decision_words(decision: Decision) -> str:
    """Return what somebody did."""
    return gettext(_DECISIONS[decision])


def hindrance_words(hindrance: Hindrance) -> str:
    """Return why somebody cannot sign now."""
    return gettext(_HINDRANCES[hindrance])


def price_words(cents: int, currency: str) -> str:
    """Return an amount as a reader of this language writes it."""
    return str(format_currency(cents / 100, currency, locale=locale()))
