"""A page shown again after a refusal: the error in its summary and at its input, everything typed kept."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from privyseal.model.errors import PrivysealError, TooManyRequests, Unavailable
from privyseal.reception.site import Visit
from privyseal.reception.statuses import http_status


def show_again(visit: Visit, error: PrivysealError, show: Callable[[int], Response], field: str = "") -> Response:
    """Show a page again with the error in its summary; at an input where ``field`` or the error names one.

    ``show`` makes the page with the status that it is given.
    """
    visit.form.refuse(field, error.sentence)
    answer = show(http_status(error))
    if isinstance(error, TooManyRequests | Unavailable):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer
