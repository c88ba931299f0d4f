"""Periodic tasks that failed: one row for each task and machine, with its last run of failures."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from privyseal.model.task_failure import LEFT_AFTER, TaskFailure
from privyseal.store.database import Transaction
from privyseal.store.schema import UtcTime, metadata
from privyseal.store.upsert import insert_or_change

task_failures = sa.Table(
    "task_failures",
    metadata,
    sa.Column("task", sa.String(40), primary_key=True),
    sa.Column("machine", sa.String(64), primary_key=True),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(100), nullable=False),
    sa.Column("sentence", sa.String(500), nullable=False),
    sa.Column("recovered_at", UtcTime),
)

_IS_OPEN = task_failures.c.recovered_at.is_(None)


def note(tx: Transaction, task: str, machine: str, kind: str, sentence: str) -> None:
    """Count a failure: one more of those since the first, or the first one after the task had worked again."""
    last: dict[str, object] = {"last_at": tx.now, "kind": kind[:100], "sentence": sentence[:500], "recovered_at": None}
    first: dict[str, object] = {"task": task[:40], "machine": machine[:64], "since": tx.now, "failures": 1}
    change = last | {
        "since": sa.case((_IS_OPEN, task_failures.c.since), else_=sa.literal(tx.now, UtcTime())),
        "failures": sa.case((_IS_OPEN, task_failures.c.failures + 1), else_=1),
    }
    insert_or_change(tx, task_failures, first | last, change)


def is_open(tx: Transaction, task: str, machine: str) -> bool:
    """Tell whether this task failed on this machine and has not worked there since."""
    return tx.execute(sa.select(task_failures.c.task).where(*_of(task, machine))).first() is not None


def recover(tx: Transaction, task: str, machine: str) -> bool:
    """Note that a task that failed works again; tells whether it had failed."""
    return tx.changed(task_failures.update().where(*_of(task, machine)).values(recovered_at=tx.now)) == 1


def _of(task: str, machine: str) -> tuple[sa.ColumnElement[bool], ...]:
    return task_failures.c.task == task[:40], task_failures.c.machine == machine[:64], _IS_OPEN


def every(tx: Transaction, limit: int = 200) -> list[TaskFailure]:
    """Return what failed in the last weeks: first what has not worked since, each the latest first."""
    order = (sa.case((_IS_OPEN, 0), else_=1), task_failures.c.last_at.desc(), task_failures.c.task, task_failures.c.machine)
    return [TaskFailure(**row._mapping) for row in tx.execute(task_failures.select().order_by(*order).limit(limit))]


def count_failing(tx: Transaction) -> int:
    """Return how many tasks fail now, on any machine."""
    fails = sa.and_(_IS_OPEN, task_failures.c.last_at > tx.now - LEFT_AFTER)
    return int(tx.execute(sa.select(sa.func.count()).select_from(task_failures).where(fails)).scalar_one())


def forget(tx: Transaction, before: datetime) -> int:
    """Delete what failed before this moment and not again; return how many."""
    return tx.changed(task_failures.delete().where(task_failures.c.last_at < before))
