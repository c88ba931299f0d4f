"""An administrator takes a question back, or has its answer by another way: the request waits for a decision again."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import RequestId
from privyseal.model.request import Request, RequestEvent, next_state
from privyseal.store import departments, organizations, requests
from privyseal.store.database import Transaction


def release_request(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId) -> Request:
    """Let a held request wait for a decision again; raises NotFound, NotPermitted, Conflict ``request-state``."""
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.APPROVE, organization.id)
    request = requests.get(tx, organization.id, request_id, scope=actor.scope(Permission.READ))
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    require(actor, Permission.APPROVE, organization.id, departments.path_of(tx, request.department_id))
    if not requests.happen(tx, [request.id], RequestEvent.RELEASE):
        next_state(request.state, RequestEvent.RELEASE)
        raise Conflict("request-state", "Somebody else just decided this request. Look at it again.")
    record(house, tx, actor, slug, AuditEvent("release-request", Outcome.DONE, "request", request.id))
    return requests.get(tx, organization.id, request.id) or request
