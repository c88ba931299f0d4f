"""Calls an ASGI application in this thread, thousands of times a minute: what a client library adds is most of the time of such a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp, Message


@dataclass(slots=True)
class AsgiAnswer:
    """What came back; header names are in lower case."""

    status_code: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


@dataclass(slots=True)
class AsgiClient:
    """``app`` is asked as over TLS at ``host``, one call after the other, in one event loop; ``close()`` ends that."""

    app: ASGIApp
    host: str = "localhost:8443"
    extensions: dict[str, Any] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def close(self) -> None:
        """Ends the event loop with its threads."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def request(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        data: Mapping[str, str] | None = None,
    ) -> AsgiAnswer:
        """Call; ``json`` or the form ``data`` is sent, or nothing."""
        kind, body = "", b""
        if json is not None:
            kind, body = "application/json", _json(json)
        elif data is not None:
            kind, body = "application/x-www-form-urlencoded", urlencode(data).encode()
        sent = {"host": self.host, **(headers or {}), **({"content-type": kind, "content-length": str(len(body))} if kind else {})}
        place = urlsplit(address)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": place.path,
            "raw_path": place.path.encode(),
            "query_string": place.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("localhost", 8443),
            "extensions": dict(self.extensions),
            "state": {},
        }
        return self._loop.run_until_complete(_call(self.app, scope, body))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


async def _call(app: ASGIApp, scope: dict[str, Any], body: bytes) -> AsgiAnswer:
    answer, waiting = AsgiAnswer(), [{"type": "http.request", "body": body, "more_body": False}]
    never = asyncio.Event()

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await never.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status_code = message["status"]
            answer.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message.get("headers", ())}
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
