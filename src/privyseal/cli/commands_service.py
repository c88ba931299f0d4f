"""`privyseal init`, `serve`, `run`, `migrate`: a service from nothing to running."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from privyseal.cli.house_setup import open_house
from privyseal.cli.initialize import Plan, initialize
from privyseal.cli.listening import listening_of
from privyseal.cli.processes import only_one, run_issuer, run_web, run_work, until_told
from privyseal.cli.rooms import Rooms
from privyseal.cli.service_certificate import issue_service_certificate
from privyseal.cli.settings import Settings, read_settings
from privyseal.cli.supervisor import Supervisor
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
    program.command(_serve, name="serve")
    program.command(_work(rooms), name="work")
    program.command(_run(rooms), name="run")


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
        place = listening_of(base_url, administrator_url, status_url, listen)
        settings = Settings(
            data=data,
            service_id=service_id,
            log_host=service_id,
            base_url=base_url,
            administrator_url=administrator_url,
            status_url=status_url,
            database_url=database_url,
            host=place.host,
            web_port=place.web_port,
            administrator_port=place.administrator_port,
            status_port=place.status_port,
        )
        made = initialize(Plan(settings, name, key, None, f"{name} Root CA 1"), rooms.clock(), rooms.random_bytes)
        print(f"The service is made. Settings: {made['settings']}. Root certificate: {made['root_certificate']}.")
        ports = f"{place.web_port} ({base_url}), {place.administrator_port} ({administrator_url}), {place.status_port} ({status_url})"
        print(f"It will listen on {place.host}, ports {ports}; the settings can say otherwise.")
        print(f"Now take the root key {made['root_key']} and secrets/root.passphrase off this machine.")
        print("Next: a TLS certificate where the settings say, `privyseal administrator invite`, `privyseal serve`.")

    return init


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


def _serve(*, data: Data, demo: bool = False) -> None:
    """Run all processes of the service on this machine until SIGTERM.

    Parameters
    ----------
    data
        The data directory of the service.
    demo
        Needed for a demonstration directory, whose root must never be trusted.
    """
    settings = read_settings(data)
    require_demo_flag(settings, demo=demo)
    supervisor = Supervisor(data.resolve(), separate_work=bool(settings.database_url))
    with until_told() as told:
        supervisor.start()
        told.wait()
    supervisor.stop()


def _work(rooms: Rooms) -> Callable[..., None]:
    def work(*, data: Data) -> None:
        """Do background work on one more machine of a service on PostgreSQL, until SIGTERM.

        Parameters
        ----------
        data
            The data directory of the service on this machine.
        """
        settings = read_settings(data)
        if not settings.database_url:
            raise Refused("work", "With the embedded database the web process does this work; a work process needs PostgreSQL.")
        run_work(settings, rooms, f"{socket.gethostname()}-{os.getpid()}"[:64])

    return work


def _run(rooms: Rooms) -> Callable[..., None]:
    def run(process: Literal["issuer", "web"], /, *, data: Data) -> None:
        """Run one process of the service until SIGTERM; `serve` runs them all.

        Parameters
        ----------
        process
            Which one. The work process is `privyseal work`, the status process `python -m privyseal.status`.
        data
            The data directory of the service.
        """
        settings = read_settings(data)
        if process == "issuer":
            with only_one(settings, "issuer"):
                run_issuer(settings, rooms)
        elif settings.database_url:
            run_web(settings, rooms, None)
        else:
            with only_one(settings, "web and work"):
                run_web(settings, rooms, "local")

    return run


def require_demo_flag(settings: Settings, *, demo: bool) -> None:
    """Raise Refused ``demo`` for a demonstration directory without the flag, or the flag without one."""
    if settings.demo and not demo:
        raise Refused("demo", "This is a demonstration directory; its root must never be trusted. Serve it with --demo.")
    if demo and not settings.demo:
        raise Refused("demo", "This is no demonstration directory. Serve it without --demo.")
