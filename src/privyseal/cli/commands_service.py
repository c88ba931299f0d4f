"""`privyseal init`, `serve`, `run`, `migrate`: a service from nothing to running."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from privyseal.cli.initialize import Plan, initialize
from privyseal.cli.processes import only_one, run_issuer, run_web, run_work, until_told
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import Settings, read_settings
from privyseal.cli.supervisor import Supervisor
from privyseal.engine.hierarchy import KeyKind
from privyseal.model.errors import Refused
from privyseal.store.database import Database
from privyseal.store.schema_setup import upgrade

Data = Annotated[Path, Parameter(help="The data directory of the service.")]


def service_commands(program: App, rooms: Rooms) -> None:
    """Add the commands to ``program``."""

    @program.command
    def init(  # noqa: PLR0913 - an operator sets each of these once
        *,
        data: Data,
        name: str,
        service_id: str,
        base_url: str,
        administrator_url: str,
        status_url: str,
        database_url: str = "",
        key: KeyKind = "p256",
        maildir: Path | None = None,
        smtp_host: str = "localhost",
        smtp_port: int = 25,
    ) -> None:
        """Make a new service: keys, root, issuing CA, administrators' CA, database, settings file.

        Parameters
        ----------
        data: An empty or new directory; it becomes 0700.
        name: Name of the provider, as it stands in the CA certificates.
        service_id: Name of the service in every signed statement, such as its host name; never changes.
        base_url: https address of portal and REST.
        administrator_url: https address that asks for an Administrator ID.
        status_url: http address of CRL and OCSP; baked into certificates, never changes.
        database_url: postgresql://user@host/name; the embedded database when left out.
        key: Kind of the CA keys: p256, p384, rsa2048, rsa3072 or rsa4096.
        maildir: Deliver letters into this Maildir instead of by SMTP.
        smtp_host: SMTP relay.
        smtp_port: Port of the relay.
        """
        settings = Settings(
            data=data,
            service_id=service_id,
            log_host=service_id,
            base_url=base_url,
            administrator_url=administrator_url,
            status_url=status_url,
            database_url=database_url,
            maildir=maildir,
            smtp_host=smtp_host,
            smtp_port=smtp_port,
        )
        made = initialize(Plan(settings, name, key, None, f"{name} Root CA 1"), rooms.clock(), rooms.random_bytes)
        print(f"The service is made. Settings: {made['settings']}. Root certificate: {made['root_certificate']}.")
        print(f"Now take the root key {made['root_key']} and secrets/root.passphrase off this machine.")
        print("Next: put the TLS certificate and key where the settings say, `privyseal administrator invite`, `privyseal serve`.")

    @program.command
    def migrate(*, data: Data) -> None:
        """Bring the database to the schema of this release."""
        database = Database(read_settings(data).database)
        upgrade(database)
        print("The database has the schema of this release.")

    @program.command
    def serve(*, data: Data, demo: bool = False) -> None:
        """Run all processes of the service on this machine until SIGTERM.

        Parameters
        ----------
        data: The data directory of the service.
        demo: Needed for a demonstration directory, whose root must never be trusted.
        """
        settings = read_settings(data)
        require_demo_flag(settings, demo=demo)
        supervisor = Supervisor(data.resolve(), separate_work=bool(settings.database_url))
        with until_told() as told:
            supervisor.start()
            told.wait()
        supervisor.stop()

    @program.command
    def run(process: Literal["issuer", "web", "work"], /, *, data: Data) -> None:
        """Run one process of the service until SIGTERM; `serve` runs them all.

        Parameters
        ----------
        process: Which one. The status process is `python -m privyseal.status`.
        data: The data directory of the service.
        """
        settings = read_settings(data)
        node = f"{socket.gethostname()}-{os.getpid()}"[:64]
        if process == "issuer":
            with only_one(settings, "issuer"):
                run_issuer(settings, rooms)
        elif process == "web" and settings.database_url:
            run_web(settings, rooms, None)
        elif process == "web":
            with only_one(settings, "web and work"):
                run_web(settings, rooms, "local")
        else:
            if not settings.database_url:
                raise Refused("work", "With the embedded database the web process does this work. `privyseal work` needs PostgreSQL.")
            run_work(settings, rooms, node)


def require_demo_flag(settings: Settings, *, demo: bool) -> None:
    """Raise Refused ``demo`` for a demonstration directory without the flag, or the flag without one."""
    if settings.demo and not demo:
        raise Refused("demo", "This is a demonstration directory; its root must never be trusted. Serve it with --demo.")
    if demo and not settings.demo:
        raise Refused("demo", "This is no demonstration directory. Serve it without --demo.")
