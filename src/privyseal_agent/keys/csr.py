"""Certificate signing requests (RFC 2986): made for keys of this computer, and read for the key that is approved."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Sequence

import idna
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from privyseal_agent.errors import Refused
from privyseal_agent.keys.private_key import PrivateKey
from privyseal_agent.keys.pyca import UNREADABLE

_MAX_COMMON_NAME = 64  # RFC 5280 appendix A.1: ub-common-name.
_SEQUENCE, _INTEGER = 0x30, 0x02


def make_csr(key: PrivateKey, names: Sequence[str]) -> bytes:
    """Return a CSR in PEM for DNS names, the first one also as common name; without names it has an empty subject.

    Raises Refused ``name`` for a text that is no host name. Whether a certificate may carry it is the service's to say.
    """
    hosts = [host_name(name) for name in names]
    builder = x509.CertificateSigningRequestBuilder()
    fits = bool(hosts) and len(hosts[0]) <= _MAX_COMMON_NAME
    builder = builder.subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])] if fits else []))
    if hosts:
        # RFC 5280 4.2.1.6: the name is critical where the subject is empty.
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=not fits)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def host_name(text: str) -> str:
    """Return a host name in lower case A-labels (IDNA 2008, UTS 46); a whole ``*`` may be its first label.

    Raises Refused ``name``.
    """
    bare = text.strip().removesuffix(".")
    wildcard = "*." if bare.startswith("*.") else ""
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        pass
    else:
        raise Refused("name", f"{text} is an IP address. A certificate of this service carries host names, such as www.example.test.")
    try:
        return wildcard + idna.encode(bare.removeprefix(wildcard), uts46=True, std3_rules=True).decode()
    except idna.IDNAError as error:
        raise Refused("name", f'"{text}" is not a host name. Write it as www.example.test, or *.example.test.') from error


def spki_sha256(csr_pem: str) -> str:
    """Return SHA-256, in hex, of the public key (SubjectPublicKeyInfo) that is in a CSR, encoded anew.

    The key is read by its place in the structure (RFC 2986 4.1), because the service also takes CSRs whose attributes
    break DER, and the rest of the CSR is not approved anyway. Raises Refused ``csr``.
    """
    try:
        key = serialization.load_der_public_key(_public_key_info(_der(csr_pem)))
        canonical = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    except UNREADABLE as error:
        raise Refused("csr", "The CSR of this request cannot be read, so nobody can tell which key would be certified.") from error
    return hashlib.sha256(canonical).hexdigest()


def _der(csr_pem: str) -> bytes:
    # The label may be CERTIFICATE REQUEST or NEW CERTIFICATE REQUEST (RFC 7468 7).
    lines = [line.strip() for line in csr_pem.strip().splitlines()]
    if len(lines) < 3 or not (lines[0].startswith("-----BEGIN ") and lines[0].endswith("CERTIFICATE REQUEST-----")):
        message = "no CSR in PEM"
        raise ValueError(message)
    return base64.b64decode("".join(lines[1:-1]), validate=True)


def _public_key_info(der: bytes) -> bytes:
    outer = _contents(der, 0, _SEQUENCE)
    information = _contents(der, outer[0], _SEQUENCE)
    version = _contents(der, information[0], _INTEGER)
    subject = _contents(der, version[1], _SEQUENCE)
    key = _contents(der, subject[1], _SEQUENCE)
    return der[subject[1] : key[1]]


def _contents(der: bytes, start: int, tag: int) -> tuple[int, int]:
    # Returns where the contents of the element at start begin and end; definite lengths alone.
    header = der[start : start + 2]
    if len(header) < 2 or header[0] != tag:
        message = "another element expected"
        raise ValueError(message)
    first, length = start + 2, header[1]
    if length >= 0x80:
        size = length - 0x80
        if not 1 <= size <= 4:
            message = "no definite length"
            raise ValueError(message)
        length = int.from_bytes(der[first : first + size])
        first += size
    if first + length > len(der):
        message = "the element ends outside"
        raise ValueError(message)
    return first, first + length
