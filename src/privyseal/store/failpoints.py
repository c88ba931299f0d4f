"""Numbered points at which a test may kill this process (architecture section 3).

``PRIVYSEAL_FAILPOINT=name`` kills at the first passage of ``name``, ``name:3`` at the third. In production the variable
is not set and a passage costs one comparison.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "PRIVYSEAL_FAILPOINT"

POINTS = (
    "submit.before-commit",
    "submit.after-commit",
    "approve.before-commit",
    "approve.after-commit",
    "prepare.before-commit",
    "prepare.after-commit",
    "complete.before-signature",
    "complete.after-signature",
    "complete.before-commit",
    "complete.after-commit",
    "release.before-mail",
    "release.after-mail",
    "revoke.before-commit",
    "revoke.after-commit",
    "publish.before-commit",
    "publish.after-commit",
    "integrate.before-commit",
    "integrate.after-commit",
)
"""Every failpoint, in the order of the way of a certificate."""

_name, _, _count = os.environ.get(VARIABLE, "").partition(":")
_left = [int(_count or "1")]


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL when the environment chose this point and its turn has come."""
    if name != _name:
        return
    _left[0] -= 1
    if _left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
