"""What a subscriber's certificate says, who signs it, and the reference way to its bytes (pyca's CertificateBuilder).

The fast way is engine/certificate_template.py, whose to-be-signed bytes must equal the reference's. Both write the
extensions in the order of ``subscriber_extensions``. Nothing here reads a CSR: a certificate says what the profile, the
vetted record and the policy say (CA/Browser Forum BR 7.1.4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import AuthorityInformationAccessOID

from privyseal.engine import der
from privyseal.engine.serials import MAX_SHARDS
from privyseal.engine.signers import SignatureAlgorithm, SigningKey, VerifyingKey, signature_algorithm, signature_hash
from privyseal.model.errors import BadRequest, Refused
from privyseal.model.profile import KeyAlgorithm, KeyUsage, NameKind, Profile, SubjectField

BACKDATE: Final = timedelta(minutes=5)
"""notBefore lies this far in the past, for clients whose clocks run late (architecture section 7)."""

MAX_COMMON_NAME: Final = 64  # RFC 5280 appendix A.1, ub-common-name

_KEY_ALGORITHMS: Final = {
    der.sequence(der.object_identifier("1.2.840.113549.1.1.1"), der.NULL): KeyAlgorithm.RSA,
    der.sequence(der.object_identifier("1.2.840.10045.2.1"), der.object_identifier("1.2.840.10045.3.1.7")): KeyAlgorithm.P256,
    der.sequence(der.object_identifier("1.2.840.10045.2.1"), der.object_identifier("1.3.132.0.34")): KeyAlgorithm.P384,
    der.sequence(der.object_identifier("1.2.840.10045.2.1"), der.object_identifier("1.3.132.0.35")): KeyAlgorithm.P521,
    der.sequence(der.object_identifier("1.3.101.112")): KeyAlgorithm.ED25519,
}
_CA_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_STATUS_URL = re.compile(r"http://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class CertificateContent:
    """The variable part of one certificate; its profile says the rest.

    ``subject`` stands in the profile's order (``subject_for`` makes it), ``names`` are normalized (A-labels in lower
    case) and become subject alternative names in this order. ``spki_der`` is the canonical SubjectPublicKeyInfo,
    ``crl_shard`` what ``serials.shard_of`` says. Dates are whole seconds in UTC; ``not_after`` is the last valid second.
    """

    profile: Profile
    serial: int
    not_before: datetime
    not_after: datetime
    subject: tuple[tuple[SubjectField, str], ...]
    names: tuple[tuple[NameKind, str], ...]
    spki_der: bytes
    crl_shard: int


@dataclass(frozen=True, slots=True)
class Issuer:
    """A CA as its certificates see it: ``id`` is its slug in URLs, ``status_url`` the status front without a final slash.

    The other fields are read from ``certificate_der`` once. Raises Refused kinds ``issuer-certificate`` (no CA
    certificate, or one that we do not write), ``issuer-url`` and ``signing-key``.
    """

    certificate_der: bytes
    id: str
    status_url: str
    shard_count: int = 128
    subject_der: bytes = field(init=False, repr=False)
    key_identifier: bytes = field(init=False, repr=False)
    algorithm: SignatureAlgorithm = field(init=False)
    public_key: VerifyingKey = field(init=False, repr=False, compare=False)
    not_after: datetime = field(init=False)

    def __post_init__(self) -> None:
        if _CA_ID.fullmatch(self.id) is None or _STATUS_URL.fullmatch(self.status_url) is None or not 1 <= self.shard_count <= MAX_SHARDS:
            # RFC 5280 8: an https URL could need the very CRL that it serves in order to be fetched.
            raise Refused(
                "issuer-url",
                f"CA {self.id!r} at {self.status_url!r} with {self.shard_count} shards: a CA's id is a slug (a-z, 0-9, hyphen), its status "
                f"address begins with http:// and has no final slash, and it has 1 to {MAX_SHARDS} CRL shards. Correct the configuration.",
            )
        try:
            certificate = x509.load_der_x509_certificate(self.certificate_der)
            public_key = certificate.public_key()
            key_identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
            usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
            subject_der = certificate.subject.public_bytes()
        except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
            raise _not_an_issuer(self.id) from error
        if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            raise _not_an_issuer(self.id)
        # RFC 5280 4.1.2.4: the issuer field repeats these very bytes, so pyca's own encoding of them must be the same.
        same_bytes = subject_der == _tbs_field(certificate.tbs_certificate_bytes, _SUBJECT_POSITION)
        if not (constraints.ca and usage.key_cert_sign and same_bytes):
            raise _not_an_issuer(self.id)
        # The dataclass is frozen; these fields are derived once and never again.
        object.__setattr__(self, "subject_der", subject_der)
        object.__setattr__(self, "key_identifier", key_identifier)
        object.__setattr__(self, "algorithm", signature_algorithm(public_key))
        object.__setattr__(self, "public_key", public_key)
        object.__setattr__(self, "not_after", certificate.not_valid_after_utc)

    @property
    def ocsp_url(self) -> str:
        """Where the OCSP answers of this CA are."""
        return f"{self.status_url}/ocsp/{self.id}"

    @property
    def ca_issuers_url(self) -> str:
        """Where this CA's own certificate is, in DER (RFC 5280 4.2.2.1)."""
        return f"{self.status_url}/ca/{self.id}.cer"

    def crl_url(self, shard: int) -> str:
        """Where the CRL of one shard is; its issuing distribution point says the same address (RFC 5280 5.2.5)."""
        return f"{self.status_url}/crl/{self.id}/{shard}.crl"


