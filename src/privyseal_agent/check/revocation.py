"""Is the certificate revoked? Asked of the CRL first, of OCSP where the CRL has no answer, and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cryptography import x509

from privyseal_agent.check import crl, ocsp, sentences
from privyseal_agent.check.fetch import Fetch, FetchFailed
from privyseal_agent.check.verdict import Finding, Status, StatusRefused, Verdict
from privyseal_agent.keys.pyca import UNREADABLE

_Ask: TypeAlias = Callable[[], Status]


@dataclass(frozen=True, slots=True)
class Answer:
    """``source`` says in words where the status is from, or why it is unknown; ``finding`` is None when all is well."""

    source: str
    finding: Finding | None


def find_revocation(certificate: x509.Certificate, issuer: x509.Certificate, who: str, *, now: datetime, fetch: Fetch) -> Answer:
    """Return the standing of a certificate; ``who`` names it in sentences, such as "the certificate"."""
    refusals: list[str] = []
    for source, ask in _sources(certificate, issuer, now, fetch):
        try:
            status = ask()
        except (FetchFailed, StatusRefused) as error:
            refusals.append(f"{source}: {error}")
            continue
        finding = None
        if status.revoked_at is not None:
            finding = Finding(Verdict.REVOKED, *sentences.revoked(who, status.revoked_at, status.reason))
        return Answer(f"{source} of {sentences.minute(status.as_of)}", finding)
    if _needs_no_check(certificate):
        return Answer("not offered by its issuer, on purpose (RFC 9608)", None)
    why = "; ".join(refusals) or "it names neither a CRL nor an OCSP responder"
    return Answer(f"unknown: {why}", Finding(Verdict.REVOCATION_UNKNOWN, *sentences.revocation_unknown(who, why)))


def _sources(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, fetch: Fetch) -> list[tuple[str, _Ask]]:
    def ask_crl(url: str) -> _Ask:
        return lambda: crl.read_status(fetch(url, None), certificate, issuer, now)

    def ask_ocsp(url: str) -> _Ask:
        return lambda: ocsp.read_status(fetch(url, ocsp.make_request(certificate, issuer)), certificate, issuer, now)

    crls = [(f"CRL {url}", ask_crl(url)) for url in crl.crl_addresses(certificate)]
    return crls + [(f"OCSP {url}", ask_ocsp(url)) for url in ocsp.ocsp_addresses(certificate)]


def _needs_no_check(certificate: x509.Certificate) -> bool:
    # RFC 9608: id-ce-noRevAvail says that no status will ever be published.
    try:
        certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier("2.5.29.56"))
    except (*UNREADABLE, x509.ExtensionNotFound):
        return False
    return True
