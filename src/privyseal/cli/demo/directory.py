"""Makes the demo's data directory: random keys, a root named so that nobody trusts it, free ports on loopback."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from privyseal.cli.house_setup import open_house
from privyseal.cli.initialize import Plan, initialize
from privyseal.cli.rooms import Rooms
from privyseal.cli.service_certificate import issue_service_certificate
from privyseal.cli.settings import FILE_NAME, Settings, read_settings
from privyseal.engine.hierarchy import DEMO_PERMITTED_NAMES, DEMO_ROOT_NAME
from privyseal.model.errors import Conflict

LOOPBACK = "127.0.0.1"
FIRST_PORT = 8440


@dataclass(frozen=True, slots=True)
class DemoDirectory:
    """``data`` is the service's data directory, ``people`` holds what the demo's people keep on their own computers."""

    root: Path
    settings: Settings

    @property
    def data(self) -> Path:
        """The data directory of the service."""
        return self.root / "service"

    @property
    def people(self) -> Path:
        """What belongs to people, not to the service."""
        return self.root / "people"

    @property
    def mail(self) -> Path:
        """The Maildir where all letters land."""
        return self.root / "mail"

    @property
    def facts(self) -> Path:
        """``demo.json``."""
        return self.root / "demo.json"

    @property
    def root_pem(self) -> Path:
        """The demo's root certificate."""
        return self.data / "root.pem"


def open_demo_directory(root: Path, port: int | None, rooms: Rooms) -> DemoDirectory:
    """Return the demo directory, made when it is not there; raises Conflict for a directory of somebody else."""
    root = root.resolve()
    settings_file = root / "service" / FILE_NAME
    if settings_file.exists():
        (root / "demo.json").unlink(missing_ok=True)
        directory = DemoDirectory(root, read_settings(root / "service"))
        if not directory.settings.demo:
            raise Conflict("demo", f"{root} holds a service that is no demonstration.")
        return directory
    if root.exists() and any(root.iterdir()):
        raise Conflict("demo", f"{root} is not empty and holds no finished demonstration. Choose another directory, or empty this one.")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    (root / "people").mkdir(mode=0o700)
    web, administrator, status, resolver = _ports(port)
    settings = Settings(
        data=root / "service",
        demo=True,
        service_id="demo.privyseal.localhost",
        log_host="demo.privyseal.localhost",
        base_url=f"https://localhost:{web}",
        administrator_url=f"https://localhost:{administrator}",
        # The address, not the name: linters want a dot in the host of a URI that stands in a certificate.
        status_url=f"http://{LOOPBACK}:{status}",
        host=LOOPBACK,
        web_port=web,
        administrator_port=administrator,
        status_port=status,
        resolvers=(f"{LOOPBACK}:{resolver}",),
        checkpoint_copies=(root / "elsewhere",),
        mail_from="privyseal@localhost",
        maildir=root / "mail",
    )
    initialize(Plan(settings, "DEMO Trust Services", "p256", DEMO_PERMITTED_NAMES, DEMO_ROOT_NAME), rooms.clock(), rooms.random_bytes)
    opened = open_house(settings, rooms)
    issue_service_certificate(opened.house, settings, ("localhost",))
    opened.house.database.close()
    return DemoDirectory(root, settings)


def _ports(first: int | None) -> tuple[int, int, int, int]:
    """Return four ports on loopback: in a row from ``first``, or the first free ones from 8440 on."""
    if first is not None:
        return first, first + 1, first + 2, first + 3
    web = first_free(FIRST_PORT)
    administrator = first_free(web + 1)
    status = first_free(administrator + 1)
    return web, administrator, status, first_free(status + 1)


def first_free(port: int) -> int:
    """Return the first port from this one on at which nobody listens on loopback."""
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                port += 1
            else:
                return port


def write_facts(directory: DemoDirectory, facts: dict[str, Any]) -> None:
    """Write ``demo.json``, last and in one step, readable by its owner only."""
    temporary = directory.facts.with_suffix(".new")
    handle = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(facts, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(directory.facts)