_SUBJECT_POSITION: Final = 5
"""Place of the subject in a TBSCertificate of version 3: version, serial, signature, issuer, validity, subject."""


def _tbs_field(tbs: bytes, position: int) -> bytes:
    fields = der.children(tbs)
    return fields[position] if len(fields) > position else b""


def _not_an_issuer(ca_id: str) -> Refused:
    sentence = (
        f"The certificate configured for CA {ca_id!r} is not one that can issue: it needs basicConstraints CA, keyCertSign and a subject "
        "key identifier, as `privyseal init` writes them. Configure the CA's own certificate."
    )
    return Refused("issuer-certificate", sentence)


def validity(now: datetime, lifetime_days: int, issuer_not_after: datetime) -> tuple[datetime, datetime]:
    """First and last valid second, notBefore and notAfter, of a certificate that is issued at ``now`` (with a time zone).

    Both ends count (RFC 5280 4.1.2.5), so ``lifetime_days`` days end one second before the same time of day. notAfter
    never passes the issuer's. Raises Refused kind ``issuer-expired`` if the issuer's time is over, ValueError if
    ``lifetime_days`` is not positive.
    """
    if lifetime_days < 1:
        raise ValueError("a certificate lives at least one day")
    not_before = now.astimezone(UTC).replace(microsecond=0) - BACKDATE
    not_after = min(not_before + timedelta(days=lifetime_days) - timedelta(seconds=1), issuer_not_after)
    if not_after <= now:
        ended = f"{issuer_not_after:%Y-%m-%d %H:%M:%S} UTC"
        raise Refused("issuer-expired", f"The issuing CA's own certificate ended at {ended}; nothing can be issued under it. Renew the CA.")
    return not_before, not_after


def subject_for(
    profile: Profile, record: Mapping[SubjectField, str], names: tuple[tuple[NameKind, str], ...]
) -> tuple[tuple[SubjectField, str], ...]:
    """The subject in the profile's order: values of the vetted ``record``, and the common name.

    In a profile of DNS names the common name is the first DNS name, whatever the record says, and is left out when it
    is longer than a common name may be (RFC 5280 A.1); the name is then found in subjectAltName alone. Fields without
    a value are left out. The values are checked by ``lint.check_variable_fields``.
    """
    values = {kind: record.get(kind, "") for kind in profile.subject}
    if NameKind.DNS in profile.name_kinds and SubjectField.COMMON_NAME in values:
        first = next((name for kind, name in names if kind is NameKind.DNS), "")
        values[SubjectField.COMMON_NAME] = first if len(first) <= MAX_COMMON_NAME else ""
    return tuple((kind, value) for kind, value in values.items() if value)


@lru_cache(maxsize=1024)
def read_spki(spki_der: bytes) -> tuple[KeyAlgorithm, bytes]:
    """Kind of a SubjectPublicKeyInfo and the octets of its subjectPublicKey; cached, as each issuance asks several times.

    Raises Refused kind ``key-algorithm`` for kinds that no profile knows, explicit EC parameters included, and for
    bytes that are no SubjectPublicKeyInfo.
    """
    try:
        algorithm, key_bits = der.children(spki_der)
        header = der.read_header(key_bits)
        if header.tag == der.BIT_STRING and key_bits[header.start] == 0:
            return _KEY_ALGORITHMS[algorithm], key_bits[header.start + 1 :]
    except (BadRequest, ValueError, KeyError, IndexError):
        pass
    sentence = "The public key is of a kind that is not certified here; use RSA, a named curve P-256, P-384 or P-521, or Ed25519."
    raise Refused("key-algorithm", sentence, field="csr")


