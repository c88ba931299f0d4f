"""What the job engine logs goes where our own log goes, in the same form.

DBOS brings a console handler of its own, in a form that no log collector of ours reads; it is taken away. Each of its
threads complains several times a second while a database is away, so that what is said at one place of its code is
written once in ten seconds, with a count of the rest. A call stack is passed on as text, because a log that renders
exceptions itself may print local variables, one-time codes among them.
"""

from __future__ import annotations

import logging
import time
import traceback
from typing import Any, Final

import structlog

ENGINE_LOGGER: Final = "dbos"
QUIET_SECONDS: Final = 10.0
MAXIMUM_TEXT: Final = 300

_log = structlog.get_logger("privyseal.jobs")


class LogBridge(logging.Handler):
    """Hands records of the standard library's logging to structlog."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; called by logging, by one thread at a time."""
        place, now = (record.pathname, record.lineno), time.monotonic()
        last, untold = self._said.get(place, (-QUIET_SECONDS, 0))
        if now - last < QUIET_SECONDS:
            self._said[place] = (last, untold + 1)
            return
        self._said[place] = (now, 0)
        more: dict[str, Any] = {"untold": untold} if untold else {}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            more |= {"reason": _short(f"{type(error).__name__}: {error}"), "stack": "".join(traceback.format_tb(error.__traceback__))}
        _log.log(record.levelno, "job engine", said=_short(record.getMessage()), **more)


def install() -> None:
    """Make the bridge the only handler of the job engine's logger."""
    logger = logging.getLogger(ENGINE_LOGGER)
    for handler in tuple(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(LogBridge())
    logger.propagate = False


def _short(text: str) -> str:
    return " ".join(text.split())[:MAXIMUM_TEXT]
