"""The frame of a CMS message: every encoding of the right one, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.cms_message import CONTENT_TYPE, MAX_CMS_BYTES, MESSAGE_DIGEST, SIGNING_TIME, read_message
from privyseal_wire.errors import CmsRefused
from tests.wire import cms_composer as composer
from tests.wire.cms_composer import Parts, attribute, der, parts, usual_attributes
from tests.wire.sample_signers import signer

VECTORS = Path(__file__).parents[1] / "vectors" / "cms"
CONTENT = b'{"type":"privyseal.approval.v1"}'


def good() -> Parts:
    return parts(signer("p256"), CONTENT)


def kind_of(data: bytes) -> str:
    with pytest.raises(CmsRefused) as caught:
        read_message(data)
    assert caught.value.sentence.endswith(".")
    return caught.value.kind


def test_what_is_read() -> None:
    message = read_message(good().message())
    assert message.content == CONTENT
    assert message.certificates == (signer("p256").der,)
    assert set(message.attributes) == {CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME}
    assert message.signed_bytes == der(0x31, *sorted(usual_attributes(CONTENT)))


def pem(label: str, data: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(data) + f"-----END {label}-----\n".encode()


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "DER": lambda data: data,
    "PEM": lambda data: pem("CMS", data),
    "PEM of PKCS#7": lambda data: pem("PKCS7", data),
    "PEM of old PKCS#7": lambda data: pem("PKCS #7 SIGNED DATA", data),
    "PEM with CRLF": lambda data: pem("CMS", data).replace(b"\n", b"\r\n"),
    "PEM with blanks around": lambda data: b"\n \t" + pem("CMS", data) + b"\n\n",
    "PEM with a byte order mark": lambda data: b"\xef\xbb\xbf" + pem("CMS", data),
    "base64 in lines": base64.encodebytes,
    "base64 in one line": base64.b64encode,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(encoding: str) -> None:
    data = good().message()
    plain, decoded = read_message(data), read_message(ENCODINGS[encoding](data))
    assert replace(decoded, signer=plain.signer) == plain
    assert decoded.signer.signature == plain.signer.signature


OTHER_TEXTS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "blanks": lambda _: b" \n",
    "two in PEM": lambda data: pem("CMS", data) * 2,
    "PEM of a certificate": lambda data: pem("CERTIFICATE", data),
    "PEM with another end": lambda data: pem("CMS", data).replace(b"END CMS", b"END PKCS7"),
    "PEM after a text": lambda data: b"signed by me\n" + pem("CMS", data),
    "PEM with a header": lambda data: pem("CMS", data).replace(b"-\n", b"-\nProc-Type: 4\n\n", 1),
    "base64 cut": lambda data: base64.b64encode(data)[:-1],
    "base64 with padding inside": lambda data: base64.b64encode(data[:10]) + base64.b64encode(data[10:]),
    "base64 for addresses": lambda data: base64.urlsafe_b64encode(data + bytes(range(256))),
    "UTF-16": lambda data: pem("CMS", data).decode().encode("utf-16"),
    "a JSON text": lambda _: CONTENT,
    "a byte more": lambda data: data + b"\x00",
    "a byte less": lambda data: data[:-1],
    "two messages": lambda data: data + data,
}


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_other_texts(text: str) -> None:
    assert kind_of(OTHER_TEXTS[text](good().message())) == "cms-form"


def test_a_mail_is_told_what_to_do() -> None:
    mail = b"MIME-Version: 1.0\nContent-Type: application/pkcs7-mime\n\n" + base64.encodebytes(good().message())
    assert kind_of(mail) == "cms-smime"
    with pytest.raises(CmsRefused, match="-outform DER"):
        read_message(mail)


def test_size_is_limited() -> None:
    assert kind_of(b"\x30" * (MAX_CMS_BYTES + 1)) == "cms-size"
    large = parts(signer("p256"), bytes(MAX_CMS_BYTES - 2000)).message()
    assert read_message(large).content == bytes(MAX_CMS_BYTES - 2000)


def changed(**changes: object) -> Callable[[], bytes]:
    return lambda: replace(good(), **changes).message()  # type: ignore[arg-type]


FRAMES: dict[str, tuple[Callable[[], bytes], str]] = {
    "encrypted by its type": (changed(outer_type=bytes.fromhex("06092a864886f70d010703")), "cms-content-type"),
    "content of another type": (changed(content_type=composer.SIGNED_DATA), "cms-content-type"),
    "detached": (changed(content=None), "cms-detached"),
    "version of the message": (changed(version=2), "cms-form"),
    "version of the signer": (changed(signer_version=3), "cms-form"),
    "key identifier with version 1": (changed(signer_name=der(0x80, b"id")), "cms-form"),
    "two signatures": (changed(more_signers=[good().signer_info()]), "cms-signers"),
    "a signer that is none": (changed(after_signer=der(0x02, b"\x01")), "cms-signers"),
    "no signed attributes": (changed(attributes=None), "cms-attributes"),
    "an attribute twice": (changed(attributes=usual_attributes(CONTENT) * 2), "cms-attributes"),
    "an attribute twice with other values": (
        changed(attributes=[*usual_attributes(CONTENT), attribute(composer.CONTENT_TYPE, composer.SIGNED_DATA)]),
        "cms-attributes",
    ),
    "an attribute that is a number": (changed(attributes=[der(0x02, b"\x01")]), "cms-attributes"),
    "an attribute without a set": (changed(attributes=[der(0x30, composer.CONTENT_TYPE, composer.DATA)]), "cms-attributes"),
    "an attribute with more fields": (
        changed(attributes=[der(0x30, composer.CONTENT_TYPE, der(0x31, composer.DATA), der(0x05))]),
        "cms-attributes",
    ),
}


@pytest.mark.parametrize("frame", FRAMES)
def test_frames(frame: str) -> None:
    make, kind = FRAMES[frame]
    assert kind_of(make()) == kind


def test_no_signer_at_all() -> None:
    signed_data = der(
        0x30,
        der(0x02, b"\x01"),
        der(0x31),
        der(0x30, composer.DATA, der(0xA0, der(0x04, CONTENT))),
        der(0xA0, signer("p256").der),
        der(0x31),
    )
    assert kind_of(der(0x30, composer.SIGNED_DATA, der(0xA0, signed_data))) == "cms-signers"


def test_other_things_along_are_passed_over() -> None:
    """Attribute certificates, revocation lists and unsigned attributes are allowed and mean nothing."""
    certificates = [der(0xA1, b"anything"), signer("p384").der, signer("p256").der, der(0x30)]
    message = read_message(replace(good(), certificates=certificates, after_signer=der(0xA1, attribute(composer.CONTENT_TYPE))).message())
    assert message.certificates == (signer("p384").der, signer("p256").der, der(0x30))


def test_digest_algorithms_may_be_any_set() -> None:
    assert read_message(replace(good(), digests=[composer.SHA256, der(0x30, bytes.fromhex("06052b0e03021a"))]).message()).content == CONTENT
    assert read_message(replace(good(), digests=[]).message()).content == CONTENT


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, b"\x30" + data, base64.b64encode(data)):
        with pytest.raises(CmsRefused):
            read_message(candidate)


@given(st.data())
def test_spliced_messages_are_read_or_refused(data: st.DataObject) -> None:
    """Pieces of a message in another order, doubled or gone, with lengths that may lie."""
    whole = (VECTORS / "rsa.p7m").read_bytes()
    pieces = []
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole)))
        pieces.append(whole[start : data.draw(st.integers(start, len(whole)))])
    with suppress(CmsRefused):
        read_message(b"\x30\x80" + b"".join(pieces) + b"\x00\x00")
