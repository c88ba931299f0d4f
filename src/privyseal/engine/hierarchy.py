"""The CA certificates of a service, made once by `privyseal init`: root, issuing CA, administrators' CA, OCSP responder.

The administrators' CA is a self-signed trust anchor of its own and not a second CA under the root. mTLS must accept
Administrator IDs and nothing else; if both CAs hung under one root, a server that trusts "the root" (which is what
openssl and Python's ssl need to build a chain by default) would accept every subscriber's certificate as an
administrator's. With its own anchor, no chain from a subscriber's certificate to it exists.

Subscribers' certificates, the service's own TLS certificate among them, come from certificate_template.py instead.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from privyseal.engine.certificate import Issuer, key_identifier, validity
from privyseal.engine.lint import check_subject_value
from privyseal.engine.serials import shard_of
from privyseal.engine.signers import SigningKey, VerifyingKey, require_valid, signature_hash
from privyseal.model.profile import SubjectField

KeyKind: TypeAlias = Literal["p256", "p384", "rsa2048", "rsa3072", "rsa4096"]
"""Kinds of CA keys that `privyseal init` offers; P-256 is the default."""

ROOT_LIFETIME_DAYS: Final = 7305  # twenty years
ISSUING_CA_LIFETIME_DAYS: Final = 3652  # ten years
ADMINISTRATORS_CA_LIFETIME_DAYS: Final = 3652
OCSP_RESPONDER_LIFETIME_DAYS: Final = 90  # short, because nobody can revoke it (RFC 6960 4.2.2.2.1)

Extensions: TypeAlias = list[tuple[x509.ExtensionType, bool]]


@dataclass(frozen=True, slots=True)
class CaName:
    """Distinguished name of a CA; ``country`` is a two-letter code or empty."""

    common_name: str
    organization: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class PermittedNames:
    """Name constraints of a CA (RFC 5280 4.2.1.10): only these names and those below them; IP addresses are excluded."""

    dns: tuple[str, ...]
    email: tuple[str, ...]


DEMO_PERMITTED_NAMES: Final = PermittedNames(dns=("test", "localhost"), email=("test", ".test"))
"""What a demo root may vouch for. As dNSName "test" includes all names below; as rfc822Name it is that host, and ".test" those below."""

DEMO_ROOT_NAME: Final = "DEMO - do not trust"


@dataclass(frozen=True, slots=True)
class CaPlan:
    """What a CA's certificate is to say. ``serial`` comes from ``serials.new_serial``, ``now`` carries a time zone."""

    name: CaName
    serial: int
    now: datetime
    lifetime_days: int
    permitted_names: PermittedNames | None = None


def generate_key(kind: KeyKind) -> SigningKey:
    """A new CA key. RSA takes 0.05 s (2048 bits) to 0.5 s and more (4096 bits) of CPU."""
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def make_root(plan: CaPlan, key: SigningKey) -> bytes:
    """The self-signed root in DER. It signs CA certificates and CRLs alone; CAs below it issue nothing but leaves.

    Raises Refused kinds ``subject-too-long``, ``subject-characters``, ``subject-country`` and ``signing-key``, Unavailable kind
    ``signature``.
    """
    # BR 7.1.2.1.4 advises against a path length in roots: a policy CA may come in between one day.
    return _self_signed(plan, key, path_length=None)


def make_administrators_ca(plan: CaPlan, key: SigningKey) -> bytes:
    """The administrators' CA in DER: a self-signed anchor of its own (see the module), no CA below it. Raises as ``make_root``."""
    return _self_signed(plan, key, path_length=0)


def make_issuing_ca(plan: CaPlan, public_key: VerifyingKey, root: Issuer, root_key: SigningKey) -> bytes:
    """A CA under ``root`` in DER that issues to subscribers, with pathLenConstraint 0.

    Name constraints are not inherited by every reader (some skip those of a trust anchor), so give the root's to this
    CA too. It ends with the root at the latest. Raises as ``make_root``.
    """
    first, last = validity(plan.now, plan.lifetime_days, root.not_after)
    extensions = _ca_extensions(plan, public_key, path_length=0)
    extensions.append((x509.AuthorityKeyIdentifier(root.key_identifier, None, None), False))
    pointer = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(root.ca_issuers_url))
    extensions.append((x509.AuthorityInformationAccess([pointer]), False))
    shard = x509.UniformResourceIdentifier(root.crl_url(shard_of(plan.serial, root.shard_count)))
    extensions.append((x509.CRLDistributionPoints([x509.DistributionPoint([shard], None, None, None)]), False))
    builder = _builder(plan, public_key, first, last).issuer_name(_subject_of(root))
    return _sign(builder, extensions, root_key, root.public_key)


