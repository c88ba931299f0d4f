"""Reading what a form sends: bounded in size, time and number, and searched for private keys before anybody sees it.

128 KiB for a form, 1 MiB where files are handed in, 30 seconds, 100 fields. Whatever a browser or a stranger sends ends in
a value or in BadRequest; a key that was sent is blocked for ever, also when the form around it is broken.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from privyseal.actions.house import About, attempt
from privyseal.engine.private_keys import PrivateKeyFound, refuse_private_keys
from privyseal.model.actor import Actor
from privyseal.model.errors import BadRequest, NotFound, TooLarge
from privyseal.reception.audiences import audience_of, known_log
from privyseal.reception.desk import desk_of
from privyseal.reception.disclosed_keys import refuse_keys_in_bytes
from privyseal.reception.visitors import Visitor

MAXIMUM_FORM: Final = 128 * 1024
MAXIMUM_UPLOAD: Final = 1024 * 1024
MAXIMUM_FIELDS: Final = 100
MAXIMUM_NAME: Final = 200
FORM_SECONDS: Final = 30.0

_BOUNDARY: Final = re.compile(rb"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_URLENCODED: Final = b"application/x-www-form-urlencoded"
_MULTIPART: Final = b"multipart/form-data"


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it came; ``name`` is the sender's word and at most for showing."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SentForm:
    """``values`` are the texts of each field in their order; ``files`` the file of each file field that was not left empty."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, SentFile] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the text of a field exactly as typed, or nothing; of several the first."""
        return next(iter(self.values.get(name, ())), "")


async def read_form(request: Request, *, uploads: bool = False) -> SentForm:
    """Return the form of a request; ``uploads`` where a page takes files. A refusal is recorded of ``request.state.visitor``.

    Raises TooLarge ``form-size``, BadRequest (``form-time``, ``form-type``, ``form-fields``, ``form-text``, ``form-damaged``),
    PrivateKeyFound, recorded, and Unavailable.
    """
    maximum = MAXIMUM_UPLOAD if uploads else MAXIMUM_FORM
    body, is_whole = await _body(request, maximum)
    content_type = request.headers.get("content-type", "")
    try:
        if not is_whole:
            raise _too_large(maximum, uploads=uploads)
        form = await run_in_threadpool(_parse, content_type, body)
    except BadRequest:
        # The form is refused, but a key in it is disclosed all the same, and its owner has to learn that first.
        await run_in_threadpool(_refuse_keys, request, lambda: refuse_keys_in_bytes(body, content_type))
        raise
    await run_in_threadpool(_refuse_keys, request, lambda: _search(form))
    return form


async def _body(request: Request, maximum: int) -> tuple[bytes, bool]:
    """Return the body and whether that is all of it; what is longer is not read to its end."""
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > maximum:
                    return bytes(body[:maximum]), False
    except TimeoutError as error:
        raise BadRequest("form-time", "The form did not arrive within 30 seconds. Try again, with a faster connection.") from error
    except ClientDisconnect as error:
        raise BadRequest("form-damaged", "The connection ended before the form had arrived.") from error
    return bytes(body), True


def _parse(content_type: str, body: bytes) -> SentForm:
    try:
        kind, options = parse_options_header(content_type)
    except ValueError as error:
        raise _unreadable() from error
    if kind == _URLENCODED:
        return _urlencoded(body)
    if kind == _MULTIPART:
        return _multipart(options.get(b"boundary", b""), body)
    raise BadRequest("form-type", "This page takes what its own form sends, and nothing else.")


def _urlencoded(body: bytes) -> SentForm:
    values: dict[str, list[str]] = {}
    if body.count(b"&") >= MAXIMUM_FIELDS:
        raise _too_many()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise _no_text() from error
    for name, text in pairs:
        values.setdefault(_name(name), []).append(text)
    return SentForm(values)


def _multipart(boundary: bytes, body: bytes) -> SentForm:
    if not _BOUNDARY.fullmatch(boundary):
        raise _unreadable()
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise _unreadable() from error
    if body and not parts.is_finished:
        raise _unreadable()
    return SentForm(parts.values, parts.files)


class _Parts:
    """Collects the parts of a multipart body (RFC 7578) as the parser meets them."""

    def __init__(self) -> None:
        self.values: dict[str, list[str]] = {}
        self.files: dict[str, SentFile] = {}
        self.is_finished = False
        self._count = 0
        self._content = bytearray()
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""

    def begin(self) -> None:
        self._count += 1
        if self._count > MAXIMUM_FIELDS:
            raise _too_many()
        self._content = bytearray()
        self._disposition = b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def end(self) -> None:
        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or b"name" not in options:
            raise _unreadable()
        name = _name(_utf8(options[b"name"]))
        if b"filename" not in options:
            self.values.setdefault(name, []).append(_utf8(bytes(self._content)))
        elif self._content or options[b"filename"]:
            if name in self.files:
                raise BadRequest("form-fields", "More than one file was sent for the same question. Send one.", field=name)
            self.files[name] = SentFile(_utf8(options[b"filename"])[:MAXIMUM_NAME], bytes(self._content))

    def finish(self) -> None:
        self.is_finished = True


def _name(text: str) -> str:
    if len(text) > MAXIMUM_NAME:
        raise BadRequest("form-fields", "The name of a field is longer than any of this service.")
    return text


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _no_text() from error


def _search(form: SentForm) -> None:
    """Raise PrivateKeyFound, with the field, for a key in a text, a file, or what should be a name."""
    for name, texts in form.values.items():
        for text in (name, *texts):
            refuse_private_keys(text, field=name[:64])
    for name, file in form.files.items():
        for content in (name, file.name, file.content):
            refuse_private_keys(content, field=name[:64])


def _refuse_keys(request: Request, search: Callable[[], None]) -> None:
    """Raise the PrivateKeyFound of a search, recorded."""
    try:
        search()
    except PrivateKeyFound as refusal:
        _record(request, refusal)
        raise


def _record(request: Request, refusal: PrivateKeyFound) -> None:
    desk = desk_of(request)
    guest = getattr(request.state, "visitor", None)
    actor: Actor = guest.actor if isinstance(guest, Visitor) else desk.stranger(request)

    def refuse() -> None:
        raise refusal

    try:
        log = known_log(desk.house, audience_of(request))
    except NotFound:
        log = ""
    attempt(desk.house, actor, About("receive-form", log, "call", "form"), refuse)


def _too_large(maximum: int, *, uploads: bool) -> TooLarge:
    if uploads:
        return TooLarge("form-size", "This file is too large. A CSR or a certificate has about 1 KB; did you choose the right file?")
    return TooLarge("form-size", f"What was sent is larger than {maximum // 1024} KiB. Send less.")


def _too_many() -> BadRequest:
    return BadRequest("form-fields", f"The form has more than {MAXIMUM_FIELDS} fields.")


def _no_text() -> BadRequest:
    return BadRequest("form-text", "The form holds something that is no text in UTF-8.")


def _unreadable() -> BadRequest:
    return BadRequest("form-damaged", "The form arrived damaged. Open the page again and send it once more.")
