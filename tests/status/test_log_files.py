"""Checkpoints and tiles over HTTP, written by the store's own code, and what must stay inside."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.store.log_files import LogFiles
from tests.status.conftest import settings_for
from tests.status.running_front import RunningFront
from tests.status.sample_service import SampleService

NOTE = "status.example.test/provider\n600\nAAAA\n\n\u2014 status.example.test/provider AAAA\n"


@pytest.fixture
def log_directory(tmp_path: Path) -> Path:
    """A log of 600 entries, as the sequencer writes it; the hashes are any."""
    directory = tmp_path / "logs"
    LogFiles(directory, ()).write("provider", 600, NOTE, lambda level, index: hashlib.sha256(f"{level} {index}".encode()).digest())
    return directory


@pytest.fixture
def log_front(sqlite_service: SampleService, log_directory: Path) -> Iterator[RunningFront]:
    with RunningFront(settings_for(sqlite_service, log_directory=log_directory)) as front:
        yield front


def test_checkpoint_and_tiles_are_served(log_front: RunningFront, log_directory: Path) -> None:
    checkpoint = log_front.get("/log/provider/checkpoint")
    assert (checkpoint.status, checkpoint.body) == (200, NOTE.encode())
    assert checkpoint.fields["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.fields["cache-control"] == "no-cache"
    assert log_front.get("/log/provider/checkpoint", f"If-None-Match: {checkpoint.fields['etag']}").status == 304
    files = [path for path in (log_directory / "provider" / "tile").rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        reply = log_front.get(f"/log/{path.relative_to(log_directory)}")
        assert (reply.status, reply.body) == (200, path.read_bytes())
        assert "immutable" in reply.fields["cache-control"]


def test_what_is_not_there(log_front: RunningFront, sqlite_front: RunningFront) -> None:
    for path in ("/log/nobody/checkpoint", "/log/provider/tile/0/009", "/log/provider/tile/0/000/000", "/log/provider/tile/9/000"):
        assert log_front.get(path).status == 404
    assert sqlite_front.get("/log/provider/checkpoint").status == 404


def test_links_pipes_folders_and_large_files_are_not_served(log_front: RunningFront, log_directory: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    (secret / "tile" / "0").mkdir(parents=True)
    (secret / "checkpoint").write_text("secret", encoding="ascii")
    (secret / "tile" / "0" / "000").write_text("secret", encoding="ascii")
    (log_directory / "linked").symlink_to(secret)
    (log_directory / "half").mkdir()
    (log_directory / "half" / "tile").symlink_to(secret / "tile")
    (log_directory / "half" / "checkpoint").symlink_to(secret / "checkpoint")
    (log_directory / "odd" / "tile" / "0" / "000").mkdir(parents=True)
    os.mkfifo(log_directory / "odd" / "checkpoint")
    (log_directory / "odd" / "tile" / "0" / "001").write_bytes(bytes(70_000))
    paths = [
        "linked/checkpoint",
        "linked/tile/0/000",
        "half/tile/0/000",
        "half/checkpoint",
        "odd/checkpoint",
        "odd/tile/0/000",
        "odd/tile/0/001",
    ]
    assert [log_front.get(f"/log/{path}").status for path in paths] == [404] * len(paths)


def test_before_the_first_entry_there_is_no_directory(sqlite_service: SampleService, tmp_path: Path) -> None:
    with RunningFront(settings_for(sqlite_service, log_directory=tmp_path / "none")) as front:
        assert front.get("/log/provider/checkpoint").status == 404


def test_a_directory_that_cannot_be_read_is_503_with_a_sentence(sqlite_service: SampleService, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory", encoding="ascii")
    with RunningFront(settings_for(sqlite_service, log_directory=tmp_path / "file")) as front:
        reply = front.get("/log/provider/checkpoint")
    assert (reply.status, "retry-after" in reply.fields) == (503, True)
    assert reply.body.decode().strip().endswith(".")
