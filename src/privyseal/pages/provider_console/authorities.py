"""CAs and what they publish: certificates, CRLs and OCSP responders, with how they stand. Keys are never here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from privyseal.engine.foreign_certificate import ForeignCertificate, read_certificate
from privyseal.look.authority_words import authority_words
from privyseal.look.certificate_words import key_words
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.authority_state import PAUSABLE, AuthorityState
from privyseal.model.change import ChangeKind
from privyseal.reception.site import Visit
from privyseal.store import authorities, authority_states, changes, revocations
from privyseal.store.revocations import ScopeHealth

PLACE = "/provider/authorities"
SOON = timedelta(days=60)
RESPONDER_SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Row:
    """A CA: its certificate in words, its CRLs (None: it has none), the end of its responder, and the verdict on all of it.

    ``title`` is what people call it, ``purpose`` what it signs, ``slug`` its name in addresses.
    ``decided`` is what was decided last about its issuing, None for a CA that was never paused, and ``waiting`` the change of that
    which waits for signatures, or "".
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
    is_pausable: bool
    decided: AuthorityState | None
    waiting: str


def show_authorities(visit: Visit) -> Response:
    """Show every CA."""
    with visit.house.database.read(visit.now) as tx:
        newest = authority_states.newest_of_each(tx)
        waiting = {change.subject: change.id for change in changes.open_of_kind(tx, None, ChangeKind.AUTHORITY)}
        health = {item.authority_id: item for item in revocations.health(tx)}
        found = authorities.every(tx)
        responders = {item.id: authorities.newest_responder(tx, item.id) for item in found}
    rows = []
    for item in found:
        responder = responders[item.id]
        certificate = read_certificate(item.certificate)
        end = responder[1] if responder else None
        decided = newest.get(item.slug)
        state, words = _judge(certificate, health.get(item.id), end, decided, visit.now)
        key = key_words(certificate.key_algorithm, certificate.key_bits)
        row = Row(
            item.slug,
            *authority_words(item.kind),
            key,
            certificate,
            health.get(item.id),
            end,
            state,
            words,
            is_pausable=item.kind in PAUSABLE,
            decided=decided,
            waiting=waiting.get(item.slug, ""),
        )
        rows.append(row)
    values = {
        "rows": rows,
        "status_url": visit.house.service.status_url,
        "place": PLACE,
        "may_change": not visit.actor.scope(Permission.OPERATE).is_empty,
    }
    return visit.show("provider_console/authorities.html", values)


def _judge(
    certificate: ForeignCertificate, crls: ScopeHealth | None, responder_end: datetime | None, decided: AuthorityState | None, now: datetime
) -> tuple[str, str]:
    if certificate.not_after <= now:
        return "bad", gettext("Expired")
    if crls is not None and crls.overdue:
        return "bad", gettext("CRL overdue")
    if responder_end is not None and responder_end <= now:
        return "bad", gettext("OCSP responder expired")
    if decided is not None and not decided.issues:
        return "waiting", gettext("Paused")
    if certificate.not_after - now < SOON or (responder_end is not None and responder_end - now < RESPONDER_SOON):
        return "waiting", gettext("Ends soon")
    return "good", gettext("In order")
