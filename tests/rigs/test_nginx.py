"""The nginx rig serves the certificate it was given, and the next one after a replacement."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from tests.rigs.nginx import NginxServer
from tests.rigs.ports import LOOPBACK


def self_signed(directory: Path, name: str) -> tuple[Path, Path]:
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"]
    subprocess.run([*command, "-days", "2", "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key


def served(port: int) -> str:
    return ssl.get_server_certificate((LOOPBACK, port))


def test_it_serves_what_it_was_given_and_then_the_replacement(tmp_path: Path) -> None:
    first, second = self_signed(tmp_path, "first.test"), self_signed(tmp_path, "second.test")
    with NginxServer(*first) as server:
        assert served(server.port) == first[0].read_text()
        server.replace(*second)
        assert served(server.port) == second[0].read_text()


def test_a_key_that_does_not_fit_is_told_in_nginx_own_words(tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path, "first.test")
    _, other_key = self_signed(tmp_path, "second.test")
    server = NginxServer(certificate, other_key)
    with pytest.raises(RuntimeError, match="key values mismatch"):
        server.start()
    server.close()
