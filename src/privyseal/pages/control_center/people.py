"""Administrators of the organization: who may what, with which credentials; inviting one, revoking a credential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response

from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.admission import namesake_of
from privyseal.actions.house import attempt
from privyseal.engine.names import normalize_email
from privyseal.look.browsers import browser_words
from privyseal.look.credential_words import credential_reasons, read_credential_reason
from privyseal.look.people_words import role_words
from privyseal.look.words import gettext
from privyseal.model.administrator import Administrator, AdministratorState, Credential, Permission, Role
from privyseal.model.errors import BadRequest, PrivysealError, Refused
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.passkey import Passkey
from privyseal.model.request import require_text
from privyseal.model.session import Session
from privyseal.model.sign_on import SignOnLink
from privyseal.model.statement import utc_text
from privyseal.pages.control_center.department_words import department_words
from privyseal.pages.control_center.entry import FORMS, PAGE_SIZE, are_refused, home, look_up, may, nothing_here, part, sight
from privyseal.pages.control_center.held_roles import Held, held_roles
from privyseal.pages.control_center.history import Happened, history_of
from privyseal.pages.control_center.words import person_state
from privyseal.reception.kept import forget_signed, go_on, marked, unsigned
from privyseal.reception.refusals import show_again
from privyseal.reception.revocation_pages import revoke_all, show_revocation_of_all
from privyseal.reception.signing import offer, read_signature, shell_word
from privyseal.reception.site import Visit
from privyseal.store import administrators, passkeys, sessions, sign_ons
from privyseal.store.database import Transaction
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Invitation

NAME_CHARACTERS: Final = 64
INVITATION_LIFE: Final = timedelta(minutes=90)
"""Longer than the one-time link of an hour, which ends with it at the latest; two hours are allowed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential as the page shows it; ``state`` is kind and words."""

    sha256: str
    kind: str
    label: str
    not_after: datetime
    revoked_at: datetime | None
    state: tuple[str, str]
    last_used_at: datetime | None
    can_be_revoked: bool


@dataclass(frozen=True, slots=True)
class Person:
    """An administrator with credentials, live sessions and what happened."""

    administrator: Administrator
    credentials: list[Shown]
    sessions: list[Session]
    history: list[Happened]
    held: list[Held]
    department: str
    link: SignOnLink | None


def show_people(visit: Visit) -> Response:
    """Show the list."""
    after = visit.query("after") if FORMS["administrator"].fullmatch(visit.query("after")) else ""

    def work(tx: Transaction, organization: Organization) -> list[tuple[Administrator, list[Shown]]]:
        found = administrators.page(tx, organization.id, scope=sight(visit), after=after, limit=PAGE_SIZE + 1)
        ids = [person.id for person in found]
        held, known = administrators.credentials_by_person(tx, ids), passkeys.every_of(tx, *ids)
        return [(person, _shown(held[person.id], known, tx.now)) for person in found]

    found = look_up(visit, work)
    rows = [
        {
            "person": person,
            "role": ", ".join(role_words(item.role) for item in person.assignments) or gettext("no role"),
            "stands": person_state(person.state),
            "usable": sum(item.can_be_revoked for item in credentials),
            "credentials": credentials,
        }
        for person, credentials in found[:PAGE_SIZE]
    ]
    values = {
        "home": home(visit),
        "rows": rows,
        "filters": (),
        "first_address": f"{home(visit)}/administrators" if after else "",
        "next_address": f"{home(visit)}/administrators?after={found[PAGE_SIZE - 1][0].id}" if len(found) > PAGE_SIZE else "",
        "may_manage": may(visit, Permission.MANAGE_ADMINISTRATORS, ""),
        "is_lonely": _is_lonely([person for person, _ in found]),
    }
    return visit.show("control_center/people.html", values)


def _is_lonely(people: list[Administrator]) -> bool:
    """Whether a single person could invite another: if that credential is lost, nobody can."""
    return sum(person.may(Permission.MANAGE_ADMINISTRATORS) for person in people) == 1


def _credentials(tx: Transaction, person: Administrator) -> list[Shown]:
    return _shown(administrators.credentials_of(tx, person.id), passkeys.every_of(tx, person.id), tx.now)


def _shown(credentials: Sequence[Credential], known: Mapping[str, Passkey], now: datetime) -> list[Shown]:
    shown = []
    for item in credentials:
        passkey = known.get(item.certificate_sha256)
        shown.append(
            Shown(
                sha256=item.certificate_sha256,
                kind=gettext("Passkey") if passkey else gettext("Administrator ID"),
                label=passkey.label if passkey else "",
                not_after=item.not_after,
                revoked_at=item.revoked_at,
                state=_credential_state(item, now),
                last_used_at=passkey.last_used_at if passkey else None,
                can_be_revoked=item.is_usable(now),
            )
        )
    return shown


def _credential_state(item: Credential, now: datetime) -> tuple[str, str]:
    if item.revoked_at is not None:
        return "bad", gettext("Revoked")
    return ("good", gettext("Valid")) if item.is_usable(now) else ("ended", gettext("Expired"))


def administrator_of(visit: Visit) -> Administrator:
    """Return the administrator of the address; raises NotFound."""
    return look_up(visit, lambda tx, organization: _administrator(visit, tx, organization))


def _administrator(visit: Visit, tx: Transaction, organization: Organization) -> Administrator:
    wanted = AdministratorId(part(visit, "administrator"))
    person = administrators.get_within(tx, organization.id, wanted, scope=sight(visit))
    if person is None:
        raise nothing_here()
    return person


def person_of(visit: Visit) -> Person:
    """Return the administrator of the address with all that its page shows; raises NotFound."""

    def work(tx: Transaction, organization: Organization) -> Person:
        person = _administrator(visit, tx, organization)
        history = history_of(tx, organization, [person.id], sight(visit))
        credentials = _credentials(tx, person)
        # A session lives in its row until somebody comes with it: what was revoked meanwhile opens nothing any more.
        usable = {item.sha256 for item in credentials if item.can_be_revoked}
        links = sign_ons.links_of(tx, organization.id, [person.id])
        ways = usable | {link.id for link in links}
        live = [session for session in sessions.live_of(tx, person.id) if (session.link_id or session.credential_sha256) in ways]
        return Person(
            person,
            credentials,
            live,
            history,
            held_roles(tx, organization, person),
            department_words(tx, organization, person.department_id),
            links[0] if links else None,
        )

    return look_up(visit, work)


def show_person(visit: Visit, status: int = 200) -> Response:
    """Show one administrator."""
    person = person_of(visit)
    values = {
        "home": home(visit),
        "place": f"{home(visit)}/administrators/{person.administrator.id}",
        "person": person,
        "link": person.link,
        "stands": person_state(person.administrator.state),
        "may_assign": may(visit, Permission.ASSIGN_ROLES, ""),
        "is_own": person.administrator.id == visit.person.id,
        "may_manage": may(visit, Permission.MANAGE_ADMINISTRATORS, ""),
        "browsers": [browser_words(session.agent) for session in person.sessions],
        "is_invited": person.administrator.state is AdministratorState.INVITED,
        "is_removed": person.administrator.state is AdministratorState.REMOVED,
        "has_usable": any(item.can_be_revoked for item in person.credentials),
    }
    return visit.show("control_center/person.html", values, status=status)


def ask_invitation(visit: Visit) -> Response:
    """Ask who is to be invited."""
    return _show_invitation(visit)


def _show_invitation(visit: Visit, status: int = 200) -> Response:
    return visit.show("control_center/invite.html", {"home": home(visit), "unsigned": unsigned(visit)}, status=status)


def prepare_invitation(visit: Visit) -> Response:
    """Lead to what is signed to invite this person."""
    typed = visit.form.value
    checks = {
        "full_name": lambda: require_text("name", typed("full_name"), NAME_CHARACTERS),
        "email": lambda: normalize_email(typed("email")),
    }
    if are_refused(visit, visit.about("invite-administrator", "administrator", "new"), checks):
        return _show_invitation(visit, 422)
    try:
        _statement(visit)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_invitation(visit, status), _INPUTS.get(error.field, "full_name"))
    return go_on(visit, f"{home(visit)}/administrators/invite/sign")


def show_signing(visit: Visit) -> Response:
    """Show what is signed to invite this person; without a person the questions."""
    try:
        return _show_signing(visit, _statement(visit))
    except (Refused, BadRequest):
        return visit.go_to(marked(visit, f"{home(visit)}/administrators/invite"))


_INPUTS = {"name": "full_name", "email": "email"}


def _entry_role(visit: Visit, name: str, email: str) -> Role:
    """Return the role of the credential: reading, and for somebody who is invited again what he came in with."""
    known = look_up(visit, lambda tx, organization: namesake_of(tx, organization, name))
    if known is None or known.state is AdministratorState.INVITED or (known.name, known.email) != (name, email):
        return Role.READ_ONLY
    return known.role


def _statement(visit: Visit) -> Invitation:
    """Return the invitation as the person's credential will carry it; raises Refused, BadRequest."""
    typed = visit.form.value
    name = require_text("name", typed("full_name"), NAME_CHARACTERS)
    email = normalize_email(typed("email"))
    role = _entry_role(visit, name, email)
    try:
        return Invitation(
            service=visit.house.service.service_id,
            organization=visit.slug,
            expires=utc_text(visit.now + INVITATION_LIFE),
            name=name,
            email=email,
            role=role.value,
            inviter=visit.person.id,
        )
    except WireError as error:
        raise Refused(error.kind, error.sentence, field="name") from error