def key_identifier(spki_der: bytes) -> bytes:
    """Subject key identifier: the leftmost 160 bits of the SHA-256 of the subjectPublicKey (RFC 7093 2, method 1)."""
    return sha256(read_spki(spki_der)[1]).digest()[:20]


def key_usage(profile: Profile, algorithm: KeyAlgorithm) -> x509.KeyUsage:
    """The profile's key usage for a kind of key; keyCertSign and cRLSign are fixed to false (invariant: a leaf is no CA)."""
    bits = profile.rsa_key_usage if algorithm is KeyAlgorithm.RSA else profile.ec_key_usage
    return x509.KeyUsage(
        digital_signature=KeyUsage.DIGITAL_SIGNATURE in bits,
        content_commitment=KeyUsage.CONTENT_COMMITMENT in bits,
        key_encipherment=KeyUsage.KEY_ENCIPHERMENT in bits,
        data_encipherment=KeyUsage.DATA_ENCIPHERMENT in bits,
        key_agreement=KeyUsage.KEY_AGREEMENT in bits,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def leading_extensions(profile: Profile, algorithm: KeyAlgorithm) -> list[tuple[x509.ExtensionType, bool]]:
    """Extensions in front of subjectAltName, each with its criticality: the same for all certificates of a profile and kind of key."""
    # RFC 5280 4.2.1.9: cA is FALSE by default and left out. It stands here in the code, not in a profile.
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(profile, algorithm), True),
    ]
    if profile.key_purposes:
        extensions.append((x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose.value) for purpose in profile.key_purposes]), False))
    return extensions


def trailing_extensions(profile: Profile, issuer: Issuer, crl_shard: int) -> list[tuple[x509.ExtensionType, bool]]:
    """Extensions behind subjectKeyIdentifier, each with its criticality: the same for all certificates of a profile, CA and shard."""
    access = [
        x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(issuer.ocsp_url)),
        x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer.ca_issuers_url)),
    ]
    crl = x509.DistributionPoint([x509.UniformResourceIdentifier(issuer.crl_url(crl_shard))], None, None, None)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.AuthorityInformationAccess(access), False),
        (x509.CRLDistributionPoints([crl]), False),
    ]
    if profile.policy_oids:
        policies = [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in profile.policy_oids]
        extensions.append((x509.CertificatePolicies(policies), False))
    return extensions


def subscriber_extensions(content: CertificateContent, issuer: Issuer) -> list[tuple[x509.ExtensionType, bool]]:
    """All extensions of a subscriber's certificate with their criticality, in their one fixed order."""
    general_names = [x509.DNSName(name) if kind is NameKind.DNS else x509.RFC822Name(name) for kind, name in content.names]
    # RFC 5280 4.2.1.6: subjectAltName is critical exactly when the subject is empty.
    return [
        *leading_extensions(content.profile, read_spki(content.spki_der)[0]),
        (x509.SubjectAlternativeName(general_names), not content.subject),
        (x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False),
        (x509.SubjectKeyIdentifier(key_identifier(content.spki_der)), False),
        *trailing_extensions(content.profile, issuer, content.crl_shard),
    ]


def build_reference(content: CertificateContent, issuer: Issuer, key: SigningKey) -> bytes:
    """The certificate in DER, built by pyca's CertificateBuilder and signed by ``key``: the judge of the templates.

    It checks less than ``certificate_template.CertificateTemplate.build_tbs``; the service issues by templates alone.
    Raises Refused kind ``key-algorithm``, ValueError where pyca refuses a value.
    """
    read_spki(content.spki_der)
    public_key = cast("CertificatePublicKeyTypes", load_der_public_key(content.spki_der))
    subject = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(kind.value), value) for kind, value in content.subject])
    builder = (
        x509.CertificateBuilder()
        .serial_number(content.serial)
        .issuer_name(x509.load_der_x509_certificate(issuer.certificate_der).subject)
        .not_valid_before(content.not_before)
        .not_valid_after(content.not_after)
        .subject_name(subject)
        .public_key(public_key)
    )
    for extension, critical in subscriber_extensions(content, issuer):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, signature_hash(key)).public_bytes(Encoding.DER)
