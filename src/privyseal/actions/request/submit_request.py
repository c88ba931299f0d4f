"""Submit a request for a certificate (architecture section 3 step 2).

Durable after it: the request with everything an administrator decides on, its audit entry, and the fact for the
letters. A second submission of the same key, names, policy and contact is the first one again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from privyseal.actions.house import House, announce, record, sha256_hex
from privyseal.actions.judging import require_key
from privyseal.actions.strangers import count_letter
from privyseal.engine.certificate import subject_for
from privyseal.engine.phrases import code_hash, new_code
from privyseal.engine.submission import Submission
from privyseal.model.actor import Actor, ActorKind, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.custom_field import require_filled_in
from privyseal.model.department import require_open
from privyseal.model.domain import covers, require_covered
from privyseal.model.errors import Conflict, NotFound, NotPermitted, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import DepartmentId, RequestId
from privyseal.model.organization import Organization, require_active, subject_values
from privyseal.model.policy import Policy, Requester, require_few_endpoints, require_lifetime
from privyseal.model.profile import NameKind
from privyseal.model.request import Request, RequestKind, RequestState
from privyseal.model.scope import EVERYTHING, Scope
from privyseal.store import certificates, departments, organizations, policies, requests, units
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request, and whether this call made it (False: it was there already)."""

    request: Request
    is_new: bool


