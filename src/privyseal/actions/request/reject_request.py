"""An administrator rejects a request under his own signature; the contact is told the reason."""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.engine.signed_statement import Trust, require_signed, signer_of
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Permission, require_held, require_permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ApprovalId, RequestId
from privyseal.model.request import Request, RequestEvent, next_state, require_text
from privyseal.model.statement import MAXIMUM_STATEMENT_LIFE, require_unexpired
from privyseal.store import departments, organizations, passkeys, requests
from privyseal.store.database import Transaction
from privyseal_wire.passkey import Signature
from privyseal_wire.statements import Rejection


def reject_request(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId, signature: Signature) -> Request:
    """Verify and store a signed rejection; ``actor`` carried it, whoever signed decides.

    Raises NotFound, Refused (signature, content, expiry), NotPermitted (role), Conflict (state).
    """
    organization = organizations.require(tx, slug)
    trust = Trust(house.administrators_authority, organization, house.relying_party)
    signed = require_signed(signature, passkeys.by_signer(tx, *signer_of(signature)), trust, tx.now)
    approver = signed.person
    require_held(approver, Permission.APPROVE)
    statement = Rejection.from_bytes(signed.content)
    request = requests.get(tx, organization.id, request_id, scope=approver.scope(Permission.READ))
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    require_permission(approver, Permission.APPROVE, departments.path_of(tx, request.department_id))
    meant = (statement.service, statement.organization, statement.request, statement.approver)
    if meant != (house.service.service_id, slug, request.id, approver.id):
        raise Refused(
            "rejection-content", "What was signed is the rejection of another request, or by another person, or for another service."
        )
    expires_at = require_unexpired(statement.expires, tx.now, MAXIMUM_STATEMENT_LIFE)
    reason = require_text("reason", statement.reason, 500)
    passkeys.require_use(tx, signed.assertion)
    if not requests.happen(tx, [request.id], RequestEvent.REJECT, reason):
        next_state(request.state, RequestEvent.REJECT)
        raise Conflict("request-state", "Somebody else just decided this request. Look at it again.")
    rejection = requests.Approval(
        id=ApprovalId(house.id("apr", tx.now)),
        request_id=request.id,
        administrator_id=approver.id,
        decision="reject",
        content=signed.content,
        content_sha256=signed.content_sha256,
        signature=signed.signature,
        credential_sha256=signed.credential.certificate_sha256,
        expires_at=expires_at,
        at=tx.now,
    )
    requests.insert_approvals(tx, [rejection])
    signer = Actor(ActorKind.ADMINISTRATOR, approver.id, organization.id, rejection.credential_sha256)
    record(
        house,
        tx,
        signer,
        slug,
        AuditEvent("reject-request", Outcome.DONE, "request", request.id, rejection.content_sha256, evidence=signed.evidence),
    )
    announce(house, tx, FactKind.REQUEST_REJECTED, {"organization": slug, "request": request.id})
    after = requests.get(tx, organization.id, request.id)
    return after or request
