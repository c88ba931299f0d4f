"""Our errors as problem documents (RFC 9457)."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from privyseal.doors.rest.documents import Problem
from privyseal.model.errors import PrivysealError
from privyseal.reception.problems import plain, problem, problem_of, status_of

_FRAMEWORK = {
    404: ("Not found", "not-found", "There is nothing at this address."),
    405: ("Another method", "method", "This address does not know that method."),
    413: ("Too large", "too-large", "The body is too large."),
}
_log = structlog.get_logger("privyseal.rest")


def problem_document(error: PrivysealError) -> Problem:
    """Return the same as a part of an answer that tells of several things."""
    status, title = status_of(error)
    sentence, field = plain(error.sentence), plain(error.field) or None
    return Problem(type=f"urn:privyseal:problem:{error.kind}", title=title, status=status, detail=sentence, kind=error.kind, field=field)


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
