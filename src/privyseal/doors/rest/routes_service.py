"""What the service says of itself, to anybody."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter

from privyseal.doors.rest.access import ANYBODY, described
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.documents import ServiceDocument
from privyseal.engine.pem import certificate_to_pem
from privyseal.model.audit import PROVIDER_LOG, organization_log
from privyseal.store import organizations

router = APIRouter(tags=["Service"])


@router.get("/service", **described(ANYBODY))
def show_service(context: Context, caller: CallerOf) -> ServiceDocument:
    """Show the service's id, addresses, roots and log keys.

    The key of an organization's log is shown to its own people; everybody finds it at the organization.
    """
    house = context.house
    logs = [PROVIDER_LOG]
    if caller.actor.organization_id is not None:
        with house.database.read(house.clock()) as tx:
            logs.append(organization_log(organizations.get(tx, caller.actor.organization_id).slug))
    return ServiceDocument(
        service=house.service.service_id,
        version=version("privyseal"),
        base_url=house.service.base_url,
        administrator_url=house.service.administrator_url,
        status_url=house.service.status_url,
        root_pem=certificate_to_pem(house.issuing.root),
        issuing_pem=certificate_to_pem(house.issuing.issuer.certificate_der),
        administrators_ca_pem=certificate_to_pem(house.administrators_authority.issuer.certificate_der),
        log_keys={log: context.vkey(log) for log in logs},
    )
