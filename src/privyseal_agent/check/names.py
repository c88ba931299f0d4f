"""Whether the certificate carries the name that was asked for (RFC 9525, A58)."""

from __future__ import annotations

import ipaddress

from cryptography import x509

from privyseal_agent.check import sentences
from privyseal_agent.check.connection import is_address
from privyseal_agent.check.verdict import Finding, Verdict
from privyseal_agent.keys.pyca import UNREADABLE


def served_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the host names and IP addresses of a certificate, in its order; none when it has no such extension.

    The common name does not count (RFC 9525 6.3).
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (*UNREADABLE, x509.ExtensionNotFound):
        return ()
    return tuple(str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress))


def covers(pattern: str, host: str) -> bool:
    """Tell whether a name of a certificate covers a host; both in A-labels, case means nothing.

    RFC 9525 6.3: a wildcard is the whole left-most label and stands for exactly one label.
    """
    if is_address(pattern) or is_address(host):
        return is_address(pattern) and is_address(host) and ipaddress.ip_address(pattern) == ipaddress.ip_address(host)
    known, asked = pattern.rstrip(".").lower().split("."), host.rstrip(".").lower().split(".")
    if known[0] == "*" and len(known) > 2:
        return len(asked) == len(known) and asked[1:] == known[1:] and bool(asked[0])
    return known == asked


def find_name(certificate: x509.Certificate, host: str) -> Finding | None:
    """Return the finding when the certificate does not carry the host."""
    names = served_names(certificate)
    if any(covers(name, host) for name in names):
        return None
    return Finding(Verdict.NAME_MISMATCH, *sentences.name_mismatch(host, names))
