"""``seal key new``."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from privyseal_agent.keys import private_key
from tests.agent.conftest import Rig


def test_a_key_and_its_csr(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = rig.seal("key", "new", "www.acme.test", "acme.test", "--json")
    assert told.status == 0
    assert (told.json["key"], told.json["csr"]) == ("www.acme.test.key", "www.acme.test.csr")
    assert stat.S_IMODE((tmp_path / "www.acme.test.key").stat().st_mode) == 0o600
    assert (tmp_path / "www.acme.test.csr").read_text() == told.json["csr_pem"]
    before = (tmp_path / "www.acme.test.key").read_bytes()
    assert rig.seal("key", "new", "www.acme.test").status == 2
    (tmp_path / "www.acme.test.csr").unlink()
    again = rig.seal("key", "new", "www.acme.test")
    assert again.status == 1
    assert "is not overwritten" in again.err
    assert (tmp_path / "www.acme.test.key").read_bytes() == before


def test_names_kinds_and_passphrases(rig: Rig, tmp_path: Path) -> None:
    phrase = tmp_path / "phrase"
    phrase.touch(mode=0o600)
    phrase.write_text("correct horse battery")
    files = ("--key", str(tmp_path / "k"), "--csr", str(tmp_path / "c"))
    told = rig.seal("key", "new", "*.acme.test", "--algorithm", "rsa2048", "--passphrase-file", str(phrase), *files)
    assert told.status == 0
    assert "encrypted, readable by you alone" in told.out
    assert private_key.load(tmp_path / "k", "correct horse battery").key_size == 2048
    assert rig.seal("key", "new", "--algorithm", "p256", *files).status == 2
    assert rig.seal("key", "new", "a b", *files).status == 1
    assert rig.seal("key", "new", "acme.test", "--algorithm", "dsa").status == 2
