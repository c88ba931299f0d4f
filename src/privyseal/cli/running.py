"""Running a command line: where its log goes, what its refusals print, and how its process ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version

import structlog
from cyclopts import App

from privyseal.model.errors import PrivysealError
from privyseal_wire.errors import WireError

REFUSED, USAGE, INTERRUPTED = 1, 2, 130


def empty_program() -> App:
    """Return the `privyseal` command without any commands of its own yet."""
    return App(name="privyseal", help="Run a Privyseal service: keys, processes, people, evidence.", version=version("privyseal"))


def run_program(program: App, arguments: Sequence[str]) -> None:
    """Run the command that the arguments name; ends the process with 0, 1 (refused), 2 (usage) or 130 (Ctrl-C)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        program(list(arguments))
    except (PrivysealError, WireError) as error:
        print(error.sentence, file=sys.stderr)
        raise SystemExit(REFUSED) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except FileNotFoundError as error:
        print(f"{error.filename} does not exist.", file=sys.stderr)
        raise SystemExit(USAGE) from None
