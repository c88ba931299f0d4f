"""Lost cards that a corporate contact has confirmed: the call-back, and what the provider concludes after it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About
from privyseal.actions.lost_card.conclude_lost_card import conclude_lost_card
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import LostCard, LostCardEnd
from privyseal.reception.site import Visit
from privyseal.store import administrators, lost_cards, organizations

LIST: Final = "provider_console/lost_cards.html"
ONE: Final = "provider_console/lost_card.html"
SHOWN: Final = 200
_ENDS: Final = {end.value: end for end in LostCardEnd}


def show_lost_cards(visit: Visit) -> Response:
    """Show those that wait for the provider first, then the newest."""
    with visit.house.database.read(visit.now) as tx:
        found = lost_cards.newest(tx, SHOWN)
        whose = organizations.get_many(tx, [lost.organization_id for lost in found])
        names = administrators.names_of(tx, [name for lost in found for name in (lost.administrator_id, lost.concluded_by or "")])
    return visit.show(LIST, {"rows": [(lost, whose[lost.organization_id]) for lost in found], "names": names})


def show_one(visit: Visit, *, status: int = 200) -> Response:
    """Show one with what is known of organization and person, and the form that tells of the call."""
    with visit.house.database.read(visit.now) as tx:
        lost = _require(lost_cards.get(tx, LostCardId(visit.path("lost_id"))))
        person = administrators.get(tx, lost.administrator_id)
        usable = sum(item.is_usable(visit.now) for item in administrators.credentials_of(tx, lost.administrator_id))
        values = {"lost": lost, "organization": organizations.get(tx, lost.organization_id), "person": person, "usable": usable}
    return visit.show(ONE, values, status=status)


def conclude(visit: Visit) -> Response:
    """Conclude it, as the button says."""
    lost_id = LostCardId(visit.path("lost_id"))
    end = _ENDS.get(visit.form.value("end"), LostCardEnd.DISMISSED)
    try:
        visit.perform(About("conclude-lost-card", "", "lost-card", lost_id), conclude_lost_card, lost_id, end, visit.form.value("note"))
    except (Refused, Conflict) as error:
        visit.form.refuse("note", error.sentence)
        return show_one(visit, status=422)
    return visit.go_to(f"/provider/lost-cards/{lost_id}")


def _require(lost: LostCard | None) -> LostCard:
    if lost is None or lost.confirmed_at is None:
        raise NotFound("not-found", "There is no such report of a lost card.")
    return lost
