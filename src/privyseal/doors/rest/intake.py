"""What happens to every call with a body, by whatever method, before a route sees it (facts/reliability 5.2).

1. the body is read whole, up to 128 KiB and for at most 30 s
2. the caller is authenticated, so that no answer kept under an idempotency key goes to a revoked credential
3. it is searched for a private key, wherever and in whatever form it was sent; one that is found is blocked for ever.
   This comes before every refusal of a form or a credential: whoever sent a key has to learn that it is disclosed
4. it is a JSON object in UTF-8 that says so: a form of a foreign page, which a browser sends along with its client
   certificate without asking, never does (cross-site request forgery)
5. an idempotency key is claimed
"""

from __future__ import annotations

import asyncio

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from privyseal.actions.house import About, attempt
from privyseal.doors import DoorContext
from privyseal.doors.rest.authentication import Authenticator, Caller
from privyseal.doors.rest.idempotency import IdempotentCall
from privyseal.engine.private_keys import PrivateKeyFound
from privyseal.model.actor import Actor
from privyseal.model.errors import BadRequest, PrivysealError, Unauthenticated
from privyseal.reception.disclosed_keys import refuse_keys_in_bytes, refuse_keys_in_document
from privyseal.reception.problems import problem, problem_of
from privyseal.store import organizations
from privyseal_wire.canonical import parse_json
from privyseal_wire.errors import CanonicalRefused

MAXIMUM_BODY = 128 * 1024
WANT_A_BODY = frozenset({"POST", "PUT", "PATCH"})
"""These have a body that may not be left out; any other method may come with one, and then it is looked at likewise."""
BODY_SECONDS = 30.0
_ORGANIZATIONS = "organizations"


class Intake:
    """ASGI middleware around every call with a body below ``prefix``."""

    def __init__(self, app: ASGIApp, context: DoorContext, authenticator: Authenticator, prefix: str) -> None:
        self._app = app
        self._context = context
        self._authenticator = authenticator
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or answer it here."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix) or not _may_have_body(Request(scope)):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body, is_whole = await _read(receive)
        except TimeoutError:
            await problem(408, "Too slow", "body-timeout", "The body did not arrive within 30 seconds.")(scope, receive, send)
            return
        if not body and request.method not in WANT_A_BODY:
            await self._app(scope, _again(body, receive), send)
            return
        is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
        try:
            caller = await run_in_threadpool(self._admit, request, body, is_document=is_whole and is_json)
            if not (is_whole and is_json):
                await _wrong_form(is_whole=is_whole)(scope, receive, send)
                return
            key = request.headers.get("idempotency-key")
            call = (
                None if key is None else IdempotentCall(self._context.house, caller.key(), key, f"{request.method} {scope['path']}", body)
            )
            kept = None if call is None else await run_in_threadpool(call.claim)
        except PrivysealError as error:
            await problem_of(error)(scope, receive, send)
            return
        if kept is not None:
            await kept(scope, receive, send)
            return
        request.state.caller = caller
        await self._pass_on(scope, _again(body, receive), send, call)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, call: IdempotentCall | None) -> None:
        if call is None:
            await self._app(scope, receive, send)
            return
        recorder = _Recorder(send)
        try:
            await self._app(scope, receive, recorder)
        finally:
            once = bool(scope["state"].get("shown_once"))
            await run_in_threadpool(call.keep, recorder.status, recorder.media_type, bytes(recorder.body), shown_once=once)

    def _admit(self, request: Request, body: bytes, *, is_document: bool) -> Caller:
        """Return the caller; raises what the authenticator does, PrivateKeyFound, and BadRequest for a document that is none."""
        try:
            caller = self._authenticator.caller(request)
        except Unauthenticated:
            self._search(request, self._authenticator.stranger(request), body, is_document=False)
            raise
        self._search(request, caller.actor, body, is_document=is_document)
        return caller

    def _search(self, request: Request, actor: Actor, body: bytes, *, is_document: bool) -> None:
        content_type = request.headers.get("content-type", "")
        try:
            if is_document:
                _search_document(body, content_type)
            else:
                refuse_keys_in_bytes(body, content_type)
        except PrivateKeyFound as refusal:
            self._record(request, actor, refusal)
            raise

    def _record(self, request: Request, actor: Actor, refusal: PrivateKeyFound) -> None:
        parts = request.url.path.split("/")
        slug = parts[parts.index(_ORGANIZATIONS) + 1] if _ORGANIZATIONS in parts[:-1] else ""
        house = self._context.house
        with house.database.read(house.clock()) as tx:
            # Only a log that exists is written to: the address is the caller's word.
            organization = organizations.by_slug(tx, slug) if slug.isascii() and slug.isprintable() else None

        def refuse() -> None:
            raise refusal

        about = About(
            "receive-body", organization.slug if organization else "", "organization", organization.id if organization else "unknown"
        )
        attempt(house, actor, about, refuse)


def _may_have_body(request: Request) -> bool:
    """Say whether a body has to be looked for: RFC 9112 section 6 tells by two headers that one follows, whatever the method."""
    announced = request.headers.get("content-length", "0").strip("0") or request.headers.get("transfer-encoding")
    return request.method in WANT_A_BODY or bool(announced)


def _search_document(body: bytes, content_type: str) -> None:
    """Raise PrivateKeyFound, or BadRequest ``json`` unless the body is a JSON object."""
    if not body:
        raise BadRequest("json", "The body is empty; send a JSON object, at least {}.")
    try:
        document = parse_json(body)
    except CanonicalRefused as error:
        refuse_keys_in_bytes(body, content_type)
        raise BadRequest("json", f"The body cannot be read as JSON: {error.sentence}") from error
    refuse_keys_in_document(document)
    if not isinstance(document, dict):
        raise BadRequest("json", "The body is not a JSON object.")


def _wrong_form(*, is_whole: bool) -> Response:
    """Return the answer to a body that is too large, or is not said to be JSON."""
    if is_whole:
        return problem(415, "Another form", "media-type", 'The body is JSON and says so: "Content-Type: application/json".')
    sentence = f"The body is larger than {MAXIMUM_BODY // 1024} KiB."
    return problem(413, "Too large", "too-large", sentence, headers={"Connection": "close"})


class _Recorder:
    """Sends on and remembers the answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.media_type = ""
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        """Remember one message and send it on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.media_type = next((value.decode() for name, value in message["headers"] if name == b"content-type"), "")
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
        await self._send(message)


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """Return the body and whether that is all of it; what is longer is not read to its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body), True
        body += message.get("body", b"")
        if len(body) > MAXIMUM_BODY:
            return bytes(body[:MAXIMUM_BODY]), False
        if not message.get("more_body"):
            return bytes(body), True


def _again(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
