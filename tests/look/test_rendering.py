"""Templates of the look and of every site: they compile, what is missing raises, and nothing that somebody typed becomes HTML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import TemplateSyntaxError, UndefinedError

from privyseal.app import discover
from privyseal.look import words
from privyseal.look.forms import Form
from privyseal.look.frame import Chip, Frame, Help, NavigationItem
from privyseal.look.rendering import Renderer, day_text, hex_groups, host, moment, moment_text, number
from tests.rigs.hostile_texts import INJECTIONS

NOW = datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)
PAYLOADS = pytest.mark.parametrize("payload", INJECTIONS.values(), ids=INJECTIONS.keys())


class Read(HTMLParser):
    """What a browser understands: elements with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self.feed(html)
        self.close()
        self.text = "".join(self._texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._texts.append(data)


def renderer(folder: Path, **templates: str) -> Renderer:
    """The look and a site ``site`` of these templates."""
    for name, text in templates.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return Renderer({"site": folder})


def frame(**values: object) -> Frame:
    return Frame(name="Privyseal", purpose="Tests", home="/", **values)  # type: ignore[arg-type] # a test chooses what it sets


def test_every_template_of_every_site_compiles() -> None:
    sites = discover().sites
    names = Renderer({site.name: site.templates for site in sites}).check()
    assert {"layout.html", "kinds/question.html", "kinds/refusal.html"} <= set(names)
    for site in sites:
        assert [name for name in names if name.startswith(f"{site.name}/")], site.name


def test_a_template_that_does_not_compile_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(TemplateSyntaxError):
        renderer(tmp_path, broken="{% if %}").check()


@pytest.mark.parametrize("text", ["{{ missing }}", "{{ known.missing }}", "{{ known['missing'] }}", "{% if missing %}x{% endif %}"])
def test_what_is_not_there_raises_and_leaves_no_hole(tmp_path: Path, text: str) -> None:
    with pytest.raises(UndefinedError):
        renderer(tmp_path, page=text).page("site/page.html", {"known": {"a": 1}})


@PAYLOADS
def test_a_payload_is_text_in_a_text_an_attribute_and_an_area(tmp_path: Path, payload: str) -> None:
    look = renderer(tmp_path, page='<p title="{{ text }}" data-x="{{ text }}">{{ text }}</p><textarea>{{ text }}</textarea>')
    page = Read(look.page("site/page.html", {"text": payload}))
    assert [tag for tag, _ in page.elements] == ["p", "textarea"]
    # HTML says one line end for all of them (HTML 13.2.3.5); this parser leaves them.
    assert page.elements[0][1] == {"title": payload, "data-x": payload}
    assert page.text == payload * 2


@PAYLOADS
def test_a_payload_typed_into_a_form_comes_back_as_text(tmp_path: Path, payload: str) -> None:
    macros = "{% from 'parts/form.html' import area, choice, error_summary, kept, radios, text, tick %}"
    body = (
        "{{ error_summary(form) }}{{ text(form, 'a', 'A') }}{{ area(form, 'a', 'B') }}{{ choice(form, 'c', 'C', [(typed, typed)]) }}"
        "{{ radios(form, 'd', 'D', [(typed, typed, typed)]) }}{{ tick(form, 'e', typed, help=typed, value=typed) }}{{ kept(form, ['a']) }}"
    )
    form = Form({"a": [payload], "c": [payload], "d": [payload], "e": [payload]})
    form.refuse("a", f"{payload} is refused.")
    plain = renderer(tmp_path, page=macros + body, empty=macros + body)
    page = Read(plain.page("site/page.html", {"form": form, "typed": payload}))
    harmless = Form({"a": ["x"], "c": ["x"], "d": ["x"], "e": ["x"]})
    harmless.refuse("a", "x is refused.")
    same = Read(plain.page("site/empty.html", {"form": harmless, "typed": "x"}))
    assert [(tag, sorted(attributes)) for tag, attributes in page.elements] == [(tag, sorted(found)) for tag, found in same.elements]
    sent = [attributes["value"] for tag, attributes in page.elements if tag == "input" and attributes.get("name") == "a"]
    assert sent == [payload.strip()] * 2
    assert payload.strip() in page.text


@PAYLOADS
def test_a_payload_in_the_frame_is_text(tmp_path: Path, payload: str) -> None:
    hostile = Frame(
        name=payload,
        purpose=payload,
        home="/",
        demo=True,
        navigation=(NavigationItem("/a", payload, current=True, count=3),),
        help=Help(payload, payload),
        visitor=payload,
        account="/account",
        sign_out="/sign-out",
        shortcuts=(("j", payload),),
    )
    values = {"heading": payload, "sentence": payload, "advice": payload, "way_on": None, "form": Form(), "now": NOW}
    look = Renderer()
    page, same = (Read(look.page("kinds/refusal.html", values | {"site": site})) for site in (hostile, _renamed(hostile)))
    assert [(tag, sorted(attributes)) for tag, attributes in page.elements] == [(tag, sorted(found)) for tag, found in same.elements]
    assert page.text.count(payload) >= 7


def _renamed(hostile: Frame) -> Frame:
    return Frame(
        name="x",
        purpose="x",
        home="/",
        demo=True,
        navigation=(NavigationItem("/a", "x", current=True, count=3),),
        help=Help("x", "x@y.test"),
        visitor="x",
        account=hostile.account,
        sign_out=hostile.sign_out,
        shortcuts=(("j", "x"),),
    )


@PAYLOADS
def test_a_payload_in_the_parts_is_text(tmp_path: Path, payload: str) -> None:
    macros = "{% from 'parts/things.html' import chips, copy, facts, note, pager, state, steps, verdicts %}"
    body = (
        "{{ state('good', typed) }}{{ facts([(typed, typed)]) }}{{ copy('x', typed, block=true, label=typed) }}"
        "{% call note('bad', typed) %}{{ typed }}{% endcall %}{{ verdicts([('bad', typed, typed)]) }}"
        "{{ chips([chip]) }}{{ steps([typed], 1) }}{{ typed[:4] | hex_groups }}"
    )
    look = renderer(tmp_path, page=macros + body)
    page, same = (Read(look.page("site/page.html", {"typed": typed, "chip": Chip("/", typed)})) for typed in (payload, "x"))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in same.elements]
    assert page.text.count(payload) >= 8


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_moment_is_an_age_with_the_exact_time(language: str) -> None:
    words.speak(language)
    try:
        seen = Read(moment(NOW - timedelta(hours=3), NOW))
        [(tag, attributes)] = seen.elements
        assert (tag, attributes["datetime"]) == ("time", "2026-11-22T06:30:15Z")
        assert attributes["title"] == {"en": "22 November 2026, 06:30:15 UTC", "de": "22. November 2026, 06:30:15 UTC"}[language]
        assert seen.text == {"en": "3 hours ago", "de": "vor 3 Stunden"}[language]
        assert Read(moment_text(NOW)).text == {"en": "22 November 2026, 09:30 UTC", "de": "22. November 2026, 09:30 UTC"}[language]
        [(_, exact)] = Read(moment_text(NOW, seconds=True)).elements
        assert (exact["datetime"], exact["data-exact"]) == ("2026-11-22T09:30:15Z", "seconds")
        assert Read(moment_text(NOW, seconds=True)).text == exact["title"]
        assert Read(day_text(NOW)).text == {"en": "22 November 2026", "de": "22. November 2026"}[language]
        assert number(1234567) == {"en": "1,234,567", "de": "1.234.567"}[language]
    finally:
        words.speak("en")


