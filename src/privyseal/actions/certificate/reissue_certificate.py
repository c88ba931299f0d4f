"""Ask for the same certificate with a new key (C11, G14): same subject, names and end, no unit, approved like any other."""

from __future__ import annotations

import dataclasses
import math
from datetime import timedelta

from privyseal.actions.house import House, announce, record, sha256_hex
from privyseal.engine import key_policy
from privyseal.engine.csr import Csr
from privyseal.engine.submission import read_names
from privyseal.model.actor import Actor, require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate, require_reissuable
from privyseal.model.domain import require_covered
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import OrganizationId, RequestId
from privyseal.model.organization import require_active
from privyseal.model.policy import Policy
from privyseal.model.proof import PhraseProof
from privyseal.model.request import Request, RequestKind, RequestState
from privyseal.model.scope import EVERYTHING
from privyseal.model.unit import NO_UNIT
from privyseal.store import certificates, departments, organizations, policies, requests, revocations
from privyseal.store.database import Transaction


def reissue_certificate(
    house: House, tx: Transaction, actor: Actor, slug: str, serial_hex: str, csr: Csr, proof: PhraseProof | None
) -> Request:
    """Store a pending reissue; ``proof`` of the challenge phrase, or the right to submit, shows who may ask.

    Raises NotFound, Refused (names differ, key the same or compromised), Conflict (expired, revoked too long ago).
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    scope = EVERYTHING if proof is not None else require_somewhere(actor, Permission.SUBMIT, organization.id)
    certificate = certificates.by_serial(tx, organization.id, serial_hex, scope=scope)
    if certificate is None or (proof is not None and proof.request_id != certificate.request_id):
        raise NotFound("not-found", "There is no such certificate in your organization.")
    if proof is None:
        require(actor, Permission.SUBMIT, organization.id, departments.path_of(tx, certificate.department_id))
    require_reissuable(certificate, tx.now)
    original = _original(tx, organization.id, certificate)
    policy = policies.newest(tx, organization.id, policies.get(tx, original.policy_id, original.policy_version)[0].name)
    if policy is None:
        raise NotFound("policy-not-found", "The policy of this certificate does not exist any more.")
    _require_new_key(tx, certificate, csr, policy)
    domains = organizations.domains_of(tx, organization.id)
    require_covered([name for _, name in certificate.names], domains, tx.now, policy.tier)
    request = _request(house, tx, actor, certificate, original, policy, csr)
    same = sha256_hex(f"reissue\n{certificate.id}\n{request.spki_sha256}".encode())
    if not requests.insert(tx, request, sameness=same, confirm_code_hash=None):
        existing = requests.open_same(tx, same)
        if existing is None:
            raise Conflict("submitted-twice", "The same replacement was just asked for and decided. Look at it before you send another.")
        return existing
    event = AuditEvent(
        "reissue-certificate", Outcome.DONE, "request", request.id, request.spki_sha256, f"replaces {serial_hex}", (sha256_hex(csr.der),)
    )
    record(house, tx, actor, slug, event)
    announce(house, tx, FactKind.REQUEST_RECEIVED, {"organization": slug, "request": request.id})
    return request


def _original(tx: Transaction, organization_id: OrganizationId, certificate: Certificate) -> Request:
    request = requests.get(tx, organization_id, certificate.request_id) if certificate.request_id else None
    if request is None:
        raise NotFound("not-found", "The request of this certificate does not exist.")
    return request


def _require_new_key(tx: Transaction, certificate: Certificate, csr: Csr, policy: Policy) -> None:
    key_policy.check_key(csr.spki_der, policy.key_algorithms)
    spki_sha256 = csr.spki_sha256.hex()
    if revocations.blocked_reason(tx, spki_sha256) is not None:
        raise Refused(
            "key-blocked", "Somebody else may have this key, so it is never certified again. Make a new key and a new CSR.", field="csr"
        )
    if spki_sha256 == certificate.spki_sha256:
        raise Refused("key-reused", "A replacement needs a new key; this CSR has the key of the certificate to be replaced.", field="csr")
    asked, _ = read_names(csr)
    certified = {name for _, name in certificate.names}
    if set(asked) != certified:
        lacking, added = ", ".join(sorted(certified - set(asked))), ", ".join(sorted(set(asked) - certified))
        if lacking and added:
            found = f"The new CSR lacks {lacking} and adds {added}."
        else:
            found = f"The new CSR lacks {lacking}." if lacking else f"The new CSR adds {added}."
        sentence = f"{found} A replacement has the same names; for other names ask for a new certificate."
        raise Refused("names-differ", sentence, field="csr")


def _request(house: House, tx: Transaction, actor: Actor, certificate: Certificate, original: Request, policy: Policy, csr: Csr) -> Request:
    days = math.ceil((certificate.not_after - tx.now + timedelta(minutes=6)) / timedelta(days=1))
    return dataclasses.replace(
        original,
        id=RequestId(house.id("req", tx.now)),
        kind=RequestKind.REISSUE,
        replaces=certificate.id,
        replaces_serial_hex=certificate.serial_hex,
        state=RequestState.PENDING,
        state_reason="",
        policy_id=policy.id,
        policy_version=policy.version,
        csr_der=csr.der,
        spki_der=csr.spki_der,
        spki_sha256=csr.spki_sha256.hex(),
        key_algorithm=csr.key.algorithm.value,
        key_bits=csr.key.bits,
        lifetime_days=max(1, days),
        unit_tier=NO_UNIT,
        requester_kind=actor.kind.value,
        requester_id=actor.id,
        warnings=(),
        created_at=tx.now,
        changed_at=tx.now,
        department_id=certificate.department_id,
    )
