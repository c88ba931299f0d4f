"""A service as it runs in earnest: ``privyseal serve`` and its processes, letters by SMTP, domains looked up in a real DNS.

The data directory is made by the ``initialize`` of operators, on the embedded database or in one of PostgreSQL. Nothing of
the running service is touched from inside; tests/rigs/live_people.py are the people who use it over REST.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from privyseal.actions.house import House
from privyseal.app import discover
from privyseal.cli.house_setup import Opened, open_house
from privyseal.cli.initialize import Plan, initialize
from privyseal.cli.service_certificate import issue_service_certificate
from privyseal.cli.settings import Settings
from privyseal.engine.hierarchy import DEMO_PERMITTED_NAMES, DEMO_ROOT_NAME
from privyseal.model.audit import organization_log
from tests.rigs.knot import KnotServer
from tests.rigs.mail import Delivery, MailSink
from tests.rigs.ports import LOOPBACK, free_port, wait_until
from tests.rigs.processes import Child

ROOT = Path(__file__).parents[2]
SERVICE_ID = "live.privyseal.localhost"
READY_SECONDS = 180.0  # Four processes that import everything, on two busy cores.
STOP_SECONDS = 60.0


class LiveService:
    """One service with its mail server and its DNS; use it as a context manager.

    ``zones`` are the domains that the DNS answers for, ``database_url`` is empty for the embedded database. ``host`` is what
    the service calls itself in its addresses; it listens on this computer alone, whatever that is.
    """

    def __init__(self, directory: Path, zones: Sequence[str], database_url: str = "", *, host: str = "localhost") -> None:
        self.directory = directory
        self.mail = MailSink()
        self.dns = KnotServer(zones)
        web, administrator, status = free_port(), free_port(), free_port()
        self.settings = Settings(
            data=directory / "service",
            demo=True,
            service_id=SERVICE_ID,
            log_host=SERVICE_ID,
            database_url=database_url,
            base_url=f"https://{host}:{web}",
            administrator_url=f"https://{host}:{administrator}",
            status_url=f"http://{LOOPBACK}:{status}",
            host=LOOPBACK,
            web_port=web,
            administrator_port=administrator,
            status_port=status,
            resolvers=(f"{LOOPBACK}:{self.dns.port}",),
            checkpoint_copies=(directory / "elsewhere",),
            mail_from="privyseal@provider.test",
            smtp_host=LOOPBACK,
            smtp_port=self.mail.port,
        )
        rooms = discover()
        initialize(Plan(self.settings, "Live Trust Services", "p256", DEMO_PERMITTED_NAMES, DEMO_ROOT_NAME), rooms.clock(), os.urandom)
        self._opened: Opened = open_house(self.settings, rooms)
        issue_service_certificate(self._opened.house, self.settings, tuple({"localhost": 1, host: 1}))
        self.public = httpx2.Client(verify=False, timeout=30)
        """Somebody without any right, at the probes and the status front."""
        self.closing = ExitStack()
        """What is closed with the service: the connections of its people."""
        self.closing.callback(self.public.close)
        self._ended = ""
        self._child: Child | None = None

    @property
    def root_pem(self) -> Path:
        """The root certificate, which also anchors the service's own TLS."""
        return self.settings.data / "root.pem"

    @property
    def house(self) -> House:
        """The operator's own way into the database, for the first invitation only."""
        return self._opened.house

    @property
    def output(self) -> str:
        """What all processes have written so far, of earlier starts as well."""
        return self._ended + (self._child.output if self._child else "")

    def vkey(self, organization: str) -> str:
        """The verifier key of an organization's audit log."""
        return self._opened.vkey(organization_log(organization))

    def start(self) -> None:
        """Start the processes and return when the service calls itself ready."""
        command: list[str | Path] = [sys.executable, "-m", "privyseal.app", "serve", "--data", self.settings.data, "--demo"]
        self._child = Child(command, directory=ROOT)
        self.wait_until_ready()

    def wait_until_ready(self, *, seconds: float = READY_SECONDS) -> None:
        """Return when /readyz and the status front say yes; raises RuntimeError or TimeoutError with the output."""
        try:
            wait_until(self._is_ready, seconds=seconds, what="the service is ready", pause=0.1)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.output}") from None

    def is_ready(self) -> bool:
        """Whether /readyz says yes now."""
        return self._answers_well(f"https://{LOOPBACK}:{self.settings.web_port}/readyz")

    def stop(self) -> None:
        """Stop as an operator does; raises AssertionError when the service does not end well by itself."""
        assert self._child is not None
        status = self._child.terminate(seconds=STOP_SECONDS)
        output = self._bury()
        assert status == 0, f"privyseal serve ended with status {status}.\n{output}"

    def kill(self) -> None:
        """End every process at once with SIGKILL, as a power cut would."""
        self._bury()

    def restart(self) -> None:
        """Stop when it runs, and start."""
        if self._child is not None:
            self.stop()
        self.start()

    def process(self, name: str) -> int:
        """The process id of ``issuer``, ``web``, ``work`` or ``status``."""
        assert self._child is not None
        for pid in _children(self._child.pid):
            words = _command_line(pid)
            if words[2:4] == ["privyseal.app", "run"] and words[4] == name:
                return pid
            if words[2:3] == [f"privyseal.{name}"]:
                return pid
        raise LookupError(f"There is no process {name}.\n{self.output}")

    def kill_process(self, name: str) -> None:
        """End one process with SIGKILL; the supervisor starts it again."""
        os.kill(self.process(name), signal.SIGKILL)

    def wait_for_letter(self, to: str, *words: str, seconds: float = 10.0, after: int = 0) -> Delivery:
        """The newest letter to an address with all these words in its subject, not counting its first ``after`` letters."""
        deadline = time.monotonic() + seconds
        while True:
            letters = self.mail.to(to)[after:]
            for letter in reversed(letters):
                if all(word.lower() in subject_of(letter).lower() for word in words):
                    return letter
            if time.monotonic() > deadline:
                subjects = [subject_of(letter) for letter in letters]
                raise TimeoutError(f"No letter about {words} came to {to} within {seconds:g} s, only {subjects}.\n{self.output[-3000:]}")
            time.sleep(0.02)

    def close(self) -> None:
        """Kill what still runs; harmless after ``stop``."""
        self._bury()
        self._opened.house.database.close()
        self.closing.close()
        self.mail.go_down()
        self.dns.close()

    def __enter__(self) -> Self:
        self.mail.come_back()
        self.dns.start()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None and self._child is not None:
                self.stop()
        finally:
            self.close()

    def _is_ready(self) -> bool:
        assert self._child is not None
        if self._child.status is not None:
            raise RuntimeError(f"privyseal serve ended with status {self._child.status}.\n{self.output}")
        return self.is_ready() and self._answers_well(f"{self.settings.status_url}/ca/issuing.cer")

    def _answers_well(self, url: str) -> bool:
        try:
            return self.public.get(url, timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    def _bury(self) -> str:
        if self._child is not None:
            self._child.kill()
            self._ended += self._child.output
            self._child.close()
            self._child = None
        return self._ended


def subject_of(letter: Delivery) -> str:
    """The subject of a letter on one line."""
    return str(letter.message["Subject"])


def text_of(letter: Delivery) -> str:
    """The plain text of a letter."""
    part = letter.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The second field is the program's name in parentheses, which may hold blanks: proc(5).
            fields = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.parent.name))
    return found


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
