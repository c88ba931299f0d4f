"""The organization's own sign-on: which OpenID Connect provider, who is linked, ending a link."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.house import attempt
from privyseal.actions.sign_on.remove_sign_on import remove_sign_on
from privyseal.actions.sign_on.set_sign_on import set_sign_on
from privyseal.actions.sign_on.unlink_identity import unlink_identity
from privyseal.model.administrator import Administrator
from privyseal.model.errors import Refused, Unavailable
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.sign_on import SignOn, SignOnLink, SignOnSettings, read_settings
from privyseal.pages.control_center.entry import home, look_up, part
from privyseal.reception.refusals import show_again
from privyseal.reception.sign_on import redirect_address, try_settings
from privyseal.reception.site import Visit
from privyseal.store import administrators, sign_ons
from privyseal.store.database import Transaction

FIELDS = ("issuer", "client_id", "client_secret", "claim")
"""What the form asks; a refusal of anything else stands above it."""


def show_sign_on(visit: Visit) -> Response:
    """Show what is set, who is linked, and the form."""
    return _show(visit)


def _show(visit: Visit, status: int = 200) -> Response:
    def work(tx: Transaction, organization: Organization) -> tuple[SignOn | None, list[tuple[SignOnLink, Administrator]]]:
        links = sign_ons.links_of(tx, organization.id)
        people = {person.id: person for person in administrators.of_organization(tx, organization.id)}
        linked = [(link, people[link.administrator_id]) for link in links if link.administrator_id in people]
        return sign_ons.in_force(tx, organization.id), linked

    sign_on, linked = look_up(visit, work)
    values = {
        "home": home(visit),
        "sign_on": sign_on,
        "linked": linked,
        "redirect": redirect_address(visit.house.service.base_url, visit.slug),
    }
    return visit.show("control_center/sign_on.html", values, status=status)


def set_up(visit: Visit) -> Response:
    """Read the provider's own document, and set it."""
    about = visit.about("set-sign-on", "sign-on", "new")

    def tried() -> SignOnSettings:
        form = visit.form
        settings = read_settings(form.value("issuer"), form.value("client_id"), form.secret("client_secret"), form.value("claim"))
        try_settings(visit.context.entrance, visit.slug, settings)
        return settings

    try:
        visit.perform(about, set_sign_on, visit.slug, attempt(visit.house, visit.actor, about, tried))
    except (Refused, Unavailable) as error:
        field = error.field if error.field in FIELDS else "issuer"
        return show_again(visit, error, lambda status: _show(visit, status), field)
    return visit.go_to(f"{home(visit)}/sign-on")


def ask_removal(visit: Visit) -> Response:
    """Say what follows."""
    return visit.show("control_center/remove_sign_on.html", {"home": home(visit)})


def remove(visit: Visit) -> Response:
    """Remove it, at once."""
    visit.perform(visit.about("remove-sign-on", "sign-on", "sign-on"), remove_sign_on, visit.slug)
    return visit.go_to(f"{home(visit)}/sign-on")


def unlink(visit: Visit) -> Response:
    """End the link of somebody, at once."""
    person = AdministratorId(part(visit, "administrator"))
    visit.perform(visit.about("unlink-identity", "administrator", person), unlink_identity, visit.slug, person)
    return visit.go_to(f"{home(visit)}/administrators/{person}")
