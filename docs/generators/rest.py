"""docs/reference/rest.md: every route of the REST API, made of its OpenAPI document."""

from __future__ import annotations

from privyseal.doors.rest.openapi import documented_application
from privyseal.doors.rest.reference import reference_markdown


def render() -> str:
    """The page."""
    return reference_markdown(documented_application())
