"""Ask for the same certificate with a new key (C11, G14): same subject, names and end, no unit, approved like any other."""

from __future__ import annotations

import dataclasses
import math
from datetime import timedelta

from privyseal.actions.house import House, announce, record, sha256_hex
from privyseal.actions.judging import require_key
from privyseal.actions.reissuing import Original, original_of, require_other_key, require_same_names
from privyseal.engine.csr import Csr
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate
from privyseal.model.domain import require_covered
from privyseal.model.errors import Conflict
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import RequestId
from privyseal.model.policy import Policy
from privyseal.model.proof import PhraseProof
from privyseal.model.request import Request, RequestKind, RequestState
from privyseal.model.unit import NO_UNIT
from privyseal.store import certificate_servers, organizations, requests
from privyseal.store.database import Transaction


def reissue_certificate(
    house: House, tx: Transaction, actor: Actor, slug: str, serial_hex: str, csr: Csr, proof: PhraseProof | None
) -> Request:
    """Store a pending reissue; ``proof`` of the challenge phrase, or the right to submit, shows who may ask.

    Raises NotFound, Refused (names differ, key the same or compromised), Conflict (expired, revoked too long ago).
    """
    original = original_of(tx, actor, slug, serial_hex, proof)
    certificate, policy = original.certificate, original.policy
    _require_new_key(tx, certificate, csr, policy)
    domains = organizations.domains_of(tx, original.organization.id)
    require_covered([name for _, name in certificate.names], domains, tx.now, policy.tier)
    request = _request(house, tx, actor, original, csr)
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


def _require_new_key(tx: Transaction, certificate: Certificate, csr: Csr, policy: Policy) -> None:
    require_key(tx, csr, policy.key_algorithms)
    require_other_key(certificate, csr)
    require_same_names(certificate, csr)


def _request(house: House, tx: Transaction, actor: Actor, original: Original, csr: Csr) -> Request:
    certificate, policy = original.certificate, original.policy
    days = math.ceil((certificate.not_after - tx.now + timedelta(minutes=6)) / timedelta(days=1))
    return dataclasses.replace(
        original.request,
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
        # Those that have the certificate now, whatever the first request named.
        endpoints=certificate_servers.current(tx, certificate).endpoints,
        unit_tier=NO_UNIT,
        requester_kind=actor.kind.value,
        requester_id=actor.id,
        warnings=(),
        created_at=tx.now,
        changed_at=tx.now,
        department_id=certificate.department_id,
    )
