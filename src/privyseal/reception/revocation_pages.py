"""The page on which every credential of a person is revoked at once, for organizations and for the provider alike."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.administrator.revoke_credentials import revoke_credentials
from privyseal.actions.house import About, attempt
from privyseal.look.credential_words import credential_reasons, read_credential_reason
from privyseal.model.administrator import Administrator
from privyseal.model.errors import PrivysealError
from privyseal.reception.refusals import show_again
from privyseal.reception.site import Visit
from privyseal.store import administrators


def show_revocation_of_all(visit: Visit, person: Administrator, place: str, status: int = 200) -> Response:
    """Ask for the reason, and show what follows; ``place`` is where the person lies, and leads back when no credential counts."""
    with visit.house.database.read(visit.now) as tx:
        usable = sum(item.is_usable(tx.now) for item in administrators.credentials_of(tx, person.id))
    if not usable:
        return visit.go_to(place)
    values = {
        "place": place,
        "person": person,
        "usable": usable,
        "is_own": person.id == visit.person.id,
        "reasons": credential_reasons(),
    }
    return visit.show("people/revoke_all.html", values, status=status)


def revoke_all(visit: Visit, person: Administrator, place: str) -> Response:
    """Revoke them; from then on no signature and no session with one of them counts."""
    about = About("revoke-credential", visit.slug, "administrator", person.id)
    try:
        reason = attempt(visit.house, visit.actor, about, lambda: read_credential_reason(visit.form.value("reason")))
        visit.perform(about, revoke_credentials, visit.slug, person.id, reason)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: show_revocation_of_all(visit, person, place, status), getattr(error, "field", ""))
    return visit.go_to(place)
