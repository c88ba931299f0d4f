"""Reading the head of one HTTP/1.x request: strict, because what two readers understand differently can be smuggled past one.

RFC 9112. Only the fields that the front acts on are kept. Whoever sends something else than a well-formed head is told so in
a sentence and cut off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_FIELDS = 64

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
# RFC 9110 5.5 and 5.6.2, RFC 9112 5.1: no blank before the colon, no folded lines, no control characters.
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_LENGTH = re.compile(rb"[0-9]{1,12}")


class RequestError(Exception):
    """The request cannot be served as HTTP; the connection ends after an answer with ``status`` and ``sentence``."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What a request asks for. ``path`` is still percent-encoded and has no query; ``if_none_match`` are the ETags as sent."""

    method: str
    path: str
    keep_alive: bool
    content_length: int
    content_type: str
    if_none_match: str
    expects_continue: bool


def parse_head(head: bytes) -> RequestHead:
    """The head in ``head``, which ends with the empty line. Raises RequestError with 400, 411 or 431."""
    request_line, *lines = head[:-4].split(b"\r\n")
    method, target, minor = _parse_request_line(request_line)
    if len(lines) > MAX_FIELDS:
        raise RequestError(431, f"The request has more than {MAX_FIELDS} header fields; send fewer.")
    fields = _parse_fields(lines)
    if minor and len(fields.get(b"host", ())) != 1:
        # RFC 9112 3.2
        raise RequestError(400, "An HTTP/1.1 request carries exactly one Host field; this one does not.")
    tokens = {token.strip() for value in fields.get(b"connection", ()) for token in value.lower().split(b",")}
    return RequestHead(
        method=method,
        path=_path(target),
        # RFC 9112 C.2.2 lets HTTP/1.0 clients ask for keep-alive; they get by without.
        keep_alive=bool(minor) and b"close" not in tokens,
        content_length=_content_length(fields),
        content_type=_single(fields, b"content-type").partition(";")[0].strip().lower(),
        if_none_match=", ".join(value.decode("latin-1") for value in fields.get(b"if-none-match", ())),
        expects_continue=bool(minor) and _single(fields, b"expect").lower() == "100-continue",
    )


def _parse_request_line(line: bytes) -> tuple[str, str, int]:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise RequestError(400, "The first line is no HTTP request line (method, address, HTTP/1.1).")
    method, target, major, minor = match.groups()
    if major != b"1":
        # RFC 9110 15.6.6 has 505 for it, but the fault is the client's and alarms listen for 5xx.
        raise RequestError(400, "This server speaks HTTP/1.1 and HTTP/1.0.")
    return method.decode(), target.decode(), int(minor)


def _parse_fields(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise RequestError(400, "A header field is not written as RFC 9112 wants it (name, colon, value, on one line).")
        fields.setdefault(match[1].lower(), []).append(match[2])
    return fields


def _single(fields: dict[bytes, list[bytes]], name: bytes) -> str:
    values = fields.get(name, [])
    if len(values) > 1:
        raise RequestError(400, f"The header field {name.decode()} stands more than once in the request.")
    return values[0].decode("latin-1") if values else ""


def _content_length(fields: dict[bytes, list[bytes]]) -> int:
    if b"transfer-encoding" in fields:
        # RFC 9112 6.1: both lengths in one request are an attack; and no client of ours needs to send chunks.
        raise RequestError(
            400 if b"content-length" in fields else 411, "Send the body with a Content-Length and without Transfer-Encoding."
        )
    values = fields.get(b"content-length", [])
    if not values:
        return 0
    if len(values) > 1 or _LENGTH.fullmatch(values[0]) is None:
        raise RequestError(400, "Content-Length is one decimal number; this request says something else.")
    return int(values[0])


def _path(target: str) -> str:
    # RFC 9112 3.2.2: a server accepts the absolute form, too, as proxies send it.
    if target[:7].lower() == "http://":
        target = "/" + target[7:].partition("/")[2]
    if not target.startswith("/"):
        raise RequestError(400, "The address in the request line begins with a slash or with http://.")
    return target.partition("?")[0].partition("#")[0]
