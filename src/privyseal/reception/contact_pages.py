"""The pages of an organization's contacts, for its own administrators and for the provider: look, propose, withdraw, record a call.

No rule stands here: the actions decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.contact.record_call import record_call
from privyseal.actions.contact.withdraw_contact import withdraw_contact
from privyseal.actions.house import About, attempt
from privyseal.look.contact_words import contact_change_state, contact_words
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.application import ContactKind
from privyseal.model.contact_change import CALL_AFTER, ContactChange, read_contact_kind
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused, TooManyRequests
from privyseal.model.identifiers import ContactChangeId
from privyseal.model.organization import Organization
from privyseal.reception.site import Visit
from privyseal.reception.statuses import http_status
from privyseal.store import administrators, applications, contact_changes, organizations
from privyseal.store.applications import Contact

_ID: Final = re.compile(r"cch-[0-9a-f]{32}")
_FIELDS: Final = {"kind", "name", "email", "telephone", "note"}


@dataclass(frozen=True, slots=True)
class ShownContactChange:
    """A change as a row of the list."""

    change: ContactChange
    kind: str
    state: tuple[str, str]
    is_open: bool
    proposer: str
    may_call: bool


@dataclass(frozen=True, slots=True)
class _Desk:
    slug: str
    place: str
    back: str
    is_provider: bool
    may_propose: bool


def _desk(visit: Visit) -> _Desk:
    if visit.slug:
        home = f"/o/{visit.slug}/console"
        may_propose = visit.actor.scope(Permission.MANAGE_ADMINISTRATORS).covers("")
        return _Desk(visit.slug, f"{home}/contacts", f"{home}/settings", is_provider=False, may_propose=may_propose)
    slug = visit.path("slug")
    home = f"/provider/organizations/{slug}"
    return _Desk(slug, f"{home}/contacts", home, is_provider=True, may_propose=visit.actor.scope(Permission.VET).covers(""))


def show_contacts(visit: Visit, *, status: int = 200) -> Response:
    """Show who is what contact, what waits, and what was changed."""
    desk = _desk(visit)
    with visit.house.database.read(visit.now) as tx:
        organization = organizations.require(tx, desk.slug)
        current = applications.current_contacts(tx, organization)
        found = contact_changes.of_organization(tx, organization.id)
        names = administrators.names_of(tx, [change.proposed_by for change in found])
    rows: list[tuple[str, str, Contact | None]] = [(*words, current.get(kind)) for kind, words in contact_words().items()]
    values = {
        "desk": desk,
        "organization": organization,
        "contacts": rows,
        "changes": [_shown(visit, desk, change, names) for change in found],
        "is_proposed": visit.query("sent", 1) == "1",
    }
    return visit.show("contacts/contacts.html", values, status=status)


def _shown(visit: Visit, desk: _Desk, change: ContactChange, names: dict[str, str]) -> ShownContactChange:
    is_open = change.is_open(visit.now)
    hidden = change.is_by_provider and not desk.is_provider
    return ShownContactChange(
        change=change,
        kind=contact_words()[change.kind][0],
        state=contact_change_state(change, visit.now),
        is_open=is_open,
        proposer=gettext("the provider") if hidden else names.get(change.proposed_by, ""),
        may_call=desk.is_provider and is_open and not (change.called_at or change.agreed_at) and _may_conclude(visit),
    )


def _may_conclude(visit: Visit) -> bool:
    return visit.actor.scope(Permission.CONCLUDE_VETTING).covers("")


def ask_contact(visit: Visit, *, status: int = 200) -> Response:
    """Ask who becomes what contact, and say what follows."""
    desk = _desk(visit)
    kinds = [(kind.value, words[0]) for kind, words in contact_words().items()]
    wanted = visit.query("kind", 16)
    chosen = wanted if wanted in {kind.value for kind in ContactKind} else ContactKind.CORPORATE.value
    values = {"desk": desk, "organization": _organization(visit, desk), "kinds": kinds, "chosen": chosen}
    return visit.show("contacts/new_contact.html", values, status=status)


def propose(visit: Visit) -> Response:
    """Propose it; both addresses are written to."""
    desk, form = _desk(visit), visit.form
    about = About("propose-contact", desk.slug, "contact-change", "new")
    try:
        kind = attempt(visit.house, visit.actor, about, lambda: read_contact_kind(form.value("kind")))
        visit.perform(about, propose_contact, desk.slug, kind, form.value("name"), form.value("email"))
    except (Refused, Conflict, TooManyRequests, NotPermitted) as error:
        return ask_contact(visit, status=_refuse(visit, error))
    return visit.go_to(f"{desk.place}?sent=1")


def withdraw(visit: Visit) -> Response:
    """Withdraw it, at once."""
    desk, change_id = _desk(visit), _change_id(visit)
    try:
        visit.perform(About("end-contact-change", desk.slug, "contact-change", change_id), withdraw_contact, desk.slug, change_id)
    except Conflict as error:
        return show_contacts(visit, status=_refuse(visit, error))
    return visit.go_to(desk.place)


def ask_call(visit: Visit, *, status: int = 200) -> Response:
    """Ask what the call was, beside what is known of the organization."""
    desk, change_id = _desk(visit), _change_id(visit)
    with visit.house.database.read(visit.now) as tx:
        organization = organizations.require(tx, desk.slug)
        change = contact_changes.get(tx, organization.id, change_id)
        if change is None:
            raise _nothing()
        names = administrators.names_of(tx, [change.proposed_by])
    values = {
        "desk": desk,
        "organization": organization,
        "shown": _shown(visit, desk, change, names),
        "days": CALL_AFTER.days,
    }
    return visit.show("contacts/call.html", values, status=status)


def record(visit: Visit) -> Response:
    """Record the call; with the yes of the new address the contact changes."""
    desk, change_id, form = _desk(visit), _change_id(visit), visit.form
    about = About("record-contact-call", desk.slug, "contact-change", change_id)
    try:
        visit.perform(about, record_call, desk.slug, change_id, form.value("telephone"), form.value("note"))
    except (Refused, Conflict, NotPermitted) as error:
        return ask_call(visit, status=_refuse(visit, error))
    return visit.go_to(desk.place)


def _refuse(visit: Visit, error: PrivysealError) -> int:
    visit.form.refuse(error.field if error.field in _FIELDS else "", error.sentence)
    return http_status(error)


def _organization(visit: Visit, desk: _Desk) -> Organization:
    with visit.house.database.read(visit.now) as tx:
        return organizations.require(tx, desk.slug)


def _change_id(visit: Visit) -> ContactChangeId:
    value = visit.path("contact_change")
    if not _ID.fullmatch(value):
        raise _nothing()
    return ContactChangeId(value)


def _nothing() -> NotFound:
    return NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
