"""Answers as they leave: encoded once, sent many times."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias

from privyseal.model.errors import Unavailable

Chunks: TypeAlias = Callable[[], AsyncIterator[bytes]]

PHRASES = {
    200: "OK",
    304: "Not Modified",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

STATUS_LINES = {status: f"HTTP/1.1 {status} {phrase}\r\n".encode() for status, phrase in PHRASES.items()}

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

TEXT = "text/plain; charset=utf-8"
NO_STORE = "no-store"
BRIEF = "public, max-age=30, no-transform, must-revalidate"
"""CRLs and OCSP answers: contract, status front; RFC 5019 6.2 for the other words."""


def http_date(moment: datetime) -> str:
    """IMF-fixdate (RFC 9110 5.6.7) of a UTC moment; strftime would follow the locale."""
    return f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment:%Y %H:%M:%S} GMT"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer without its first line and Date.

    ``fields`` are the encoded header fields that describe the body, ``validators`` those that a 304 repeats (RFC 9110
    15.4.5), ``payload`` the fields, the empty line and the body. With ``chunks`` the payload ends with the empty line and
    the body follows piece by piece.
    """

    status: int
    fields: bytes
    validators: bytes
    payload: bytes
    etag: str = ""
    chunks: Chunks | None = None
    close: bool = False

    def without_body(self) -> bytes:
        """What a HEAD request gets: the same fields, no body (RFC 9110 9.3.2)."""
        return self.fields + self.validators + b"\r\n"


Later: TypeAlias = Callable[[], Coroutine[Any, Any, Answer]]
"""An answer that takes a look at the database: called and awaited once, or dropped when the client has gone."""


def make_answer(
    body: bytes | tuple[int, Chunks],
    content_type: str,
    *,
    status: int = 200,
    cache: str = NO_STORE,
    etag: str = "",
    modified: datetime | None = None,
    more: str = "",
) -> Answer:
    """An answer with this body, which is bytes or its length and a source of pieces.

    ``etag`` is without quotes, ``more`` holds further field lines, each ending with CRLF.
    """
    length = len(body) if isinstance(body, bytes) else body[0]
    fields = f"Content-Type: {content_type}\r\nContent-Length: {length}\r\nX-Content-Type-Options: nosniff\r\n{more}".encode()
    validators = f"Cache-Control: {cache}\r\n"
    if etag:
        validators += f'ETag: "{etag}"\r\n'
    if modified is not None:
        validators += f"Last-Modified: {http_date(modified)}\r\n"
    encoded = validators.encode()
    start = fields + encoded + b"\r\n"
    if isinstance(body, bytes):
        return Answer(status, fields, encoded, start + body, etag)
    return Answer(status, fields, encoded, start, etag, chunks=body[1])


def sentence_answer(status: int, sentence: str, *, more: str = "") -> Answer:
    """A refusal in one sentence for people."""
    return make_answer(f"{sentence}\n".encode(), TEXT, status=status, more=more)


def unavailable_answer(refusal: Unavailable) -> Answer:
    """503 with the refusal's sentence and when to come back."""
    return sentence_answer(503, refusal.sentence, more=retry_after(refusal))


def retry_after(refusal: Unavailable) -> str:
    """The Retry-After field line of a refusal."""
    return f"Retry-After: {refusal.retry_after_seconds}\r\n"


def entity_tag(body: bytes) -> str:
    """A strong ETag for these bytes."""
    return sha256(body).hexdigest()


def not_modified(answer: Answer, if_none_match: str) -> Answer | None:
    """The 304 in place of ``answer`` if the client has it already (RFC 9110 13.1.2), else None."""
    if not answer.etag or answer.status != 200:
        return None
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if "*" not in known and f'"{answer.etag}"' not in known:
        return None
    return Answer(304, b"", answer.validators, answer.validators + b"\r\n")
