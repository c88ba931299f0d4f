"""Drives the integration of the audit logs and writes their public files (architecture section 5).

One process at a time holds the lease; another takes over when it ends. The files are written after the commit and
caught up at the next turn when that failed. A log that does not agree with its checkpoints outside of the database is not
continued: new checkpoints would take the place of those that prove the loss. Whoever gets the lease compares the files; from
then on each turn asks the database for the heads that were seen, and for the newest in the transaction that goes on from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from privyseal.actions.audit.compare_logs import compare_logs
from privyseal.actions.audit.integrate_audit_log import LEASE, Holder, integrate_audit_log
from privyseal.actions.house import House
from privyseal.engine.log_key import LogKey
from privyseal.model.actor import SYSTEM
from privyseal.store import audit
from privyseal.store.failpoints import failpoint
from privyseal.store.log_files import LogFiles
from privyseal.store.seen_heads import SeenHeads

LEASE_LIFE = timedelta(seconds=10)
ANCHOR_EVERY = timedelta(seconds=60)


class Sequencer:
    """Call :meth:`turn` about once a second from one thread."""

    def __init__(self, house: House, log_key: LogKey, files: LogFiles, name: str) -> None:
        self._house = house
        self._log_key = log_key
        self._files = files
        self._name = name
        self._anchored_at: datetime | None = None
        self._seen = SeenHeads()
        self._compared_as: int | None = None
        """The token under which the files were compared: another holder may have written them since."""

    def turn(self) -> int:
        """Integrate what waits and bring the files up to date; return how many logs grew.

        Raises Unavailable, ``evidence-differs`` when the database is not the one that the checkpoints outside are of.
        """
        house, now = self._house, self._house.clock()
        with house.database.write(now) as tx:
            self._seen.require(tx)
            token = audit.take_lease(tx, LEASE, self._name, now + LEASE_LIFE)
        if token is None:
            return 0
        if token != self._compared_as:
            with house.database.read(now) as tx:
                compare_logs(tx, self._log_key.vkey, self._files.notes(), self._seen)
            self._compared_as = token
        anchor = self._anchored_at is None or now - self._anchored_at >= ANCHOR_EVERY
        with house.database.read(now) as tx:
            is_waiting = audit.oldest_waiting(tx) is not None
        heads = []
        if is_waiting or anchor:
            with house.database.write(house.clock()) as tx:
                self._seen.require_newest(tx)
                heads = integrate_audit_log(house, tx, SYSTEM, self._log_key, Holder(self._name, token), anchor=anchor)
            failpoint("integrate.after-commit")
            for head in heads:
                self._seen.remember(head.log, head.size, head.root)
        if anchor:
            self._anchored_at = now
        self._write_files()
        return len(heads)

    def _write_files(self) -> None:
        house = self._house
        with house.database.read(house.clock()) as tx:
            self._seen.require_newest(tx)
            for log, (size, note) in audit.newest_checkpoints(tx).items():
                if self._files.written_size(log) < size:
                    self._files.write(log, size, note, partial(audit.node, tx, log))
