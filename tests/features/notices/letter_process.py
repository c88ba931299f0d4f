"""A worker with the letters wing: ``python -m tests.features.notices.letter_process DATABASE_URL SMTP_PORT NODE``.

It works until PRIVYSEAL_FAILPOINT or somebody kills it.
"""

from __future__ import annotations

import sys
import threading

from privyseal.features.notices import FEATURE
from privyseal.jobs.worker import Worker
from privyseal.store.database import Database
from tests.features.notices.household import make_house, to_server
from tests.jobs.workbench import system_clock
from tests.rigs.ports import LOOPBACK


def main() -> None:
    """Send letters."""
    url, port, node = sys.argv[1:4]
    house = make_house(Database(url), system_clock)
    Worker(house, FEATURE.make_listeners(house, to_server(LOOPBACK, int(port))), [], node).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
