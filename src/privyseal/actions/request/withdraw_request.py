"""A subscriber takes a request back that was not decided yet; the challenge phrase shows that it is his."""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.fact import FactKind
from privyseal.model.proof import PhraseProof
from privyseal.model.request import Request, RequestEvent, next_state
from privyseal.store import organizations, requests
from privyseal.store.database import Transaction


def withdraw_request(house: House, tx: Transaction, actor: Actor, slug: str, proof: PhraseProof) -> Request:
    """Withdraw the request that ``proof`` is for; raises NotFound, Conflict ``request-state``."""
    organization = organizations.require(tx, slug)
    request = requests.get(tx, organization.id, proof.request_id)
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    if not requests.happen(tx, [request.id], RequestEvent.WITHDRAW):
        next_state(request.state, RequestEvent.WITHDRAW)
        raise Conflict("request-state", "Somebody just decided this request. Look at it again.")
    record(house, tx, actor, slug, AuditEvent("withdraw-request", Outcome.DONE, "request", request.id))
    announce(house, tx, FactKind.REQUEST_WITHDRAWN, {"organization": slug, "request": request.id})
    after = requests.get(tx, organization.id, request.id)
    return after or request
