"""Key files: whole or absent, closed to others, readable by openssl, and every refusal a clear sentence."""

from __future__ import annotations

import contextlib
import os
import resource
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privyseal.engine.hierarchy import KeyKind, generate_key
from privyseal.engine.signers import SigningKey
from privyseal.engine.signers.encrypted_key_file import ROUNDS, ROUNDS_FOR_RANDOM_PASSPHRASE, create, load
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused, Unavailable

PASSPHRASE = b"correct horse battery staple"
QUICK = ROUNDS_FOR_RANDOM_PASSPHRASE


def spki(key: SigningKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def kind_of(function: object, *arguments: object) -> str:
    assert callable(function)
    with pytest.raises(PrivysealError) as caught:
        function(*arguments)
    assert str(arguments[0]) in caught.value.sentence
    return caught.value.kind


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_a_key_comes_back_and_openssl_reads_the_file(tmp_path: Path, kind: KeyKind) -> None:
    key, path = generate_key(kind), tmp_path / "ca.key"
    create(path, key, PASSPHRASE)
    assert spki(load(path, PASSPHRASE)) == spki(key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["ca.key"]
    command = ["openssl", "pkey", "-in", str(path), "-passin", "stdin", "-pubout", "-outform", "DER"]
    assert subprocess.run(command, input=PASSPHRASE, capture_output=True, check=True).stdout == spki(key)
    structure = subprocess.run(["openssl", "asn1parse", "-in", str(path)], capture_output=True, check=True).stdout
    for word in (b"PBES2", b"PBKDF2", b"hmacWithSHA256", b"aes-256-cbc", f"{ROUNDS:X}".encode()):
        assert word in structure


def test_a_file_made_by_openssl_loads(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    command = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "stdin"]
    path.write_bytes(subprocess.run(command, input=PASSPHRASE, capture_output=True, check=True).stdout)
    path.chmod(0o600)
    assert isinstance(load(path, PASSPHRASE), ec.EllipticCurvePrivateKey)


def test_the_umask_does_not_widen_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create(tmp_path / "ca.key", generate_key("p256"), PASSPHRASE, rounds=QUICK)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    create(path, generate_key("p256"), PASSPHRASE, rounds=QUICK)
    before = path.read_bytes()
    with pytest.raises(Conflict, match="never overwritten"):
        create(path, generate_key("p256"), PASSPHRASE, rounds=QUICK)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["ca.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666, 0o700 | 0o001])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "ca.key"
    create(path, generate_key("p256"), PASSPHRASE, rounds=QUICK)
    path.chmod(mode)
    assert kind_of(load, path, PASSPHRASE) == "key-file-mode"
    path.chmod(0o400)
    load(path, PASSPHRASE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    create(path, generate_key("p256"), PASSPHRASE, rounds=QUICK)
    os.chown(path, 65534, 65534)
    assert kind_of(load, path, PASSPHRASE) == "key-file-owner"


@pytest.mark.parametrize("passphrase", [b"", b"wrong passphrase", PASSPHRASE + b"\n", b"correct"])
def test_a_wrong_passphrase_is_named_as_such(tmp_path: Path, passphrase: bytes) -> None:
    path = tmp_path / "ca.key"
    create(path, generate_key("p256"), PASSPHRASE, rounds=QUICK)
    assert kind_of(load, path, passphrase) == "key-file-passphrase"


def test_the_one_in_256_that_decrypts_to_well_padded_nonsense_is_a_wrong_passphrase_too(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    create(path, generate_key("p256"), PASSPHRASE, rounds=1)
    assert {kind_of(load, path, b"wrong passphrase %d" % number) for number in range(3_000)} == {"key-file-passphrase"}


def test_a_cut_file_is_not_blamed_on_the_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    create(path, generate_key("p256"), PASSPHRASE, rounds=QUICK)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[-1]]))
    assert kind_of(load, path, PASSPHRASE) == "key-file-form"


def test_a_short_passphrase_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="at least 12 bytes"):
        create(tmp_path / "ca.key", generate_key("p256"), b"hunter2", rounds=QUICK)
    assert not list(tmp_path.iterdir())


def test_a_key_that_cannot_sign_for_a_ca_is_neither_written_nor_loaded(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="signing key"):
        create(tmp_path / "ca.key", ec.generate_private_key(ec.SECP521R1()), PASSPHRASE, rounds=QUICK)
    foreign: tuple[PrivateKeyTypes, ...] = (
        x25519.X25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 1024),
    )
    for number, key in enumerate(foreign):
        path = tmp_path / f"{number}.key"
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(PASSPHRASE)))
        path.chmod(0o600)
        with pytest.raises(Refused, match=r"signing key|no encrypted private key"):
            load(path, PASSPHRASE)


def test_missing_plain_and_foreign_files_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    with pytest.raises(NotFound, match="There is no key file"):
        load(path, PASSPHRASE)
    plain = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content, kind in ((plain, "key-file-not-encrypted"), (b"", "key-file-form"), (b"x" * 70_000, "key-file-form")):
        path.write_bytes(content)
        path.chmod(0o600)
        assert kind_of(load, path, PASSPHRASE) == kind
    assert kind_of(load, tmp_path, PASSPHRASE) == "key-file-form"


def test_a_named_pipe_in_the_files_place_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca.key", 0o600)
    assert kind_of(load, tmp_path / "ca.key", PASSPHRASE) == "key-file-form"


def test_a_directory_that_is_not_there_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="could not be written"):
        create(tmp_path / "missing" / "ca.key", generate_key("p256"), PASSPHRASE, rounds=QUICK)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A limit on file sizes stands in for the full disk: the write fails half way."""
    key = generate_key("p256")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(Unavailable, match="nothing was left behind") as caught:
            create(tmp_path / "ca.key", key, PASSPHRASE, rounds=QUICK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.kind == "key-file-write"
    assert not list(tmp_path.iterdir())


def test_a_path_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ca.key"
    path.symlink_to(path)
    assert kind_of(load, path, PASSPHRASE) == "key-file-mode"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 400), replacement=st.binary(min_size=1, max_size=3))
def test_a_damaged_file_is_refused_and_never_breaks(tmp_path: Path, position: int, replacement: bytes) -> None:
    path = tmp_path / "ca.key"
    if not path.exists():
        create(path, generate_key("p256"), PASSPHRASE, rounds=QUICK)
    good = path.read_bytes()
    damaged = tmp_path / "damaged.key"
    damaged.write_bytes(good[:position] + replacement + good[position + len(replacement) :])
    damaged.chmod(0o600)
    with contextlib.suppress(Refused):
        load(damaged, PASSPHRASE)
