"""One try to let a listener hear a fact: what happens to the outbox row, and when the next try is.

A listener runs at least once. It is given the row and a message id that stays the same through all tries (the row's
id), and it raises to be tried again. Tries go on for four days with growing delays (RFC 5321 4.5.4.1 keeps a letter
four to five days); then the row stays as it is, with its failure, for an operator to see.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import structlog

from privyseal.actions.house import House, record
from privyseal.jobs.counters import DELIVERIES
from privyseal.jobs.engine import AGAIN, ENDED, HEARD, MOOT
from privyseal.model.actor import SYSTEM
from privyseal.model.audit import NOTHING_TO_TELL, ONE_RECIPIENT, AuditEvent, Outcome
from privyseal.model.errors import PrivysealError, Unavailable
from privyseal.model.identifiers import CertificateId
from privyseal.store import certificates, outbox
from privyseal.store.database import Transaction
from privyseal.store.outbox import OutboxRow

Listener: TypeAlias = Callable[[OutboxRow, str], bool]
"""Hears one fact; the text is the message id, the same in every try. Idempotent; raises to be tried again."""

_log = structlog.get_logger("privyseal.jobs")


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """Delays between tries: ``first_seconds``, doubling, at most ``ceiling_seconds``, until ``give_up_after`` the fact.

    The ceiling is what a letter waits at most after a mail server came back.
    """

    first_seconds: float = 1.0
    ceiling_seconds: float = 900.0
    give_up_after: timedelta = timedelta(days=4)

    def wait_seconds(self, number: int) -> float:
        """Return the delay after try ``number`` (1 is the first)."""
        return min(self.first_seconds * 2.0 ** min(number - 1, 30), self.ceiling_seconds)


class Deliveries:
    """Hears and settles outbox rows for a worker."""

    def __init__(self, house: House, listeners: Mapping[str, Listener], plan: RetryPlan) -> None:
        self._house = house
        self._listeners = listeners
        self._plan = plan

    def hear(self, row_id: str, number: int) -> str:
        """Let the row's listener work and return how that ended: HEARD, MOOT (nothing was to tell), AGAIN (it failed) or ENDED."""
        name = ""
        try:
            row = self._open_row(row_id)
            # More failures than this chain of tries has had: an operator had the row tried in between, and a younger chain has it.
            if row is None or row.attempts > number:
                return ENDED
            name = row.listener
            told = self._listener(row)(row, row.id)
        except Exception as error:  # noqa: BLE001 - whatever a listener raises, the row is tried again and the reason is noted
            outcome = self._failed(row_id, number, error)
        else:
            outcome = HEARD if told else MOOT
        DELIVERIES.labels(name, outcome).inc()
        return outcome

    def settle(self, row_id: str, is_moot: bool = False) -> None:  # noqa: FBT001, FBT002 - steps of the job engine have no keywords
        """Mark the row done and note in the audit log what its listener did, if only that there was nothing to tell.

        Raises Unavailable to be tried again.
        """
        with self._house.database.write(self._house.clock()) as tx:
            row = None if outbox.is_done(tx, row_id) else outbox.get(tx, row_id)
            if row is None:
                return
            kind, object_id = _subject(tx, row)
            # A listener that writes to several makes one row for each of them: only those rows are letters.
            one = f", {NOTHING_TO_TELL}" if is_moot else f", {ONE_RECIPIENT}" if row.payload.get("recipient") else ""
            event = AuditEvent("deliver-fact", Outcome.DONE, kind, object_id, reason=f"{row.fact} to {row.listener}{one}")
            record(self._house, tx, SYSTEM, str(row.payload.get("organization", "")), event)
            outbox.mark_done(tx, row_id)

    def _open_row(self, row_id: str) -> OutboxRow | None:
        with self._house.database.read(self._house.clock()) as tx:
            return None if outbox.is_done(tx, row_id) else outbox.get(tx, row_id)

    def _listener(self, row: OutboxRow) -> Listener:
        listener = self._listeners.get(row.listener)
        if listener is None:
            raise Unavailable(
                "listener-missing", f"This service has no listener {row.listener}; the feature it belongs to is not installed."
            )
        return listener

    def _failed(self, row_id: str, number: int, error: Exception) -> str:
        reason = describe(error)
        now = self._house.clock()
        outcome = AGAIN
        # When the database is what failed, the failure cannot be noted there; the try is repeated all the same.
        with suppress(Unavailable), self._house.database.write(now) as tx:
            outbox.note_failure(tx, row_id, reason)
            row = outbox.get(tx, row_id)
            if row is not None and now - row.created_at > self._plan.give_up_after:
                outcome = ENDED
        log = _log.error if outcome == ENDED or is_bug(error) else _log.warning
        log("delivery failed", row=row_id, number=number, reason=reason, outcome=outcome, **trace(error))
        return outcome


def _subject(tx: Transaction, row: OutboxRow) -> tuple[str, str]:
    """Return kind and id of what a fact is about, as its history in the audit log names it."""
    certificate_id = row.payload.get("certificate")
    certificate = certificates.get(tx, CertificateId(str(certificate_id))) if certificate_id else None
    if certificate is not None:
        return "certificate", certificate.serial_hex
    for kind in ("request", "administrator"):
        if row.payload.get(kind):
            return kind, str(row.payload[kind])
    return "fact", row.id


def is_bug(error: Exception) -> bool:
    """Tell whether an error is none of those that the house raises on purpose."""
    return not isinstance(error, PrivysealError | OSError)


def trace(error: Exception) -> dict[str, str]:
    """Return the call stack of a bug for the log, else nothing.

    As text, because a log that renders exceptions itself may print local variables: letters carry one-time codes.
    """
    return {"stack": "".join(traceback.format_tb(error.__traceback__))} if is_bug(error) else {}


def describe(error: Exception) -> str:
    """Return one printable line about an error, for operators: our own sentence, or the kind and text of a foreign one."""
    text = error.sentence if isinstance(error, PrivysealError) else f"{type(error).__name__}: {error}"
    return "".join(character if character.isprintable() else " " for character in text)[:500]
