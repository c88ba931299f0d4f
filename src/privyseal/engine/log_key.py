"""The key that signs checkpoints: Ed25519, not a CA key (architecture section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privyseal.engine.signers import SigningKey
from privyseal.model.errors import Refused
from privyseal_wire.checkpoint import Checkpoint, sign_checkpoint
from privyseal_wire.note import make_vkey


@dataclass(frozen=True, slots=True)
class LogKey:
    """Signs the checkpoints of all logs of a service; a log's key name is its origin ``<host>/<log id>``."""

    key: Ed25519PrivateKey
    host: str

    def origin(self, log: str) -> str:
        """The origin of a log."""
        return f"{self.host}/{log}"

    def vkey(self, log: str) -> str:
        """The verifier key of a log, as auditors give it to their programs."""
        return log_vkey(self.host, log, self.public_hex)

    @property
    def public_hex(self) -> str:
        """The public key, 32 bytes in hex, as the service's facts keep it."""
        return self.key.public_key().public_bytes_raw().hex()

    def sign(self, log: str, size: int, root: bytes) -> str:
        """Return the signed note of a log's head."""
        return sign_checkpoint(Checkpoint(self.origin(log), size, root), self.key)


def generate_log_key() -> Ed25519PrivateKey:
    """A new checkpoint key."""
    return Ed25519PrivateKey.generate()


def require_log_key(key: SigningKey) -> Ed25519PrivateKey:
    """Return the key when it is Ed25519; raises Refused ``log-key``."""
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused("log-key", "The key of the audit log is an Ed25519 key; this file holds another kind.")
    return key


def note_sha256(note: str) -> str:
    """SHA-256 in hex of a signed note."""
    return sha256(note.encode()).hexdigest()


def log_vkey(host: str, log: str, public_hex: str) -> str:
    """The verifier key of a log from the public key that the service's facts keep."""
    return make_vkey(f"{host}/{log}", Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex)))
