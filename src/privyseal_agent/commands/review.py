"""``seal review``: the access reviews of every quarter, and confirming what people may do."""

from __future__ import annotations

from privyseal_agent import words
from privyseal_agent.changes import side_path
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.errors import Refused
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("review", "Access reviews: list, show, confirm. Without an organization set, those of the provider's own people.")


@APP.command(name="list")
def list_reviews(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the access reviews, the newest quarter first; one is made by itself in every quarter."""
    with open_service(options, desk) as service:
        found = service.get(side_path(service, "reviews")).parts("items")
    rows = [(item.text("id"), item.text("quarter"), item.text("state"), words.moment(item.text("due_at"))) for item in found]
    table = words.table(("REVIEW", "QUARTER", "STATE", "DUE"), rows, empty="No access review was made yet.")
    return Reply({"items": [item.fields for item in found]}, table)


@APP.command
def show(review: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show an access review: everybody with roles, the last sign-in and the last decision, as of when it was made.

    Parameters
    ----------
    review
        Id of the access review.
    """
    with open_service(options, desk) as service:
        found = service.get(side_path(service, "reviews", review))
    return Reply(found.fields, _shown(found))


def _shown(review: Document) -> str:
    rows = [
        (
            line.text("administrator"),
            line.text("name"),
            _roles(line),
            words.moment(line.maybe("last_sign_in") or "never"),
            words.moment(line.maybe("last_decision") or "never"),
            _standing(line),
        )
        for line in review.parts("lines")
    ]
    head = f"Access review {review.text('quarter')}, {review.text('state')}, due {words.moment(review.text('due_at'))}"
    header = ("ADMINISTRATOR", "NAME", "ROLES", "SIGNED IN LAST", "DECIDED LAST", "STATE")
    return f"{head}\n\n{words.table(header, rows, empty='There was nobody.')}"


def _roles(line: Document) -> str:
    held = [item.text("role") + (f" in {item.maybe('department')}" if item.maybe("department") else "") for item in line.parts("roles")]
    return ", ".join(held) or "no role"


def _standing(line: Document) -> str:
    if line.maybe("confirmed_at"):
        return "confirmed"
    return "no role any more" if line.fields["settled"] is True else "open"


@APP.command
def confirm(review: str, administrator: str, /, *, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Confirm that a person rightly has the roles that he has now. Nobody confirms his own while somebody else can.

    To take a role or to remove the person instead: seal administrator take, seal administrator remove.

    Parameters
    ----------
    review
        Id of the access review.
    administrator
        Id of the person.
    yes
        Do not ask.
    """
    with open_service(options, desk) as service:
        line = _line(service, review, administrator)
        if not yes and not _agrees(desk, line):
            return Reply({"confirmed": False}, "", "Nothing was confirmed.")
        body = {"administrator": administrator, "assignments": line.fields["assignments"]}
        answer = service.post(side_path(service, "reviews", review, "confirmations"), body)
    left = sum(item.fields["settled"] is not True for item in answer.parts("lines"))
    state = "The review is finished." if answer.text("state") == "finished" else f"Still open: {left}."
    return Reply(answer.fields, f"The roles of {line.text('name')} are confirmed. {state}")


def _line(service: Service, review: str, administrator: str) -> Document:
    for line in service.get(side_path(service, "reviews", review)).parts("lines"):
        if line.text("administrator") == administrator:
            return line
    raise Refused("administrator-unknown", f"Nobody in this review is {administrator}. See: seal review show {review}.")


def _agrees(desk: Desk, line: Document) -> bool:
    desk.show(f"{line.text('name')}: {_roles(line)}")
    return desk.confirm("Confirm these roles?")
