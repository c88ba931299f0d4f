"""Tokens of programs: which there are, a new one shown once, taking one away."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.administrator.revoke_api_token import revoke_api_token
from privyseal.actions.house import attempt
from privyseal.look.people_words import scope_words
from privyseal.look.words import gettext
from privyseal.model.administrator import TOKEN_SCOPES, Permission
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.identifiers import ApiTokenId
from privyseal.model.token import (
    LONGEST_LIFE_DAYS,
    TokenEnd,
    read_token_end,
    require_token_life,
    require_token_name,
    require_token_scopes,
)
from privyseal.pages.control_center.entry import PAGE_SIZE, are_refused, home, look_up, nothing_here, part
from privyseal.reception.refusals import show_again
from privyseal.reception.site import Visit
from privyseal.store import administrators
from privyseal.store.administrators import ApiToken

_OFFERED = (Permission.READ, Permission.SUBMIT, Permission.READ_AUDIT)


def _scopes() -> list[tuple[str, str, str]]:
    return [(scope.value, *scope_words(scope)) for scope in _OFFERED]


def _state(token: ApiToken, visit: Visit) -> tuple[str, str]:
    if token.revoked_at is not None:
        return "bad", gettext("Revoked")
    return ("good", gettext("Valid")) if token.is_usable(visit.now) else ("ended", gettext("Expired"))


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
    place, before = f"{home(visit)}/tokens", visit.query("before")
    found = look_up(visit, lambda tx, organization: administrators.tokens_page(tx, organization.id, before=before, limit=PAGE_SIZE + 1))
    shown = found[:PAGE_SIZE]
    values = {
        "home": home(visit),
        "rows": [(token, [scope_words(scope)[0] for scope in _OFFERED if scope in token.scopes], _state(token, visit)) for token in shown],
        "first_address": place if before else "",
        "next_address": f"{place}?before={shown[-1].id}" if len(found) > PAGE_SIZE else "",
    }
    return visit.show("control_center/tokens.html", values, status=status)


def create(visit: Visit) -> Response:
    """Make a token and show its text, this once. Sent a second time it is refused by the name, which is taken then."""
    about = visit.about("create-api-token", "api-token", "new")
    name, days = visit.form.value("token_name"), visit.form.value("days")
    scopes = [scope for scope in TOKEN_SCOPES if visit.form.has("scopes", scope.value)]
    life = int(days) if days.isascii() and days.isdigit() and len(days) <= len(str(LONGEST_LIFE_DAYS)) else 0
    checks = {
        "token_name": lambda: require_token_name(name),
        "scopes": lambda: require_token_scopes(scopes),
        "days": lambda: require_token_life(life),
    }
    if are_refused(visit, about, checks):
        return _show_questions(visit, 422)
    try:
        created = visit.perform(about, create_api_token, visit.slug, name, scopes, life)
    except (Refused, Conflict) as error:
        return show_again(visit, error, lambda status: _show_questions(visit, status), {"name": "token_name"}.get(error.field, error.field))
    values = {"home": home(visit), "token": created.token, "text": created.text, "base_url": visit.house.service.base_url}
    return visit.show("control_center/token_made.html", values, status=201)


def _token_of(visit: Visit) -> ApiToken:
    wanted = ApiTokenId(part(visit, "token"))
    token = look_up(visit, lambda tx, organization: administrators.token_within(tx, organization.id, wanted))
    if token is None:
        raise nothing_here()
    return token


def ask_revocation(visit: Visit) -> Response:
    """Ask why, and say what follows; one that is revoked already is in the list."""
    return _show_revocation(visit) if _token_of(visit).revoked_at is None else visit.go_to(f"{home(visit)}/tokens")


def _show_revocation(visit: Visit, status: int = 200) -> Response:
    token = _token_of(visit)
    reasons = [
        (TokenEnd.UNUSED.value, gettext("The program is no longer used"), ""),
        (
            TokenEnd.EXPOSED.value,
            gettext("Somebody else may have the token"),
            gettext("Look into the audit log for what was done with it."),
        ),
        (TokenEnd.REPLACED.value, gettext("Another token has replaced it"), ""),
        (TokenEnd.OTHER.value, gettext("Another reason"), ""),
    ]
    return visit.show("control_center/revoke_token.html", {"home": home(visit), "token": token, "reasons": reasons}, status=status)


def revoke(visit: Visit) -> Response:
    """Take a token away, at once."""
    token_id = ApiTokenId(part(visit, "token"))
    about = visit.about("revoke-api-token", "api-token", token_id)
    try:
        why = attempt(visit.house, visit.actor, about, lambda: read_token_end(visit.form.value("reason")))
        visit.perform(about, revoke_api_token, visit.slug, token_id, why)
    except Refused as error:
        return show_again(visit, error, lambda status: _show_revocation(visit, status), error.field)
    except NotFound as error:
        return show_again(visit, error, lambda status: _show(visit, status))
    return visit.go_to(f"{home(visit)}/tokens")
