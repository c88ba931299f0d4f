"""``seal lost-card``: for whoever cannot sign in any more, for the corporate contact, and for the provider who calls back."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_anonymously, open_service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("lost-card", "A lost card, and nothing else to sign in with: report, confirm. For the provider also list, show, conclude.")


def _place(*parts: str) -> str:
    return "/".join(("/provider/lost-cards", *(quote(part, safe="") for part in parts)))


@APP.command
def report(whose: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Report an administrator's card as lost. Nobody needs a credential for it; the corporate contact gets a code by mail.

    The answer is the same for every name. Faster, where somebody can still sign in: seal administrator replace.

    Parameters
    ----------
    whose
        Full name or mail address of the administrator.
    """
    with open_anonymously(options, desk) as service:
        answer = service.post(service.path("lost-cards"), {"whose": whose})
    return Reply(answer.fields, answer.text("told"))


@APP.command
def confirm(code: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Confirm, as the corporate contact, that the card is lost. Ask the administrator whom the letter names before.

    Parameters
    ----------
    code
        The code in the letter; it works for a day.
    """
    with open_anonymously(options, desk) as service:
        answer = service.post(service.path("lost-cards", "confirmation"), {"code": code})
    return Reply(answer.fields, answer.text("told"))


@APP.command(name="list")
def list_lost_cards(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the reports that corporate contacts have confirmed; those that wait for your call come first. For the provider."""
    with open_service(options, desk) as service:
        found = service.get(_place()).parts("items")
    rows = [
        (
            item.text("id"),
            item.text("organization"),
            item.text("name"),
            words.moment(item.text("confirmed_at")),
            item.maybe("end") or "call back",
        )
        for item in found
    ]
    table = words.table(("REPORT", "ORGANIZATION", "PERSON", "CONFIRMED", "STATE"), rows, empty="No lost card was confirmed yet.")
    return Reply({"items": [item.fields for item in found]}, table)


@APP.command
def show(lost_card: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show a report, and what the call was. For the provider.

    Parameters
    ----------
    lost_card
        Id of the report.
    """
    with open_service(options, desk) as service:
        answer = service.get(_place(lost_card))
    return Reply(answer.fields, _shown(answer))


@APP.command
def conclude(
    lost_card: str,
    end: Literal["revoked", "left", "dismissed"],
    /,
    *,
    note: str,
    yes: bool = False,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Conclude a report after the call. For the provider.

    With revoked, everything that the person signs in and decides with ends at once. With left the person is removed as well, which
    is refused while enough people there can sign it themselves.

    Parameters
    ----------
    lost_card
        Id of the report.
    end
        revoked, left or dismissed.
    note
        Which number of the vetting was called, whom it reached, and what was said.
    yes
        Do not ask.
    """
    with open_service(options, desk) as service:
        desk.show(_shown(service.get(_place(lost_card))))
        if end != "dismissed" and not yes and not desk.confirm("Revoke everything that this person signs in and decides with?"):
            return Reply({"concluded": False}, "", "Nothing was concluded.")
        answer = service.post(_place(lost_card, "conclusion"), {"end": end, "note": note})
    told = (
        "The report is dismissed."
        if end == "dismissed"
        else f"{answer.integer('revoked')} credentials of {answer.text('name')} are revoked."
    )
    return Reply(answer.fields, told)


def _shown(lost: Document) -> str:
    rows = [
        ("Report", lost.text("id")),
        ("Organization", f"{lost.text('organization_name')} ({lost.text('organization')})"),
        ("Person", f"{lost.text('name')} ({lost.text('administrator')})"),
        ("Reported", words.moment(lost.text("reported_at"))),
        ("Confirmed", words.moment(lost.text("confirmed_at"))),
        ("Concluded", words.moment(lost.maybe("concluded_at")) if lost.maybe("concluded_at") else "not yet"),
        ("End", lost.maybe("end")),
        ("The call", lost.maybe("note")),
    ]
    return words.facts(rows)
