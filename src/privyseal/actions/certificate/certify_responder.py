"""Certify the key of a delegated OCSP responder for ninety days (RFC 6960 4.2.2.2), at init and long before it ends."""

from __future__ import annotations

from datetime import timedelta

from privyseal.actions.house import House, record, sha256_hex
from privyseal.engine import hierarchy
from privyseal.engine.authority import Authority
from privyseal.engine.hierarchy import CaName, CaPlan
from privyseal.engine.serials import new_serial
from privyseal.engine.signers import SigningKey, VerifyingKey
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.store import authorities
from privyseal.store.database import Transaction

SERIAL_PREFIX = 0x50
RENEW_BEFORE = timedelta(days=hierarchy.OCSP_RESPONDER_LIFETIME_DAYS / 2)


def certify_responder(house: House, tx: Transaction, actor: Actor, authority: Authority, key: SigningKey, responder: VerifyingKey) -> bytes:
    """Sign and store a certificate for the responder's public key; fronts take the newest. Returns its DER."""
    name = CaName(f"OCSP responder of {authority.slug} CA")
    days = hierarchy.OCSP_RESPONDER_LIFETIME_DAYS
    plan = CaPlan(name, new_serial(SERIAL_PREFIX, house.random_bytes), tx.now, days)
    certificate = hierarchy.make_ocsp_responder(plan, responder, authority.issuer, key)
    authorities.insert_responder(tx, house.id("rsp", tx.now), authority.id, certificate, tx.now + timedelta(days=days))
    record(house, tx, actor, "", AuditEvent("certify-responder", Outcome.DONE, "ca", authority.slug, sha256_hex(certificate)))
    return certificate
