"""Whether the database still is the one that the checkpoints outside of it are of (architecture section 5, P5).

At the start it is compared with every checkpoint and its copies. Then once a second with those that were written since, and
with those that were seen; and within the transaction of each signing batch with the one seen last. So a database that is cut,
restored or exchanged while the issuer runs signs nothing more, until it holds again what was seen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from privyseal.actions.audit.compare_logs import compare_logs
from privyseal.actions.house import House
from privyseal.model.errors import Unavailable
from privyseal.store.database import Transaction
from privyseal.store.log_files import LogFiles
from privyseal.store.seen_heads import SeenHeads

DIFFERS = "evidence-differs"

_log = structlog.get_logger("privyseal.issuer")


class Evidence:
    """What is known of it, from whichever thread; nothing may be signed before the first look."""

    def __init__(self, house: House, vkey_of: Callable[[str], str], files: LogFiles) -> None:
        self._house = house
        self._vkey_of = vkey_of
        self._files = files
        self._seen = SeenHeads()
        self._trouble: Unavailable | None = Unavailable(DIFFERS, "The audit logs have not been compared yet. Try again in a few seconds.")
        self._is_complete = False
        """Whether every checkpoint was compared at some time, and each new one since."""
        self._lock = threading.Lock()

    def look(self) -> None:
        """Compare, about once a second from one thread; raises Unavailable ``evidence-differs``, or ``database`` when it is away."""
        try:
            with self._house.database.read(self._house.clock()) as tx:
                compared = self._compare(tx)
        except Unavailable as error:
            if error.kind == DIFFERS:
                self._refuse(error)
            raise
        with self._lock:
            came_back, self._trouble = self._trouble is not None, None
        if came_back:
            _log.info("evidence.agrees", checkpoints=compared)

    def _compare(self, tx: Transaction) -> int:
        """Return how many checkpoints were read. After a look that failed everything is compared anew."""
        is_complete, self._is_complete = self._is_complete, False
        # The newest one last: it is the one that each batch asks for.
        compared = compare_logs(tx, self._vkey_of, self._files.new_notes(), self._seen)
        if not is_complete:
            compared += compare_logs(tx, self._vkey_of, self._files.notes(), self._seen)
        self._seen.require(tx)
        self._is_complete = True
        return compared

    def require(self) -> None:
        """Raise Unavailable with what the last look found."""
        trouble = self._trouble
        if trouble is not None:
            raise trouble

    def require_in(self, tx: Transaction) -> None:
        """Raise Unavailable unless something may be signed in this transaction; one look-up."""
        self.require()
        try:
            self._seen.require_newest(tx)
        except Unavailable as error:
            self._refuse(error)
            raise

    def _refuse(self, trouble: Unavailable) -> None:
        with self._lock:
            is_new, self._trouble = self._trouble is None or self._trouble.sentence != trouble.sentence, trouble
        if is_new:
            _log.error("evidence.differs", sentence=trouble.sentence)
