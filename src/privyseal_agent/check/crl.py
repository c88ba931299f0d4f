"""The status of one certificate from the CRL that it names (RFC 5280 5 and 6.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from privyseal_agent.check.verdict import Status, StatusRefused, reason_name
from privyseal_agent.keys.pyca import UNREADABLE

CLOCK_SKEW: Final = timedelta(minutes=5)

_READ = (x509.IssuingDistributionPoint, x509.CRLNumber, x509.AuthorityKeyIdentifier)


def crl_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the http addresses of complete CRLs by the certificate's own issuer (RFC 5280 4.2.1.13)."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (*UNREADABLE, x509.ExtensionNotFound):
        return ()
    usable = [point for point in points if point.crl_issuer is None and point.reasons is None]
    names = [name.value for point in usable for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]
    return tuple(name for name in names if name.lower().startswith("http://"))


def read_status(data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> Status:
    """Return what a CRL (DER or PEM) says of a certificate; raises StatusRefused when it says nothing that holds."""
    try:
        crl = x509.load_pem_x509_crl(data) if data.lstrip().startswith(b"-----BEGIN") else x509.load_der_x509_crl(data)
        _require_authentic(crl, issuer)
        _require_current(crl, now)
        _require_scope(crl, certificate)
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None:
            return Status(revoked_at=None, reason="", as_of=crl.last_update_utc)
        return Status(revoked_at=entry.revocation_date_utc, reason=_entry_reason(entry), as_of=crl.last_update_utc)
    except UNREADABLE as error:
        raise StatusRefused("it is not a CRL that can be read") from error


def _require_authentic(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    key = issuer.public_key()
    if crl.issuer != issuer.subject or not crl.is_signature_valid(key):  # type: ignore[arg-type]  # A CA key; others raise TypeError.
        raise StatusRefused("it is not signed by the issuer of the certificate")


def _require_current(crl: x509.CertificateRevocationList, now: datetime) -> None:
    if crl.last_update_utc > now + CLOCK_SKEW:
        raise StatusRefused("it is dated in the future")
    if crl.next_update_utc is None or crl.next_update_utc < now:
        raise StatusRefused("it is out of date")


def _require_scope(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> None:
    # RFC 5280 5.2: an unknown critical extension, a delta, an indirect or partial CRL cannot clear a certificate.
    for extension in crl.extensions:
        if extension.critical and not isinstance(extension.value, _READ):
            raise StatusRefused("it has a critical extension that is not understood")
    try:
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return
    other_kind = point.only_contains_user_certs if _is_ca(certificate) else point.only_contains_ca_certs
    if point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs or other_kind:
        raise StatusRefused("it covers other certificates")
    own = {name.value for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)}
    # RFC 5280 6.3.3 (b)(2)(i): a shard clears only certificates that name it.
    if point.full_name is not None and own.isdisjoint(crl_addresses(certificate)):
        raise StatusRefused("it is another part of the revocation list than the certificate names")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _entry_reason(entry: x509.RevokedCertificate) -> str:
    try:
        return reason_name(entry.extensions.get_extension_for_class(x509.CRLReason).value.reason)
    except x509.ExtensionNotFound:
        return ""
