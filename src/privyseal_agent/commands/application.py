"""``seal application``: who wants to become an organization; read, taken up or rejected by the provider."""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import quote

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("application", "Applications of organizations: list, show, take up, reject. For the provider.")

State: TypeAlias = Literal["unconfirmed", "applied", "taken-up", "rejected"]


def place(application: str, *parts: str) -> str:
    """Return the path of an application."""
    return "/".join(("/provider/applications", quote(application, safe=""), *parts))


@APP.command(name="list")
def list_applications(*, state: State = "applied", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the applications in a state, the newest first.

    Parameters
    ----------
    state
        unconfirmed, applied (they wait for you), taken-up or rejected.
    """
    with open_service(options, desk) as service:
        found = list(service.items("/provider/applications", {"state": state}))
    rows = [(item.text("id"), words.moment(item.text("created_at")), item.text("country"), item.text("name")) for item in found]
    return Reply(
        {"items": [item.fields for item in found]}, words.table(("APPLICATION", "WRITTEN", "COUNTRY", "NAME"), rows, empty="None.")
    )


@APP.command
def show(application: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show everything that was written.

    Parameters
    ----------
    application
        Id of the application.
    """
    with open_service(options, desk) as service:
        answer = service.get(place(application))
    place_words = ", ".join(filter(None, (answer.text("locality"), answer.text("state_or_province"), answer.text("country"))))
    rows = [
        ("Application", f"{answer.text('id')} ({answer.text('state')})"),
        ("Legal name", answer.text("name")),
        ("Registration number", answer.text("registration_number")),
        ("Address", f"{answer.text('address')}, {place_words}"),
        ("Telephone", answer.text("telephone")),
        ("Website", answer.maybe("website")),
        ("Short name wished", answer.text("slug")),
        ("Domains", "\n".join(answer.texts("domains"))),
        ("Corporate contact", f"{answer.text('corporate_name')}, {answer.text('corporate_email')}"),
        ("First administrator", f"{answer.text('administrator_name')}, {answer.text('administrator_email')}"),
        ("Reason", answer.maybe("reason")),
    ]
    return Reply(answer.fields, words.facts(rows))


@APP.command(name="take-up")
def take_up(application: str, slug: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Enter the organization as it was written, register its domains, and begin its vetting.

    Parameters
    ----------
    application
        Id of the application.
    slug
        The short name that it gets; it never changes.
    """
    with open_service(options, desk) as service:
        answer = service.post(place(application, "take-up"), {"slug": slug})
    return Reply(answer.fields, f"{answer.text('name')} ({answer.text('slug')}) is {answer.text('state')}.")


@APP.command
def reject(application: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Reject an application that is not even taken up; the reason is mailed.

    Parameters
    ----------
    application
        Id of the application.
    reason
        Why; the applicant reads it.
    """
    with open_service(options, desk) as service:
        answer = service.post(place(application, "rejection"), {"reason": reason})
    return Reply(answer.fields, f"The application of {answer.text('name')} is {answer.text('state')}.")
