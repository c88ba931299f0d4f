"""A service as it really answers: people at shells who run ``seal`` against the REST application over TLS, on each database.

The tests of single commands beside this file ask a stand-in; those that want to see what a command does in the end have an ``office``.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from privyseal.model.audit import organization_log
from privyseal.model.identifiers import OrganizationId
from privyseal.store import audit, organizations
from privyseal.store.database import Transaction
from privyseal_agent.application import run
from privyseal_agent.desk import Desk
from tests.agent.conftest import Transcript
from tests.doors.rest.rest_rig import ORG, RestRig
from tests.doors.rest.served import Served, serving
from tests.rigs.beginnings import begin_with, named
from tests.rigs.ports import free_port
from tests.rigs.service import AdministratorRig, Beginning, ServiceRig

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Shell:
    """Somebody at a shell, with the settings of the environment."""

    environment: dict[str, str]

    def seal(self, *words: str, stdin: str = "") -> Transcript:
        """Run ``seal`` in this process; ``stdin`` is what is typed."""
        out, err = io.StringIO(), io.StringIO()
        desk = Desk(
            clock=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
            sleep=lambda _: None,
            ask_secret=lambda _: "",
            stdin=io.StringIO(stdin),
            stdout=out,
            stderr=err,
            environment=self.environment,
        )
        status = run(words, desk)
        return Transcript(status, out.getvalue(), err.getvalue())

    def done(self, *words: str, stdin: str = "") -> str:
        """What a command line says that does what it should."""
        told = self.seal(*words, stdin=stdin)
        assert told.status == 0, told.err
        return told.out

    def document(self, *words: str) -> Any:  # noqa: ANN401 - whatever was printed
        """The object that it prints with ``--json``."""
        told = self.seal(*words, "--json")
        assert told.status == 0, told.err
        return told.json

    def refused(self, *words: str, status: int = 1) -> str:
        """The sentence of a command line that is refused; it prints no result."""
        told = self.seal(*words)
        assert (told.status, told.out) == (status, ""), told
        return told.err


@dataclass(slots=True)
class Office:
    """A served service, the shells of its people, and a look into its database."""

    rest: RestRig
    served: Served
    folder: Path
    _homes: int = field(default=0)

    @property
    def service(self) -> ServiceRig:
        """The service itself."""
        return self.rest.service

    def shell(self, person: AdministratorRig | None = None, organization: str = ORG) -> Shell:
        """The shell of a person, or of somebody without a credential; ``organization`` "" sets none."""
        self._homes += 1
        home = self.folder / f"home-{self._homes}"
        home.mkdir(mode=0o700)
        environment = {
            "HOME": str(home),
            "SEAL_SERVICE": self.service.house.service.base_url,
            "SEAL_ROOT": str(self.served.directory / "server.pem"),
        }
        if organization:
            environment["SEAL_ORGANIZATION"] = organization
        if person is not None:
            certificate, key = self.served.identity(home.name, person.certificate_der, person.key)
            key.chmod(0o600)
            environment |= {"SEAL_CERTIFICATE": str(certificate), "SEAL_KEY": str(key)}
        return Shell(environment)

    def look(self, found: Callable[[Transaction, OrganizationId], Found]) -> Found:
        """Read something of the organization in the database."""
        with self.service.house.database.read(self.service.clock()) as tx:
            return found(tx, organizations.require(tx, ORG).id)

    def logged(self, action: str) -> list[tuple[str, str]]:
        """Outcome and reason of each entry about such an action in the organization's log."""
        self.service.integrate()
        with self.service.house.database.read(self.service.clock()) as tx:
            entries = [json.loads(entry) for _, _, entry in audit.export(tx, organization_log(ORG))]
        return [(entry["outcome"], entry["reason"]) for entry in entries if entry["action"] == action]


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning]:
    """The organization resource-marketing, and those of its people and of the provider's whom the test asks for."""
    return begin_with(5, request.fixturenames, alone=True)


@pytest.fixture
def office(service: ServiceRig, tmp_path: Path) -> Iterator[Office]:
    """The service of this process on two ports of this computer."""
    ports = (free_port(), free_port())
    web, administrator = (f"https://localhost:{port}" for port in ports)
    service.house = replace(service.house, service=replace(service.house.service, base_url=web, administrator_url=administrator))
    rest = RestRig(service)
    with serving(rest, tmp_path, ports=ports) as served:
        yield Office(rest, served, tmp_path)


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    """A security administrator of the organization."""
    return named(service, "fox")


@pytest.fixture
def vera(service: ServiceRig) -> AdministratorRig:
    """An administrator of the provider."""
    return named(service, "vera")
