"""Our errors as problem documents (RFC 9457)."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from privyseal.doors.rest.documents import Problem
from privyseal.model.errors import PrivysealError, TooManyRequests, Unauthenticated, Unavailable
from privyseal.reception.statuses import STATUS

MEDIA_TYPE = "application/problem+json"
_FRAMEWORK = {
    404: ("Not found", "not-found", "There is nothing at this address."),
    405: ("Another method", "method", "This address does not know that method."),
    413: ("Too large", "too-large", "The body is too large."),
}
_log = structlog.get_logger("privyseal.rest")


def problem(status: int, title: str, kind: str, sentence: str, *, field: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a problem document; ``detail`` is the sentence for people, ``kind`` the word for programs."""
    body = {"type": f"urn:privyseal:problem:{kind}", "title": title, "status": status, "detail": _plain(sentence), "kind": kind}
    if field:
        body["field"] = _plain(field)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def problem_of(error: PrivysealError) -> JSONResponse:
    """Return the problem document of one of our errors."""
    status, title = _status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequests | Unavailable):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="privyseal"'
    return problem(status, title, error.kind, error.sentence, field=error.field, headers=headers)


def problem_document(error: PrivysealError) -> Problem:
    """Return the same as a part of an answer that tells of several things."""
    status, title = _status_of(error)
    sentence, field = _plain(error.sentence), _plain(error.field) or None
    return Problem(type=f"urn:privyseal:problem:{error.kind}", title=title, status=status, detail=sentence, kind=error.kind, field=field)


def _status_of(error: PrivysealError) -> tuple[int, str]:
    return next(row for kind, row in STATUS.items() if isinstance(error, kind))


def _plain(text: str) -> str:
    """Drop what JSON text cannot carry: a lone surrogate of a hostile body."""
    return text.encode("utf-8", "replace").decode()


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PrivysealError)  # noqa: S101 - registered for exactly this class
    return problem_of(error)


async def _form(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for exactly this class
    first = error.errors()[0]
    if first["loc"][0] == "path":
        # What does not have the form of an id is the id of nothing.
        title, kind, sentence = _FRAMEWORK[404]
        return problem(404, title, kind, sentence)
    place = ".".join(str(part) for part in first["loc"][1:])[:200]
    where = "query parameter" if first["loc"][0] == "query" else "field"
    message = str(first["msg"]).removeprefix("Value error, ")
    sentence = f"The {where} {place} is not as it should be: {message}." if place else f"The body is not as it should be: {message}."
    return problem(400, "Bad request", "body" if where == "field" else "query", sentence, field=place)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for exactly this class
    title, kind, sentence = _FRAMEWORK.get(error.status_code, ("Bad request", "http", "The call cannot be read."))
    return problem(error.status_code, title, kind, sentence, headers=dict(error.headers) if error.headers else None)


async def _bug(request: Request, error: Exception) -> JSONResponse:
    reference = request.app.state.rest.house.random_bytes(6).hex()
    _log.error("rest.failed", reference=reference, path=request.url.path, exc_info=error)
    return problem(500, "Failed", "failed", f"The service failed. Tell your provider the reference {reference}.")


def install_problem_handlers(app: FastAPI) -> None:
    """Let every error of the application leave as a problem document."""
    app.add_exception_handler(PrivysealError, _ours)
    app.add_exception_handler(RequestValidationError, _form)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)