def _show_signing(visit: Visit, statement: Invitation, status: int = 200) -> Response:
    kept = {"full_name": statement.name, "email": statement.email}
    words = " ".join(shell_word(text) for text in (statement.name, statement.email))
    command = f"seal administrator invite {words}"
    action, back = (marked(visit, f"{home(visit)}/administrators/{way}") for way in ("invited", "invite"))
    signing = offer(visit, statement.to_bytes(), action=action, command=command, kept=kept)
    values = {"home": home(visit), "back": back, "signing": signing, "statement": statement, "role": role_words(Role(statement.role))}
    return visit.show("control_center/sign_invitation.html", values, status=status)


def invite(visit: Visit) -> Response:
    """Hand in a signed invitation; the one-time link is mailed."""
    about = visit.about("invite-administrator", "administrator", "new")
    try:
        invited = visit.perform(about, invite_with_signature, visit.slug, read_signature(visit))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_invited_again(visit, status))
    forget_signed(visit)
    return visit.go_to(f"{home(visit)}/administrators/{invited.administrator.id}/invited")


def _show_invited_again(visit: Visit, status: int) -> Response:
    """The page to sign, made anew of what travelled along, or the questions when that does not fit any more."""
    try:
        return _show_signing(visit, _statement(visit), status)
    except PrivysealError:
        return _show_invitation(visit, status)


