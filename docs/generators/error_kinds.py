"""docs/reference/error-kinds.md: every kind of refusal that the code can give, by what the caller should make of it.

The kinds are read from the source, because a kind is written exactly where it is raised: as the first argument of an
error of ``privyseal.model.errors``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from docs.generators.pages import ROOT

SOURCE = ROOT / "src" / "privyseal"
ERRORS = SOURCE / "model" / "errors.py"
BASE = "PrivysealError"

HEAD = """# Kinds of errors

Every refusal carries a **kind**, a stable word for programs, and a **sentence** for people. REST gives the kind as the last
part of the problem's `type` and the sentence as its `detail`; `seal` prints the sentence. Kinds are only ever added: a program
may match on them. The sentence may be worded better at any time.
"""


def render() -> str:
    """The page."""
    kinds: dict[str, dict[str, set[str]]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for error, kind in raised(ast.parse(path.read_text(encoding="utf-8"))):
            kinds.setdefault(error, {}).setdefault(kind, set()).add(path.parent.relative_to(SOURCE).as_posix())
    parts = [HEAD]
    for error, meaning in classes().items():
        if error not in kinds:
            continue
        parts.append(f"## {error}\n\n{meaning}\n\n| Kind | Raised in the room |\n|---|---|")
        parts[-1] += "".join(
            f"\n| `{kind}` | {', '.join(f'`{place}`' for place in sorted(places))} |" for kind, places in sorted(kinds[error].items())
        )
        parts[-1] += "\n"
    return "\n".join(parts)


def classes() -> dict[str, str]:
    """The error classes with the first sentence of their docstrings, in the order of the module."""
    tree = ast.parse(ERRORS.read_text(encoding="utf-8"))
    found = {node.name: (ast.get_docstring(node) or "").strip() for node in tree.body if isinstance(node, ast.ClassDef)}
    del found[BASE]
    return found


def raised(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Error class and kind of every error made in the tree with a kind that is written out."""
    known = classes().keys()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in known:
                yield name, node.args[0].value
