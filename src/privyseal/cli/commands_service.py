"""`privyseal init`, `serve`, `migrate` and others: a service from nothing to running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from privyseal.cli.commands_run import run_commands
from privyseal.cli.house_setup import open_house
from privyseal.cli.initialize import Plan, initialize
from privyseal.cli.listening import listening_of
from privyseal.cli.rooms import Rooms
from privyseal.cli.serve import serve
from privyseal.cli.service_certificate import issue_service_certificate
from privyseal.cli.settings import Settings, read_settings
from privyseal.engine.hierarchy import KeyKind
from privyseal.engine.names import normalize_dns_name
from privyseal.model.errors import Refused
from privyseal.store.database import Database
from privyseal.store.schema_setup import upgrade

Data = Annotated[Path, Parameter(help="The data directory of the service.")]


def service_commands(program: App, rooms: Rooms) -> None:
    """Add the commands to ``program``."""
    program.command(_init(rooms), name="init")
    program.command(_migrate, name="migrate")
    program.command(_service_certificate(rooms), name="service-certificate")
    program.command(serve, name="serve")
    run_commands(program, rooms)


def _init(rooms: Rooms) -> Callable[..., None]:
    def init(
        *,
        data: Data,
        name: str,
        service_id: str,
        base_url: str,
        administrator_url: str,
        status_url: str,
        database_url: str = "",
        key: KeyKind = "p256",
        listen: str = "",
    ) -> None:
        """Make a new service: keys, root, issuing CA, administrators' CA, database, settings file.

        Parameters
        ----------
        data
            An empty or new directory; it becomes 0700.
        name
            Name of the provider, as it stands in the CA certificates.
        service_id
            Name of the service in every signed statement, such as its host name; never changes.
        base_url
            https address of portal and REST.
        administrator_url
            https address that asks for an Administrator ID.
        status_url
            http address of CRL and OCSP; baked into certificates, never changes.
        database_url
            postgresql://user@host/name; the embedded database when left out.
        key
            Kind of the CA keys: p256, p384, rsa2048, rsa3072 or rsa4096.
        listen
            IP address to listen on. Left out: loopback if the three URLs are loopback addresses, else every interface. The
            ports are those of the URLs; where a URL names none, 8443, 8444 and 8080.
        """
        settings = Settings(
            data=data,
            service_id=service_id,
            log_host=service_id,
            base_url=base_url,
            administrator_url=administrator_url,
            status_url=status_url,
            database_url=database_url,
            **asdict(listening_of(base_url, administrator_url, status_url, listen)),
        )
        _print_made(settings, initialize(Plan(settings, name, key, None, f"{name} Root CA 1"), rooms.clock(), rooms.random_bytes))

    return init


def _print_made(settings: Settings, made: Mapping[str, Path]) -> None:
    """Tell the operator what there is now and what comes next."""
    print(f"The service is made. Settings: {made['settings']}. Root certificate: {made['root_certificate']}.")
    places = (
        f"{settings.web_port} ({settings.base_url})",
        f"{settings.administrator_port} ({settings.administrator_url})",
        f"{settings.status_port} ({settings.status_url})",
    )
    print(f"It will listen on {settings.host}, ports {', '.join(places)}; the settings can say otherwise.")
    print(f"Now take the root key {made['root_key']} and secrets/root.passphrase off this machine.")
    print("Next: a TLS certificate where the settings say, `privyseal administrator invite`, `privyseal serve`.")


def _migrate(*, data: Data) -> None:
    """Bring the database to the schema of this release."""
    upgrade(Database(read_settings(data).database))
    print("The database has the schema of this release.")


def _service_certificate(rooms: Rooms) -> Callable[..., None]:
    def service_certificate(*names: str, data: Data) -> None:
        """Issue the TLS certificate of the service's own https ports from its own CA, for a private network.

        Parameters
        ----------
        names
            Host names of the service.
        data
            The data directory of the service.
        """
        if not names:
            raise Refused("no-names", "Name the host names of the service, such as pki.example.org.")
        settings = read_settings(data)
        issue_service_certificate(open_house(settings, rooms).house, settings, [normalize_dns_name(name) for name in names])
        print(f"Written to {settings.path(settings.tls_certificate)} and {settings.path(settings.tls_key)}. Start the service again.")

    return service_certificate
