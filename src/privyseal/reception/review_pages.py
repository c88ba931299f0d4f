"""The pages of access reviews, for organizations and for the provider alike: look at who may do what, and confirm it line by line.

No rule stands here: the action decides. Taking a role and removing a person have pages of their own, to which each line leads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.actions.access_review.confirm_access import confirm_access
from privyseal.actions.house import About, attempt
from privyseal.look.people_words import role_words
from privyseal.look.words import gettext
from privyseal.model.access_review import AccessReview, ReviewLine, held_now, is_settled
from privyseal.model.administrator import Administrator, Permission, Role
from privyseal.model.errors import NotFound, PrivysealError
from privyseal.model.identifiers import AccessReviewId, AdministratorId, OrganizationId
from privyseal.reception.log_list import read_time
from privyseal.reception.refusals import show_again
from privyseal.reception.signing import desk_of
from privyseal.reception.site import Visit
from privyseal.store import access_reviews, administrators, organizations
from privyseal.store.database import Transaction

_ID: Final = re.compile(r"rev-[0-9a-f]{32}")
_PERSON: Final = re.compile(r"adm-[0-9a-f]{32}")
PAGE_LINES: Final = 50
PAGE_PEOPLE: Final = 20
"""How many people of one review, each with all that is told of him."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with what became of it; ``seen`` is what a confirmation is about, ``now`` the roles of today where they differ."""

    line: ReviewLine
    roles: list[str]
    now: list[str] | None
    seen: str
    is_settled: bool
    confirmed_by: str

    @property
    def last_sign_in(self) -> object:
        """When he signed in last before the review, or None."""
        return read_time(self.line.last_sign_in) if self.line.last_sign_in else None

    @property
    def last_decision(self) -> object:
        """When he decided last before the review, or None."""
        return read_time(self.line.last_decision) if self.line.last_decision else None


def _place(visit: Visit) -> str:
    return f"{desk_of(visit)}/reviews"


def _side(tx: Transaction, visit: Visit) -> OrganizationId | None:
    return organizations.require(tx, visit.slug).id if visit.slug else None


def review_state(review: AccessReview, visit: Visit) -> tuple[str, str]:
    """Return kind of seal and word."""
    if review.closed_at is not None:
        return "good", gettext("Finished")
    return ("bad", gettext("Overdue")) if review.is_overdue(visit.now) else ("waiting", gettext("Open"))


def show_reviews(visit: Visit) -> Response:
    """Show the reviews of this side, the newest first; the provider sees how those of organizations stand."""
    before = visit.query("before") if re.fullmatch(r"[0-9]{4}-Q[1-4]", visit.query("before")) else ""
    with visit.house.database.read(visit.now) as tx:
        found = access_reviews.page(tx, _side(tx, visit), before=before, limit=PAGE_LINES + 1)
    place = _place(visit)
    values = {
        "home": desk_of(visit),
        "place": place,
        "rows": [(review, review_state(review, visit)) for review in found[:PAGE_LINES]],
        "first_address": place if before else "",
        "next_address": f"{place}?before={found[PAGE_LINES - 1].quarter}" if len(found) > PAGE_LINES else "",
        "filters": (),
        "is_provider": not visit.slug,
    }
    return visit.show("reviews/reviews.html", values)


def show_organizations(visit: Visit) -> Response:
    """Show the provider how the newest review of each organization stands; nothing of who is in it."""
    after = visit.query("after") if re.fullmatch(r"org-[0-9a-f]{32}", visit.query("after")) else ""
    with visit.house.database.read(visit.now) as tx:
        found = organizations.page(tx, after=after, limit=PAGE_LINES + 1)
        newest = access_reviews.newest_of_organizations(tx, [item.id for item in found])
    rows = [(item, newest.get(item.id), review_state(newest[item.id], visit) if item.id in newest else None) for item in found[:PAGE_LINES]]
    place = f"{_place(visit)}/organizations"
    values = {
        "home": desk_of(visit),
        "place": _place(visit),
        "rows": rows,
        "filters": (),
        "first_address": place if after else "",
        "next_address": f"{place}?after={found[PAGE_LINES - 1].id}" if len(found) > PAGE_LINES else "",
    }
    return visit.show("reviews/organizations.html", values)


