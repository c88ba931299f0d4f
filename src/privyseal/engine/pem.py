"""PEM text of certificates and requests (RFC 7468), as mailed, downloaded and installed."""

from __future__ import annotations

import base64
from collections.abc import Iterable

_LINE = 64  # RFC 7468 2: exactly 64 characters in each line but the last


def certificate_to_pem(certificate_der: bytes) -> str:
    """One certificate in PEM, with a line feed at its end. The bytes are not parsed."""
    return _to_pem("CERTIFICATE", certificate_der)


def chain_to_pem(certificates_der: Iterable[bytes]) -> str:
    """Certificates in PEM in the given order: for a server its own first, then each issuer (RFC 8446 4.4.2)."""
    return "".join(certificate_to_pem(certificate) for certificate in certificates_der)


def csr_to_pem(csr_der: bytes) -> str:
    """A PKCS #10 request in PEM (RFC 7468 7). The bytes are not parsed."""
    return _to_pem("CERTIFICATE REQUEST", csr_der)


def _to_pem(label: str, der: bytes) -> str:
    text = base64.b64encode(der).decode("ascii")
    lines = "\n".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
