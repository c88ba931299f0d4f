"""Finding the real programs that the rigs start.

Debian puts servers where an ordinary user's PATH does not look; the places are searched here. A program that is missing
skips the test with the package's name. As root nothing may be missing, because scripts/test installs it: there the test
fails, so that no green run hides a test that never ran.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

SERVER_PLACES = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/local/go/bin")


def find_program(name: str, *, more_places: tuple[str, ...] = ()) -> Path | None:
    """The program's path, or None. ``more_places`` are searched first."""
    path = os.pathsep.join((*more_places, os.environ.get("PATH", os.defpath), *SERVER_PLACES))
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def require_program(name: str, debian_package: str, *, more_places: tuple[str, ...] = ()) -> Path:
    """The program's path; without it the test is skipped, or fails when run as root."""
    found = find_program(name, more_places=more_places)
    if found is not None:
        return found
    reason = f"The program {name} is missing (Debian package {debian_package}); scripts/test installs it when it runs as root."
    if os.geteuid() == 0:
        pytest.fail(reason)
    pytest.skip(reason)
