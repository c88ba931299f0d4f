"""Prepare certificates of approved requests: transaction 1 (architecture section 3 step 5).

Durable after it, before any CA key is used: a reserved unit, a serial number, and the exact bytes to be signed, linted,
as an intent; or the reason why an approved request could not be prepared.

 1. the audit log keeps up and the clock is right
 2. the request moves from approved to issuing, once; one whose CA is paused stays approved, and the sweep comes back to it
 3. names, policy, key and approvals still hold, and under the public tier what CAA records said just now (actions/caa.py)
 4. a unit is reserved, unless the request holds one already
 5. the serial is drawn, the to-be-signed bytes are built from the compiled template and linted
 6. the intent and the audit entry are written, and all is committed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from privyseal.actions.caa import require_caa
from privyseal.actions.house import House, announce, record, require_evidence, sha256_hex
from privyseal.actions.pausing import without_paused
from privyseal.engine.authority import Authority, linter_of
from privyseal.engine.certificate import CertificateContent, validity
from privyseal.engine.lint import LintReport
from privyseal.engine.serials import new_serial, serial_hex, shard_of
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Intent, IntentKind, IntentState
from privyseal.model.domain import Domain, require_covered
from privyseal.model.errors import Conflict, PrivysealError, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import IntentId, OrganizationId, PolicyId, RequestId
from privyseal.model.organization import Organization, require_active, require_vetted
from privyseal.model.policy import Lint, Policy, require_lifetime
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.request import Request, RequestEvent, RequestKind
from privyseal.model.rules import Tier
from privyseal.model.unit import UnitTier
from privyseal.store import caa_checks, certificates, organizations, policies, requests, revocations, units
from privyseal.store.caa_checks import StoredCheck
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint

SERIAL_PREFIX = 0x51
MAXIMUM_TRIES = 3
"""Intents of one approved request that may be abandoned before it fails for a person to look at; a new approval counts anew."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Intents to be completed, and requests that could not be prepared with the reason."""

    intents: tuple[Intent, ...]
    failures: tuple[tuple[RequestId, PrivysealError], ...]


@dataclass(frozen=True, slots=True)
class _Circumstances:
    organizations: dict[OrganizationId, Organization]
    domains: dict[OrganizationId, list[Domain]]
    policies: dict[tuple[PolicyId, int], tuple[Policy, bytes]]
    approvals: dict[RequestId, list[requests.Approval]]
    reserved: set[RequestId]
    abandoned: dict[RequestId, list[datetime]]
    blocked_keys: set[str]
    caa: dict[RequestId, StoredCheck]


def prepare_certificates(house: House, tx: Transaction, actor: Actor, request_ids: Sequence[RequestId]) -> Prepared:
    """Prepare every approved request among these; each succeeds or fails for itself.

    Raises Unavailable when evidence or clock do not allow signing; then nothing changed.
    """
    require_evidence(tx)
    moved = requests.happen(tx, without_paused(house, tx, request_ids), RequestEvent.PREPARE)
    if not moved:
        return Prepared((), ())
    found = requests.get_many(tx, moved)
    around = _circumstances(tx, list(found.values()))
    ready: dict[RequestId, tuple[Intent, LintReport]] = {}
    failures: dict[RequestId, PrivysealError] = {}
    for request_id in moved:
        try:
            _require_still_allowed(house, tx, found[request_id], around)
            ready[request_id] = _intent(house, tx, found[request_id], around)
        except PrivysealError as refusal:
            failures[request_id] = refusal
    without_unit = _reserve(tx, [found[request_id] for request_id in ready], around)
    failures |= without_unit
    intents = [intent for request_id, (intent, _) in ready.items() if request_id not in without_unit]
    events: dict[str, list[AuditEvent]] = {}
    for request_id in moved:
        event = _failed(request_id, failures[request_id]) if request_id in failures else _prepared(*ready[request_id])
        events.setdefault(around.organizations[found[request_id].organization_id].slug, []).append(event)
    _store(house, tx, actor, intents, failures, events)
    for request_id in failures:
        slug = around.organizations[found[request_id].organization_id].slug
        announce(house, tx, FactKind.REQUEST_FAILED, {"organization": slug, "request": request_id})
        if request_id in around.reserved:
            units.release(tx, found[request_id].organization_id, UnitTier(found[request_id].unit_tier), [request_id])
    failpoint("prepare.before-commit")
    return Prepared(tuple(intents), tuple(failures.items()))


def _prepared(intent: Intent, report: LintReport) -> AuditEvent:
    lint = f"lint {intent.lint}: {report.linter} {report.rule_set}, {len(report.findings)} notices"
    digest = sha256_hex(intent.tbs)
    return AuditEvent("prepare-certificate", Outcome.DONE, "request", intent.request_id or "", digest, reason=lint, evidence=(digest,))


def _failed(request_id: RequestId, refusal: PrivysealError) -> AuditEvent:
    return AuditEvent("prepare-certificate", Outcome.REFUSED, "request", request_id, reason=refusal.kind)


def _store(
    house: House,
    tx: Transaction,
    actor: Actor,
    intents: list[Intent],
    failures: dict[RequestId, PrivysealError],
    events: dict[str, list[AuditEvent]],
) -> None:
    if intents:
        certificates.insert_intents(tx, intents)
    for request_id, refusal in failures.items():
        # issuing -> approved -> failed: the table of transitions knows no other way.
        requests.happen(tx, [request_id], RequestEvent.ABANDON)
        requests.happen(tx, [request_id], RequestEvent.FAIL, refusal.sentence)
        requests.void_approvals(tx, [request_id])
    for slug, written in events.items():
        record(house, tx, actor, slug, *written)


