"""The first page, and the domain names that certificates can be asked for."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.model.organization import Organization
from privyseal.pages.portal.entry import home, is_active, look_up, portal_page
from privyseal.reception.site import Method, Visit
from privyseal.store import organizations, policies
from privyseal.store.database import Transaction


def show_start(visit: Visit) -> Response:
    """Say what this is, what one needs and how long it takes."""

    def facts(tx: Transaction, organization: Organization) -> dict[str, object]:
        offered = [policy for policy in policies.of_organization(tx, organization.id) if policy.open_enrollment]
        return {"organization": organization, "is_open": bool(offered)}

    return visit.show("portal/start.html", {"home": home(visit), "is_active": is_active(visit), **look_up(visit, facts)})


def lead_to_start(visit: Visit) -> Response:
    """The address without the slash at its end is typed as often as the one with it."""
    return visit.go_to(f"{home(visit)}/")


def show_domains(visit: Visit) -> Response:
    """Show the registered domain names (requirements 4.2, Display Registered Domain Names)."""

    def facts(tx: Transaction, organization: Organization) -> dict[str, object]:
        domains = organizations.domains_of(tx, organization.id)
        validated = [domain.name for domain in domains if domain.is_valid(tx.now)]
        return {"organization": organization, "domains": domains, "validated": validated}

    return visit.show("portal/domains.html", {"home": home(visit), **look_up(visit, facts)})


PAGES = (
    portal_page(Method.GET, "", lead_to_start),
    portal_page(Method.GET, "/", show_start),
    portal_page(Method.GET, "/domains", show_domains),
)
