"""The one table from our errors to HTTP."""

from __future__ import annotations

from privyseal.look.words import mark
from privyseal.model.errors import (
    BadRequest,
    Conflict,
    NotFound,
    NotPermitted,
    PrivysealError,
    Refused,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

STATUS: dict[type[PrivysealError], tuple[int, str]] = {
    TooLarge: (413, mark("Too large")),
    BadRequest: (400, mark("Bad request")),
    Unauthenticated: (401, mark("Credential needed")),
    NotPermitted: (403, mark("Not permitted")),
    NotFound: (404, mark("Not found")),
    Conflict: (409, mark("Conflict")),
    Refused: (422, mark("Refused")),
    TooManyRequests: (429, mark("Too many requests")),
    Unavailable: (503, mark("Unavailable")),
}
"""error class -> (status, title in English, translated where it is shown); a subclass stands before its parent, or follows it."""


def http_status(error: PrivysealError) -> int:
    """Return the HTTP status of an error."""
    return next(number for kind, (number, _) in STATUS.items() if isinstance(error, kind))
