"""``seal vetting``: the checklist of an organization, which one person of the provider fills in and another one concludes."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.private_files import read_file
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("vetting", "The vetting of organizations: begin, record, attach, submit, conclude. For the provider.")

Item: TypeAlias = Literal["legal-existence", "address", "telephone", "right-to-act", "domains"]


def place(slug: str, *parts: str) -> str:
    """Return the path of an organization as the provider sees it."""
    return "/".join(("/provider/organizations", quote(slug, safe=""), *parts))


@APP.command
def show(slug: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show the last vetting of an organization.

    Parameters
    ----------
    slug
        Short name of the organization.
    """
    with open_service(options, desk) as service:
        return _shown(service.get(place(slug, "vetting")))


@APP.command
def begin(slug: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Begin a vetting, or show the one that is under way.

    Parameters
    ----------
    slug
        Short name of the organization.
    """
    with open_service(options, desk) as service:
        return _shown(service.post(place(slug, "vetting"), {}))


@APP.command
def record(
    slug: str,
    item: Item,
    /,
    *,
    source: str,
    seen_on: str,
    telephone: str = "",
    note: str = "",
    not_met: bool = False,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Record what was found of one item; the last finding of an item counts.

    Parameters
    ----------
    slug
        Short name of the organization.
    item
        What was checked: legal-existence, address, telephone, right-to-act or domains.
    source
        Where it was looked up.
    seen_on
        The day, such as 2026-11-22.
    telephone
        The number that was called, for the item telephone; it comes from a source that the applicant did not name.
    note
        Anything else.
    not_met
        It is not as it should be.
    """
    body = {"item": item, "met": not not_met, "source": source, "seen_on": seen_on, "telephone": telephone, "note": note}
    with open_service(options, desk) as service:
        answer = service.post(place(slug, "vetting", "findings"), body)
    return Reply(answer.fields, f"{item} is recorded as {'not met' if not_met else 'met'}.")


@APP.command
def attach(slug: str, item: Item, file: Path, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Attach a file that shows how an item was found, up to 80 KB; larger ones go through the provider's console.

    Parameters
    ----------
    slug
        Short name of the organization.
    item
        What it belongs to.
    file
        A PDF, PNG, JPEG, mail or plain text.
    """
    content = base64.b64encode(read_file(file, "the evidence")).decode()
    with open_service(options, desk) as service:
        answer = service.post(place(slug, "vetting", "files"), {"item": item, "name": file.name, "content": content})
    return Reply(answer.fields, f"{answer.text('name')} is attached ({answer.text('media_type')}, SHA-256 {answer.text('sha256')}).")


@APP.command
def submit(slug: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Hand the filled vetting over to a second person.

    Parameters
    ----------
    slug
        Short name of the organization.
    """
    with open_service(options, desk) as service:
        return _shown(service.post(place(slug, "vetting", "submission"), {}))


@APP.command
def conclude(slug: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Conclude a vetting that somebody else filled in and handed over.

    Parameters
    ----------
    slug
        Short name of the organization.
    """
    with open_service(options, desk) as service:
        answer = service.post(place(slug, "vetting", "conclusion"), {})
    return Reply(answer.fields, f"{answer.text('name')} ({answer.text('slug')}) is {answer.text('state')}.")


@APP.command(name="return")
def give_back(slug: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Return a vetting that is not convincing.

    Parameters
    ----------
    slug
        Short name of the organization.
    reason
        What is missing.
    """
    with open_service(options, desk) as service:
        return _shown(service.post(place(slug, "vetting", "return"), {"reason": reason}))


def _shown(vetting: Document) -> Reply:
    newest = {finding.text("item"): finding for finding in vetting.parts("findings")}
    rows = [
        (item, "met" if finding.fields["met"] else "not met", finding.text("seen_on"), finding.text("source"))
        for item, finding in newest.items()
    ]
    head = words.facts(
        [
            ("Organization", f"{vetting.text('organization')} ({vetting.text('organization_state')})"),
            ("Vetting", f"number {vetting.integer('number')}, {vetting.text('state')}"),
            ("Returned", vetting.maybe("return_reason")),
            ("Files", "\n".join(f"{file.text('item')}: {file.text('name')} {file.text('sha256')}" for file in vetting.parts("files"))),
        ]
    )
    table = words.table(("ITEM", "FINDING", "SEEN ON", "SOURCE"), rows, empty="Nothing is recorded yet.")
    return Reply(vetting.fields, f"{head}\n\n{table}")
