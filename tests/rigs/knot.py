"""A real authoritative DNS server (Knot) on 127.0.0.1 whose records a test sets while it runs.

``KnotServer(["resource-marketing.test"])`` answers for those zones on ``port``, UDP and TCP. Records change by RFC 2136
updates through knsupdate, as a customer's own tooling would do it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.presence import require_program
from tests.rigs.processes import Child

CONFIGURATION = """
server:
    listen: {host}@{port}
    rundir: {directory}
    # The defaults are made for a server that has the machine to itself.
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {directory}
log:
  - target: stderr
    any: info
acl:
  - id: tests
    address: {host}
    action: update
template:
  - id: default
    storage: {directory}
    file: "%s.zone"
    acl: tests
    zonefile-sync: -1
    journal-content: all
    zonefile-load: difference-no-serial
policy:
  - id: signed
    algorithm: ecdsap256sha256
    single-type-signing: on
zone:
"""

SIGNED = """    dnssec-signing: on
    dnssec-policy: signed
"""

ZONE = """$ORIGIN {zone}.
$TTL 1
@ SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 1
@ NS ns.{zone}.
ns A {host}
"""


class KnotServer:
    """One server for the given zones; those in ``signed`` as well carry DNSSEC signatures. Use it as a context manager."""

    def __init__(self, zones: Iterable[str], *, signed: Iterable[str] = ()) -> None:
        self.zones = tuple(zones)
        self.signed = frozenset(signed)
        self._program = require_program("knotd", "knot")
        self._update_program = require_program("knsupdate", "knot-dnsutils")
        self._directory = Path(tempfile.mkdtemp(prefix="privyseal-knot-"))
        self.port = free_port()
        lines = [CONFIGURATION.format(host=LOOPBACK, port=self.port, directory=self._directory)]
        for zone in self.zones:
            (self._directory / f"{zone}.zone").write_text(ZONE.format(zone=zone, host=LOOPBACK), encoding="ascii")
            lines.append(f"  - domain: {zone}\n{SIGNED if zone in self.signed else ''}")
        (self._directory / "knot.conf").write_text("".join(lines), encoding="ascii")
        self._child: Child | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as a resolver wants them."""
        return (LOOPBACK, self.port)

    def start(self) -> None:
        """Starts the server and returns when every zone is loaded."""
        self._child = Child([self._program, "-c", self._directory / "knot.conf"])
        self._child.wait_for_port(self.port, seconds=15)
        for zone in self.zones:
            self._child.wait_for_output(f"[{zone}.] loaded", seconds=15)

    def trust_anchor(self, zone: str) -> str:
        """The DS record of a signed zone, as a resolver's ``trust-anchor`` wants it."""
        program = require_program("keymgr", "knot")
        command: list[str | Path] = [program, "-c", self._directory / "knot.conf", zone, "ds"]
        return subprocess.run(command, text=True, check=True, stdout=subprocess.PIPE, timeout=30).stdout.partition("\n")[0]

    def add(self, zone: str, name: str, kind: str, value: str, *, ttl: int = 1) -> None:
        """Adds one record and returns when the server serves it. ``name`` is absolute, without the final dot.

        ``value`` is in zone file form: a TXT value carries its own quotes.
        """
        self._update(zone, f"add {name}. {ttl} {kind} {value}")

    def remove(self, zone: str, name: str, kind: str) -> None:
        """Removes every record of the kind at the name."""
        self._update(zone, f"delete {name}. {kind}")

    def close(self) -> None:
        """Kills the server and removes its files."""
        if self._child is not None:
            self._child.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _update(self, zone: str, change: str) -> None:
        script = f"server {LOOPBACK} {self.port}\nzone {zone}.\n{change}\nsend\n"
        result = subprocess.run(
            [self._update_program, "-v"], input=script, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30
        )
        if result.returncode != 0 or "error" in result.stdout.lower():
            raise RuntimeError(f"The DNS update was refused: {change}\n{result.stdout}")
