"""Let a certificate, with the servers that use it and the request it came from, belong to another department."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate
from privyseal.model.department import require_open
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId
from privyseal.model.request import RequestState
from privyseal.store import certificates, departments, organizations, requests
from privyseal.store.database import Transaction


def move_certificate(
    house: House, tx: Transaction, actor: Actor, slug: str, serial_hex: str, department_id: DepartmentId | None
) -> Certificate:
    """Move it (None: to the organization itself) and return it; the right to move must reach both places.

    Raises NotFound, NotPermitted, Conflict (``department-closed``, ``department-moved`` when somebody else just moved it).
    """
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.MOVE, organization.id)
    scope = actor.scope(Permission.READ)
    certificate = certificates.by_serial(tx, organization.id, serial_hex, scope=scope)
    target = departments.get(tx, organization.id, department_id) if department_id is not None else None
    if certificate is None or (department_id is not None and (target is None or not scope.covers(target.path))):
        raise NotFound("not-found", "There is no such certificate or no such department in your organization.")
    for path in (departments.path_of(tx, certificate.department_id), target.path if target else ""):
        require(actor, Permission.MOVE, organization.id, path)
    if certificate.department_id == department_id:
        return certificate
    if target is not None:
        require_open(target)
    if not certificates.move(tx, certificate, department_id):
        raise Conflict("department-moved", "Somebody else just moved this certificate. Look at it again.")
    if certificate.request_id is not None:
        requests.move(tx, organization.id, certificate.request_id, department_id, frozenset({RequestState.ISSUED}))
    reason = f"{certificate.department_id or 'organization'} -> {department_id or 'organization'}"
    event = AuditEvent("move-certificate", Outcome.DONE, "certificate", certificate.serial_hex, certificate.sha256, reason)
    record(house, tx, actor, slug, event)
    return certificates.get(tx, certificate.id) or certificate
