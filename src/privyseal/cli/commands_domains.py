"""`privyseal domain`: the evidence of control over a domain, and every certificate that was issued on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from privyseal.cli.house_setup import house_for_command
from privyseal.cli.rooms import Rooms
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import ValidationId
from privyseal.model.statement import utc_text
from privyseal.store import organizations, validations

Data = Annotated[Path, Parameter(help="The data directory of the service.")]
PORTION = 500


def domain_commands(program: App, rooms: Rooms) -> None:
    """Add the group to ``program``."""
    domain = App(name="domain", help="Evidence of control over domains, and what was issued on it.")
    domain.command(_evidence(rooms), name="evidence")
    domain.command(_issued(rooms), name="issued")
    program.command(domain)


def _evidence(rooms: Rooms) -> Callable[..., None]:
    def evidence(*, data: Data, organization: str, name: str) -> None:
        """List every time control over a domain was shown, the newest first: id, method, when, SHA-256.

        Parameters
        ----------
        data
            The data directory of the service.
        organization
            Short name of the organization.
        name
            The domain.
        """
        with house_for_command(data, rooms) as house, house.database.read(house.clock()) as tx:
            domain = organizations.domain_named(tx, organizations.require(tx, organization).id, name)
            if domain is None:
                raise NotFound("not-found", "There is no such domain registered for this organization.")
            for item in validations.of_domain(tx, domain.id):
                print(item.id, item.method.value, utc_text(item.validated_at), item.sha256)

    return evidence


def _issued(rooms: Rooms) -> Callable[..., None]:
    def issued(*, data: Data, validation: str) -> None:
        """List every certificate that was issued on one showing of control: organization, serial, state, end, name.

        Parameters
        ----------
        data
            The data directory of the service.
        validation
            Its id, as `privyseal domain evidence` tells it.
        """
        with house_for_command(data, rooms) as house, house.database.read(house.clock()) as tx:
            if validations.get(tx, ValidationId(validation)) is None:
                raise NotFound("not-found", "There is no such validation.")
            after = ""
            while found := validations.issued_on(tx, ValidationId(validation), after=after, limit=PORTION):
                for item in found:
                    print(item.organization, item.serial_hex, item.state.value, utc_text(item.not_after), item.common_name)
                after = found[-1].id

    return issued
