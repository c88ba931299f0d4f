"""A real validating resolver (Unbound) on 127.0.0.1 in front of a Knot server: what the service asks in production.

It knows no other zones, keeps nothing, and has the trust anchors of the signed zones; a name whose signatures do not
hold is answered with SERVFAIL, as everywhere.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rigs.knot import KnotServer
from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.presence import require_program
from tests.rigs.processes import Child

CONFIGURATION = """
server:
    interface: {host}@{port}
    do-ip6: no
    chroot: ""
    directory: "{directory}"
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    do-not-query-localhost: no
    module-config: "validator iterator"
    local-zone: "test." nodefault
    domain-insecure: "test."
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    aggressive-nsec: no
    msg-cache-size: 0
    rrset-cache-size: 0
    neg-cache-size: 0
    infra-host-ttl: 1
    qname-minimisation: no
{anchors}
{stubs}
remote-control:
    control-enable: no
"""

STUB = """stub-zone:
    name: "{zone}"
    stub-addr: {host}@{port}
"""


class UnboundServer:
    """One resolver that asks ``knot`` for its zones. ``anchors`` replaces the true trust anchors. Use it as a context manager."""

    def __init__(self, knot: KnotServer, *, anchors: Iterable[str] | None = None) -> None:
        self._program = require_program("unbound", "unbound")
        self._directory = Path(tempfile.mkdtemp(prefix="privyseal-unbound-"))
        self.port = free_port()
        if anchors is None:
            anchors = [knot.trust_anchor(zone) for zone in sorted(knot.signed)]
        text = CONFIGURATION.format(
            host=LOOPBACK,
            port=self.port,
            directory=self._directory,
            anchors="\n".join(f'    trust-anchor: "{anchor}"' for anchor in anchors),
            stubs="".join(STUB.format(zone=zone, host=LOOPBACK, port=knot.port) for zone in knot.zones),
        )
        (self._directory / "unbound.conf").write_text(text, encoding="ascii")
        self._child: Child | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as a DnsLookup wants them."""
        return (LOOPBACK, self.port)

    def start(self) -> None:
        """Starts the resolver and returns when it listens."""
        self._child = Child([self._program, "-d", "-c", self._directory / "unbound.conf"])
        self._child.wait_for_output("start of service", seconds=15)

    def close(self) -> None:
        """Kills the resolver and removes its files."""
        if self._child is not None:
            self._child.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
