"""The check from outside (A47, A56-A59): connect, look at what is served, and tell everything that is wrong with it.

1. Handshake without verification: what is sent, and how long it takes.
2. Name: does the certificate carry the name that was asked for.
3. Chain: from the certificate to a trusted root; a certificate that the server keeps back is fetched, to say so.
4. Dates of every certificate on the chain.
5. Revocation of every certificate below the root, by CRL or OCSP.
6. A second handshake in which OpenSSL judges as clients do, for whatever is not looked at here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal_agent.check import sentences
from privyseal_agent.check.connection import Endpoint, Served, judge, look
from privyseal_agent.check.fetch import Fetch, FetchFailed
from privyseal_agent.check.names import find_name, served_names
from privyseal_agent.check.ocsp import issuer_addresses
from privyseal_agent.check.path import MAX_PATH, Broken, Gap, find_path
from privyseal_agent.check.revocation import find_revocation
from privyseal_agent.check.roots import Roots
from privyseal_agent.check.verdict import Finding, Report, Verdict
from privyseal_agent.errors import Refused
from privyseal_agent.keys.pyca import UNREADABLE
from privyseal_agent.private_files import read_file

LEAF: Final = "The certificate"

# x509_vfy.h: dates are judged here, by the clock that was passed in.
_NOT_YET_VALID, _EXPIRED, _HOST_MISMATCH, _ADDRESS_MISMATCH = 9, 10, 62, 64


@dataclass(frozen=True, slots=True)
class _Chain:
    """``path`` leads from leaf to root, or is empty where none was found."""

    path: tuple[x509.Certificate, ...]
    findings: tuple[Finding, ...]


def check_endpoint(
    endpoint: Endpoint, name: str, roots: Roots, *, now: datetime, fetch: Fetch, expected: x509.Certificate | None = None
) -> Report:
    """Return the report on what ``endpoint`` serves to a client that asks for ``name`` and trusts ``roots``.

    ``expected`` is the certificate that should be served, where the caller has one. Raises Unreachable when there is
    no connection, Refused ``no-tls`` without a handshake and ``certificate-form`` for a certificate that cannot be read.
    """
    served = look(endpoint, name)
    certificates = _parse(served)
    leaf = certificates[0]
    findings = [finding for finding in (find_name(leaf, name), _find_expected(leaf, expected)) if finding is not None]
    chain = _find_chain(leaf, certificates[1:], roots, fetch)
    findings += chain.findings
    findings += _find_dates(chain.path or (leaf,), now)
    revocation = "not asked, because the issuer is not trusted"
    if chain.path:
        revocation, revoked = _find_revocations(chain.path, now, fetch)
        findings += revoked
    findings += _find_refusal(endpoint, name, roots, findings)
    return _report(endpoint, name, now, served, certificates, revocation, findings)


def read_expected(path: Path) -> x509.Certificate:
    """Return the first certificate of a PEM file; raises Refused ``certificate-form`` and the kinds of private_files."""
    try:
        return x509.load_pem_x509_certificates(read_file(path, "the expected certificate"))[0]
    except (*UNREADABLE, IndexError) as error:
        raise Refused("certificate-form", f"The file {path} is no certificate in PEM.") from error


def _parse(served: Served) -> tuple[x509.Certificate, ...]:
    try:
        certificates = tuple(_readable(x509.load_der_x509_certificate(der)) for der in served.chain_der)
    except UNREADABLE as error:
        raise Refused("certificate-form", "The server sends a certificate that cannot be read.") from error
    if not certificates:
        raise Refused("certificate-form", "The server sends no certificate.")
    return certificates


def _readable(certificate: x509.Certificate) -> x509.Certificate:
    # pyca parses on first use; what cannot be read is better found here than in the middle.
    _ = (certificate.subject, certificate.issuer, certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    return certificate


def _find_expected(leaf: x509.Certificate, expected: x509.Certificate | None) -> Finding | None:
    if expected is None or leaf == expected:
        return None
    return Finding(Verdict.OTHER_CERTIFICATE, *sentences.other_certificate(_serial(expected), _serial(leaf)))


def _find_chain(leaf: x509.Certificate, sent: Sequence[x509.Certificate], roots: Roots, fetch: Fetch) -> _Chain:
    found = find_path(leaf, sent, roots.certificates)
    if not isinstance(found, Broken):
        return _Chain(found, ())
    if found.gap is Gap.UNKNOWN_ISSUER:
        fetched = _fetch_issuers(found.at, fetch)
        completed = find_path(leaf, (*sent, *fetched), roots.certificates)
        if not isinstance(completed, Broken):
            # A root that is trusted need not be sent; only what stands between is missing.
            missing = [_title(item) for item in completed if item in fetched and item not in roots.certificates]
            return _Chain(completed, (Finding(Verdict.UNTRUSTED_ISSUER, *sentences.missing_intermediate(missing)),))
        found = completed
    return _Chain((), (Finding(Verdict.UNTRUSTED_ISSUER, *_explain(found, leaf, roots)),))


def _explain(broken: Broken, leaf: x509.Certificate, roots: Roots) -> sentences.SentenceAndFix:
    if broken.gap is Gap.NOT_A_CA:
        return sentences.not_an_authority(_title(broken.at))
    if broken.gap is Gap.SELF_SIGNED and broken.at == leaf:
        return sentences.self_signed(roots.where)
    top = broken.at.subject if broken.gap is Gap.SELF_SIGNED else broken.at.issuer
    return sentences.unknown_root(_name_title(top), roots.where)


def _fetch_issuers(certificate: x509.Certificate, fetch: Fetch) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    wanted = certificate
    while len(found) < MAX_PATH:
        issuer = next((item for url in issuer_addresses(wanted) if (item := _fetch_certificate(url, fetch)) is not None), None)
        if issuer is None or issuer in found:
            break
        found.append(issuer)
        wanted = issuer
    return found


def _fetch_certificate(url: str, fetch: Fetch) -> x509.Certificate | None:
    try:
        data = fetch(url, None)
        pem = data.lstrip().startswith(b"-----BEGIN")
        return _readable(x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data))
    except (FetchFailed, *UNREADABLE):
        return None


def _find_dates(path: Sequence[x509.Certificate], now: datetime) -> list[Finding]:
    findings = []
    for position, certificate in enumerate(path):
        who = _who(certificate, position)
        if now > certificate.not_valid_after_utc:
            findings.append(Finding(Verdict.EXPIRED, *sentences.expired(who, certificate.not_valid_after_utc)))
        elif now < certificate.not_valid_before_utc:
            findings.append(Finding(Verdict.NOT_YET_VALID, *sentences.not_yet_valid(who, certificate.not_valid_before_utc, now)))
    return findings


def _find_revocations(path: Sequence[x509.Certificate], now: datetime, fetch: Fetch) -> tuple[str, list[Finding]]:
    answers = [
        find_revocation(certificate, issuer, _who(certificate, position), now=now, fetch=fetch)
        for position, (certificate, issuer) in enumerate(pairwise(path))
    ]
    source = answers[0].source if answers else "none, because the certificate itself is trusted as a root"
    return source, [answer.finding for answer in answers if answer.finding is not None]


def _find_refusal(endpoint: Endpoint, name: str, roots: Roots, findings: Sequence[Finding]) -> list[Finding]:
    known = {finding.verdict for finding in findings}
    rejection = judge(endpoint, name, roots.pem, with_name=Verdict.NAME_MISMATCH not in known)
    if rejection is None or rejection.code in (_NOT_YET_VALID, _EXPIRED) or Verdict.UNTRUSTED_ISSUER in known:
        return []
    mismatch = rejection.code in (_HOST_MISMATCH, _ADDRESS_MISMATCH)
    verdict = Verdict.NAME_MISMATCH if mismatch else Verdict.UNTRUSTED_ISSUER
    return [Finding(verdict, *sentences.refused_by_openssl(rejection.message.rstrip(".")))]


def _report(
    endpoint: Endpoint,
    name: str,
    now: datetime,
    served: Served,
    certificates: Sequence[x509.Certificate],
    revocation: str,
    findings: Sequence[Finding],
) -> Report:
    leaf = certificates[0]
    order = list(Verdict)
    return Report(
        endpoint=str(endpoint),
        name=name,
        checked_at=now,
        handshake_ms=served.handshake_ms,
        protocol=served.protocol,
        serial_hex=_serial(leaf),
        sha256=hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest(),
        subject=_title(leaf),
        issuer=_name_title(leaf.issuer),
        names=served_names(leaf),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        chain=tuple(_title(certificate) for certificate in certificates),
        revocation=revocation,
        findings=tuple(sorted(findings, key=lambda finding: order.index(finding.verdict))),
    )


def _who(certificate: x509.Certificate, position: int) -> str:
    return LEAF if position == 0 else f"The CA certificate {_title(certificate)}"


def _title(certificate: x509.Certificate) -> str:
    return _name_title(certificate.subject)


def _name_title(name: x509.Name) -> str:
    for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        values = name.get_attributes_for_oid(oid)
        if values:
            return str(values[-1].value)
    return name.rfc4514_string() or "without a name"


def _serial(certificate: x509.Certificate) -> str:
    serial = certificate.serial_number
    return serial.to_bytes((serial.bit_length() + 7) // 8 or 1).hex()
