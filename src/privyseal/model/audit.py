"""What an audit entry says (architecture section 5): every decision and every refusal becomes one."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from privyseal.model.actor import Actor

PROVIDER_LOG = "provider"
ONE_RECIPIENT = "one recipient"
NOTHING_TO_TELL = "nothing to tell any more"
"""Ends the reason of an entry about a letter to one of several recipients."""

MAXIMUM_UNINTEGRATED_AGE = timedelta(seconds=60)
"""Issuance stops when the oldest entry not yet in the tree is older (fail-closed)."""

MAXIMUM_CLOCK_STEP_BACK = timedelta(minutes=5)
"""Signing is refused when the clock is further behind the newest audit entry (I10 of the incidents)."""


class Outcome(enum.Enum):
    """How an action ended."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry before it gets its id, time and log. ``evidence`` are SHA-256 hex digests of stored bytes."""

    action: str
    outcome: Outcome
    object_kind: str
    object_id: str
    object_sha256: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = field(default=())


def organization_log(slug: str) -> str:
    """The id of an organization's log."""
    return f"o-{slug}"


def entry_fields(event: AuditEvent, actor: Actor, *, log: str, entry_id: str, time_text: str) -> dict[str, object]:
    """Return the entry as a mapping of canonical JSON values."""
    return {
        "v": 1,
        "log": log,
        "id": entry_id,
        "time": time_text,
        "actor": {"kind": actor.kind.value, "id": actor.id, "credential_sha256": actor.credential_sha256},
        "action": event.action,
        "outcome": event.outcome.value,
        "object": {"kind": event.object_kind, "id": event.object_id, "sha256": event.object_sha256},
        "reason": event.reason,
        "evidence": list(event.evidence),
    }


def is_stale(oldest_unintegrated: datetime | None, now: datetime) -> bool:
    """Tell whether integration lags so much that issuance must stop."""
    return oldest_unintegrated is not None and now - oldest_unintegrated > MAXIMUM_UNINTEGRATED_AGE


def is_clock_behind(newest_entry: datetime | None, now: datetime) -> bool:
    """Tell whether the clock went back further than is tolerated."""
    return newest_entry is not None and now < newest_entry - MAXIMUM_CLOCK_STEP_BACK
