"""A proxy in front that ends TLS and hands the client certificate in: the header ``Client-Cert`` (RFC 9440).

A header is whatever its sender writes, so it counts on one listener alone, which only the proxy reaches, and only beside the
secret that the proxy shares with the service. Nothing that the proxy says of the certificate is believed: it is verified here
again, and whether it still counts is asked of the database at every call, as on the service's own port. On every other
listener a call that carries such a header is refused and recorded: no honest client sends one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from privyseal.actions.house import About, House, attempt, sha256_hex
from privyseal.engine.administrator_id import is_issued_by
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.errors import BadRequest, NotPermitted, PrivysealError, Unauthenticated
from privyseal.reception.problems import problem_of
from privyseal.reception.sources import hashed

SECRET: Final = "privyseal-front"  # noqa: S105 - the name of a header
"""The header in which the proxy shows the shared secret."""

CERTIFICATE: Final = "client-cert"
CHAIN: Final = "client-cert-chain"
FORWARDED: Final = "x-forwarded-for"
LONGEST_CERTIFICATE: Final = 16 * 1024
"""Characters of the header: an Administrator ID has about 1,200 bytes, with RSA-8192 some 3,000."""

_OWN: Final = frozenset({SECRET.encode(), CERTIFICATE.encode(), CHAIN.encode()})


def read_byte_sequence(text: str) -> bytes:
    """Return the bytes of a structured field that is one byte sequence without parameters (RFC 9651 3.3.5).

    Raises BadRequest ``client-cert``. Section 4.2.7 lets a reader pass over missing padding; the one proxy that is believed
    here writes it, so another form is a sign of somebody else and is refused.
    """
    inner = text.strip(" ")
    try:
        if len(text) > LONGEST_CERTIFICATE or len(inner) < 3 or inner[0] != ":" or inner[-1] != ":":
            raise _malformed()
        data = base64.b64decode(inner[1:-1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed() from error
    if base64.b64encode(data).decode() != inner[1:-1]:
        raise _malformed()
    return data


def _malformed() -> BadRequest:
    return BadRequest("client-cert", "The header Client-Cert is not one byte sequence with a certificate (RFC 9440 2.2).")


class BehindProxy:
    """The application as the proxy's own listener serves it: the certificate of the header stands for that of the connection."""

    def __init__(self, app: ASGIApp, house: House, secret: bytes) -> None:
        self._app = app
        self._house = house
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what the proxy hands in; refuse and record everything else."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        address = _address(headers)
        try:
            certificate = await run_in_threadpool(self._admit, headers, hashed(self._house, address))
        except PrivysealError as error:
            await problem_of(error)(scope, receive, send)
            return
        # What only the proxy and this listener say to each other ends here.
        passed_on = [(name, value) for name, value in scope["headers"] if name not in _OWN]
        tls = {"client_cert_der": certificate, "tls_version": None}
        extensions = {**scope.get("extensions", {}), "tls": tls}
        await self._app({**scope, "headers": passed_on, "client": (address, 0), "extensions": extensions}, receive, send)

    def _admit(self, headers: Headers, source: str) -> bytes | None:
        """Return the certificate that the client showed to the proxy, None for none.

        Raises NotPermitted ``front-secret``, BadRequest ``client-cert``, Unauthenticated ``certificate-foreign``; recorded.
        """
        house = self._house
        shown = headers.getlist(SECRET)
        lines = headers.getlist(CERTIFICATE)
        fingerprint = "none"

        def work() -> bytes | None:
            nonlocal fingerprint
            if len(shown) != 1 or not hmac.compare_digest(shown[0].encode(), self._secret):
                raise NotPermitted("front-secret", "Only the proxy in front of this service may call here.")
            if not lines:
                return None
            if len(lines) > 1:
                raise _malformed()
            der = read_byte_sequence(lines[0])
            if not is_issued_by(house.administrators_authority, der, house.clock()):
                raise Unauthenticated("certificate-foreign", "The certificate is none of the administrators' CA, or has expired.")
            return der

        if len(lines) == 1:
            fingerprint = sha256_hex(lines[0].encode())
        stranger = Actor(ActorKind.REQUESTER, "anonymous", source=source)
        return attempt(house, stranger, About("hand-in-certificate", "", "certificate", fingerprint), work)


class NotBehindProxy:
    """The application as it answers everybody else: a call with a header of the proxy is somebody's forgery."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, unless the call claims to come from the proxy."""
        if scope["type"] != "lifespan" and any(name in _OWN for name, _ in scope["headers"]):
            client = scope.get("client")
            try:
                await run_in_threadpool(self._refuse, hashed(self._house, client[0] if client else ""))
            except PrivysealError as error:
                await problem_of(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refuse(self, source: str) -> None:
        def work() -> None:
            raise BadRequest("client-cert-forged", "The header Client-Cert means nothing here. Show the certificate in the TLS handshake.")

        stranger = Actor(ActorKind.REQUESTER, "anonymous", source=source)
        attempt(self._house, stranger, About("hand-in-certificate", "", "certificate", "forged"), work)


def _address(headers: Headers) -> str:
    """Return the address that the proxy saw, which it adds as the last entry of the last line; "" where it says none."""
    lines = headers.getlist(FORWARDED)
    text = lines[-1].rpartition(",")[2].strip() if lines else ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
