"""Applications that wait: reading one, taking it up, rejecting it (A35)."""

from __future__ import annotations

import re

from starlette.responses import Response

from privyseal.actions.house import About
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.reject_application import reject_application
from privyseal.actions.organization.take_up_application import take_up_application
from privyseal.look.frame import Chip
from privyseal.look.words import gettext
from privyseal.model.application import Application, ApplicationState
from privyseal.model.errors import BadRequest, Conflict, NotFound, NotPermitted, Refused
from privyseal.model.identifiers import ApplicationId
from privyseal.reception.site import Visit
from privyseal.store import administrators, applications, organizations

PAGE_SIZE = 50
_ID = re.compile(r"apl-[0-9a-f]{32}")
_BROKEN = (Refused, BadRequest, Conflict, NotPermitted)


def state_words() -> dict[ApplicationState, tuple[str, str]]:
    """Return (kind, words) of each state."""
    return {
        ApplicationState.APPLIED: ("waiting", gettext("Waits for you")),
        ApplicationState.UNCONFIRMED: ("waiting", gettext("Not confirmed yet")),
        ApplicationState.TAKEN_UP: ("good", gettext("Taken up")),
        ApplicationState.REJECTED: ("ended", gettext("Rejected")),
    }


def show_applications(visit: Visit) -> Response:
    """Show a page of the applications in one state, the newest first."""
    states = {state.value: state for state in ApplicationState}
    chosen = states.get(visit.query("state"), ApplicationState.APPLIED)
    before = visit.query("before", 64)
    with visit.house.database.read(visit.now) as tx:
        found = applications.page(tx, chosen, before=before, limit=PAGE_SIZE + 1)
        counts = {state: applications.count(tx, state) for state in ApplicationState}
    words = state_words()
    place = "/provider/applications"
    values = {
        "applications": found[:PAGE_SIZE],
        "filters": [Chip(f"{place}?state={state.value}", words[state][1], chosen is state, counts[state]) for state in words],
        "next_address": f"{place}?state={chosen.value}&before={found[PAGE_SIZE - 1].id}" if len(found) > PAGE_SIZE else "",
        "first_address": f"{place}?state={chosen.value}" if before else "",
    }
    return visit.show("provider_console/applications.html", values)


def _application(visit: Visit) -> Application:
    if not _ID.fullmatch(visit.path("application")):
        raise NotFound("not-found", gettext("There is no such application."))
    with visit.house.database.read(visit.now) as tx:
        return applications.require(tx, ApplicationId(visit.path("application")))


def show_application(visit: Visit) -> Response:
    """Show everything that was written."""
    return _show(visit, _application(visit))


def _show(visit: Visit, application: Application, status: int = 200) -> Response:
    with visit.house.database.read(visit.now) as tx:
        is_taken = organizations.by_slug(tx, application.form.slug) is not None
        organization = organizations.get(tx, application.organization_id) if application.organization_id else None
        decided_by = administrators.names_of(tx, [application.decided_by]).get(application.decided_by, "")
    values = {
        "application": application,
        "form_of": application.form,
        "state": state_words()[application.state],
        "waits": application.state is ApplicationState.APPLIED,
        "is_taken": is_taken,
        "organization": organization,
        "decided_by": decided_by,
    }
    return visit.show("provider_console/application.html", values, status=status)


def take_up(visit: Visit) -> Response:
    """Enter the organization with its domains, and begin its vetting."""
    application = _application(visit)
    slug = visit.form.value("slug").strip()
    try:
        about = About("take-up-application", "", "application", application.id)
        made = visit.perform(about, take_up_application, application.id, slug)
    except _BROKEN as error:
        visit.form.refuse("slug" if error.field == "slug" else "", error.sentence)
        return _show(visit, application, 409 if isinstance(error, Conflict) else 422)
    # Each for itself: a domain that cannot be registered is told on the organization's page, where it is missing.
    for domain in application.form.domains:
        try:
            visit.perform(About("add-domain", made.slug, "domain", "new"), add_domain, made.slug, domain)
        except _BROKEN:
            continue
    visit.perform(About("open-vetting", made.slug, "organization", made.slug), open_vetting, made.slug)
    return visit.go_to(f"/provider/organizations/{made.slug}")


def reject(visit: Visit) -> Response:
    """Reject it with a reason that is mailed."""
    application = _application(visit)
    try:
        about = About("reject-application", "", "application", application.id)
        visit.perform(about, reject_application, application.id, visit.form.value("reason"))
    except _BROKEN as error:
        visit.form.refuse("reason" if error.field == "reason" else "", error.sentence)
        return _show(visit, application, 409 if isinstance(error, Conflict) else 422)
    return visit.go_to("/provider/applications")
