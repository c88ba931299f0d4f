"""A reader of the outer layers of a certificate signing request, for what the strict reader does not do.

What lives here: cutting a request into the parts that were signed, and putting its attributes into DER order so that
the strict reader can read a request whose maker did not sort them (strongSwan does not). What does not: any decision
about content. Called by engine/csr.py only; no parsing below the attributes.
"""

from __future__ import annotations

from dataclasses import dataclass

_SEQUENCE = 0x30
_INTEGER = 0x02
_OBJECT_IDENTIFIER = 0x06
_ATTRIBUTES = 0xA0

_MAX_LAYOUT = 8
"""More tags tell nothing new."""

_MAX_LENGTH_BYTES = 4
"""A length field of more bytes would describe more than 4 GiB; the body limit is far below."""


@dataclass(frozen=True, slots=True)
class RequestParts:
    """The parts of a PKCS#10 request (RFC 2986 4.1), each as the bytes that were sent.

    ``info`` is what was signed, with its header; ``spki`` the SubjectPublicKeyInfo; ``attributes`` the complete
    Attribute elements in the order sent; ``tail`` signature algorithm and signature, which follow ``info``.
    """

    info: bytes
    before_attributes: bytes
    spki: bytes
    attributes: tuple[bytes, ...]
    tail: bytes

    def attribute_types(self) -> list[bytes]:
        """The object identifier of each attribute, as complete DER elements. Raises ValueError if one has none."""
        return [_first(attribute, _OBJECT_IDENTIFIER) for attribute in self.attributes]

    def is_sorted(self) -> bool:
        """Whether the attributes stand in the order of a DER SET OF (X.690 11.6)."""
        return list(self.attributes) == sorted(self.attributes)

    def with_sorted_attributes(self) -> bytes:
        """The same request in DER order, for reading. Its signature covers ``info``, not these bytes."""
        attributes = element(_ATTRIBUTES, b"".join(sorted(self.attributes)))
        return element(_SEQUENCE, element(_SEQUENCE, self.before_attributes + attributes) + self.tail)


def split_request(der: bytes) -> RequestParts:
    """Cut a request into its parts. Raises ValueError if the outer layers are not those of RFC 2986 in definite lengths."""
    start, end = _enter(der, 0, _SEQUENCE)
    if end != len(der):
        raise ValueError("bytes follow the request")
    info_start, info_end = _enter(der, start, _SEQUENCE)
    _, version_end = _enter(der, info_start, _INTEGER)
    _, subject_end = _enter(der, version_end, _SEQUENCE)
    _, spki_end = _enter(der, subject_end, _SEQUENCE)
    at, attributes_end = _enter(der, spki_end, _ATTRIBUTES)
    if attributes_end != info_end or info_end > end:
        raise ValueError("the parts do not fill the request")
    attributes = []
    while at < attributes_end:
        _, attribute_end = _enter(der, at, _SEQUENCE)
        attributes.append(der[at:attribute_end])
        at = attribute_end
    if at != attributes_end:
        raise ValueError("the attributes do not fill their set")
    return RequestParts(
        info=der[start:info_end],
        before_attributes=der[info_start:spki_end],
        spki=der[subject_end:spki_end],
        attributes=tuple(attributes),
        tail=der[info_end:end],
    )


def element(tag: int, content: bytes) -> bytes:
    """One DER element of a single-byte tag."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content


def total_length(data: bytes) -> int:
    """How many bytes the first element says it has, header included; may be more than there are.

    Raises ValueError if there is no definite length.
    """
    return _measure(data, 0)[1]


def layout(der: bytes) -> tuple[str, str]:
    """The tags inside of the outer sequence, and those inside of its first element, as hexadecimal digits.

    Enough to tell a request from a certificate, a CRL, a PKCS#7 file or a public key without reading any of them; what
    cannot be followed ends the digits.
    """
    outer = _children(der, 0)
    first = _measure(der, 0)[0] if outer else 0
    return outer, _children(der, first) if outer.startswith("30") else ""


def _children(data: bytes, at: int) -> str:
    tags: list[str] = []
    try:
        child, end = _measure(data, at)
        end = min(end, len(data))
        while child < end and len(tags) < _MAX_LAYOUT:
            tags.append(f"{data[child]:02x}")
            child = _measure(data, child)[1]
    except ValueError:
        pass
    return "".join(tags)


def _first(attribute: bytes, tag: int) -> bytes:
    """The first element inside a constructed one. Raises ValueError if it has another tag."""
    start, _ = _enter(attribute, 0, _SEQUENCE)
    _, end = _enter(attribute, start, tag)
    return attribute[start:end]


def _enter(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Content start and end of the element at an offset. Raises ValueError if it has another tag or is cut off."""
    start, end = _measure(data, at)
    if data[at] != tag:
        raise ValueError(f"expected tag {tag:#x} at {at}")
    if end > len(data):
        raise ValueError(f"element at {at} is cut off")
    return start, end


def _measure(data: bytes, at: int) -> tuple[int, int]:
    """Content start and end of the element at an offset, by its definite length (X.690 8.1.3). Raises ValueError without one."""
    if at + 2 > len(data):
        raise ValueError(f"no element at {at}")
    length = data[at + 1]
    start = at + 2
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= _MAX_LENGTH_BYTES or start + size > len(data):
            raise ValueError(f"no definite length at {at}")
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    return start, start + length
