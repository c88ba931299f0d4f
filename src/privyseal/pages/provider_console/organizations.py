"""The organizations: the list, and entering one that applies."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.beginning_trials import trial_form
from privyseal.actions.house import About, attempt
from privyseal.actions.organization.create_organization import create_organization
from privyseal.actions.trial.create_trial import create_trial
from privyseal.look.frame import Chip
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, Conflict, Refused
from privyseal.model.organization import OrganizationState
from privyseal.reception.site import Visit
from privyseal.store import organizations

PAGE_SIZE = 50
NEW = "provider_console/new_organization.html"
NEW_TRIAL = "provider_console/new_trial.html"


def show_organizations(visit: Visit) -> Response:
    """Show a page of the list, in the order in which they were entered."""
    states = {state.value: state for state in OrganizationState}
    chosen = states.get(visit.query("state"))
    after = visit.query("after", 64)
    with visit.house.database.read(visit.now) as tx:
        found = organizations.page(tx, after=after, state=chosen, limit=PAGE_SIZE + 1)
        counts = organizations.count_by_state(tx)
    words = state_words()
    chips = [Chip("/provider/organizations", gettext("All"), chosen is None, sum(counts.values()))]
    chips += [
        Chip(f"/provider/organizations?state={state.value}", words[state][1], chosen is state, counts.get(state, 0))
        for state in OrganizationState
    ]
    query = f"state={chosen.value}&" if chosen else ""
    values = {
        "organizations": found[:PAGE_SIZE],
        "words": words,
        "filters": chips,
        "next_address": f"/provider/organizations?{query}after={found[PAGE_SIZE - 1].id}" if len(found) > PAGE_SIZE else "",
        "first_address": f"/provider/organizations?{query}".rstrip("?&") if after else "",
    }
    return visit.show("provider_console/organizations.html", values | {"has_trials": visit.house.has_trials})


def state_words() -> dict[OrganizationState, tuple[str, str]]:
    """Return (kind, words) of each state."""
    return {
        OrganizationState.APPLIED: ("waiting", gettext("To be vetted")),
        OrganizationState.VETTING: ("waiting", gettext("Being vetted")),
        OrganizationState.ACTIVE: ("good", gettext("Active")),
        OrganizationState.SUSPENDED: ("bad", gettext("Suspended")),
        OrganizationState.CLOSED: ("ended", gettext("Closed")),
    }


def show_new_trial(visit: Visit) -> Response:
    """Show the form for a trial that the provider starts."""
    return visit.show(NEW_TRIAL)


def start_trial(visit: Visit) -> Response:
    """Start the trial and go to its page."""
    fields = {name: visit.form.value(name) for name in ("name", "slug", "person_name", "person_email")}
    about = About("create-trial", "", "organization", "new")
    try:
        made = visit.perform(about, create_trial, attempt(visit.house, visit.actor, about, lambda: trial_form(fields)))
    except (Refused, BadRequest, Conflict) as error:
        visit.form.refuse(error.field if error.field in fields else "", error.sentence)
        return visit.show(NEW_TRIAL, status=422)
    return visit.go_to(f"/provider/organizations/{made.slug}?done=trial")


def show_new(visit: Visit) -> Response:
    """Show the form."""
    return visit.show(NEW)


def create(visit: Visit) -> Response:
    """Enter the organization and go to its page."""
    about = About("create-organization", "", "organization", "new")
    try:
        made = visit.perform(
            about,
            create_organization,
            slug=visit.form.value("slug"),
            name=visit.form.value("name"),
            country=visit.form.value("country"),
            state_or_province=visit.form.value("state_or_province"),
            locality=visit.form.value("locality"),
            contact_email=visit.form.value("contact_email"),
        )
    except (Refused, BadRequest, Conflict) as error:
        visit.form.refuse({"email": "contact_email"}.get(error.field, error.field), error.sentence)
        return visit.show(NEW, status=422)
    return visit.go_to(f"/provider/organizations/{made.slug}")
