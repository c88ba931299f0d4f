"""A worker process for the tests: ``python -m tests.jobs.worker_process DATABASE_URL NODE LOG_FILE``.

Its one listener, ``ear``, writes the row's id to the log file and never comes back. It prints ``ready``.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from privyseal.jobs.worker import Worker
from privyseal.store.database import Database
from privyseal.store.outbox import OutboxRow
from tests.jobs.workbench import bare_house


def main() -> None:
    """Work until somebody kills the process."""
    url, node, log_file = sys.argv[1:4]
    forever = threading.Event()

    def ear(_row: OutboxRow, message_id: str) -> bool:
        with Path(log_file).open("a", encoding="utf-8") as log:
            log.write(f"{message_id}\n")
        return forever.wait()

    Worker(bare_house(Database(url)), {"ear": ear}, [], node).start()
    print("ready", flush=True)
    forever.wait()


def lines_of(path: Path) -> list[str]:
    """The ids written so far."""
    return path.read_text(encoding="utf-8").split() if path.exists() else []


if __name__ == "__main__":
    main()
