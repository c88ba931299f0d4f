"""The provider's own people: who may what, with which credentials; revoking those; and removing somebody, which several sign."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from privyseal.actions.changing_kinds import judge_decision
from privyseal.actions.house import About, attempt
from privyseal.look.people_words import role_rights, role_words
from privyseal.look.words import gettext
from privyseal.model.administrator import ENTRY, Administrator, AdministratorState, Assignment, Credential, Permission
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.identifiers import AdministratorId
from privyseal.model.passkey import Passkey
from privyseal.model.role_change import Removal
from privyseal.reception.proposal_pages import propose
from privyseal.reception.refusals import show_again
from privyseal.reception.removal_pages import show_removal
from privyseal.reception.revocation_pages import revoke_all, show_revocation_of_all
from privyseal.reception.site import Visit
from privyseal.store import administrators, passkeys

PLACE: Final = "/provider/people"
PAGE_SIZE: Final = 50
_PERSON: Final = re.compile(r"adm-[0-9a-f]{32}")
INVITE_LINE: Final = "privyseal administrator invite --data DIR --name '{name}' --email '{mail}' --role provider-auditor"


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential as the page shows it."""

    sha256: str
    kind: str
    label: str
    not_after: datetime
    revoked_at: datetime | None
    seal: tuple[str, str]
    is_usable: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A role as the page shows it; ``by`` is empty for what the person came in with."""

    assignment: Assignment
    role: str
    rights: str
    by: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the provider with credentials and roles."""

    administrator: Administrator
    credentials: list[Shown]
    held: list[Held]


def _state(person: Administrator) -> tuple[str, str]:
    return {
        AdministratorState.INVITED: ("waiting", gettext("Invited")),
        AdministratorState.ACTIVE: ("good", gettext("Active")),
        AdministratorState.REMOVED: ("ended", gettext("Removed")),
    }[person.state]


def _shown(credentials: list[Credential], known: Mapping[str, Passkey], now: datetime) -> list[Shown]:
    shown = []
    for item in credentials:
        passkey, is_usable = known.get(item.certificate_sha256), item.is_usable(now)
        ended = ("bad", gettext("Revoked")) if item.revoked_at is not None else ("ended", gettext("Expired"))
        shown.append(
            Shown(
                sha256=item.certificate_sha256,
                kind=gettext("Passkey") if passkey else gettext("Administrator ID"),
                label=passkey.label if passkey else "",
                not_after=item.not_after,
                revoked_at=item.revoked_at,
                seal=("good", gettext("Valid")) if is_usable else ended,
                is_usable=is_usable,
            )
        )
    return shown


def show_people(visit: Visit) -> Response:
    """Show the list."""
    after = visit.query("after") if _PERSON.fullmatch(visit.query("after")) else ""
    with visit.house.database.read(visit.now) as tx:
        found = administrators.page(tx, None, after=after, limit=PAGE_SIZE + 1)
        ids = [person.id for person in found]
        held, known = administrators.credentials_by_person(tx, ids), passkeys.every_of(tx, *ids)
    rows = [
        {
            "person": person,
            "roles": ", ".join(role_words(item.role) for item in person.assignments) or gettext("no role"),
            "seal": _state(person),
            "credentials": [item for item in _shown(held[person.id], known, visit.now) if item.is_usable],
        }
        for person in found[:PAGE_SIZE]
    ]
    values = {
        "rows": rows,
        "place": PLACE,
        "filters": (),
        "first_address": PLACE if after else "",
        "next_address": f"{PLACE}?after={found[PAGE_SIZE - 1].id}" if len(found) > PAGE_SIZE else "",
        "may_manage": _may_manage(visit),
        "invite_line": INVITE_LINE.format(name=gettext("NAME"), mail=gettext("MAIL")),
    }
    return visit.show("provider_console/people.html", values)


def _may_manage(visit: Visit) -> bool:
    return visit.actor.scope(Permission.MANAGE_STAFF).everything


def _person(visit: Visit) -> Person:
    """Return whom the address names; raises NotFound, which is recorded."""
    person_id = visit.path("administrator")

    def call() -> Person:
        with visit.house.database.read(visit.house.clock()) as tx:
            person = administrators.get(tx, AdministratorId(person_id)) if _PERSON.fullmatch(person_id) else None
            if person is None or person.organization_id is not None:
                raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
            names = administrators.names_of(tx, [item.given_by for item in person.assignments])
            held = [
                Held(
                    item,
                    role_words(item.role),
                    role_rights(item.role),
                    "" if item.given_by == ENTRY else names.get(item.given_by, gettext("somebody who was removed")),
                )
                for item in person.assignments
            ]
            return Person(person, _shown(administrators.credentials_of(tx, person.id), passkeys.every_of(tx, person.id), tx.now), held)

    return attempt(visit.house, visit.actor, About("open-page", "", "administrator", person_id), call)


def _place(person: Person) -> str:
    return f"{PLACE}/{person.administrator.id}"


def show_person(visit: Visit, status: int = 200) -> Response:
    """Show one of them."""
    person = _person(visit)
    values = {
        "person": person,
        "list": PLACE,
        "place": _place(person),
        "stands": _state(person.administrator),
        "may_manage": _may_manage(visit) and person.administrator.state is not AdministratorState.REMOVED,
        "is_own": person.administrator.id == visit.person.id,
        "has_usable": any(item.is_usable for item in person.credentials),
        "log": f"/provider/log?object={person.administrator.id}",
        "may_read_log": visit.actor.scope(Permission.READ_AUDIT).everything,
    }
    return visit.show("provider_console/person.html", values, status=status)


def _about(person: Person, action: str) -> About:
    return About(action, "", "administrator", person.administrator.id)


def ask_removal(visit: Visit) -> Response:
    """Show what follows, and what is signed to propose that this person is removed."""
    return _show_removal(visit)


def _show_removal(visit: Visit, status: int = 200) -> Response:
    person = _person(visit)
    if person.administrator.state is AdministratorState.REMOVED:
        return visit.go_to(_place(person))

    def judged() -> None:
        with visit.house.database.read(visit.house.clock()) as tx:
            judge_decision(tx, None, Removal(person.administrator.id))

    try:
        attempt(visit.house, visit.actor, _about(person, "propose-change"), judged)
    except Conflict as error:
        return show_again(visit, error, lambda refused: show_person(visit, refused))
    return show_removal(visit, person.administrator, _place(person), status)


def remove(visit: Visit) -> Response:
    """Hand the signed removal in as a change; with the last signature that is needed the person is removed."""
    return propose(visit, lambda status: _show_removal(visit, status))


def ask_revocation(visit: Visit) -> Response:
    """Ask why every credential of this person is to be revoked, and show what follows."""
    person = _person(visit)
    return show_revocation_of_all(visit, person.administrator, _place(person))


def revoke(visit: Visit) -> Response:
    """Revoke every credential of this person."""
    person = _person(visit)
    return revoke_all(visit, person.administrator, _place(person))
