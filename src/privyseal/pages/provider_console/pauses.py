"""Proposing that a CA is paused or goes on, which several of the provider's people sign."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.look.authority_words import authority_words, issuing_consequence
from privyseal.look.words import gettext
from privyseal.model.authority_state import PAUSABLE, AuthorityState, authority_content, judge_authority_state, require_altered
from privyseal.model.change import REASON_CHARACTERS, ChangeKind
from privyseal.model.errors import NotFound, PrivysealError
from privyseal.pages.provider_console.authorities import PLACE
from privyseal.reception.kept import go_on, marked, unsigned
from privyseal.reception.proposal_pages import Draft, propose, proposed_value, show_draft
from privyseal.reception.refusals import show_again
from privyseal.reception.shown_changes import authority_rules
from privyseal.reception.signing import shell_word
from privyseal.reception.site import Visit
from privyseal.store import authorities, authority_states

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
        return show_again(visit, error, lambda status: _show_question(visit, status), error.field)
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
        return show_again(visit, error, lambda status: _show_question(visit, status), error.field)


def _show_signing(visit: Visit, state: AuthorityState, status: int = 200) -> Response:
    slug, known = _newest(visit)
    base = known.version if known else 0
    title = authority_words(slug)[0]
    draft = Draft(
        kind=ChangeKind.AUTHORITY,
        subject=slug,
        base=base,
        value=authority_content(slug, base + 1, state.reason, issues=state.issues),
        heading=(gettext("Let it go on: %(name)s") if state.issues else gettext("Pause: %(name)s")) % {"name": title},
        rules=authority_rules(state, known),
        back=marked(visit, f"{PLACE}/{slug}/state"),
        action=marked(visit, f"{PLACE}/{slug}/proposed"),
        command=f"seal authority {_RESUME if state.issues else _PAUSE} {slug} --reason {shell_word(state.reason)}",
        remark=issuing_consequence(issues=state.issues),
    )
    return show_draft(visit, draft, status)


def propose_state(visit: Visit) -> Response:
    """Hand the signed proposal in."""
    return propose(visit, lambda status: _show_again(visit, status))


def _show_again(visit: Visit, status: int) -> Response:
    try:
        state = judge_authority_state(proposed_value(visit), visit.now)
    except PrivysealError:
        return _show_question(visit, status)
    return _show_signing(visit, state, status)
