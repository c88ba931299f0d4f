"""The one way to a signature: any private key object of pyca's abstract classes, and the algorithms we use with it.

Encrypted key files, PKCS#11 tokens and cloud keys look alike here, because each is (a subclass of) pyca's own class and
therefore also accepted by pyca's builders. Keys are loaded once per process: loading an RSA key costs 37 ms and more,
a signature 0.25 ms.
"""

from __future__ import annotations

import enum
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from privyseal.engine import der
from privyseal.model.errors import Refused, Unavailable

SigningKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
"""Private keys that sign certificates, CRLs and OCSP answers."""

VerifyingKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
"""Their public counterparts."""


class SignatureAlgorithm(enum.Enum):
    """Signature algorithms, each with its AlgorithmIdentifier in DER.

    RFC 5758 3.2 wants no parameters for ECDSA, RFC 8410 3 none for Ed25519, RFC 4055 5 a NULL for PKCS #1 v1.5.
    """

    ECDSA_SHA256 = der.sequence(der.object_identifier("1.2.840.10045.4.3.2"))
    ECDSA_SHA384 = der.sequence(der.object_identifier("1.2.840.10045.4.3.3"))
    RSA_SHA256 = der.sequence(der.object_identifier("1.2.840.113549.1.1.11"), der.NULL)
    ED25519 = der.sequence(der.object_identifier("1.3.101.112"))

    @property
    def identifier(self) -> bytes:
        """The AlgorithmIdentifier as it stands in certificates, CRLs and OCSP answers."""
        return self.value


# Made once: constructing them costs as much as a tenth of a P-256 signature.
_SHA256 = hashes.SHA256()
_SHA384 = hashes.SHA384()
_ECDSA = {SignatureAlgorithm.ECDSA_SHA256: ec.ECDSA(_SHA256), SignatureAlgorithm.ECDSA_SHA384: ec.ECDSA(_SHA384)}
_PKCS1V15 = padding.PKCS1v15()
_CURVES = {"secp256r1": SignatureAlgorithm.ECDSA_SHA256, "secp384r1": SignatureAlgorithm.ECDSA_SHA384}
MIN_RSA_BITS = 2048


def signature_algorithm(key: SigningKey | VerifyingKey) -> SignatureAlgorithm:
    """The algorithm that a key signs with: SHA-256 for P-256 and RSA, SHA-384 for P-384, Ed25519 as it is.

    Raises Refused kind ``signing-key`` for other curves, RSA under 2048 bits and other kinds of keys.
    """
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return SignatureAlgorithm.RSA_SHA256
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return SignatureAlgorithm.ED25519
    sentence = "A signing key is RSA with at least 2048 bits, P-256, P-384 or Ed25519; this one is not. Use another key."
    raise Refused("signing-key", sentence)


def signature_hash(key: SigningKey | VerifyingKey) -> hashes.SHA256 | hashes.SHA384 | None:
    """The hash that pyca's builders want beside ``key``; None for Ed25519. Raises as ``signature_algorithm``."""
    algorithm = signature_algorithm(key)
    if algorithm is SignatureAlgorithm.ED25519:
        return None
    return _SHA384 if algorithm is SignatureAlgorithm.ECDSA_SHA384 else _SHA256


def sign(message: bytes, key: SigningKey, public_key: VerifyingKey) -> bytes:
    """Signature of ``key`` over ``message``, verified by ``public_key`` before it is returned.

    The public key is the one that relying parties will use, i.e. the one in the CA's certificate: a broken token and a
    key file of another CA are both found here. Raises Unavailable kind ``signature`` if the signature does not verify,
    Refused kind ``signing-key`` as ``signature_algorithm``.
    """
    algorithm = signature_algorithm(key)
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(message, _PKCS1V15, _SHA256)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(message, _ECDSA[algorithm])
    else:
        signature = key.sign(message)
    require_valid(message, signature, public_key)
    return signature


def require_valid(message: bytes, signature: bytes, public_key: VerifyingKey) -> None:
    """Verifies a signature that one of our own keys just made. Raises Unavailable kind ``signature``."""
    try:
        verify(message, signature, public_key)
    except InvalidSignature:
        sentence = (
            "The signing key returned a signature that the CA's own certificate does not verify, so nothing was issued. "
            "Check that the key belongs to this CA and that its token works."
        )
        raise Unavailable("signature", sentence) from None


def verify(message: bytes, signature: bytes, public_key: VerifyingKey) -> None:
    """Verifies ``signature`` over ``message`` with the algorithm of ``public_key``.

    Raises cryptography's InvalidSignature if it does not verify.
    """
    if isinstance(public_key, rsa.RSAPublicKey):
        public_key.verify(signature, message, _PKCS1V15, _SHA256)
    elif isinstance(public_key, ec.EllipticCurvePublicKey):
        public_key.verify(signature, message, _ECDSA[signature_algorithm(public_key)])
    else:
        public_key.verify(signature, message)
