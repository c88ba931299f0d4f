"""The desk of the tests of ``seal``: a service to talk to, an administrator, and a way to run a command line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from privyseal_agent.application import run
from privyseal_agent.desk import Desk
from tests.agent import authority
from tests.agent.authority import DAY, Holder
from tests.agent.rest_service import RestService

ADMINISTRATOR_ID = f"adm-{'2' * 32}"
SERVICE_ID = "pki.acme.test"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a command line did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        """The one object on standard output."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


class Terminal(io.StringIO):
    """Standard input of a person: it says that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@dataclass
class Rig:
    """One service, one administrator with her files, and a folder to work in."""

    service: RestService
    folder: Path
    ada: Holder
    environment: dict[str, str]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    slept: list[float] = field(default_factory=list)

    @property
    def identity(self) -> tuple[str, ...]:
        """The options of the Administrator ID."""
        return ("--certificate", str(self.folder / "ada.pem"), "--key", str(self.folder / "ada.key"))

    def seal(self, *words: str, stdin: str = "", secrets: tuple[str, ...] = ()) -> Transcript:
        """Run ``seal`` in this process; ``secrets`` are typed at prompts, and make standard input a terminal."""
        typed = iter(secrets)
        out, err = io.StringIO(), io.StringIO()
        desk = Desk(
            clock=lambda: self.now,
            random_bytes=os.urandom,
            sleep=self.slept.append,
            ask_secret=lambda _: next(typed),
            stdin=Terminal(stdin) if secrets else io.StringIO(stdin),
            stdout=out,
            stderr=err,
            environment=self.environment,
        )
        status = run(words, desk)
        return Transcript(status, out.getvalue(), err.getvalue())

    def command(self, *words: str) -> list[str]:
        """The words that start the real command."""
        return [sys.executable, "-m", "privyseal_agent.cli", *words]

    def process(self, *words: str, stdin: str = "") -> Transcript:
        """Run the real command in a process of its own."""
        done = subprocess.run(
            self.command(*words),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=self.environment,
            cwd=self.folder,
        )
        return Transcript(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A rig whose settings come from the environment, without an identity."""
    with RestService(tmp_path) as service:
        life = (-DAY, 30 * DAY)
        ada = authority.make_server(
            service.administrators_ca, ("Ada Example",), life=life, purpose=authority.CLIENT_AUTH, person=ADMINISTRATOR_ID
        )
        authority.write_files(tmp_path, ada, "ada")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "SEAL_SERVICE": service.base_url,
            "SEAL_ORGANIZATION": "acme",
            "SEAL_ROOT": str(service.root_file),
        }
        made = Rig(service, tmp_path, ada, environment)
        _stock(made)
        yield made


def _stock(rig: Rig) -> None:
    about = {
        "service": SERVICE_ID,
        "version": "0.1.0",
        "base_url": rig.service.base_url,
        "administrator_url": rig.service.administrator_url,
        "status_url": "http://status.acme.test",
        "root_pem": "ROOT\n",
    }
    rig.service.on("GET", "/service", about)
    credential = {"sha256": rig.ada.sha256, "not_after": "2027-01-01T00:00:00Z", "revoked_at": None}
    people = [
        {
            "id": f"adm-{'1' * 32}",
            "name": "Bob Example",
            "email": "bob@acme.test",
            "role": "auditor",
            "state": "invited",
            "credentials": [],
        },
        {
            "id": ADMINISTRATOR_ID,
            "name": "Ada Example",
            "email": "ada@acme.test",
            "role": "security-administrator",
            "state": "active",
            "credentials": [credential],
        },
    ]
    rig.service.on("GET", "/organizations/acme/administrators", {"items": people, "next": ""})
