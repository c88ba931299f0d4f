"""BER to DER: definite, shortest lengths and joined octet strings, so that a strict DER reader can read on.

Smart-card tools and ``openssl cms -stream`` write indefinite lengths (X.690 8.1.3.6) and octet strings in pieces. This
is the one reader of hostile bytes that is written by hand: limited in depth and number of elements, it copies
primitive values and never interprets them. Elements of a SET are not sorted: their order may be under a signature.
DER input comes back unchanged.
"""

from __future__ import annotations

MAX_DEPTH = 32
MAX_ELEMENTS = 20_000

_INDEFINITE = 0x80
_LONG_FORM = 0x80
_CONSTRUCTED = 0x20
_OCTET_STRING = 0x04
_LOW_TAG = 0x1F
_MAX_TAG_BYTES = 4
_MAX_LENGTH_BYTES = 4
_END_OF_CONTENTS = b"\x00\x00"


def encode_tlv(tag: int | bytes, *parts: bytes) -> bytes:
    """Return the DER element of this identifier octet (or octets) whose contents are ``parts`` joined."""
    contents = b"".join(parts)
    length = len(contents)
    identifier = bytes((tag,)) if isinstance(tag, int) else tag
    if length < _LONG_FORM:
        return identifier + bytes((length,)) + contents
    size = (length.bit_length() + 7) // 8
    return identifier + bytes((_LONG_FORM | size,)) + length.to_bytes(size, "big") + contents


def normalize(data: bytes) -> bytes:
    """Return the one BER element that ``data`` is, in DER as far as lengths and octet strings go.

    Raises ValueError when the bytes are not one whole element, nested deeper than ``MAX_DEPTH`` or of more than
    ``MAX_ELEMENTS`` elements.
    """
    reader = _Reader(data)
    element, end = reader.read(0, len(data), 0)
    if end != len(data):
        message = "bytes after the element"
        raise ValueError(message)
    return element


class _Reader:
    """Walks over one message; counts its elements."""

    __slots__ = ("_data", "_elements")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._elements = 0

    def read(self, start: int, limit: int, depth: int) -> tuple[bytes, int]:
        """Return the normalized element at ``start`` and the offset behind it."""
        self._elements += 1
        if depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise ValueError("nested too deep, or too many elements")
        identifier, position = self._read_identifier(start, limit)
        length, position = self._read_length(position, limit)
        if length is None:
            if not identifier[0] & _CONSTRUCTED:
                raise ValueError("a primitive element of indefinite length")
            parts, end = self._read_parts(position, limit, depth, indefinite=True)
            return _join(identifier, parts), end
        end = position + length
        if end > limit:
            raise ValueError("an element longer than its frame")
        if identifier[0] & _CONSTRUCTED:
            parts, _ = self._read_parts(position, end, depth, indefinite=False)
            return _join(identifier, parts), end
        return encode_tlv(identifier, self._data[position:end]), end

    def _read_parts(self, position: int, limit: int, depth: int, *, indefinite: bool) -> tuple[list[bytes], int]:
        parts: list[bytes] = []
        while position < limit:
            if indefinite and self._data[position : position + 2] == _END_OF_CONTENTS:
                return parts, position + 2
            part, position = self.read(position, limit, depth + 1)
            parts.append(part)
        if indefinite:
            raise ValueError("an element of indefinite length without an end")
        return parts, position

    def _read_identifier(self, start: int, limit: int) -> tuple[bytes, int]:
        position = start + 1
        if start < limit and self._data[start] & _LOW_TAG == _LOW_TAG:
            while position < limit and self._data[position] & 0x80 and position - start < _MAX_TAG_BYTES:
                position += 1
            position += 1
        identifier = self._data[start:position]
        if position > limit or identifier == b"\x00" or len(identifier) > _MAX_TAG_BYTES:
            raise ValueError("a malformed tag")
        return identifier, position

    def _read_length(self, position: int, limit: int) -> tuple[int | None, int]:
        # Returns None for the indefinite form.
        if position >= limit:
            raise ValueError("no length")
        first = self._data[position]
        position += 1
        if first < _LONG_FORM:
            return first, position
        if first == _INDEFINITE:
            return None, position
        end = position + (first & 0x7F)
        digits = self._data[position:end].lstrip(b"\x00")
        if end > limit or len(digits) > _MAX_LENGTH_BYTES:
            raise ValueError("a malformed length")
        return int.from_bytes(digits, "big"), end


def _join(identifier: bytes, parts: list[bytes]) -> bytes:
    if identifier != bytes((_OCTET_STRING | _CONSTRUCTED,)):
        return encode_tlv(identifier, *parts)
    # X.690 8.7.3: an octet string in pieces, each of which is an octet string itself, already joined.
    if any(part[0] != _OCTET_STRING for part in parts):
        raise ValueError("an octet string of other pieces")
    return encode_tlv(_OCTET_STRING, *(_contents(part) for part in parts))


def _contents(element: bytes) -> bytes:
    first = element[1]
    return element[2 + (first & 0x7F if first & _LONG_FORM else 0) :]
