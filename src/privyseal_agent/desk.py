"""The desk at which ``seal`` works: the terminal, the clock, randomness and the environment, all passed in.

``cli`` makes the real one; tests make theirs. Standard output carries results alone, and with ``--json`` one JSON
object; everything said to the person meanwhile goes to standard error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from privyseal_agent.errors import UsageError


@dataclass(frozen=True, slots=True)
class Desk:
    """``clock`` gives tz-aware times; ``sleep`` takes seconds; ``ask_secret`` prompts without echo; ``json`` is ``--json``."""

    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    sleep: Callable[[float], None]
    ask_secret: Callable[[str], str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]
    json: bool = False

    def now(self) -> datetime:
        """The time in UTC."""
        return self.clock().astimezone(UTC)

    def say(self, text: str) -> None:
        """Print a result for people."""
        _write(self.stdout, text)

    def note(self, text: str) -> None:
        """Print what is no result: progress, refusals, questions."""
        _write(self.stderr, text)

    def show(self, text: str) -> None:
        """Print what has to be seen before a decision; never into the JSON of standard output."""
        (self.note if self.json else self.say)(text)

    def emit(self, document: Mapping[str, object]) -> None:
        """Print one JSON object on one line; what is not ASCII is escaped, so that no name can steer a terminal."""
        self.stdout.write(json.dumps(document, sort_keys=False) + "\n")
        self.stdout.flush()

    def confirm(self, question: str) -> bool:
        """Ask and return whether the answer was yes; raises UsageError ``confirmation`` when nobody is there to answer."""
        self.stderr.write(f"{printable(question)} [y/N] ")
        self.stderr.flush()
        answer = self.stdin.readline()
        if not answer:
            self.stderr.write("\n")
            raise UsageError("confirmation", "Nobody answered the question, so nothing was done. Answer it, or give --yes.")
        return answer.strip().casefold() in {"y", "yes"}

    def secret(self, prompt: str, option: str) -> str:
        """Ask for a secret without echo; raises UsageError ``secret`` naming ``option`` when there is no terminal."""
        if not self.stdin.isatty():
            raise UsageError("secret", f"There is no terminal to ask for the {prompt}. Give a file with {option}.")
        answer = self.ask_secret(f"{prompt[:1].upper()}{prompt[1:]}: ")
        if not answer:
            raise UsageError("secret", f"The {prompt} was left empty, so nothing was done.")
        return answer


@dataclass(frozen=True, slots=True)
class Reply:
    """``document`` is printed with ``--json``, ``text`` without it.

    A ``refusal`` is a sentence for standard error and makes the exit status 1: the command did its work and the answer
    is no, as in ``seal certificate check`` of an expired certificate.
    """

    document: Mapping[str, object]
    text: str = ""
    refusal: str = ""


def printable(text: str) -> str:
    """Return the text with every character that could steer a terminal written as an escape; line breaks stay."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(character if character.isprintable() or character == "\n" else ascii(character)[1:-1] for character in text)


def _write(stream: TextIO, text: str) -> None:
    if text:
        stream.write(printable(text).rstrip("\n") + "\n")
        stream.flush()
