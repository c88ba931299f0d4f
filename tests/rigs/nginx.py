"""A real nginx that serves a certificate on a free port: the judge of "does the certificate work"."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rigs.ports import LOOPBACK, free_port
from tests.rigs.presence import require_program
from tests.rigs.processes import Child

CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen {host}:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        # Every handshake is a full one: a test that swaps the certificate must see the new one.
        ssl_session_cache off;
        ssl_session_tickets off;
        location / {{ default_type text/plain; return 200 "served by nginx\\n"; }}
    }}
}}
"""


class NginxServer:
    """nginx with one TLS server block. Use it as a context manager; ``port`` is on 127.0.0.1.

    ``certificate`` is a PEM file with the chain, leaf first, as nginx wants it; ``key`` is an unencrypted PEM file.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._program = require_program("nginx", "nginx")
        self._directory = Path(tempfile.mkdtemp(prefix="privyseal-nginx-"))
        # Module folders of the system are read by the packaged configuration, which is not used here.
        self._configuration = self._directory / "nginx.conf"
        self.port = free_port()
        self._write(certificate, key)
        self._child: Child | None = None

    def start(self) -> None:
        """Starts nginx and returns when it answers; raises RuntimeError with its own words when it refuses."""
        self._child = Child([self._program, "-c", self._configuration, "-p", self._directory])
        self._child.wait_for_port(self.port, seconds=15)

    def replace(self, certificate: Path, key: Path) -> None:
        """Installs another certificate as an operator does: new configuration, then a reload without a gap."""
        assert self._child is not None
        loads = self._child.output.count("start worker process ")
        self._write(certificate, key)
        self._child.send(signal.SIGHUP)
        self._child.wait_for_output_count("start worker process ", loads + 1, seconds=15)
        self._child.wait_for_output_count("exited with code", loads, seconds=15)

    @property
    def output(self) -> str:
        """What nginx has written to its error log."""
        return self._child.output if self._child else ""

    def close(self) -> None:
        """Stops nginx and removes its files."""
        if self._child is not None:
            self._child.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _write(self, certificate: Path, key: Path) -> None:
        self._configuration.write_text(
            CONFIGURATION.format(
                user="user root;" if os.geteuid() == 0 else "",
                directory=self._directory,
                host=LOOPBACK,
                port=self.port,
                certificate=certificate,
                key=key,
            ),
            encoding="utf-8",
        )
