"""Where trust begins: the certificates that a person names, or those of the system."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from privyseal_agent.errors import Refused
from privyseal_agent.keys.pyca import UNREADABLE
from privyseal_agent.private_files import read_text

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Roots:
    """``pem`` is None for the system's own; ``where`` names them in sentences."""

    certificates: tuple[x509.Certificate, ...]
    pem: str | None
    where: str


def read_roots(path: Path) -> Roots:
    """Return every certificate of a PEM file; raises Refused ``root`` and the kinds of private_files."""
    pem = read_text(path, "the root")
    certificates = _parse(pem.encode())
    if not certificates:
        raise Refused("root", f"The file {path} for --root holds no certificates in PEM.")
    return Roots(certificates, pem, f"the roots in {path}")


def system_roots() -> Roots:
    """Return what OpenSSL on this computer trusts; those that cannot be read here count for OpenSSL alone."""
    paths = ssl.get_default_verify_paths()
    files = [Path(paths.cafile)] if paths.cafile else sorted(Path(paths.capath).iterdir()) if paths.capath else []
    found: dict[x509.Certificate, None] = {}
    for file in files:
        if file.is_file():
            found |= dict.fromkeys(_parse(file.read_bytes()))
    return Roots(tuple(found), None, "the roots of this computer")


def _parse(data: bytes) -> tuple[x509.Certificate, ...]:
    found = []
    for block in _BLOCK.findall(data):
        try:
            found.append(x509.load_pem_x509_certificate(block))
        except UNREADABLE:
            continue  # One old root that pyca cannot read does not take the others away.
    return tuple(found)
