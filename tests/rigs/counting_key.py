"""A CA key that counts what it signed, so that a test can say: nothing was signed."""

from __future__ import annotations

from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.utils import Buffer

from privyseal.engine.signers import SigningKey
from privyseal.model.identifiers import AuthorityId
from tests.rigs.service import ServiceRig


class CountingKey(ec.EllipticCurvePrivateKey):
    """pyca's own class around another key, as a token's key would be."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.signatures = 0

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Count and sign."""
        self.signatures += 1
        return self._key.sign(data, signature_algorithm)

    @property
    def curve(self) -> ec.EllipticCurve:
        """The inner key's."""
        return self._key.curve

    @property
    def key_size(self) -> int:
        """The inner key's."""
        return self._key.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The inner key's."""
        return self._key.public_key()

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Not for signing keys."""
        raise NotImplementedError

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """A token gives none."""
        raise NotImplementedError

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,  # noqa: A002 - pyca's own signature
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> bytes:
        """A token gives none."""
        raise NotImplementedError

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self


def count_signatures(service: ServiceRig) -> CountingKey:
    """Put a counting key in the place of the issuing CA's key."""
    authority_id: AuthorityId = service.house.issuing.id
    inner = service.keys[authority_id]
    assert isinstance(inner, ec.EllipticCurvePrivateKey)
    counting = CountingKey(inner)
    keys: dict[AuthorityId, SigningKey] = {**service.keys, authority_id: counting}
    service.keys = keys
    return counting
