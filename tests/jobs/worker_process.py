"""A worker process for the tests: ``python -m tests.jobs.worker_process DATABASE_URL NODE LOG_FILE``.

Its one listener, ``ear``, writes ``begin ROW NODE`` and ``end ROW NODE`` to the log file and takes 0.3 s; a payload
``{"hang": true}`` makes it hang in the first node that hears it. It prints ``ready`` and ends on SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from privyseal.jobs.deliveries import RetryPlan
from privyseal.jobs.worker import Worker
from privyseal.model.errors import PrivysealError
from privyseal.store.database import Database
from privyseal.store.outbox import OutboxRow
from tests.jobs.workbench import bare_house


def main() -> int:
    """Work until SIGTERM; returns 1 when the worker refuses to start."""
    url, node, log_file = sys.argv[1:4]
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())

    def ear(row: OutboxRow, message_id: str) -> None:
        with Path(log_file).open("a", encoding="utf-8") as log:
            already = log_of(Path(log_file))
            log.write(f"begin {message_id} {node}\n")
            log.flush()
            if row.payload.get("hang") and not any(line.startswith(f"begin {row.id}") for line in already):
                stopping.wait()
            time.sleep(0.3)
            log.write(f"end {message_id} {node}\n")

    house = bare_house(Database(url))
    worker = Worker(house, {"ear": ear}, [], node, plan=RetryPlan(0.5, 2.0, timedelta(days=4)))
    try:
        worker.start()
    except PrivysealError as refusal:
        print(f"refused: {refusal.kind}", flush=True)
        return 1
    print("ready", flush=True)
    stopping.wait()
    worker.stop()
    house.database.close()
    return 0


def log_of(path: Path) -> list[str]:
    """The lines written so far."""
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


if __name__ == "__main__":
    sys.exit(main())
