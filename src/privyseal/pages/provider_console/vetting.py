"""The vetting desk: the checklist of an organization, which one person fills in and a second one concludes (A35, A36)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from privyseal.actions.account_life import newest_findings
from privyseal.actions.house import About
from privyseal.actions.organization.attach_evidence import attach_evidence
from privyseal.actions.organization.conclude_vetting import conclude_vetting
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.record_finding import record_finding
from privyseal.actions.organization.return_vetting import return_vetting
from privyseal.actions.organization.submit_vetting import submit_vetting
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.errors import BadRequest, Conflict, NotFound, NotPermitted, Refused
from privyseal.model.organization import OrganizationState
from privyseal.model.vetting import WITH_FILE, Vetting, VettingItem, VettingState
from privyseal.pages.provider_console.organization import place, require_organization
from privyseal.reception.site import Visit
from privyseal.store import administrators, organizations, vettings

DESK = "provider_console/vetting.html"
ITEM = "provider_console/vetting_item.html"
FOUND = (Refused, BadRequest, Conflict, NotPermitted)


def item_words() -> dict[VettingItem, tuple[str, str]]:
    """Return the name of each item, and what is asked of it."""
    return {
        VettingItem.EXISTENCE: (
            gettext("Legal existence"),
            gettext("The register of companies knows it under exactly this name and number, and it is not dissolved."),
        ),
        VettingItem.ADDRESS: (gettext("Address"), gettext("It does business at the address that it named.")),
        VettingItem.TELEPHONE: (
            gettext("Call back"),
            gettext("Somebody answered for it at a number from an independent source, and knew of the application."),
        ),
        VettingItem.RIGHT_TO_ACT: (
            gettext("Right to act"),
            gettext("Whoever applied may bind it, and the first administrator is named by somebody who may."),
        ),
        VettingItem.DOMAINS: (gettext("Domains"), gettext("It has the right to use every domain that is registered for it.")),
    }


def show_desk(visit: Visit) -> Response:
    """Show the checklist, or that the vetting has not begun."""
    return _desk(visit)


def _desk(visit: Visit, status: int = 200) -> Response:
    organization = require_organization(visit)
    with visit.house.database.read(visit.now) as tx:
        every = vettings.every(tx, organization.id)
        number = visit.query("number", 9)
        wanted = next((one for one in every if str(one.number) == number), None)
        vetting = wanted or (every[0] if every else None)
        found = vettings.findings_of(tx, vetting.id) if vetting else []
        files = vettings.files_of(tx, vetting.id) if vetting else []
        people = {one for known in every for one in (known.opened_by, known.submitted_by, known.concluded_by)}
        took_part = {one.by for one in found} | {one.by for one in files}
        names = administrators.names_of(tx, people | took_part)
        domains = [(domain.name, domain.is_valid(visit.now)) for domain in organizations.domains_of(tx, organization.id)]
    newest, words = newest_findings(found), item_words()
    values: dict[str, Any] = {
        "organization": organization,
        "place": place(visit),
        "vetting": vetting,
        "earlier": [one for one in every if vetting is not None and one.id != vetting.id],
        "items": [
            {
                "name": item.value,
                "words": words[item],
                "found": newest.get(item),
                "older": [one for one in found if one.item is item and one is not newest.get(item)],
                "files": [file for file in files if file.item is item],
                "wants_file": item in WITH_FILE,
            }
            for item in VettingItem
        ],
        "names": names,
        "domains": domains,
        "state": vetting_state(vetting) if vetting else None,
        "took_part": visit.person.id in took_part | {vetting.submitted_by if vetting else ""},
        "may_conclude": Permission.CONCLUDE_VETTING in visit.actor.permissions,
        "is_closed": organization.state is OrganizationState.CLOSED,
    }
    return visit.show(DESK, values, status=status)


def vetting_state(vetting: Vetting) -> tuple[str, str]:
    """Return kind and words of a vetting's state."""
    return {
        VettingState.OPEN: ("waiting", gettext("Being filled in")),
        VettingState.SUBMITTED: ("waiting", gettext("Waits for a second person")),
        VettingState.CONCLUDED: ("good", gettext("Concluded")),
        VettingState.DROPPED: ("ended", gettext("Ended with the application")),
    }[vetting.state]


