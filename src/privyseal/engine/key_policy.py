"""Which subject keys may be certified: kind, size and form at once, known weaknesses of the material when asked.

What lives here: reading a SubjectPublicKeyInfo into the key that will be certified, re-encoded in one canonical form so
that the same key has the same SHA-256 whoever encoded it (incident I19: a compressed point is not another key), and the
refusals with their named reasons. What does not: keys of compromised certificates, which the actions look up by that
SHA-256. Called by engine/csr.py, by the submit action and again by the issuer process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import gmpy2
from badkeys.checks import checkrsa
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from privyseal.engine.reader_errors import READER_ERRORS
from privyseal.model.errors import Refused
from privyseal.model.profile import KeyAlgorithm

MIN_RSA_BITS = 2048  # BR 6.1.5
MAX_RSA_BITS = 8192  # Ours: it bounds what a stranger can make the service compute (check_key needs 0.2 s for 8192 bits).
RSA_EXPONENT = 65537  # BR 6.1.6 advises 2^16 + 1 or more; all tools in use make exactly this one.

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
"""The kinds of keys that a profile can allow at all."""

CURVES = {"secp256r1": KeyAlgorithm.P256, "secp384r1": KeyAlgorithm.P384, "secp521r1": KeyAlgorithm.P521}
"""BR 6.1.5 names these three curves."""

_CANONICAL_POINTS = {
    # Everything before the coordinates of an uncompressed point on a named curve (RFC 5480 2): header, id-ecPublicKey, curve.
    KeyAlgorithm.P256: (bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"), 91),
    KeyAlgorithm.P384: (bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"), 120),
    KeyAlgorithm.P521: (bytes.fromhex("30819b301006072a8648ce3d020106052b810400230381860004"), 158),
}

_RSASSA_PSS = bytes.fromhex("06092a864886f70d01010a")  # id-RSASSA-PSS, 1.2.840.113549.1.1.10 (RFC 4055 3.1)

_SPECIFIED_CURVE = bytes.fromhex("06072a8648ce3d020130")
"""id-ecPublicKey and the SEQUENCE of a curve that the key describes itself, which RFC 5480 2.1.1 forbids: who reads it may not
compare every number with the curve it resembles (CVE-2020-0601)."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Kind and size of a subject key; ``bits`` is the size of the modulus or of the curve (Ed25519: 256)."""

    algorithm: KeyAlgorithm
    bits: int


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A key whose kind, size and form are acceptable; ``spki_der`` is its canonical SubjectPublicKeyInfo.

    Canonical: named curve, uncompressed point, NULL parameters for RSA, DER throughout.
    """

    public_key: PublicKey
    facts: KeyFacts
    spki_der: bytes


def read_key(spki_der: bytes) -> SubjectKey:
    """Read a SubjectPublicKeyInfo that somebody sent (RFC 5280 4.1.2.7).

    Raises Refused, field ``key``: key-algorithm (a kind no profile knows, RSA-PSS keys included), key-curve, key-size,
    key-exponent, key-invalid. These checks are cheap and come before any computation with the key.
    """
    if _RSASSA_PSS in spki_der[:32]:
        raise Refused(
            "key-algorithm",
            _advise("The key in the request is marked for RSA-PSS only (id-RSASSA-PSS), which many servers and clients do not know"),
            field="key",
        )
    if _SPECIFIED_CURVE in spki_der[:32]:
        raise Refused(
            "key-curve",
            _advise("The key in the request describes its curve by numbers of its own; a curve is named: P-256, P-384 or P-521"),
            field="key",
        )
    try:
        key = load_der_public_key(spki_der)
    except UnsupportedAlgorithm as error:
        raise _unsupported(spki_der) from error
    except READER_ERRORS as error:
        raise _invalid(str(error)) from error
    public_key, facts = _accept(key)
    return SubjectKey(public_key, facts, _canonical(spki_der, public_key, facts))


def check_key(spki_der: bytes, allowed: Collection[KeyAlgorithm]) -> None:
    """Refuse a key that a profile does not allow, and one whose material is known to be weak.

    Raises Refused, field ``key``, with the kinds of read_key and key-roca, key-fermat, key-shared-prime,
    key-small-factor, key-pattern, key-xz-backdoor, key-prime-modulus. CPU per key here: P-256 0.03 ms, RSA-2048 3 ms,
    RSA-4096 40 ms, RSA-8192 170 ms, nearly all of it for the prime modulus.
    """
    subject_key = read_key(spki_der)
    algorithm = subject_key.facts.algorithm
    if algorithm not in allowed:
        names = ", ".join(sorted(_TITLES[each] for each in allowed))
        raise Refused(
            "key-algorithm",
            _advise(f"The key in the request is {_TITLES[algorithm]}; this kind of certificate allows {names}"),
            field="key",
        )
    if isinstance(subject_key.public_key, rsa.RSAPublicKey):
        _check_rsa_material(subject_key.public_key.public_numbers())


def _canonical(spki_der: bytes, key: PublicKey, facts: KeyFacts) -> bytes:
    """The canonical encoding; bytes that have it already are not encoded again, which would cost as much as reading them."""
    beginning, length = _CANONICAL_POINTS.get(facts.algorithm, (b"", 0))
    if len(spki_der) == length and spki_der.startswith(beginning):
        return spki_der
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


_TITLES = {
    KeyAlgorithm.RSA: f"RSA ({MIN_RSA_BITS} to {MAX_RSA_BITS} bits)",
    KeyAlgorithm.P256: "ECDSA P-256",
    KeyAlgorithm.P384: "ECDSA P-384",
    KeyAlgorithm.P521: "ECDSA P-521",
    KeyAlgorithm.ED25519: "Ed25519",
}


def _accept(key: PublicKeyTypes) -> tuple[PublicKey, KeyFacts]:
    """The key with its kind and size; raises Refused for kinds, curves, sizes and exponents outside the policy."""
    match key:
        case rsa.RSAPublicKey():
            _require_rsa_form(key)
            return key, KeyFacts(KeyAlgorithm.RSA, key.key_size)
        case ec.EllipticCurvePublicKey():
            algorithm = CURVES.get(key.curve.name)
            if algorithm is None:
                raise Refused(
                    "key-curve",
                    _advise(f"The key in the request is on the curve {key.curve.name}; allowed are P-256, P-384 and P-521"),
                    field="key",
                )
            return key, KeyFacts(algorithm, key.curve.key_size)
        case ed25519.Ed25519PublicKey():
            return key, KeyFacts(KeyAlgorithm.ED25519, 256)
        case _:
            kind = type(key).__name__.removesuffix("PublicKey")
            raise Refused(
                "key-algorithm",
                _advise(f"The key in the request is of the kind {kind}, which no certificate here allows; use RSA or ECDSA P-256"),
                field="key",
            )


def _require_rsa_form(key: rsa.RSAPublicKey) -> None:
    """Refuse RSA keys by size and exponent; both also bound the cost of everything that follows."""
    bits = key.key_size
    if bits < MIN_RSA_BITS:
        raise Refused("key-size", _advise(f"The RSA key in the request has {bits} bits; at least {MIN_RSA_BITS} are needed"), field="key")
    if bits > MAX_RSA_BITS:
        raise Refused(
            "key-size", _advise(f"The RSA key in the request has {bits} bits; more than {MAX_RSA_BITS} are not accepted"), field="key"
        )
    if bits % 8:  # BR 6.1.5
        raise Refused("key-size", _advise(f"The RSA key in the request has {bits} bits, which is not a multiple of 8"), field="key")
    if key.public_numbers().e != RSA_EXPONENT:
        raise Refused("key-exponent", _advise(f"The RSA key in the request does not have the public exponent {RSA_EXPONENT}"), field="key")


_COMPUTABLE = "its private half can be computed from it"

_RSA_REFUSALS: dict[str, Callable[[], Refused]] = {
    "roca": lambda: Refused(
        "key-roca", _advise(f"The RSA key in the request was made by a faulty chip (ROCA, CVE-2017-15361): {_COMPUTABLE}"), field="key"
    ),
    "smallfactors": lambda: Refused(
        "key-small-factor", _advise("The modulus of the RSA key in the request is divisible by a small prime: it is damaged"), field="key"
    ),
    "sharedprimes": lambda: Refused(
        "key-shared-prime", _advise(f"The RSA key in the request shares a prime with another known key: {_COMPUTABLE}"), field="key"
    ),
    "fermat": lambda: Refused(
        "key-fermat",
        _advise(f"The RSA key in the request is made of two primes too close together (CVE-2022-26320): {_COMPUTABLE}"),
        field="key",
    ),
    "rsapoly": lambda: Refused(
        "key-pattern", _advise(f"The RSA key in the request shows the pattern of a faulty generator: {_COMPUTABLE}"), field="key"
    ),
    "pattern": lambda: Refused(
        "key-pattern", _advise("The RSA key in the request repeats one byte many times, which no random key does"), field="key"
    ),
    "xzbackdoor": lambda: Refused(
        "key-xz-backdoor", _advise("The RSA key in the request carries the payload of an attack on servers (CVE-2024-3094)"), field="key"
    ),
    "rsainvalid": lambda: Refused("key-invalid", _advise("The RSA key in the request has numbers that no RSA key can have"), field="key"),
}
"""The checks of badkeys that need nothing but the package (BR 6.1.1.3; incident I18), each with its refusal.

