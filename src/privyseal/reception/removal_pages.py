"""The page on which somebody proposes that a person is removed, for organizations and for the provider alike."""

from __future__ import annotations

import json

from starlette.responses import Response

from privyseal.look.words import gettext
from privyseal.model.administrator import Administrator
from privyseal.model.change import ChangeKind, read_content
from privyseal.model.role_change import Removal, role_content
from privyseal.reception.change_pages import content_now, hindered_now, offer_proposal, place_of_changes, waiting_changes
from privyseal.reception.shown_changes import role_rules, side_of_visit
from privyseal.reception.signing import desk_of
from privyseal.reception.site import Visit
from privyseal.store import assignments
from privyseal_wire.canonical import parse_canonical


def show_removal(visit: Visit, person: Administrator, place: str, status: int = 200) -> Response:
    """Show what follows, and what is signed to propose that this person is removed; ``place`` is where the person lies."""
    change = Removal(person.id)
    with visit.house.database.read(visit.now) as tx:
        base = assignments.steps_of(tx, person.id)
        rules = role_rules(tx, side_of_visit(tx, visit), change, visit.now)
    content = content_now(visit, ChangeKind.ROLE, person.id, base, role_content(change), about=person.id)
    command = f"seal administrator remove {person.id}"
    values = {
        "home": desk_of(visit),
        "place": place_of_changes(visit),
        "back": place,
        "person": person,
        "heading_words": gettext("Remove %(name)s") % {"name": person.name},
        "rules": rules,
        "remark": gettext("The person concerned does not sign."),
        "base": base,
        "quorum": read_content(parse_canonical(content)).quorum,
        "waiting": waiting_changes(visit, ChangeKind.ROLE, person.id),
        "hindered": hindered_now(visit, ChangeKind.ROLE, about=person.id),
        "signing": offer_proposal(visit, ChangeKind.ROLE, content, action=f"{place}/removed", command=command),
        "content": json.dumps(json.loads(content), indent=2, ensure_ascii=False),
        "file": "",
    }
    return visit.show("changes/sign_removal.html", values, status=status)
