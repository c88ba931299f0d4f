"""Policies as TOML files on this computer, and in words what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from privyseal_agent.errors import Refused, UsageError
from privyseal_wire.errors import PolicyFileRefused
from privyseal_wire.policy_file import OF_THE_SERVICE, read_policy


def read_policy_file(path: Path) -> dict[str, Any]:
    """Return what a file says; raises UsageError ``file`` when it cannot be read, Refused ``policy-file`` when it is no such TOML."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError("file", f"{path} cannot be read ({error.strerror}).") from error
    try:
        return read_policy(data)
    except PolicyFileRefused as error:
        raise Refused(error.kind, f"{path}: {error.sentence}") from error


def difference_lines(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """Return in words what differs, one field after the other."""
    lines = []
    for name in sorted(({*before} if before else set()) | {*after}):
        if name in OF_THE_SERVICE:
            continue
        old, new = (before or {}).get(name), after.get(name)
        if old == new:
            continue
        title = name.replace("_", " ").capitalize()
        lines.append(f"{title}: {_words(new)}" if before is None else f"{title}: {_words(old)} -> {_words(new)}")
    return lines


def _words(value: object) -> str:
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_words(item) for item in value) if any(isinstance(item, dict) for item in value) else ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(item)}" for key, item in value.items())
    return str(value)