def show_review(visit: Visit) -> Response:
    """Show one review, ``PAGE_PEOPLE`` people at a time."""
    return _show(visit)


def _review_id(visit: Visit) -> AccessReviewId:
    review_id = visit.path("review")
    if not _ID.fullmatch(review_id):
        raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
    return AccessReviewId(review_id)


def _show(visit: Visit, status: int = 200) -> Response:
    review_id = _review_id(visit)
    about = About("open-page", visit.slug, "access-review", review_id)

    after = _after(visit)

    def call() -> tuple[AccessReview, list[ShownLine], int, str]:
        with visit.house.database.read(visit.house.clock()) as tx:
            side = _side(tx, visit)
            review = access_reviews.get(tx, side, review_id)
            if review is None:
                raise NotFound("not-found", "There is no such access review.")
            people = {person.id: person for person in administrators.of_organization(tx, side)}
            lines = [line for line in access_reviews.lines_of(tx, review.id) if line.administrator_id in people]
            left = sum(not is_settled(line, people[line.administrator_id]) for line in lines)
            seen = next((place for place, line in enumerate(lines, 1) if line.administrator_id == after), 0)
            shown, more = lines[seen : seen + PAGE_PEOPLE], len(lines) > seen + PAGE_PEOPLE
            names = administrators.names_of(tx, [line.confirmed_by for line in shown if line.confirmed_by])
            found = [_shown(line, people[line.administrator_id], names) for line in shown]
            return review, found, left, shown[-1].administrator_id if more else ""

    review, lines, left, last = attempt(visit.house, visit.actor, about, call)
    here = f"{_place(visit)}/{review.id}"
    values = {
        "home": desk_of(visit),
        "place": _place(visit),
        "here": here,
        "after": after,
        "first_address": here if after else "",
        "next_address": f"{here}?after={last}" if last else "",
        "review": review,
        "stands": review_state(review, visit),
        "lines": lines,
        "left": left,
        "may_review": visit.actor.scope(Permission.REVIEW_ACCESS).everything and review.closed_at is None,
        "reader": visit.person.id,
        "people_place": f"{desk_of(visit)}/{'administrators' if visit.slug else 'people'}",
    }
    return visit.show("reviews/review.html", values, status=status)


def _after(visit: Visit) -> str:
    """Return whom the page that is shown begins behind, "" for the first one."""
    after = visit.form.value("after") or visit.query("after")
    return after if _PERSON.fullmatch(after) else ""


def _shown(line: ReviewLine, person: Administrator, names: Mapping[str, str]) -> ShownLine:
    then = tuple(sorted(role.assignment for role in line.roles))
    now = held_now(person)
    return ShownLine(
        line=line,
        roles=[_role(role.role) + (f" ({role.department})" if role.department else "") for role in line.roles],
        now=None if now == then else [role_words(item.role) for item in person.assignments],
        seen=" ".join(now),
        is_settled=is_settled(line, person),
        confirmed_by=names.get(line.confirmed_by, ""),
    )


def _role(value: str) -> str:
    known = {role.value: role for role in Role}
    return role_words(known[value]) if value in known else value


def confirm(visit: Visit) -> Response:
    """Confirm one line."""
    review_id, person_id = _review_id(visit), visit.path("administrator")
    if not _PERSON.fullmatch(person_id):
        raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
    about = About("confirm-access", visit.slug, "access-review", review_id)
    seen = visit.form.value("seen").split()
    try:
        visit.perform(about, confirm_access, visit.slug, review_id, AdministratorId(person_id), seen)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, status))
    after = _after(visit)
    shown = f"?after={after}" if after else ""
    return visit.go_to(f"{_place(visit)}/{review_id}{shown}#{person_id}")
