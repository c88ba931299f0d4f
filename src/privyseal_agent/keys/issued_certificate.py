"""What a revocation names of a certificate, read from the certificate itself and not from what the service says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509

from privyseal_agent.errors import Refused
from privyseal_agent.keys.pyca import UNREADABLE

_CRL_PATH = re.compile(r"/crl/([a-z0-9-]+)/[^/]+\.crl$")  # contract.md, addresses of the status front.


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """``authority`` is the short name of the CA in its CRL's address, ``serial_hex`` as statements write it."""

    authority: str
    serial_hex: str


def read_issued_certificate(pem: str) -> IssuedCertificate:
    """Return the facts of a certificate of this service.

    Raises Refused ``certificate-form``, and ``certificate-authority`` when it names no CRL of a status front.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        points = _distribution_points(certificate)
    except UNREADABLE as error:
        raise Refused("certificate-form", "The certificate that the service sent cannot be read.") from error
    urls = [name.value for point in points for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]
    matches = [match for url in urls if (match := _CRL_PATH.search(urlsplit(url).path))]
    if not matches:
        raise Refused("certificate-authority", "The certificate does not name its CA's CRL, so a signed revocation cannot name the CA.")
    return IssuedCertificate(matches[0][1], serial_hex(certificate.serial_number))


def _distribution_points(certificate: x509.Certificate) -> tuple[x509.DistributionPoint, ...]:
    try:
        return tuple(certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value)
    except x509.ExtensionNotFound:
        return ()


def serial_hex(serial: int) -> str:
    """Return a serial number as lower case hex, two digits per byte."""
    return serial.to_bytes((serial.bit_length() + 7) // 8 or 1).hex()
