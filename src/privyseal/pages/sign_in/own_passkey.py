"""One of the own passkeys: another name for it, or its removal."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About
from privyseal.actions.passkey.remove_passkey import remove_passkey
from privyseal.actions.passkey.rename_passkey import rename_passkey
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.session import log_of
from privyseal.pages.sign_in.places import audience_of_visit, place_of
from privyseal.reception.site import Visit
from privyseal.store import administrators, passkeys

PAGE: Final = "sign_in/own_passkey.html"


def show_passkey(visit: Visit, *, status: int = 200) -> Response:
    """Show it with both forms; what is revoked or somebody else's is nothing."""
    sha256 = visit.path("sha256")
    with visit.house.database.read(visit.now) as tx:
        passkey = passkeys.every_of(tx, visit.person.id).get(sha256)
        usable = {item.certificate_sha256 for item in administrators.credentials_of(tx, visit.person.id) if item.is_usable(visit.now)}
    if passkey is None or sha256 not in usable:
        raise NotFound("not-found", "You have no such passkey.")
    is_this = visit.guest is not None and visit.guest.session.credential_sha256 == sha256
    values = {"place": place_of(audience_of_visit(visit)), "passkey": passkey, "is_last": len(usable) == 1, "is_this": is_this}
    return visit.show(PAGE, values, status=status)


def change(visit: Visit) -> Response:
    """Rename it, or remove it with the other button."""
    audience, sha256 = audience_of_visit(visit), visit.path("sha256")
    is_removal = visit.form.value("do") == "remove"
    about = About("remove-passkey" if is_removal else "rename-passkey", log_of(audience), "credential", sha256)
    try:
        if is_removal:
            visit.perform(about, remove_passkey, visit.slug, sha256)
        else:
            visit.perform(about, rename_passkey, visit.slug, sha256, visit.form.value("label"))
    except (Refused, Conflict) as error:
        visit.form.refuse("label", error.sentence)
        return show_passkey(visit, status=422)
    return visit.go_to(f"{place_of(audience)}/account")
