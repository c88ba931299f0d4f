"""Sphinx settings. `scripts/docs` builds with warnings as errors; nothing is fetched while building or reading."""

from __future__ import annotations

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Privyseal"
author = "The Privyseal authors"
copyright = "The Privyseal authors; Apache License 2.0"  # noqa: A001 - Sphinx's name for it
version = release = _project["version"]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "generators"]
nitpicky = True

# Headings down to this level can be linked to, as the pages and GitHub do it: #the-words-of-the-heading.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

html_theme = "furo"
html_title = "Privyseal"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
