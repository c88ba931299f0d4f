"""Composes CMS messages with one thing wrong, signed for real; shares no encoder with the code under test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.wire.sample_signers import Signer

DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
SIGNING_TIME = bytes.fromhex("06092a864886f70d010905")
SHA256 = bytes.fromhex("300b0609608648016503040201")
RSA = bytes.fromhex("300d06092a864886f70d0101010500")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def der(tag: int, *parts: bytes) -> bytes:
    """One element, definite length."""
    contents = b"".join(parts)
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + contents


def attribute(oid: bytes, *values: bytes) -> bytes:
    return der(0x30, oid, der(0x31, *values))


def usual_attributes(content: bytes) -> list[bytes]:
    """Content type, digest and time, unsorted."""
    return [
        attribute(MESSAGE_DIGEST, der(0x04, hashlib.sha256(content).digest())),
        attribute(CONTENT_TYPE, DATA),
        attribute(SIGNING_TIME, der(0x17, b"261122010203Z")),
    ]


def sign(signer: Signer, data: bytes) -> bytes:
    """A raw signature with SHA-256."""
    if isinstance(signer.key, rsa.RSAPrivateKey):
        return signer.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return signer.key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(slots=True)
class Parts:
    """Everything a message is made of; None for ``attributes`` leaves them out, for ``content`` makes it detached."""

    signer: Signer
    content: bytes | None
    attributes: list[bytes] | None
    signed: bytes
    version: int = 1
    signer_version: int = 1
    signer_name: bytes = b""
    digest: bytes = SHA256
    algorithm: bytes = b""
    content_type: bytes = DATA
    outer_type: bytes = SIGNED_DATA
    digests: Sequence[bytes] = (SHA256,)
    certificates: Sequence[bytes] = ()
    more_signers: Sequence[bytes] = ()
    after_signer: bytes = b""
    signature: bytes | None = None

    def signer_info(self) -> bytes:
        certificate = self.signer.certificate
        serial = certificate.serial_number
        name = der(0x30, certificate.issuer.public_bytes(), der(0x02, serial.to_bytes(serial.bit_length() // 8 + 1, "big")))
        algorithm = self.algorithm or (RSA if isinstance(self.signer.key, rsa.RSAPrivateKey) else ECDSA_SHA256)
        return der(
            0x30,
            der(0x02, bytes((self.signer_version,))),
            self.signer_name or name,
            self.digest,
            b"" if self.attributes is None else der(0xA0, *self.attributes),
            algorithm,
            der(0x04, sign(self.signer, self.signed) if self.signature is None else self.signature),
            self.after_signer,
        )

    def message(self) -> bytes:
        content = b"" if self.content is None else der(0xA0, der(0x04, self.content))
        signed_data = der(
            0x30,
            der(0x02, bytes((self.version,))),
            der(0x31, *self.digests),
            der(0x30, self.content_type, content),
            der(0xA0, *(self.certificates or (self.signer.der,))),
            der(0x31, self.signer_info(), *self.more_signers),
        )
        return der(0x30, self.outer_type, der(0xA0, signed_data))


def parts(signer: Signer, content: bytes, attributes: list[bytes] | None = None) -> Parts:
    """The parts of a good message; the attributes are sent as given and signed sorted (RFC 5652 5.4)."""
    chosen = usual_attributes(content) if attributes is None else attributes
    return Parts(signer, content, chosen, der(0x31, *sorted(chosen)))
