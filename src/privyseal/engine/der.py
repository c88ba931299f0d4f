"""A small DER writer and the little reading that goes with it (X.690 sections 8 and 10).

The compiled templates, the CRL pages and the encrypted key files write their bytes with it. It is no parser for
hostile input: ``read_header`` and ``children`` walk bytes that this service wrote or that were parsed before, and
refuse everything that is not definite-length DER with a one-byte tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from privyseal.model.errors import BadRequest

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = b"\x05\x00"
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

FIRST_GENERALIZED_YEAR = 2050
"""RFC 5280 4.1.2.5: dates through 2049 are UTCTime, from 2050 on GeneralizedTime."""

FIRST_UTC_TIME_YEAR = 1950
"""RFC 5280 4.1.2.5.1: two-digit years from 50 on mean the twentieth century."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where one TLV lies: ``tag``, first byte of the content, and the offset just behind it."""

    tag: int
    start: int
    end: int


def length(size: int) -> bytes:
    """Length octets of X.690 10.1 for a content of ``size`` bytes (shortest definite form)."""
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((0x80 | len(octets),)) + octets


def tlv(tag: int, content: bytes) -> bytes:
    """One value: tag byte, length, content. The common lengths are spelled out because templates call this often."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x100:
        return bytes((tag, 0x81, size)) + content
    if size < 0x10000:
        return bytes((tag, 0x82, size >> 8, size & 0xFF)) + content
    return bytes((tag,)) + length(size) + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of values that are encoded already."""
    return tlv(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """INTEGER in the fewest octets (X.690 8.3.2); negative values too, although certificates have none."""
    size = ((value if value >= 0 else ~value).bit_length() // 8) + 1
    return tlv(INTEGER, value.to_bytes(size, signed=True))


def octet_string(content: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(OCTET_STRING, content)


def bit_string(content: bytes) -> bytes:
    """BIT STRING without unused bits, the form of signatures and public keys."""
    return tlv(BIT_STRING, b"\x00" + content)


def object_identifier(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from its dotted form (X.690 8.19). Raises ValueError if ``dotted`` is none."""
    arcs = [int(arc) for arc in dotted.split(".")]
    if len(arcs) < 2 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] >= 40):
        raise ValueError(f"{dotted} is not an object identifier")
    content = b"".join(_base_128(arc) for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]))
    return tlv(OBJECT_IDENTIFIER, content)


def _base_128(arc: int) -> bytes:
    octets = [arc % 128]
    arc //= 128
    while arc:
        octets.append(arc % 128 | 0x80)
        arc //= 128
    return bytes(reversed(octets))


def utc_time(moment: datetime) -> bytes:
    """UTCTime YYMMDDHHMMSSZ; fractions of a second are dropped. Raises ValueError outside 1950-2049 or without zone."""
    moment = _in_utc(moment)
    year = moment.year
    if not FIRST_UTC_TIME_YEAR <= year < FIRST_GENERALIZED_YEAR:
        raise ValueError(f"UTCTime cannot express the year {year}")
    # Formatting by % costs a third of strftime, and each certificate has two dates.
    fields = (year % 100, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return b"\x17\x0d%02d%02d%02d%02d%02d%02dZ" % fields


def generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime YYYYMMDDHHMMSSZ without fractions (RFC 5280 4.1.2.5.2). Raises ValueError without a zone."""
    moment = _in_utc(moment)
    fields = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return b"\x18\x0f%04d%02d%02d%02d%02d%02dZ" % fields


def time(moment: datetime) -> bytes:
    """The Time CHOICE of RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050."""
    moment = _in_utc(moment)
    return utc_time(moment) if moment.year < FIRST_GENERALIZED_YEAR else generalized_time(moment)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        # astimezone() would silently take the computer's own zone.
        raise ValueError("a date without a time zone cannot be encoded")
    return moment.astimezone(UTC)


def read_header(data: bytes, offset: int = 0) -> Header:
    """Tag and content bounds of the value at ``offset``. Raises BadRequest kind ``der`` if there is none."""
    start, end = _bounds(data, offset)
    return Header(data[offset], start, end)


def children(data: bytes) -> tuple[bytes, ...]:
    """The whole TLVs inside one constructed value that fills ``data``. Raises BadRequest kind ``der``."""
    offset, last = _bounds(data, 0)
    if last != len(data):
        raise _not_der()
    parts = []
    while offset < last:
        _, end = _bounds(data, offset)
        parts.append(data[offset:end])
        offset = end
    return tuple(parts)


def _bounds(data: bytes, offset: int) -> tuple[int, int]:
    """First byte of the content and the offset behind it."""
    if offset + 2 > len(data) or data[offset] & 0x1F == 0x1F:
        raise _not_der()
    first = data[offset + 1]
    start = offset + 2
    size = first
    if first >= 0x80:
        start += first & 0x7F
        octets = data[offset + 2 : start]
        size = int.from_bytes(octets)
        # X.690 10.1: definite, and in the fewest octets.
        if not 1 <= len(octets) <= 4 or len(octets) != first & 0x7F or length(size)[1:] != octets:
            raise _not_der()
    if start + size > len(data):
        raise _not_der()
    return start, start + size


def _not_der() -> BadRequest:
    return BadRequest("der", "The bytes are not a complete DER encoding; they are damaged or of another format.")
