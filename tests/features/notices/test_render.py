"""Nothing that comes from outside reaches a header unchecked, runs in HTML, or hides in a line."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from privyseal.features.notices.render import Attachment, Letter, date_text, make_message, render, time_text
from privyseal.model.errors import Refused

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "enroll_url": "https://privyseal.test/o/acme/enroll",
    "service": "privyseal.test",
    "organization": "Acme",
    "help_contact": "it@acme.test",
    "name": "www.acme.test",
    "names": ["www.acme.test"],
    "request": "req-1",
    "reason": "none",
    "changed_at": NOW,
}
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type"}


def letter(subject: str = "A subject", recipient: str = "carol@acme.test", **values: object) -> Letter:
    return Letter("rejected", recipient, subject, VALUES | values)


def sent(made: Letter, message_id: str = "fact-1@privyseal.test") -> EmailMessage:
    """The message as a reader gets it: through its bytes."""
    message = make_message(made, sender_name="Privyseal", sender_address="ca@privyseal.test", message_id=message_id, now=NOW)
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def forms(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


def test_a_letter_is_text_and_html_and_its_files() -> None:
    made = Letter("rejected", "carol@acme.test", "S", VALUES, (Attachment("a.pem", "application/x-pem-file", b"pem\n"),))
    message = sent(made)
    assert message.get_content_type() == "multipart/mixed"
    body, file = message.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in body.iter_parts()] == ["text/plain", "text/html"]
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == ("a.pem", "application/x-pem-file", b"pem\n")
    assert sent(letter()).get_content_type() == "multipart/alternative"
    assert set(message.keys()) == HEADERS
    assert message["Date"] == "Tue, 03 Feb 2026 04:05:06 +0000"
    assert (date_text(NOW), time_text(NOW)) == ("3 February 2026", "3 February 2026, 04:05 UTC")


@pytest.mark.parametrize(
    "attack", ["x\r\nBcc: all@acme.test", "x\nBcc: a@b.test", "x\rBcc: a@b.test", "x\x00y", "x\u2028y", "x\u202eexe.piz", "x\x1b[31m"]
)
def test_a_header_that_could_become_two_is_refused(attack: str) -> None:
    with pytest.raises(Refused) as subject:
        sent(letter(subject=attack))
    with pytest.raises(Refused) as recipient:
        sent(letter(recipient=f"{attack}@acme.test"))
    assert {subject.value.kind, recipient.value.kind} == {"mail-header"}
    assert "Bcc" not in subject.value.sentence + recipient.value.sentence


@pytest.mark.parametrize(
    "address",
    [
        "",
        "carol",
        "@acme.test",
        "carol@",
        "a@b.test, c@d.test",
        "a@b.test;c@d.test",
        "Carol <carol@acme.test>",
        "carol@acme.test\r\nRCPT TO:<x@y.test>",
        '"a b"@acme.test',
        "carol(comment)@acme.test",
        "c\u00e1rol@acme.test",
        "carol@\u00e1cme.test",
        "a@b@c.test",
    ],
)
def test_a_letter_goes_to_one_plain_address(address: str) -> None:
    with pytest.raises(Refused) as refusal:
        sent(letter(recipient=address))
    assert refusal.value.kind == "mail-header"


@pytest.mark.parametrize("message_id", ["", "a", "a@", "@b", "a b@c", "a@b>\r\nX: y", "a@b@c", "a/b@c"])
def test_a_message_id_is_plain(message_id: str) -> None:
    with pytest.raises(Refused):
        sent(letter(), message_id)


@given(st.text(max_size=300))
def test_any_subject_is_refused_or_read_back_as_written(subject: str) -> None:
    try:
        message = sent(letter(subject=subject))
    except Refused as refusal:
        assert refusal.kind == "mail-header"
        assert not subject.isprintable()
    else:
        assert set(message.keys()) == HEADERS
        assert message["Subject"] == subject.strip(" ") or " " in (subject[:1], subject[-1:])
        assert message["To"] == "carol@acme.test"


@given(
    st.lists(
        st.sampled_from(["www.acme.test:", "Söhne", "日本株式会社", "=?utf-8?q?a=0d=0aBcc:x?=", "x" * 63, "(its", "2026,", "é"]),
        min_size=1,
        max_size=12,
    )
)
def test_long_subjects_of_mixed_scripts_lose_nothing(words: list[str]) -> None:
    subject = " ".join(words)
    message = sent(letter(subject=subject))
    assert message["Subject"] == subject
    assert set(message.keys()) == HEADERS


HOSTILE = (
    """<script>alert(1)</script><img src=x onerror=y> "'&{{ 7*7 }}${7*7} %(x)s\r\n2026-11-22 ADMIN: reset\x1b[31m\u202etxt.exe\u200b"""
)


def test_hostile_text_is_only_text() -> None:
    message = sent(letter(reason=HOSTILE, organization=HOSTILE, names=[HOSTILE], name=HOSTILE))
    text, html = forms(message)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7*7 }}${7*7}" in text
    for form in (text, html):
        assert "49" not in form
        assert not any(character in form for character in "\x1b\u202e\u200b")
        # A forged line would begin one.
        assert not any(line.startswith("2026-11-22 ADMIN") for line in form.splitlines())


@given(st.text(max_size=200))
def test_any_text_stays_within_its_element(text: str) -> None:
    plain, html = render(letter(reason=text))
    calm_plain, calm_html = render(letter(reason="calm"))
    assert html.count("<") == calm_html.count("<")
    assert len(plain.splitlines()) == len(calm_plain.splitlines())


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    values = {name: value for name, value in VALUES.items() if name != "reason"}
    with pytest.raises(UndefinedError):
        render(Letter("rejected", "carol@acme.test", "S", values))


def test_every_template_has_both_forms() -> None:
    from privyseal.features.notices.render import _TEMPLATES  # noqa: PLC0415 - the environment is nobody else's business

    names = {name.removesuffix(".txt.j2").removesuffix(".html.j2") for name in _TEMPLATES.list_templates()}
    assert {f"{name}.{form}.j2" for name in names for form in ("txt", "html")} == set(_TEMPLATES.list_templates())
    assert len(names) == 43
