"""Our errors as problem documents (RFC 9457), for whoever calls as a program."""

from __future__ import annotations

from starlette.responses import JSONResponse

from privyseal.model.errors import PrivysealError, TooManyRequests, Unauthenticated, Unavailable
from privyseal.reception.statuses import STATUS

MEDIA_TYPE = "application/problem+json"


def problem(status: int, title: str, kind: str, sentence: str, *, field: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a problem document; ``detail`` is the sentence for people, ``kind`` the word for programs."""
    body = {"type": f"urn:privyseal:problem:{kind}", "title": title, "status": status, "detail": plain(sentence), "kind": kind}
    if field:
        body["field"] = plain(field)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def problem_of(error: PrivysealError) -> JSONResponse:
    """Return the problem document of one of our errors."""
    status, title = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequests | Unavailable):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="privyseal"'
    return problem(status, title, error.kind, error.sentence, field=error.field, headers=headers)


def status_of(error: PrivysealError) -> tuple[int, str]:
    """Return the HTTP status of an error and its title."""
    return next(row for kind, row in STATUS.items() if isinstance(error, kind))


def plain(text: str) -> str:
    """Drop what JSON text cannot carry: a lone surrogate of a hostile body."""
    return text.encode("utf-8", "replace").decode()
