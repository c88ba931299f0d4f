"""The client certificate of a connection, as TLS verified it."""

from __future__ import annotations

from starlette.requests import Request


def client_certificate(request: Request) -> bytes | None:
    """Return the DER of the client certificate that TLS verified on this connection, or None."""
    tls = request.scope.get("extensions", {}).get("tls") or {}
    der = tls.get("client_cert_der")
    return der if isinstance(der, bytes) else None
