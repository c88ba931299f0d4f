"""Reads out of the code, without running it, every sentence of a refusal or verdict that a page may show.

The rooms below the pages speak English alone: they raise ``Refused("kind", f"There is no {tier} unit left.")`` and know no
catalogue. Here each such sentence becomes the message that translators get, ``There is no {0} unit left.`` with numbers for
what is only known when it is raised. What is a word of ours (the value of an enumeration) has the number with a mark,
``{0:word}``, and is translated too; ``{0:sentence}`` is a whole sentence of ours inside another.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from privyseal.engine.names import SCRIPTS
from privyseal.model import errors
from privyseal.model.administrator import AdministratorState, Permission, Role
from privyseal.model.organization import RECORD_BOUNDS, OrganizationState
from privyseal.model.request import RequestEvent, RequestState, ServerKind
from privyseal.model.unit import UnitTier
from privyseal_wire import errors as wire_errors

SOURCE = Path(__file__).parents[2] / "src"
ROOMS = (
    *(f"privyseal/{room}" for room in ("model", "engine", "store", "actions", "issuer", "reception", "look", "pages")),
    "privyseal_wire",
)
"""Where a sentence on a page may come from; the issuer's sentences come through the completed intents."""


def _kinds(module: ModuleType) -> Iterator[tuple[str, type]]:
    return ((name, kind) for name, kind in vars(module).items() if isinstance(kind, type))


CARRIERS = {
    **{name: (1,) for name, kind in _kinds(errors) if issubclass(kind, errors.PrivysealError)},
    **{name: (1,) for name, kind in _kinds(wire_errors) if issubclass(kind, wire_errors.WireError)},
    "PrivateKeyFound": (0,),
    "Verdict": (2, 3),
}
"""What carries sentences, and at which of its arguments."""

EVIDENCE = 3
"""The place of a verdict that may hold a bare value, such as a name, instead of a sentence."""

LISTS = ("warnings", "problems")
"""Names of lists of sentences."""

FILES = ("privyseal/jobs/sweep.py",)
"""Where else they come from: why a request lapsed stands on its page."""

TABLES = ("END_SENTENCES", "LAPSES")
"""Names of tables of sentences that pages show by themselves; in a row it is the last thing."""

PASSED_ON = ("sentence", "evidence")
"""Attributes whose text was read where it was made."""

SINGLE = ("warning", "notice")
"""Names of one out of such a list."""

INSIDE = ("advice", "_advice")
"""Names of what is a whole sentence inside another."""

WORDS = (Role, Permission, RequestState, RequestEvent, OrganizationState, AdministratorState, UnitTier, ServerKind)
"""The enumerations whose values stand in sentences, or on pages as they are."""

LABELLED = ("require_text", "require_record_text")
"""What names the field it refuses; the name is its first argument."""

IN_A_SHELL = ("_against_tiles",)
"""Functions whose sentences only the commands show, because no page gives them what they compare."""

_WORD = re.compile(r"[a-z]{2}")
_DEEPEST = 8


class UnreadableSentenceError(Exception):
    """A sentence is put together in a way that nobody can translate; the message says where."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for a value; ``mark`` as in the module's docstring, or nothing."""

    mark: str = ""


Template = tuple[str | Hole, ...]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Known = Mapping[str, Sequence[Template]]


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the source, with what its own names mean."""

    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, list[Function]] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


@cache
def module(path: Path) -> Module:
    """Return a file, read."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    read = Module(path, tree)
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            read.constants[statement.targets[0].id] = statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
            read.constants[statement.target.id] = statement.value
    for node in ast.walk(tree):
        if isinstance(node, Function):
            read.functions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ImportFrom) and node.module:
            read.imported.update({alias.asname or alias.name: (node.module, alias.name) for alias in node.names})
    return read


def modules() -> list[Module]:
    """Return every file whose sentences a page may show."""
    return [module(path) for room in ROOMS for path in sorted((SOURCE / room).rglob("*.py"))] + [module(SOURCE / file) for file in FILES]


@cache
def sentences() -> frozenset[str]:
    """Return every message; raises UnreadableSentenceError."""
    return frozenset(message for read in modules() for message in sentences_of(read))


