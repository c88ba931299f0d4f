"""What whoever shows no certificate at the administrators' port is told, whatever was called there."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.model.errors import NotFound, PrivysealError, Unauthenticated
from privyseal.reception import sign_in
from privyseal.reception.audiences import audience_of_path, require_form, site_of
from privyseal.reception.certificates import asked_by_program, asked_for
from privyseal.reception.problems import problem_of
from privyseal.reception.site import Visit


def show_what_is_missing(visit: Visit) -> Response:
    """Record and count it as a refused sign-in, and say what is missing and the ways on; a program gets a problem document."""
    audience = _meant_audience(visit)
    try:
        return visit.go_to(sign_in.hand_over(visit.request, audience, visit.query("state")))
    except PrivysealError as error:
        if asked_by_program(visit.request):
            return problem_of(error)
        if not isinstance(error, Unauthenticated):
            raise
    base_url = visit.house.service.base_url
    values = {"sign_in_address": f"{base_url}{site_of(audience)}/sign-in" if audience else f"{base_url}/", "is_known": bool(audience)}
    return visit.show("sign_in/no_certificate.html", values, status=401)


def _meant_audience(visit: Visit) -> str:
    """Return whose sign-in the link named, or whose page was asked for; "" where neither says it."""
    try:
        return require_form(visit.query("audience")) if visit.query("audience") else audience_of_path(asked_for(visit.request))
    except NotFound:
        return ""
