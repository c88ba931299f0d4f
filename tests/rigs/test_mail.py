"""The mail rig does to a sender what the world does."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.rigs.mail import MailSink


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as running:
        yield running


def send(sink: MailSink, recipient: str = "dana@resource-marketing.test", message_id: str = "<1@privyseal.test>") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "service@privyseal.test", recipient, "Gr\u00fc\u00dfe"
    message["Message-ID"] = message_id
    message.set_content("text")
    message.add_alternative("<p>text</p>", subtype="html")
    with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
        client.send_message(message)


def test_a_message_arrives_whole(sink: MailSink) -> None:
    send(sink)
    (delivery,) = sink.wait_for(1)
    assert delivery.sender == "service@privyseal.test"
    assert delivery.recipients == ("dana@resource-marketing.test",)
    assert delivery.message["Subject"] == "Gr\u00fc\u00dfe"
    assert delivery.message_id == "<1@privyseal.test>"
    body = delivery.message.get_body(("html",))
    assert body is not None
    assert "<p>text</p>" in body.get_content()
    assert sink.to("carol@resource-marketing.test") == []


def test_it_refuses_for_now_and_for_good(sink: MailSink) -> None:
    sink.refuse_for_now()
    with pytest.raises(smtplib.SMTPDataError) as later:
        send(sink)
    sink.refuse_for_good()
    with pytest.raises(smtplib.SMTPDataError) as never:
        send(sink)
    assert (later.value.smtp_code, never.value.smtp_code) == (451, 550)
    assert (sink.refused, sink.deliveries) == (2, [])
    sink.accept()
    send(sink)
    assert len(sink.deliveries) == 1


def test_it_goes_down_and_comes_back_on_the_same_port(sink: MailSink) -> None:
    send(sink)
    sink.go_down()
    with pytest.raises(ConnectionRefusedError):
        send(sink)
    sink.come_back()
    send(sink, message_id="<2@privyseal.test>")
    assert [delivery.message_id for delivery in sink.deliveries] == ["<1@privyseal.test>", "<2@privyseal.test>"]


def test_it_can_lose_the_answer_after_keeping_the_message(sink: MailSink) -> None:
    sink.lose_answers(1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sink)
    send(sink)
    assert [delivery.message_id for delivery in sink.deliveries] == ["<1@privyseal.test>"] * 2
