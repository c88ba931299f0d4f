"""Which digest and signature algorithms a CMS signature may use, as tables of exact DER bytes.

An algorithm identifier is accepted only when its bytes stand in a table, so there is no parameter to be clever with;
RSA-PSS alone has parameters that are read (RFC 4055 3.1). SHA-1 and MD5 are refused with a sentence of their own.
"""

from __future__ import annotations

from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from privyseal_wire.ber import encode_tlv
from privyseal_wire.cms_types import PssParameters
from privyseal_wire.errors import CmsRefused

MIN_RSA_BITS = 2048
DEFAULT_PSS_SALT = 20  # RFC 4055 3.1
MIN_PSS_SALT = DEFAULT_PSS_SALT  # Shorter salts have no reason to be.
MAX_PSS_SALT = 2048  # More than any RSA key has room for.
CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})

NULL = b"\x05\x00"

SHA256 = bytes.fromhex("0609608648016503040201")
SHA384 = bytes.fromhex("0609608648016503040202")
SHA512 = bytes.fromhex("0609608648016503040203")
RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d010101")
ECDSA_WITH_SHA256 = bytes.fromhex("06082a8648ce3d040302")
ECDSA_WITH_SHA384 = bytes.fromhex("06082a8648ce3d040303")
ECDSA_WITH_SHA512 = bytes.fromhex("06082a8648ce3d040304")
_RSA_WITH_SHA256 = bytes.fromhex("06092a864886f70d01010b")
_RSA_WITH_SHA384 = bytes.fromhex("06092a864886f70d01010c")
_RSA_WITH_SHA512 = bytes.fromhex("06092a864886f70d01010d")
_RSASSA_PSS = bytes.fromhex("06092a864886f70d01010a")
_MGF1 = "1.2.840.113549.1.1.8"

Hash: TypeAlias = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

# RFC 5754 2: the parameters of a SHA-2 digest are absent; NULL must be understood too.
_DIGESTS: dict[bytes, Hash] = {
    oid + parameters: algorithm
    for oid, algorithm in ((SHA256, hashes.SHA256()), (SHA384, hashes.SHA384()), (SHA512, hashes.SHA512()))
    for parameters in (b"", NULL)
}

_WEAK = tuple(
    bytes.fromhex(oid)
    for oid in (
        "06052b0e03021a",  # SHA-1
        "0609608648016503040204",  # SHA-224
        "06082a864886f70d0205",  # MD5
        "06082a864886f70d0202",  # MD2
        "06092a864886f70d010104",  # md5WithRSAEncryption
        "06092a864886f70d010105",  # sha1WithRSAEncryption
        "06072a8648ce3d0401",  # ecdsa-with-SHA1
    )
)

# Signature algorithm -> its digest algorithm; None where the identifier does not name one (RFC 8017 A.2.4, RFC 5754 3).
_RSA_PKCS1: dict[bytes, bytes | None] = {
    oid + parameters: digest
    for oid, digest in (
        (RSA_ENCRYPTION, None),
        (_RSA_WITH_SHA256, SHA256),
        (_RSA_WITH_SHA384, SHA384),
        (_RSA_WITH_SHA512, SHA512),
    )
    for parameters in (b"", NULL)
}
_ECDSA = {ECDSA_WITH_SHA256: SHA256, ECDSA_WITH_SHA384: SHA384, ECDSA_WITH_SHA512: SHA512}


def digest_algorithm(identifier: bytes) -> Hash:
    """Return the hash that the contents of a DigestAlgorithmIdentifier name.

    Raises CmsRefused ``cms-weak`` for SHA-1 and older, ``cms-algorithm`` for anything else outside the SHA-2 family.
    """
    algorithm = _DIGESTS.get(identifier)
    if algorithm is None:
        raise _unknown(identifier)
    return algorithm


def require_signature(key: PublicKey, identifier: bytes, digest: Hash, signature: bytes, message: bytes) -> None:
    """Raise CmsRefused unless ``signature`` over ``message`` verifies with an algorithm that fits key and digest.

    ``identifier`` is the contents of the SignatureAlgorithmIdentifier. Kinds: ``cms-weak``, ``cms-algorithm``,
    ``cms-signature``.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, _rsa_padding(identifier, digest), digest)
        elif identifier in _ECDSA:
            _require_same_digest(_ECDSA[identifier], digest)
            key.verify(signature, message, ec.ECDSA(digest))
        else:
            raise _unknown(identifier)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise CmsRefused(
            "cms-signature", "The signature does not verify: the signed attributes were changed, or another key signed."
        ) from error


def _rsa_padding(identifier: bytes, digest: Hash) -> padding.PKCS1v15 | padding.PSS:
    if identifier in _RSA_PKCS1:
        named = _RSA_PKCS1[identifier]
        if named is not None:
            _require_same_digest(named, digest)
        return padding.PKCS1v15()
    if identifier.startswith(_RSASSA_PSS):
        return _pss(identifier.removeprefix(_RSASSA_PSS), digest)
    raise _unknown(identifier)


def _pss(encoded: bytes, digest: Hash) -> padding.PSS:
    # RFC 4055 3.1: both hashes are the digest algorithm of the signer, the trailer is 1, the salt is not trivial.
    try:
        parameters = asn1.decode_der(PssParameters, encoded)
    except (ValueError, OverflowError) as error:
        raise CmsRefused("cms-algorithm", "The parameters of the RSA-PSS signature are malformed.") from error
    hash_name = b"".join(encode_tlv(part.tag_bytes, bytes(part.data)) for part in parameters.hash or ())
    mask = parameters.mask
    mask_name = bytes(mask.parameters.data) if mask is not None and mask.algorithm.dotted_string == _MGF1 else b""
    for name in (hash_name, mask_name):  # SHA-1 where the parameters leave it out, which is not in the table.
        if _DIGESTS.get(name) is not digest:
            raise CmsRefused("cms-algorithm", "The RSA-PSS parameters do not use the digest algorithm of the signature throughout.")
    salt_length = DEFAULT_PSS_SALT if parameters.salt_length is None else parameters.salt_length
    if parameters.trailer not in (None, 1) or not MIN_PSS_SALT <= salt_length <= MAX_PSS_SALT:
        raise CmsRefused("cms-algorithm", "The salt length or the trailer of the RSA-PSS parameters is out of range.")
    return padding.PSS(padding.MGF1(digest), salt_length)


def _require_same_digest(identifier: bytes, digest: Hash) -> None:
    if _DIGESTS[identifier] is not digest:
        raise CmsRefused("cms-algorithm", "The signature algorithm names another digest than the digest algorithm of the signer.")


def _unknown(identifier: bytes) -> CmsRefused:
    if identifier.startswith(_WEAK):
        return CmsRefused("cms-weak", "The signature uses SHA-1 or another weak digest. Sign with SHA-256, SHA-384 or SHA-512.")
    sentence = (
        "The signature uses an algorithm that is not accepted for this key. Accepted are RSA (PKCS#1 v1.5 or PSS) and ECDSA with SHA-2."
    )
    return CmsRefused("cms-algorithm", sentence)
