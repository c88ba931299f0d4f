"""The CAs that this front speaks for, as it keeps them in memory: certificates, CertID hashes, OCSP responders."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from privyseal.engine.ocsp import CertificateStatus, OcspResponder, make_responder
from privyseal.engine.ocsp_request import IssuerHashes
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.signers import SigningKey
from privyseal.model.errors import PrivysealError
from privyseal.status.database.repository import AuthorityRow
from privyseal.status.http.answer import Answer, entity_tag, make_answer
from privyseal.status.settings import Clock, KeyLoader

A_DAY = "public, max-age=86400"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StatusMemory:
    """What the database said of a certificate, and until when it may be repeated without another look.

    ``generation`` is the one known before the look, ``check_at`` the event loop's time.
    """

    status: CertificateStatus
    generation: int
    check_at: float


@dataclass(slots=True)
class OcspMemory:
    """A signed answer and until when it may be given: see StatusMemory; ``renew_at`` is a moment of the clock."""

    answer: Answer
    statuses: tuple[CertificateStatus, ...]
    generation: int
    check_at: float
    renew_at: datetime


@dataclass(frozen=True, slots=True)
class ActiveResponder:
    """The responder in use: the row it came from and the ready signer."""

    id: str
    not_after: datetime
    signer: OcspResponder


@dataclass(slots=True)
class Authority:
    """One CA in memory."""

    row: AuthorityRow
    hashes: IssuerHashes
    der: Answer
    pem: Answer
    responder: ActiveResponder | None = None
    answers: dict[bytes, OcspMemory] = field(default_factory=dict)
    """OCSP answers by the request's bytes, oldest first."""
    statuses: dict[str, StatusMemory] = field(default_factory=dict)
    """Good and revoked certificates by serial, oldest first."""

    def has_scope(self, scope: str) -> bool:
        """Whether this CA has a CRL of ``scope``: "full" or the number of a shard."""
        return scope == "full" or int(scope) < self.row.shard_count


class Authorities:
    """All CAs by slug. ``loaded`` tells whether they were read at least once."""

    def __init__(self, keys: Mapping[str, SigningKey | KeyLoader], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._by_slug: dict[str, Authority] = {}
        self._said: set[str] = set()
        self.loaded = False

    def get(self, slug: str) -> Authority | None:
        """The CA of this slug, or None."""
        return self._by_slug.get(slug)

    def __iter__(self) -> Iterator[Authority]:
        return iter(self._by_slug.values())

    def without_responder(self) -> list[str]:
        """Slugs of the CAs that should answer OCSP and cannot: no responder certificate in force, or no key for it."""
        known = [slug for slug in self._keys if slug not in self._by_slug]
        return known + [one.row.slug for one in self if one.row.slug in self._keys and self.responder_of(one) is None]

    def answers_ocsp(self, slug: str) -> bool:
        """Whether this CA is meant to answer OCSP at all."""
        return slug in self._keys

    def responder_of(self, authority: Authority) -> OcspResponder | None:
        """The signer to use now; a responder whose certificate has ended signs nothing more."""
        active = authority.responder
        return active.signer if active is not None and active.not_after > self._clock() else None

    def update(self, rows: tuple[AuthorityRow, ...]) -> None:
        """Takes over what the database says now. What did not change keeps its answers."""
        by_slug = {}
        for row in rows:
            authority = self._by_slug.get(row.slug)
            if authority is None or authority.row.certificate != row.certificate or authority.row.id != row.id:
                try:
                    authority = _new_authority(row)
                except (PrivysealError, IndexError, ValueError):
                    # One damaged row must not silence the other CAs.
                    self._say_once(f"The certificate of CA {row.slug} in the database is damaged, so this CA is not served.")
                    continue
            authority.row = row
            self._choose_responder(authority)
            by_slug[row.slug] = authority
        self._by_slug = by_slug
        self.loaded = True

    def _choose_responder(self, authority: Authority) -> None:
        """The newest responder in force whose key we have; older ones stay in use while the newest has no key yet."""
        source = self._keys.get(authority.row.slug)
        now = self._clock()
        for row in authority.row.responders:
            if source is None or row.not_after <= now:
                continue
            if authority.responder is not None and authority.responder.id == row.id:
                return
            try:
                key = source(row.id) if callable(source) else source
                signer = make_responder(row.certificate, authority.row.certificate, key)
            except PrivysealError as refusal:
                self._say_once(f"OCSP responder {row.id} of CA {authority.row.slug} cannot be used: {refusal.sentence}")
                continue
            authority.responder = ActiveResponder(row.id, row.not_after, signer)
            # They carry the certificate of the responder before, which may end or be the reason for the change.
            authority.answers.clear()
            return
        authority.responder = None

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            _log.warning("%s", sentence)


def _new_authority(row: AuthorityRow) -> Authority:
    # RFC 5280 4.2.2.1: a DER certificate is served as application/pkix-cert.
    pem = certificate_to_pem(row.certificate).encode()
    return Authority(
        row=row,
        hashes=IssuerHashes.of(row.certificate),
        der=make_answer(row.certificate, "application/pkix-cert", cache=A_DAY, etag=entity_tag(row.certificate)),
        pem=make_answer(pem, "application/x-pem-file", cache=A_DAY, etag=entity_tag(pem)),
    )
