"""docs/reference/privyseal.md: every command of the operator's ``privyseal``, read from the commands themselves."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from cyclopts import App
from cyclopts.argument import Argument

from privyseal.app import discover
from privyseal.cli.program import make_application

HEAD = """# The privyseal command

`privyseal` is for the operator, on the machine of the service and as its user. It reads the settings file of the data directory that
`--data` names ([settings](settings.md)); [running it for real](../operators/running-for-real.md) says in which order the commands are
used. `seal` is the command for everybody else ([seal](seal.md)).

| Exit status | Meaning |
|---|---|
| 0 | done |
| 1 | refused, or not possible now: the sentence on standard error says why |
| 2 | the command line is out of form, or a file is not there |
| 130 | stopped by Ctrl-C |

The status process has an entry point of its own, because it imports almost nothing: `python -m privyseal.status --data DIR`."""

LABELS: tuple[tuple[type, str], ...] = ((Path, "FILE"), (int, "NUMBER"), (str, "TEXT"))


def render() -> str:
    """The page."""
    parts = [HEAD]
    for title, command in sorted(_commands(make_application(discover()), "privyseal")):
        parts.append("\n".join(_section(title, command)))
    return "\n\n".join(parts)


def _commands(group: App, title: str) -> Iterator[tuple[str, App]]:
    """Every command with its words, groups walked through."""
    for name in group:
        if name.startswith("-"):
            continue
        command, words = group[name], f"{title} {name}"
        if command.default_command is None:
            yield from _commands(command, words)
        else:
            yield words, command


def _section(title: str, command: App) -> Iterator[str]:
    arguments = [item for item in command.assemble_argument_collection(parse_docstring=True) if item.show]
    typed = [_typed(item) if item.required else f"[{_typed(item)}]" for item in arguments]
    yield f"## {title}\n"
    yield f"```\n{' '.join((title, *typed))}\n```\n"
    yield f"{_text(command)}\n"
    yield from (f"- `{_typed(item)}`: {_sentence(item)}" for item in arguments)


def _text(command: App) -> str:
    """The docstring without its list of parameters, each paragraph on one line."""
    text = inspect.cleandoc(command.help).partition("\nParameters\n")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


def _typed(argument: Argument) -> str:
    if not argument.name.startswith("--"):
        many = "..." if argument.field_info.kind is inspect.Parameter.VAR_POSITIONAL else ""
        return ("|".join(_choices(argument.hint)) or argument.name) + many
    if argument.hint is bool:
        return argument.name
    many = "..." if "tuple" in str(argument.hint) else ""
    return f"{argument.name} {'|'.join(_choices(argument.hint)) or _label(argument.hint)}{many}"


def _sentence(argument: Argument) -> str:
    sentence = " ".join((argument.parameter.help or "").split())
    default = argument.field_info.default
    if argument.required or default is inspect.Parameter.empty or default in {None, "", False} or "left out" in sentence:
        return sentence
    return f"{sentence} {default.value if isinstance(default, enum.Enum) else default} when left out."


def _choices(hint: object) -> list[str]:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return [str(item.value) for item in hint]
    found = [item for item in get_args(hint) if isinstance(item, str)]
    return found or [choice for part in get_args(hint) for choice in _choices(part)]


def _label(hint: object) -> str:
    kinds = [hint, *get_args(hint)]
    return next((label for kind, label in LABELS if kind in kinds), "TEXT")