def begin(visit: Visit) -> Response:
    """Begin a vetting."""
    return _act(visit, "open-vetting", lambda about: _go(visit, about, open_vetting))


def hand_over(visit: Visit) -> Response:
    """Hand the vetting over to a second person."""
    return _act(visit, "submit-vetting", lambda about: _go(visit, about, submit_vetting))


def conclude(visit: Visit) -> Response:
    """Conclude what somebody else filled in."""

    def work(about: About) -> Response:
        was = require_organization(visit).state
        visit.perform(about, conclude_vetting, visit.path("slug"))
        return visit.go_to(f"{place(visit)}?done={'vetting' if was is OrganizationState.VETTING else 'again'}")

    return _act(visit, "conclude-vetting", work)


def give_back(visit: Visit) -> Response:
    """Return the vetting to whoever fills it in."""

    def work(about: About) -> Response:
        visit.perform(about, return_vetting, visit.path("slug"), visit.form.value("reason"))
        return visit.go_to(f"{place(visit)}/vetting")

    return _act(visit, "return-vetting", work)


def _go(visit: Visit, about: About, action: Callable[..., Any]) -> Response:
    visit.perform(about, action, visit.path("slug"))
    return visit.go_to(f"{place(visit)}/vetting")


def _act(visit: Visit, action: str, work: Callable[[About], Response]) -> Response:
    slug = require_organization(visit).slug
    try:
        return work(About(action, slug, "organization", slug))
    except FOUND as error:
        visit.form.refuse("reason" if error.field == "reason" else "", error.sentence)
        return _desk(visit, 409 if isinstance(error, Conflict) else 422)


def show_item(visit: Visit) -> Response:
    """Show the form for one item of the checklist."""
    return _item_page(visit)


def _item(visit: Visit) -> VettingItem:
    known = {item.value: item for item in VettingItem}
    if visit.path("item") not in known:
        raise NotFound("not-found", gettext("There is no such item of the checklist."))
    return known[visit.path("item")]


def _item_page(visit: Visit, status: int = 200) -> Response:
    organization, item = require_organization(visit), _item(visit)
    values = {
        "organization": organization,
        "place": place(visit),
        "item": item.value,
        "words": item_words()[item],
        "is_call": item is VettingItem.TELEPHONE,
        "wants_file": item in WITH_FILE,
        "today": visit.now.date().isoformat(),
    }
    return visit.show(ITEM, values, status=status)


def save_item(visit: Visit) -> Response:
    """Record what was found, and attach the file that was sent with it."""
    slug, item, form = require_organization(visit).slug, _item(visit), visit.form
    try:
        if form.value("finding") not in {"met", "not-met"}:
            raise BadRequest("finding", gettext("Choose whether it is as it should be."), field="finding")
        if content := visit.files.get("file", b""):
            # The file first: a finding without its file would look complete.
            about = About("attach-evidence", slug, "organization", slug)
            visit.perform(about, attach_evidence, slug, item=item.value, name=visit.file_names.get("file", ""), content=content)
        visit.perform(
            About("record-finding", slug, "organization", slug),
            record_finding,
            slug,
            item=item.value,
            is_met=form.value("finding") == "met",
            source=form.value("source"),
            seen_on=form.value("seen_on"),
            telephone=form.value("telephone"),
            note=form.value("note"),
        )
    except FOUND as error:
        form.refuse(error.field if error.field in {"finding", "source", "seen_on", "telephone", "note", "file"} else "", error.sentence)
        return _item_page(visit, 409 if isinstance(error, Conflict) else 422)
    return visit.go_to(f"{place(visit)}/vetting#{item.value}")


def download(visit: Visit) -> Response:
    """Give a file out, never to be shown by the browser: somebody else made it."""
    organization = require_organization(visit)
    number, sha256 = visit.path("number"), visit.path("sha256")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise NotFound("not-found", gettext("There is no such file in this vetting."))
    with visit.house.database.read(visit.now) as tx:
        vetting = vettings.require_numbered(tx, organization.id, int(number))
        file, content = vettings.file_content(tx, vetting.id, sha256)
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=file.media_type, headers=headers)
