"""What the workers of a whole run get: a file each time, and a folder where its files share live services.

The marks that xdist has for this write into a field of each test that pytest reads no more, so the scheduler is told itself.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

LIVE_FOLDERS = ("browser", "stories")
"""Folders of tests/ whose files share services that take long to start."""

_ON_POSTGRESQL = " on PostgreSQL"

LONGEST = (
    *LIVE_FOLDERS,
    *(folder + _ON_POSTGRESQL for folder in LIVE_FOLDERS),
    "tests/invariants/test_crash_cycles.py",
    "tests/invariants/test_i19_role_by_action_by_scope.py",
)
"""The shares that begin first, because whatever begins last holds up the end."""


def share_of(nodeid: str) -> str:
    """Return what one worker runs as a whole, of the id of a test such as ``tests/wire/test_cms.py::test_x[1]``."""
    file, _, test = nodeid.partition("::")
    folder = next((name for name in LIVE_FOLDERS if name in PurePosixPath(file).parts[:-1]), None)
    if folder is None:
        return file
    # The services of one database share nothing with those of the other.
    return folder + _ON_POSTGRESQL if "[postgresql" in test else folder


class SharedServices(LoadScopeScheduling):  # type: ignore[misc] # the library has no types
    """Gives out whole shares, in the order in which the tests were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)
