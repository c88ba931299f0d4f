"""A real HAProxy in front of the administrators' port, with the very configuration that operators are shown."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.presence import require_program
from tests.rigs.processes import Child

SAMPLE = Path(__file__).parents[2] / "docs/operators/haproxy.cfg"


@dataclass(slots=True)
class HaProxy:
    """HAProxy on a free port of the loopback interface; use it as a context manager.

    ``certificate`` is PEM of chain and key together, ``ca`` the PEM of the administrators' CA. With ``resumption`` it is
    configured as nobody should: it gives out tickets.
    """

    certificate: Path
    ca: Path
    socket: Path
    secret: str
    resumption: bool = False
    port: int = field(default_factory=free_port)
    _directory: Path = field(init=False)
    _child: Child | None = None

    def __enter__(self) -> Self:
        program = require_program("haproxy", "haproxy")
        self._directory = Path(tempfile.mkdtemp(prefix="privyseal-haproxy-"))
        configuration = self._directory / "haproxy.cfg"
        text = SAMPLE.read_text(encoding="utf-8")
        if self.resumption:
            text = text.replace(" no-tls-tickets", "").replace("tune.ssl.cachesize 0", "tune.ssl.cachesize 1000")
        configuration.write_text(text, encoding="utf-8")
        environment = os.environ | {
            "FRONT_ADDRESS": f"{LOOPBACK}:{self.port}",
            "FRONT_CERTIFICATE": str(self.certificate),
            "ADMINISTRATORS_CA": str(self.ca),
            "PRIVYSEAL_FRONT_SECRET": self.secret,
            "PRIVYSEAL_FRONT_SOCKET": str(self.socket),
        }
        self._child = Child([program, "-db", "-f", configuration], environment=environment)
        self._child.wait_for_port(self.port, seconds=15)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._child is not None:
            self._child.close()
        shutil.rmtree(self._directory, ignore_errors=True)
