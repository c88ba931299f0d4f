"""The heartbeat: once a second one row is read that tells whether anything was revoked or published since.

Answers from memory carry the generation they were made under. While it is the newest one they are served without asking
anybody; afterwards each is checked again when it is asked for the next time. Nothing is thrown away at once, so a
revocation costs one look-up for each answer in use and not a thousand signatures.
"""

from __future__ import annotations

import asyncio
import logging

from privyseal.model.errors import PrivysealError
from privyseal.status.authorities import Authorities
from privyseal.status.database.repository import Repository
from privyseal.status.database.thread import DatabaseThread

INTERVAL_SECONDS = 1.0
AUTHORITIES_SECONDS = 10.0
"""CAs and responder certificates are read this often, and whenever the generation rises."""

_log = logging.getLogger(__name__)


class Pulse:
    """``generation`` is the newest one known; ``checked_at`` the event loop's time of the last successful look, None before."""

    def __init__(self, database: DatabaseThread, authorities: Authorities) -> None:
        self._database = database
        self._authorities = authorities
        self._authorities_at: float | None = None
        self.generation = -1
        self.checked_at: float | None = None
        self._away = False
        self.trouble = "The database has not been read yet. Try again in a few seconds."

    async def beat(self) -> None:
        """Looks once. Trouble is logged when it begins, kept in ``trouble`` and never raised."""
        loop = asyncio.get_running_loop()
        try:
            generation = await self._database.ask(Repository.generation)
            due = self._authorities_at is None or loop.time() - self._authorities_at >= AUTHORITIES_SECONDS
            if due or generation != self.generation:
                self._authorities.update(await self._database.ask(Repository.authorities))
                self._authorities_at = loop.time()
        except PrivysealError as refusal:
            if not self._away:
                _log.warning("%s", refusal.sentence)
            self._away, self.trouble = True, refusal.sentence
            return
        if self._away:
            _log.warning("The database answers again.")
        self._away, self.trouble = False, ""
        self.generation = generation
        self.checked_at = loop.time()

    async def run(self) -> None:
        """Looks for ever; a mistake of ours is logged and the next look is taken all the same."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            try:
                await self.beat()
            except Exception:  # noqa: BLE001 - see above
                _log.exception("The status front failed to look for changes.")