def make_ocsp_responder(plan: CaPlan, public_key: VerifyingKey, issuer: Issuer, issuer_key: SigningKey) -> bytes:
    """Certificate in DER of a delegated OCSP responder of ``issuer`` (RFC 6960 4.2.2.2): signed by that very CA, OCSPSigning alone.

    It carries id-pkix-ocsp-nocheck, so clients do not ask whether it is revoked; keep its life short and renew it.
    ``plan.permitted_names`` is not used. Raises as ``make_root``.
    """
    first, last = validity(plan.now, plan.lifetime_days, issuer.not_after)
    extensions: Extensions = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
        (x509.OCSPNoCheck(), False),
        (x509.SubjectKeyIdentifier(_identifier(public_key)), False),
        (x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False),
    ]
    builder = _builder(plan, public_key, first, last).issuer_name(_subject_of(issuer))
    return _sign(builder, extensions, issuer_key, issuer.public_key)


def _self_signed(plan: CaPlan, key: SigningKey, *, path_length: int | None) -> bytes:
    # validity() wants a bound, and no issuer stands above a root.
    first, last = validity(plan.now, plan.lifetime_days, datetime.max.replace(tzinfo=UTC))
    public_key = key.public_key()
    builder = _builder(plan, public_key, first, last).issuer_name(_name(plan.name))
    return _sign(builder, _ca_extensions(plan, public_key, path_length=path_length), key, public_key)


def _ca_extensions(plan: CaPlan, public_key: VerifyingKey, *, path_length: int | None) -> Extensions:
    extensions: Extensions = [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (_usage(key_cert_sign=True), True),
    ]
    if plan.permitted_names is not None:
        # RFC 5280 4.2.1.10: the extension is critical.
        extensions.append((_name_constraints(plan.permitted_names), True))
    extensions.append((x509.SubjectKeyIdentifier(_identifier(public_key)), False))
    return extensions


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _name_constraints(names: PermittedNames) -> x509.NameConstraints:
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in names.dns]
    permitted += [x509.RFC822Name(name) for name in names.email]
    # A kind of name that is not mentioned is unconstrained, and we certify no addresses under such a CA.
    excluded = [x509.IPAddress(ipaddress.ip_network(network)) for network in ("0.0.0.0/0", "::/0")]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=excluded)


def _identifier(public_key: VerifyingKey) -> bytes:
    return key_identifier(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _name(name: CaName) -> x509.Name:
    values = (
        (NameOID.COUNTRY_NAME, SubjectField.COUNTRY, name.country),
        (NameOID.ORGANIZATION_NAME, SubjectField.ORGANIZATION, name.organization),
        (NameOID.COMMON_NAME, SubjectField.COMMON_NAME, name.common_name),
    )
    for _, kind, value in values:
        if value or kind is SubjectField.COMMON_NAME:
            check_subject_value(kind, value)
    return x509.Name([x509.NameAttribute(oid, value) for oid, _, value in values if value])


def _subject_of(issuer: Issuer) -> x509.Name:
    return x509.load_der_x509_certificate(issuer.certificate_der).subject


def _builder(plan: CaPlan, public_key: VerifyingKey, first: datetime, last: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(plan.name)).serial_number(plan.serial).public_key(public_key)
    return builder.not_valid_before(first).not_valid_after(last)


def _sign(builder: x509.CertificateBuilder, extensions: Extensions, key: SigningKey, public_key: VerifyingKey) -> bytes:
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(key, signature_hash(key))
    require_valid(certificate.tbs_certificate_bytes, certificate.signature, public_key)
    return certificate.public_bytes(Encoding.DER)
