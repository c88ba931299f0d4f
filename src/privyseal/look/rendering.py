"""HTML from templates: escaped always, with the filters that every page uses.

A template is named ``look`` part first: ``kinds/question.html`` is a page kind, ``portal/start.html`` belongs to the site
that brought the folder. What is undefined raises, so that a page never shows a hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from privyseal.look import words
from privyseal.look.assets import address_of
from privyseal.look.moments import KEPT, age_text, pattern_text
from privyseal.look.sentences import told, word

JUST_NOW = timedelta(seconds=10)
TEMPLATES = Path(__file__).parent / "templates"

_MOMENT_HEAD = Markup('<time datetime="%s" title="%s">')
_TIME_END = Markup("</time>")
_EXACT = Markup('<time datetime="%s" title="%s" data-exact="%s">%s</time>')
_DAY = Markup('<time datetime="%s" title="%s" data-day>%s</time>')


class Renderer:
    """Templates of the look and of the sites: ``sites`` are folders by the first part of the template's name."""

    def __init__(self, sites: Mapping[str, Path] | None = None) -> None:
        self._environment = _environment(tuple((sites or {}).items()))

    def page(self, template: str, values: Mapping[str, Any]) -> str:
        """Return the whole text of a template in the spoken language; raises UndefinedError for a value that is missing."""
        return self._environment.get_template(template).render(values)

    def check(self) -> list[str]:
        """Compile every template and return their names; raises TemplateSyntaxError."""
        names = self._environment.list_templates(extensions=["html"])
        for name in names:
            self._environment.get_template(name)
        return names


@lru_cache(maxsize=8)
def _environment(sites: tuple[tuple[str, Path], ...]) -> Environment:
    """Templates are compiled once in a process: that takes longer than to show all of them."""
    by_site = PrefixLoader({name: FileSystemLoader(folder) for name, folder in sites})
    environment = Environment(
        loader=ChoiceLoader([by_site, FileSystemLoader(TEMPLATES)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
    )
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined] # of the extension
    # A page has hundreds of texts, and most of them have no variables.
    environment.globals |= {"gettext": text, "_": text, "asset": address_of, "language": words.spoken}
    environment.filters |= {
        "moment": moment,
        "moment_text": moment_text,
        "host": host,
        "day_text": day_text,
        "number": number,
        "hex_groups": hex_groups,
        "isolated": isolated,
        "told": told,
        "word": word,
    }
    return environment


def text(message: str, **variables: object) -> Markup:
    """Return a text of a template in the spoken language, with its variables escaped."""
    language = words.spoken()
    return _text(message, language) % variables if variables else _whole_text(message, language)


@lru_cache(maxsize=8192)
def _text(message: str, _language: str) -> Markup:
    return Markup(words.gettext(message))  # noqa: S704 - texts of ours and of our catalogues


@lru_cache(maxsize=8192)
def _whole_text(message: str, language: str) -> Markup:
    return _text(message, language) % {}


def moment(value: datetime, now: datetime) -> Markup:
    """Return a ``time`` element: the age for reading, the exact time in UTC for hovering and for the reader's own zone."""
    away = value - now
    age = words.gettext("just now") if abs(away) < JUST_NOW else age_text(away)
    return _moment_head(value, words.spoken()) + age + _TIME_END


@lru_cache(KEPT)
def _moment_head(value: datetime, _language: str) -> Markup:
    exact = value.astimezone(UTC)
    return _MOMENT_HEAD % (_machine(exact), _utc_text(exact))


def moment_text(value: datetime, *, seconds: bool = False) -> Markup:
    """Return a ``time`` element: day and time in UTC, which scripts turn into the reader's zone; ``seconds`` where order counts."""
    return _moment_text(value, seconds, words.spoken())


@lru_cache(KEPT)
def _moment_text(value: datetime, seconds: bool, _language: str) -> Markup:  # noqa: FBT001 - of the cache's key
    exact = value.astimezone(UTC)
    precise = _utc_text(exact)
    shown = precise if seconds else precise.replace(f"{exact:%H:%M:%S}", f"{exact:%H:%M}")
    return _EXACT % (_machine(exact), precise, "seconds" if seconds else "minutes", shown)


def day_text(value: datetime) -> Markup:
    """Return the day, with the exact time for hovering."""
    return _day_text(value, words.spoken())


@lru_cache(KEPT)
def _day_text(value: datetime, _language: str) -> Markup:
    exact = value.astimezone(UTC)
    return _DAY % (_machine(exact), _utc_text(exact), day_words(value))


def day_words(value: datetime) -> str:
    """Return the day in UTC as text, for inside a sentence."""
    return pattern_text(value.astimezone(UTC), words.gettext("d MMMM y"))


def moment_words(value: datetime) -> str:
    """Return day and time in UTC as text, for inside a sentence."""
    return _utc_text(value.astimezone(UTC))


def _utc_text(exact: datetime) -> str:
    pattern = words.gettext("d MMMM y, HH:mm:ss")  # German has a dot after the day
    return f"{pattern_text(exact, pattern)} UTC"


def _machine(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def number(value: float) -> str:
    """Return a number with the separators of the spoken language."""
    return _number(value, words.spoken())


@lru_cache(maxsize=8192)
def _number(value: float, _language: str) -> str:
    return format_decimal(value, locale=words.locale())


def isolated(text: str) -> Markup:
    """Return a text that somebody typed so that its direction ends with it: a Hebrew name turns no sentence around it."""
    return Markup("<bdi>{}</bdi>").format(text)


def hex_groups(text: str) -> Markup:
    """Return a long hexadecimal text in groups of four that a browser may break between, and that copies without gaps."""
    groups = [text[start : start + 4] for start in range(0, len(text), 4)]
    return Markup("<wbr>").join(groups)


def host(name: str) -> Markup:
    """Return a host name that a browser breaks after a dot, where it must, and not inside a word."""
    return Markup(".<wbr>").join(name.split("."))