def _circumstances(tx: Transaction, found: list[Request]) -> _Circumstances:
    organization_ids = {request.organization_id for request in found}
    request_ids = [request.id for request in found]
    policies_of = {key: policies.get(tx, *key) for key in {(request.policy_id, request.policy_version) for request in found}}
    public = [request.id for request in found if policies_of[request.policy_id, request.policy_version][0].tier is Tier.PUBLIC]
    return _Circumstances(
        organizations={organization_id: organizations.get(tx, organization_id) for organization_id in organization_ids},
        domains={organization_id: organizations.domains_of(tx, organization_id) for organization_id in organization_ids},
        policies=policies_of,
        approvals=requests.approvals_of(tx, request_ids),
        reserved=units.reserved_among(tx, request_ids),
        abandoned=certificates.abandoned_of(tx, request_ids),
        blocked_keys=revocations.blocked_among(tx, {request.spki_sha256 for request in found}),
        caa=caa_checks.newest_of(tx, public),
    )


def _require_still_allowed(house: House, tx: Transaction, request: Request, around: _Circumstances) -> None:
    policy, content = around.policies[request.policy_id, request.policy_version]
    require_active(around.organizations[request.organization_id])
    require_vetted(around.organizations[request.organization_id], policy.tier, tx.now)
    if sha256_hex(content) != policy.sha256:
        raise Refused(
            "policy-changed", f"The stored policy {policy.name} does not have the checksum that was approved. Tell your provider."
        )
    current = [approval for approval in around.approvals[request.id] if approval.is_current(tx.now)]
    if len({approval.administrator_id for approval in current}) < policy.approvals:
        raise Conflict("approval-expired", "The approval expired before the certificate was prepared. Approve the request again.")
    organization, domains = around.organizations[request.organization_id], around.domains[request.organization_id]
    require_covered([name for _, name in request.names], domains, tx.now, policy.tier)
    require_caa(house, request, policy, organization, domains, around.caa.get(request.id), tx.now)
    if request.spki_sha256 in around.blocked_keys:
        raise Refused("key-blocked", "Since this request was submitted, somebody else may have its key. A new key is needed.")
    if request.kind is RequestKind.NEW:
        require_lifetime(policy, request.lifetime_days, tx.now)
    approved_at = min(approval.at for approval in current)
    if sum(prepared_at >= approved_at for prepared_at in around.abandoned[request.id]) >= MAXIMUM_TRIES:
        raise Conflict(
            "issuing-failed", "The certificate could not be completed several times. Approve the request again, or ask your provider."
        )


def _reserve(tx: Transaction, wanting: list[Request], around: _Circumstances) -> dict[RequestId, PrivysealError]:
    """Reserve a unit for each request that holds none yet; return the refusals of those for which none was left."""
    needed: dict[tuple[OrganizationId, UnitTier], list[RequestId]] = {}
    for request in wanting:
        if request.kind is RequestKind.NEW and request.id not in around.reserved:
            needed.setdefault((request.organization_id, UnitTier(request.unit_tier)), []).append(request.id)
    refusals: dict[RequestId, PrivysealError] = {}
    # In the order in which everybody locks balances (store/database).
    for (organization_id, tier), request_ids in sorted(needed.items(), key=lambda item: (item[0][0], item[0][1].value)):
        reserved = units.reserve_each(tx, organization_id, tier, request_ids)
        sentence = f"There is no {tier.value} unit left. Order more units; then approve the request again."
        refusals |= {request_id: Conflict("no-units", sentence) for request_id in request_ids if request_id not in reserved}
    return refusals


def _intent(house: House, tx: Transaction, request: Request, around: _Circumstances) -> tuple[Intent, LintReport]:
    policy, _ = around.policies[request.policy_id, request.policy_version]
    organization = around.organizations[request.organization_id]
    authority = house.issuing_for(organization)
    serial = new_serial(SERIAL_PREFIX, house.random_bytes)
    not_before, not_after = validity(tx.now, request.lifetime_days, _latest_end(tx, request, _end_of(organization, authority)))
    content = CertificateContent(
        profile=policy.profile,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        subject=request.subject,
        names=request.names,
        spki_der=request.spki_der,
        crl_shard=shard_of(serial, authority.issuer.shard_count),
    )
    template = authority.template(policy.profile, KeyAlgorithm(request.key_algorithm))
    tbs = template.build_tbs(content)
    report = template.lint
    if policy.lint is Lint.EACH:
        report = linter_of(policy.profile.lint).lint_each(tbs, authority.issuer.algorithm)
        report.require_clean()
    intent = Intent(
        id=IntentId(house.id("int", tx.now)),
        kind=IntentKind.REQUEST,
        organization_id=request.organization_id,
        request_id=request.id,
        administrator_id=None,
        authority_id=authority.id,
        serial_hex=serial_hex(serial),
        tbs=tbs,
        profile_id=policy.profile_id,
        profile_version=policy.profile_version,
        not_before=not_before,
        not_after=not_after,
        lint=policy.lint.value,
        state=IntentState.PREPARED,
        created_at=tx.now,
    )
    return intent, report


def _end_of(organization: Organization, authority: Authority) -> datetime:
    """Nothing outlives its issuer (I23), and nothing of a trial the trial."""
    end = authority.issuer.not_after
    return end if organization.trial_until is None else min(end, organization.trial_until)


def _latest_end(tx: Transaction, request: Request, issuer_end: datetime) -> datetime:
    """A reissue ends with the certificate that it replaces (G14); nothing outlives its issuer (I23)."""
    if request.kind is RequestKind.NEW or request.replaces is None:
        return issuer_end
    replaced = certificates.get(tx, request.replaces)
    if replaced is None:
        raise Conflict("not-reissuable", "The certificate to be replaced does not exist any more.")
    return min(issuer_end, replaced.not_after)
