"""One organization as the provider sees it: its record, domains with their evidence, units, policies, first administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.house import About
from privyseal.look.certificate_words import key_kinds
from privyseal.look.people_words import role_words
from privyseal.look.trial_words import trial_words
from privyseal.look.words import gettext
from privyseal.model.actor import ActorKind
from privyseal.model.administrator import Role
from privyseal.model.errors import BadRequest, Conflict, Refused
from privyseal.model.organization import Organization, OrganizationEvent, vetted_until
from privyseal.model.rules import Tier
from privyseal.model.unit import UnitTier
from privyseal.pages.provider_console.organizations import state_words
from privyseal.reception.shown_domains import shown_domains
from privyseal.reception.site import Visit
from privyseal.store import administrators, organization_events, organizations, policies, units, vettings
from privyseal.store.organization_events import HistoryEntry

OBJECT = "provider_console/organization.html"
INVITATION = "provider_console/invitation.html"

PEOPLE: Final = 50
"""So many of its people stand on its page at a time."""


def require_organization(visit: Visit) -> Organization:
    """Return the organization of the address; raises NotFound."""
    with visit.house.database.read(visit.now) as tx:
        return organizations.require(tx, visit.path("slug"))


def place(visit: Visit) -> str:
    """Return the address of its page."""
    return f"/provider/organizations/{visit.path('slug')}"


def show_organization(visit: Visit) -> Response:
    """Show everything."""
    return object_page(visit)


def object_page(visit: Visit, *, status: int = 200) -> Response:
    """Return the page with everything about it, and with what was refused."""
    organization, after = require_organization(visit), visit.query("people")
    with visit.house.database.read(visit.now) as tx:
        values: dict[str, Any] = {
            "organization": organization,
            "state": state_words()[organization.state],
            "domains": shown_domains(visit, organization, organizations.domains_of(tx, organization.id)),
            "balances": [(tier.value, units.balance(tx, organization.id, tier)) for tier in UnitTier],
            "policies": policies.of_organization(tx, organization.id),
            "place": place(visit),
            "trial": trial_words(organization),
            "kinds": dict(key_kinds()),
            "vetting": vettings.newest(tx, organization.id),
            "counts_until": [(tier.value, vetted_until(organization, tier)) for tier in Tier],
        }
        history = organization_events.of_organization(tx, organization.id)
        names = administrators.names_of(tx, [entry.by for entry in history])
        people = administrators.page(tx, organization.id, after=after, limit=PEOPLE + 1)
        is_in_their_hands = administrators.is_anybody_active(tx, organization.id)
        decides_itself = administrators.has_had_any(tx, organization.id)
    values |= {
        "decides_itself": decides_itself,
        "people": people[:PEOPLE],
        "first_people": f"{place(visit)}#people" if after else "",
        "more_people": f"{place(visit)}?people={people[PEOPLE - 1].id}#people" if len(people) > PEOPLE else "",
        "history": [_told(entry, names) for entry in reversed(history)],
        "roles": {role: role_words(role) for role in Role},
        "is_in_their_hands": is_in_their_hands,
        "is_ready": any(row.is_valid for row in values["domains"]),
        "done": _done_words().get(visit.query("done"), ""),
    }
    return visit.show(OBJECT, values, status=status)


@dataclass(frozen=True, slots=True)
class TimeLineEntry:
    """A line of the history in words."""

    words: str
    at: datetime
    who: str


def _told(entry: HistoryEntry, names: Mapping[str, str]) -> TimeLineEntry:
    told = event_words()[entry.event]
    who = names.get(entry.by) or (gettext("the operator") if entry.by_kind == ActorKind.OPERATOR.value else "")
    return TimeLineEntry(f"{told}: {entry.reason}" if entry.reason else told, entry.at, who)


def event_words() -> dict[OrganizationEvent, str]:
    """Return what happened in words."""
    return {
        OrganizationEvent.ENTER: gettext("Entered"),
        OrganizationEvent.TAKE_UP: gettext("Vetting begun"),
        OrganizationEvent.ACTIVATE: gettext("Vetted and active"),
        OrganizationEvent.VET_AGAIN: gettext("Vetted again"),
        OrganizationEvent.SUSPEND: gettext("Suspended"),
        OrganizationEvent.RESUME: gettext("Resumed"),
        OrganizationEvent.REJECT: gettext("Application rejected"),
        OrganizationEvent.CLOSE: gettext("Closed"),
        OrganizationEvent.START_TRIAL: gettext("Trial begun"),
        OrganizationEvent.END_TRIAL: gettext("Trial ended"),
    }


def _done_words() -> dict[str, str]:
    """Return what is told after something was done, by its name in the address."""
    return {
        "order": gettext("The order is booked, and its units can be used."),
        "policy": gettext("The new version of the policy holds from now on."),
        "invitation": gettext("The invitation is on its way; its link works for an hour."),
        "vetting": gettext("The vetting is concluded. The organization is active."),
        "again": gettext("The vetting is concluded. It counts anew from today."),
        "suspend": gettext("The organization is suspended. Nothing new is issued for it."),
        "resume": gettext("The organization is active again."),
        "reject": gettext("The application is rejected, and the reason is on its way to the applicant."),
        "trial": gettext("The trial has begun, and the one-time link is on its way. It works for an hour."),
        "close": gettext("The organization is closed. Its certificates are being revoked."),
        "letter": gettext("The letter is on its way. The domain is validated as soon as its reader confirms it."),
        "removal": gettext("The domain is removed. Nothing new is issued under it."),
    }


def show_invitation(visit: Visit) -> Response:
    """Show the form for the first administrator."""
    return visit.show(INVITATION, {"organization": require_organization(visit), "place": place(visit)})


def invite(visit: Visit) -> Response:
    """Invite the first administrator; later ones are invited by the organization itself."""
    organization = require_organization(visit)
    about = About("invite-administrator", organization.slug, "administrator", "new")
    name, email = visit.form.value("name"), visit.form.value("email")
    try:
        visit.perform(about, invite_administrator, organization.slug, name, email, Role.SECURITY_ADMINISTRATOR)
    except (Refused, BadRequest, Conflict) as error:
        visit.form.refuse(error.field if error.field in {"name", "email"} else "", error.sentence)
        return visit.show(INVITATION, {"organization": organization, "place": place(visit)}, status=422)
    return visit.go_to(f"{place(visit)}?done=invitation#people")


def read_number(field: str, text: str) -> int:
    """Return what was typed as a whole number; raises BadRequest ``number`` at this field."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadRequest("number", gettext("Write a whole number up to 999,999."), field=field)
    return int(text)
