"""The job engine's words arrive in our log: one line each, without local variables, and not a hundred times."""

from __future__ import annotations

import logging

import pytest
from structlog.testing import capture_logs

from privyseal.jobs import log_bridge


@pytest.fixture
def engine_logger() -> logging.Logger:
    log_bridge.install()
    return logging.getLogger(log_bridge.ENGINE_LOGGER)


def bridges(logger: logging.Logger) -> list[log_bridge.LogBridge]:
    """Ours among the handlers; pytest adds its own to listen as well."""
    return [handler for handler in logger.handlers if isinstance(handler, log_bridge.LogBridge)]


def test_records_become_entries_of_our_log(engine_logger: logging.Logger) -> None:
    log_bridge.install()
    assert len(bridges(engine_logger)) == 1
    with capture_logs() as entries:
        engine_logger.warning("Database connection failed:\n\tIs the server %s?", "running")
    assert entries == [{"event": "job engine", "log_level": "warning", "said": "Database connection failed: Is the server running?"}]


def test_a_call_stack_has_no_local_variables(engine_logger: logging.Logger) -> None:
    def deliver(code: str) -> None:
        raise ZeroDivisionError(str(len(code)))

    with capture_logs() as entries:
        try:
            deliver("one-time-secret")
        except ZeroDivisionError:
            engine_logger.exception("a step failed")
    (entry,) = entries
    assert entry["reason"] == "ZeroDivisionError: 15"
    assert "in deliver" in entry["stack"]
    # The stack quotes lines of code, never the values that they worked on.
    assert "one-time-secret" not in "".join(line for line in entry["stack"].splitlines() if 'deliver("' not in line)


def test_complaints_of_one_place_are_counted_not_repeated(engine_logger: logging.Logger) -> None:
    with capture_logs() as entries:
        for number in range(100):
            engine_logger.warning("The database is away (%d)", number)
        engine_logger.warning("Something else")
    assert [entry["said"] for entry in entries] == ["The database is away (0)", "Something else"]
    (bridge,) = bridges(engine_logger)
    assert sorted(untold for _, untold in bridge._said.values()) == [0, 99]  # noqa: SLF001 - told with the next one, ten seconds later
