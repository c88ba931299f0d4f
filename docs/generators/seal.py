"""docs/reference/seal.md: every command of ``seal``; the agent itself knows how to write it."""

from __future__ import annotations

from privyseal_agent.reference import reference_markdown


def render() -> str:
    """The page."""
    return reference_markdown()
