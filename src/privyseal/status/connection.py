"""One client connection: cuts the byte stream into requests, sends the answers in order, and lets nobody take too much.

A bare asyncio protocol: requests that follow each other on one connection (keep-alive, pipelining) are answered in
their order; while an answer is being waited for or streamed, reading rests. Heads that were parsed before are found by their
bytes, because clients of one kind send the same head again and again.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from typing import Final, NamedTuple, cast

from privyseal.model.errors import Unavailable
from privyseal.status.front import FAILED, Front
from privyseal.status.http.answer import STATUS_LINES, Answer, Chunks, Later, http_date, sentence_answer
from privyseal.status.http.request_head import RequestError, RequestHead, parse_head
from privyseal.status.http.routes import Route, resolve
from privyseal.status.settings import Clock, Limits

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE: Final = b"Connection: close\r\n"
_HEAD_END: Final = b"\r\n\r\n"
_KNOWN_HEADS: Final = 2048
_KNOWN_HEAD_BYTES: Final = 1024
_WRITE_BUFFER: Final = 256 * 1024
_NEVER: Final = float("inf")
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST
_CR: Final = 0x0D
_FIRST, _LAST = 0x21, 0x7E  # a method begins with a visible character

_log = logging.getLogger(__name__)


class _Known(NamedTuple):
    """A parsed head and where its path leads."""

    head: RequestHead
    route: Route | None


class Listener:
    """What all connections share: the front, the limits, the date line and the heads that were seen before."""

    def __init__(self, front: Front, limits: Limits, clock: Clock) -> None:
        self.front = front
        self.limits = limits
        self.connections: set[Connection] = set()
        self.closing = False
        self.loop = asyncio.get_running_loop()
        self.date_line = b""
        self._clock = clock
        self._heads: dict[bytes, _Known] = {}
        front.connections = lambda: len(self.connections)
        self.tick()

    def tick(self) -> None:
        """Once a second: a new Date (RFC 9110 6.6.1), and an end to the connections that take too long."""
        self.date_line = f"Date: {http_date(self._clock())}\r\n".encode()
        now = self.loop.time()
        for connection in list(self.connections):
            connection.enforce(now)

    def read_head(self, head: bytes) -> _Known:
        """The parsed head and its route. Raises RequestError."""
        known = self._heads.get(head)
        if known is None:
            parsed = parse_head(head)
            known = _Known(parsed, resolve(parsed.path))
            if len(head) <= _KNOWN_HEAD_BYTES:
                if len(self._heads) >= _KNOWN_HEADS:
                    self._heads.clear()
                self._heads[head] = known
        return known


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._transport: asyncio.Transport
        self._buffer = b""
        self._deadline = 0.0
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._ending = False
        self._eof = False
        self._continued = False

    # ------------------------------------------------------------------------------------------------ asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the client in, or tells it that there is no room."""
        # create_server makes stream transports; uvloop's are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        listener = self._listener
        listener.connections.add(self)
        self._wait(listener.limits.idle_seconds)
        if len(listener.connections) > listener.limits.connections:
            self._end_with(sentence_answer(503, "There are too many connections; try again in a few seconds.", more="Retry-After: 5\r\n"))

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self._ending:
            return
        if self._buffer:
            self._buffer += data
        else:
            self._buffer = data
            if self._task is None and self._writable.is_set():
                self._wait(self._listener.limits.request_seconds)
        if self._task is None and self._writable.is_set():
            self._advance()
        elif len(self._buffer) > self._listener.limits.head_bytes + self._listener.limits.body_bytes:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The client sends no more; what it asked before is still answered."""
        self._eof = True
        # A false value lets the transport send what is written and close.
        return not self._ending and (self._task is not None or not self._writable.is_set())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The client has gone."""
        self._ending = True
        self._listener.connections.discard(self)
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self._writable.clear()
        self._wait(self._listener.limits.drain_seconds)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable.set()
        if self._task is not None:
            self._deadline = _NEVER
        elif not self._ending:
            self._proceed()

    # ----------------------------------------------------------------------------------------------------- requests

    def _advance(self) -> None:
        """Answers the requests that are complete in the buffer."""
        try:
            while self._buffer and self._task is None and not self._ending and self._writable.is_set():
                if not self._answer_next():
                    return
        except RequestError as error:
            self._end_with(sentence_answer(error.status, error.sentence))
        except Exception:  # noqa: BLE001 - a mistake of ours must not leave the client waiting
            _log.exception("The status front failed to read a request.")
            self._end_with(FAILED)

    def _proceed(self) -> None:
        """Goes on with what came in while an answer was being made or sent."""
        limits = self._listener.limits
        self._wait(limits.request_seconds if self._buffer else limits.idle_seconds)
        self._transport.resume_reading()
        self._advance()
        if self._task is None and self._writable.is_set() and not self._ending and (self._eof or self._listener.closing):
            self._transport.close()

    def _answer_next(self) -> bool:
        """Answers the first request in the buffer; False if it is not complete."""
        listener = self._listener
        if self._buffer[0] == _CR:
            # RFC 9112 2.2: empty lines before a request are skipped.
            self._buffer = self._buffer.lstrip(b"\r\n")
        buffer = self._buffer
        end = buffer.find(_HEAD_END)
        if end < 0 or end > listener.limits.head_bytes:
            self._check_head(buffer)
            return False
        end += 4
        head, route = listener.read_head(buffer[:end])
        length = head.content_length
        if length > listener.limits.body_bytes:
            raise RequestError(413, f"The body has {length} bytes; this server takes at most {listener.limits.body_bytes}.")
        if len(buffer) < end + length:
            if head.expects_continue and not self._continued:
                self._continued = True
                self._transport.write(_CONTINUE)
            return False
        self._continued = False
        self._buffer = buffer[end + length :]
        reply = listener.front.reply(head, route, buffer[end : end + length])
        if isinstance(reply, Answer) and (reply.chunks is None or head.method == "HEAD"):
            self._send(reply, head)
        else:
            self._deadline = _NEVER
            self._task = listener.loop.create_task(self._send_later(reply, head))
        return True

    def _check_head(self, buffer: bytes) -> None:
        """Raises RequestError if this will never become a head."""
        limit = self._listener.limits.head_bytes
        if len(buffer) > limit:
            raise RequestError(431, f"The head of the request is longer than {limit} bytes; send fewer or shorter fields.")
        # A client that speaks TLS or ends its lines with LF alone would wait in vain for an answer.
        if buffer and (not _FIRST <= buffer[0] <= _LAST or b"\n\n" in buffer or b"\n\r\n" in buffer):
            raise RequestError(400, "This is no HTTP request: the server speaks HTTP/1.1 without TLS, and lines end with CR LF.")

    # ------------------------------------------------------------------------------------------------------ answers

    def _send(self, answer: Answer, head: RequestHead) -> None:
        """Writes an answer whose body is at hand."""
        listener = self._listener
        payload = answer.without_body() if head.method == "HEAD" else answer.payload
        if head.keep_alive and not listener.closing:
            self._transport.write(STATUS_LINES[answer.status] + listener.date_line + payload)
            self._wait(listener.limits.request_seconds if self._buffer else listener.limits.idle_seconds)
        else:
            self._transport.write(STATUS_LINES[answer.status] + listener.date_line + _CLOSE + payload)
            self._ending = True
            self._wait(listener.limits.drain_seconds)
            self._transport.close()

    async def _send_later(self, reply: Answer | Later, head: RequestHead) -> None:
        try:
            answer = reply if isinstance(reply, Answer) else await reply()
            if answer.chunks is None or head.method == "HEAD":
                self._send(answer, head)
            else:
                await self._stream(answer, answer.chunks, head)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must learn that something is missing
            # The head has left already: only a connection that ends too early tells that the body is not whole.
            _log.warning("A CRL was cut off in the middle: %s", error, exc_info=None if isinstance(error, Unavailable) else error)
            self.abort()
        finally:
            self._task = None
        if not self._ending:
            self._proceed()

    async def _stream(self, answer: Answer, chunks: Chunks, head: RequestHead) -> None:
        """Writes an answer piece by piece, the next when the client has taken the last."""
        listener = self._listener
        keep = head.keep_alive and not listener.closing
        self._transport.write(STATUS_LINES[answer.status] + listener.date_line + (b"" if keep else _CLOSE) + answer.payload)
        async for chunk in chunks():
            self._transport.write(chunk)
            await self._writable.wait()
        if not keep:
            self._ending = True
            self._wait(listener.limits.drain_seconds)
            self._transport.close()

    def _end_with(self, answer: Answer) -> None:
        """Answers, sends no more and reads past what still comes, so that the answer arrives (RFC 9112 9.6)."""
        self._listener.front.counts["none", answer.status] += 1
        self._ending = True
        self._buffer = b""
        self._transport.write(STATUS_LINES[answer.status] + self._listener.date_line + _CLOSE + answer.payload)
        self._transport.write_eof()
        self._wait(self._listener.limits.linger_seconds)

    # -------------------------------------------------------------------------------------------------------- limits

    def _wait(self, seconds: float) -> None:
        self._deadline = self._listener.loop.time() + seconds

    def abort(self) -> None:
        """Ends the connection at once, whatever is on its way."""
        # Without this the kernel would keep what is on its way for a client that takes nothing, for minutes.
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def enforce(self, now: float) -> None:
        """Ends the connection if its time is over at ``now`` (the event loop's time), or if it idles while the server closes."""
        idle = self._task is None and not self._buffer and not self._ending and self._writable.is_set()
        if idle and (self._listener.closing or now > self._deadline):
            self._transport.close()
        elif now <= self._deadline:
            return
        elif self._ending or not self._writable.is_set():
            self.abort()
        else:
            seconds = self._listener.limits.request_seconds
            self._end_with(sentence_answer(408, f"The request was not complete after {seconds:g} seconds."))
