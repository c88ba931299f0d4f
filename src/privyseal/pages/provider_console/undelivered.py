"""Work that failed: letters that could not be delivered, with trying them again, and periodic jobs; why each failed."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from privyseal.actions.audit.retry_deliveries import retry_deliveries
from privyseal.actions.house import About
from privyseal.look.task_words import standing_words, task_words
from privyseal.model.task_failure import TaskFailure
from privyseal.reception.site import Visit
from privyseal.store import outbox, task_failures

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job that failed: what it is for, and how it stands now."""

    failure: TaskFailure
    purpose: str
    state: str
    state_words: str


def show_undelivered(visit: Visit) -> Response:
    """Show what failed: letters, the oldest first; jobs, those that fail now first."""
    with visit.house.database.read(visit.now) as tx:
        rows, count = outbox.failing(tx, SHOWN), outbox.count_failing(tx)
        failed = task_failures.every(tx, SHOWN)
    jobs = [Job(item, task_words(item.task), *standing_words(item.standing(visit.now))) for item in failed]
    return visit.show("provider_console/undelivered.html", {"rows": rows, "count": count, "jobs": jobs})


def retry(visit: Visit) -> Response:
    """Have one or all tried now; the running service does it within seconds."""
    chosen = visit.form.all("row")
    about = About("retry-deliveries", "", "outbox", chosen[0][:64] if len(chosen) == 1 else "all")
    visit.perform(about, retry_deliveries, chosen or None)
    return visit.go_to("/provider/undelivered")
