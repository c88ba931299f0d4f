"""What the first page of a demonstration tells a newcomer; written by the demo command, read by the web process."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


def roads_file(data: Path) -> Path:
    """Return the file in the service's data directory."""
    return data / "roads.json"


def write_roads(data: Path, roads: Mapping[str, str]) -> None:
    """Write it in one step, readable by its owner only: it holds a one-time link."""
    temporary = roads_file(data).with_suffix(".new")
    handle = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(dict(roads), file, indent=2)
    temporary.rename(roads_file(data))


def read_roads(data: Path) -> Mapping[str, str] | None:
    """Return what was written last, None until the demonstration is ready."""
    try:
        found = json.loads(roads_file(data).read_text())
    except FileNotFoundError:
        return None
    return {str(name): str(value) for name, value in found.items()}
