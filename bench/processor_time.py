"""CPU time of other processes, from /proc: what a figure counts when the work is not done in its own process."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _FIRST_TIME, _AFTER_TIMES = 1, 11, 15
"""Places in /proc/PID/stat behind the name (proc(5)): ppid; utime, stime, and both of children that have ended."""


def process_seconds(pid: int) -> float:
    """CPU seconds, user and system, of one process and of its children that have ended; 0.0 when it is gone itself."""
    return sum(int(ticks) for ticks in _stat(pid)[_FIRST_TIME:_AFTER_TIMES]) * _TICK


def process_tree_seconds(pid: int) -> float:
    """The same of a process and of its living children."""
    children = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return process_seconds(pid) + sum(process_seconds(child) for child in children if _stat(child)[_PARENT : _PARENT + 1] == [str(pid)])


def _stat(pid: int) -> list[str]:
    try:
        # The name stands in parentheses and may itself contain blanks and parentheses.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