def sentences_of(read: Module) -> set[str]:
    """Return the messages of one file; raises UnreadableSentenceError."""
    found: set[str] = set()
    for reader, expression, is_evidence in _expressions(read):
        try:
            templates = reader.read(expression)
        except UnreadableSentenceError:
            if is_evidence:
                continue
            raise
        found |= set(filter(None, map(written, templates)))
    return found


def words() -> set[str]:
    """Return what stands in sentences as one word of ours: values of enumerations, and names of fields."""
    found = {member.value for kind in WORDS for member in kind}
    for read in modules():
        for _, call in _calls(read):
            if _called(call) in LABELLED and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
    found |= {*RECORD_BOUNDS, *SCRIPTS}
    return {spelled(word) for word in found}


def _expressions(read: Module) -> Iterator[tuple[Reader, ast.expr, bool]]:
    """Every expression of a file that is a sentence, with whoever reads it, and whether it may be a bare value."""
    for around, call in _calls(read):
        if any(function.name in IN_A_SHELL for function in around):
            continue
        reader = Reader(read, around)
        name = _called(call)
        for place in CARRIERS.get(name, ()):
            if (expression := _argument(call, place)) is not None:
                yield reader, expression, place == EVIDENCE
        yield from ((reader, keyword.value, False) for keyword in call.keywords if keyword.arg in INSIDE)
        if name == "append" and isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in LISTS:
            yield reader, call.args[0], False
    for name in TABLES:
        table = read.constants.get(name)
        values = table.values if isinstance(table, ast.Dict) else [row.elts[-1] for row in getattr(table, "elts", [])]
        yield from ((Reader(read, []), value, False) for value in values)
    for functions in read.functions.values():
        for function in functions:
            for name in LISTS:
                for value in filter(None, _assigned(function, name)):
                    elements = [value.elt] if isinstance(value, ast.ListComp) else getattr(value, "elts", [])
                    yield from ((Reader(read, [function]), element, False) for element in elements)


