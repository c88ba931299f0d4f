"""Whatever a page tells its reader to type is understood: by ``seal`` and ``privyseal`` of this release, or as a script of this repository.

A line to be copied has to be whole. In a sentence a command may lack what only its reader knows, but every word that stands there counts.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App
from cyclopts.exceptions import CycloptsError, MissingArgumentError

from privyseal.app import discover
from privyseal.cli.program import make_application
from privyseal_agent import application
from tests.test_docs import PAGES, ROOT, names

WRITTEN = [page for page in PAGES if page.parent.name != "reference"]
PROGRAMS: dict[str, App] = {"seal": application.make_application(), "privyseal": make_application(discover())}
BLOCK = re.compile(r"^ *```(?:sh|console)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r"`([^`\n]+)`")
INSIDE = re.compile(r"\$\((.*)\)", re.DOTALL)


def statements(block: str) -> Iterator[list[str]]:
    """The commands of a block as their words: comments, pipes and redirections end one, what a command is given by another is one too."""
    text = ""
    for line in block.replace("\\\n", " ").splitlines():
        text += f"{line}\n"
        lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:
            continue  # A quotation that goes on in the next line.
        text = ""
        yield from commands(words)


def commands(words: list[str]) -> Iterator[list[str]]:
    """Those that stand in one line of a shell."""
    command: list[str] = []
    for word in words:
        if set(word) <= set("|&;<>()"):
            if command:
                yield command
            command = []
        else:
            command.append(word)
            if found := INSIDE.search(word):
                yield from statements(found[1])
    if command:
        yield command


def problem(words: list[str], *, whole: bool) -> str:
    """Why nobody understands these words of one of our programs, "" where it does or where they are not ours."""
    words = words[1:] if words[:1] == ["$"] else words
    if words[0].startswith("scripts/"):
        return "" if (ROOT / words[0]).is_file() else f"{words[0]} is not there"
    program = PROGRAMS.get(Path(words[0]).name)
    if program is None or len(words) == 1:
        return ""
    try:
        program.parse_args(words[1:], print_error=False, exit_on_error=False)
    except MissingArgumentError as error:
        return f"{shlex.join(words)}: {error}" if whole else ""
    except CycloptsError as error:
        return f"{shlex.join(words)}: {error}"
    return ""


@pytest.mark.parametrize("page", WRITTEN, ids=names(WRITTEN))
def test_what_a_page_tells_to_type_is_understood(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [problem(words, whole=True) for block in BLOCK.findall(text) for words in statements(block)]
    for code in SENTENCE.findall(BLOCK.sub("", text)):
        if code.partition(" ")[0] in PROGRAMS or code.startswith("scripts/"):
            found += [problem(words, whole=False) for words in statements(code)]
    assert [said for said in found if said] == []


def test_the_readme_names_the_first_commands() -> None:
    """What it begins with is what a newcomer types first."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    typed = [words for block in blocks for words in statements(block)]
    assert [words[0] for words in typed[:2]] == ["scripts/demo", "scripts/test"]
    assert {(words[0], words[1], words[2]) for words in typed if words[0] == "seal"} >= {
        ("seal", "request", "submit"),
        ("seal", "request", "approve"),
        ("seal", "certificate", "check"),
        ("seal", "service", "show"),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("seal request aprove req-1", "aprove"),
        ("seal request approve", "requires an argument"),
        ("seal certificate check localhost --nmae www.a.test", "--nmae"),
        ("privyseal inti --data DIR", "inti"),
        ("scripts/demoo --once", "scripts/demoo"),
        ('true | seal audit verify a --checkpoint b --key "$(seal service shwo)"', "shwo"),
    ],
)
def test_what_nobody_understands_is_found(line: str, said: str) -> None:
    found = [problem(words, whole=True) for words in statements(line)]
    assert any(said in text for text in found), found
