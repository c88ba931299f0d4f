"""Let a request that is not decided yet belong to another department.

An approval says which department a request belongs to, so earlier ones count no more.
"""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.actions.moving import Ends, is_to_be_moved
from privyseal.model.actor import Actor, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId, RequestId
from privyseal.model.request import Request, RequestState
from privyseal.store import organizations, requests
from privyseal.store.database import Transaction

MOVABLE = frozenset({RequestState.UNCONFIRMED, RequestState.PENDING, RequestState.HELD, RequestState.FAILED})


def move_request(
    house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId, department_id: DepartmentId | None
) -> Request:
    """Move it (None: to the organization itself) and return it; the right to move must reach both places.

    Raises NotFound, NotPermitted, Conflict (``request-state``, ``department-closed``, ``department-moved`` when somebody else just
    moved it).
    """
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.MOVE, organization.id)
    scope = actor.scope(Permission.READ)
    missing = NotFound("not-found", "There is no such request or no such department in your organization.")
    request = requests.get(tx, organization.id, request_id, scope=scope)
    if request is None:
        raise missing
    ends = Ends(request.department_id, department_id)
    if not is_to_be_moved(tx, actor, organization, Permission.MOVE, ends, seen=scope, missing=missing):
        return request
    if not requests.move(tx, request, department_id, MOVABLE):
        now = requests.get(tx, organization.id, request_id)
        if now is not None and now.department_id != request.department_id:
            raise Conflict("department-moved", "Somebody else just moved this request. Look at it again.")
        raise Conflict("request-state", "This request is decided. Move its certificate instead.")
    requests.void_approvals(tx, [request.id])
    record(house, tx, actor, slug, AuditEvent("move-request", Outcome.DONE, "request", request.id, reason=ends.words))
    return requests.get(tx, organization.id, request.id) or request
