"""RFC 8785 in the narrow form that all parties read alike."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from contextlib import suppress
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.canonical import MAX_CANONICAL_BYTES, MAX_DEPTH, MAX_SAFE_INTEGER, canonical_bytes, parse_canonical, parse_json
from privyseal_wire.errors import CanonicalRefused

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | TEXT


def objects(keys: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, object]]:
    values = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12)
    return st.dictionaries(keys, values, max_size=6)


OBJECTS = objects(TEXT) | objects(st.text(st.characters(max_codepoint=127), max_size=8))


@given(OBJECTS)
def test_it_is_what_the_reference_writes(value: dict[str, object]) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(OBJECTS)
def test_reading_gives_back_what_was_written(value: dict[str, object]) -> None:
    assert parse_canonical(canonical_bytes(value)) == value


@given(OBJECTS, st.integers(0, 7))
def test_any_other_spelling_is_refused(value: dict[str, object], indent: int) -> None:
    other = json.dumps(value, indent=indent, ensure_ascii=True).encode()
    if other != canonical_bytes(value):
        with pytest.raises(CanonicalRefused):
            parse_canonical(other)


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(CanonicalRefused):
        assert canonical_bytes(parse_canonical(data)) == data


@given(OBJECTS, st.randoms(use_true_random=False))
def test_changed_bytes_are_another_value_or_refused(value: dict[str, object], random: object) -> None:
    data = bytearray(canonical_bytes(value))
    position = random.randrange(len(data))  # type: ignore[attr-defined]
    data[position] ^= random.randrange(1, 256)  # type: ignore[attr-defined]
    with suppress(CanonicalRefused):
        assert parse_canonical(bytes(data)) != value


def test_keys_sort_by_utf16_units() -> None:
    """RFC 8785 3.2.3, its own example."""
    keys = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    values = list(json.loads(canonical_bytes(keys)).values())
    assert [value.split()[0] for value in values] == ["Carriage", "One", "Control", "Latin", "Euro", "Emoji:", "Hebrew"]


def test_escapes_are_the_shortest() -> None:
    """RFC 8785 3.2.2.2."""
    data = canonical_bytes({"b": ["\u00e4", "\u001f", '"', "\u007f", "/", "\b\t\n\f\r\\"], "a": None, "c": {"z": True, "y": -1}})
    assert data == '{"a":null,"b":["ä","\\u001f","\\"","\u007f","/","\\b\\t\\n\\f\\r\\\\"],"c":{"y":-1,"z":true}}'.encode()


class Color(StrEnum):
    RED = "red"


class Loud(str):
    __slots__ = ()


REFUSED: list[tuple[object, str]] = [
    ({"a": 1.0}, "canonical-float"),
    ({"a": math.nan}, "canonical-float"),
    ({"a": [1, [2.5]]}, "canonical-float"),
    ({"a": 2**53}, "canonical-integer"),
    ({"a": -(2**53)}, "canonical-integer"),
    ({1: "a"}, "canonical-key"),
    ({"a": {None: 1}}, "canonical-key"),
    ({"a": Loud("x")}, "canonical-type"),
    ({"a": Color.RED}, "canonical-type"),
    ({"a": b"x"}, "canonical-type"),
    ({"a": {1, 2}}, "canonical-type"),
    ({"a": OrderedDict(b=1)}, "canonical-type"),
    ({"a": "\ud800"}, "canonical-text"),
    ({"\udfff": 1}, "canonical-text"),
    ({"\u00e4": "\ud800"}, "canonical-text"),
    ({"a": "x" * MAX_CANONICAL_BYTES}, "canonical-size"),
]


@pytest.mark.parametrize(("value", "kind"), REFUSED)
def test_what_has_no_single_form_is_refused(value: dict[str, object], kind: str) -> None:
    with pytest.raises(CanonicalRefused) as caught:
        canonical_bytes(value)
    assert caught.value.kind == kind
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize("innermost", [[], ["a", "b"], ["a", 1], [["a"]], ("a",)])
def test_lists_count_for_the_depth_whatever_is_in_them(innermost: object) -> None:
    value: object = innermost
    for _ in range(MAX_DEPTH - (2 if innermost == [["a"]] else 1)):
        value = {"a": value}
    assert isinstance(value, dict)
    assert canonical_bytes(value)
    with pytest.raises(CanonicalRefused, match="deeper"):
        canonical_bytes({"a": value})


@pytest.mark.parametrize("key", [1, None, type("Text", (str,), {})("a")])
def test_a_key_is_a_text_and_nothing_like_it(key: object) -> None:
    with pytest.raises(CanonicalRefused) as refusal:
        canonical_bytes({"a": [{"b": 1, key: 2}]})
    assert refusal.value.kind == "canonical-key"
    with pytest.raises(CanonicalRefused) as refusal:
        canonical_bytes({"a": ["b", type("Text", (str,), {})("c")]})
    assert refusal.value.kind == "canonical-type"


def test_depth_is_limited() -> None:
    value: object = 1
    for _ in range(MAX_DEPTH):
        value = {"a": value}
    assert isinstance(value, dict)
    assert parse_canonical(canonical_bytes(value)) == value
    with pytest.raises(CanonicalRefused, match="deeper"):
        canonical_bytes({"a": value})
    endless: dict[str, object] = {}
    endless["a"] = endless
    with pytest.raises(CanonicalRefused, match="deeper"):
        canonical_bytes(endless)


def test_size_is_limited() -> None:
    longest = {"a": "x" * (MAX_CANONICAL_BYTES - len('{"a":""}'))}
    assert len(canonical_bytes(longest)) == MAX_CANONICAL_BYTES
    with pytest.raises(CanonicalRefused, match="at most"):
        parse_canonical(canonical_bytes(longest) + b" ")


def test_tuples_are_lists() -> None:
    assert canonical_bytes({"a": (1, ("x",))}) == b'{"a":[1,["x"]]}'


def test_any_json_is_read_when_spelling_does_not_matter() -> None:
    assert parse_json(b' [1, {"b": null, "a": [true]}] ') == [1, {"b": None, "a": [True]}]
    for text, kind in (
        (b"[1,", "canonical-json"),
        (b"\xff", "canonical-json"),
        (b'{"a":1,"a":2}', "canonical-duplicate"),
        (b"[" * 100_000, "canonical-depth"),
    ):
        with pytest.raises(CanonicalRefused) as caught:
            parse_json(text)
        assert caught.value.kind == kind
