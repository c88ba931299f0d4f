"""An administrator approves a request under his own signature (architecture section 3 step 4, section 4).

Durable after it: the signed bytes and the signature as they came, the request's new state, the audit entry. What was
signed must be, byte for byte, what the service would have certified (I14).
"""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.actions.house import House, record, sha256_hex
from privyseal.engine.administrator_id import require_administrator_id
from privyseal.engine.approval_content import require_approved
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Administrator, Credential, Permission, require_permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound, NotPermitted, Refused
from privyseal.model.identifiers import AdministratorId, ApprovalId, RequestId
from privyseal.model.organization import Organization, require_active
from privyseal.model.policy import Policy
from privyseal.model.request import Request, RequestEvent, RequestKind, next_state
from privyseal.model.statement import MAXIMUM_STATEMENT_LIFE, require_current
from privyseal.model.unit import UnitTier
from privyseal.store import administrators, organizations, policies, requests, units
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.cms import signer_fingerprint, verify_attached


@dataclass(frozen=True, slots=True)
class Approved:
    """``is_complete`` says that no further approval is needed and the certificate can be prepared."""

    request_id: RequestId
    approvals: int
    approvals_needed: int

    @property
    def is_complete(self) -> bool:
        """Whether the policy's number of approvals is reached."""
        return self.approvals >= self.approvals_needed


def approve_request(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId, signature: bytes) -> Approved:
    """Verify and store one administrator's approval; the last one needed moves the request on.

    ``actor`` is whoever carried the signature here; who approves is whoever signed. Raises NotFound, Refused (signature,
    content, expiry, replay), NotPermitted (role, own request), Conflict (state, second approval by one person, no units).
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    approver, credential = _signer(house, tx, organization, signature)
    content = verify_attached(signature, signer_certificate_der=credential.certificate_der).content
    request = requests.get(tx, organization.id, request_id)
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    policy, _ = policies.get(tx, request.policy_id, request.policy_version)
    expires_at = require_approved(content, request, policy, service=house.service.service_id, organization=slug, approver=approver.id)
    require_current(expires_at, tx.now, MAXIMUM_STATEMENT_LIFE)
    content_sha256 = sha256_hex(content)
    earlier = _take_turn(tx, request, approver, policy, content_sha256)
    approval = requests.Approval(
        id=ApprovalId(house.id("apr", tx.now)),
        request_id=request.id,
        administrator_id=approver.id,
        decision="approve",
        content=content,
        content_sha256=content_sha256,
        signature=signature,
        credential_sha256=credential.certificate_sha256,
        expires_at=expires_at,
        at=tx.now,
    )
    requests.insert_approvals(tx, [approval])
    approved = Approved(request.id, len(earlier) + 1, policy.approvals)
    if approved.is_complete and policy.approvals > 1:
        requests.happen(tx, [request.id], RequestEvent.APPROVE)
    evidence = (content_sha256, sha256_hex(signature))
    signer = Actor(ActorKind.ADMINISTRATOR, approver.id, organization.id, credential.certificate_sha256)
    record(
        house,
        tx,
        signer,
        slug,
        AuditEvent("approve-request", Outcome.DONE, "request", request.id, content_sha256, evidence=evidence),
    )
    failpoint("approve.before-commit")
    return approved


def _signer(house: House, tx: Transaction, organization: Organization, signature: bytes) -> tuple[Administrator, Credential]:
    found = administrators.by_certificate(tx, signer_fingerprint(signature).hex())
    if found is None or found[0].organization_id != organization.id:
        sentence = f"The signature is not by a registered Administrator ID of {organization.name}."
        raise Refused("signer-unknown", sentence)
    approver, credential = found
    if not credential.is_usable(tx.now):
        raise Refused("credential-unusable", f"The Administrator ID of {approver.name} is revoked or has expired.")
    require_administrator_id(house.administrators_authority, credential.certificate_der, approver, organization, tx.now)
    require_permission(approver, Permission.APPROVE)
    return approver, credential


def _take_turn(tx: Transaction, request: Request, approver: Administrator, policy: Policy, content_sha256: str) -> set[AdministratorId]:
    """Hold the request until the end of the transaction, so that two who decide at once get one truth (I20).

    Returns who approved it before. Where one approval is enough, the request has moved on already.
    """
    if approver.email.casefold() == request.contact_email.casefold() or request.requester_id == approver.id:
        raise NotPermitted("own-request", "Nobody approves a request of his own. Ask another administrator of your organization.")
    if policy.approvals < 1:
        raise Refused("policy", "The policy of this request asks for no approval, which no policy may do.")
    if policy.approvals == 1:
        is_open = bool(requests.happen(tx, [request.id], RequestEvent.APPROVE))
    else:
        is_open = requests.hold_open(tx, request.id, RequestEvent.APPROVE)
    # Read after the conditional UPDATE: who comes second has waited there and sees what the first one stored.
    earlier = requests.approvals_of(tx, [request.id])[request.id]
    if any(approval.content_sha256 == content_sha256 for approval in earlier):
        raise Refused("approval-replayed", "Exactly this approval was used before. Sign a new one.")
    if not is_open:
        next_state(request.state, RequestEvent.APPROVE)
        raise Conflict("request-state", "Somebody else just decided this request. Look at it again.")
    current = {approval.administrator_id for approval in earlier if approval.is_current(tx.now)}
    if approver.id in current:
        raise Conflict("already-approved", f"{approver.name} has approved this request already; it needs another person's approval.")
    if request.kind is RequestKind.NEW and units.balance(tx, request.organization_id, UnitTier(request.unit_tier)).available < 1:
        sentence = f"There is no {request.unit_tier} unit left. Order more units; then approve the request again."
        raise Conflict("no-units", sentence)
    return current
