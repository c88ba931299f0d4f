"""`privyseal serve`: runs the processes of a service as children and starts again what ends (architecture section 6)."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

SHORT_LIFE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0

_log = structlog.get_logger("privyseal.supervisor")


@dataclass(slots=True)
class _Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    pause_seconds: float = 0.5


class Supervisor:
    """Starts ``issuer``, ``status``, ``web`` and on PostgreSQL ``work``; on SQLite the web process works too."""

    def __init__(self, data: Path, *, separate_work: bool, extra: Sequence[str] = ()) -> None:
        program = [sys.executable, "-m", "privyseal.app", "run"]
        where = ["--data", str(data), *extra]
        self._children = [
            _Child("issuer", [*program, "issuer", *where]),
            _Child("status", [sys.executable, "-m", "privyseal.status", "--data", str(data)]),
            _Child("web", [*program, "web", *where]),
        ]
        if separate_work:
            self._children.append(_Child("work", [sys.executable, "-m", "privyseal.app", "work", *where]))
        self._stopping = threading.Event()
        self._watchers: list[threading.Thread] = []

    def start(self) -> None:
        """Start every child and a watcher for each."""
        for child in self._children:
            watcher = threading.Thread(target=self._watch, args=(child,), name=f"watch-{child.name}", daemon=True)
            watcher.start()
            self._watchers.append(watcher)

    def stop(self) -> None:
        """Tell every child to end; kill what does not within half a minute."""
        self._stopping.set()
        for child in self._children:
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

    def _watch(self, child: _Child) -> None:
        """Run a child again and again; a child that ends at once is started again after a growing pause."""
        pause = child.pause_seconds
        while not self._stopping.is_set():
            lived = threading.Event()
            timer = threading.Timer(SHORT_LIFE_SECONDS, lived.set)
            timer.start()
            child.process = subprocess.Popen(child.command)  # noqa: S603 - our own interpreter and module names
            if self._stopping.is_set():
                child.process.terminate()
            code = child.process.wait()
            timer.cancel()
            if self._stopping.is_set():
                return
            _log.warning("child.ended", child=child.name, code=code)
            pause = child.pause_seconds if lived.is_set() else min(pause * 2, LONGEST_PAUSE_SECONDS)
            self._stopping.wait(pause)
