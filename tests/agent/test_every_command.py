"""Every command of ``seal`` is run by a test, or is left out here by name.

What is read are the sources: a call of what runs a command line, with the words of a command as they stand there. Where the verb is a
name there, such as that of a parametrized test, every text of that test counts that is a verb of the noun.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from privyseal_agent.application import make_application

TESTS = Path(__file__).parents[1]
FOLDERS = ("agent", "stories", "cli", "doors")
RUNNERS = frozenset({"seal", "process", "command", "done", "document", "refused", "run_seal", "run"})
"""What runs a command line: methods of the rigs and of people at a shell."""
LEFT_OUT: dict[tuple[str, ...], str] = {}
"""Commands that no test runs, and why not."""

Command = tuple[str, ...]


def commands_of(application: App, before: Command = ()) -> Iterator[Command]:
    """Every command by its words."""
    for name in application:
        if name.startswith("-"):
            continue
        below = list(commands_of(application[name], (*before, name)))
        yield from below or [(*before, name)]


KNOWN = frozenset(commands_of(make_application()))


def texts(tree: ast.AST) -> set[str]:
    """Every text that stands in a piece of source."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def run_in(source: str, known: frozenset[Command]) -> set[Command]:
    """The commands that a test file runs."""
    found: set[Command] = set()
    for whole in ast.parse(source).body:
        around = texts(whole)
        for call in ast.walk(whole):
            if isinstance(call, ast.Call) and name_of(call.func) in RUNNERS:
                found |= {command for command in known if is_run(call.args, command, around)}
    return found


def name_of(called: ast.expr) -> str:
    """The last name of what is called."""
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def is_run(arguments: list[ast.expr], command: Command, around: set[str]) -> bool:
    """Whether the words of the command stand at the beginning of the arguments, behind the person where somebody is named."""
    first = 0 if arguments and isinstance(arguments[0], ast.Constant) else 1
    given = arguments[first : first + len(command)]
    return (
        len(given) == len(command)
        and all(fits(item, word, around) for item, word in zip(given, command, strict=True))
        and is_text(given[0])
    )


def fits(argument: ast.expr, word: str, around: set[str]) -> bool:
    """Whether an argument is the word, or a name that may stand for it."""
    return argument.value == word if isinstance(argument, ast.Constant) else isinstance(argument, ast.Name) and word in around


def is_text(argument: ast.expr) -> bool:
    """Whether it is written out."""
    return isinstance(argument, ast.Constant)


@pytest.fixture(scope="module")
def run_by_tests() -> set[Command]:
    """What the tests of the folders run."""
    files = [file for folder in FOLDERS for file in sorted((TESTS / folder).rglob("test_*.py")) if file != Path(__file__)]
    return {command for file in files for command in run_in(file.read_text(encoding="utf-8"), KNOWN)}


def test_every_command_is_run_by_a_test(run_by_tests: set[Command]) -> None:
    assert len(KNOWN) > 100
    assert sorted(KNOWN - run_by_tests - LEFT_OUT.keys()) == []


def test_what_is_left_out_is_there_and_run_nowhere(run_by_tests: set[Command]) -> None:
    assert LEFT_OUT.keys() - KNOWN == set()
    assert LEFT_OUT.keys() & run_by_tests == set()
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize(
    ("source", "run"),
    [
        ('def test(rig): rig.seal("order", "place", "25")', {("order", "place")}),
        ('def test(world): run_seal(world.dana, "order", "place")', {("order", "place")}),
        ('@mark("step", ["place", "show"])\ndef test(rig, step): rig.seal("order", step)', {("order", "place"), ("order", "show")}),
        ('def test(rig): rig.seal("order")\ndef other(): return "place"', set()),
        ('def test(rig, step): rig.seal("order", step)\ndef other(): return "place"', set()),
        ('def test(rig): assert rig.words == ("order", "place")', set()),
        ('def test(rig): rig.seal("order", "show", "place")', {("order", "show")}),
        ('# rig.seal("order", "place")', set()),
    ],
)
def test_what_counts_as_run(source: str, run: set[Command]) -> None:
    assert run_in(source, frozenset({("order", "place"), ("order", "show"), ("unit", "show")})) == run


def test_a_command_without_a_test_is_found() -> None:
    """As it would be with a new one: nothing runs it, and nobody left it out."""
    application = make_application()
    group = application["order"]
    group.command(lambda: None, name="forget")
    try:
        assert set(commands_of(application)) - KNOWN == {("order", "forget")}
        assert run_in('def test(rig): rig.seal("order", "place")', frozenset(commands_of(application))) == {("order", "place")}
    finally:
        del group["forget"]
