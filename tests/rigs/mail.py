"""A real SMTP server for the tests: it keeps what it accepts, refuses when told to, goes down and comes back.

It can do to a sender what the world does: refuse for now (451), refuse for good (550), be away (connection refused) and
accept the message but lose the answer (the sender must send again under the same Message-ID).
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.rigs.ports import LOOPBACK, free_port, wait_until

ACCEPTED = "250 Message accepted for delivery"
TRY_LATER = "451 4.3.0 The tests want this message later"
NEVER = "550 5.1.1 The tests do not want this message"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One accepted message: the envelope's addresses and the parsed content."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The content, parsed by the standard library under its modern policy."""
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def message_id(self) -> str:
        """The Message-ID header."""
        return str(self.message["Message-ID"])


class _Handler:
    """What aiosmtpd calls, in its own thread."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del session
        return self._sink.receive(server, envelope)


class MailSink:
    """The server. Use it as a context manager; ``port`` stays the same while it goes down and comes back."""

    def __init__(self) -> None:
        self.host = LOOPBACK
        self.port = free_port()
        self._lock = threading.Lock()
        self._deliveries: list[Delivery] = []
        self._answer = ACCEPTED
        self._refused = 0
        self._losing_answers = 0
        self._controller: Controller | None = None

    @property
    def deliveries(self) -> list[Delivery]:
        """Every accepted message, in the order of arrival."""
        with self._lock:
            return list(self._deliveries)

    @property
    def refused(self) -> int:
        """How many messages were refused."""
        with self._lock:
            return self._refused

    def to(self, address: str) -> list[Delivery]:
        """The accepted messages for one recipient."""
        return [delivery for delivery in self.deliveries if address in delivery.recipients]

    def wait_for(self, count: int, *, seconds: float = 10.0) -> list[Delivery]:
        """Returns the deliveries once there are at least so many; raises TimeoutError otherwise."""
        wait_until(lambda: len(self.deliveries) >= count, seconds=seconds, what=f"{count} messages arrived ({len(self.deliveries)} now)")
        return self.deliveries

    def accept(self) -> None:
        """Accepts every message from now on."""
        self._set_answer(ACCEPTED)

    def refuse_for_now(self) -> None:
        """Answers every message with 451 from now on."""
        self._set_answer(TRY_LATER)

    def refuse_for_good(self) -> None:
        """Answers every message with 550 from now on."""
        self._set_answer(NEVER)

    def lose_answers(self, count: int) -> None:
        """Keeps the next messages but cuts the connection instead of answering, so that the sender cannot know."""
        with self._lock:
            self._losing_answers = count

    def go_down(self) -> None:
        """Stops listening; connections are refused."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def come_back(self) -> None:
        """Listens again, on the same port, with everything received so far."""
        assert self._controller is None
        self._controller = Controller(_Handler(self), hostname=self.host, port=self.port, ready_timeout=10)
        self._controller.start()

    def receive(self, server: SMTP, envelope: Envelope) -> str:
        """Called for every message; returns the SMTP answer."""
        with self._lock:
            if self._answer != ACCEPTED:
                self._refused += 1
                return self._answer
            content = envelope.original_content
            assert content is not None
            self._deliveries.append(Delivery(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
            if self._losing_answers > 0:
                self._losing_answers -= 1
                transport = server.transport
                assert isinstance(transport, asyncio.Transport)
                transport.abort()
            return ACCEPTED

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.go_down()

    def _set_answer(self, answer: str) -> None:
        with self._lock:
            self._answer = answer
