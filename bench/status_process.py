"""A data directory with a filled database, and the status front started on it as its own process, as in production."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from privyseal.engine.hierarchy import generate_key
from privyseal.engine.signers import encrypted_key_file
from tests.status.sample_service import SampleService

TICKS = os.sysconf("SC_CLK_TCK")


def make_data_directory(directory: Path) -> SampleService:
    """A service on SQLite with the settings, keys and passphrase that ``python -m privyseal.status`` reads."""
    service = SampleService(f"sqlite:///{directory / 'privyseal.sqlite3'}")
    passphrase = b"a passphrase of the bench"
    for folder in ("secrets", "keys", "log"):
        (directory / folder).mkdir(mode=0o700)
    secret = directory / "secrets" / "status.passphrase"
    secret.write_bytes(passphrase)
    secret.chmod(0o600)
    (directory / "privyseal.toml").write_text("", encoding="utf-8")
    rounds = encrypted_key_file.ROUNDS_FOR_RANDOM_PASSPHRASE
    encrypted_key_file.create(directory / "keys" / "ocsp-issuing.key", service.load_key("rsp-1"), passphrase, rounds=rounds)
    encrypted_key_file.create(directory / "keys" / "ocsp-administrators.key", generate_key("p256"), passphrase, rounds=rounds)
    return service


@contextlib.contextmanager
def status_process(directory: Path, port: int) -> Iterator[int]:
    """The front as a process of its own; gives its id. Does not wait until it answers."""
    command = [sys.executable, "-m", "privyseal.status", "--data", str(directory)]
    process = subprocess.Popen(command, env={**os.environ, "PRIVYSEAL_STATUS_PORT": str(port)}, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def connect(port: int, *, seconds: float = 20.0) -> socket.socket:
    """A connection to the port as soon as it is listened on."""
    end = time.monotonic() + seconds
    while True:
        connection = socket.socket()
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            connection.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.001)
        else:
            return connection


def cpu_seconds(process_id: int) -> float:
    """User and system time of a process and its ended children so far, from /proc; in steps of 10 ms."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS


def read_answer(connection: socket.socket) -> bytes:
    """One HTTP answer with a Content-Length, or up to the end of the connection; head and body."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection before it answered")
        data += more
    place = data.lower().find(b"content-length:", 0, end)
    length = int(data[place + 15 : data.index(b"\r\n", place)]) if place >= 0 else 1 << 40
    while len(data) < end + 4 + length:
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return data
