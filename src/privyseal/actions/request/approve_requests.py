"""An administrator approves many requests, each under a signature of its own, in one transaction (E1).

Durable after it, of each approval that counts, what ``approve_request`` leaves; of each other one the audit entry of its
refusal. One that is refused does not hurt the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from privyseal.actions.approving import Approved, SignedApproval, judge_approvals
from privyseal.actions.house import About, House, record_refused
from privyseal.model.actor import Actor
from privyseal.model.errors import PrivysealError
from privyseal.store.database import Transaction


def approve_requests(
    house: House, tx: Transaction, actor: Actor, slug: str, handed_in: Sequence[SignedApproval]
) -> list[Approved | PrivysealError]:
    """Verify and store approvals of one organization's requests; return in order what became of each.

    ``actor`` is whoever carried them here; who approves is whoever signed. The refusals are those of ``approve_request``,
    recorded already. Raises NotFound and Conflict for the organization, Unavailable; then nothing is kept.
    """
    outcomes = judge_approvals(house, tx, slug, handed_in)
    for item, outcome in zip(handed_in, outcomes, strict=True):
        if isinstance(outcome, PrivysealError):
            record_refused(house, tx, actor, About("approve-request", slug, "request", item.request_id), outcome)
    return outcomes
