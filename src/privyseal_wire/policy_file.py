"""Policies as TOML files, which ``seal`` and the control center read and write alike; whether one makes sense is the service's to judge.

A file says everything that a version says but its type, id and number, which follow from the version before. So what is
signed is what stands in the file, and nothing is added out of sight.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.errors import CanonicalRefused, PolicyFileRefused

FORM: Final = "privyseal.policy.v2"
MAXIMUM_BYTES: Final = 48 * 1024
OF_THE_SERVICE: Final = frozenset({"type", "id", "version"})
"""What a file does not say, because the version before decides it."""


def read_policy(data: bytes) -> dict[str, Any]:
    """Return what a file says; raises PolicyFileRefused ``policy-file`` when it is no such TOML."""
    if len(data) > MAXIMUM_BYTES:
        raise PolicyFileRefused("policy-file", f"The file has {len(data):,} bytes; a policy has at most {MAXIMUM_BYTES:,}.")
    try:
        values = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        # TOML that is wrong, digits without end, brackets without end.
        raise PolicyFileRefused("policy-file", f"The file is not TOML: {_why(error)}.") from error
    said = sorted(OF_THE_SERVICE & values.keys())
    if said:
        raise PolicyFileRefused("policy-file", f"The file says {said[0]}, which follows from the version before. Leave it out.")
    if not isinstance(values.get("name"), str):
        raise PolicyFileRefused("policy-file", 'The file does not say the name of the policy: name = "tls-server".')
    try:
        canonical_bytes(values)
    except CanonicalRefused as error:
        raise PolicyFileRefused("policy-file", f"The file has a value that no policy has: {error.sentence}") from error
    return values


def _why(error: Exception) -> str:
    text = str(error)[:200]
    return (text if text.isprintable() else ascii(text)[1:-1]) or "it is nested too deep"


def write_policy(content: Mapping[str, Any]) -> str:
    """Return the content of a version as TOML that :func:`read_policy` reads."""
    plain = {key: value for key, value in content.items() if key not in OF_THE_SERVICE}
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
