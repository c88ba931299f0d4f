"""Letters about changes under dual control: to those whose signature is wanted, and to everybody when a change ended."""

from __future__ import annotations

from typing import Final

from privyseal.actions.changing import counted, holders_of, needed_of
from privyseal.actions.changing_kinds import Side, concerned, proposal_of
from privyseal.features.notices.desk import Desk, common_values
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Letter, date_text, time_text
from privyseal.model.change import Change, ChangeKind, ChangeState, Decision
from privyseal.model.identifiers import ChangeId
from privyseal.store import administrators, changes, organizations

_MATTERS: Final = {
    ChangeKind.POLICY: "policy",
    ChangeKind.ROLE: "rights of",
    ChangeKind.PRICE: "price of a unit:",
}
_GROUPS: Final = {ChangeKind.PRICE: "price", ChangeKind.AUTHORITY: "authority"}
"""The groups of ``seal`` for what the provider's people alone change."""

_ENDS: Final = {
    ChangeState.APPLIED: "holds from now on",
    ChangeState.REFUSED: "was refused",
    ChangeState.WITHDRAWN: "was withdrawn",
    ChangeState.OVERTAKEN: "was overtaken by another change",
    ChangeState.EXPIRED: "did not get its signatures in time",
}


def change_waiting(desk: Desk) -> Letter | None:
    """To somebody who can sign and has not: a change was proposed, and until when it can be signed."""
    change, side = _change(desk)
    signers = counted(desk.house, desk.tx, side, change)
    holders = holders_of(desk.tx, side, change.kind, concerned(proposal_of(change.content)))
    wanted = {item.person.id for item in holders if item.hindrance is None} - signers
    address = address_of(desk.tx, desk.recipient, side.organization)
    if change.standing(desk.tx.now) is not ChangeState.OPEN or desk.recipient not in wanted or not address:
        return None
    subject = f"{_title(desk, change)}: your signature is wanted by {date_text(change.expires_at)}"
    needed = max(change.quorum, needed_of(desk.house, change.kind, holders)) - len(signers)
    return Letter("change_waiting", address, subject, _values(desk, change, side) | {"needed": needed})


def change_closed(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: how a change ended, and who signed it."""
    change, side = _change(desk)
    address = address_of(desk.tx, desk.recipient, side.organization)
    if change.state is ChangeState.OPEN or not address:
        return None
    subject = f"{_title(desk, change)}: a change {_ENDS[change.state]}, {time_text(desk.row.created_at)}"
    values = _values(desk, change, side) | {
        "end": _ENDS[change.state],
        "closed_at": change.closed_at or desk.row.created_at,
        "reason": change.reason,
        "is_applied": change.state is ChangeState.APPLIED,
        "fewer": change.state is ChangeState.APPLIED and change.quorum < desk.house.quorum(change.kind),
        "configured": desk.house.quorum(change.kind),
    }
    return Letter("change_closed", address, subject, values)


def _title(desk: Desk, change: Change) -> str:
    if change.kind is ChangeKind.AUTHORITY:
        return f"CA {change.subject}, {'to go on' if proposal_of(change.content).value['issues'] else 'to be paused'}"
    named = administrators.names_of(desk.tx, [change.subject]) if change.kind is ChangeKind.ROLE else {}
    return f"{_MATTERS[change.kind]} {named.get(change.subject, change.subject)}"


def _why(change: Change) -> str:
    return str(proposal_of(change.content).value["reason"]) if change.kind is ChangeKind.AUTHORITY else ""


def _lines(change: Change) -> dict[str, str]:
    """Return the lines that show and sign a change with ``seal``."""
    group = _GROUPS.get(change.kind, "change")
    show = f"seal change show {change.id}" if group == "change" else f"seal {group} list"
    return {"show_line": show, "sign_line": f"seal {group} sign {change.id}"}


def _change(desk: Desk) -> tuple[Change, Side]:
    slug = str(desk.payload["organization"])
    change = changes.get(desk.tx, ChangeId(desk.payload["change"]))
    if change is None:
        raise LookupError(desk.payload["change"])
    return change, Side(organizations.require(desk.tx, slug) if slug else None)


def _values(desk: Desk, change: Change, side: Side) -> dict[str, object]:
    kept = changes.signatures_of(desk.tx, change.id)
    names = administrators.names_of(desk.tx, [change.proposer_id, *(item.administrator_id for item in kept)])
    signed = [item for item in kept if item.decision is Decision.SIGN]
    return common_values(desk, side.organization) | {
        "title": _title(desk, change),
        "whom": side.title,
        "proposer": names.get(change.proposer_id, change.proposer_id),
        "signers": [names.get(item.administrator_id, item.administrator_id) for item in signed],
        "proposed_at": change.created_at,
        "expires_at": change.expires_at,
        "change_id": change.id,
        "fingerprint": change.content_sha256,
        "why": _why(change),
        **_lines(change),
    }
