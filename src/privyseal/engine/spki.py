"""Public and private keys as bytes, for keys of ours."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from privyseal.engine.signers import SigningKey, VerifyingKey
from privyseal.model.errors import Refused


def spki_of(key: SigningKey) -> bytes:
    """The SubjectPublicKeyInfo of a key in DER (RFC 5280 4.1.2.7)."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def private_key_pem(key: SigningKey) -> bytes:
    """Unencrypted PKCS #8 in PEM, for a TLS server's own key file, which is 0600 (docs/secrets.md)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_key_of(certificate_der: bytes) -> VerifyingKey:
    """The public key of a certificate of ours; raises Refused ``key-algorithm`` for a kind that signs nothing here."""
    key = x509.load_der_x509_certificate(certificate_der).public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise Refused("key-algorithm", "The certificate has a key of a kind that signs nothing here.")
    return key
