"""``seal change``: look at changes that need several signatures, sign, refuse or withdraw them."""

from __future__ import annotations

from privyseal_agent import words
from privyseal_agent.changes import read_change, side_path, sign_about
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.policy_file import difference_lines
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("change", "Changes that several people sign: list, show, sign, refuse, withdraw.")


@APP.command(name="list")
def list_changes(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the changes of the organization, or of the provider where no organization is set; the newest first."""
    with open_service(options, desk) as service:
        found = list(service.items(side_path(service, "changes")))
    rows = [
        (item.text("id"), item.text("kind"), item.text("subject"), item.text("state"), str(item.integer("signatures_missing")))
        for item in found
    ]
    table = words.table(("CHANGE", "KIND", "OF", "STATE", "MISSING"), rows, empty="No change was proposed yet.")
    return Reply({"items": [item.fields for item in found]}, table)


@APP.command
def show(change: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show a change: what would be different, who signed, who is missing.

    Parameters
    ----------
    change
        Id of the change.
    """
    with open_service(options, desk) as service:
        found = service.get(side_path(service, "changes", change))
        return Reply(found.fields, _shown(service, found))


@APP.command
def sign(change: str, /, *, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Sign a change; with the last signature that is needed it holds.

    Parameters
    ----------
    change
        Id of the change.
    yes
        Do not ask.
    """
    with open_service(options, desk) as service:
        found = service.get(side_path(service, "changes", change))
        desk.show(_shown(service, found))
        if not yes and not desk.confirm("Sign this change?"):
            return Reply({"signed": False}, "", "Nothing was signed.")
        return _answer(service, desk, found, "sign", "")


@APP.command
def refuse(change: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Refuse a change under your signature; it ends with that.

    Parameters
    ----------
    change
        Id of the change.
    reason
        Why; everybody reads it.
    """
    with open_service(options, desk) as service:
        return _answer(service, desk, service.get(side_path(service, "changes", change)), "refuse", reason)


@APP.command
def withdraw(change: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Take a change back that you proposed.

    Parameters
    ----------
    change
        Id of the change.
    reason
        Why; everybody reads it.
    """
    with open_service(options, desk) as service:
        return _answer(service, desk, service.get(side_path(service, "changes", change)), "withdraw", reason)


def _answer(service: Service, desk: Desk, change: Document, decision: str, reason: str) -> Reply:
    of_provider = not service.settings.organization
    return answer(service, desk, side_path(service, "changes"), change, decision, reason, of_provider=of_provider)


def answer(service: Service, desk: Desk, place: str, change: Document, decision: str, reason: str, *, of_provider: bool = False) -> Reply:
    """Answer a change under a signature, at ``place``, the address of its side's changes, and tell how it stands then."""
    content, _ = read_change(change)
    signature = sign_about(
        service, desk, change.text("id"), change.text("kind"), content, decision=decision, reason=reason, of_provider=of_provider
    )
    after = service.post(f"{place}/{change.text('id')}/answers", {"signature": signature})
    return Reply(after.fields, standing(after))


def standing(change: Document) -> str:
    """Return in a sentence how a change stands."""
    state, missing = change.text("state"), change.integer("signatures_missing")
    if state == "open":
        people = "1 more person has" if missing == 1 else f"{missing} more people have"
        waits = f"The change {change.text('id')} of {change.text('kind')} {change.text('subject')} waits: {people} to sign it."
        return "\n".join((waits, *hindered(change)))
    end = "holds from now on" if state == "applied" else f"is {state}"
    return f"The change {change.text('id')} of {change.text('kind')} {change.text('subject')} {end}."


def hindered(change: Document) -> list[str]:
    """Return in sentences who counts and cannot sign now, and what helps."""
    whys = {"revoked": "because the credential was revoked", "expired": "because the credential has expired"}
    found = change.parts("cannot_sign") if "cannot_sign" in change.fields else ()  # An older service does not tell.
    lines = [
        f"{item.text('name')} cannot sign now, {whys.get(item.text('why'), item.text('why'))}, and counts nevertheless." for item in found
    ]
    return [*lines, "Renew or replace that credential, or remove the person: seal administrator remove."] if lines else []


def _shown(service: Service, change: Document) -> str:
    _, fields = read_change(change)
    rows = [
        ("Change", change.text("id")),
        ("Of", f"{change.text('kind')} {change.text('subject')}, made of version {change.integer('base')}"),
        ("State", change.text("state")),
        ("Proposed by", change.text("proposer_name")),
        ("Expires", change.text("expires_at")),
        ("Content", change.text("content_sha256")),
        *((item.text("decision").capitalize(), f"{item.text('name')}, {item.text('at')}") for item in change.parts("answers")),
    ]
    before = newest_of(service, change.text("subject")) if change.text("kind") == "policy" else None
    lines = difference_lines(before, fields["value"])
    return "\n".join([words.facts(rows), "", "What would be different:", *(f"  {line}" for line in lines or ["nothing"])])


def newest_of(service: Service, name: str) -> dict[str, object] | None:
    """Return what the newest version of a policy says, or None."""
    for policy in service.get(service.path("policies")).parts("items"):
        if policy.text("name") == name:
            return dict(policy.part("meaning").fields)
    return None
