"""What the job engine logs goes where our own log goes, in the same form.

DBOS brings a console handler of its own, in a form that no log collector of ours reads; it is taken away. A call stack
is passed on as text, because a log that renders exceptions itself may print local variables, one-time codes among them.
"""

from __future__ import annotations

import logging
import traceback
from typing import Final

import structlog

ENGINE_LOGGER: Final = "dbos"

_log = structlog.get_logger("privyseal.jobs")


class LogBridge(logging.Handler):
    """Hands records of the standard library's logging to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; called by logging."""
        more = {}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            more = {"reason": f"{type(error).__name__}: {error}"[:500], "stack": "".join(traceback.format_tb(error.__traceback__))}
        _log.log(record.levelno, "job engine", said=record.getMessage(), **more)


def install() -> None:
    """Make the bridge the only handler of the job engine's logger."""
    logger = logging.getLogger(ENGINE_LOGGER)
    for handler in tuple(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(LogBridge())
    logger.propagate = False
