"""E9, the other process: from the start of the web process to the first page of an organization's portal.

Floor: 2 s. The shortest of several starts counts, because what is longer was the work of others on the machine. The reference is
what the imports of an ordinary web stack alone cost in the same minute, shortest too.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.e9_start import import_stack
from bench.figure import Figure
from privyseal.cli.service_certificate import issue_service_certificate
from tests.rigs.ports import free_port
from tests.rigs.service import ServiceRig

FLOOR_SECONDS = 2.0
STARTS = 5
SLUG = "resource-marketing"


def run() -> Iterator[Figure]:
    """The start of the whole web process, with every door, site and job of it, on the embedded database."""
    with tempfile.TemporaryDirectory() as place:
        with closing(ServiceRig(Path(place))) as rig:
            rig.create_organization(SLUG)
            issue_service_certificate(rig.house, rig.settings, ("localhost",))
            data = rig.settings.data
        times = [(start_and_open(data), import_stack()) for _ in range(STARTS)]
    value, reference = (min(column) for column in zip(*times, strict=True))
    yield Figure(
        figure="E9",
        what="start to the first page of a portal",
        value=round(value, 3),
        unit="s",
        reference="importing fastapi, sqlalchemy.orm and cryptography.x509",
        reference_value=round(reference, 3),
        ratio=round(reference / value, 2),
        n=STARTS,
        ok=value <= FLOOR_SECONDS,
    )


def start_and_open(data: Path) -> float:
    """Seconds from the start of the process to its first page."""
    port, administrator_port = free_port(), free_port()
    environment = {**os.environ, "PRIVYSEAL_WEB_PORT": str(port), "PRIVYSEAL_ADMINISTRATOR_PORT": str(administrator_port)}
    # The certificate of the rig is of its own CA; whose it is, is not what is measured.
    context = ssl._create_unverified_context()  # noqa: S323, SLF001 - on the loopback
    began = time.perf_counter()
    command = [sys.executable, "-m", "privyseal.app", "run", "web", "--data", str(data)]
    written = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, when the process has ended
    process = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
    try:
        while process.poll() is None:
            try:
                with urllib.request.urlopen(f"https://127.0.0.1:{port}/o/{SLUG}/", context=context, timeout=30) as answer:
                    assert b"</html>" in answer.read()
                    return time.perf_counter() - began
            except urllib.error.HTTPError:
                raise
            except urllib.error.URLError:
                time.sleep(0.005)
        written.seek(0)
        raise ChildProcessError(f"The web process ended before it answered: {written.read().decode(errors='replace')}")
    finally:
        process.terminate()
        process.wait(30)
        written.close()
