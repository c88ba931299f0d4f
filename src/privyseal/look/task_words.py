"""What people call the periodic work of a service, and how work that failed stands."""

from __future__ import annotations

from privyseal.look.words import gettext
from privyseal.model.task_failure import TaskStanding


def task_words(task: str) -> str:
    """Return what a task is for, in a few words; "" for one that this release does not know."""
    words = {
        "access-reviews": gettext("Making access reviews and reminding of them"),
        "credential-endings": gettext("Reminding of credentials that end"),
        "daily-checkpoints": gettext("Mailing the day's checkpoints"),
        "dispatch": gettext("Handing letters over to be sent"),
        "domains": gettext("Looking up domains again and reminding of them"),
        "draft-retention": gettext("Deleting forms that were never sent"),
        "failure-retention": gettext("Deleting old notes of failed work"),
        "integrate-audit-log": gettext("Taking entries into the audit log"),
        "job-retention": gettext("Deleting notes of old jobs"),
        "lost-deliveries": gettext("Looking for letters that were lost on their way"),
        "miss-retention": gettext("Deleting old counts of wrong phrases"),
        "outbox-retention": gettext("Deleting delivered letters from the outbox"),
        "publish-crls": gettext("Making CRLs and certifying OCSP responders"),
        "rescue": gettext("Taking over letters of a machine that ended"),
        "session-retention": gettext("Ending sessions whose time is over"),
        "sweep": gettext("Finishing what was left, and what time ends"),
        "trials": gettext("Ending trials, and reminding of their end"),
        "vetting-reminders": gettext("Reminding of vettings that end"),
    }
    return words.get(task, "")


def standing_words(standing: TaskStanding) -> tuple[str, str]:
    """Return how work that failed stands: the kind of state, and its word."""
    return {
        TaskStanding.FAILING: ("bad", gettext("Fails")),
        TaskStanding.LEFT: ("ended", gettext("No longer tried there")),
        TaskStanding.WORKING: ("good", gettext("Works again")),
    }[standing]
