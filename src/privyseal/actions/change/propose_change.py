"""Somebody proposes a change under his signature, which counts as the first one.

Durable after it: the content and the signature as they came, the entry in the log, the letters to those who can sign; and
where this one signature is enough, because nobody else holds the right, the change itself.
"""

from __future__ import annotations

from privyseal.actions.changing import Answered, hold, keep, needed_now, require_other, settle, verify
from privyseal.actions.changing_kinds import KINDS, concerned, proposal_of, require_base, side_of
from privyseal.actions.house import House, announce, record, sha256_hex
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.change import Change, ChangeState, Decision
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ChangeId
from privyseal.store import changes
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.passkey import Signature


def propose_change(house: House, tx: Transaction, actor: Actor, slug: str, content: bytes, signature: Signature) -> Answered:
    """Return the new change; ``slug`` is "" for the provider's own, ``content`` the canonical bytes whose digest was signed.

    ``actor`` is whoever carried it here; who proposes is whoever signed. Raises NotFound, Refused (signature, signer, content,
    ``change-quorum``, replay), NotPermitted ``role``, Conflict ``change-overtaken``.
    """
    side = side_of(tx, slug)
    hold(tx, side)
    spoken = verify(house, tx, side, signature)
    statement, proposal = spoken.statement, proposal_of(content)
    if (statement.content_sha256, statement.kind, spoken.decision) != (sha256_hex(content), proposal.kind.value, Decision.SIGN):
        raise Refused("change-statement", "What was signed is another content, another kind of change, or no signature under one.")
    require_base(tx, side, proposal)
    KINDS[proposal.kind].judge(tx, side, proposal)
    require_other(proposal, spoken.signed.person)
    needed = needed_now(house, tx, side, proposal.kind, concerned(proposal))
    if proposal.quorum != needed:
        sentence = f"{needed} have to sign this change now; the content says {proposal.quorum}. Propose it anew."
        raise Refused("change-quorum", sentence)
    change = Change(
        id=ChangeId(statement.change),
        organization_id=side.organization.id if side.organization else None,
        kind=proposal.kind,
        subject=proposal.subject,
        base=proposal.base,
        quorum=proposal.quorum,
        content=content,
        content_sha256=statement.content_sha256,
        proposer_id=spoken.signed.person.id,
        state=ChangeState.OPEN,
        reason="",
        created_at=tx.now,
        expires_at=spoken.ends,
        closed_at=None,
    )
    if not changes.insert(tx, change):
        raise Refused("change-replayed", "Exactly this change was proposed before. Look at it there.")
    said = f"{change.kind.value} {change.subject} after version {change.base}"
    proposed = AuditEvent("propose-change", Outcome.DONE, "change", change.id, change.content_sha256, said)
    record(house, tx, actor, side.slug, proposed)
    signer = keep(house, tx, side, change, spoken)
    failpoint("propose.before-settled")
    answered = settle(house, tx, side, signer, change)
    if answered.change.state is ChangeState.OPEN:
        announce(house, tx, FactKind.CHANGE_PROPOSED, {"organization": side.slug, "change": change.id})
    return answered
