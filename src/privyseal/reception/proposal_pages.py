"""The page on which somebody signs a change that he proposes, for organizations and for the provider alike.

What a page proposes is a :class:`Draft`; how many have to sign it, who of them cannot, and what waits of the same is read here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.changing import holders_of, needed_of
from privyseal.actions.changing_kinds import concerned
from privyseal.actions.house import attempt
from privyseal.look.policy_words import Rule
from privyseal.look.words import gettext
from privyseal.model.change import CHANGE_LIFE, Change, ChangeKind, Proposal, change_content, read_content
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.statement import utc_text
from privyseal.reception.change_pages import END_MARGIN, place_of_changes, statement_about
from privyseal.reception.kept import forget_signed
from privyseal.reception.refusals import show_again
from privyseal.reception.shown_changes import about_change, hindered_words, side_of_visit
from privyseal.reception.signing import MAXIMUM_CONTENT, Signing, desk_of, offer, read_signature
from privyseal.reception.site import Visit
from privyseal.store import changes
from privyseal_wire.canonical import canonical_bytes, parse_canonical
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Change as Statement
from privyseal_wire.statements import parse_statement


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that somebody is about to propose, as :func:`privyseal.model.change.change_content` takes it, and how it is shown.

    ``heading`` says what it does, ``rules`` what would differ, ``remark`` what comes of it. ``back`` is where its questions are,
    ``action`` where the signed form goes, ``command`` what does the same with ``seal``, ``file`` where it can be had as a file.
    """

    kind: ChangeKind
    subject: str
    base: int
    value: Mapping[str, object]
    heading: str
    rules: Sequence[Rule]
    back: str
    action: str
    command: str
    remark: str = ""
    file: str = ""


def show_draft(visit: Visit, draft: Draft, status: int = 200, *, page: str = "changes/sign_proposal.html", **more: object) -> Response:
    """Show what is signed to propose a change; ``more`` are values of ``page``, which extends that of proposals."""
    content, quorum, hindered, waiting = _judged_now(visit, draft)
    values = {
        "home": desk_of(visit),
        "place": place_of_changes(visit),
        "back": draft.back,
        "heading_words": draft.heading,
        "rules": draft.rules,
        "remark": draft.remark,
        "base": draft.base,
        "quorum": quorum,
        "waiting": waiting,
        "hindered": hindered,
        "signing": _offer(visit, draft, content),
        "content": json.dumps(json.loads(content), indent=2, ensure_ascii=False),
        "file": draft.file,
    }
    return visit.show(page, values | more, status=status)


def _judged_now(visit: Visit, draft: Draft) -> tuple[bytes, int, tuple[str, ...], list[Change]]:
    """Return the content, how many signatures are needed now, as it says, who cannot give one, and the changes of the same that wait."""
    about = concerned(Proposal(draft.kind, draft.subject, draft.base, 1, draft.value))
    with visit.house.database.read(visit.now) as tx:
        side = side_of_visit(tx, visit)
        holders = holders_of(tx, side, draft.kind, about)
        waiting = changes.open_of(tx, side.organization.id if side.organization else None, draft.kind, draft.subject)
    quorum = needed_of(visit.house, draft.kind, holders)
    content = canonical_bytes(change_content(draft.kind, draft.subject, draft.base, quorum, draft.value))
    return content, quorum, hindered_words(holders), waiting


def _offer(visit: Visit, draft: Draft, content: bytes) -> Signing:
    change_id = visit.house.id("chg", visit.now)
    statement = statement_about(visit, change_id, draft.kind, content, utc_text(visit.now + CHANGE_LIFE - END_MARGIN))
    return offer(visit, statement.to_bytes(), action=draft.action, command=draft.command, kept={"proposal": content.decode()})


def proposed_value(visit: Visit) -> Mapping[str, object]:
    """Return what the content that a form brought back would let hold; raises Refused ``change-content``."""
    try:
        return read_content(parse_canonical(_proposed_content(visit))).value
    except WireError as error:
        raise Refused("change-content", error.sentence) from error


def _proposed_content(visit: Visit) -> bytes:
    text = visit.form.value("proposal")
    if not 0 < len(text) <= MAXIMUM_CONTENT:
        raise Refused("change-content", gettext("The change did not come along. Begin again."))
    return text.encode()


def propose(visit: Visit, show: Callable[[int], Response]) -> Response:
    """Hand a signed proposal in, and lead to the change; ``show`` makes the page again after a refusal."""
    try:
        content = attempt(visit.house, visit.actor, about_change(visit, "propose-change", "new"), lambda: _proposed_content(visit))
        signature = read_signature(visit)
        answered = visit.perform(about_change(visit, "propose-change", "new"), propose_change, visit.slug, content, signature)
    except PrivysealError as error:
        if error.kind == "change-replayed" and (known := _signed_change(visit)):
            return visit.go_to(f"{place_of_changes(visit)}/{known}")  # Sent twice: the first one counted.
        return show_again(visit, error, show)
    forget_signed(visit)
    return visit.go_to(f"{place_of_changes(visit)}/{answered.change.id}")


def _signed_change(visit: Visit) -> str:
    try:
        statement = parse_statement(visit.form.value("content").encode())
    except WireError:
        return ""
    return statement.change if isinstance(statement, Statement) else ""
