"""Lost cards: reported by anybody, confirmed by the corporate contact with a mailed code, concluded by the provider after a call."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from privyseal.actions.house import About, perform
from privyseal.actions.lost_card.conclude_lost_card import conclude_lost_card
from privyseal.actions.lost_card.confirm_lost_card import confirm_lost_card
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.doors.rest.access import ANYBODY, described, provider
from privyseal.doors.rest.addresses import LostCardPath, Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.bodies import Body, CodeBody, Text
from privyseal.doors.rest.documents import Document, Time
from privyseal.doors.rest.reading import read_of_provider
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import LostCard, LostCardEnd
from privyseal.model.statement import utc_text
from privyseal.store import administrators, lost_cards, organizations
from privyseal.store.database import Transaction

router = APIRouter(tags=["Lost cards"])

MOST = 200


class LostCardBody(Body):
    """Whose card is lost."""

    whose: Text = Field(description="Full name of the administrator, or the mail address.", examples=["Fox Mulder"])


_ENDS = (
    "`revoked` ends everything that the person signs in and decides with; `left` removes the person as well, where too few others "
    "can sign that any more."
)


class LostCardCallBody(Body):
    """What followed from the call."""

    end: LostCardEnd = Field(description=_ENDS)
    note: Text = Field(description="Which number of the vetting was called, whom it reached, and what was said.")


class LostCardAnswer(Document):
    """What happens next; the same for every report, whether or not there is such a person."""

    told: str


class LostCardDocument(Document):
    """A report that the corporate contact has confirmed. The note is for those who may conclude."""

    id: str
    organization: str
    organization_name: str
    administrator: str
    name: str
    reported_at: Time
    confirmed_at: Time
    concluded_at: Time | None = None
    concluded_by: str | None = None
    end: LostCardEnd | None = None
    note: str | None = None


class LostCards(Document):
    """Reports of all organizations."""

    items: list[LostCardDocument]


class LostCardConcluded(LostCardDocument):
    """The report as it ended."""

    revoked: int = Field(description="How many credentials were revoked with it.")


def _fields(tx: Transaction, found: list[LostCard], *, with_note: bool) -> list[dict[str, object]]:
    whose = organizations.get_many(tx, [lost.organization_id for lost in found])
    names = administrators.names_of(tx, [lost.administrator_id for lost in found])
    return [
        {
            "id": lost.id,
            "organization": whose[lost.organization_id].slug,
            "organization_name": whose[lost.organization_id].name,
            "administrator": lost.administrator_id,
            "name": names[lost.administrator_id],
            "reported_at": utc_text(lost.asked_at),
            "confirmed_at": utc_text(lost.confirmed_at or lost.asked_at),
            "concluded_at": utc_text(lost.concluded_at) if lost.concluded_at else None,
            "concluded_by": lost.concluded_by,
            "end": lost.end,
            "note": (lost.note or None) if with_note else None,
        }
        for lost in found
    ]


def _require(tx: Transaction, lost_id: LostCardId) -> LostCard:
    lost = lost_cards.get(tx, lost_id)
    if lost is None or lost.confirmed_at is None:
        raise NotFound("not-found", "There is no such report of a lost card.")
    return lost


@router.post("/organizations/{org}/lost-cards", status_code=202, **described(ANYBODY, post=True))
def report(org: Slug, body: LostCardBody, context: Context, caller: CallerOf) -> LostCardAnswer:
    """Report that somebody's card is lost; a code is mailed to the corporate contact. The answer tells nothing of who exists."""
    about = About("report-lost-card", org, "administrator", "unknown")
    perform(context.house, caller.actor, about, report_lost_card, org, body.whose)
    return LostCardAnswer(told="If that is an administrator of this organization, its corporate contact gets a code by mail.")


@router.post("/organizations/{org}/lost-cards/confirmation", **described(ANYBODY, post=True))
def confirm(org: Slug, body: CodeBody, context: Context, caller: CallerOf) -> LostCardAnswer:
    """Confirm that the card is lost, as the corporate contact, with the code from the mail; a second time is harmless."""
    about = About("confirm-lost-card", org, "administrator", "unknown")
    perform(context.house, caller.actor, about, confirm_lost_card, org, body.code.strip().lower())
    return LostCardAnswer(told="The provider has been told, and calls back at a number that was known before.")


@router.get("/provider/lost-cards", **described(provider(Permission.READ), 403))
def list_lost_cards(context: Context, caller: CallerOf) -> LostCards:
    """List what corporate contacts have confirmed: what waits for the provider's call first, then the newest, 200 at most."""

    def listed(tx: Transaction) -> LostCards:
        rows = _fields(tx, lost_cards.newest(tx, MOST), with_note=False)
        return LostCards(items=[LostCardDocument.model_validate(row) for row in rows])

    return read_of_provider(context, caller, About("list-lost-cards", "", "service", "lost-cards"), Permission.READ, listed)


@router.get("/provider/lost-cards/{lost_card}", **described(provider(Permission.REVOKE_CREDENTIALS), 403))
def show_lost_card(lost_card: LostCardPath, context: Context, caller: CallerOf) -> LostCardDocument:
    """Show one that the corporate contact has confirmed, and what the call was."""

    def shown(tx: Transaction) -> LostCardDocument:
        [row] = _fields(tx, [_require(tx, LostCardId(lost_card))], with_note=True)
        return LostCardDocument.model_validate(row)

    return read_of_provider(context, caller, About("show-lost-card", "", "lost-card", lost_card), Permission.REVOKE_CREDENTIALS, shown)


@router.post("/provider/lost-cards/{lost_card}/conclusion", **described(provider(Permission.REVOKE_CREDENTIALS), 403, 409, post=True))
def conclude(lost_card: LostCardPath, body: LostCardCallBody, context: Context, caller: CallerOf) -> LostCardConcluded:
    """Conclude a report after the call. What is revoked counts for nothing any more: sessions and connections end with their next call."""
    about, lost_id = About("conclude-lost-card", "", "lost-card", lost_card), LostCardId(lost_card)
    read_of_provider(context, caller, about, Permission.REVOKE_CREDENTIALS, lambda _: None)
    revoked = perform(context.house, caller.actor, about, conclude_lost_card, lost_id, body.end, body.note)

    def shown(tx: Transaction) -> LostCardConcluded:
        [row] = _fields(tx, [_require(tx, lost_id)], with_note=True)
        return LostCardConcluded.model_validate(row | {"revoked": revoked})

    return read_of_provider(context, caller, about, Permission.REVOKE_CREDENTIALS, shown)
