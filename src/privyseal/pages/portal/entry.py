"""What every page of the portal begins with: an organization that is open, an address in the right form, the frame around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from starlette.responses import Response

from privyseal.look.frame import Frame, Help, NavigationItem
from privyseal.look.trial_words import trial_words
from privyseal.look.words import gettext
from privyseal.model.errors import NotFound, NotPermitted, PrivysealError
from privyseal.model.organization import Organization, OrganizationState
from privyseal.reception import refusals
from privyseal.reception.audiences import require_form
from privyseal.reception.site import Access, Method, Page, Visit
from privyseal.store.database import Transaction

T = TypeVar("T")

FORMS: Final = {
    "draft": re.compile(r"drf-[0-9a-f]{40}"),
    "request": re.compile(r"req-[0-9a-f]{32}"),
    "serial": re.compile(r"[0-9a-f]{2,40}"),
}
"""What the parts of an address look like; anything else leads nowhere and is not looked up."""


def home(visit: Visit) -> str:
    """Return the path under which this organization's pages lie, without a slash at its end."""
    return f"/o/{visit.slug}"


def nothing_here() -> NotFound:
    """Return the error of an address that leads nowhere, whatever the reason."""
    return NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))


def part(visit: Visit, name: str) -> str:
    """Return a part of the address; raises NotFound unless it has its form."""
    value = visit.path(name)
    if not FORMS[name].fullmatch(value):
        raise nothing_here()
    return value


def _closed(organization: Organization) -> NotFound:
    """Return the error for what was open once; an application that was rejected never was, and is not told of."""
    sentence = gettext("The account of %(name)s is closed: no certificates are given out here any more, and those it had are revoked.")
    return NotFound("organization-closed", sentence % {"name": organization.name})


def look_up(visit: Visit, work: Callable[[Transaction, Organization], T]) -> T:
    """Run ``work`` in a transaction that only reads; raises NotFound unless the organization is open, and what ``work`` raises."""

    def within(tx: Transaction, organization: Organization) -> T:
        # Who has a certificate of a suspended organization can still read and revoke it; the actions give out nothing new.
        if organization.state is OrganizationState.CLOSED and (organization.vetted_at is not None or organization.is_trial):
            raise _closed(organization)
        if organization.state not in {OrganizationState.ACTIVE, OrganizationState.SUSPENDED}:
            raise nothing_here()
        return work(tx, organization)

    return visit.read(visit.about("open-page", "organization", require_form(visit.slug)), within)


def organization_of(visit: Visit) -> Organization:
    """Return the organization of the address; raises NotFound unless it is open."""
    return look_up(visit, lambda _, organization: organization)


def is_active(visit: Visit) -> bool:
    """Tell whether anything new is given out: what a page offers; the actions decide."""
    return organization_of(visit).state is OrganizationState.ACTIVE


def portal_page(
    method: Method, path: str, answer: Callable[[Visit], Response], *, upload: bool = False, by_itself: bool = False, phrase: bool = False
) -> Page:
    """Return a page under ``/o/{org}``, which nobody sees while the organization is not open."""

    def answer_when_open(visit: Visit) -> Response:
        organization_of(visit)
        return answer(visit)

    access = Access.SUBSCRIBER if phrase else Access.ANYBODY
    return Page(method, f"/o/{{org}}{path}", access, answer_when_open, upload=upload, by_itself=by_itself)


def show_again(visit: Visit, error: PrivysealError, show: Callable[[int], Response], fields: Mapping[str, str]) -> Response:
    """Show the form again with the error in its summary and at its field; ``fields`` maps an error's field to an input's id.

    What belongs to no field of this form stands in the summary alone. Somebody without the right gets the refusal's own page.
    """
    if isinstance(error, NotPermitted):
        raise error
    return refusals.show_again(visit, error, show, fields.get(error.field, ""))


def portal_frame(visit: Visit) -> Frame:
    """Return the frame: the organization's name, the ways through the portal, and who helps (requirements A29)."""
    organization = organization_of(visit)
    place, path = home(visit), visit.request.url.path
    asking = ((f"{place}/enroll", gettext("Ask for a certificate")),) if organization.state is OrganizationState.ACTIVE else ()
    ways = (
        *asking,
        (f"{place}/search", gettext("Find a certificate")),
        (f"{place}/domains", gettext("Domain names")),
    )
    return Frame(
        name=organization.name,
        purpose=gettext("Certificates for servers"),
        home=f"{place}/",
        demo=visit.context.is_demo,
        trial=trial_words(organization),
        navigation=tuple(NavigationItem(address, words, current=path.startswith(address)) for address, words in ways),
        help=Help(gettext("Ask your administrator:"), organization.contact_email),
        sign_in=f"{place}/sign-in",
    )
