"""Let a certificate, with the servers that use it and the request it came from, belong to another department."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.actions.moving import Ends, is_to_be_moved
from privyseal.model.actor import Actor, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import DepartmentId
from privyseal.model.request import RequestState
from privyseal.store import certificates, organizations, requests
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
    missing = NotFound("not-found", "There is no such certificate or no such department in your organization.")
    certificate = certificates.by_serial(tx, organization.id, serial_hex, scope=scope)
    if certificate is None:
        raise missing
    ends = Ends(certificate.department_id, department_id)
    if not is_to_be_moved(tx, actor, organization, Permission.MOVE, ends, seen=scope, missing=missing):
        return certificate
    if not certificates.move(tx, certificate, department_id):
        raise Conflict("department-moved", "Somebody else just moved this certificate. Look at it again.")
    request = requests.get(tx, organization.id, certificate.request_id) if certificate.request_id is not None else None
    if request is not None:
        requests.move(tx, request, department_id, frozenset({RequestState.ISSUED}))
    event = AuditEvent("move-certificate", Outcome.DONE, "certificate", certificate.serial_hex, certificate.sha256, ends.words)
    record(house, tx, actor, slug, event)
    return certificates.get(tx, certificate.id) or certificate
