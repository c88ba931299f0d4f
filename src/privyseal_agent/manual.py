"""What ``--help`` prints and what docs/reference/seal.md says, from one reading of the commands themselves."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, get_args

from cyclopts import App
from cyclopts.argument import Argument

from privyseal_agent.settings import ServiceOptions

WIDTH: Final = 100

_TIED: Final = "\x1f"
_SHARED: Final = tuple(f"--{item.name.replace('_', '-')}" for item in fields(ServiceOptions))
_LABELS: Final = {int: "NUMBER", Path: "FILE", str: "TEXT"}


@dataclass(frozen=True, slots=True)
class Manual:
    """One command: its usage line, its text in paragraphs, and the entries of its arguments and options.

    ``shared`` are the options of the service where the command takes them, else ``--json`` alone. An entry is what is
    typed and the sentence that explains it.
    """

    usage: str
    text: str
    arguments: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    shared: tuple[tuple[str, str], ...]


def command_names(application: App) -> list[str]:
    """Return the names of the commands or groups, sorted."""
    return sorted(name for name in application if not name.startswith("-"))


def read_manual(application: App, group: str, name: str) -> Manual:
    """Return the manual of ``seal GROUP NAME``."""
    command = application[group][name]
    shown = [item for item in command.assemble_argument_collection(parse_docstring=True) if item.show]
    common = _SHARED if any(item.name == "--service" for item in shown) else ("--json",)
    positional = [item for item in shown if not item.name.startswith("--")]
    own = [item for item in shown if item.name.startswith("--") and item.name not in common]
    words = [f"seal {group} {name}", *(_typed(item) for item in positional)]
    words += [_typed(item) for item in own if item.required] + [f"[{_typed(item)}]" for item in own if not item.required]
    return Manual(
        usage=" ".join(words),
        text=_paragraphs(command.help),
        arguments=tuple((_typed(item), _sentence(item)) for item in positional),
        options=tuple((_typed(item), _sentence(item)) for item in own),
        shared=tuple((_typed(item), _sentence(item)) for item in shown if item.name in common),
    )


def help_text(application: App, words: Sequence[str]) -> str:
    """Return what ``--help`` prints after these words: about a command, a group, or all of ``seal``."""
    group = words[0] if words and words[0] in command_names(application) else ""
    name = words[1] if group and len(words) > 1 and words[1] in command_names(application[group]) else ""
    if name:
        return _command_help(read_manual(application, group, name))
    if group:
        entries = [(item, _first(application[group][item].help)) for item in command_names(application[group])]
        return _sections(f"seal {group} COMMAND", _paragraphs(application[group].help), [("Commands", entries)])
    entries = [(item, _first(application[item].help)) for item in command_names(application)]
    flags = [("--help", "Explain seal, a group or a command."), ("--version", "Tell the version.")]
    return _sections("seal GROUP COMMAND", _paragraphs(application.help), [("Groups", entries), ("Options", flags)])


def _command_help(manual: Manual) -> str:
    # An option and its value stay together.
    words = manual.usage.replace(" [", "\n[").replace(" --", "\n--").replace(" ", _TIED).replace("\n", " ")
    lines = textwrap.wrap(words, WIDTH - 7, break_long_words=False, break_on_hyphens=False)
    usage = "\n       ".join(lines).replace(_TIED, " ")
    parts = [("Arguments", manual.arguments), ("Options", manual.options)]
    if len(manual.shared) > 1:
        return _sections(usage, manual.text, [*parts, ("Options of the service", manual.shared)])
    return _sections(usage, manual.text, [parts[0], ("Options", (*manual.options, *manual.shared))])


def _sections(usage: str, text: str, sections: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> str:
    body = "\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in text.split("\n\n"))
    parts = [f"Usage: {usage}", body]
    for title, entries in sections:
        lines = [line for entry in entries for line in _entry(*entry)]
        if lines:
            parts.append("\n".join((f"{title}:", *lines)))
    return "\n\n".join(parts)


def _entry(typed: str, sentence: str) -> list[str]:
    column = 28
    lines = textwrap.wrap(sentence, WIDTH - column, break_long_words=False, break_on_hyphens=False) or [""]
    head = f"  {typed}"
    if len(head) > column - 2:
        return [head, *(" " * column + line for line in lines)]
    return [head.ljust(column) + lines[0], *(" " * column + line for line in lines[1:])]


def _paragraphs(docstring: str) -> str:
    # The docstring without its list of parameters, each paragraph on one line.
    text = inspect.cleandoc(docstring).partition("\nParameters\n")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


def _first(docstring: str) -> str:
    return _paragraphs(docstring).partition("\n\n")[0]


def _typed(argument: Argument) -> str:
    many = "..." if any(word in str(argument.hint) for word in ("list", "tuple")) else ""
    if not argument.name.startswith("--"):
        return argument.name + many
    if argument.hint is bool:
        return argument.name
    label = "|".join(_choices(argument.hint)) or _label(argument.hint)
    return f"{argument.name} {label}{many}"


def _label(hint: object) -> str:
    kinds = [hint, *get_args(hint)]
    return next((label for kind, label in _LABELS.items() if kind in kinds), "TEXT")


def _sentence(argument: Argument) -> str:
    return " ".join((argument.parameter.help or "").split())


def _choices(hint: object) -> list[str]:
    found = [item for item in get_args(hint) if isinstance(item, str)]
    return found or [choice for part in get_args(hint) for choice in _choices(part)]
