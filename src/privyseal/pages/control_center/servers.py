"""The servers that use a certificate: who may move it changes them, and everything that was changed stands below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from privyseal.actions.certificate.assign_servers import assign_servers
from privyseal.look.words import gettext
from privyseal.model.actor import require
from privyseal.model.administrator import Permission
from privyseal.model.certificate import require_in_use
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError
from privyseal.model.organization import Organization
from privyseal.model.policy import MAXIMUM_ENDPOINTS
from privyseal.model.request import Endpoint
from privyseal.pages.control_center.certificate import Held, held
from privyseal.pages.control_center.entry import home, look_up, part
from privyseal.reception.refusals import show_again
from privyseal.reception.server_rows import FIELD, kind_words, server_rows, typed_servers
from privyseal.reception.site import Visit
from privyseal.store import administrators, certificate_servers, policies
from privyseal.store.certificate_servers import ServerChange
from privyseal.store.database import Transaction

MOST_DIGITS = 9
"""A number of changes has no more digits; what has is no number that this page wrote."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One change as the page tells it; servers with the kind that people call them by."""

    at: datetime
    who: str
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Usage:
    """A certificate with how many servers may use it, and every change of them."""

    held: Held
    most: int
    changes: list[ServerChange]
    names: dict[str, str]


def ask_servers(visit: Visit) -> Response:
    """Show the servers in rows to be changed."""
    return _show(visit)


def change_servers(visit: Visit) -> Response:
    """Change them; with the button for more rows change nothing and show more of them."""
    if visit.form.value("more"):
        return _show(visit)
    serial = part(visit, "serial")
    about = visit.about("assign-servers", "certificate", serial)
    try:
        visit.perform(about, assign_servers, visit.slug, serial, typed_servers(visit), _known(visit))
    except (NotFound, NotPermitted):
        raise
    except PrivysealError as error:
        if error.kind == "servers-changed":
            # Whoever sends it once more has seen what holds now: it stands below.
            sentence = gettext(
                "Somebody else just changed the servers of this certificate, and nothing of yours was done. Below stands what you typed, "
                "and under it what was changed meanwhile. Compare both, then send it once more."
            )
            overtaken = Conflict(error.kind, sentence, field=error.field)
            return show_again(visit, overtaken, lambda status: _show(visit, status, has_seen_all=True), FIELD)
        return show_again(visit, error, lambda status: _show(visit, status), FIELD if error.field == "endpoints" else "")
    return visit.go_to(f"{home(visit)}/certificates/{serial}")


def _known(visit: Visit) -> int:
    """Return how many changes the page had seen that was sent; -1, which no certificate has, for what is no number."""
    typed = visit.form.value("known")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS else -1


def _usage(visit: Visit) -> Usage:
    found = held(visit)

    def work(tx: Transaction, organization: Organization) -> Usage:
        require(visit.actor, Permission.MOVE, organization.id, found.path)
        policy = policies.get(tx, found.request.policy_id, found.request.policy_version)[0] if found.request else None
        changes = certificate_servers.history(tx, found.certificate.id)
        names = administrators.names_of(tx, (change.actor_id for change in changes))
        return Usage(found, policy.max_endpoints if policy else MAXIMUM_ENDPOINTS, changes, names)

    return look_up(visit, work)


def _show(visit: Visit, status: int = 200, *, has_seen_all: bool = False) -> Response:
    usage = _usage(visit)
    current, is_sent = usage.held.servers, "known" in visit.form.values
    values = {
        "home": home(visit),
        "place": f"{home(visit)}/certificates/{usage.held.certificate.serial_hex}",
        "certificate": usage.held.certificate,
        "department": usage.held.department,
        "impossible": _impossible(visit, usage.held),
        # A row that was emptied stays empty: what is typed is never filled up with what is there.
        "servers": server_rows(visit, () if is_sent else current.endpoints, usage.most),
        "known": current.changes if has_seen_all else visit.form.value("known", str(current.changes)),
        "changes": _told(usage)[::-1],
    }
    return visit.show("control_center/servers.html", values, status=status)


def _impossible(visit: Visit, found: Held) -> str:
    """Return why nothing can be changed, or nothing: what the action would refuse is not offered."""
    try:
        require_in_use(found.certificate, visit.now)
    except Conflict as error:
        return error.sentence
    return ""


def _told(usage: Usage) -> list[Changed]:
    """Return the changes, the oldest first, each with what held before it: of more than are read the first one tells that alone."""
    request, changes = usage.held.request, usage.changes
    before = _words(request.endpoints) if request else []
    if changes and changes[0].number > 1:
        before, changes = _words(changes[0].endpoints), changes[1:]
    told: list[Changed] = []
    for change in changes:
        after = _words(change.endpoints)
        told.append(Changed(change.at, usage.names.get(change.actor_id, change.actor_id), before, after))
        before = after
    return told


def _words(endpoints: tuple[Endpoint, ...]) -> list[tuple[str, str]]:
    kinds = kind_words()
    return [(endpoint.address, kinds[endpoint.kind]) for endpoint in endpoints]
