"""Sign prepared certificates: transaction 2, only in the issuer process (architecture section 3 step 6, I13, I14).

Everything before this process is assumed compromised. For each intent:

 1. the audit log keeps up and the clock is right
 2. request, policy, organization, domains, approvals and the evidence of CAA are read and judged again; the policy version was
    signed by those who may change policies, or made by the provider before the organization had administrators
 3. the signatures of as many different entitled administrators as the policy wants are verified again, over content
    that is again computed from the request; that each holds the right, and for this department, is traced to what was signed
 4. the CA is not paused, and where it was, people who may let it go on; an intent that meets a paused CA is not signed, so that
    the sweep abandons it and prepares the request again under the same approval when the CA goes on
 5. the to-be-signed bytes are built again and must equal the stored ones
 6. exactly these bytes are signed, the signature is verified, the certificate is read back and compared
 7. the intent is closed conditionally; whoever comes second keeps nothing
 8. certificate, used unit, audit entry and outbox rows are written, and all is committed; answers leave after that
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from privyseal.actions.authority_proof import require_issuing_proven
from privyseal.actions.caa import require_caa
from privyseal.actions.entitlement import Entitlements
from privyseal.actions.house import House, announce, record, require_evidence, sha256_hex
from privyseal.actions.policy_proof import require_policy_proven
from privyseal.actions.vetted_identity import require_key_of_policy, require_reserved_names, require_vetted_identity
from privyseal.engine.administrator_id import require_administrator_id
from privyseal.engine.approval_content import require_approved
from privyseal.engine.authority import Authority
from privyseal.engine.certificate import CertificateContent
from privyseal.engine.certificate_template import read_back, sign_tbs
from privyseal.engine.serials import serial_from_hex, shard_of
from privyseal.engine.signed_statement import is_assertion, verify_stored
from privyseal.engine.signers import SigningKey
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, Credential, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import REISSUE_GRACE, Certificate, CertificateState, Intent, IntentState
from privyseal.model.domain import Domain, covering, require_covered
from privyseal.model.errors import Conflict, PrivysealError, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AuthorityId, CertificateId, DepartmentId, IntentId, OrganizationId, RequestId, ValidationId
from privyseal.model.organization import Organization, require_active, require_vetted
from privyseal.model.policy import Policy, may_approve, require_lifetime
from privyseal.model.profile import KeyAlgorithm, SubjectField
from privyseal.model.request import Request, RequestEvent, RequestKind, RequestState
from privyseal.model.rules import Tier
from privyseal.model.statement import MAXIMUM_STATEMENT_LIFE, require_current
from privyseal.model.unit import UnitTier
from privyseal.store import (
    administrators,
    caa_checks,
    certificates,
    departments,
    organizations,
    policies,
    requests,
    revocations,
    units,
    validations,
)
from privyseal.store.caa_checks import StoredCheck
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.errors import WireError


@dataclass(frozen=True, slots=True)
class Completed:
    """Certificates now durable, and intents that the issuer refused with the reason."""

    certificates: tuple[Certificate, ...]
    failures: tuple[tuple[IntentId, PrivysealError], ...]


@dataclass(frozen=True, slots=True)
class _Case:
    intent: Intent
    request: Request
    policy: Policy
    organization: Organization


def complete_certificates(
    house: House, tx: Transaction, actor: Actor, keys: Mapping[AuthorityId, SigningKey], intent_ids: Sequence[IntentId]
) -> Completed:
    """Verify everything again, sign, and store; each intent succeeds or fails for itself.

    ``keys`` has the private key of each CA that issues to organizations: the real one, and that of trials.

    Raises Unavailable when evidence or clock do not allow signing; then nothing changed.
    """
    require_evidence(tx)
    intents = [intent for intent in certificates.intents_of(tx, intent_ids).values() if intent.state is IntentState.PREPARED]
    found = requests.get_many(tx, [intent.request_id for intent in intents if intent.request_id])
    approvals = requests.approvals_of(tx, list(found))
    readers = _Readers(house, tx, list(found), revocations.blocked_among(tx, {request.spki_sha256 for request in found.values()}))
    signed: list[tuple[_Case, bytes]] = []
    failures: list[tuple[IntentId, PrivysealError]] = []
    for intent in intents:
        try:
            if intent.request_id not in found:
                raise Refused("intent", "This intent belongs to no request.")
            case = readers.case(intent, found[intent.request_id])
            _verify(house, tx, case, approvals[case.request.id], readers)
            readers.require_issuing(intent.authority_id)
            signed.append((case, _sign(house, case, keys)))
        except PrivysealError as error:
            failures.append((intent.id, error))
        except WireError as error:
            failures.append((intent.id, Refused(error.kind, error.sentence)))
    failpoint("complete.after-signature")
    issued = _store(house, tx, actor, signed, readers)
    for intent_id, refusal in failures:
        record(house, tx, actor, "", AuditEvent("complete-certificate", Outcome.REFUSED, "intent", intent_id, reason=refusal.kind))
    failpoint("complete.before-commit")
    return Completed(tuple(issued), tuple(failures))


class _Readers:
    """Rows that many intents of one batch share, read once in this transaction."""

    def __init__(self, house: House, tx: Transaction, request_ids: list[RequestId], blocked_keys: set[str]) -> None:
        self._house = house
        self._request_ids = request_ids
        self._caa: dict[RequestId, StoredCheck] | None = None
        self._entitlements: dict[OrganizationId, Entitlements] = {}
        self._paths: dict[DepartmentId | None, str] = {}
        self.blocked_keys = blocked_keys
        self._tx = tx
        self._organizations: dict[str, Organization] = {}
        self._policies: dict[tuple[str, int], tuple[Policy, bytes]] = {}
        self._proven: dict[tuple[str, int], PrivysealError | None] = {}
        self._credentials: dict[str, tuple[Administrator, Credential] | None] = {}
        self._domains: dict[OrganizationId, list[Domain]] = {}
        self._resting: dict[AuthorityId, PrivysealError | None] = {}

    def case(self, intent: Intent, request: Request) -> _Case:
        """Return an intent with its request, policy version and organization; raises Refused ``policy-changed``."""
        policy_key = (request.policy_id, request.policy_version)
        if policy_key not in self._policies:
            self._policies[policy_key] = policies.get(self._tx, *policy_key)
        policy, content = self._policies[policy_key]
        if sha256_hex(content) != policy.sha256:
            raise Refused("policy-changed", f"The stored policy {policy.name} does not have the checksum that was approved.")
        if request.organization_id not in self._organizations:
            self._organizations[request.organization_id] = organizations.get(self._tx, request.organization_id)
        return _Case(intent, request, policy, self._organizations[request.organization_id])

    def require_issuing(self, authority_id: AuthorityId) -> None:
        """Raise what speaks against issuing by a CA: that it is paused. That the CA is the right one, ``_sign`` asks."""
        if authority_id not in self._resting:
            self._resting[authority_id] = self._rest(authority_id)
        rest = self._resting[authority_id]
        if rest is not None:
            raise rest

    def _rest(self, authority_id: AuthorityId) -> PrivysealError | None:
        authority = next((known for known in self._house.authorities.values() if known.id == authority_id), None)
        if authority is None:
            return Refused("intent", "This intent is for another certification authority.")
        try:
            require_issuing_proven(self._house, self._tx, authority)
        except PrivysealError as refusal:
            return refusal
        return None

    def require_proven(self, house: House, case: _Case) -> None:
        """Raise what speaks against the policy version of a case: that nobody who may decided about it."""
        key = (case.policy.id, case.policy.version)
        if key not in self._proven:
            self._proven[key] = self._doubt(house, case, self._policies[key][1])
        doubt = self._proven[key]
        if doubt is not None:
            raise doubt

    def _doubt(self, house: House, case: _Case, content: bytes) -> PrivysealError | None:
        try:
            require_policy_proven(house, self._tx, case.organization, case.policy, content)
        except PrivysealError as refusal:
            return refusal
        except WireError as error:
            return Refused("policy-unproven", error.sentence)
        return None

    def domains(self, organization_id: OrganizationId) -> list[Domain]:
        """Return the domains of an organization."""
        if organization_id not in self._domains:
            self._domains[organization_id] = organizations.domains_of(self._tx, organization_id)
        return self._domains[organization_id]

    def relied_on(self, case: _Case) -> list[ValidationId]:
        """Return the validations that the names of a request are certified on."""
        domains = self.domains(case.organization.id)
        found = {covering(name, domains, self._tx.now, case.policy.tier) for _, name in case.request.names}
        return sorted(domain.validation_id for domain in found if domain is not None and domain.validation_id is not None)

    def caa(self, case: _Case) -> StoredCheck | None:
        """Return what the CAA records said when the request was about to be issued, for the tier that asks for it."""
        if case.policy.tier is not Tier.PUBLIC:
            return None
        if self._caa is None:
            self._caa = caa_checks.newest_of(self._tx, self._request_ids)
        return self._caa.get(case.request.id)

    def entitlements(self, organization: Organization) -> Entitlements:
        """Return what the people of an organization may do, proven."""
        if organization.id not in self._entitlements:
            self._entitlements[organization.id] = Entitlements(self._house, self._tx, organization)
        return self._entitlements[organization.id]

    def path(self, request: Request) -> str:
        """Return where the department of a request lies."""
        if request.department_id not in self._paths:
            self._paths[request.department_id] = departments.path_of(self._tx, request.department_id)
        return self._paths[request.department_id]

    def credential(self, certificate_sha256: str) -> tuple[Administrator, Credential] | None:
        """Return the person and credential of a fingerprint."""
        if certificate_sha256 not in self._credentials:
            self._credentials[certificate_sha256] = administrators.by_certificate(self._tx, certificate_sha256)
        return self._credentials[certificate_sha256]


def _verify(house: House, tx: Transaction, case: _Case, approvals: list[requests.Approval], readers: _Readers) -> None:
    request, policy, organization = case.request, case.policy, case.organization
    require_active(organization)
    require_vetted(organization, policy.tier, tx.now)
    readers.require_proven(house, case)
    if request.state is not RequestState.ISSUING or case.intent.organization_id != organization.id:
        raise Conflict("request-state", "The request of this intent is not being issued.")
    require_covered([name for _, name in request.names], readers.domains(organization.id), tx.now, policy.tier)
    require_reserved_names(organization, readers.domains(organization.id), [name for _, name in request.names], tx.now)
    require_caa(house, request, policy, organization, readers.domains(organization.id), readers.caa(case), tx.now)
    require_vetted_identity(request, policy, organization)
    require_key_of_policy(request, policy)
    if request.kind is RequestKind.NEW:
        require_lifetime(policy, request.lifetime_days, tx.now)
    elif not request.replaces_serial_hex:
        raise Refused("reissue", "A replacement names the certificate that it replaces.")
    if request.spki_sha256 in readers.blocked_keys:
        raise Refused("key-blocked", "Somebody else may have the key of this request.")
    _verify_approvals(house, tx, case, approvals, readers)


def _verify_approvals(house: House, tx: Transaction, case: _Case, approvals: list[requests.Approval], readers: _Readers) -> None:
    entitled: set[str] = set()
    path = readers.path(case.request)
    for approval in approvals:
        known = readers.credential(approval.credential_sha256)
        if not approval.is_current(tx.now) or known is None:
            continue
        person, credential = known
        if person.organization_id != case.organization.id or not credential.is_usable(tx.now):
            continue
        if not may_approve(case.policy, person, by_passkey=is_assertion(approval.signature)):
            continue
        require_administrator_id(house.administrators_authority, credential.certificate_der, person, case.organization, tx.now)
        if not readers.entitlements(case.organization).holds(person, Permission.APPROVE, path, case.policy.approvers):
            continue
        content = verify_stored(approval.content, approval.signature, credential, house.relying_party)
        service, slug = house.service.service_id, case.organization.slug
        end = require_approved(content, case.request, case.policy, service=service, organization=slug, approver=person.id)
        require_current(end, tx.now, MAXIMUM_STATEMENT_LIFE)
        entitled.add(person.id)
    if len(entitled) < case.policy.approvals:
        raise Refused("approval-missing", "There are fewer valid approvals than the policy wants.")


def _content(authority: Authority, case: _Case) -> CertificateContent:
    serial = serial_from_hex(case.intent.serial_hex)
    return CertificateContent(
        profile=case.policy.profile,
        serial=serial,
        not_before=case.intent.not_before,
        not_after=case.intent.not_after,
        subject=case.request.subject,
        names=case.request.names,
        spki_der=case.request.spki_der,
        crl_shard=shard_of(serial, authority.issuer.shard_count),
    )


def _sign(house: House, case: _Case, keys: Mapping[AuthorityId, SigningKey]) -> bytes:
    # Trial or not stands in the certified name of whoever approved, so the record alone does not choose the CA.
    authority = house.issuing_for(case.organization)
    if case.intent.authority_id != authority.id or authority.id not in keys:
        raise Refused("intent", "This intent is for another certification authority.")
    if sha256_hex(case.request.spki_der) != case.request.spki_sha256:
        raise Refused("certificate-differs", "The stored key is not the one that was approved.")
    lived = case.intent.not_after - case.intent.not_before
    if lived.days > case.request.lifetime_days:
        raise Refused("lifetime", "The intent lives longer than was approved.")
    trial_end = case.organization.trial_until
    if trial_end is not None and case.intent.not_after > trial_end:
        raise Refused("lifetime", "The intent lives longer than the trial that it is of.")
    content = _content(authority, case)
    template = authority.template(case.policy.profile, KeyAlgorithm(case.request.key_algorithm))
    if template.build_tbs(content) != case.intent.tbs:
        raise Refused("certificate-differs", "The prepared bytes are not those of the approved request.")
    failpoint("complete.before-signature")
    der = sign_tbs(case.intent.tbs, keys[authority.id], authority.issuer)
    read_back(der, content, authority.issuer)
    return der


def _store(house: House, tx: Transaction, actor: Actor, signed: list[tuple[_Case, bytes]], readers: _Readers) -> list[Certificate]:
    closed = set(certificates.close_intents(tx, [case.intent.id for case, _ in signed], IntentState.COMPLETED))
    kept = [(case, der) for case, der in signed if case.intent.id in closed]
    if not kept:
        return []
    issued = [_certificate(house, tx, case, der) for case, der in kept]
    certificates.insert(tx, issued)
    validations.rely(tx, [(done.id, item) for (case, _), done in zip(kept, issued, strict=True) for item in readers.relied_on(case)])
    requests.happen(tx, [case.request.id for case, _ in kept], RequestEvent.COMPLETE)
    used: dict[tuple[OrganizationId, str], list[RequestId]] = {}
    events: dict[str, list[AuditEvent]] = {}
    payloads = []
    for (case, _), certificate in zip(kept, issued, strict=True):
        if case.request.kind is RequestKind.NEW:
            used.setdefault((case.organization.id, case.request.unit_tier), []).append(case.request.id)
        elif case.request.replaces is not None:
            certificates.schedule_revocation(tx, case.request.replaces, tx.now + REISSUE_GRACE)
        evidence = (sha256_hex(case.intent.tbs), certificate.sha256)
        event = AuditEvent("issue-certificate", Outcome.DONE, "certificate", certificate.serial_hex, certificate.sha256, evidence=evidence)
        events.setdefault(case.organization.slug, []).append(event)
        payloads.append({"organization": case.organization.slug, "request": case.request.id, "certificate": certificate.id})
    announce(house, tx, FactKind.CERTIFICATE_ISSUED, *payloads)
    # In the order in which everybody locks balances (store/database).
    for (organization_id, tier), request_ids in sorted(used.items()):
        units.consume(tx, organization_id, UnitTier(tier), request_ids)
    for slug, written in events.items():
        record(house, tx, actor, slug, *written)
    return issued


def _certificate(house: House, tx: Transaction, case: _Case, der: bytes) -> Certificate:
    request, intent = case.request, case.intent
    common_name = next((value for field, value in request.subject if field is SubjectField.COMMON_NAME), request.names[0][1])
    return Certificate(
        id=CertificateId(house.id("crt", tx.now)),
        organization_id=request.organization_id,
        request_id=request.id,
        intent_id=intent.id,
        authority_id=intent.authority_id,
        serial_hex=intent.serial_hex,
        state=CertificateState.VALID,
        common_name=common_name,
        names=request.names,
        der=der,
        sha256=sha256_hex(der),
        spki_sha256=request.spki_sha256,
        not_before=intent.not_before,
        not_after=intent.not_after,
        issued_at=tx.now,
        revoked_at=None,
        revocation_reason=None,
        contact_name=request.contact_name,
        contact_email=request.contact_email,
        phrase_hash=request.phrase_hash,
        picked_up_at=None,
        replaces=request.replaces,
        revoke_after=None,
        department_id=request.department_id,
    )
