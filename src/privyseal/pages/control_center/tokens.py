"""Tokens of programs: which there are, a new one shown once, taking one away."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.administrator.create_api_token import LONGEST_LIFE_DAYS, create_api_token
from privyseal.actions.administrator.revoke_api_token import revoke_api_token
from privyseal.look.words import gettext
from privyseal.model.administrator import TOKEN_SCOPES, Permission
from privyseal.model.errors import NotFound, Refused
from privyseal.model.identifiers import ApiTokenId
from privyseal.pages.control_center.entry import home, look_up, part, show_again
from privyseal.reception.site import Visit
from privyseal.store import administrators
from privyseal.store.administrators import ApiToken


def _scopes() -> list[tuple[str, str, str]]:
    words = {
        Permission.READ: (gettext("Read"), gettext("Requests, certificates, units.")),
        Permission.SUBMIT: (gettext("Submit"), gettext("Ask for certificates and reissues. What it sends waits for a decision at once.")),
        Permission.READ_AUDIT: (gettext("Read the audit log"), gettext("For a program that keeps a copy of it.")),
    }
    return [(scope.value, *words[scope]) for scope in (Permission.READ, Permission.SUBMIT, Permission.READ_AUDIT)]


def _state(token: ApiToken, visit: Visit) -> tuple[str, str]:
    if token.revoked_at is not None:
        return "bad", gettext("Revoked")
    return ("good", gettext("Usable")) if token.expires_at > visit.now else ("ended", gettext("Expired"))


def show_tokens(visit: Visit) -> Response:
    """Show the list."""
    return _show(visit)


def ask_token(visit: Visit) -> Response:
    """Ask what the new token is for."""
    return _show_questions(visit)


def _show_questions(visit: Visit, status: int = 200) -> Response:
    values = {"home": home(visit), "scopes": _scopes(), "longest": LONGEST_LIFE_DAYS}
    return visit.show("control_center/new_token.html", values, status=status)


def _show(visit: Visit, status: int = 200) -> Response:
    found = look_up(visit, lambda tx, organization: administrators.tokens_of(tx, organization.id))
    rows = [(token, sorted(scope.value for scope in token.scopes), _state(token, visit)) for token in found]
    return visit.show("control_center/tokens.html", {"home": home(visit), "rows": rows}, status=status)


def create(visit: Visit) -> Response:
    """Make a token and show its text, this once."""
    about = visit.about("create-api-token", "api-token", "new")
    scopes = [scope for scope in TOKEN_SCOPES if visit.form.has("scopes", scope.value)]
    days = visit.form.value("days")
    lifetime = int(days) if days.isascii() and days.isdigit() and len(days) <= 4 else 0
    try:
        created = visit.perform(about, create_api_token, visit.slug, visit.form.value("token_name"), scopes, lifetime)
    except Refused as error:
        return show_again(visit, error, lambda status: _show_questions(visit, status), {"name": "token_name"}.get(error.field, error.field))
    values = {"home": home(visit), "token": created.token, "text": created.text, "base_url": visit.house.service.base_url}
    return visit.show("control_center/token_made.html", values, status=201)


def revoke(visit: Visit) -> Response:
    """Take a token away, at once."""
    token_id = ApiTokenId(part(visit, "token"))
    try:
        visit.perform(visit.about("revoke-api-token", "api-token", token_id), revoke_api_token, visit.slug, token_id)
    except NotFound as error:
        return show_again(visit, error, lambda status: _show(visit, status))
    return visit.go_to(f"{home(visit)}/tokens")
