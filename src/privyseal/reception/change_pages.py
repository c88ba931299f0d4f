"""The pages of changes under dual control, for organizations and for the provider alike: look, sign, refuse, take back.

No rule stands here: the actions decide, from what was signed and what they read themselves.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.house import attempt, sha256_hex
from privyseal.look.words import gettext
from privyseal.model.change import REASON_CHARACTERS, ChangeKind, Decision
from privyseal.model.errors import NotFound, PrivysealError, Refused
from privyseal.model.identifiers import ChangeId
from privyseal.model.request import require_text
from privyseal.model.statement import utc_text
from privyseal.reception.kept import forget_signed, go_on, marked, unsigned
from privyseal.reception.refusals import show_again
from privyseal.reception.shown_changes import ShownChange, about_change, change_rows, shown_change
from privyseal.reception.signing import Signing, desk_of, named, offer, read_signature, shell_word
from privyseal.reception.site import Visit
from privyseal_wire.statements import Change as Statement

_ID: Final = re.compile(r"chg-[0-9a-f]{32}")
_PAGE: Final = 50
END_MARGIN: Final = timedelta(minutes=5)
"""What a signature on a page ends earlier than changes may last, for clocks that differ."""

_SIGN: Final = "/sign"
_FORMS: Final = {"refusal": Decision.REFUSE, "withdrawal": Decision.WITHDRAW}


def place_of_changes(visit: Visit) -> str:
    """Return where the changes of this side lie."""
    return f"{desk_of(visit)}/changes"


def show_changes(visit: Visit) -> Response:
    """Show the list: those that wait, or all of them."""
    place, only_open = place_of_changes(visit), visit.query("show") != "all"
    after = visit.query("after") if _ID.fullmatch(visit.query("after")) else ""
    found = change_rows(visit, only_open=only_open, after=after, limit=_PAGE + 1)
    shown = "" if only_open else "show=all&"
    chips = [(place, gettext("Waiting"), only_open), (f"{place}?show=all", gettext("All"), not only_open)]
    values = {
        "place": place,
        "home": desk_of(visit),
        "rows": found[:_PAGE],
        "only_open": only_open,
        "filters": [{"address": address, "words": words, "current": current, "count": None} for address, words, current in chips],
        "first_address": f"{place}?{shown}".rstrip("&?") if after else "",
        "next_address": f"{place}?{shown}after={found[_PAGE - 1].change.id}" if len(found) > _PAGE else "",
    }
    return visit.show("changes/changes.html", values)


def show_change(visit: Visit, status: int = 200) -> Response:
    """Show one change, and have it signed by somebody who can and has not."""
    shown = _change_of(visit)
    signing = _signing(visit, shown, Decision.SIGN, "") if shown.may_sign and shown.is_open else None
    return visit.show("changes/change.html", _values(visit, shown) | {"signing": signing}, status=status)


def _change_of(visit: Visit) -> ShownChange:
    change_id = visit.path("change")
    if not _ID.fullmatch(change_id):
        raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
    return shown_change(visit, ChangeId(change_id))


def _values(visit: Visit, shown: ShownChange) -> dict[str, Any]:
    place = place_of_changes(visit)
    return {"shown": shown, "place": place, "here": f"{place}/{shown.change.id}", "home": desk_of(visit)}


def _signing(visit: Visit, shown: ShownChange, decision: Decision, reason: str) -> Signing:
    """Offer what is signed about a change; it counts as long as the change waits."""
    change = shown.change
    statement = statement_about(
        visit, change.id, change.kind, change.content, utc_text(change.expires_at), decision=decision, reason=reason
    )
    said = f" --reason {shell_word(reason)}" if reason else ""
    group = {ChangeKind.PRICE: "price", ChangeKind.AUTHORITY: "authority"}.get(change.kind, "change")
    command = f"seal {group} {decision.value} {change.id}{said}"
    action = marked(visit, f"{place_of_changes(visit)}/{change.id}/answers")
    kept = {"decision": decision.value, "reason": reason}
    return offer(visit, statement.to_bytes(), action=action, command=command, kept=kept)


def statement_about(
    visit: Visit, change_id: str, kind: ChangeKind, content: bytes, expires: str, *, decision: Decision = Decision.SIGN, reason: str = ""
) -> Statement:
    """Return what whoever is signed in would say about a change of this content; it counts until ``expires``."""
    return Statement(
        service=visit.house.service.service_id,
        organization=named(visit),
        expires=expires,
        change=change_id,
        kind=kind.value,
        content_sha256=sha256_hex(content),
        signer=visit.person.id,
        decision=decision.value,
        reason=reason,
    )


def ask_reason(visit: Visit) -> Response:
    """Ask why a change is refused or taken back."""
    return _show_reason(visit, 200)


def _show_reason(visit: Visit, status: int) -> Response:
    shown = _change_of(visit)
    if not shown.is_open:
        return visit.go_to(f"{place_of_changes(visit)}/{shown.change.id}")
    return visit.show("changes/reason.html", _values(visit, shown) | {"way": _way(visit), "unsigned": unsigned(visit)}, status=status)


def _way(visit: Visit) -> str:
    """What the address ends with, or has before the page to sign: refusal or withdrawal."""
    return visit.request.url.path.removesuffix(_SIGN).rsplit("/", 1)[-1]


def prepare_end(visit: Visit) -> Response:
    """Lead to what is signed to refuse the change, or to take it back, with this reason."""
    shown = _change_of(visit)
    about = about_change(visit, "answer-change", shown.change.id)
    try:
        attempt(visit.house, visit.actor, about, lambda: require_text("reason", _reason(visit), REASON_CHARACTERS))
    except Refused as error:
        return show_again(visit, error, lambda status: _show_reason(visit, status), "reason")
    return go_on(visit, f"{place_of_changes(visit)}/{shown.change.id}/{_way(visit)}{_SIGN}")


def show_end(visit: Visit) -> Response:
    """Show what is signed; without a reason the question for it, and of a change that is over its own page."""
    shown, reason = _change_of(visit), _reason(visit)
    here = f"{place_of_changes(visit)}/{shown.change.id}"
    if not shown.is_open:
        return visit.go_to(here)
    if not 0 < len(reason) <= REASON_CHARACTERS:
        return visit.go_to(f"{here}/{_way(visit)}")
    return _show_end(visit, shown, _FORMS[_way(visit)], reason)


def _reason(visit: Visit) -> str:
    # What is signed is one line, however it was typed.
    return " ".join(visit.form.value("reason").split())


def _show_end(visit: Visit, shown: ShownChange, decision: Decision, reason: str, status: int = 200) -> Response:
    signing = _signing(visit, shown, decision, reason)
    way = next(name for name, item in _FORMS.items() if item is decision)
    back = marked(visit, f"{place_of_changes(visit)}/{shown.change.id}/{way}")
    values = _values(visit, shown) | {"signing": signing, "reason": reason, "way": way, "back": back}
    return visit.show("changes/end.html", values, status=status)


def answer(visit: Visit) -> Response:
    """Hand in what somebody signed about a change; with the last signature that is needed it holds."""
    shown = _change_of(visit)
    change_id = shown.change.id
    try:
        visit.perform(about_change(visit, "answer-change", change_id), answer_change, visit.slug, change_id, read_signature(visit))
    except PrivysealError as error:
        if error.kind == "already-signed":
            return visit.go_to(f"{place_of_changes(visit)}/{change_id}")  # Sent twice: the first one counted.
        return show_again(visit, error, lambda status: _show_again(visit, shown, status))
    forget_signed(visit)
    return visit.go_to(f"{place_of_changes(visit)}/{change_id}")


def _show_again(visit: Visit, shown: ShownChange, status: int) -> Response:
    decisions = {item.value: item for item in _FORMS.values()}
    decision, reason = decisions.get(visit.form.value("decision")), _reason(visit)
    if decision is None or not 0 < len(reason) <= REASON_CHARACTERS:
        return show_change(visit, status)
    return _show_end(visit, shown, decision, reason, status)
