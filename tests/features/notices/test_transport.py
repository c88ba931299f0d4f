"""The hand-over: to a real SMTP server with and without TLS, and into a Maildir."""

from __future__ import annotations

import contextlib
import mailbox
import ssl
import stat
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from privyseal.features import MailSecurity, MailSettings, SmtpSettings
from privyseal.features.notices.render import Letter, make_message
from privyseal.features.notices.transport import Maildir, SmtpServer, deliver, make_transport
from privyseal.model.errors import Refused, Unavailable
from tests.features.notices.test_render import NOW, VALUES
from tests.rigs.mail import MailSink
from tests.rigs.ports import LOOPBACK, free_port

CAROL = "carol@acme.test"


def message(letter_id: str = "fact-1") -> EmailMessage:
    letter = Letter("rejected", CAROL, "Grüße", VALUES)
    return make_message(
        letter, sender_name="Privyseal", sender_address="ca@privyseal.test", message_id=f"{letter_id}@privyseal.test", now=NOW
    )


def settings(sink: MailSink) -> MailSettings:
    return MailSettings("ca@privyseal.test", "Privyseal", SmtpSettings(sink.host, sink.port, MailSecurity.NONE, timeout_seconds=5))


def hand_over(chosen: MailSettings) -> None:
    deliver(make_transport(chosen, "privyseal.test"), message(), CAROL, "fact-1")


def test_a_mail_server_gets_the_letter_and_the_envelope(sink: MailSink) -> None:
    hand_over(settings(sink))
    (delivery,) = sink.wait_for(1)
    assert (delivery.sender, delivery.recipients, delivery.message_id) == ("ca@privyseal.test", (CAROL,), "<fact-1@privyseal.test>")
    assert delivery.message["Subject"] == "Grüße"
    body = delivery.message.get_body(("plain",))
    assert body is not None
    assert "rejected the request" in str(body.get_content())


def test_refusals_and_absence_say_what_happened(sink: MailSink) -> None:
    sink.refuse_for_now()
    with pytest.raises(Unavailable) as later:
        hand_over(settings(sink))
    sink.refuse_for_good()
    with pytest.raises(Unavailable) as never:
        hand_over(settings(sink))
    sink.go_down()
    with pytest.raises(Unavailable) as away:
        hand_over(settings(sink))
    assert (later.value.kind, never.value.kind, away.value.kind) == ("mail-refused", "mail-refused", "mail-server")
    assert "451 4.3.0" in later.value.sentence
    assert "550 5.1.1" in never.value.sentence
    assert "does not answer: ConnectionRefusedError" in away.value.sentence
    sink.come_back()
    sink.accept()
    sink.lose_answers(1)
    with pytest.raises(Unavailable) as lost:
        hand_over(settings(sink))
    assert lost.value.kind == "mail-server"
    hand_over(settings(sink))
    assert [delivery.message_id for delivery in sink.wait_for(2)] == ["<fact-1@privyseal.test>"] * 2


