"""What every page of the control center begins with: the organization, the form of addresses, the frame, errors shown in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.look.frame import Frame, Help, NavigationItem
from privyseal.look.trial_words import trial_words
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.errors import BadRequest, NotFound, Refused
from privyseal.model.organization import Organization
from privyseal.model.request import RequestState
from privyseal.model.scope import Scope
from privyseal.reception.site import Method, Page, Visit
from privyseal.store import requests
from privyseal.store.database import Transaction

T = TypeVar("T")

FORMS: Final = {
    "request": re.compile(r"req-[0-9a-f]{32}"),
    "serial": re.compile(r"[0-9a-f]{2,40}"),
    "administrator": re.compile(r"adm-[0-9a-f]{32}"),
    "token": re.compile(r"tok-[0-9a-f]{32}"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "search": re.compile(r"sea-[0-9a-f]{32}"),
    "department": re.compile(r"dep-[0-9a-f]{32}"),
    "policy": re.compile(r"pol-[0-9a-f]{32}"),
    "assignment": re.compile(r"asg-[0-9a-f]{32}"),
}
"""What the parts of an address look like; anything else leads nowhere and is not looked up."""

PAGE_SIZE: Final = 50


def home(visit: Visit) -> str:
    """Return the path under which the control center of this organization lies, without a slash at its end."""
    return f"/o/{visit.slug}/console"


def nothing_here() -> NotFound:
    """Return the error of an address that leads nowhere, whatever the reason."""
    return NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))


def part(visit: Visit, name: str) -> str:
    """Return a part of the address; raises NotFound unless it has its form."""
    value = visit.path(name)
    if not FORMS[name].fullmatch(value):
        raise nothing_here()
    return value


def may(visit: Visit, permission: Permission, path: str | None = None) -> bool:
    """Tell whether whoever is signed in holds a right, for what a page offers; the access row and the action decide.

    ``path`` is the department concerned, "" the whole organization; without it the right may reach any part of it.
    """
    scope = visit.actor.scope(permission)
    return not scope.is_empty if path is None else scope.covers(path)


def sight(visit: Visit) -> Scope:
    """Return what whoever is signed in may see; everything that a page looks up lies within it."""
    return visit.actor.scope(Permission.READ)


def look_up(visit: Visit, work: Callable[[Transaction, Organization], T]) -> T:
    """Run ``work`` in a transaction that only reads; raises NotFound, Unavailable and what ``work`` raises."""
    return visit.read(visit.about("open-page", "organization", visit.slug), work)


def console_page(
    method: Method,
    path: str,
    access: Permission,
    answer: Callable[[Visit], Response],
    *,
    scoped: bool = False,
    step_up: bool = False,
    upload: bool = False,
    form: str = "",
    reading: bool = False,
) -> Page:
    """Return a page under ``/o/{org}/console``, where ``form`` lies too; ``scoped`` ones show what lies within ``sight``."""
    place = "/o/{org}/console"
    below = f"{place}{form}" if form else ""
    return Page(method, f"{place}{path}", access, answer, scoped=scoped, step_up=step_up, upload=upload, form=below, reading=reading)


def are_refused(visit: Visit, about: About, checks: Mapping[str, Callable[[], object]]) -> bool:
    """Try each check by the id of its input and put every refusal at its input; tell whether there was one. Each is recorded."""
    for field, check in checks.items():
        try:
            attempt(visit.house, visit.actor, about, check)
        except (Refused, BadRequest) as error:
            visit.form.refuse(field, error.sentence)
    return bool(visit.form.problems)


SHORTCUTS: Final = ("j", "k", "Enter", "/", "a", "r", "?")


def _shortcuts() -> tuple[tuple[str, str], ...]:
    words = (
        gettext("Next row"),
        gettext("Previous row"),
        gettext("Open the row"),
        gettext("Search"),
        gettext("To the approval"),
        gettext("To the rejection"),
        gettext("This list"),
    )
    return tuple(zip(SHORTCUTS, words, strict=True))


def console_frame(visit: Visit) -> Frame:
    """Return the frame: the organization, the ways through the control center with what waits, who is signed in."""

    def facts(tx: Transaction) -> tuple[Organization, int]:
        organization = visit.organization(tx)
        waiting = requests.count_in(tx, organization.id, [RequestState.PENDING], sight(visit))[RequestState.PENDING] if visit.guest else 0
        return organization, waiting

    with visit.house.database.read(visit.now) as tx:
        organization, waiting = facts(tx)
    signed_in = visit.guest is not None
    return Frame(
        name=organization.name,
        purpose=gettext("Control center"),
        home=f"{home(visit)}/",
        demo=visit.context.is_demo,
        trial=trial_words(organization),
        navigation=_navigation(visit, waiting) if signed_in else (),
        help=Help(gettext("Your organization's contact answers:"), organization.contact_email),
        visitor=visit.guest.administrator.name if visit.guest else "",
        account=f"/o/{visit.slug}/account",
        sign_out=f"/o/{visit.slug}/sign-out",
        sign_in=f"/o/{visit.slug}/sign-in",
        shortcuts=_shortcuts() if signed_in else (),
        events=f"{home(visit)}/events" if may(visit, Permission.READ) else "",
        counts=f"{home(visit)}/counts" if may(visit, Permission.READ) else "",
    )


_WHOLE: Final = frozenset({Permission.MANAGE_TOKENS, Permission.READ_AUDIT})
"""Rights that mean something for the whole organization alone."""


_ALSO_BELOW: Final[Mapping[str, tuple[str, ...]]] = {"/settings": ("/kit", "/domains", "/contacts"), "/administrators": ("/sign-on",)}
"""Pages that a way of the navigation leads to, whose address begins otherwise."""


def _navigation(visit: Visit, waiting: int) -> tuple[NavigationItem, ...]:
    place, path = home(visit), visit.request.url.path
    ways: list[tuple[str, str, Permission]] = [
        ("/requests", gettext("Requests"), Permission.READ),
        ("/certificates", gettext("Certificates"), Permission.READ),
        ("/administrators", gettext("Administrators"), Permission.READ),
        ("/departments", gettext("Departments"), Permission.READ),
        ("/policies", gettext("Policies"), Permission.READ),
        ("/changes", gettext("Changes"), Permission.READ),
        ("/reviews", gettext("Access reviews"), Permission.REVIEW_ACCESS),
        ("/tokens", gettext("Tokens"), Permission.MANAGE_TOKENS),
        ("/audit", gettext("Audit log"), Permission.READ_AUDIT),
        ("/settings", gettext("Your organization"), Permission.READ),
    ]
    items = [NavigationItem(f"{place}/", gettext("Home"), current=path == f"{place}/")]
    for way, words, permission in ways:
        if may(visit, permission, "" if permission in _WHOLE else None):
            count = waiting if way == "/requests" else None
            below = (way, *_ALSO_BELOW.get(way, ()))
            current = path.startswith(tuple(f"{place}{each}" for each in below))
            items.append(NavigationItem(f"{place}{way}", words, current=current, count=count))
    return tuple(items)
