"""Policies as TOML files, and what differs between two of them; whether one makes sense is the service's to judge.

A file says everything that a version says but its type, id and number, which follow from the version before. So what is
signed is what stands in the file, and nothing is added out of sight.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from privyseal_agent.errors import Refused, UsageError
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.errors import WireError

FORM: Final = "privyseal.policy.v2"
MAXIMUM_BYTES: Final = 48 * 1024
_OF_THE_SERVICE: Final = frozenset({"type", "id", "version"})


def read_policy_file(path: Path) -> dict[str, Any]:
    """Return what a file says; raises UsageError ``file`` when it cannot be read, Refused ``policy-file`` when it is no such TOML."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError("file", f"{path} cannot be read ({error.strerror}).") from error
    if len(data) > MAXIMUM_BYTES:
        raise Refused("policy-file", f"{path} has {len(data):,} bytes; a policy has at most {MAXIMUM_BYTES:,}.")
    try:
        values = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        # TOML that is wrong, digits without end, brackets without end.
        raise Refused("policy-file", f"{path} is not TOML: {str(error)[:200] or 'it is nested too deep'}.") from error
    said = sorted(_OF_THE_SERVICE & values.keys())
    if said:
        raise Refused("policy-file", f"{path} says {said[0]}, which follows from the version before. Leave it out.")
    if not isinstance(values.get("name"), str):
        raise Refused("policy-file", f'{path} does not say the name of the policy: name = "tls-server".')
    try:
        canonical_bytes(values)
    except WireError as error:
        raise Refused("policy-file", f"{path} has a value that no policy has: {error.sentence}") from error
    return values


def write_policy(content: Mapping[str, Any]) -> str:
    """Return the content of a version as TOML that :func:`read_policy_file` reads."""
    plain = {key: value for key, value in content.items() if key not in _OF_THE_SERVICE}
    tables = plain.pop("custom_fields", [])
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    if not tables:
        lines.append("custom_fields = []")
    for table in tables:
        lines += ["", "[[custom_fields]]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A basic string of TOML has the escapes of JSON, and wants DEL escaped as well.
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(item)}' for key, item in value.items())} }}"
    return str(value)


def version_after(values: Mapping[str, Any], newest: Mapping[str, Any] | None, new_id: str) -> dict[str, Any]:
    """Return the content of the version that follows ``newest``, or the first one under ``new_id``."""
    number = {"id": newest["id"] if newest else new_id, "version": newest["version"] + 1 if newest else 1}
    return {"type": FORM, **number, **values}


def difference_lines(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """Return in words what differs, one field after the other."""
    lines = []
    for name in sorted(({*before} if before else set()) | {*after}):
        if name in _OF_THE_SERVICE:
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
