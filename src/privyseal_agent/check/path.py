"""From the served certificate to a root that is trusted (RFC 5280 6.1, as far as it explains what is missing).

Finds the chain by names, signatures and CA rights, so that a missing intermediate is told from an unknown root. What
else clients ask of a chain is judged by OpenSSL in :mod:`connection`, which is what clients run.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal_agent.keys.pyca import UNREADABLE

MAX_PATH = 8
MAX_SENT = 32


class Gap(enum.Enum):
    """Why no chain was found."""

    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown-issuer"
    NOT_A_CA = "not-a-ca"


@dataclass(frozen=True, slots=True)
class Broken:
    """The chain ends at ``at``, the last certificate that could be reached."""

    gap: Gap
    at: x509.Certificate


def find_path(
    leaf: x509.Certificate, sent: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...] | Broken:
    """Return the shortest chain from ``leaf`` to one of ``roots``, both included, or where the way ends.

    Every certificate is visited once, so that a server cannot make the search long with certificates that cross-sign
    each other; only the first ``MAX_SENT`` of ``sent`` count.
    """
    candidates = tuple(dict.fromkeys((*roots, *sent[:MAX_SENT])))
    visited = {leaf}
    waiting: deque[tuple[x509.Certificate, ...]] = deque([(leaf,)])
    broken = Broken(Gap.UNKNOWN_ISSUER, leaf)
    while waiting:
        path = waiting.popleft()
        if path[-1] in roots:
            return path
        broken = Broken(Gap.SELF_SIGNED if is_self_signed(path[-1]) else Gap.UNKNOWN_ISSUER, path[-1])
        for issuer in _issuers(path[-1], candidates):
            if issuer in visited or len(path) == MAX_PATH:
                continue
            visited.add(issuer)
            if _may_issue(issuer, intermediates=len(path) - 1):
                waiting.append((*path, issuer))
            else:
                broken = Broken(Gap.NOT_A_CA, issuer)
    return broken


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is signed by its own key."""
    return _issued(certificate, certificate)


def _issuers(certificate: x509.Certificate, candidates: Iterable[x509.Certificate]) -> Iterator[x509.Certificate]:
    return (candidate for candidate in candidates if _issued(candidate, certificate))


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*UNREADABLE, InvalidSignature):
        return False
    # A signature is whole octets (RFC 5280 4.1.1.3). Another count of unused bits would change the certificate and not what was signed.
    return certificate.public_bytes(Encoding.DER)[-len(certificate.signature) - 1] == 0


def _may_issue(certificate: x509.Certificate, *, intermediates: int) -> bool:
    # RFC 5280 4.2.1.9 and 4.2.1.3: a CA by basic constraints, within its path length, with keyCertSign where usage is limited.
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (*UNREADABLE, x509.ExtensionNotFound):
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    roomy = constraints.path_length is None or constraints.path_length >= intermediates
    return constraints.ca and roomy and (usage is None or usage.key_cert_sign)
