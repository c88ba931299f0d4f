"""The page on which somebody proposes that a person is removed, for organizations and for the provider alike."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.look.words import gettext
from privyseal.model.administrator import Administrator
from privyseal.model.change import ChangeKind
from privyseal.model.role_change import Removal, role_content
from privyseal.reception.proposal_pages import Draft, show_draft
from privyseal.reception.shown_changes import role_rules, side_of_visit
from privyseal.reception.site import Visit
from privyseal.store import administrators, assignments


def show_removal(visit: Visit, person: Administrator, place: str, status: int = 200) -> Response:
    """Show what follows, and what is signed to propose that this person is removed; ``place`` is where the person lies."""
    change = Removal(person.id)
    with visit.house.database.read(visit.now) as tx:
        base = assignments.steps_of(tx, person.id)
        usable = sum(item.is_usable(tx.now) for item in administrators.credentials_of(tx, person.id))
        rules = role_rules(tx, side_of_visit(tx, visit), change, visit.now)
    draft = Draft(
        kind=ChangeKind.ROLE,
        subject=person.id,
        base=base,
        value=role_content(change),
        heading=gettext("Remove %(name)s") % {"name": person.name},
        rules=rules,
        back=place,
        action=f"{place}/removed",
        command=f"seal administrator remove {person.id}",
        remark=gettext("The person concerned does not sign."),
    )
    return show_draft(visit, draft, status, page="changes/sign_removal.html", person=person, usable=usable)
