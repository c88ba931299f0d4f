"""What the processes of a service have in common (architecture section 6): issuer_process.py, web_process.py, work_process.py.

Only the issuer opens CA keys, only the status process the OCSP keys, only who works the audit log's key; each has a
passphrase file of its own, so that in production each can be a user of its own. They are modules of their own so that
each process imports what it needs and starts the sooner.
"""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from privyseal.cli.settings import Settings
from privyseal.engine.authority import linter_of
from privyseal.model.errors import Conflict, Unavailable
from privyseal.model.profile import PROFILES


def read_passphrase(path: Path) -> bytes:
    """Return what a passphrase file holds, without a line end; raises Unavailable ``passphrase``."""
    try:
        mode = path.stat().st_mode
        secret = path.read_bytes().strip(b"\r\n")
    except OSError as error:
        raise Unavailable("passphrase", f"The passphrase file {path} cannot be read: {error.strerror}.") from error
    if mode & 0o077:
        raise Unavailable("passphrase", f"The passphrase file {path} is readable by others. Set it to 0600.")
    return secret


def start_collecting() -> None:
    """Look for garbage from here on, but not among what is loaded: that stays until the end of the process."""
    gc.freeze()
    gc.enable()


def load_linters() -> None:
    """Load the linter of every rule set: it takes more than a second, and nobody shall wait for it inside a transaction."""
    for rule_set in sorted({profile.lint for profile in PROFILES.values()}):
        linter_of(rule_set)


@contextmanager
def only_one(settings: Settings, name: str) -> Iterator[None]:
    """Hold the lock file of a process that may run once on the embedded database; raises Conflict ``running``."""
    path = settings.data / "run" / f"{name}.lock"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            sentence = f"Another process already does the {name} work of {settings.data}. The embedded database has exactly one."
            raise Conflict("running", sentence) from error
        file.write(str(os.getpid()))
        file.flush()
        yield
