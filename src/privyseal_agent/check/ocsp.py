"""The status of one certificate from the OCSP responder that it names (RFC 6960, RFC 9654 aside: answers may be cached)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from privyseal_agent.check.verdict import Status, StatusRefused, reason_name
from privyseal_agent.keys.pyca import UNREADABLE

CLOCK_SKEW: Final = timedelta(minutes=5)


def ocsp_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the http addresses of OCSP responders that a certificate names (RFC 5280 4.2.2.1)."""
    return _access(certificate, x509.oid.AuthorityInformationAccessOID.OCSP)


def issuer_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the http addresses at which a certificate says its issuer's certificate is."""
    return _access(certificate, x509.oid.AuthorityInformationAccessOID.CA_ISSUERS)


def make_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """Return the DER request for one certificate. SHA-1 names the issuer, as every responder understands (RFC 5019 2.1.1)."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303 - a name, no signature
    return builder.build().public_bytes(Encoding.DER)


def read_status(data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> Status:
    """Return what an OCSP answer says of a certificate; raises StatusRefused when it says nothing that holds."""
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise StatusRefused(f"it answers {response.response_status.name.replace('_', ' ').lower()}")
        if response.serial_number != certificate.serial_number:
            raise StatusRefused("it answers for another certificate")
        _require_authentic(response, issuer, now)
        if response.this_update_utc > now + CLOCK_SKEW or (response.next_update_utc is not None and response.next_update_utc < now):
            raise StatusRefused("its answer is out of date")
        return _status(response)
    except UNREADABLE as error:
        raise StatusRefused("its answer cannot be read") from error


def _status(response: ocsp.OCSPResponse) -> Status:
    if response.certificate_status is ocsp.OCSPCertStatus.GOOD:
        return Status(revoked_at=None, reason="", as_of=response.this_update_utc)
    if response.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        reason = response.revocation_reason
        return Status(response.revocation_time_utc, reason_name(reason) if reason else "", response.this_update_utc)
    raise StatusRefused("it does not know the certificate")


def _require_authentic(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    # RFC 6960 4.2.2.2: signed by the issuer, or by a certificate of the issuer for OCSP signing.
    candidates = [issuer, *(item for item in response.certificates if _is_delegate(item, issuer, now))]
    if not any(_signed_by(response, candidate) for candidate in candidates):
        raise StatusRefused("its answer is not signed for the issuer of the certificate")


def _is_delegate(candidate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        candidate.verify_directly_issued_by(issuer)
        usage = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (*UNREADABLE, InvalidSignature, x509.ExtensionNotFound):
        return False
    return x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING in usage and candidate.not_valid_before_utc <= now <= candidate.not_valid_after_utc


def _signed_by(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, digest = signer.public_key(), response.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(response.signature, response.tbs_response_bytes)
        else:
            return False
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _access(certificate: x509.Certificate, method: x509.ObjectIdentifier) -> tuple[str, ...]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (*UNREADABLE, x509.ExtensionNotFound):
        return ()
    locations = [item.access_location for item in access if item.access_method == method]
    urls = [location.value for location in locations if isinstance(location, x509.UniformResourceIdentifier)]
    return tuple(url for url in urls if url.lower().startswith("http://"))
