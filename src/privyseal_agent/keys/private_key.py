"""Private keys of this computer: made here, kept in a file that nobody else can read, never sent anywhere (A49).

Files are PKCS #8 in PEM, as ``openssl pkey`` reads them, and encrypted on wish.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from privyseal_agent.errors import Refused
from privyseal_agent.keys.pyca import UNREADABLE
from privyseal_agent.private_files import PRIVATE_MODE, read_file, write_file
from privyseal_wire.ber import encode_tlv

Algorithm: TypeAlias = Literal["p256", "p384", "rsa2048", "rsa3072", "rsa4096"]
"""Keys that ``seal key new`` makes; P-256 is the default of the house."""

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)
ROUNDS: Final = 210_000
"""PBKDF2-HMAC-SHA256 rounds for a passphrase that a person may have chosen; pyca's own writer fixes 2,048."""

MIN_PASSPHRASE_CHARACTERS: Final = 12

_INTEGER, _OCTET_STRING, _SEQUENCE = 0x02, 0x04, 0x30
_DER_NULL: Final = bytes.fromhex("0500")
_DER_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")  # 1.2.840.113549.1.5.13
_DER_PBKDF2: Final = bytes.fromhex("06092a864886f70d01050c")  # 1.2.840.113549.1.5.12
_DER_HMAC_SHA256: Final = bytes.fromhex("06082a864886f70d0209")  # 1.2.840.113549.2.9
_DER_AES256_CBC: Final = bytes.fromhex("060960864801650304012a")  # 2.16.840.1.101.3.4.1.42


def generate(algorithm: Algorithm) -> PrivateKey:
    """Return a new private key."""
    if algorithm.startswith("rsa"):
        return rsa.generate_private_key(65537, int(algorithm.removeprefix("rsa")))
    return ec.generate_private_key(ec.SECP384R1() if algorithm == "p384" else ec.SECP256R1())


def save(path: Path, key: PrivateKey, passphrase: str | None, random_bytes: Callable[[int], bytes]) -> None:
    """Write the key with mode 0600, encrypted when there is a passphrase.

    Raises Refused ``file-exists`` (a key is never overwritten), ``file-write``, ``passphrase-too-short``.
    """
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE_CHARACTERS:
        sentence = f"The passphrase has fewer than {MIN_PASSPHRASE_CHARACTERS} characters. Take a longer one, such as four random words."
        raise Refused("passphrase-too-short", sentence)
    plain = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    content = _pem("PRIVATE KEY", plain) if passphrase is None else _encrypt(plain, passphrase, random_bytes)
    write_file(path, content, mode=PRIVATE_MODE)


def load(path: Path, passphrase: str | None) -> PrivateKey:
    """Return the RSA or EC key in a PEM file that nobody else can read.

    Raises Refused: the kinds of private_files, ``key-passphrase`` when it is missing or wrong, ``key-form`` when the
    file is no private key of these kinds.
    """
    content = read_file(path, "the private key", private=True)
    secret = passphrase.encode() if passphrase is not None and b"ENCRYPTED" in content else None
    try:
        key = serialization.load_pem_private_key(content, secret)
    except TypeError as error:
        raise Refused("key-passphrase", f"The private key {path} is encrypted. Give its passphrase with --passphrase-file.") from error
    except UNREADABLE as error:
        if secret is not None:
            raise Refused("key-passphrase", f"The passphrase does not open the private key {path}, or the file is damaged.") from error
        raise Refused("key-form", f"The file {path} is no private key in PEM. Check that it is not the certificate.") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Refused("key-form", f"The private key {path} is of a kind that an Administrator ID does not have. RSA and EC keys are used.")
    return key


def _encrypt(plain: bytes, passphrase: str, random_bytes: Callable[[int], bytes]) -> bytes:
    # EncryptedPrivateKeyInfo (RFC 5958 3) by PBES2 (RFC 8018 6.2): PBKDF2-HMAC-SHA256, AES-256-CBC.
    salt, initial_vector = random_bytes(16), random_bytes(16)
    secret = PBKDF2HMAC(hashes.SHA256(), 32, salt, ROUNDS).derive(passphrase.encode())
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(initial_vector)).encryptor()
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    rounds = encode_tlv(_INTEGER, ROUNDS.to_bytes(3))  # Its highest bit is clear, so it is positive as it stands.
    hmac = encode_tlv(_SEQUENCE, _DER_HMAC_SHA256, _DER_NULL)
    derivation = encode_tlv(_SEQUENCE, _DER_PBKDF2, encode_tlv(_SEQUENCE, encode_tlv(_OCTET_STRING, salt), rounds, hmac))
    cipher = encode_tlv(_SEQUENCE, _DER_AES256_CBC, encode_tlv(_OCTET_STRING, initial_vector))
    scheme = encode_tlv(_SEQUENCE, _DER_PBES2, encode_tlv(_SEQUENCE, derivation, cipher))
    return _pem("ENCRYPTED PRIVATE KEY", encode_tlv(_SEQUENCE, scheme, encode_tlv(_OCTET_STRING, encrypted)))


def _pem(label: str, der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()