def test_moments_near_far_ahead_and_of_other_zones() -> None:
    ages = {
        timedelta(0): "just now",
        timedelta(seconds=-9): "just now",
        timedelta(seconds=9): "just now",
        timedelta(seconds=-30): "30 seconds ago",
        timedelta(days=-400): "1 year ago",
        timedelta(minutes=5): "in 5 minutes",
        timedelta(days=100 * 365): "in 100 years",
    }
    for away, age in ages.items():
        assert Read(moment(NOW + away, NOW)).text == age, away
    there = datetime.fromisoformat("2026-11-22T18:30:15.123456+09:00")
    assert 'datetime="2026-11-22T09:30:15Z"' in moment(there, NOW)
    assert 'datetime="9999-12-31T23:59:59Z"' in day_text(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert 'datetime="0001-01-01T00:00:00Z"' in moment(datetime(1, 1, 1, tzinfo=UTC), NOW)


def test_long_numbers_break_between_groups_and_copy_whole() -> None:
    assert hex_groups("0123456789ab") == "0123<wbr>4567<wbr>89ab"
    assert hex_groups("") == ""
    assert hex_groups("<a>&") == "&lt;a&gt;&amp;"


def test_names_of_hosts_break_after_dots_and_copy_whole() -> None:
    assert host("www.acme.test") == "www.<wbr>acme.<wbr>test"
    assert host("") == ""
    assert host("<a>.&") == "&lt;a&gt;.<wbr>&amp;"


@pytest.mark.parametrize(("name", "is_long"), [("short.acme.test", False), (f"{'long' * 15}.acme.test", True)])
def test_a_long_heading_is_smaller(tmp_path: Path, name: str, is_long: bool) -> None:  # noqa: FBT001 - a case
    macros = "{% from 'parts/heading.html' import heading %}"
    page = Read(renderer(tmp_path, page=macros + "{{ heading(name | host, '') }}").page("site/page.html", {"name": name}))
    assert page.elements[0] == ("h1", {"class": "long"} if is_long else {})
    assert page.text.strip() == name


def test_a_frame_shows_only_what_it_has(tmp_path: Path) -> None:
    values = {"heading": "Heading", "sentence": "Sentence.", "advice": "", "way_on": None, "form": Form(), "now": NOW}
    plain = Renderer().page("kinds/refusal.html", values | {"site": frame()})
    for absent in ("<nav", "mailto:", "Sign out", "<dialog", "demo-strip", " style=", " onclick=", "<style"):
        assert absent not in plain, absent
    assert plain.count("<h1>") == 1
