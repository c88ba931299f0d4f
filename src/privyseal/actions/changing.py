"""How changes under dual control are signed, counted and applied.

No action, but what ``propose_change`` and ``answer_change`` share.

 1. the signature is by a registered, usable credential of somebody with the right, over a statement about exactly this change
 2. the organization is held, so that of two who sign at once the second one sees the first
 3. what was signed is kept: one line for each person, so that nobody counts twice
 4. every signature kept is verified again; who lost the right, the credential or the membership since counts no more
 5. with as many as are needed the change is applied in the same transaction, and what was made of the same version is overtaken
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from privyseal.actions.changing_kinds import KINDS, Side, concerned, proposal_of, require_base
from privyseal.actions.house import House, announce, record
from privyseal.engine.administrator_id import require_administrator_id
from privyseal.engine.signed_statement import SignedStatement, Trust, require_signed, signer_of, verify_stored
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Administrator, require_permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.change import (
    Change,
    ChangeKind,
    ChangeSignature,
    ChangeState,
    Decision,
    Holder,
    Proposal,
    holder,
    needed_signatures,
)
from privyseal.model.errors import Conflict, NotPermitted, Refused
from privyseal.model.fact import FactKind
from privyseal.model.statement import MAXIMUM_STATEMENT_LIFE, require_unexpired
from privyseal.store import administrators, changes, organizations, passkeys
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.errors import WireError
from privyseal_wire.passkey import Signature
from privyseal_wire.statements import Change as Statement


@dataclass(frozen=True, slots=True)
class Spoken:
    """What somebody said about a change, verified; ``ends`` is until when it counts."""

    statement: Statement
    signed: SignedStatement
    ends: datetime

    @property
    def decision(self) -> Decision:
        """Whether the person signs, refuses or withdraws."""
        return Decision(self.statement.decision)


@dataclass(frozen=True, slots=True)
class Answered:
    """The change as it stands now; ``signed`` people have signed whose signatures count, ``needed`` have to."""

    change: Change
    signed: int
    needed: int


def verify(house: House, tx: Transaction, side: Side, signature: Signature) -> Spoken:
    """Return what a signature says about a change of this side, by somebody who holds the right of its kind.

    Raises Refused (signature, signer, ``change-statement``, expiry), NotPermitted ``role``; WireError for the form.
    """
    trust = Trust(house.administrators_authority, side.organization, house.relying_party)
    signed = require_signed(signature, passkeys.by_signer(tx, *signer_of(signature)), trust, tx.now)
    statement = Statement.from_bytes(signed.content)
    if (statement.service, statement.organization, statement.signer) != (house.service.service_id, side.named, signed.person.id):
        sentence = "What was signed is about a change of another organization or service, or in the name of another person."
        raise Refused("change-statement", sentence)
    kind = ChangeKind(statement.kind)
    side.require_kind(kind)
    require_permission(signed.person, side.right(kind))
    return Spoken(statement, signed, require_unexpired(statement.expires, tx.now, MAXIMUM_STATEMENT_LIFE))


def hold(tx: Transaction, side: Side) -> None:
    """Let nobody else change anything of this organization, or of the provider, before this transaction ends."""
    if side.organization is not None:
        organizations.hold(tx, side.organization.id)
    else:
        administrators.hold_staff(tx)


def holders_of(tx: Transaction, side: Side, kind: ChangeKind, about: str = "") -> list[Holder]:
    """Return the people who count for a change of this kind: with the right, who ever had a credential, not ``about`` them."""
    people = administrators.holding(tx, side.organization.id if side.organization else None, side.right(kind))
    entitled = [person for person in people if person.id != about]
    held = administrators.credentials_by_person(tx, [person.id for person in entitled])
    return [found for person in entitled if (found := holder(person, held[person.id], tx.now))]


def needed_now(house: House, tx: Transaction, side: Side, kind: ChangeKind, about: str = "") -> int:
    """Return how many people have to sign a change of this kind that is proposed now; ``about`` whom it is does not count."""
    return needed_of(house, kind, holders_of(tx, side, kind, about))


def needed_of(house: House, kind: ChangeKind, holders: Sequence[Holder]) -> int:
    """Return how many of these people, who are all that count for a change of this kind, have to sign it."""
    return needed_signatures(house.quorum(kind), len(holders))


def require_other(proposal: Proposal, person: Administrator) -> None:
    """Raise NotPermitted ``own-role`` when somebody would sign for what becomes of himself."""
    if concerned(proposal) == person.id:
        sentence = (
            "Nobody gives a role to himself, takes one from himself or signs for his own removal. Ask another security administrator; "
            "if there is none, invite somebody first and give the role to that person."
        )
        raise NotPermitted("own-role", sentence)


def keep(house: House, tx: Transaction, side: Side, change: Change, spoken: Spoken) -> Actor:
    """Keep what somebody said, with its entry in the log; return the person as the log names him.

    Raises Conflict ``already-signed`` when the same person said it before, with whatever credential.
    """
    signed = spoken.signed
    passkeys.require_use(tx, signed.assertion)
    kept = ChangeSignature(
        change_id=change.id,
        administrator_id=signed.person.id,
        decision=spoken.decision,
        content=signed.content,
        signature=signed.signature,
        credential_sha256=signed.credential.certificate_sha256,
        at=tx.now,
    )
    if not changes.insert_signature(tx, kept):
        raise Conflict("already-signed", f"{signed.person.name} has signed this change already; it needs another person's signature.")
    kind = ActorKind.ADMINISTRATOR if side.organization else ActorKind.PROVIDER_ADMINISTRATOR
    actor = Actor(kind, signed.person.id, signed.person.organization_id, kept.credential_sha256)
    event = AuditEvent(
        f"{spoken.decision.value}-change",
        Outcome.DONE,
        "change",
        change.id,
        change.content_sha256,
        spoken.statement.reason or change.kind.value,
        signed.evidence,
    )
    record(house, tx, actor, side.slug, event)
    return actor


def counted(house: House, tx: Transaction, side: Side, change: Change) -> set[str]:
    """Return the ids of the people whose signatures under a change count now, each verified again."""
    found: set[str] = set()
    about = concerned(proposal_of(change.content))
    for kept in changes.signatures_of(tx, change.id):
        if kept.decision is Decision.SIGN and kept.administrator_id != about and _counts(house, tx, side, change, kept):
            found.add(kept.administrator_id)
    return found


def _counts(house: House, tx: Transaction, side: Side, change: Change, kept: ChangeSignature) -> bool:
    known = administrators.by_certificate(tx, kept.credential_sha256)
    if known is None:
        return False
    person, credential = known
    is_here = person.organization_id == (side.organization.id if side.organization else None)
    if not is_here or not person.may(side.right(change.kind)) or not credential.is_usable(tx.now):
        return False
    try:
        require_administrator_id(house.administrators_authority, credential.certificate_der, person, side.organization, tx.now)
        content = verify_stored(kept.content, kept.signature, credential, house.relying_party)
        statement = Statement.from_bytes(content)
        require_unexpired(statement.expires, tx.now, MAXIMUM_STATEMENT_LIFE)
    except (Refused, WireError):
        return False
    said = (statement.service, statement.organization, statement.change, statement.kind, statement.content_sha256, statement.decision)
    meant = (house.service.service_id, side.named, change.id, change.kind.value, change.content_sha256, Decision.SIGN.value)
    return said == meant and statement.signer == kept.administrator_id == person.id


def settle(house: House, tx: Transaction, side: Side, actor: Actor, change: Change) -> Answered:
    """Apply a change that has the signatures it needs; return how it stands. Raises Conflict ``change-overtaken``, Refused of its kind."""
    proposal = proposal_of(change.content)
    require_base(tx, side, proposal)
    needed = max(change.quorum, needed_now(house, tx, side, change.kind, concerned(proposal)))
    signed = counted(house, tx, side, change)
    if len(signed) < needed:
        return Answered(change, len(signed), needed)
    failpoint("change.before-applied")
    KINDS[change.kind].judge(tx, side, proposal)
    if not changes.close(tx, change.id, ChangeState.APPLIED):
        raise Conflict("change-closed", "Somebody else just ended this change. Look at it again.")
    KINDS[change.kind].apply(house, tx, side, actor, change, proposal)
    configured = house.quorum(change.kind)
    fewer = f"; {configured} are wanted, but fewer hold the right" if needed < configured else ""
    said = f"{change.kind.value}: signed by {len(signed)}{fewer}"
    record(house, tx, actor, side.slug, AuditEvent("apply-change", Outcome.DONE, "change", change.id, change.content_sha256, said))
    tell_closed(house, tx, side, change)
    for overtaken in changes.close_others(tx, change):
        record(house, tx, actor, side.slug, AuditEvent("overtake-change", Outcome.DONE, "change", overtaken, reason=change.id))
    failpoint("change.before-commit")
    return Answered(changes.get(tx, change.id) or change, len(signed), needed)


def tell_closed(house: House, tx: Transaction, side: Side, change: Change) -> None:
    """Have the corporate contact and the administrators told how a change ended."""
    announce(house, tx, FactKind.CHANGE_CLOSED, {"organization": side.slug, "change": change.id})
