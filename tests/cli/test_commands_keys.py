"""`privyseal key block`: a published list takes effect at every entrance, and finds what was certified before. Both databases."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from privyseal.cli import commands_keys
from privyseal.model.certificate import Certificate, CertificateState
from privyseal.model.errors import BadRequest, Refused
from privyseal.model.revocation import RevocationReason
from privyseal.store import audit, certificates, revocations
from tests.rigs.operator import run_command
from tests.rigs.service import AdministratorRig, ServiceRig, SubjectKey, make_csr, make_key
from tests.vectors.known_keys import DEBIAN_KEY, DEBIAN_KEY_SHA256

ORG = "resource-marketing"
NAME = "www.resource-marketing.test"
SOURCE = ("--source", "Debian's generator, CVE-2008-0166")


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    service.create_organization()
    return service.administrator(ORG)


def digest(key: SubjectKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def blocked(service: ServiceRig, key: str) -> str | None:
    with service.house.database.read(service.clock()) as tx:
        return revocations.blocked_reason(tx, key)


def entries(service: ServiceRig, action: str) -> list[dict[str, Any]]:
    with service.house.database.read(service.clock()) as tx:
        found = [json.loads(row.entry) for row in tx.execute(sa.select(audit.entries.c.entry).order_by(audit.entries.c.id))]
    return [entry for entry in found if entry["action"] == action]


def test_a_folder_is_read_and_its_keys_are_certified_no_more(
    service: ServiceRig, admin: AdministratorRig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, listed = make_key(), tmp_path / "lists" / "amd64"
    listed.mkdir(parents=True)
    (listed / "0.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (listed / "1.key").write_bytes(DEBIAN_KEY)
    (listed / "README").write_text("Keys of a faulty generator.\n")
    run_command(service, "key", "block", str(tmp_path / "lists"), *SOURCE)
    shown = capsys.readouterr().out.splitlines()
    readme, counted, none = shown
    assert readme.endswith("README (1 of 1)")
    assert (counted, none) == ("2 of 2 keys, 2 of them new", "No valid certificate has one of these keys.")
    assert blocked(service, DEBIAN_KEY_SHA256) == revocations.KEY_LISTED
    with pytest.raises(Refused) as refused:
        service.submit(ORG, make_csr([NAME], key))
    assert refused.value.kind == "key-blocked"
    run_command(service, "key", "block", str(tmp_path / "lists"), *SOURCE)
    assert "2 of 2 keys, 0 of them new" in capsys.readouterr().out
    first, again = entries(service, "block-keys")
    assert (first["log"], first["actor"]["kind"], first["object"]["id"]) == ("provider", "operator", SOURCE[1])
    both = "".join(f"{each}\n" for each in sorted((digest(key), DEBIAN_KEY_SHA256)))
    assert first["object"]["sha256"] == again["object"]["sha256"] == hashlib.sha256(both.encode()).hexdigest()
    assert (first["reason"], again["reason"]) == ("2 of 2 new", "0 of 2 new")


def test_what_has_such_a_key_is_named_and_revoked_where_that_was_asked_for(
    service: ServiceRig, admin: AdministratorRig, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands_keys, "KEYS_AT_ONCE", 2)
    key, listed = make_key(), tmp_path / "hashes.txt"
    certificate, other = service.issue(ORG, admin, [NAME], key), service.issue(ORG, admin, [NAME])
    listed.write_text("".join(f"{each}\n" for each in ("0" * 64, digest(key), "e" * 64, "f" * 64, "1" * 64)))
    run_command(service, "key", "block", str(listed), *SOURCE)
    shown = capsys.readouterr().out
    assert f"valid  {certificate.serial_hex}  {ORG}  {NAME}\n" in shown
    assert "run this again with --revoke" in shown
    assert shown.count(" of 5 keys") == 3
    assert other.serial_hex not in shown
    assert state(service, certificate) == (CertificateState.VALID, None)
    run_command(service, "key", "block", str(listed), *SOURCE, "--revoke")
    assert f"revoked  {certificate.serial_hex}  {ORG}  {NAME}\n" in capsys.readouterr().out
    assert state(service, certificate) == (CertificateState.REVOKED, RevocationReason.KEY_COMPROMISE.code)
    assert state(service, other) == (CertificateState.VALID, None)
    [entry] = entries(service, "revoke-certificate")
    assert (entry["actor"]["kind"], entry["reason"]) == ("operator", "keyCompromise")
    run_command(service, "key", "block", str(listed), *SOURCE, "--revoke")
    assert "No valid certificate has one of these keys." in capsys.readouterr().out


def state(service: ServiceRig, certificate: Certificate) -> tuple[CertificateState, int | None]:
    with service.house.database.read(service.clock()) as tx:
        found = certificates.get(tx, certificate.id)
    assert found is not None
    return found.state, found.revocation_reason


def test_what_is_no_list_blocks_nothing(service: ServiceRig, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("no key here")
    (tmp_path / "empty").mkdir()
    for named_list in ("notes", "missing", "empty"):
        with pytest.raises(BadRequest):
            run_command(service, "key", "block", str(tmp_path / named_list), *SOURCE)
    (tmp_path / "hash").write_text("a" * 64)
    for source in (" ", "x" * 101, "two\nlines"):
        with pytest.raises(Refused):
            run_command(service, "key", "block", str(tmp_path / "hash"), "--source", source)
    assert blocked(service, "a" * 64) is None
