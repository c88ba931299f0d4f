"""The DER writer against pyca's own encoder, and the little reader against whatever bytes come."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine import der
from privyseal.model.errors import BadRequest

ARCS = st.tuples(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**20), min_size=1, max_size=8)).map(
    lambda arcs: ".".join(map(str, (arcs[0], arcs[1], *arcs[2])))
)


@given(st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**31), 2**31))
def test_an_integer_is_written_as_pyca_writes_it(value: int) -> None:
    assert der.integer(value) == asn1.encode_der(value)


@given(st.integers(0, 2**159))
def test_an_integer_of_a_serial_number_reads_back(value: int) -> None:
    header = der.read_header(der.integer(value))
    assert int.from_bytes(der.integer(value)[header.start :], signed=True) == value


@given(ARCS)
def test_an_object_identifier_is_written_as_pyca_writes_it(dotted: str) -> None:
    assert der.object_identifier(dotted) == asn1.encode_der(x509.ObjectIdentifier(dotted))


@pytest.mark.parametrize("dotted", ["", "1", "3.1", "1.40", "a.b", "1..2"])
def test_what_is_no_object_identifier_is_refused(dotted: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        der.object_identifier(dotted)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536, 70000])
def test_octet_strings_of_every_form_of_length_are_written_as_pyca_writes_them(size: int) -> None:
    content = b"x" * size
    encoded = der.octet_string(content)
    assert encoded == asn1.encode_der(content)
    assert der.tlv(4, content)[1 : 1 + len(der.length(size))] == der.length(size)
    assert der.read_header(encoded) == der.Header(4, len(encoded) - size, len(encoded))


@given(st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31, 23, 59, 59)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_dates_through_2049_are_utc_time(naive: datetime) -> None:
    moment = naive.replace(microsecond=0, tzinfo=UTC)
    assert der.time(moment) == der.utc_time(moment) == asn1.encode_der(asn1.UTCTime(moment))


@given(st.datetimes(datetime(2050, 1, 1), datetime(9999, 12, 31, 23, 59, 59)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_dates_from_2050_on_are_generalized_time(naive: datetime) -> None:
    moment = naive.replace(microsecond=0, tzinfo=UTC)
    assert der.time(moment) == der.generalized_time(moment) == asn1.encode_der(asn1.GeneralizedTime(moment))


def test_the_last_second_of_2049_and_the_first_of_2050() -> None:
    last = datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert der.time(last) == b"\x17\x0d491231235959Z"
    assert der.time(last + timedelta(seconds=1)) == b"\x18\x0f20500101000000Z"


def test_other_time_zones_are_converted_and_a_missing_one_is_an_error() -> None:
    assert der.time(datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))) == b"\x17\x0d251231233000Z"
    with pytest.raises(ValueError, match="time zone"):
        der.time(datetime(2026, 1, 1))  # noqa: DTZ001 - the case under test


def test_utc_time_has_no_other_century() -> None:
    for year in (1949, 2050):
        with pytest.raises(ValueError, match=str(year)):
            der.utc_time(datetime(year, 1, 1, tzinfo=UTC))


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_children_are_what_was_put_into_the_sequence(contents: list[bytes]) -> None:
    parts = tuple(der.octet_string(content) for content in contents)
    assert der.children(der.sequence(*parts)) == parts


@given(st.binary(max_size=40))
def test_the_reader_refuses_or_reads_but_never_breaks(data: bytes) -> None:
    with contextlib.suppress(BadRequest):
        assert data.endswith(b"".join(der.children(data)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x01",
        b"\x30\x80\x00\x00",  # indefinite
        b"\x30\x81\x01\x05",  # a long form where the short one fits
        b"\x30\x82\x00\x81" + b"\x05\x00" * 64 + b"\x05",  # a leading zero octet
        b"\x30\x85\x00\x00\x00\x00\x01\x05",  # five length octets
        b"\x3f\x01\x00\x00",  # a tag of two bytes
        b"\x30\x02\x05\x00\x00",  # something behind the end
        b"\x30\x02\x04\x01\x00",  # a child that ends behind its parent
    ],
)
def test_what_is_not_der_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest, match="not a complete DER"):
        der.children(data)