class Receptionist:
    """An aiosmtpd handler that refuses unknown mailboxes by name and lets only one user in."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session, options
        if address.startswith("unknown"):
            return f"550 5.1.1 <{address}> does not live here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        assert isinstance(envelope.content, bytes)
        self.contents.append(envelope.content)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login, data.password) == (b"privyseal", b"pass word"), handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and localhost by openssl, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    openssl = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=mail",
    ]
    subprocess.run([*openssl, "-addext", names, "-keyout", folder / "key", "-out", folder / "pem"], check=True, capture_output=True)
    return folder / "pem", folder / "key"


@contextlib.contextmanager
def secure_server(certificate: tuple[Path, Path], security: MailSecurity) -> Iterator[tuple[int, Receptionist]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    receptionist = Receptionist()
    starts_tls = security is MailSecurity.STARTTLS
    controller = Controller(
        receptionist,
        hostname=LOOPBACK,
        port=free_port(),
        ssl_context=None if starts_tls else context,
        tls_context=context if starts_tls else None,
        require_starttls=starts_tls,
        authenticator=receptionist.authenticate,
        # aiosmtpd takes a connection that is wrapped in TLS from its beginning for one without TLS.
        auth_required=starts_tls,
        auth_require_tls=starts_tls,
    )
    controller.start()
    try:
        yield controller.port, receptionist
    finally:
        controller.stop()


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
def test_a_mail_server_with_tls_and_a_password(certificate: tuple[Path, Path], tmp_path: Path, security: MailSecurity) -> None:
    password = tmp_path / "password"
    password.write_text("pass word\n", encoding="utf-8")
    with secure_server(certificate, security) as (port, receptionist):
        good = SmtpSettings(LOOPBACK, port, security, "privyseal", password, certificate[0], 5)
        SmtpServer(good, "ca@privyseal.test", "privyseal.test").hand_over(message(), CAROL, "fact-1")
        assert len(receptionist.contents) == 1
        # A server that no trusted CA vouches for gets neither password nor letter.
        stranger = SmtpSettings(LOOPBACK, port, security, "privyseal", password, None, 5)
        with pytest.raises(Unavailable) as untrusted:
            SmtpServer(stranger, "ca@privyseal.test", "privyseal.test").hand_over(message(), CAROL, "fact-1")
        assert "CERTIFICATE_VERIFY_FAILED" in untrusted.value.sentence
        password.write_text("wrong", encoding="utf-8")
        with pytest.raises(Unavailable) as wrong:
            SmtpServer(good, "ca@privyseal.test", "privyseal.test").hand_over(message(), CAROL, "fact-1")
        assert "535" in wrong.value.sentence
        assert "wrong" not in wrong.value.sentence.replace("refused", "")
        assert len(receptionist.contents) == 1


def test_an_unknown_mailbox_is_a_reason_without_its_address(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("pass word", encoding="utf-8")
    with secure_server(certificate, MailSecurity.TLS) as (port, _):
        chosen = SmtpSettings(LOOPBACK, port, MailSecurity.TLS, "privyseal", password, certificate[0], 5)
        with pytest.raises(Unavailable) as refusal:
            SmtpServer(chosen, "ca@privyseal.test", "privyseal.test").hand_over(message(), "unknown@acme.test", "fact-1")
    assert refusal.value.kind == "mail-refused"
    assert "550 5.1.1 <the recipient> does not live here" in refusal.value.sentence


def test_a_server_without_starttls_gets_nothing(sink: MailSink) -> None:
    chosen = MailSettings("ca@privyseal.test", "Privyseal", SmtpSettings(sink.host, sink.port, MailSecurity.STARTTLS, timeout_seconds=5))
    with pytest.raises(Unavailable) as refusal:
        hand_over(chosen)
    assert "does not offer what the settings ask for" in refusal.value.sentence
    assert sink.deliveries == []


def test_a_password_never_crosses_a_network_in_the_clear(tmp_path: Path) -> None:
    for chosen in (
        SmtpSettings("mail.acme.test", 25, MailSecurity.NONE, "privyseal", tmp_path / "password"),
        SmtpSettings("mail.acme.test", 587, MailSecurity.STARTTLS, "privyseal"),
    ):
        with pytest.raises(Refused) as refusal:
            make_transport(MailSettings("ca@privyseal.test", delivery=chosen), "privyseal.test")
        assert refusal.value.kind == "mail-settings"


def test_a_maildir_holds_each_letter_once(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "mail"
    for _ in range(2):
        hand_over(MailSettings("ca@privyseal.test", delivery=directory))
    box = mailbox.Maildir(directory)
    ((key, stored),) = box.items()
    assert (key, stored["Message-ID"], stored["Subject"]) == ("fact-1", "<fact-1@privyseal.test>", "=?utf-8?b?R3LDvMOfZQ==?=")
    assert b"\r\n" not in (directory / "new" / "fact-1").read_bytes()
    assert stat.S_IMODE((directory / "new" / "fact-1").stat().st_mode) == 0o600
    assert list((directory / "tmp").iterdir()) == []
    # A reader has moved it: it does not come back.
    (directory / "new" / "fact-1").rename(directory / "cur" / "fact-1:2,S")
    hand_over(MailSettings("ca@privyseal.test", delivery=directory))
    assert list((directory / "new").iterdir()) == []


def test_a_maildir_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(Unavailable) as refusal:
        Maildir(tmp_path / "mail").hand_over(message(), CAROL, "fact-1")
    assert refusal.value.kind == "mail-directory"
