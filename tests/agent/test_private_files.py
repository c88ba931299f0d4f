"""Files that seal reads and writes."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from privyseal_agent.errors import Refused
from privyseal_agent.private_files import MAX_FILE_BYTES, read_secret, read_text, write_file


def private(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"secret", b"secret\n", b"secret\r\n"])
def test_a_secret_is_one_line(tmp_path: Path, content: bytes) -> None:
    assert read_secret(private(tmp_path / "s", content), "a secret") == "secret"


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n"])
def test_what_is_no_secret(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refused, match="as its only line"):
        read_secret(private(tmp_path / "s", content), "a secret")


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = private(tmp_path / "s", b"secret")
    path.chmod(0o644)
    with pytest.raises(Refused, match="Run: chmod 600"):
        read_secret(path, "a secret")


def test_a_secret_may_come_through_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o644)
    writer = threading.Thread(target=lambda: path.write_bytes(b"secret\n"))
    writer.start()
    assert read_secret(path, "a secret") == "secret"
    writer.join()


def test_other_encodings_and_sizes(tmp_path: Path) -> None:
    assert read_text(private(tmp_path / "bom", b"\xef\xbb\xbftext"), "a text") == "text"
    with pytest.raises(Refused, match="is not text in UTF-8"):
        read_text(private(tmp_path / "utf16", "text".encode("utf-16")), "a text")
    with pytest.raises(Refused, match="more than"):
        read_text(private(tmp_path / "large", b"x" * (MAX_FILE_BYTES + 1)), "a text")


def test_writing_replaces_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    with pytest.raises(Refused, match="not overwritten"):
        write_file(path, b"two")
    assert path.read_bytes() == b"one"
    write_file(path, b"two", overwrite=True)
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        write_file(tmp_path / "missing" / "file", b"one")
