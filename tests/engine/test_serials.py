"""Serial numbers: incident I1 of 2019 (63-bit serials) as a test, and the forms in which they are written."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine import der
from privyseal.engine.serials import MAX_SERIAL_OCTETS, new_serial, serial_from_hex, serial_hex, shard_of
from privyseal.model.errors import BadRequest


def test_a_hundred_thousand_serials_have_no_duplicate_and_no_biased_bit() -> None:
    """I1: positive, below 2^159, at most 20 octets in DER, each free bit's mean 0.5 within one percent."""
    count = 100_000
    serials = [new_serial(0x7F, os.urandom) for _ in range(count)]
    assert len(set(serials)) == count
    assert all(0 < serial < 2**159 for serial in serials)
    assert max(len(der.integer(serial)) - 2 for serial in serials) <= MAX_SERIAL_OCTETS
    octets = [serial.to_bytes(18) for serial in serials]
    for position in range(1, 18):
        frequencies = Counter(serial[position] for serial in octets)
        for bit in range(8):
            ones = sum(number for octet, number in frequencies.items() if octet >> bit & 1)
            assert abs(ones / count - 0.5) < 0.01, (position, bit)


def test_the_prefix_comes_first_and_the_hexadecimal_form_has_36_digits() -> None:
    for prefix in (0x01, 0x11, 0x7F):
        serial = new_serial(prefix, os.urandom)
        assert serial_hex(serial)[:2] == f"{prefix:02x}"
        assert len(serial_hex(serial)) == 36


@pytest.mark.parametrize("prefix", [-1, 0, 0x80, 0x100])
def test_other_prefixes_are_refused(prefix: int) -> None:
    with pytest.raises(ValueError, match="prefix"):
        new_serial(prefix, os.urandom)


def test_a_random_source_that_returns_too_little_is_noticed() -> None:
    short: Callable[[int], bytes] = lambda size: os.urandom(size - 1)  # noqa: E731 - the smallest broken source
    with pytest.raises(ValueError, match="16 bytes where 17"):
        new_serial(1, short)


@given(st.integers(1, 2**159 - 1))
def test_the_hexadecimal_form_reads_back(serial: int) -> None:
    text = serial_hex(serial)
    assert len(text) % 2 == 0
    assert serial_from_hex(text) == serial
    assert serial_from_hex(":".join(text[i : i + 2] for i in range(0, len(text), 2)).upper()) == serial


@given(st.text(max_size=50))
def test_any_other_text_is_refused(text: str) -> None:
    with contextlib.suppress(BadRequest):
        assert serial_from_hex(text) > 0


@pytest.mark.parametrize("text", ["", "0", "00", "0x01", "1", "g1", "01" * 21, "٠١", "-1"])
def test_what_is_no_serial_number_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="hexadecimal"):
        serial_from_hex(text)


def test_zero_and_negative_numbers_have_no_form() -> None:
    for serial in (0, -5):
        with pytest.raises(ValueError, match="positive"):
            serial_hex(serial)


@given(st.integers(1, 2**159), st.integers(1, 256))
def test_the_shard_is_the_low_octet_modulo_the_count(serial: int, count: int) -> None:
    assert shard_of(serial, count) == serial % 256 % count


@pytest.mark.parametrize("count", [0, 257])
def test_a_shard_count_outside_1_to_256_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="shards"):
        shard_of(1, count)
