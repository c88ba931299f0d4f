"""What the provider has set up: policies with their versions, domains with their evidence, the vetted record; removing a domain."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.domain.remove_domain import remove_domain
from privyseal.actions.house import attempt
from privyseal.look.certificate_words import key_kinds
from privyseal.look.domain_words import domain_ends
from privyseal.model.administrator import Permission
from privyseal.model.domain import Domain, read_domain_end
from privyseal.model.errors import Refused
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.pages.control_center.entry import home, look_up, may, nothing_here
from privyseal.reception.refusals import show_again
from privyseal.reception.shown_domains import shown_domains
from privyseal.reception.site import Visit
from privyseal.store import organizations, policies
from privyseal.store.database import Transaction


def show_settings(visit: Visit) -> Response:
    """Show them."""

    def work(tx: Transaction, organization: Organization) -> tuple[Organization, list[Policy], list[Domain]]:
        return organization, policies.versions_of(tx, organization.id), organizations.domains_of(tx, organization.id)

    organization, versions, domains = look_up(visit, work)
    by_name: dict[str, list[Policy]] = {}
    for policy in versions:
        by_name.setdefault(policy.name, []).append(policy)
    values = {
        "home": home(visit),
        "organization": organization,
        "policies": list(by_name.values()),
        "kinds": dict(key_kinds()),
        "domains": shown_domains(visit, organization, domains),
        "sees_contacts": may(visit, Permission.READ, ""),
        "may_remove": may(visit, Permission.MANAGE_DOMAINS),
        "portal": f"{visit.house.service.base_url}/o/{visit.slug}/",
    }
    return visit.show("control_center/settings.html", values)


def ask_removal(visit: Visit) -> Response:
    """Ask why a domain is removed, and say what follows; one that is removed already is in the list."""
    domain = _domain_of(visit)
    return _show_removal(visit, domain) if domain.removed_at is None else visit.go_to(f"{home(visit)}/settings#domains-title")


def _domain_of(visit: Visit) -> Domain:
    found = look_up(visit, lambda tx, organization: organizations.domain_named(tx, organization.id, visit.path("name")))
    if found is None:
        raise nothing_here()
    return found


def _show_removal(visit: Visit, domain: Domain, status: int = 200) -> Response:
    values = {"home": home(visit), "domain": domain, "reasons": [(name, words, "") for name, words in domain_ends()]}
    return visit.show("control_center/remove_domain.html", values, status=status)


def remove(visit: Visit) -> Response:
    """Remove a domain, at once."""
    domain = _domain_of(visit)
    about = visit.about("remove-domain", "domain", domain.name)
    try:
        why = attempt(visit.house, visit.actor, about, lambda: read_domain_end(visit.form.value("reason")))
        visit.perform(about, remove_domain, visit.slug, domain.name, why)
    except Refused as error:
        return show_again(visit, error, lambda status: _show_removal(visit, domain, status), error.field)
    return visit.go_to(f"{home(visit)}/settings#domains-title")
