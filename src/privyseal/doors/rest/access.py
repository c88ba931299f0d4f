"""Who may call a route and which problems it may answer, in the words of OpenAPI; the deciding itself is in actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from privyseal.doors.rest.documents import Problem
from privyseal.model.administrator import TOKEN_SCOPES, Permission
from privyseal.reception.problems import MEDIA_TYPE
from privyseal.reception.statuses import STATUS

TOKEN = "apiToken"  # noqa: S105 - the name of a scheme
IDENTITY = "administratorId"

SCHEMES: dict[str, dict[str, str]] = {
    TOKEN: {"type": "http", "scheme": "bearer", "description": "API token of one organization: `Authorization: Bearer pst_...`."},
    IDENTITY: {"type": "mutualTLS", "description": "Administrator ID: client certificate at the service's `administrator_url`."},
}

_MEANINGS = {
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
}
_EVERYWHERE = (400, 401, 404, 422, 429, 503)
_POST = (408, 413, 415)


@dataclass(frozen=True, slots=True)
class Access:
    """``words`` for people; ``schemes`` are alternatives, and none of them stands for nobody known."""

    words: str
    schemes: tuple[str, ...]
    anonymous: bool = False


ANYBODY = Access("Anybody.", (), anonymous=True)
PERSON = Access("Whoever has an Administrator ID, for himself.", (IDENTITY,))
SIGNED_IN = Access("Whoever signed in by a signature.", (TOKEN,))
SUBSCRIBER = Access("Anybody who knows the challenge phrase.", (), anonymous=True)


def holder(permission: Permission) -> Access:
    """Return access of whoever holds this permission in the organization, as a token too where tokens may carry it."""
    if permission in TOKEN_SCOPES:
        return Access(f"An API token or an Administrator ID of the organization with the right `{permission.value}`.", (TOKEN, IDENTITY))
    return Access(f"An Administrator ID of the organization with the right `{permission.value}`.", (IDENTITY,))


def provider(permission: Permission) -> Access:
    """Return access of the provider's administrators."""
    return Access(f"An Administrator ID of the provider with the right `{permission.value}`.", (IDENTITY,))


def described(access: Access, *more: int, post: bool = False, file: str = "", also: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Return the arguments of a route decorator: security, problems (``more`` beside the usual ones), plain output.

    ``file`` is the media type of an answer that is not JSON; ``also`` has further good answers and what they mean.
    """
    statuses = sorted({*_EVERYWHERE, *more, *(_POST if post else ())})
    titles = dict(STATUS.values())
    responses: dict[int, dict[str, Any]] = {
        status: {
            "description": _MEANINGS.get(status, f"{titles.get(status, 'Refused')}."),
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}},
        }
        for status in statuses
    }
    if file:
        responses[200] = {"description": "As text.", "content": {file: {"schema": {"type": "string"}}}}
    responses |= {status: {"description": meaning} for status, meaning in (also or {}).items()}
    security: list[dict[str, list[str]]] = [{scheme: []} for scheme in access.schemes]
    if access.anonymous:
        security.append({})
    extra = {"security": security, "x-privyseal-access": access.words}
    return {"responses": responses, "openapi_extra": extra, "response_model_exclude_none": True}
