"""Takes every text out of templates and code and compares it with the catalogues; ``scripts/words`` runs it as a program."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from privyseal.look.sentences import SENTENCE, WORD
from tests.look import sentences

SOURCE = Path(__file__).parents[2] / "src" / "privyseal"
LOCALE = SOURCE / "look" / "locale"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
JINJA = {"extensions": "jinja2.ext.do", "newstyle_gettext": "true", "trimmed": "false", "silent": "false"}
PLACE = re.compile(r"\{\d+(?::[a-z]+)?\}")
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]")


def texts() -> Catalog:
    """Return a catalogue of every text, with the file it stands in; raises UnreadableSentenceError."""
    found = Catalog(project="Privyseal", charset="utf-8")
    for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html")]):
        if path.suffix == ".html" and not {"look", "pages"} & set(path.relative_to(SOURCE).parts):
            continue  # Letters are not pages.
        method, options = ("python", {}) if path.suffix == ".py" else ("jinja2.ext:babel_extract", JINJA)
        place = path.relative_to(SOURCE.parents[1]).as_posix()
        for _line, message, _comments, _context in extract_from_file(method, path, keywords=KEYWORDS, options=options):
            found.add(message, locations=[(place, None)])  # type: ignore[list-item] # Babel takes a place without a line
    for sentence in sentences.sentences():
        found.add(sentence, context=SENTENCE)
    for word in sentences.words():
        found.add(word, context=WORD)
    return found


def catalogue(language: str) -> Catalog:
    """Return the catalogue of a language; an empty one where it does not exist yet."""
    file = LOCALE / language / "privyseal.po"
    if not file.exists():
        return Catalog(locale=language)
    with file.open("rb") as source:
        return read_po(source, locale=language)


def languages() -> list[str]:
    """Return the languages that have a folder."""
    return sorted(path.name for path in LOCALE.glob("*/"))


def faults(language: str) -> list[str]:
    """Return what is wrong with a catalogue: missing, empty, unused, or with other placeholders than the text."""
    wanted, there = texts(), catalogue(language)
    wrong = [f"missing: {message.id}" for message in wanted if message.id and there.get(message.id, message.context) is None]
    for message in there:
        if not message.id:
            continue
        translated, originals = _forms(message.string), _forms(message.id)
        if wanted.get(message.id, message.context) is None:
            wrong.append(f"not used: {message.id}")
        elif not all(translated) or message.fuzzy:
            wrong.append(f"not translated: {message.id}")
        elif any(set(PLACEHOLDER.findall(text)) - set(PLACEHOLDER.findall(" ".join(originals))) for text in translated) or set(
            PLACEHOLDER.findall(originals[-1])
        ) - set(PLACEHOLDER.findall(translated[-1])):
            wrong.append(f"other placeholders: {message.id}")
        elif message.context == SENTENCE and sorted(PLACE.findall(originals[0])) != sorted(PLACE.findall(translated[0])):
            wrong.append(f"other places: {message.id}")
    return wrong


def _forms(text: str | Sequence[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ("",))


def update(language: str) -> None:
    """Bring a catalogue up to date; what is new stays empty."""
    fresh, known = texts(), catalogue(language)
    fresh.locale = language
    for message in fresh:
        old = known.get(message.id, message.context) if message.id else None
        if old is not None:
            message.string = old.string
    with (LOCALE / language / "privyseal.po").open("wb") as target:
        write_po(target, fresh, width=140, sort_output=True, no_location=True, include_previous=False, omit_header=True)


def main() -> int:
    """Check, or write with ``--write``; returns 1 when something is wrong."""
    if "--write" in sys.argv[1:]:
        for language in languages():
            update(language)
    wrong = [f"{language}: {fault}" for language in languages() for fault in faults(language)]
    print("\n".join(wrong) or "Every text is in every catalogue.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
