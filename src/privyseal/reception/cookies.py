"""The two cookies: one for a session, one that ties a sign-in to the browser that began it.

Each audience has cookies of its own names, so that one browser can hold sessions of several organizations and none is ever
sent in place of another. ``__Host-`` (RFC 6265bis 4.1.3.2) keeps other hosts of the same domain from setting them.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from privyseal.model.errors import BadRequest
from privyseal.model.session import CHALLENGE_LIFE, PROVIDER_AUDIENCE

MAXIMUM_COOKIES: Final = 16 * 1024
"""Bytes of all cookies of a request; browsers send at most 4 KiB for each."""

_TOKEN: Final = re.compile(r"[a-z2-7]{52}")


def session_cookie(audience: str) -> str:
    """Return the name of the cookie that holds the token of a session."""
    return f"__Host-privyseal-{_place(audience)}"


def browser_cookie(audience: str) -> str:
    """Return the name of the cookie that a sign-in is tied to; it never names a person."""
    return f"__Host-privyseal-browser-{_place(audience)}"


def _place(audience: str) -> str:
    return audience if audience == PROVIDER_AUDIENCE else f"o-{audience}"


def token_of(request: Request, name: str) -> str:
    """Return the token in a cookie, or nothing when it is missing, malformed or there twice with different values.

    Raises BadRequest ``cookies`` when the request has more of them than any browser sends.
    """
    headers = request.headers.getlist("cookie")
    if sum(map(len, headers)) > MAXIMUM_COOKIES:
        sentence = "Your browser sent more than 16 KiB of cookies, which are not ours. Delete the cookies of this site and try again."
        raise BadRequest("cookies", sentence)
    pairs = (pair.partition("=") for header in headers for pair in header.split(";"))
    values = {value.strip() for found, _, value in pairs if found.strip() == name}
    token = values.pop() if len(values) == 1 else ""
    return token if _TOKEN.fullmatch(token) else ""


def set_token(response: Response, name: str, token: str) -> None:
    """Set the cookie of a session; it ends with the browser, the session itself earlier or later."""
    response.set_cookie(name, token, path="/", secure=True, httponly=True, samesite="lax")


def set_browser(response: Response, audience: str, token: str) -> None:
    """Set the cookie that a sign-in is tied to, for as long as a sign-in may take."""
    seconds = 2 * int(CHALLENGE_LIFE.total_seconds())
    response.set_cookie(browser_cookie(audience), token, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def drop(response: Response, name: str) -> None:
    """Delete a cookie in the browser."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
