"""httpx's client on an ASGI application that runs in the test's own thread.

Starlette's client starts a thread and an event loop for each call and goes to and fro between the two, which took a third of the time
of the pages' tests. Answers come whole here: what streams without an end is followed on a live service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx2
from starlette.types import ASGIApp, Message

CALLER = ("testclient", 50_000)
"""Who calls: address and port."""


class AppClient(httpx2.Client):
    """Calls ``app`` as at ``base_url``; what it did not catch is raised, or answered without ``raise_server_exceptions``."""

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        *,
        headers: Mapping[str, str] | None = None,
        follow_redirects: bool = True,
        raise_server_exceptions: bool = True,
        client: tuple[str, int] = CALLER,
    ) -> None:
        super().__init__(
            base_url=base_url,
            headers={"user-agent": "testclient", **(headers or {})},
            follow_redirects=follow_redirects,
            transport=_InThisThread(app, client, raise_server_exceptions=raise_server_exceptions),
        )


class _InThisThread(httpx2.BaseTransport):
    def __init__(self, app: ASGIApp, client: tuple[str, int], *, raise_server_exceptions: bool) -> None:
        self._app = app
        self._client = client
        self._raises = raise_server_exceptions

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        path = url.raw_path.partition(b"?")[0]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self._client,
            "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
            "extensions": {},
            "state": {},
        }
        # Each call has a loop of its own, so that threads may call at once and nobody has one to close.
        loop = asyncio.new_event_loop()
        try:
            status, headers, body = loop.run_until_complete(self._call(scope, request.read()))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()
        return httpx2.Response(status, headers=headers, content=b"" if request.method == "HEAD" else body, request=request)

    async def _call(self, scope: dict[str, Any], body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        answered = asyncio.Event()
        started: Message = {}
        sent: list[bytes] = []

        async def receive() -> Message:
            if waiting:
                return waiting.pop()
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert not started, "an answer begins once"
                started.update(message)
                return
            assert started, "an answer has a beginning"
            assert not answered.is_set(), "nothing comes behind the end of an answer"
            sent.append(message.get("body", b""))
            if not message.get("more_body", False):
                answered.set()

        try:
            await self._app(scope, receive, send)
        except Exception:
            if self._raises or not started:
                raise
        assert answered.is_set(), "an answer has an end"
        return started["status"], list(started.get("headers", ())), b"".join(sent)
