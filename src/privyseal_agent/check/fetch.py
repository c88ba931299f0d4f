"""Fetching what a certificate points to over plain http: CRLs, OCSP answers, certificates of issuers."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final, TypeAlias

import httpx2

MAX_BYTES: Final = 64 * 1024 * 1024
TIMEOUT_SECONDS: Final = 10.0

Fetch: TypeAlias = Callable[[str, bytes | None], bytes]
"""Gives the body at an http address, after a POST of an OCSP request where bytes are given; raises FetchFailed."""


class FetchFailed(Exception):
    """Nothing usable came from the address; the text says why, in a few words."""


def fetch(url: str, ocsp_request: bytes | None = None) -> bytes:
    """Return the body of a 200 answer, at most ``MAX_BYTES``; redirects are not followed (RFC 5019 5). Raises FetchFailed."""
    if not url.lower().startswith("http://"):
        # RFC 5280 8: a status behind https could need itself to be checked.
        raise FetchFailed("it is not a plain http address")
    headers = {"Content-Type": "application/ocsp-request"} if ocsp_request is not None else {}
    method = "GET" if ocsp_request is None else "POST"
    # A TLS context that trusts nobody: it is never used, and the default one would load every root of the system.
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with (
            httpx2.Client(verify=nobody, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
            client.stream(method, url, content=ocsp_request, headers=headers) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                raise FetchFailed(f"it answered {response.status_code}")
            return _read(response)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FetchFailed(str(error) or type(error).__name__) from error


def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            raise FetchFailed(f"it sent more than {MAX_BYTES // 1024 // 1024} MiB")
    return bytes(body)
