"""The vetting of an organization: a checklist that one person of the provider fills and another one concludes (A35, A36, I17).

open -> submitted -> concluded; the second person may return it, and then it is open again. Findings are added and never
changed: the newest of an item is the one that counts.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from privyseal.model.errors import Conflict, NotPermitted, Refused
from privyseal.model.identifiers import OrganizationId, VettingId
from privyseal.model.request import require_text
from privyseal.model.rules import VETTING_REUSE, Tier, at


class VettingItem(enum.Enum):
    """What is checked of every organization."""

    EXISTENCE = "legal-existence"
    ADDRESS = "address"
    TELEPHONE = "telephone"
    RIGHT_TO_ACT = "right-to-act"
    DOMAINS = "domains"


WITH_FILE = frozenset({VettingItem.EXISTENCE, VettingItem.RIGHT_TO_ACT})
"""Items whose finding a reader of the file must be able to follow without asking anybody: they need at least one file."""


class VettingState(enum.Enum):
    """open -> submitted -> concluded, or dropped with the application."""

    OPEN = "open"
    SUBMITTED = "submitted"
    CONCLUDED = "concluded"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Vetting:
    """One vetting of an organization; ``number`` counts them from 1.

    ``submitted_by`` and ``concluded_by`` are ids of two different people. A vetting from before there were two has "" as
    ``concluded_by`` and is ``is_earlier``. ``return_reason`` is why the second person returned it last, or "".
    """

    id: VettingId
    organization_id: OrganizationId
    number: int
    state: VettingState
    is_earlier: bool
    opened_at: datetime
    opened_by: str
    submitted_at: datetime | None
    submitted_by: str
    concluded_at: datetime | None
    concluded_by: str
    return_reason: str


@dataclass(frozen=True, slots=True)
class ItemFinding:
    """What somebody found out about one item. ``source`` says where, ``seen_on`` when; ``telephone`` is the number that was called."""

    vetting_id: VettingId
    item: VettingItem
    is_met: bool
    source: str
    seen_on: date
    telephone: str
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that shows how an item was found; its content is stored once under its SHA-256. ``name`` is the sender's word."""

    vetting_id: VettingId
    item: VettingItem
    sha256: str
    name: str
    media_type: str
    size: int
    by: str
    at: datetime


def read_item(text: str) -> VettingItem:
    """Return the item of this name; raises Refused ``vetting-item``."""
    try:
        return VettingItem(text)
    except ValueError:
        names = ", ".join(item.value for item in VettingItem)
        raise Refused("vetting-item", f"Choose what was checked: {names}.", field="item") from None


def read_day(text: str, now: datetime) -> date:
    """Return the day on which a source was seen; raises Refused ``vetting-day`` for none, one to come, or one too long ago."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Refused("vetting-day", "Write the day as in 2026-11-22: year, month, day.", field="seen_on") from None
    longest = at(VETTING_REUSE[Tier.PUBLIC], now).days
    # The day of whoever types it may have begun already.
    if day > (now + timedelta(hours=14)).date():
        raise Refused("vetting-day", "This day is still to come. Write the day on which the source was seen.", field="seen_on")
    if day < (now - timedelta(days=longest)).date():
        raise Refused("vetting-day", f"What was seen more than {longest} days ago counts no more. Look it up again.", field="seen_on")
    return day


def read_telephone(item: VettingItem, text: str) -> str:
    """Return the number that was called, "" for other items; raises Refused ``vetting-telephone``."""
    if item is not VettingItem.TELEPHONE:
        return ""
    number = require_text("telephone", text, 40, optional=True)
    if sum(character.isdigit() for character in number) < 5 or set(number) - set("+0123456789 ()-/."):
        sentence = "Write the number that was called. It comes from a source that the applicant did not name."
        raise Refused("vetting-telephone", sentence, field="telephone")
    return number


def require_person_of_vetting(*, is_person: bool) -> None:
    """Raise NotPermitted ``vetting-person`` for programs and operators: vetting is done and concluded by people with a credential."""
    if not is_person:
        sentence = (
            "A vetting is filled in and concluded by people of the provider who are signed in. Nobody on the machine can replace them."
        )
        raise NotPermitted("vetting-person", sentence)


def require_state(vetting: Vetting, *states: VettingState) -> None:
    """Raise Conflict ``vetting-state`` unless the vetting is in one of these states."""
    if vetting.state not in states:
        raise Conflict("vetting-state", _STANDS[vetting.state])


_STANDS = {
    VettingState.OPEN: "The vetting is still being filled in. It has to be handed over first.",
    VettingState.SUBMITTED: "The vetting was handed over to a second person, who concludes it or returns it.",
    VettingState.CONCLUDED: "The vetting is concluded. What changes from now on belongs to the next one.",
    VettingState.DROPPED: "The vetting ended with the application.",
}


def require_complete(
    newest: Mapping[VettingItem, ItemFinding], with_file: Collection[VettingItem], *, has_domain: bool, organization: str, now: datetime
) -> None:
    """Raise Refused unless every item is met, young enough and shown: ``vetting-incomplete``, ``no-validated-domain``."""
    if not has_domain:
        raise Refused("no-validated-domain", f"{organization} has no validated domain yet. Validate one; then vet the organization.")
    missing = [item.value for item in VettingItem if item not in newest or not newest[item].is_met]
    if missing:
        raise Refused("vetting-incomplete", f"These items are not met yet: {', '.join(missing)}. Record what was found first.")
    bare = [item.value for item in VettingItem if item in WITH_FILE and item not in with_file]
    if bare:
        raise Refused("vetting-incomplete", f"These items need a file that shows how they were found: {', '.join(bare)}.")
    oldest = (now - timedelta(days=at(VETTING_REUSE[Tier.PUBLIC], now).days)).date()
    old = [item.value for item in VettingItem if newest[item].seen_on < oldest]
    if old:
        raise Refused("vetting-incomplete", f"What was found of these items is too old by now: {', '.join(old)}. Look them up again.")


def require_second_person(fillers: Collection[tuple[str, str]], concluder: tuple[str, str]) -> None:
    """Raise NotPermitted ``second-person`` when the one who concludes took part in filling it in; people are (id, mail address)."""
    person, address = concluder
    taken = {known for known, _ in fillers}
    addresses = {other.casefold() for _, other in fillers if other}
    if person in taken or (address and address.casefold() in addresses):
        sentence = "You took part in filling in this vetting. Somebody else concludes it, or returns it."
        raise NotPermitted("second-person", sentence)
