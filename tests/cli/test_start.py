"""The start of the processes: the first page waits for nothing that it does not need, and the rest comes by itself."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx2
import pytest

from privyseal.cli.service_certificate import issue_service_certificate
from tests.rigs.ports import free_port, wait_until
from tests.rigs.processes import Child
from tests.rigs.service import ServiceRig, ServiceTemplate

ORG = "resource-marketing"

LATER = ("alembic", "dbos", "fastapi", "httpx2", "mako", "pkilint", "pyasn1_modules", "sqlalchemy.orm", "webauthn")
"""What takes long to import and is for other calls than the first page, or for other processes."""

FIRST_PAGE = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
import privyseal.cli.commands_run
from privyseal.app import discover
from privyseal.cli.house_setup import open_house
from privyseal.cli.settings import read_settings
from privyseal.cli.web_process import make_application
from privyseal.cli.world_setup import make_world
from privyseal.doors import DoorContext
from privyseal.issuer.client import IssuerClient

settings, rooms = read_settings(Path(sys.argv[1])), discover()
opened = open_house(settings, rooms)
issuer = IssuerClient(settings.path(settings.issuer_socket))
context = DoorContext(opened.house, issuer, make_world(settings), opened.vkey, ())
application = make_application(context, rooms.doors, rooms.sites)
sent = []

async def receive():
    return {"type": "http.request", "body": b""}

async def send(message):
    sent.append(message)

import asyncio
def ask(path):
    sent.clear()
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "client": ("127.0.0.1", 1)}
    asyncio.run(application({**scope, "scheme": "https", "server": ("localhost", 1), "root_path": ""}, receive, send))
    return sent[0]["status"], b"</html>" in b"".join(message.get("body", b"") for message in sent)

page = ask(f"/o/{sys.argv[2]}/")
first = sorted(sys.modules)
document = ask("/api/v1/openapi.json")
print(json.dumps({"page": page, "modules": first, "document": document, "then": sorted(sys.modules)}))
"""

ISSUER = """
import json, sys
import privyseal.cli.commands_run, privyseal.cli.issuer_process
from privyseal.app import discover
discover(entrances=False)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture
def data(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[Path]:
    """A data directory on the embedded database: what is imported does not depend on it."""
    with closing(ServiceRig(tmp_path, template=sqlite_template)) as rig:
        rig.create_organization(ORG)
        issue_service_certificate(rig.house, rig.settings, ("localhost",))
        yield rig.settings.data


def run_code(code: str, *arguments: object) -> str:
    """What some code prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def among(names: tuple[str, ...], modules: list[str]) -> list[str]:
    """Those of the names that are imported."""
    return [name for name in names if name in modules]


def test_the_first_page_of_a_portal_needs_no_job_engine_no_rest_and_no_migrations(data: Path) -> None:
    found = json.loads(run_code(FIRST_PAGE, data, ORG))
    assert found["page"] == [200, True]
    assert among(LATER, found["modules"]) == []
    assert [name for name in found["modules"] if name.startswith("privyseal.jobs.")] == ["privyseal.jobs.counters"]
    assert found["document"] == [200, False]
    assert "fastapi" in found["then"], "the name of the package is still the right one"


def test_the_issuer_imports_nothing_of_the_web() -> None:
    assert among(("alembic", "dbos", "fastapi", "starlette", "uvicorn", "webauthn"), json.loads(run_code(ISSUER))) == []


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def web(data: Path, ports: tuple[int, int]) -> Iterator[Callable[[], Child]]:
    """Starts the web process of the service, which ends with the test."""
    environment = {"PRIVYSEAL_WEB_PORT": str(ports[0]), "PRIVYSEAL_ADMINISTRATOR_PORT": str(ports[1])}
    command = [sys.executable, "-m", "privyseal.app", "run", "web", "--data", str(data)]
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Child(command, environment=environment))


def answers(port: int, path: str) -> bool:
    try:
        return httpx2.get(f"https://127.0.0.1:{port}{path}", verify=False, timeout=60).status_code == 200
    except httpx2.HTTPError:
        return False


def test_the_work_begins_when_the_process_answers_and_ends_with_it(data: Path, ports: tuple[int, int], web: Callable[[], Child]) -> None:
    child = web()
    wait_until(lambda: answers(ports[0], f"/o/{ORG}/"), seconds=60, what="the first page")
    wait_until(lambda: any((data / "log").rglob("checkpoint")), seconds=60, what="the log is integrated")
    assert answers(ports[0], "/api/v1/openapi.json")
    assert child.terminate(seconds=60) == 0, child.output


@pytest.mark.parametrize("seconds", [0.0, 0.7, 1.5])
def test_a_process_that_is_told_to_end_while_it_starts_ends_well(ports: tuple[int, int], web: Callable[[], Child], seconds: float) -> None:
    child = web()
    wait_until(lambda: answers(ports[0], "/healthz"), seconds=60, what="it listens")
    time.sleep(seconds)
    assert child.terminate(seconds=60) == 0, child.output
    assert "Traceback" not in child.output


def test_work_that_cannot_begin_ends_the_process_with_its_reason(data: Path, web: Callable[[], Child]) -> None:
    (data / "secrets/work.passphrase").write_text("another one")
    child = web()
    assert child.wait(seconds=60) == 1
    assert "Traceback" not in child.output
    assert "passphrase" in child.output
