"""The one table from our errors to HTTP."""

from __future__ import annotations

from privyseal.model.errors import (
    BadRequest,
    Conflict,
    NotFound,
    NotPermitted,
    PrivysealError,
    Refused,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

STATUS: dict[type[PrivysealError], tuple[int, str]] = {
    BadRequest: (400, "Bad request"),
    Unauthenticated: (401, "Credential needed"),
    NotPermitted: (403, "Not permitted"),
    NotFound: (404, "Not found"),
    Conflict: (409, "Conflict"),
    Refused: (422, "Refused"),
    TooManyRequests: (429, "Too many requests"),
    Unavailable: (503, "Unavailable"),
}
"""error class -> (status, title); subclasses follow their parent."""