def show_invited(visit: Visit) -> Response:
    """Tell what happens next."""
    person = person_of(visit).administrator
    values = {
        "home": home(visit),
        "person": person,
        "role": ", ".join(role_words(item.role) for item in person.assignments) or gettext("no role"),
        "may_assign": may(visit, Permission.ASSIGN_ROLES, ""),
    }
    return visit.show("control_center/invited.html", values)


def _credential_of(visit: Visit) -> tuple[Person, Shown]:
    person, wanted = person_of(visit), part(visit, "sha256")
    shown = next((item for item in person.credentials if item.sha256 == wanted), None)
    if shown is None:
        raise nothing_here()
    return person, shown


def ask_revocation(visit: Visit) -> Response:
    """Ask for the reason, and show what follows."""
    return _show_revocation(visit)


def _show_revocation(visit: Visit, status: int = 200) -> Response:
    person, shown = _credential_of(visit)
    values = {
        "home": home(visit),
        "place": f"{home(visit)}/administrators/{person.administrator.id}",
        "person": person,
        "credential": shown,
        "is_own": person.administrator.id == visit.person.id,
        "is_last": sum(item.can_be_revoked for item in person.credentials) == 1,
        "reasons": credential_reasons(),
    }
    return visit.show("control_center/revoke_credential.html", values, status=status)


def revoke(visit: Visit) -> Response:
    """Revoke a credential; from then on no signature and no session with it counts."""
    person, shown = _credential_of(visit)
    about = visit.about("revoke-credential", "administrator", person.administrator.id)
    try:
        reason = attempt(visit.house, visit.actor, about, lambda: read_credential_reason(visit.form.value("reason")))
        visit.perform(about, revoke_credential, visit.slug, shown.sha256, reason)
    except Refused as error:
        return show_again(visit, error, lambda status: _show_revocation(visit, status), error.field)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_revocation(visit, status))
    return visit.go_to(f"{home(visit)}/administrators/{person.administrator.id}")


def ask_revocation_of_all(visit: Visit) -> Response:
    """Ask why every credential of this person is to be revoked, and show what follows."""
    person = person_of(visit).administrator
    return show_revocation_of_all(visit, person, f"{home(visit)}/administrators/{person.id}")


def revoke_every(visit: Visit) -> Response:
    """Revoke every credential of this person."""
    person = person_of(visit).administrator
    return revoke_all(visit, person, f"{home(visit)}/administrators/{person.id}")
