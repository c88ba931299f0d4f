"""The entry point of ``seal``: the only place of the agent that reads the clock, takes randomness and ends the process."""

from __future__ import annotations

import getpass
import os
import sys
import time
import warnings
from datetime import UTC, datetime

from privyseal_agent.application import run
from privyseal_agent.desk import Desk


def main() -> None:
    """Run ``seal`` with the words of the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is written as an escape instead of ending in a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # A library's notes on odd certificates, such as one whose serial is zero, are for developers; readers get verdicts.
    warnings.simplefilter("ignore")
    desk = Desk(
        clock=lambda: datetime.now(UTC),
        random_bytes=os.urandom,
        sleep=time.sleep,
        ask_secret=getpass.getpass,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environment=os.environ,
    )
    status = 0
    try:
        status = run(sys.argv[1:], desk)
        sys.stdout.flush()
    except OSError as error:
        # Standard output is gone, and must not be flushed again at the end. A reader such as head has merely seen enough.
        if not isinstance(error, BrokenPipeError) and not status:
            print(f"Standard output cannot be written ({error.strerror}).", file=sys.stderr)
            status = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


if __name__ == "__main__":
    main()
