"""A reader of the layers of a certificate signing request, for what the library's strict reader does not do.

What lives here: cutting a request into the parts that were signed, putting its attributes into DER order so that the
strict reader can read a request whose maker did not sort them (strongSwan does not), and the common names as they
stand, where the library warns about lengths. What does not: any decision about content. Called by engine/csr.py and,
to tell files apart, by engine/csr_wrapping.py and engine/private_keys.py.
"""

from __future__ import annotations

from dataclasses import dataclass

_SEQUENCE = 0x30
_INTEGER = 0x02
_OBJECT_IDENTIFIER = 0x06
_SET = 0x31
_ATTRIBUTES = 0xA0

_COMMON_NAME = bytes.fromhex("0603550403")  # id-at-commonName, 2.5.4.3

_STRING_ENCODINGS = {
    0x0C: "utf-8",  # UTF8String
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # TeletexString: what its makers meant, X.509 says otherwise and nobody follows
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}

_MAX_LAYOUT = 8
"""More tags tell nothing new."""

_MAX_LENGTH_BYTES = 4
"""A length field of more bytes would describe more than 4 GiB; the body limit is far below."""


@dataclass(frozen=True, slots=True)
class RequestParts:
    """The parts of a PKCS#10 request (RFC 2986 4.1), each as the bytes that were sent.

    ``info`` is what was signed, with its header; ``subject`` the Name; ``spki`` the SubjectPublicKeyInfo; ``attributes`` the complete
    Attribute elements in the order sent; ``tail`` signature algorithm and signature, which follow ``info``.
    """

    info: bytes
    before_attributes: bytes
    subject: bytes
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

    def common_names(self) -> list[str]:
        """All common names of the subject in order, raw. Raises ValueError if one is in no string type that we know."""
        names = []
        for relative_name in _elements(self.subject, 0, _SEQUENCE, _SET):
            for pair in _elements(self.subject, relative_name[0], _SET, _SEQUENCE):
                start, end = _enter(self.subject, pair[0], _SEQUENCE)
                if self.subject.startswith(_COMMON_NAME, start):
                    names.append(_string(self.subject[start + len(_COMMON_NAME) : end]))
        return names


def split_request(der: bytes) -> RequestParts:
    """Cut a request into its parts. Raises ValueError if the outer layers are not those of RFC 2986 in definite lengths."""
    start, end = _enter(der, 0, _SEQUENCE)
    if end != len(der):
        raise ValueError("bytes follow the request")
    info_start, info_end = _enter(der, start, _SEQUENCE)
    _, version_end = _enter(der, info_start, _INTEGER)
    _, subject_end = _enter(der, version_end, _SEQUENCE)
    _, spki_end = _enter(der, subject_end, _SEQUENCE)
    _, attributes_end = _enter(der, spki_end, _ATTRIBUTES)
    if attributes_end != info_end or info_end > end:
        raise ValueError("the parts do not fill the request")
    attributes = _elements(der, spki_end, _ATTRIBUTES, _SEQUENCE)
    return RequestParts(
        info=der[start:info_end],
        before_attributes=der[info_start:spki_end],
        subject=der[version_end:subject_end],
        spki=der[subject_end:spki_end],
        attributes=tuple(der[at:attribute_end] for at, attribute_end in attributes),
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


def _elements(data: bytes, at: int, outer: int, inner: int) -> list[tuple[int, int]]:
    """Where the elements inside of the one at an offset begin and end. Raises ValueError if a tag is another or they do not fill it."""
    child, end = _enter(data, at, outer)
    found = []
    while child < end:
        _, child_end = _enter(data, child, inner)
        found.append((child, child_end))
        child = child_end
    if child != end:
        raise ValueError(f"the elements do not fill the one at {at}")
    return found


def _string(data: bytes) -> str:
    """The text of one element of a string type (X.680 41). Raises ValueError if it is something else."""
    start, end = _measure(data, 0)
    encoding = _STRING_ENCODINGS.get(data[0])
    if encoding is None or end != len(data):
        raise ValueError("no text")
    return data[start:end].decode(encoding)


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
