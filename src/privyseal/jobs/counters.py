"""What the worker counts for Prometheus; ``/metrics`` shows it where worker and web are one process."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

PERIODIC_RUNS: Final = Counter("privyseal_periodic_runs", "Runs of periodic work by name and outcome (done, failed).", ["task", "outcome"])

DELIVERIES: Final = Counter(
    "privyseal_deliveries", "Tries to let a listener hear a fact, by listener and outcome (heard, again, ended).", ["listener", "outcome"]
)

RESCUED: Final = Counter("privyseal_rescued_jobs", "Jobs that were begun, left by whoever had them, and queued again.")
