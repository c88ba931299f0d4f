"""Who may call the issuer: its own user alone, or one group where it is a user of its own. Real users, real sockets."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.issuer.evidence import Evidence
from privyseal.issuer.server import IssuerServer
from privyseal.store import audit
from privyseal.store.log_files import LogFiles
from tests.rigs.service import ServiceRig, ServiceTemplate

GROUP, GROUP_ID = "nogroup", 65534
WEB, STRANGER = 64003, 64005

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")


@pytest.fixture
def service(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[ServiceRig]:
    rig = ServiceRig(tmp_path, template=sqlite_template)
    yield rig
    rig.close()


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user may pass through."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def can_call(path: Path, user: int, group: int) -> bool:
    """Whether a process of this user and group, and of no other, gets through to the socket."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            with socket.socket(socket.AF_UNIX) as call:
                call.connect(str(path))
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(("group", "web_may"), [(GROUP, True), ("", False)])
def test_only_the_named_group_may_call(service: ServiceRig, place: Path, group: str, *, web_may: bool) -> None:
    path = place / "issuer.sock"
    files = LogFiles(place / "log", ())
    server = IssuerServer(service.house, service.keys, path, Evidence(service.house, service.log_key.vkey, files), socket_group=group)
    server.start()
    try:
        assert can_call(path, WEB, GROUP_ID) is web_may
        assert not can_call(path, STRANGER, STRANGER)
        assert can_call(path, 0, 0)
    finally:
        server.stop()


def test_the_public_files_of_the_logs_are_readable_whatever_the_umask(service: ServiceRig, place: Path) -> None:
    before = os.umask(0o077)
    try:
        service.integrate()
        files = LogFiles(place / "log", (place / "copies",))
        with service.house.database.read(service.clock()) as tx:
            logs = audit.newest_checkpoints(tx)
            for log, (size, note) in logs.items():
                files.write(log, size, note, lambda level, index, log=log: audit.node(tx, log, level, index))  # type: ignore[misc]
    finally:
        os.umask(before)
    assert logs
    for path in (place / "log").rglob("*"):
        wanted = 0o755 if path.is_dir() else 0o644
        assert path.stat().st_mode & 0o777 == wanted, path
