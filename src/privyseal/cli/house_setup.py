"""Builds the House of a running process from the settings and the database; no key is opened here."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from privyseal.actions.house import House, ServiceIdentity
from privyseal.cli.known_authorities import read_authorities
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import Settings, read_settings
from privyseal.engine.log_key import log_vkey
from privyseal.model.change import ChangeKind
from privyseal.model.errors import Unavailable
from privyseal.model.fact import FactKind
from privyseal.store import authorities
from privyseal.store.database import Database, require_private_directory
from privyseal.store.log_files import LogFiles
from privyseal.store.schema_version import require_current


def open_database(settings: Settings) -> Database:
    """Return the database; raises Unavailable when directory modes or the schema are not right."""
    require_private_directory(settings.data)
    database = Database(settings.database)
    require_current(database)
    return database


@dataclass(frozen=True, slots=True)
class Opened:
    """A House and the facts of its service."""

    house: House
    facts: Mapping[str, str]

    def vkey(self, log: str) -> str:
        """The verifier key of a log."""
        return log_vkey(self.house.service.log_host, log, self.facts["log_public_key"])


def open_house(settings: Settings, rooms: Rooms) -> Opened:
    """Open the database and build the House; raises Unavailable with what is missing."""
    database = open_database(settings)
    with database.read(rooms.clock()) as tx:
        facts = authorities.facts(tx)
        rows = authorities.every(tx)
    if facts.get("service_id") != settings.service_id or facts.get("log_host") != settings.log_host:
        sentence = (
            f"The settings name the service {settings.service_id}, the database {facts.get('service_id')}. Neither name may ever change."
        )
        raise Unavailable("service-id", sentence)
    listeners: dict[FactKind, tuple[str, ...]] = {}
    for feature in rooms.features:
        for fact, names in feature.listens.items():
            listeners[fact] = listeners.get(fact, ()) + tuple(names)
    service = ServiceIdentity(
        service_id=settings.service_id,
        log_host=settings.log_host,
        base_url=settings.base_url,
        administrator_url=settings.administrator_url,
        status_url=settings.status_url,
        personal_salt=bytes.fromhex(facts["personal_salt"]),
        caa_name=settings.caa_name,
        perspective_quorum=settings.quorum,
        provider_contact=settings.provider_contact,
        public_trials=settings.public_trials,
    )
    known = read_authorities(rows, settings.status_url)
    quorums = {ChangeKind(kind): quorum for kind, quorum in settings.change_quorums.items()}
    machine = socket.gethostname()[:64]
    return Opened(House(database, service, known, listeners, rooms.clock, rooms.random_bytes, quorums, machine), facts)


@contextmanager
def house_for_command(data: Path, rooms: Rooms) -> Iterator[House]:
    """Yield the House of a data directory to a command, and give the connections back; raises what :func:`open_house` does."""
    house = open_house(read_settings(data), rooms).house
    try:
        yield house
    finally:
        house.database.close()


def log_files(settings: Settings) -> LogFiles:
    """The public files of the logs and their copies."""
    return LogFiles(settings.path(settings.log_directory), tuple(settings.path(copy) for copy in settings.checkpoint_copies))


def crl_life(settings: Settings) -> timedelta:
    """How long a CRL is valid."""
    return timedelta(days=settings.crl_life_days)
