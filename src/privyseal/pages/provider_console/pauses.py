"""Proposing that a CA is paused or goes on, which several of the provider's people sign."""

from __future__ import annotations

import json
import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.look.authority_words import authority_words, issuing_consequence
from privyseal.look.words import gettext
from privyseal.model.authority_state import PAUSABLE, AuthorityState, authority_content, judge_authority_state, require_altered
from privyseal.model.change import REASON_CHARACTERS, ChangeKind, read_content
from privyseal.model.errors import NotFound, PrivysealError
from privyseal.pages.provider_console.authorities import PLACE
from privyseal.reception.change_pages import (
    again,
    content_now,
    hindered_now,
    offer_proposal,
    place_of_changes,
    propose,
    proposed_content,
    waiting_changes,
)
from privyseal.reception.kept import go_on, marked, unsigned
from privyseal.reception.shown_changes import authority_rules
from privyseal.reception.signing import shell_word
from privyseal.reception.site import Visit
from privyseal.store import authorities, authority_states
from privyseal_wire.canonical import parse_canonical
from privyseal_wire.errors import WireError

_SLUG: Final = re.compile(r"[a-z][a-z-]{0,39}")
_PAUSE, _RESUME = "pause", "resume"


def _newest(visit: Visit) -> tuple[str, AuthorityState | None]:
    """Return the short name of the CA of the address, and what holds for it; raises NotFound."""
    slug = visit.path("authority")
    with visit.house.database.read(visit.now) as tx:
        authority = authorities.by_slug(tx, slug) if _SLUG.fullmatch(slug) else None
        known = authority_states.newest(tx, authority.id) if authority else None
    if authority is None or authority.kind not in PAUSABLE:
        raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
    return slug, known[0] if known else None


def ask_state(visit: Visit) -> Response:
    """Ask why the CA is to be paused, or to go on where it is paused."""
    return _show_question(visit)


def _show_question(visit: Visit, status: int = 200) -> Response:
    slug, known = _newest(visit)
    # What was asked stays what it was, whatever somebody else has decided meanwhile.
    wanted = visit.form.value("wanted") or (_PAUSE if known is None or known.issues else _RESUME)
    values = {
        "here": f"{PLACE}/{slug}/state",
        "place": PLACE,
        "title": authority_words(slug)[0],
        "wanted": _RESUME if wanted == _RESUME else _PAUSE,
        "known": known,
        "most": REASON_CHARACTERS,
        "unsigned": unsigned(visit),
    }
    return visit.show("provider_console/new_pause.html", values, status=status)


def prepare_state(visit: Visit) -> Response:
    """Lead to what is signed to propose it."""
    slug, _ = _newest(visit)
    about = About("propose-change", "", "change", "new")
    try:
        attempt(visit.house, visit.actor, about, lambda: _typed(visit))
    except PrivysealError as error:
        return again(visit, error, lambda status: _show_question(visit, status), error.field)
    return go_on(visit, f"{PLACE}/{slug}/state/sign")


def _typed(visit: Visit) -> AuthorityState:
    slug, known = _newest(visit)
    reason = " ".join(visit.form.value("reason").split())
    value = authority_content(slug, known.version + 1 if known else 1, reason, issues=visit.form.value("wanted") == _RESUME)
    state = judge_authority_state(value, visit.now)
    require_altered(known, state)
    return state


def show_state(visit: Visit) -> Response:
    """Show what is signed to propose it; without a reason the question."""
    slug, _ = _newest(visit)
    if not visit.form.values:
        return visit.go_to(f"{PLACE}/{slug}/state")
    try:
        return _show_signing(visit, _typed(visit))
    except PrivysealError as error:
        return again(visit, error, lambda status: _show_question(visit, status), error.field)


def _show_signing(visit: Visit, state: AuthorityState, status: int = 200) -> Response:
    slug, known = _newest(visit)
    base = known.version if known else 0
    content = content_now(visit, ChangeKind.AUTHORITY, slug, base, authority_content(slug, base + 1, state.reason, issues=state.issues))
    command = f"seal authority {_RESUME if state.issues else _PAUSE} {slug} --reason {shell_word(state.reason)}"
    title = authority_words(slug)[0]
    values = {
        "home": "/provider",
        "place": place_of_changes(visit),
        "back": marked(visit, f"{PLACE}/{slug}/state"),
        "heading_words": (gettext("Let it go on: %(name)s") if state.issues else gettext("Pause: %(name)s")) % {"name": title},
        "rules": authority_rules(state, known),
        "base": base,
        "quorum": read_content(parse_canonical(content)).quorum,
        "remark": issuing_consequence(issues=state.issues),
        "waiting": waiting_changes(visit, ChangeKind.AUTHORITY, slug),
        "hindered": hindered_now(visit, ChangeKind.AUTHORITY),
        "signing": offer_proposal(visit, ChangeKind.AUTHORITY, content, action=marked(visit, f"{PLACE}/{slug}/proposed"), command=command),
        "content": json.dumps(json.loads(content), indent=2, ensure_ascii=False),
        "file": "",
    }
    return visit.show("changes/sign_proposal.html", values, status=status)


def propose_state(visit: Visit) -> Response:
    """Hand the signed proposal in."""
    return propose(visit, lambda status: _show_again(visit, status))


def _show_again(visit: Visit, status: int) -> Response:
    try:
        state = judge_authority_state(read_content(parse_canonical(proposed_content(visit))).value, visit.now)
    except (PrivysealError, WireError):
        return _show_question(visit, status)
    return _show_signing(visit, state, status)
