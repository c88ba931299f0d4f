"""Languages: every text of a page goes through gettext; English is the source, the others are catalogues in ``locale``.

A catalogue is read from its ``.po`` file at first use, so there is nothing to compile and nothing to forget.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from privyseal.look.preferences import weights

LOCALE = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"
LANGUAGES = (SOURCE_LANGUAGE, *sorted(path.name for path in LOCALE.glob("*/") if (path / "privyseal.po").exists()))

_language: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


def choose_language(accept_language: str, languages: Sequence[str] = LANGUAGES) -> str:
    """Return the language of ours that the reader likes best (RFC 9110 12.5.4); English when there is none."""
    wanted = sorted((-weight, place, name) for place, (name, weight) in enumerate(weights(accept_language)) if weight > 0)
    tags = [name.replace("-", "_") for _, _, name in wanted]
    found = negotiate_locale(tags, languages)
    return str(found).split("_", maxsplit=1)[0] if found else SOURCE_LANGUAGE


def speak(language: str) -> None:
    """Choose the language of everything that is translated from here on in this context (one request)."""
    _language.set(language)


def spoken() -> str:
    """Return the language of this context."""
    return _language.get()


def locale() -> Locale:
    """Return the rules of the spoken language for dates and numbers."""
    return Locale.parse(_language.get())


@cache
def messages(language: str) -> Catalog | None:
    """Return what the catalogue of a language holds; None for English, which needs none."""
    file = LOCALE / language / "privyseal.po"
    if language == SOURCE_LANGUAGE or not file.exists():
        return None
    with file.open("rb") as source:
        return read_po(source, locale=language)


@cache
def _catalogue(language: str) -> NullTranslations:
    found = messages(language)
    if found is None:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, found)
    compiled.seek(0)
    return Translations(compiled)


def gettext(message: str) -> str:
    """Return the text in the spoken language."""
    return str(_catalogue(_language.get()).ugettext(message))


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form for ``count`` in the spoken language."""
    return str(_catalogue(_language.get()).ungettext(singular, plural, count))


def mark(message: str) -> str:
    """Return the text as it is: it is translated where it is shown. Marks it for the extraction of messages."""
    return message
