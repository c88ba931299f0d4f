"""docs/reference/settings.md: every setting of the service with its type, its default and what it means."""

from __future__ import annotations

import json
import re

from pydantic.fields import FieldInfo

from privyseal.cli.settings import FILE_NAME, Settings

HEAD = f"""# Settings

The service reads `{FILE_NAME}` in its data directory. A variable `PRIVYSEAL_` with the name in capitals overrides a setting. Unknown
names are refused. Relative paths are relative to the data directory. Secrets are never settings: where one is needed, the setting names a
file ([secrets](../secrets.md)).
"""


def render() -> str:
    """The page."""
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else f"default `{_shown(field)}`"
        parts.append(f"## {name}\n\n{field.description}\n\n{_kind(field)}; {default}.\n")
    return "\n".join(parts)


def _kind(field: FieldInfo) -> str:
    text = field.annotation.__name__ if isinstance(field.annotation, type) else str(field.annotation)
    text = re.sub(r"(?:pathlib\._?local\.|pathlib\.|typing\.)", "", text)
    return f"Type `{text}`"


def _shown(field: FieldInfo) -> str:
    """The default as it would stand in the file; an absent one has no TOML form."""
    value = field.default
    if value is None:
        return "none"
    return json.dumps(list(map(str, value)) if isinstance(value, tuple) else value if isinstance(value, bool | int | str) else str(value))
