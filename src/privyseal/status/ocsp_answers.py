"""OCSP answers: from memory when the same bytes were asked before, else looked up, signed and remembered.

Memory is twofold: whole answers by the request's bytes, and statuses by serial number for the requests that differ each time
(nonces). What is in memory is said while nothing was revoked or published since it was checked (``pulse``), and at most for
CHECK_SECONDS without a look at the database, even if the pulse misses something. So a revocation shows within
a second, and when the database is gone, "good" is not said for longer than that; "revoked" is final and is said until the
answer ends. What is unknown is never remembered: it may be issued in the next second.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from functools import partial
from typing import TypeVar

from privyseal.engine.ocsp import (
    GOOD,
    INTERNAL_ERROR,
    MALFORMED_REQUEST,
    TRY_LATER,
    UNAUTHORIZED,
    UNKNOWN,
    CertificateStatus,
    OcspResponder,
    revoked,
    sign_answer,
)
from privyseal.engine.ocsp_request import CertId, OcspRequest, read_request, read_usual_request
from privyseal.engine.serials import MAX_SERIAL_OCTETS, serial_hex
from privyseal.model.errors import BadRequest, Unavailable
from privyseal.status.authorities import Authorities, Authority, OcspMemory, StatusMemory
from privyseal.status.database.repository import CertificateRow
from privyseal.status.database.thread import DatabaseThread
from privyseal.status.http.answer import BRIEF, Answer, Later, entity_tag, make_answer, retry_after
from privyseal.status.pulse import Pulse
from privyseal.status.settings import Clock, StatusSettings

CHECK_SECONDS = 30.0
"""Half of the 60 s within which a revocation must show (I24); the other half belongs to caches (max-age)."""

MAX_REMEMBERED_REQUEST = 512
"""Longer requests are answered but not remembered, or one client could fill the memory with them."""

CONTENT_TYPE = "application/ocsp-response"


def _error(body: bytes) -> Answer:
    # RFC 6960 A.2 knows errors only as OCSP answers, and clients read no body of another HTTP status than 200.
    return make_answer(body, CONTENT_TYPE)


MALFORMED = _error(MALFORMED_REQUEST)
NOT_OURS = _error(UNAUTHORIZED)
FAILED = make_answer(INTERNAL_ERROR, CONTENT_TYPE, status=500)


def try_later(refusal: Unavailable) -> Answer:
    """RFC 6960 tryLater for OCSP clients, and 503 with Retry-After for everybody between."""
    return make_answer(TRY_LATER, CONTENT_TYPE, status=503, more=retry_after(refusal))


class OcspAnswers:
    """The OCSP door of all CAs."""

    def __init__(self, settings: StatusSettings, clock: Clock, authorities: Authorities, database: DatabaseThread, pulse: Pulse) -> None:
        self._lifetime = settings.answer_lifetime
        self._capacity = settings.answer_cache_entries
        self._clock = clock
        self._authorities = authorities
        self._database = database
        self._pulse = pulse
        self._loop = asyncio.get_running_loop()
        self.counts: Counter[str] = Counter()

    def answer(self, slug: str, data: bytes) -> Answer | Later | None:
        """The answer to these request bytes, at once or later; None if there is no such CA.

        The later one raises Unavailable when the database or the responder is away and nothing may be said from memory.
        """
        authority = self._authorities.get(slug)
        if authority is None:
            return None
        memory = authority.answers.get(data)
        if (
            memory is not None
            and memory.generation == self._pulse.generation
            and memory.check_at > self._loop.time()
            and memory.renew_at > self._clock()
        ):
            self.counts["remembered"] += 1
            return memory.answer
        try:
            request = read_usual_request(data, authority.hashes) or read_request(data)
        except BadRequest:
            self.counts["malformed"] += 1
            return MALFORMED
        if not any(map(authority.hashes.includes, request.cert_ids)) or not self._authorities.answers_ocsp(slug):
            # RFC 6960 2.3: nobody else's certificates, and nobody's by a hash that we do not know.
            self.counts["unauthorized"] += 1
            return NOT_OURS
        serials = tuple(_known_form(authority, cert_id) for cert_id in request.cert_ids)
        found = self._recall(authority, serials)
        if found is not None:
            return self._answer_with(authority, data, request, found)
        return partial(self._look_up, authority, data, request, serials)

    async def _look_up(self, authority: Authority, data: bytes, request: OcspRequest, serials: tuple[str, ...]) -> Answer:
        # Both read before the database is: what is committed meanwhile has a newer generation and is looked up again.
        generation, check_at = self._pulse.generation, self._loop.time() + CHECK_SECONDS
        ca_id, asked = authority.row.id, [serial for serial in serials if serial]
        try:
            rows = await self._database.ask(lambda repository: repository.certificates(ca_id, asked)) if asked else {}
        except Unavailable:
            known = [authority.statuses.get(serial) for serial in serials]
            if all(status is not None and status.status.word == "revoked" for status in known):
                return self._answer_with(authority, data, request, tuple(status for status in known if status is not None))
            raise
        # What is not ours beside something that is ours is unknown (RFC 6960 2.2).
        found = tuple(StatusMemory(_status(rows[serial]) if serial else UNKNOWN, generation, check_at) for serial in serials)
        for serial, memory in zip(serials, found, strict=True):
            if memory.status is not UNKNOWN:
                _remember(authority.statuses, serial, memory, self._capacity)
        return self._answer_with(authority, data, request, found)

    def _recall(self, authority: Authority, serials: tuple[str, ...]) -> tuple[StatusMemory, ...] | None:
        """What memory may say of all these serials, or None if one of them must be looked up."""
        now, generation, found = self._loop.time(), self._pulse.generation, []
        for serial in serials:
            memory = authority.statuses.get(serial)
            if memory is None or memory.generation != generation or memory.check_at <= now:
                return None
            found.append(memory)
        return tuple(found)

    def _answer_with(self, authority: Authority, data: bytes, request: OcspRequest, found: tuple[StatusMemory, ...]) -> Answer:
        """The answer that says this, from memory if it was signed before, else signed now. Raises Unavailable without a responder."""
        now, statuses = self._clock(), tuple(memory.status for memory in found)
        generation, check_at = found[0].generation, min(memory.check_at for memory in found)
        memory = authority.answers.get(data)
        if memory is not None and memory.statuses == statuses and memory.renew_at > now:
            memory.generation, memory.check_at = generation, check_at
            self.counts["checked"] += 1
            return memory.answer
        signer, until = self._signer_of(authority)
        next_update = min(now + self._lifetime, until)
        body = sign_answer(signer, list(zip(request.cert_ids, statuses, strict=True)), now, next_update, request.nonce)
        self.counts["signed"] += 1
        if request.nonce is not None or UNKNOWN in statuses:
            return make_answer(body, CONTENT_TYPE)
        answer = make_answer(body, CONTENT_TYPE, cache=BRIEF, etag=entity_tag(body), modified=now)
        if len(data) <= MAX_REMEMBERED_REQUEST:
            memory = OcspMemory(answer, statuses, generation, check_at, renew_at=now + (next_update - now) / 2)
            _remember(authority.answers, data, memory, self._capacity)
        return answer

    def _signer_of(self, authority: Authority) -> tuple[OcspResponder, datetime]:
        signer = self._authorities.responder_of(authority)
        if signer is None or authority.responder is None:
            sentence = f"The OCSP responder of CA {authority.row.slug} has no certificate in force at the moment. Try again later."
            raise Unavailable("ocsp-responder", sentence, retry_after_seconds=60)
        return signer, authority.responder.not_after


Key = TypeVar("Key")
Value = TypeVar("Value")


def _remember(memory: dict[Key, Value], key: Key, value: Value, capacity: int) -> None:
    """Keeps ``value`` as the newest and drops the oldest beyond ``capacity``."""
    memory.pop(key, None)
    while len(memory) >= capacity:
        del memory[next(iter(memory))]
    memory[key] = value


def _known_form(authority: Authority, cert_id: CertId) -> str:
    """The serial as the database has it, or nothing if this CA cannot have issued it."""
    fits = 0 < cert_id.serial.bit_length() < MAX_SERIAL_OCTETS * 8 and cert_id.serial > 0
    return serial_hex(cert_id.serial) if fits and authority.hashes.includes(cert_id) else ""


def _status(row: CertificateRow) -> CertificateStatus:
    if row.revoked_at is not None:
        return revoked(row.revoked_at, row.reason)
    return GOOD if row.valid else UNKNOWN
