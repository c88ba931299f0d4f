"""``seal authority``: pausing a CA and letting it go on, which several of the provider's people sign before it holds."""

from __future__ import annotations

from typing import Final

from privyseal_agent import words
from privyseal_agent.changes import content_of, new_id, read_change, sign_about
from privyseal_agent.commands.change import answer as answer_change
from privyseal_agent.commands.change import standing
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.errors import Refused
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("authority", "CAs, for the provider's people: list, pause, resume, sign, refuse, withdraw.")

KIND: Final = "authority"
CHANGES: Final = "/provider/changes"
AUTHORITIES: Final = "/provider/authorities"


@APP.command(name="list")
def list_authorities(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the CAs with whether each issues now, and what was proposed about that and waits for signatures."""
    with open_service(options, desk) as service:
        found = service.get(AUTHORITIES).parts("items")
        waiting = [item for item in service.items(CHANGES) if (item.text("kind"), item.text("state")) == (KIND, "open")]
    rows = [(item.text("slug"), _stands(item), item.text("reason")) for item in found]
    lines = [words.table(("CA", "STATE", "REASON"), rows, empty="This service has no CA.")]
    lines += [f"{item.text('id')} waits for signatures: {_sentence(item)}" for item in waiting]
    return Reply({"items": [item.fields for item in found], "waiting": [item.fields for item in waiting]}, "\n".join(lines))


def _stands(authority: Document) -> str:
    if not authority.fields["pausable"]:
        return "never paused"
    if not authority.integer("version"):
        return "issues"
    return f"{'issues' if authority.fields['issues'] else 'paused'} since {authority.text('since')}"


@APP.command
def pause(authority: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Propose under your signature that a CA issues nothing more; it holds when as many people have signed as the service asks for.

    Requests come in and wait meanwhile; revoking, CRL and OCSP go on.

    Parameters
    ----------
    authority
        Short name of the CA: issuing, or test-issuing for trials.
    reason
        Why; everybody at the provider reads it.
    """
    return _propose(authority, reason, options, desk, issues=False)


@APP.command
def resume(authority: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Propose under your signature that a paused CA goes on; what was approved meanwhile is issued then.

    Parameters
    ----------
    authority
        Short name of the CA.
    reason
        Why; everybody at the provider reads it.
    """
    return _propose(authority, reason, options, desk, issues=True)


def _propose(authority: str, reason: str, options: ServiceOptions, desk: Desk, *, issues: bool) -> Reply:
    with open_service(options, desk) as service:
        base = _newest(service, authority)
        needed = service.get(CHANGES).part("signatures_needed").integer(KIND)
        value = {"authority": authority, "version": base + 1, "issues": issues, "reason": " ".join(reason.split())}
        content, change = content_of(KIND, authority, base, needed, value), new_id("chg", desk)
        signature = sign_about(service, desk, change, KIND, content, of_provider=True)
        answer = service.post(CHANGES, {"content": content.decode(), "signature": signature})
    return Reply(answer.fields, standing(answer))


def _newest(service: Service, authority: str) -> int:
    for item in service.get(AUTHORITIES).parts("items"):
        if item.text("slug") == authority:
            return item.integer("version")
    raise Refused("authority", f"This service has no CA {authority}. `seal authority list` shows them.")


@APP.command
def sign(change: str, /, *, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Sign that a CA is paused or goes on; with the last signature that is needed it holds.

    Parameters
    ----------
    change
        Id of the change.
    yes
        Do not ask.
    """
    with open_service(options, desk) as service:
        found = _change(service, change)
        desk.show(_sentence(found))
        if not yes and not desk.confirm("Sign this?"):
            return Reply({"signed": False}, "", "Nothing was signed.")
        return answer_change(service, desk, CHANGES, found, "sign", "", of_provider=True)


@APP.command
def refuse(change: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Refuse under your signature that a CA is paused or goes on; the proposal ends with that.

    Parameters
    ----------
    change
        Id of the change.
    reason
        Why; everybody reads it.
    """
    with open_service(options, desk) as service:
        return answer_change(service, desk, CHANGES, _change(service, change), "refuse", reason, of_provider=True)


@APP.command
def withdraw(change: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Take back what you proposed about a CA.

    Parameters
    ----------
    change
        Id of the change.
    reason
        Why; everybody reads it.
    """
    with open_service(options, desk) as service:
        return answer_change(service, desk, CHANGES, _change(service, change), "withdraw", reason, of_provider=True)


def _change(service: Service, change: str) -> Document:
    found = service.get(f"{CHANGES}/{change}")
    if found.text("kind") != KIND:
        raise Refused("change-differs", f"The change {change} is of another kind: {found.text('kind')}. Nothing was signed.")
    return found


def _sentence(change: Document) -> str:
    value = read_change(change)[1]["value"]
    return f"The CA {value['authority']} {'goes on' if value['issues'] else 'is paused'} then. Reason: {value['reason']}"
