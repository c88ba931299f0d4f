"""The client certificate of a connection, as TLS verified it, and what becomes of a call that lacks one.

The administrators' port asks for a certificate in the handshake and lets browsers in that have none, so that a page can say
what is missing. No other address is reached that way: every call is turned into one for that page before anything looks at it.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from privyseal.look.assets import PREFIX

PROGRAMS: Final = "/api/"
CERTIFICATE_PATH: Final = "/sign-in/certificate"
"""At the administrators' port: verifies the certificate and leads back, or says what is missing."""


def client_certificate(request: Request) -> bytes | None:
    """Return the DER of the client certificate that TLS verified on this connection, or None."""
    return _certificate(request.scope)


def asked_for(request: Request) -> str:
    """Return the path that was called without a certificate where one is needed; "" for every other call."""
    path = request.scope.get("extensions", {}).get("privyseal.without-certificate", "")
    return path if isinstance(path, str) else ""


def asked_by_program(request: Request) -> bool:
    """Tell whether such a call was one of a program, which is told in its own form."""
    return asked_for(request).startswith(PROGRAMS)


class OnlyWithCertificate:
    """The application as the administrators' port serves it: who has shown no certificate gets the page of that and its styles."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what has a certificate, and anything else as a call of that page."""
        if scope["type"] == "lifespan" or _certificate(scope) is not None or scope["path"].startswith(f"{PREFIX}/"):
            await self._app(scope, receive, send)
        else:
            await self._app(_turned(scope), receive, send)


def _certificate(scope: Scope) -> bytes | None:
    tls = scope.get("extensions", {}).get("tls") or {}
    der = tls.get("client_cert_der")
    return der if isinstance(der, bytes) else None


def _turned(scope: Scope) -> Scope:
    """Return the call of the page instead; the query stays where it was that page's own."""
    path = scope["path"]
    return {
        **scope,
        "method": "GET",
        "path": CERTIFICATE_PATH,
        "raw_path": CERTIFICATE_PATH.encode(),
        "query_string": scope["query_string"] if path == CERTIFICATE_PATH else b"",
        "extensions": {**scope["extensions"], "privyseal.without-certificate": path},
    }
