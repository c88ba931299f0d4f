"""A proposed change that needs the signatures of several people: policies, roles, prices, certification authorities.

One person proposes it under his signature, others sign the same bytes, and with the last signature that is needed it holds.
Who signs twice counts once; who lost the right meanwhile counts no more. The content never changes: who wants something else
proposes another one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from privyseal.model.administrator import Administrator, Credential, Permission
from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import AdministratorId, ChangeId, OrganizationId
from privyseal.model.statement import MAXIMUM_STATEMENT_LIFE

CONTENT_TYPE: Final = "privyseal.change-content.v1"
PROVIDER: Final = "provider"
"""What the provider's own changes name as their organization."""

CHANGE_LIFE: Final = MAXIMUM_STATEMENT_LIFE
"""How long signatures are collected; after that the change expires, and nothing has happened."""

DEFAULT_QUORUM: Final = 2
REASON_CHARACTERS: Final = 500


class ChangeKind(enum.Enum):
    """What is changed under dual control; statements write the same words."""

    POLICY = "policy"
    ROLE = "role"
    PRICE = "price"
    AUTHORITY = "authority"


_RIGHTS: Final[Mapping[ChangeKind, Permission]] = {
    ChangeKind.POLICY: Permission.MANAGE_POLICIES,
    ChangeKind.ROLE: Permission.ASSIGN_ROLES,
    ChangeKind.PRICE: Permission.SELL,
    ChangeKind.AUTHORITY: Permission.OPERATE,
}
OF_THE_PROVIDER: Final = frozenset({ChangeKind.PRICE, ChangeKind.AUTHORITY})
"""Kinds that the provider's people change alone."""

OF_BOTH: Final = frozenset({ChangeKind.ROLE})
"""Kinds that an organization's people change, and the provider's people for themselves."""


def right_of(kind: ChangeKind, *, of_provider: bool) -> Permission:
    """Return the right that proposing and signing a change of a kind needs."""
    return Permission.MANAGE_STAFF if kind is ChangeKind.ROLE and of_provider else _RIGHTS[kind]


def belongs(kind: ChangeKind, *, to_provider: bool) -> bool:
    """Tell whether the people of this side change things of a kind."""
    return kind in OF_BOTH or (kind in OF_THE_PROVIDER) is to_provider


class Decision(enum.Enum):
    """What somebody says to a change."""

    SIGN = "sign"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Hindrance(enum.Enum):
    """Why somebody who has to be counted cannot sign now: what became of the newest credential."""

    REVOKED = "revoked"
    EXPIRED = "expired"


class ChangeState(enum.Enum):
    """open -> applied, refused, withdrawn, overtaken or expired."""

    OPEN = "open"
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    EXPIRED = "expired"


_WORDS: Final[Mapping[ChangeState, str]] = {
    ChangeState.APPLIED: "holds already",
    ChangeState.REFUSED: "was refused",
    ChangeState.WITHDRAWN: "was withdrawn",
    ChangeState.OVERTAKEN: "was made of a version that is not the newest one any more, because another change was faster",
    ChangeState.EXPIRED: "did not get its signatures in time",
}


@dataclass(frozen=True, slots=True)
class Change:
    """``organization_id`` is None for the provider. ``content`` are the canonical bytes that ``content_sha256`` is of.

    ``subject`` names what is changed, ``base`` the version of it that the change was made of, ``quorum`` how many people
    have to sign at least. ``reason`` says why it was refused or withdrawn.
    """

    id: ChangeId
    organization_id: OrganizationId | None
    kind: ChangeKind
    subject: str
    base: int
    quorum: int
    content: bytes
    content_sha256: str
    proposer_id: AdministratorId
    state: ChangeState
    reason: str
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None

    def standing(self, now: datetime) -> ChangeState:
        """Return where it stands at ``now``: nobody has to come by for it to expire."""
        if self.state is ChangeState.OPEN and self.expires_at <= now:
            return ChangeState.EXPIRED
        return self.state


@dataclass(frozen=True, slots=True)
class ChangeSignature:
    """What somebody signed about a change, as it came; ``credential_sha256`` is the certificate of the signer."""

    change_id: ChangeId
    administrator_id: AdministratorId
    decision: Decision
    content: bytes
    signature: bytes
    credential_sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who counts for how many have to sign: holds the right, and ever had a credential. Without hindrance he can sign."""

    person: Administrator
    hindrance: Hindrance | None


def holder(person: Administrator, credentials: Sequence[Credential], now: datetime) -> Holder | None:
    """Return somebody with the right as one who counts, or None for somebody who never had a credential.

    ``credentials`` are all that the person ever had, the oldest first. Whose credentials were revoked or have expired counts as
    before: otherwise whoever takes a colleague's card away would need a signature less.
    """
    if not credentials:
        return None
    if any(item.is_usable(now) for item in credentials):
        return Holder(person, None)
    return Holder(person, Hindrance.EXPIRED if credentials[-1].revoked_at is None else Hindrance.REVOKED)


def needed_signatures(configured: int, holders: int) -> int:
    """Return how many people have to sign: all of them where fewer hold the right than were configured, but one at least."""
    return max(1, min(configured, holders))


def change_content(kind: ChangeKind, subject: str, base: int, quorum: int, value: Mapping[str, object]) -> dict[str, object]:
    """Return what is signed of a change by its digest, as a mapping of canonical JSON values."""
    return {"type": CONTENT_TYPE, "kind": kind.value, "subject": subject, "base": base, "quorum": quorum, "value": dict(value)}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change's content, read; ``value`` is what will hold, in the form of its kind."""

    kind: ChangeKind
    subject: str
    base: int
    quorum: int
    value: Mapping[str, object]


def read_content(fields: Mapping[str, object]) -> Proposal:
    """Return what :func:`change_content` described; raises Refused ``change-content``."""
    if fields.keys() != {"type", "kind", "subject", "base", "quorum", "value"} or fields["type"] != CONTENT_TYPE:
        raise _refuse("it has other fields than type, kind, subject, base, quorum and value")
    kinds = {kind.value: kind for kind in ChangeKind}
    kind, subject, value = fields["kind"], fields["subject"], fields["value"]
    if not isinstance(kind, str) or kind not in kinds:
        raise _refuse("nobody knows its kind")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 64 or not subject.isprintable():
        raise _refuse("its subject is not a text of 1 to 64 characters")
    if not isinstance(value, dict):
        raise _refuse("its value is not an object")
    return Proposal(kinds[kind], subject, _number(fields["base"], "base", 0), _number(fields["quorum"], "quorum", 1), value)


def _number(value: object, name: str, least: int) -> int:
    if type(value) is not int or not least <= value < 2**31:
        raise _refuse(f"its {name} is not a whole number from {least} on")
    return value


def require_open(change: Change, now: datetime) -> None:
    """Raise Conflict ``change-closed`` or ``change-overtaken`` unless the change still waits for signatures."""
    standing = change.standing(now)
    if standing is not ChangeState.OPEN:
        kind = "change-overtaken" if standing is ChangeState.OVERTAKEN else "change-closed"
        raise Conflict(kind, f"This change {_WORDS[standing]}. Propose a new one if it is still wanted.")


def _refuse(what: str) -> Refused:
    return Refused("change-content", f"This is not the content of a change: {what}.")