def _argument(call: ast.Call, place: int) -> ast.expr | None:
    if place < len(call.args):
        return call.args[place]
    name = {1: "sentence"}.get(place, "")
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _calls(read: Module) -> Iterator[tuple[list[Function], ast.Call]]:
    """Every call with the functions around it, the innermost last."""

    def walk(node: ast.AST, around: list[Function]) -> Iterator[tuple[list[Function], ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield around, child
            yield from walk(child, [*around, child] if isinstance(child, Function) else around)

    return walk(read.tree, [])


def _called(call: ast.Call) -> str:
    target = call.func
    if isinstance(target, ast.Name):
        return target.id
    return target.attr if isinstance(target, ast.Attribute) else ""


def written(template: Template) -> str:
    """Return the message of a template; nothing for one without words of its own."""
    numbers = itertools.count()
    merged = "".join(part if isinstance(part, str) else _place(next(numbers), part) for part in template).strip()
    return merged if any(_WORD.search(part) for part in template if isinstance(part, str)) else ""


def _place(number: int, hole: Hole) -> str:
    return f"{{{number}:{hole.mark}}}" if hole.mark else f"{{{number}}}"


class Reader:
    """Reads expressions inside ``around``, functions of a file; ``known`` are arguments whose value is known."""

    def __init__(self, read: Module, around: Sequence[Function], known: Known | None = None, depth: int = 0) -> None:
        self._module = read
        self._around = around
        self._known = known or {}
        self._depth = depth

    def read(self, node: ast.expr) -> list[Template]:
        """Return the sentences that an expression may be; none for one in the reader's language already."""
        if (isinstance(node, ast.Attribute) and node.attr in PASSED_ON) or (isinstance(node, ast.Name) and node.id in SINGLE):
            return []
        readers: dict[type[ast.expr], Callable[[Any], list[Template]]] = {
            ast.Constant: self._constant,
            ast.JoinedStr: self._joined,
            ast.IfExp: lambda choice: self.read(choice.body) + self.read(choice.orelse),
            ast.BoolOp: lambda choice: [template for value in choice.values for template in self.read(value)],
            ast.BinOp: self._sum,
            ast.Name: self._name,
            ast.Call: self._call,
            ast.Subscript: self._subscript,
        }
        if type(node) not in readers:
            raise self._unreadable(node)
        return readers[type(node)](node)

    def _constant(self, node: ast.Constant) -> list[Template]:
        if not isinstance(node.value, str):
            raise self._unreadable(node)
        return [(node.value,)]

    def _sum(self, node: ast.BinOp) -> list[Template]:
        if isinstance(node.op, ast.Add):
            return [left + right for left in self.read(node.left) for right in self.read(node.right)]
        if isinstance(node.op, ast.Mod) and not (found := self.read(node.left)):
            return found  # What gettext gave is in the reader's language.
        raise self._unreadable(node)

    def _unreadable(self, node: ast.AST) -> UnreadableSentenceError:
        return UnreadableSentenceError(f"{self._module.path}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}")

    def _joined(self, node: ast.JoinedStr) -> list[Template]:
        pieces: list[list[Template]] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                pieces.append([(str(part.value),)])
            elif isinstance(part, ast.FormattedValue):
                pieces.append(self._value(part))
        return [tuple(itertools.chain.from_iterable(chosen)) for chosen in itertools.product(*pieces)]

    def _value(self, part: ast.FormattedValue) -> list[Template]:
        """A value is read into the sentence where it can only be words of ours, and is a place otherwise."""
        node = part.value
        if part.format_spec is None and part.conversion == -1:
            try:
                found = self.read(node)
            except UnreadableSentenceError:
                found = []
            if found and all(_is_words(template) for template in found):
                return found
        if part.format_spec is not None and ast.unparse(part.format_spec) == "f','":
            return [(Hole("number"),)]
        if part.format_spec is not None and ast.unparse(part.format_spec) == "f'%-d %B %Y'":
            return [(Hole("day"),)]
        return [(Hole(self._mark(node)),)]

    def _mark(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            values = next(filter(None, (list(_assigned(function, node.id)) for function in reversed(self._around))), [])
            if len(values) == 1 and values[0] is not None and not isinstance(values[0], ast.Name):
                return self._mark(values[0])
            return "word" if node.id == "label" else ""
        if isinstance(node, ast.Call) and _called(node) == "replace" and isinstance(node.func, ast.Attribute):
            inner = node.func.value
            return "word" if isinstance(inner, ast.Name) and inner.id == "field" else self._mark(inner)
        if isinstance(node, ast.Call) and _called(node) == "join" and getattr(node.args[0], "id", "") in LISTS:
            return "sentences"
        if isinstance(node, ast.Attribute) and node.attr in {*INSIDE, "sentence"}:
            return "sentence"
        is_script = isinstance(node, ast.Call) and _called(node) == "capitalize"
        return "word" if is_script or (isinstance(node, ast.Attribute) and node.attr in {"value", "unit_tier"}) else ""

    def _name(self, node: ast.Name) -> list[Template]:
        if node.id in self._known:
            return list(self._known[node.id])
        for function in reversed(self._around):
            values = list(_assigned(function, node.id))
            if values:
                return [template for value in values for template in self._value_of(value, node)]
            names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
            if node.id in names:
                return self._from_callers(function, names, node)
        if node.id in self._module.constants:
            return Reader(self._module, [], depth=self._depth + 1).read(self._module.constants[node.id])
        if (elsewhere := self._elsewhere(node.id)) is not None and node.id in elsewhere.constants:
            return Reader(elsewhere, [], depth=self._depth + 1).read(elsewhere.constants[node.id])
        raise self._unreadable(node)

    def _value_of(self, value: ast.expr | None, node: ast.Name) -> list[Template]:
        if value is None or self._depth > _DEEPEST:
            raise self._unreadable(node)
        return Reader(self._module, self._around, self._known, self._depth + 1).read(value)

    def _from_callers(self, function: Function, names: Sequence[str], node: ast.Name) -> list[Template]:
        """What the calls of this file give for a parameter."""
        if self._depth > _DEEPEST:
            raise self._unreadable(node)
        place = names.index(node.id) - (1 if names[0] in {"self", "cls"} else 0)
        found: list[Template] = []
        is_called = False
        for around, call in _calls(self._module):
            if _called(call) != function.name:
                continue
            is_called = True
            given = call.args[place] if place < len(call.args) else None
            given = next((keyword.value for keyword in call.keywords if keyword.arg == node.id), given)
            if given is None:
                raise self._unreadable(call)
            found += Reader(self._module, around, depth=self._depth + 1).read(given)
        if not is_called:
            raise self._unreadable(node)
        return found

    def _call(self, node: ast.Call) -> list[Template]:
        name = _called(node)
        if name in {"gettext", "ngettext", "_"}:
            return []
        if name in {"format", "strip"} and isinstance(node.func, ast.Attribute):
            return self.read(node.func.value)
        read: Module | None = self._module
        if name not in self._module.functions:
            read = self._elsewhere(name)
        candidates = read.functions.get(name, []) if read else []
        if read is None or len(candidates) != 1 or self._depth > _DEEPEST:
            raise self._unreadable(node)
        function = candidates[0]
        if not (isinstance(function.returns, ast.Name) and function.returns.id == "str"):
            raise self._unreadable(node)
        return Reader(read, [function], self._arguments(function, node), self._depth + 1).returned(function)

    def _arguments(self, function: Function, node: ast.Call) -> Known:
        names = [argument.arg for argument in function.args.args if argument.arg not in {"self", "cls"}]
        given = dict(zip(names, node.args, strict=False)) | {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        known: dict[str, Sequence[Template]] = {}
        for name, expression in given.items():
            try:
                known[name] = self.read(expression)
            except UnreadableSentenceError:
                known[name] = [(Hole(self._mark(expression)),)]
        return known

    def returned(self, function: Function) -> list[Template]:
        """Return what a function may return."""
        results = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
        return [template for result in results for template in self.read(result)]

    def _subscript(self, node: ast.Subscript) -> list[Template]:
        """Any value of a table of ours."""
        read = self._module
        table = node.value
        if isinstance(table, ast.Name) and table.id not in read.constants:
            read = self._elsewhere(table.id) or read
        found = read.constants.get(table.id) if isinstance(table, ast.Name) else None
        if not isinstance(found, ast.Dict):
            raise self._unreadable(node)
        values = [template for value in found.values for template in Reader(read, [], depth=self._depth + 1).read(value)]
        return values if all(written(value) for value in values) else [(Hole(),)]

    def _elsewhere(self, name: str) -> Module | None:
        package, _ = self._module.imported.get(name, ("", ""))
        if not package.startswith("privyseal"):
            return None
        place = SOURCE.joinpath(*package.split("."))
        return next((module(path) for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()), None)


def _is_words(template: Template) -> bool:
    """Tell whether a part is worth reading into its sentence: all known, or with words around its places."""
    return all(isinstance(part, str) for part in template) or any(" " in part for part in template if isinstance(part, str))


def spelled(word: str) -> str:
    """Return a word as sentences have it: ``contact_name`` and ``dns-txt`` without what joins their parts."""
    return word.replace("_", " ").replace("-", " ")


def _assigned(function: Function, name: str) -> Iterator[ast.expr | None]:
    """What a local name is set to; None for what cannot be told."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _part(target, node.value, name)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield from _part(node.target, node.value, name)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            yield None
        elif isinstance(node, (ast.For, ast.comprehension)):
            yield from _looped(function, node, name)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield from _part(node.optional_vars, ast.Constant(0), name)


def _looped(function: Function, node: ast.For | ast.comprehension, name: str) -> Iterator[ast.expr | None]:
    if not any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node.target)):
        return
    table = node.iter
    if isinstance(table, ast.Name):
        set_to = [each.value for each in ast.walk(function) if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == table.id]
        table = set_to[0] if len(set_to) == 1 else table
    if not isinstance(table, (ast.Tuple, ast.List)):
        yield None
        return
    for row in table.elts:
        yield from _part(node.target, row, name)


def _part(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr | None]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple):
        if isinstance(value, ast.IfExp):
            yield from _part(target, value.body, name)
            yield from _part(target, value.orelse, name)
        elif isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            for inner, given in zip(target.elts, value.elts, strict=True):
                yield from _part(inner, given, name)
        elif any(isinstance(part, ast.Name) and part.id == name for part in target.elts):
            yield None
