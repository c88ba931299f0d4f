"""Finds the generators and renders their pages. Knows no page."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOT_GENERATORS = {"__main__", "pages"}


def generators() -> dict[str, str]:
    """Page file name to module name: ``{"error-kinds.md": "docs.generators.error_kinds"}``.

    ``privyseal_command`` writes ``privyseal.md``: a module of the name of the package would stand before it.
    """
    names = sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]))
    return {
        f"{name.removesuffix('_command').replace('_', '-')}.md": f"docs.generators.{name}" for name in names if name not in NOT_GENERATORS
    }


def render(module_name: str) -> str:
    """The page's text with the line that says where it comes from."""
    text: str = importlib.import_module(module_name).render()
    path = module_name.replace(".", "/") + ".py"
    return f"<!-- Written by {path}; change the code or the generator, then run scripts/docs --write. -->\n\n{text.strip()}\n"