def submit_request(house: House, tx: Transaction, actor: Actor, slug: str, submission: Submission) -> Submitted:
    """Store a pending request, or an unconfirmed one when nobody vouches for the contact's address yet.

    Raises NotFound, NotPermitted, Unauthenticated, Refused (key, names, life, policy, ``custom-field``), Conflict ``no-units``,
    TooManyRequests ``too-many-letters``.
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    policy = policies.newest(tx, organization.id, submission.policy)
    if policy is None:
        raise NotFound("policy-not-found", f"{organization.name} has no policy {submission.policy}.")
    is_open = actor.kind is ActorKind.REQUESTER and policy.open_enrollment
    scope = EVERYTHING if is_open else require_somewhere(actor, Permission.SUBMIT, organization.id)
    _require_requester(tx, actor, organization, policy, submission.contact_email)
    department_id = _department(tx, organization, submission, scope)
    _require_allowed(tx, organization, policy, submission)
    filled_in = require_filled_in(policy.custom_fields, submission.custom_fields)
    same = sha256_hex(
        "\n".join(
            [
                policy.id,
                submission.csr.spki_sha256.hex(),
                *sorted(submission.names),
                submission.contact_email,
                *filter(None, [department_id]),
            ]
        ).encode()
    )
    existing = requests.open_same(tx, same)
    if existing is not None:
        return Submitted(existing, is_new=False)
    request = _request(house, tx, actor, organization, policy, submission)
    request = dataclasses.replace(request, department_id=department_id, custom_fields=filled_in)
    code = new_code(house.random_bytes) if request.state is RequestState.UNCONFIRMED else None
    if code is not None:
        count_letter(house, tx, submission.contact_email)
    if not requests.insert(tx, request, sameness=same, confirm_code_hash=code_hash(code) if code else None):
        # Somebody sent the same at the same moment and was first.
        first = requests.open_same(tx, same)
        if first is None:
            raise Conflict("submitted-twice", "The same request was just sent and decided. Look at it before you send another.")
        return Submitted(first, is_new=False)
    event = AuditEvent("submit-request", Outcome.DONE, "request", request.id, request.spki_sha256, evidence=(sha256_hex(request.csr_der),))
    record(house, tx, actor, organization.slug, event)
    payload = {"organization": organization.slug, "request": request.id} | ({"code": code} if code else {})
    announce(house, tx, FactKind.REQUEST_RECEIVED, payload)
    failpoint("submit.before-commit")
    return Submitted(request, is_new=True)


def _department(tx: Transaction, organization: Organization, submission: Submission, scope: Scope) -> DepartmentId | None:
    """Return the department that the request is for, None for the organization itself.

    Who may ask for one department alone need not name it. Raises Refused ``department``, Conflict ``department-closed``.
    """
    wanted = submission.department
    if not wanted and not scope.covers("") and len(scope.paths) == 1:
        wanted = scope.paths[0].rstrip("/").rpartition("/")[2]
    if not wanted and scope.covers(""):
        return None
    department = departments.get(tx, organization.id, DepartmentId(wanted)) if wanted else None
    if department is None or not scope.covers(department.path):
        sentence = "There is no such department, or you may not ask for it. Choose one that you may ask for."
        raise Refused("department", sentence, field="department")
    require_open(department)
    return department.id


_ACCOUNTS = {ActorKind.ADMINISTRATOR: Requester.PEOPLE, ActorKind.API_TOKEN: Requester.TOKENS}


def _require_requester(tx: Transaction, actor: Actor, organization: Organization, policy: Policy, contact_email: str) -> None:
    """Raise NotPermitted ``requester`` unless the policy takes requests from callers of this kind."""
    kind = _ACCOUNTS.get(actor.kind)
    if kind is not None and kind not in policy.requesters:
        who = "people who are signed in" if kind is Requester.PEOPLE else "programs with a token"
        raise NotPermitted("requester", f"The policy {policy.name} takes no requests from {who}. Choose another policy.")
    if actor.kind is ActorKind.REQUESTER and Requester.ANYBODY not in policy.requesters:
        host = contact_email.rpartition("@")[2]
        if not any(covers(domain.name, host) for domain in organizations.domains_of(tx, organization.id)):
            sentence = f"The policy {policy.name} takes requests from mail addresses of {organization.name} only. Use such an address."
            raise Refused("requester", sentence, field="contact_email")


def _require_allowed(tx: Transaction, organization: Organization, policy: Policy, submission: Submission) -> None:
    if NameKind.DNS not in policy.profile.name_kinds:
        sentence = f"The policy {policy.name} is for mail addresses, and this request names servers. Choose another policy."
        raise Refused("policy-names", sentence, field="policy")
    require_key(tx, submission.csr, policy.key_algorithms)
    require_covered(submission.names, organizations.domains_of(tx, organization.id), tx.now, policy.tier)
    require_lifetime(policy, submission.lifetime_days, tx.now)
    require_few_endpoints(policy, len(submission.endpoints))
    if units.balance(tx, organization.id, policy.unit_tier).available < 1:
        sentence = (
            f"{organization.name} has no {policy.unit_tier.value} unit left. Ask your administrator to order more; then send it again."
        )
        raise Conflict("no-units", sentence)


def _request(house: House, tx: Transaction, actor: Actor, organization: Organization, policy: Policy, submission: Submission) -> Request:
    names = tuple((NameKind.DNS, name) for name in submission.names)
    record_of = dict(subject_values(organization, ""))
    duplicates = certificates.valid_names(tx, organization.id, submission.names)
    warnings = [f"{name} already has a valid certificate, serial number {serial}." for name, serial in sorted(duplicates.items())]
    confirmed = actor.kind is not ActorKind.REQUESTER
    return Request(
        id=RequestId(house.id("req", tx.now)),
        organization_id=organization.id,
        kind=RequestKind.NEW,
        replaces=None,
        replaces_serial_hex="",
        state=RequestState.PENDING if confirmed else RequestState.UNCONFIRMED,
        state_reason="",
        policy_id=policy.id,
        policy_version=policy.version,
        csr_der=submission.csr.der,
        spki_der=submission.csr.spki_der,
        spki_sha256=submission.csr.spki_sha256.hex(),
        key_algorithm=submission.csr.key.algorithm.value,
        key_bits=submission.csr.key.bits,
        subject=subject_for(policy.profile, record_of, names),
        names=names,
        lifetime_days=submission.lifetime_days,
        endpoints=submission.endpoints,
        unit_tier=policy.unit_tier.value,
        contact_name=submission.contact_name,
        contact_email=submission.contact_email,
        server_platform=submission.server_platform,
        comment=submission.comment,
        phrase_hash=submission.phrase_hash,
        requester_kind=actor.kind.value,
        requester_id=actor.id,
        warnings=(*submission.warnings, *warnings),
        created_at=tx.now,
        changed_at=tx.now,
    )
