"""A certification authority of the tests: roots, intermediates, server certificates and CRLs, good and bad ones, by pyca."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH

Key = ec.EllipticCurvePrivateKey


@cache
def key_number(number: int) -> Key:
    """One of a few P-256 keys that all tests share."""
    del number
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate, its key, and what stands between it and its root."""

    certificate: x509.Certificate
    key: Key
    above: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def chain_pem(self) -> bytes:
        """The certificate and what stands above it, without the root."""
        return b"".join(item.public_bytes(serialization.Encoding.PEM) for item in (self.certificate, *self.above))

    @property
    def key_pem(self) -> bytes:
        """The key, not encrypted."""
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    @property
    def sha256(self) -> str:
        """The digest of the certificate in hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def serial_hex(self) -> str:
        """The serial number as statements write it."""
        serial = self.certificate.serial_number
        return serial.to_bytes((serial.bit_length() + 7) // 8).hex()


@dataclass(frozen=True, slots=True)
class Pointers:
    """What a certificate says of where more is to be found; empty means that the extension is left out."""

    crl: tuple[str, ...] = ()
    ocsp: str = ""
    issuer: str = ""


NOWHERE = Pointers()


def make_root(name: str = "Test Root", *, key: Key | None = None, permitted: Sequence[str] = ()) -> Holder:
    """A self-signed CA, name-constrained to the permitted DNS names if there are any."""
    own = key or key_number(0)
    extra: list[tuple[x509.ExtensionType, bool]] = []
    if permitted:
        extra.append((x509.NameConstraints([x509.DNSName(item) for item in permitted], None), True))
    return Holder(_sign(_authority(name, own, None, extra), own, name), own)


def make_intermediate(
    issuer: Holder, name: str = "Test Issuing CA", *, pointers: Pointers = NOWHERE, life: tuple[timedelta, timedelta] | None = None
) -> Holder:
    """A CA under ``issuer``."""
    own = key_number(1)
    builder = _authority(name, own, 0, _pointing(pointers), life or (-30 * DAY, 300 * DAY))
    certificate = _sign(builder, issuer.key, issuer.certificate.subject)
    return Holder(certificate, own, issuer.above)


def make_server(
    issuer: Holder,
    names: Sequence[str] = ("www.acme.test",),
    *,
    life: tuple[timedelta, timedelta] = (-DAY, 30 * DAY),
    pointers: Pointers = NOWHERE,
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    key: Key | None = None,
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    person: str = "",
) -> Holder:
    """A server's certificate; ``life`` is from and until, relative to now. IP addresses among the names are fine.

    ``person`` is the id that an Administrator ID carries.
    """
    own = key or key_number(2)
    ids = [x509.NameAttribute(x509.NameOID.USER_ID, person)] if person else []
    subject = x509.Name([*ids, *_name(names[0] if names else "nameless")])
    builder = _builder(subject, own, *life).add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    for extension, critical in (*_pointing(pointers), *extra):
        builder = builder.add_extension(extension, critical=critical)
    above = () if issuer.certificate.issuer == issuer.certificate.subject else (issuer.certificate, *issuer.above)
    return Holder(_sign(builder, issuer.key, issuer.certificate.subject), own, above)


def make_self_signed(name: str = "www.acme.test") -> Holder:
    """What servers make for themselves when nobody gives them a certificate."""
    own = key_number(3)
    builder = _builder(_name(name), own, -DAY, 30 * DAY).add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return Holder(_sign(builder, own, _name(name)), own)


def make_crossed(subject: Holder, issuer: Holder) -> x509.Certificate:
    """A certificate for the CA ``subject`` by the CA ``issuer``."""
    names = [str(item.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value) for item in (subject, issuer)]
    return _sign(_authority(names[0], subject.key, None, ()), issuer.key, names[1])


def make_crl(
    issuer: Holder,
    revoked: Sequence[int] = (),
    *,
    key: Key | None = None,
    age: timedelta = timedelta(),
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A CRL in DER with these serial numbers, valid for a week from ``age`` before now."""
    now = datetime.now(UTC) - age
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(now - timedelta(minutes=1)).next_update(now + 7 * DAY)
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY)
        builder = builder.add_revoked_certificate(
            entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False).build()
        )
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key or issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def make_ocsp_answer(
    certificate: Holder, issuer: Holder, *, revoked: bool, responder: Holder | None = None, age: timedelta = timedelta()
) -> bytes:
    """An OCSP answer in DER for one certificate, signed by the issuer or by a responder that is sent along."""
    now = datetime.now(UTC) - age
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),  # noqa: S303 - names the issuer, as requests do
        cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
        this_update=now - timedelta(minutes=1),
        next_update=now + DAY,
        revocation_time=now - DAY if revoked else None,
        revocation_reason=x509.ReasonFlags.superseded if revoked else None,
    )
    signer = responder or issuer
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if responder is not None:
        builder = builder.certificates([responder.certificate])
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def write_files(folder: Path, holder: Holder, stem: str = "server") -> tuple[Path, Path]:
    """Write chain and key and return their paths; the key is readable by its owner alone."""
    chain, key = folder / f"{stem}.pem", folder / f"{stem}.key"
    chain.write_bytes(holder.chain_pem)
    key.touch(mode=0o600)
    key.write_bytes(holder.key_pem)
    return chain, key


def write_root(folder: Path, root: Holder) -> Path:
    """Write a root for --root and return its path."""
    path = folder / "root.pem"
    path.write_bytes(root.pem)
    return path


def _authority(
    name: str,
    key: Key,
    path_length: int | None,
    extra: Sequence[tuple[x509.ExtensionType, bool]],
    life: tuple[timedelta, timedelta] = (-30 * DAY, 3000 * DAY),
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(_name(name), key, *life).add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(usage, critical=True)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder


def _builder(subject: x509.Name, key: Key, begin: timedelta, end: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now + begin).not_valid_after(now + end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _sign(builder: x509.CertificateBuilder, issuer_key: Key, issuer: x509.Name | str) -> x509.Certificate:
    name = _name(issuer) if isinstance(issuer, str) else issuer
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.issuer_name(name).add_extension(identifier, critical=False).sign(issuer_key, hashes.SHA256())


def _pointing(pointers: Pointers) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if pointers.crl:
        points = [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in pointers.crl]
        extensions.append((x509.CRLDistributionPoints(points), False))
    methods = ((AuthorityInformationAccessOID.OCSP, pointers.ocsp), (AuthorityInformationAccessOID.CA_ISSUERS, pointers.issuer))
    access = [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in methods if url]
    if access:
        extensions.append((x509.AuthorityInformationAccess(access), False))
    return extensions


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
