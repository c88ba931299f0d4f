"""Sentences of the rooms below, which speak English alone, in the reader's language.

A refusal or a verdict is a whole sentence with the values in it. Its message in the catalogue has numbered places for these
values, read out of the code by ``scripts/words``: ``{0}`` for a value as it is, ``{0:word}`` for a word of ours,
``{0:number}`` for a number with English separators, ``{0:day}`` for a day, ``{0:sentence}`` and ``{0:sentences}`` for
sentences of ours inside another. A sentence that fits no message stays as it is, and a page in English asks no catalogue at
all. Whatever comes back is text and is escaped where it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property

from babel.dates import format_date
from babel.numbers import format_decimal

from privyseal.look import words

SENTENCE = "sentence"
WORD = "word"
"""The contexts of such messages in a catalogue."""

BETWEEN = "; "
"""What stands between several sentences in one place."""

_PLACE = re.compile(r"\{(\d+)(?::([a-z]+))?\}")


def told(sentence: str) -> str:
    """Return a sentence of the rooms below in the spoken language; one that no catalogue knows as it is."""
    language = words.spoken()
    if language == words.SOURCE_LANGUAGE:
        return sentence
    return next((found for message in _messages(language) if (found := message.tell(sentence)) is not None), sentence)


def word(value: str) -> str:
    """Return the value of one of our enumerations, or the name of a field, as a word in the spoken language."""
    plain = value.replace("_", " ").replace("-", " ")
    return _words(words.spoken()).get(plain, plain)


@dataclass(frozen=True)
class Message:
    """One message of a catalogue: the English it is recognized by, and what a reader gets."""

    english: str
    translated: str

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """What stands before, between and after the places, in English."""
        return tuple(_PLACE.split(self.english)[::3])

    def values(self, sentence: str) -> list[str] | None:
        """Return what stands in the places, or None where the sentence is another one.

        Each literal is taken at its first chance, as in a file name with asterisks, so a long text costs one search each
        and nothing is ever tried twice.
        """
        first, *rest = self.literals
        if not rest:
            return [] if sentence == first else None
        if not sentence.startswith(first) or not sentence.endswith(rest[-1]) or len(sentence) < len(first) + len(rest[-1]):
            return None
        values, start, end = [], len(first), len(sentence) - len(rest[-1])
        for literal in rest[:-1]:
            found = sentence.find(literal, start, end)
            if found < 0:
                return None
            values.append(sentence[start:found])
            start = found + len(literal)
        return [*values, sentence[start:end]]

    def tell(self, sentence: str) -> str | None:
        """Return the translation with the values of the sentence in it, or None where the sentence is another one."""
        values = self.values(sentence)
        if values is None:
            return None
        marks = {int(place): mark for place, mark in _PLACE.findall(self.english)}
        shown = [_shown(value, marks[place]) for place, value in enumerate(values)]
        return _PLACE.sub(lambda place: shown[int(place[1])], self.translated)


def _shown(value: str, mark: str) -> str:
    if mark == "word":
        return word(value)
    if mark == "number":
        digits = value.replace(",", "")
        return format_decimal(int(digits), locale=words.locale()) if digits.isdecimal() else value
    if mark == "day":
        return _day(value)
    if mark == "sentence":
        return told(value)
    return BETWEEN.join(told(part) for part in value.split(BETWEEN)) if mark == "sentences" else value


def _day(value: str) -> str:
    try:
        day = datetime.strptime(value, "%d %B %Y").replace(tzinfo=UTC)
    except ValueError:
        return value
    return str(format_date(day, words.gettext("d MMMM y"), locale=words.locale()))


@cache
def _messages(language: str) -> tuple[Message, ...]:
    """Return the messages with the longest words of their own first, so that the most exact one is found."""
    found = [Message(english, translated) for english, translated in _of_context(language, SENTENCE)]
    return tuple(sorted(found, key=lambda message: -sum(map(len, message.literals))))


@cache
def _words(language: str) -> dict[str, str]:
    return dict(_of_context(language, WORD))


def _of_context(language: str, context: str) -> Iterator[tuple[str, str]]:
    for message in words.messages(language) or ():
        if message.context == context and isinstance(message.id, str) and isinstance(message.string, str) and message.string:
            yield message.id, message.string
