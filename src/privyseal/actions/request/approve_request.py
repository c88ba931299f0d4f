"""An administrator approves a request under his own signature (architecture section 3 step 4, section 4).

Durable after it: the signed bytes and the signature as they came, the request's new state, the audit entry. What was
signed must be, byte for byte, what the service would have certified (I14).
"""

from __future__ import annotations

from privyseal.actions.approving import Approved, SignedApproval, judge_approvals
from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.errors import PrivysealError
from privyseal.model.identifiers import RequestId
from privyseal.store.database import Transaction
from privyseal_wire.passkey import Signature


def approve_request(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId, signature: Signature) -> Approved:
    """Verify and store one administrator's approval; the last one needed moves the request on.

    ``actor`` is whoever carried the signature here; who approves is whoever signed. Raises NotFound, Refused (signature,
    content, expiry, replay), NotPermitted (role, own request), Conflict (state, second approval by one person, no units).
    """
    [outcome] = judge_approvals(house, tx, slug, [SignedApproval(request_id, signature)])
    if isinstance(outcome, PrivysealError):
        raise outcome
    return outcome
