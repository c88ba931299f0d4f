"""Handing a letter over: to a mail server by SMTP, or into a Maildir.

A letter may be handed over more than once (a crash after the hand-over, an answer that got lost): its Message-ID is
made from the outbox row and stays the same, so that the second one is recognizable. In a Maildir the second one
replaces the first.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol

from privyseal.features import MailSecurity, MailSettings, SmtpSettings
from privyseal.model.errors import Refused, Unavailable
from privyseal.store.failpoints import failpoint

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Transport(Protocol):
    """Takes letters for one recipient each."""

    def hand_over(self, message: EmailMessage, recipient: str, letter_id: str) -> None:
        """Return when the letter is in somebody else's durable hands; raises Unavailable ``mail-...`` to be tried again.

        ``letter_id`` is the same for the same letter, whatever the try.
        """


def make_transport(settings: MailSettings, service_id: str) -> Transport:
    """Return the transport of these settings; raises Refused ``mail-settings`` for a password without protection."""
    if isinstance(settings.delivery, Path):
        return Maildir(settings.delivery)
    return SmtpServer(settings.delivery, settings.sender_address, service_id)


def deliver(transport: Transport, message: EmailMessage, recipient: str, letter_id: str) -> None:
    """Hand a letter over, between the two failpoints of the release step (architecture section 3 step 8)."""
    failpoint("release.before-mail")
    transport.hand_over(message, recipient, letter_id)
    failpoint("release.after-mail")


class SmtpServer:
    """A mail server. One connection for each letter: letters are few, and a kept connection dies unseen."""

    def __init__(self, settings: SmtpSettings, sender: str, service_id: str) -> None:
        if settings.user and settings.security is MailSecurity.NONE and settings.host not in LOOPBACK:
            sentence = (
                f"The password for {settings.host} would cross the network in the clear. Set the mail server's security to starttls or tls."
            )
            raise Refused("mail-settings", sentence)
        if settings.user and settings.password_file is None:
            raise Refused("mail-settings", f"There is a user but no password file for the mail server {settings.host}.")
        self._settings = settings
        self._sender = sender
        self._service_id = service_id

    def hand_over(self, message: EmailMessage, recipient: str, letter_id: str) -> None:
        """Return when the server answered 250 to the content; raises Unavailable ``mail-server`` or ``mail-refused``."""
        del letter_id
        where = f"The mail server {self._settings.host}:{self._settings.port}"
        try:
            with self._connect() as server:
                # from_addr and to_addrs are the envelope: no header decides where a letter goes.
                server.send_message(message, from_addr=self._sender, to_addrs=[recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refused(where, code, text, recipient) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(where, error.smtp_code, error.smtp_error, recipient) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Unavailable("mail-server", f"{where} does not offer what the settings ask for: {error}.") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable("mail-server", f"{where} does not answer: {type(error).__name__}: {error}.") from error

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        timeout, name = settings.timeout_seconds, self._service_id
        if settings.security is MailSecurity.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, name, timeout=timeout, context=self._tls())
        else:
            server = smtplib.SMTP(settings.host, settings.port, name, timeout=timeout)
        try:
            if settings.security is MailSecurity.STARTTLS:
                server.starttls(context=self._tls())
            if settings.user and settings.password_file is not None:
                server.login(settings.user, settings.password_file.read_text(encoding="utf-8").strip("\r\n"))
        except BaseException:
            server.close()
            raise
        return server

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _refused(where: str, code: int, text: bytes | str, recipient: str) -> Unavailable:
    # The recipient's address is personal data and stays out of the reason, which goes to logs.
    said = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).replace(recipient, "the recipient")
    return Unavailable("mail-refused", f"{where} refused the letter: {code} {' '.join(said.split())}.")


class Maildir:
    """A Maildir (tmp, new, cur), each letter a file named after its id: delivered twice, it is there once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def hand_over(self, message: EmailMessage, recipient: str, letter_id: str) -> None:
        """Return when the file is durable; raises Unavailable ``mail-directory``."""
        del recipient
        content = message.as_bytes(policy=SMTP.clone(linesep="\n"))
        try:
            for name in ("tmp", "new", "cur"):
                (self._directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            if any((self._directory / "cur").glob(f"{letter_id}:*")):
                return
            draft = self._directory / "tmp" / letter_id
            _write_durably(draft, content)
            draft.rename(self._directory / "new" / letter_id)
            _sync_directory(self._directory / "new")
        except OSError as error:
            raise Unavailable("mail-directory", f"The letter cannot be written into {self._directory}: {error.strerror}.") from error


def _write_durably(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
