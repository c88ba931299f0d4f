"""Signing keys in files: PKCS #8, encrypted under a passphrase with PBES2, readable by their owner alone.

The issuer process creates and loads CA keys here, the status front its delegated OCSP key. Any PKCS #8 reader opens the
files (``openssl pkey -in FILE``). pyca's own writer fixes PBKDF2 at 2,048 rounds, which is too few for a passphrase that
a person chose, so the EncryptedPrivateKeyInfo is written here and read by pyca.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from privyseal.engine import der
from privyseal.engine.signers import SigningKey, signature_algorithm
from privyseal.model.errors import BadRequest, Conflict, NotFound, Refused, Unavailable

ROUNDS = 210_000
"""PBKDF2-HMAC-SHA256 rounds for a passphrase that a person may have chosen: 0.1 to 0.2 s of CPU for each guess."""

ROUNDS_FOR_RANDOM_PASSPHRASE = 2_048
"""Enough for a passphrase of 128 random bits and more, which nobody guesses; for processes that must start at once."""

MIN_PASSPHRASE_BYTES = 12
FILE_MODE = 0o600
MAX_FILE_BYTES = 64 * 1024

_PEM_BEGIN = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
_PEM_END = b"-----END ENCRYPTED PRIVATE KEY-----\n"


def create(path: Path, key: SigningKey, passphrase: bytes, *, rounds: int = ROUNDS) -> None:
    """Writes ``key`` to ``path`` in one step: after a crash the file is complete or absent; mode 0600, synced to disk.

    An existing file is never replaced, because it may hold the only copy of a CA key. Raises Conflict kind
    ``key-file-exists``, Refused kinds ``passphrase-too-short`` and ``signing-key``, Unavailable kind ``key-file-write``
    if the disk refuses.
    """
    if len(passphrase) < MIN_PASSPHRASE_BYTES:
        raise Refused(
            "passphrase-too-short",
            f"The passphrase of a key file has at least {MIN_PASSPHRASE_BYTES} bytes; make one with `openssl rand -base64 32`.",
        )
    signature_algorithm(key)
    content = _encrypt(key, passphrase, rounds)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_synced(temporary, content)
        try:
            # A link and not a rename: a rename would replace a key that somebody else wrote in the meantime.
            os.link(temporary, path)
        finally:
            temporary.unlink()
        _sync_directory(path.parent)
    except FileExistsError:
        sentence = f"{path} exists already and a key file is never overwritten; choose another name or move the old file away."
        raise Conflict("key-file-exists", sentence) from None
    except OSError as error:
        sentence = f"The key file {path} could not be written ({error.strerror}); nothing was left behind. Make room and rights, try again."
        raise Unavailable("key-file-write", sentence) from error


def load(path: Path, passphrase: bytes) -> SigningKey:
    """The key in ``path``, fully checked. Call it once per process: an RSA key costs 37 ms to 0.3 s of CPU to load.

    Raises NotFound kind ``key-file-missing``; Refused kinds ``key-file-owner``, ``key-file-mode`` (group or others may
    read or write it), ``key-file-form``, ``key-file-not-encrypted``, ``key-file-passphrase`` and ``signing-key``.
    """
    content = _read_private(path)
    if b"-----BEGIN ENCRYPTED PRIVATE KEY-----" not in content:
        if b"PRIVATE KEY-----" in content:
            raise Refused("key-file-not-encrypted", f"The key in {path} is not encrypted; `openssl pkcs8 -topk8` encrypts it.")
        raise _no_key_file(path)
    if not passphrase:
        raise _wrong_passphrase(path)
    try:
        key = serialization.load_pem_private_key(content, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # A wrong passphrase ends in one of 256 times in well padded nonsense, which pyca reports as no key: the outer form decides.
        raise (_wrong_passphrase(path) if _is_encrypted_private_key_info(content) else _no_key_file(path)) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise _no_key_file(path)
    signature_algorithm(key)
    return key


def _is_encrypted_private_key_info(pem: bytes) -> bool:
    """An algorithm and an octet string of whole AES blocks (RFC 5958 3), whatever stands inside."""
    text = pem.partition(_PEM_BEGIN.strip())[2].partition(_PEM_END.strip())[0]
    try:
        _, encrypted = der.children(base64.b64decode(b"".join(text.split()), validate=True))
        octets = encrypted[der.read_header(encrypted).start :]
    except (BadRequest, ValueError):
        return False
    return encrypted[:1] == b"\x04" and len(octets) % 16 == 0


def _read_private(path: Path) -> bytes:
    try:
        # O_NONBLOCK: a named pipe in the file's place must not hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NotFound("key-file-missing", f"There is no key file {path}; check the path, or restore it from the backup.") from None
    except OSError as error:
        sentence = f"The key file {path} cannot be opened ({error.strerror}); this process's user must own it and be able to read it."
        raise Refused("key-file-mode", sentence) from None
    try:
        # The open file is judged, not the path, so that it cannot be exchanged in between.
        _require_private(path, os.fstat(descriptor))
        return os.read(descriptor, MAX_FILE_BYTES)
    finally:
        os.close(descriptor)


def _require_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
        raise _no_key_file(path)
    if status.st_uid != os.geteuid():
        raise Refused(
            "key-file-owner",
            f"The key file {path} belongs to user {status.st_uid}, but this process runs as user {os.geteuid()}; "
            "whoever owns a key file can exchange it. Give it to the user that runs the process (chown).",
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise Refused("key-file-mode", f"Others may use the key file {path} (mode {mode:04o}); run `chmod 600` on it.")


def _encrypt(key: SigningKey, passphrase: bytes, rounds: int) -> bytes:
    """EncryptedPrivateKeyInfo (RFC 5958 3) by PBES2 (RFC 8018 6.2): PBKDF2-HMAC-SHA256, AES-256-CBC; as PEM."""
    salt, initial_vector = os.urandom(16), os.urandom(16)
    plain = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret = PBKDF2HMAC(hashes.SHA256(), 32, salt, rounds).derive(passphrase)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(initial_vector)).encryptor()
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    hmac_sha256 = der.sequence(der.object_identifier("1.2.840.113549.2.9"), der.NULL)
    pbkdf2 = der.sequence(
        der.object_identifier("1.2.840.113549.1.5.12"), der.sequence(der.octet_string(salt), der.integer(rounds), hmac_sha256)
    )
    aes256_cbc = der.sequence(der.object_identifier("2.16.840.1.101.3.4.1.42"), der.octet_string(initial_vector))
    pbes2 = der.sequence(der.object_identifier("1.2.840.113549.1.5.13"), der.sequence(pbkdf2, aes256_cbc))
    text = base64.b64encode(der.sequence(pbes2, der.octet_string(encrypted)))
    return _PEM_BEGIN + b"".join(text[i : i + 64] + b"\n" for i in range(0, len(text), 64)) + _PEM_END


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _no_key_file(path: Path) -> Refused:
    return Refused("key-file-form", f"{path} is no encrypted private key in PEM (PKCS #8); restore it from the backup.")


def _wrong_passphrase(path: Path) -> Refused:
    return Refused(
        "key-file-passphrase",
        f"The passphrase does not open the key file {path}, or its content is damaged; check the passphrase file of this key.",
    )
