"""Somebody signs a proposed change, refuses it with a reason, or takes his own proposal back.

Durable after it: what was signed, as it came; with the last signature that is needed the change itself, in the same
transaction; after a refusal or a withdrawal the end of the change.
"""

from __future__ import annotations

from privyseal.actions.changing import Answered, Spoken, counted, hold, keep, require_other, settle, tell_closed, verify
from privyseal.actions.changing_kinds import Side, proposal_of, side_of
from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.change import Change, ChangeState, Decision, require_open
from privyseal.model.errors import Conflict, NotFound, NotPermitted, Refused
from privyseal.model.identifiers import ChangeId
from privyseal.store import changes
from privyseal.store.database import Transaction
from privyseal_wire.passkey import Signature


def answer_change(house: House, tx: Transaction, actor: Actor, slug: str, change_id: ChangeId, signature: Signature) -> Answered:
    """Return the change as it stands then; ``slug`` is "" for the provider's own. What was signed says what is decided.

    Raises NotFound, Refused (signature, signer, ``change-statement``, expiry), NotPermitted (``role``, ``own-role``,
    ``not-proposer``), Conflict (``already-signed``, ``change-closed``, ``change-overtaken``).
    """
    side = side_of(tx, slug)
    hold(tx, side)
    change = changes.lock(tx, change_id)
    if change is None or change.organization_id != (side.organization.id if side.organization else None):
        raise NotFound("not-found", "There is no such change.")
    spoken = verify(house, tx, side, signature)
    statement = spoken.statement
    if (statement.change, statement.kind, statement.content_sha256) != (change.id, change.kind.value, change.content_sha256):
        sentence = "What was signed is another change than this one. Look at this change again and sign what it says."
        raise Refused("change-statement", sentence)
    require_open(change, tx.now)
    require_other(proposal_of(change.content), spoken.signed.person)
    if spoken.decision is not Decision.SIGN:
        return _end(house, tx, side, change, spoken)
    signer = keep(house, tx, side, change, spoken)
    return settle(house, tx, side, signer, change)


def _end(house: House, tx: Transaction, side: Side, change: Change, spoken: Spoken) -> Answered:
    """End a change that somebody refuses, or that its proposer takes back."""
    if spoken.decision is Decision.WITHDRAW and spoken.signed.person.id != change.proposer_id:
        sentence = "Only who proposed a change takes it back. Refuse it if it is not to hold, and say why."
        raise NotPermitted("not-proposer", sentence)
    keep(house, tx, side, change, spoken)
    state = ChangeState.REFUSED if spoken.decision is Decision.REFUSE else ChangeState.WITHDRAWN
    if not changes.close(tx, change.id, state, spoken.statement.reason):
        raise Conflict("change-closed", "Somebody else just ended this change. Look at it again.")
    tell_closed(house, tx, side, change)
    return Answered(changes.get(tx, change.id) or change, len(counted(house, tx, side, change)), change.quorum)
