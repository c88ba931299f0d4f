"""Private keys in files, read back here and by openssl."""

from __future__ import annotations

import os
import ssl
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from privyseal_agent.errors import Refused
from privyseal_agent.keys import private_key
from privyseal_agent.keys.csr import make_csr

PASSPHRASE = "correct horse battery"


def spki(key: private_key.PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("algorithm", ["p256", "p384", "rsa2048"])
def test_a_key_is_written_for_its_owner_alone_and_read_back(tmp_path: Path, algorithm: private_key.Algorithm) -> None:
    path = tmp_path / "server.key"
    key = private_key.generate(algorithm)
    old = os.umask(0)
    try:
        private_key.save(path, key, None, os.urandom)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert spki(private_key.load(path, None)) == spki(key)
    assert spki(private_key.load(path, PASSPHRASE)) == spki(key)  # A passphrase too many does no harm.
    assert list(tmp_path.iterdir()) == [path]


def test_kinds_of_keys() -> None:
    assert isinstance(private_key.generate("p256"), ec.EllipticCurvePrivateKey)
    for algorithm, bits in (("rsa3072", 3072), ("rsa4096", 4096)):
        key = private_key.generate(algorithm)  # type: ignore[arg-type]
        assert isinstance(key, rsa.RSAPrivateKey)
        assert key.key_size == bits
        assert key.public_key().public_numbers().e == 65537


def test_openssl_and_tls_read_an_encrypted_key(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    key = private_key.generate("p256")
    private_key.save(path, key, PASSPHRASE, os.urandom)
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()
    assert spki(private_key.load(path, PASSPHRASE)) == spki(key)
    command = ["openssl", "pkey", "-in", str(path), "-passin", f"pass:{PASSPHRASE}", "-pubout", "-outform", "DER"]
    assert subprocess.run(command, capture_output=True, check=True, timeout=30).stdout == spki(key)
    structure = subprocess.run(["openssl", "asn1parse", "-in", str(path)], capture_output=True, text=True, check=True, timeout=30).stdout
    for part in ("PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", f"{private_key.ROUNDS:X}"):
        assert part in structure
    with pytest.raises(ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path, path, "another passphrase")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    path.write_text("the only copy")
    with pytest.raises(Refused, match="exists already and is not overwritten"):
        private_key.save(path, private_key.generate("p256"), None, os.urandom)
    assert path.read_text() == "the only copy"
    assert list(tmp_path.iterdir()) == [path]


def test_short_passphrases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="fewer than 12 characters"):
        private_key.save(tmp_path / "k", private_key.generate("p256"), "short", os.urandom)
    assert not list(tmp_path.iterdir())


def write_private(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "server.key"
    private_key.save(path, private_key.generate("p256"), None, os.urandom)
    path.chmod(mode)
    with pytest.raises(Refused, match=f"mode {mode:04o}") as caught:
        private_key.load(path, None)
    assert caught.value.kind == "file-mode"


def test_wrong_and_missing_passphrases(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    private_key.save(path, private_key.generate("p256"), PASSPHRASE, os.urandom)
    with pytest.raises(Refused, match="is encrypted"):
        private_key.load(path, None)
    with pytest.raises(Refused, match="does not open"):
        private_key.load(path, "another passphrase")


def test_what_is_no_key(tmp_path: Path) -> None:
    csr = write_private(tmp_path / "a.csr", make_csr(private_key.generate("p256"), ["www.acme.test"]))
    with pytest.raises(Refused, match="is no private key in PEM"):
        private_key.load(csr, None)
    garbage = write_private(tmp_path / "b.key", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
    with pytest.raises(Refused, match="does not open"):
        private_key.load(garbage, PASSPHRASE)
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(Refused, match="RSA and EC keys"):
        private_key.load(write_private(tmp_path / "c.key", other), None)
    with pytest.raises(Refused, match="There is no file"):
        private_key.load(tmp_path / "d.key", None)
    with pytest.raises(Refused, match="cannot be read"):
        private_key.load(tmp_path, None)
