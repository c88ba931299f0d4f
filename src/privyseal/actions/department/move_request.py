"""Let a request that is not decided yet belong to another department.

An approval says which department a request belongs to, so earlier ones count no more.
"""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.department import require_open
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId, RequestId
from privyseal.model.request import Request, RequestState
from privyseal.store import departments, organizations, requests
from privyseal.store.database import Transaction

MOVABLE = frozenset({RequestState.UNCONFIRMED, RequestState.PENDING, RequestState.HELD, RequestState.FAILED})


def move_request(
    house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId, department_id: DepartmentId | None
) -> Request:
    """Move it (None: to the organization itself) and return it; the right to move must reach both places.

    Raises NotFound, NotPermitted, Conflict (``request-state``, ``department-closed``).
    """
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.MOVE, organization.id)
    scope = actor.scope(Permission.READ)
    request = requests.get(tx, organization.id, request_id, scope=scope)
    target = departments.get(tx, organization.id, department_id) if department_id is not None else None
    if request is None or (department_id is not None and (target is None or not scope.covers(target.path))):
        raise NotFound("not-found", "There is no such request or no such department in your organization.")
    for path in (departments.path_of(tx, request.department_id), target.path if target else ""):
        require(actor, Permission.MOVE, organization.id, path)
    if request.department_id == department_id:
        return request
    if target is not None:
        require_open(target)
    if not requests.move(tx, organization.id, request.id, department_id, MOVABLE):
        raise Conflict("request-state", "This request is decided. Move its certificate instead.")
    requests.void_approvals(tx, [request.id])
    reason = f"{request.department_id or 'organization'} -> {department_id or 'organization'}"
    record(house, tx, actor, slug, AuditEvent("move-request", Outcome.DONE, "request", request.id, reason=reason))
    return requests.get(tx, organization.id, request.id) or request
