"""The description for programs and the page for people: complete, the same every time, and what the routes really do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from privyseal.doors.rest.openapi import MODULES, PREFIX, describe, documented_application
from privyseal.doors.rest.reference import reference_markdown
from tests.doors.rest.rest_rig import RestRig
from tests.rigs.service import ServiceRig

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "rest.md"
DOCUMENT = describe(documented_application())
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (method, path, operation) for path, operations in DOCUMENT["paths"].items() for method, operation in operations.items()
]


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        found = {str(value["$ref"])} if "$ref" in value else set()
        return found.union(*(references(part) for part in value.values()))
    return set().union(*(references(part) for part in value)) if isinstance(value, list) else set()


def test_the_committed_page_is_what_the_routes_say() -> None:
    """`scripts/docs --write` mends this."""
    text = reference_markdown(documented_application())
    assert text == reference_markdown(documented_application())
    _, _, committed = PAGE.read_text(encoding="utf-8").partition("\n\n")
    assert committed.strip() == text.strip()


def test_every_reference_leads_somewhere() -> None:
    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert references(DOCUMENT) <= known
    text = reference_markdown(documented_application())
    anchors = {line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")}
    links = {part.partition(")")[0] for part in text.split("](#")[1:]}
    assert links <= anchors


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=[f"{row[0]} {row[1]}" for row in OPERATIONS])
def test_every_route_says_who_may_and_what_goes_wrong(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"].endswith((".", "`"))
    assert operation["x-privyseal-access"].endswith(".")
    assert operation["security"], "nobody in particular is an empty alternative, not an empty list"
    assert {name for alternative in operation["security"] for name in alternative} <= set(DOCUMENT["components"]["securitySchemes"])
    problems = {
        int(status) for status, response in operation["responses"].items() if "application/problem+json" in response.get("content", {})
    }
    assert {400, 401, 404, 422, 429, 503} <= problems
    if method in {"post", "put"}:
        assert {408, 413, 415} <= problems
        assert list(operation["requestBody"]["content"]) == ["application/json"]
    else:
        assert "requestBody" not in operation
    if path.startswith(f"{PREFIX}/provider"):
        assert operation["security"] == [{"administratorId": []}]


def test_the_service_serves_it(service: ServiceRig) -> None:
    answer = RestRig(service).anonymous().get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(DOCUMENT))
    assert answer.json()["openapi"].startswith("3.1")


def test_every_module_of_routes_is_served() -> None:
    folder = Path(__file__).parents[3] / "src" / "privyseal" / "doors" / "rest"
    assert {f"{path.stem}" for path in folder.glob("routes_*.py")} == {module.__name__.rpartition(".")[2] for module in MODULES}
