"""The page on which every credential of a person is revoked at once, for organizations and for the provider alike."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.administrator.revoke_credentials import revoke_credentials
from privyseal.actions.house import About, attempt
from privyseal.look.credential_words import credential_reasons, read_credential_reason
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.errors import PrivysealError
from privyseal.reception.refusals import show_again
from privyseal.reception.site import Visit
from privyseal.store import administrators
from privyseal.store.database import Transaction


def show_revocation_of_all(visit: Visit, person: Administrator, place: str, status: int = 200) -> Response:
    """Ask for the reason, and show what follows; ``place`` is where the person lies, and leads back when no credential counts."""
    with visit.house.database.read(visit.now) as tx:
        usable = sum(item.is_usable(tx.now) for item in administrators.credentials_of(tx, person.id))
        is_last = bool(visit.slug) and not _others_invite(tx, person)
    if not usable:
        return visit.go_to(place)
    values = {
        "place": place,
        "person": person,
        "usable": usable,
        "is_own": person.id == visit.person.id,
        "is_last": is_last,
        "reasons": credential_reasons(),
    }
    return visit.show("people/revoke_all.html", values, status=status)


def _others_invite(tx: Transaction, person: Administrator) -> bool:
    """Tell whether somebody else of the organization has the right to invite, and a credential to sign with."""
    others = [item for item in administrators.of_organization(tx, person.organization_id) if item.id != person.id]
    return any(
        other.may(Permission.MANAGE_ADMINISTRATORS) and any(item.is_usable(tx.now) for item in administrators.credentials_of(tx, other.id))
        for other in others
    )


def revoke_all(visit: Visit, person: Administrator, place: str) -> Response:
    """Revoke them; from then on no signature and no session with one of them counts."""
    about = About("revoke-credential", visit.slug, "administrator", person.id)
    try:
        reason = attempt(visit.house, visit.actor, about, lambda: read_credential_reason(visit.form.value("reason")))
        visit.perform(about, revoke_credentials, visit.slug, person.id, reason)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: show_revocation_of_all(visit, person, place, status), getattr(error, "field", ""))
    return visit.go_to(place)