Named one by one because the default list ends the process (SystemExit) when its blocklist file was not downloaded.
Left out: smalld, which only looks at exponents that RSA_EXPONENT refuses before; rsawarnings and rsabias, which find
vanity keys rather than weak ones; dsasparse. Cost here for RSA-2048: 0.5 ms CPU once warm, the first key of a process
another 9 ms (product of the small primes, file of shared primes). Keys on curves have no such checks and cost nothing.
"""


def _check_rsa_material(numbers: rsa.RSAPublicNumbers) -> None:
    findings = checkrsa(numbers.n, e=numbers.e, checks=_RSA_REFUSALS)
    if findings:
        refusal = _RSA_REFUSALS[next(iter(findings))]()
        raise refusal
    # A modulus that is itself prime has an obvious private half, and badkeys does not look for it. One Fermat test
    # to the base 2 never calls a prime composite; a composite that it calls prime was built to, and is no loss.
    if gmpy2.is_fermat_prp(numbers.n, 2):
        raise Refused(
            "key-prime-modulus",
            _advise("The RSA key in the request has a prime modulus: anybody can compute its private half"),
            field="key",
        )


def _unsupported(spki_der: bytes) -> Refused:
    """The refusal for a key that the library does not know: by its curve if it is an EC key, else by its kind."""
    if bytes.fromhex("06072a8648ce3d0201") in spki_der[:32]:  # id-ecPublicKey, 1.2.840.10045.2.1 (RFC 5480 2.1.1)
        return Refused(
            "key-curve",
            _advise("The key in the request is on a curve without a name that we know; allowed are P-256, P-384 and P-521"),
            field="key",
        )
    return Refused("key-algorithm", _advise("The key in the request is of an unknown kind; use RSA or ECDSA P-256"), field="key")


def _invalid(reason: str) -> Refused:
    """The refusal for a key that the library knows and cannot accept; its words tell which number of an RSA key is wrong."""
    if reason.startswith("e must"):
        return Refused("key-exponent", _advise(f"The RSA key in the request does not have the public exponent {RSA_EXPONENT}"), field="key")
    if reason.startswith("n must"):
        return Refused(
            "key-size", _advise(f"The RSA key in the request has no usable modulus; at least {MIN_RSA_BITS} bits are needed"), field="key"
        )
    return Refused(
        "key-invalid",
        _advise("The key in the request is damaged or not a valid key, for example a point that is not on its curve"),
        field="key",
    )


def _advise(reason: str) -> str:
    return f"{reason}. Make a new key and a new certificate signing request on the server."
