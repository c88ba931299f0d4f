"""CRLs from the pieces in which they are stored: a frame, pages that never change, a tail. Nothing is joined.

Frames and pages stay in memory, so a CRL is served while the database and the CA's signer are down, as long as it
is fresh (I24). A CRL whose nextUpdate has passed is never served: clients would refuse it, and 503 says whose fault it is.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from privyseal.model.errors import Unavailable
from privyseal.status.authorities import Authorities, Authority
from privyseal.status.database.repository import CrlRow
from privyseal.status.database.thread import DatabaseThread
from privyseal.status.http.answer import BRIEF, Answer, Later, make_answer
from privyseal.status.pulse import Pulse
from privyseal.status.settings import Clock, StatusSettings

CHECK_SECONDS = 30.0
"""A CRL in memory is compared with the database at least this often, even if the pulse misses something (I24)."""

CONTENT_TYPE = "application/pkix-crl"  # RFC 2585 4.2


@dataclass(slots=True)
class _Frame:
    """The newest known CRL of a scope and until when it may be served without another look (see OcspMemory)."""

    row: CrlRow
    answer: Answer
    generation: int
    check_at: float


class PageMemory:
    """Pages by id, the least recently used ones dropped beyond so many bytes. Pages never change, so none is ever old."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._pages: OrderedDict[str, bytes] = OrderedDict()
        self.size = 0

    def get(self, page_id: str) -> bytes | None:
        """The page, or None if it is not in memory."""
        page = self._pages.get(page_id)
        if page is not None:
            self._pages.move_to_end(page_id)
        return page

    def put(self, page_id: str, page: bytes) -> None:
        """Keeps the page, unless it is in memory already."""
        if page_id in self._pages:
            return
        self._pages[page_id] = page
        self.size += len(page)
        while self.size > self._capacity:
            _, dropped = self._pages.popitem(last=False)
            self.size -= len(dropped)


class CrlAnswers:
    """The CRL door of all CAs."""

    def __init__(self, settings: StatusSettings, clock: Clock, authorities: Authorities, database: DatabaseThread, pulse: Pulse) -> None:
        self._clock = clock
        self._authorities = authorities
        self._database = database
        self._pulse = pulse
        self._loop = asyncio.get_running_loop()
        self._frames: dict[tuple[str, str], _Frame] = {}
        self._pages = PageMemory(settings.page_cache_bytes)

    @property
    def memory_bytes(self) -> int:
        """Size of the pages in memory."""
        return self._pages.size

    def answer(self, slug: str, scope: str) -> Answer | Later | None:
        """The CRL of a scope of the CA, at once or later; None if there is no such CA or scope."""
        authority = self._authorities.get(slug)
        if authority is None or not authority.has_scope(scope):
            return None
        frame = self._frames.get((authority.row.id, scope))
        if (
            frame is not None
            and frame.generation == self._pulse.generation
            and frame.check_at > self._loop.time()
            and frame.row.next_update > self._clock()
        ):
            return frame.answer
        return partial(self._look_up, authority, scope, frame)

    async def _look_up(self, authority: Authority, scope: str, frame: _Frame | None) -> Answer:
        # Read before the database is, see OcspAnswers.
        generation, check_at = self._pulse.generation, self._loop.time() + CHECK_SECONDS
        ca_id, known = authority.row.id, None if frame is None else frame.row.number
        try:
            newer = await self._database.ask(lambda repository: repository.newest_crl(ca_id, scope, known))
        except Unavailable:
            if frame is not None and frame.row.next_update > self._clock() and all(map(self._pages.get, frame.row.page_ids)):
                return frame.answer
            raise
        if newer is not None:
            frame = _Frame(newer, self._make_answer(newer), generation, check_at)
            self._frames[(ca_id, scope)] = frame
        if frame is None:
            raise Unavailable("crl", f"CA {authority.row.slug} has not published this CRL yet. Try again in a few seconds.")
        if frame.row.next_update <= self._clock():
            sentence = (
                f"The newest CRL ended at {frame.row.next_update:%Y-%m-%d %H:%M:%S} UTC and no newer one was published. Tell the operator."
            )
            raise Unavailable("crl-expired", sentence, retry_after_seconds=30)
        frame.generation, frame.check_at = generation, check_at
        return frame.answer

    def _make_answer(self, row: CrlRow) -> Answer:
        body = (row.byte_length, partial(self._chunks, row))
        return make_answer(body, CONTENT_TYPE, cache=BRIEF, etag=row.sha256, modified=row.this_update)

    async def _chunks(self, row: CrlRow) -> AsyncIterator[bytes]:
        yield row.prefix
        for page_id in row.page_ids:
            yield self._pages.get(page_id) or await self._fetch(page_id)
        if row.tail:
            yield row.tail
        yield row.suffix

    async def _fetch(self, page_id: str) -> bytes:
        page = await self._database.ask(lambda repository: repository.page(page_id))
        self._pages.put(page_id, page)
        return page
