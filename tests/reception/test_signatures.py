"""A signed file comes as DER, PEM or bare base64, and as text in a body; anything else is refused at its field."""

from __future__ import annotations

import base64

import pytest

from privyseal.model.errors import BadRequest
from privyseal.reception.signatures import read_message, read_passkey

DER = b"\x30\x03\x02\x01\x05"
BASE64 = base64.b64encode(DER)
PEM = b"-----BEGIN CMS-----\r\n" + BASE64 + b"\r\n-----END CMS-----\r\n"


@pytest.mark.parametrize(
    "data", [DER, PEM, BASE64, b" \n" + BASE64 + b"\r\n", b"\xef\xbb\xbf" + PEM, PEM.decode(), BASE64.decode()], ids=repr
)
def test_every_form_gives_the_same_message(data: bytes | str) -> None:
    assert read_message(data, "signed") == DER


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"no base64!", "\u4f60", "\udc80", b"-----BEGIN CMS-----\n", b"Subject: x\n\nMIME", PEM * 2]
)
def test_anything_else_is_refused_at_its_field(data: bytes | str) -> None:
    with pytest.raises(BadRequest) as refusal:
        read_message(data, "signed")
    assert (refusal.value.kind, refusal.value.field) == ("signature", "signed")


@pytest.mark.parametrize("answer", ["", "{}", "[]", "\x00", '{"id": 1}', "{" * 1000])
def test_what_is_no_answer_of_a_passkey_is_refused(answer: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        read_passkey("{}", answer, "signature")
    assert (refusal.value.kind, refusal.value.field) == ("signature", "signature")
