"""BER to DER: whatever lengths the sender wrote, one form comes out, and hostile bytes end in ValueError."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.ber import MAX_DEPTH, MAX_ELEMENTS, encode_tlv, normalize

VECTORS = Path(__file__).parents[1] / "vectors" / "cms"


@dataclass(frozen=True)
class Element:
    """A primitive value, an octet string in pieces, or a constructed element."""

    tag: bytes
    value: bytes = b""
    parts: tuple[Element, ...] | None = None

    def der(self) -> bytes:
        if self.parts is None:
            return length(self.tag, self.value, 0)
        return length(self.tag, b"".join(part.der() for part in self.parts), 0)


def length(tag: bytes, contents: bytes, spare: int) -> bytes:
    """An element with ``spare`` superfluous bytes of length, written without the code under test."""
    size = len(contents)
    if size < 0x80 and not spare:
        return tag + bytes((size,)) + contents
    digits = size.to_bytes((size.bit_length() + 7) // 8 + spare, "big")
    return tag + bytes((0x80 | len(digits),)) + digits + contents


PRIMITIVE_TAGS = st.sampled_from([b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x0c", b"\x80", b"\x9f\x21", b"\x5f\x81\x01"])
CONSTRUCTED_TAGS = st.sampled_from([b"\x30", b"\x31", b"\xa0", b"\xa3", b"\x7f\x21", b"\xbf\x81\x01"])
PRIMITIVES = st.builds(Element, PRIMITIVE_TAGS, st.binary(max_size=6) | st.binary(min_size=120, max_size=300))
ELEMENTS = st.recursive(
    PRIMITIVES,
    lambda inner: st.builds(lambda tag, parts: Element(tag, parts=tuple(parts)), CONSTRUCTED_TAGS, st.lists(inner, max_size=4)),
    max_leaves=10,
)


def draw_ber(data: st.DataObject, element: Element) -> bytes:
    """Some BER form of the element: spare length bytes, indefinite lengths, octet strings in pieces in pieces."""
    spare = data.draw(st.integers(0, 3))
    if element.parts is not None:
        contents = b"".join(draw_ber(data, part) for part in element.parts)
        return element.tag + b"\x80" + contents + b"\x00\x00" if data.draw(st.booleans()) else length(element.tag, contents, spare)
    if element.tag == b"\x04" and data.draw(st.booleans()):
        cut = data.draw(st.integers(0, len(element.value)))
        pieces = [draw_ber(data, Element(b"\x04", value)) for value in (element.value[:cut], element.value[cut:]) if value]
        contents = b"".join(pieces)
        return b"\x24\x80" + contents + b"\x00\x00" if data.draw(st.booleans()) else length(b"\x24", contents, spare)
    return length(element.tag, element.value, spare)


@given(ELEMENTS)
def test_der_is_left_alone(element: Element) -> None:
    assert normalize(element.der()) == element.der()


@given(ELEMENTS, st.data())
def test_every_form_becomes_der(element: Element, data: st.DataObject) -> None:
    assert normalize(draw_ber(data, element)) == element.der()


@given(st.binary(max_size=100))
def test_bytes_are_normalized_or_refused(data: bytes) -> None:
    try:
        result = normalize(data)
    except ValueError:
        return
    assert normalize(result) == result


@given(ELEMENTS, st.binary(min_size=1, max_size=3), st.data())
def test_nothing_may_follow_and_nothing_may_lack(element: Element, more: bytes, data: st.DataObject) -> None:
    ber = draw_ber(data, element)
    with pytest.raises(ValueError, match="after the element"):
        normalize(ber + more)
    with pytest.raises(ValueError):  # noqa: PT011 - which rule a cut breaks depends on where it falls
        normalize(ber[:-1])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x00\x00",
        b"\x30\x02\x00\x00",
        b"\x04\x80\x00\x00",
        b"\x30\x80",
        b"\x30\x80\x00",
        b"\x30\x81",
        b"\x30\x03\x04\x02\x00",
        b"\x30\x85\x01\x00\x00\x00\x00",
        b"\x24\x03\x02\x01\x00",
        b"\x24\x04\x30\x02\x04\x00",
        b"\x1f",
        b"\x1f\x81",
        b"\x1f\x81\x82\x83\x04\x00",
        b"\xff" * 40,
    ],
    ids=lambda data: data.hex()[:20],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"[a-z ]+"):
        normalize(data)


def nested(depth: int) -> bytes:
    element = b"\x05\x00"
    for _ in range(depth):
        element = encode_tlv(0x30, element)
    return element


def test_limits() -> None:
    assert normalize(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    with pytest.raises(ValueError, match="too deep"):
        normalize(nested(MAX_DEPTH + 1))
    with pytest.raises(ValueError, match="too deep"):
        normalize(b"\x30\x80" * 50_000)
    many = encode_tlv(0x30, b"\x05\x00" * (MAX_ELEMENTS - 1))
    assert normalize(many) == many
    with pytest.raises(ValueError, match="too many"):
        normalize(encode_tlv(0x30, b"\x05\x00" * MAX_ELEMENTS))


def test_a_wild_length_costs_nothing() -> None:
    with pytest.raises(ValueError, match="longer"):
        normalize(b"\x30\x84\xff\xff\xff\xff" + b"\x05\x00")


@cache
def certificates() -> tuple[Path, ...]:
    return tuple(sorted(VECTORS.glob("*.cer")))


def test_certificates_come_through_unchanged() -> None:
    assert len(certificates()) >= 5
    for path in certificates():
        assert normalize(path.read_bytes()) == path.read_bytes()
