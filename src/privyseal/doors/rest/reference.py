"""The REST API as a page for people, made of its OpenAPI document alone, so that neither can say what the other does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from privyseal.doors.rest.access import SCHEMES
from privyseal.doors.rest.openapi import PREFIX, describe

Json = dict[str, Any]

_PROBLEM = "application/problem+json"


def reference_markdown(application: FastAPI) -> str:
    """Return docs/reference/rest.md for the REST routes of an application; the same routes always give the same text."""
    document = describe(application)
    schemas: Json = document["components"]["schemas"]
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag.setdefault(operation["tags"][0], []).append("\n".join(_operation(method, path, operation, schemas)))
    parts = [_head(document)]
    for tag, operations in by_tag.items():
        parts += [f"## {tag}", *operations]
    parts += ["## Objects", *("\n".join(_schema(name, schema)) for name, schema in sorted(schemas.items()))]
    return "\n\n".join(parts) + "\n"


def _head(document: Json) -> str:
    schemes = "\n".join(f"- `{name}`: {scheme['description']}" for name, scheme in SCHEMES.items())
    return (
        f"# REST\n\n{document['info']['description']}\n\nAddresses are below `{PREFIX}`. The same is for programs at "
        f"`{PREFIX}/openapi.json`. Credentials:\n\n{schemes}"
    )


def _operation(method: str, path: str, operation: Json, schemas: Json) -> Iterator[str]:
    yield f"### {method.upper()} {path.removeprefix(PREFIX)}\n"
    yield f"{operation['description']}\n"
    yield f"**Who:** {operation['x-privyseal-access']}\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| Parameter | In | Form | Meaning |\n|---|---|---|---|"
        for item in parameters:
            form = _form(item["schema"])
            yield f"| `{item['name']}` | {item['in']} | {form} | {_cell(item.get('description', ''))} |"
        yield ""
    body = operation.get("requestBody")
    if body:
        reference = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        yield f"**Body:** [{reference}](#{reference.lower()}), for example:\n"
        yield f"```json\n{json.dumps(_example(schemas[reference]), indent=2, ensure_ascii=False)}\n```\n"
    yield f"**Answers:** {'; '.join(_answers(operation['responses']))}."


def _answers(responses: Json) -> Iterator[str]:
    problems = []
    for status, response in responses.items():
        content: Json = response.get("content", {})
        if _PROBLEM in content:
            problems.append(status)
            continue
        media_type, schema = next(((name, item.get("schema") or {}) for name, item in content.items()), ("", {}))
        forms = [_link(part) for part in schema.get("anyOf", [schema])]
        said = " or ".join(form for form in forms if form)
        if not said:
            said = f"`{media_type}`" if media_type else response["description"].rstrip(".").replace("Successful Response", "nothing")
        yield f"{status} {said}"
    yield f"[Problem](#problem) {', '.join(problems)}"


def _link(schema: Json) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f"[{name}](#{name.lower()})" if name else ""


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f"### {name}\n"
    if schema.get("description"):
        yield f"{schema['description']}\n"
    if "enum" in schema:
        yield f"One of {', '.join(f'`{value}`' for value in schema['enum'])}."
        return
    yield "| Field | Form | Meaning |\n|---|---|---|"
    required = set(schema.get("required", []))
    for field, part in schema.get("properties", {}).items():
        form = _form(part) if field in required else f"{_form(part)}, {_otherwise(part)}"
        yield f"| `{field}` | {form} | {_cell(part.get('description', ''))} |"


def _otherwise(part: Json) -> str:
    default = part.get("default")
    return "optional" if default is None or default == "" else f"default `{json.dumps(default)}`"


def _form(schema: Json) -> str:
    """The form of a value in few words."""
    if "$ref" in schema:
        return _link(schema)
    alternatives = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    if alternatives:
        return " or ".join(_form(part) for part in alternatives)
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return "pair of texts" if "prefixItems" in schema else f"list of {_form(schema.get('items', {}))}"
    return f"`{schema['const']}`" if "const" in schema else _scalar(schema.get("type", "any value"), schema)


def _scalar(kind: str, schema: Json) -> str:
    word = {"string": "text", "integer": "integer", "boolean": "true or false"}.get(kind, kind)
    limits = []
    if "pattern" in schema:
        limits.append(f"`{_cell(schema['pattern'])}`")
    if kind == "integer" and "maximum" in schema:
        limits.append(f"{int(schema.get('minimum', 0)):,} to {int(schema['maximum']):,}")
    return " ".join([word, *limits])


def _example(schema: Json) -> Json:
    """A body with the example of each field that has to be there."""
    required = set(schema.get("required", []))
    return {
        name: (part.get("examples") or [part.get("default") or _placeholder(part)])[0]
        for name, part in schema.get("properties", {}).items()
        if name in required or part.get("examples")
    }


def _placeholder(part: Json) -> object:
    if "$ref" in part:
        return "..."
    return {"integer": 1, "array": [], "boolean": True}.get(part.get("type", ""), "...")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
