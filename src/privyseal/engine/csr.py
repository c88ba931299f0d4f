"""Reading certificate signing requests (PKCS#10, RFC 2986) that strangers send: bytes in, a Csr or a refusal out.

What lives here: the strict reader with every accessor guarded and the lax one behind it, the proof of possession, and
the names asked for, raw. What does not: what people paste (engine/csr_wrapping.py), whether a name or a key is allowed
(engine/names.py, engine/key_policy.py and the actions decide), and copying anything else into a certificate: subject
and extensions of a request are never copied (incidents I9, I20, I26). Called by the submit action and again by the
issuer process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from privyseal.engine.csr_wrapping import explain_unreadable, unwrap_request
from privyseal.engine.key_policy import KeyFacts, PublicKey, read_key
from privyseal.engine.lax_csr import RequestParts, split_request
from privyseal.engine.private_keys import refuse_private_keys
from privyseal.engine.reader_errors import READER_ERRORS
from privyseal.model.errors import BadRequest, Refused

MAX_CSR_BYTES = 64 * 1024
"""A request for 100 names with an RSA-8192 key needs 10 KB (cost of larger ones: reliability section 5.2)."""

MAX_NAMES = 100
"""Names of all kinds in one request, as in model/profile.py; a policy sets a lower limit for its certificates."""

PROOF_HASHES = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"})
"""Hashes of a proof of possession. MD5 and SHA-1 are broken for signatures (RFC 6151, RFC 9155)."""

_EXTENSION_REQUESTS = frozenset(
    {
        bytes.fromhex("06092a864886f70d01090e"),  # extensionRequest, 1.2.840.113549.1.9.14 (RFC 2985 5.4.2)
        bytes.fromhex("060a2b06010401823702010e"),  # szOID_CERT_EXTENSIONS, 1.3.6.1.4.1.311.2.1.14, Microsoft's older form
    }
)


@dataclass(frozen=True, slots=True)
class Csr:
    """A request whose form and proof of possession are right; nothing in it was compared with a policy of names or keys.

    ``der`` is the request as it was sent; ``spki_der`` the canonical SubjectPublicKeyInfo and ``spki_sha256`` (32
    bytes) its hash, the identity of the key; ``dns_names`` every host name asked for, raw: common names that the SAN
    does not repeat come first; ``other_names`` pairs of kind (ip, uri, email, other) and text; ``asked_extensions``
    dotted object identifiers, for the notice that they are not copied.
    """

    der: bytes
    spki_der: bytes
    spki_sha256: bytes
    key: KeyFacts
    common_name: str | None
    dns_names: tuple[str, ...]
    other_names: tuple[tuple[str, str], ...]
    asked_extensions: tuple[str, ...]


def read_csr(data: bytes) -> Csr:
    """Read what somebody sent as a request: PEM in any of its habits, or DER; at most 64 KiB.

    Raises PrivateKeyFound when a private key is in it; BadRequest (kinds csr-...) when it is not one readable request;
    Refused (proof-..., key-..., csr-subject, csr-extensions, too-many-names) when it is one and breaks a rule. Field
    ``csr``, or ``key`` from the key policy.
    """
    if len(data) > MAX_CSR_BYTES:
        raise BadRequest(
            "csr-too-large",
            f"The request has {len(data):,} bytes; at most {MAX_CSR_BYTES:,} are read. Send only the request itself.",
            field="csr",
        )
    refuse_private_keys(data, field="csr")
    der = unwrap_request(data)
    request, parts = _load(der)
    key = read_key(parts.spki)
    _verify_possession(request, parts.info, key.public_key)
    extensions = _asked_extensions(request, parts)
    with _SUBJECT:
        common_names = parts.common_names()
    dns_names, other_names = _asked_names(common_names, extensions)
    return Csr(
        der=der,
        spki_der=key.spki_der,
        spki_sha256=hashlib.sha256(key.spki_der).digest(),
        key=key.facts,
        common_name=common_names[0] if common_names else None,
        dns_names=dns_names,
        other_names=other_names,
        asked_extensions=tuple(extension.oid.dotted_string for extension in extensions),
    )


@dataclass(frozen=True, slots=True)
class _Guard:
    """Turns everything that the library raises for unreadable input into one refusal, made when it is needed.

    A class because contextlib's generators cost as much as reading the names.
    """

    refusal: Callable[[], Refused]

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, READER_ERRORS):
            raise self.refusal() from error


_METHOD = _Guard(
    lambda: Refused(
        "proof-algorithm", "The request is signed by a method that is not known here. Make a new one, signed with SHA-256.", field="csr"
    )
)
_PROOF = _Guard(
    lambda: Refused(
        "proof-invalid",
        "The signature of the request does not belong to its key, so it does not prove that the server has the private key. "
        "The request was changed after it was made, or damaged: make a new one on the server.",
        field="csr",
    )
)
_EXTENSIONS = _Guard(
    lambda: Refused(
        "csr-extensions",
        "The extensions in the request cannot be read, or one is there twice. Make a new request on the server.",
        field="csr",
    )
)
_SUBJECT = _Guard(
    lambda: Refused("csr-subject", "The subject of the request cannot be read. Make a new request on the server.", field="csr")
)
_NAMES = _Guard(lambda: Refused("csr-extensions", "A name in the request cannot be read. Make a new request on the server.", field="csr"))


def _load(der: bytes) -> tuple[x509.CertificateSigningRequest, RequestParts]:
    """The request for the library's accessors, and its parts as they were sent.

    Strict DER first. A request that only fails for the order of its attributes (X.690 11.6; strongSwan does not sort
    them) is read in a sorted copy; its signature is checked over the bytes that were sent.
    """
    try:
        parts = split_request(der)
        sorted_der = der if parts.is_sorted() else parts.with_sorted_attributes()
        return x509.load_der_x509_csr(sorted_der), parts
    except x509.InvalidVersion as error:
        raise Refused(
            "csr-version",
            "The request has a version other than 1, which no standard knows. Make a new one with a current tool.",
            field="csr",
        ) from error
    except READER_ERRORS as error:
        raise explain_unreadable(der) from error


def _verify_possession(request: x509.CertificateSigningRequest, signed: bytes, key: PublicKey) -> None:
    """Check that the sender has the private key: the request is signed with it (RFC 2986 4.2).

    Raises Refused: proof-weak-hash, proof-algorithm, proof-invalid.
    """
    with _METHOD:
        used_hash = request.signature_hash_algorithm
        parameters = request.signature_algorithm_parameters
        signature = request.signature
    if used_hash is not None and used_hash.name not in PROOF_HASHES:
        name = used_hash.name.upper()
        raise Refused(
            "proof-weak-hash", f"The request is signed with {name}, which is too weak. Make a new one, signed with SHA-256.", field="csr"
        )
    with _PROOF:
        match key, parameters:
            case rsa.RSAPublicKey(), padding.PKCS1v15() | padding.PSS() if used_hash is not None:
                key.verify(signature, signed, parameters, used_hash)
            case ec.EllipticCurvePublicKey(), ec.ECDSA():
                key.verify(signature, signed, parameters)
            case ed25519.Ed25519PublicKey(), None:
                key.verify(signature, signed)
            case _:
                raise Refused(
                    "proof-algorithm",
                    "The request is signed by a method that does not fit its key. Make a new one on the server.",
                    field="csr",
                )


def _asked_extensions(request: x509.CertificateSigningRequest, parts: RequestParts) -> list[x509.Extension[x509.ExtensionType]]:
    """The extensions asked for. Raises Refused, kind csr-extensions, if they cannot be read or are asked for twice."""
    with _EXTENSIONS:
        if sum(oid in _EXTENSION_REQUESTS for oid in parts.attribute_types()) > 1:
            # The library reads the first list only; names in the second would be lost without a word.
            raise ValueError("two lists of extensions")
        return list(request.extensions)


def _asked_names(
    common_names: list[str], extensions: list[x509.Extension[x509.ExtensionType]]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Host names and other names asked for. Raises Refused, kind too-many-names, above MAX_NAMES of both together."""
    names = [name for extension in extensions if isinstance(extension.value, x509.SubjectAlternativeName) for name in extension.value]
    in_san = [name.value for name in names if isinstance(name, x509.DNSName)]
    seen = {name.lower() for name in in_san}
    dns_names = [name for name in common_names if name.lower() not in seen] + in_san
    count = len(dns_names) + len(names) - len(in_san)
    if count > MAX_NAMES:
        raise Refused(
            "too-many-names",
            f"The request asks for {count} names; at most {MAX_NAMES} are possible. Split it into several requests.",
            field="csr",
        )
    with _NAMES:
        other_names = tuple(_other_name(name) for name in names if not isinstance(name, x509.DNSName))
    return tuple(dns_names), other_names


def _other_name(name: x509.GeneralName) -> tuple[str, str]:
    """Kind and text of a name that is no host name (RFC 5280 4.2.1.6); the text is raw where it is text at all."""
    match name:
        case x509.IPAddress():
            kind, text = "ip", str(name.value)
        case x509.UniformResourceIdentifier():
            kind, text = "uri", name.value
        case x509.RFC822Name():
            kind, text = "email", name.value
        case x509.OtherName():
            kind, text = "other", f"other name {name.type_id.dotted_string}"
        case x509.RegisteredID():
            kind, text = "other", f"registered id {name.value.dotted_string}"
        case _:  # The readers refuse the two kinds that are left, X.400 and EDI names.
            kind, text = "other", f"directory name {name.value.rfc4514_string()}"
    return kind, text
