"""A worker with the letters wing: ``python -m tests.features.notices.letter_process DATABASE_URL SMTP_PORT NODE``.

It prints ``ready`` and ends on SIGTERM; PRIVYSEAL_FAILPOINT kills it where a test wants it.
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import timedelta

from privyseal.features.notices import FEATURE
from privyseal.jobs.deliveries import RetryPlan
from privyseal.jobs.worker import Worker
from privyseal.store.database import Database
from tests.features.notices.household import make_house, to_server
from tests.jobs.workbench import system_clock
from tests.rigs.ports import LOOPBACK


def main() -> None:
    """Send letters until SIGTERM."""
    url, port, node = sys.argv[1:4]
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    house = make_house(Database(url), system_clock)
    listeners = FEATURE.make_listeners(house, to_server(LOOPBACK, int(port)))
    worker = Worker(house, listeners, [], node, plan=RetryPlan(0.5, 2.0, timedelta(days=4)))
    worker.start()
    print("ready", flush=True)
    stopping.wait()
    worker.stop()
    house.database.close()


if __name__ == "__main__":
    main()
