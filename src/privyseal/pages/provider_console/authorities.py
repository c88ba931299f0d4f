"""CAs and what they publish: certificates, CRLs and OCSP responders, with how they stand. Keys are never here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from privyseal.engine.foreign_certificate import ForeignCertificate, read_certificate
from privyseal.look.certificate_words import key_words
from privyseal.look.words import gettext
from privyseal.reception.site import Visit
from privyseal.store import authorities, revocations
from privyseal.store.revocations import ScopeHealth

SOON = timedelta(days=60)
RESPONDER_SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Row:
    """A CA: its certificate in words, its CRLs (None: it has none), the end of its responder, and the verdict on all of it.

    ``title`` is what people call it, ``purpose`` what it signs, ``slug`` its name in addresses.
    """

    slug: str
    title: str
    purpose: str
    key: str
    certificate: ForeignCertificate
    crls: ScopeHealth | None
    responder_end: datetime | None
    state: str
    state_words: str


def show_authorities(visit: Visit) -> Response:
    """Show every CA."""
    with visit.house.database.read(visit.now) as tx:
        health = {item.authority_id: item for item in revocations.health(tx)}
        found = authorities.every(tx)
        responders = {item.id: authorities.newest_responder(tx, item.id) for item in found}
    rows = []
    for item in found:
        responder = responders[item.id]
        certificate = read_certificate(item.certificate)
        end = responder[1] if responder else None
        state, words = _judge(certificate, health.get(item.id), end, visit.now)
        key = key_words(certificate.key_algorithm, certificate.key_bits)
        rows.append(Row(item.slug, *_kind_words(item.kind), key, certificate, health.get(item.id), end, state, words))
    return visit.show("provider_console/authorities.html", {"rows": rows, "status_url": visit.house.service.status_url})


def _kind_words(kind: str) -> tuple[str, str]:
    """Return what people call a CA of this kind, and what it signs."""
    words = {
        "root": (gettext("Root CA"), gettext("Signs the issuing CA, and nothing else. Computers trust the service by it.")),
        "issuing": (gettext("Issuing CA"), gettext("Signs the certificates of the organizations' servers.")),
        "administrators": (gettext("Administrators' CA"), gettext("Signs the credentials of administrators. No browser trusts it.")),
    }
    words |= {
        "test-root": (gettext("Test root CA"), gettext("Signs the test CA of trials. Nobody trusts it, and it is given to nobody else.")),
        "test-issuing": (gettext("Test CA"), gettext("Signs the certificates of trials, whose names say TEST. Nobody trusts them.")),
    }
    return words.get(kind, (kind, ""))


def _judge(certificate: ForeignCertificate, crls: ScopeHealth | None, responder_end: datetime | None, now: datetime) -> tuple[str, str]:
    if certificate.not_after <= now:
        return "bad", gettext("Expired")
    if crls is not None and crls.overdue:
        return "bad", gettext("CRL overdue")
    if responder_end is not None and responder_end <= now:
        return "bad", gettext("OCSP responder expired")
    if certificate.not_after - now < SOON or (responder_end is not None and responder_end - now < RESPONDER_SOON):
        return "waiting", gettext("Ends soon")
    return "good", gettext("In order")
