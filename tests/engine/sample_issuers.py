"""CAs of every kind of key, subject keys of every algorithm and ready contents for the tests of the engine.

The CAs live ninety years and more, so that certificates may end before and after 2050.

Keys are made once per test run, because an RSA key costs up to a second.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal.engine.certificate import CertificateContent, Issuer, subject_for, validity
from privyseal.engine.hierarchy import CaName, CaPlan, KeyKind, generate_key, make_issuing_ca, make_root
from privyseal.engine.serials import new_serial, shard_of
from privyseal.engine.signers import SigningKey
from privyseal.model.profile import TLS_SERVER, KeyAlgorithm, NameKind, Profile, SubjectField

NOW = datetime(2026, 11, 2, 10, 30, 15, 123456, tzinfo=UTC)
STATUS_URL = "http://status.example.test:8080"
SERVER = replace(TLS_SERVER, policy_oids=("1.3.6.1.4.1.32473.1.1",))
"""The server profile with a policy (enterprise number for examples, RFC 5612): the extension is tested whatever the product carries."""

RECORD = {
    SubjectField.COUNTRY: "US",
    SubjectField.STATE: "California",
    SubjectField.LOCALITY: "Mountain View",
    SubjectField.ORGANIZATION: "Acme Rocket Works",
}


@cache
def ca_key(kind: KeyKind, which: int = 0) -> SigningKey:
    """A CA key of ``kind``; ``which`` tells several apart."""
    return generate_key(kind)


@cache
def root(kind: KeyKind = "p256") -> Issuer:
    """A root with a key of ``kind``, ready as an issuer."""
    plan = CaPlan(CaName("Sample Root", "Sample Provider", "US"), new_serial(1, os.urandom), NOW, 100 * 366)
    return Issuer(make_root(plan, ca_key(kind)), "root", STATUS_URL, 1)


@cache
def issuing_ca(kind: KeyKind = "p256") -> Issuer:
    """An issuing CA under ``root(kind)``, its key is ``ca_key(kind, 1)``."""
    plan = CaPlan(CaName("Sample Issuing CA", "Sample Provider", "US"), new_serial(2, os.urandom), NOW, 90 * 366)
    certificate = make_issuing_ca(plan, ca_key(kind, 1).public_key(), root(kind), ca_key(kind))
    return Issuer(certificate, "issuing-1", STATUS_URL)


@cache
def subject_spki(algorithm: KeyAlgorithm) -> bytes:
    """SubjectPublicKeyInfo of a subject key of ``algorithm`` in DER."""
    key: SigningKey
    if algorithm is KeyAlgorithm.RSA:
        key = rsa.generate_private_key(65537, 2048)
    elif algorithm is KeyAlgorithm.ED25519:
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        curves = {KeyAlgorithm.P256: ec.SECP256R1(), KeyAlgorithm.P384: ec.SECP384R1(), KeyAlgorithm.P521: ec.SECP521R1()}
        key = ec.generate_private_key(curves[algorithm])
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def content(
    *dns_names: str,
    profile: Profile = SERVER,
    spki_der: bytes | None = None,
    issuer: Issuer | None = None,
    now: datetime = NOW,
    lifetime_days: int = 90,
) -> CertificateContent:
    """A server certificate's content for ``dns_names`` (default two), as the service would make it."""
    issuer = issuer or issuing_ca()
    names = tuple((NameKind.DNS, name) for name in dns_names or ("www.acme.test", "acme.test"))
    serial = new_serial(0x11, os.urandom)
    first, last = validity(now, lifetime_days, issuer.not_after)
    return CertificateContent(
        profile=profile,
        serial=serial,
        not_before=first,
        not_after=last,
        subject=subject_for(profile, RECORD, names),
        names=names,
        spki_der=spki_der or subject_spki(KeyAlgorithm.P256),
        crl_shard=shard_of(serial, issuer.shard_count),
    )
