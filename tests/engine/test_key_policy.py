"""The key policy: each wrong key is refused by its named reason, each good one has one canonical form."""

from __future__ import annotations

import base64
import functools
import random
import time
from pathlib import Path

import cryptography_vectors
import gmpy2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.csr import read_csr
from privyseal.engine.key_policy import KeyFacts, check_key, read_key
from privyseal.model.errors import Refused
from privyseal.model.profile import KeyAlgorithm
from tests.engine.sample_csrs import SigningKey, ec_spki, ed25519_key, p256_key, rsa_key, rsa_spki, spki_of
from tests.rigs.openssl import openssl

VECTORS = Path(cryptography_vectors.__file__).parent

SHARED_PRIME = base64.b64decode(
    # The modulus of the key in crt.sh id 5534506057, which shares a prime with others (badkeys, tests/data/rsa-sharedprimes.key).
    "tQS720djHoBY2eXEDsMNGi6GWY/B37TyGO6tAgQJnweAvk5ABi3AKaOJzHQLmqpkzzh92z2FHzZpKoOiy4Eq0tt4J20zgFPiYdAG5mffTcgtMhymCXBcAaUjuZCc"
    "yYIIDdENnaP3wTPo0FEdWozb0/4+SNJ1IhlwyQGUu77mAHgr3Q2j/GqY0RSIbikmgV7NUpf6PA8JAlm2+lQQj9YjurMI5K9BQZPRGm84E2nSe4zT2NkaKrzObH+m"
    "Fd5dRlzi00FXaMF06ViYiwKgW27ef1ZCD3Z0yFZ7uaNaGAnflsOUsoaMutSkQPs0JEAVmnVkjCfpTKylM9D/B0ZjutZspQ=="
)
ALL = tuple(KeyAlgorithm)


def _prime(bits: int, seed: int) -> int:
    """A prime with its two highest bits set, so that a product of two has all its bits."""
    return int(gmpy2.next_prime(random.Random(seed).getrandbits(bits) | 3 << (bits - 2)))


def _without_small_factors(number: int) -> int:
    """The next odd number that no prime up to 65537 divides."""
    number |= 1
    while gmpy2.gcd(number, gmpy2.primorial(65537)) != 1:
        number += 2
    return number


def _close_primes() -> int:
    prime = _prime(1024, 1)
    return prime * int(gmpy2.next_prime(prime + 1000))


def _roca() -> int:
    """Two primes of the form k * M + 65537**a mod M (CVE-2017-15361), M the product of the first 126 primes."""
    primorial, prime = 1, 2
    for _ in range(126):
        primorial *= prime
        prime = int(gmpy2.next_prime(prime))
    generator = random.Random(2)
    found: list[int] = []
    while len(found) < 2:
        high = generator.getrandbits(1024 - primorial.bit_length()) | 3 << (1022 - primorial.bit_length())
        candidate = high * primorial + int(gmpy2.powmod(65537, generator.getrandbits(60), primorial))
        if candidate.bit_length() == 1024 and gmpy2.is_prime(candidate):
            found.append(candidate)
    return found[0] * found[1]


def _polynomial() -> int:
    """Two primes of small coefficients in powers of 2**128, as a generator that fills its words with few bits makes them."""
    generator = random.Random(7)
    primes = [int(gmpy2.next_prime((15 << 1024) + sum(generator.getrandbits(3) << 128 * i for i in range(8)))) for _ in range(2)]
    return primes[0] * primes[1]


def _xz_backdoor() -> int:
    """A modulus with the header of the attack on sshd: the product of two of its words plus a third is a small number."""
    data = bytearray(b"\0\xc0" + random.Random(3).randbytes(255))
    first, second = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    data[8:16] = ((2 - first * second) % 2**64).to_bytes(8, "little")
    return _without_small_factors(int.from_bytes(data, "big"))


def _repeating() -> int:
    return _without_small_factors(int.from_bytes(b"\xd1" + b"\x41" * 20 + random.Random(4).randbytes(235), "big"))


WEAK = {
    "close primes": (_close_primes, "key-fermat"),
    "the same prime twice": (lambda: _prime(1024, 1) ** 2, "key-fermat"),
    "ROCA": (_roca, "key-roca"),
    "even": (lambda: _prime(1024, 1) * _prime(1023, 2) * 2, "key-small-factor"),
    "three times a prime": (lambda: _prime(2046, 1) * 3, "key-small-factor"),
    "damaged": (lambda: _prime(2041, 1) * 105, "key-small-factor"),
    "shared prime": (lambda: int.from_bytes(SHARED_PRIME, "big"), "key-shared-prime"),
    "polynomial": (_polynomial, "key-pattern"),
    "repeating": (_repeating, "key-pattern"),
    "xz backdoor": (_xz_backdoor, "key-xz-backdoor"),
    "prime": (lambda: _prime(2048, 5), "key-prime-modulus"),
}


@functools.cache
def _good_modulus() -> int:
    return rsa_key().public_key().public_numbers().n


def _refusal(spki: bytes) -> Refused:
    with pytest.raises(Refused) as refusal:
        check_key(spki, ALL)
    assert refusal.value.field == "key"
    assert refusal.value.sentence.endswith("Make a new key and a new certificate signing request on the server.")
    return refusal.value


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_rsa_keys_are_good(bits: int) -> None:
    spki = spki_of(rsa.generate_private_key(65537, bits))
    check_key(spki, [KeyAlgorithm.RSA])
    assert read_key(spki).facts == KeyFacts(KeyAlgorithm.RSA, bits)
    assert read_key(spki).spki_der == spki


@pytest.mark.parametrize(
    ("curve", "oid", "facts"),
    [
        (ec.SECP256R1(), "06082a8648ce3d030107", KeyFacts(KeyAlgorithm.P256, 256)),
        (ec.SECP384R1(), "06052b81040022", KeyFacts(KeyAlgorithm.P384, 384)),
        (ec.SECP521R1(), "06052b81040023", KeyFacts(KeyAlgorithm.P521, 521)),
    ],
)
def test_keys_on_the_three_curves_are_good_and_have_one_form(curve: ec.EllipticCurve, oid: str, facts: KeyFacts) -> None:
    key = ec.generate_private_key(curve).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    check_key(spki, [facts.algorithm])
    assert read_key(spki).facts == facts
    assert read_key(spki).spki_der is spki
    # Incident I19: the same key with its point compressed or in hybrid form (X9.62 4.3.6) is still the same key.
    compressed = ec_spki(key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint), bytes.fromhex(oid))
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    hybrid = ec_spki(bytes([6 + point[-1] % 2]) + point[1:], bytes.fromhex(oid))
    assert compressed != spki != hybrid
    assert read_key(compressed).spki_der == read_key(hybrid).spki_der == spki


def test_rsa_without_its_null_parameters_is_the_same_key() -> None:
    bare = rsa_spki(_good_modulus(), algorithm=bytes.fromhex("300b06092a864886f70d010101"))
    assert read_key(bare).spki_der == spki_of(rsa_key())


def test_ed25519_is_good_where_it_is_allowed() -> None:
    spki = spki_of(ed25519_key())
    check_key(spki, [KeyAlgorithm.ED25519])
    assert read_key(spki).facts == KeyFacts(KeyAlgorithm.ED25519, 256)
    with pytest.raises(Refused) as refusal:
        check_key(spki, [KeyAlgorithm.RSA, KeyAlgorithm.P256])
    assert refusal.value.kind == "key-algorithm"
    assert refusal.value.sentence == (
        "The key in the request is Ed25519; this kind of certificate allows ECDSA P-256, RSA (2048 to 8192 bits). "
        "Make a new key and a new certificate signing request on the server."
    )


@pytest.mark.parametrize("weakness", WEAK)
def test_weak_rsa_keys_are_refused_by_name(weakness: str) -> None:
    make, kind = WEAK[weakness]
    assert _refusal(rsa_spki(make())).kind == kind


@pytest.mark.parametrize(
    ("bits", "kind"),
    [
        (512, "key-size"),
        (1024, "key-size"),
        (2047, "key-size"),
        (2049, "key-size"),
        (8200, "key-size"),
        (16384, "key-size"),
        (65536, "key-size"),
    ],
)
def test_rsa_sizes(bits: int, kind: str) -> None:
    start = time.process_time()
    assert _refusal(rsa_spki(1 << (bits - 1) | 1)).kind == kind
    assert time.process_time() - start < 0.25


@pytest.mark.parametrize("modulus", [0, 1, -5])
def test_impossible_moduli(modulus: int) -> None:
    assert _refusal(rsa_spki(modulus)).kind in {"key-size", "key-invalid"}


@pytest.mark.parametrize("exponent", [-3, 0, 1, 2, 3, 17, 65536, 65539, 2**33 + 1, 2**2000 + 1, 2**3000 + 1])
def test_rsa_exponents(exponent: int) -> None:
    start = time.process_time()
    assert _refusal(rsa_spki(_good_modulus(), exponent)).kind == ("key-exponent" if exponent >= 0 else "key-invalid")
    assert time.process_time() - start < 0.25


@pytest.mark.parametrize("parameters", [b"", b"\x30\x00"])
def test_keys_for_rsa_pss_only_are_refused(parameters: bytes) -> None:
    algorithm = bytes([0x30, 11 + len(parameters)]) + bytes.fromhex("06092a864886f70d01010a") + parameters
    refusal = _refusal(rsa_spki(_good_modulus(), algorithm=algorithm))
    assert refusal.kind == "key-algorithm"
    assert "RSA-PSS" in refusal.sentence


@pytest.mark.parametrize("curve", [ec.SECP192R1(), ec.SECP224R1(), ec.SECP256K1(), ec.BrainpoolP256R1()], ids=lambda curve: str(curve.name))
def test_other_curves_are_refused(curve: ec.EllipticCurve) -> None:
    spki = ec.generate_private_key(curve).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    refusal = _refusal(spki)
    assert refusal.kind == "key-curve"
    assert curve.name in refusal.sentence


def test_odd_points_and_curves_are_refused() -> None:
    numbers = p256_key().public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    assert _refusal(ec_spki(b"\0")).kind == "key-invalid"  # the point at infinity
    assert _refusal(ec_spki(b"\4" + x + x)).kind == "key-invalid"  # off the curve
    assert _refusal(ec_spki(b"")).kind == "key-invalid"
    assert _refusal(ec_spki(b"\4" + x + y, b"")).kind == "key-invalid"  # no curve
    assert _refusal(ec_spki(b"\4" + x + y, b"\5\0")).kind == "key-curve"  # curve implied by the issuer (RFC 3279 2.3.5)
    assert _refusal(ec_spki(b"\4" + x + y, bytes.fromhex("06052b8104002b"))).kind == "key-curve"  # an unknown name


@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1"])
def test_a_curve_that_is_described_instead_of_named_is_refused(tmp_path: Path, curve: str) -> None:
    """Even where the numbers are those of a good curve (RFC 5480 2.1.1), alone and in a request of openssl's own."""
    key, public, csr = tmp_path / "key.pem", tmp_path / "public.der", tmp_path / "server.csr"
    assert openssl("ecparam", "-name", curve, "-genkey", "-noout", "-param_enc", "explicit", "-out", key).accepts
    assert openssl("pkey", "-in", key, "-pubout", "-outform", "DER", "-out", public).accepts
    refusal = _refusal(public.read_bytes())
    assert refusal.kind == "key-curve"
    assert "describes its curve" in refusal.sentence
    assert openssl("req", "-new", "-key", key, "-subj", "/CN=www.resource-marketing.test", "-out", csr).accepts
    with pytest.raises(Refused) as caught:
        read_csr(csr.read_bytes())
    assert caught.value.kind == "key-curve"


def test_other_kinds_of_keys_are_refused() -> None:
    for key in (
        load_pem_public_key((VECTORS / "asymmetric/PEM_Serialization/dsa_public_key.pem").read_bytes()),
        x25519.X25519PrivateKey.generate().public_key(),
        ed448.Ed448PrivateKey.generate().public_key(),
        mldsa.MLDSA65PrivateKey.generate().public_key(),
    ):
        assert _refusal(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).kind == "key-algorithm"
    assert _refusal(rsa_spki(_good_modulus(), algorithm=bytes.fromhex("300d06092a864886f70d0101550500"))).kind == "key-algorithm"


def test_the_cost_of_a_check() -> None:
    # Measured as the least of three, because the machine is shared: 0.17 s for the largest RSA key, 0.04 ms for P-256.
    number = _without_small_factors(random.Random(6).getrandbits(8192) | 1 << 8191)
    for spki, limit in ((rsa_spki(number), 0.25), (spki_of(rsa_key()), 0.05), (spki_of(p256_key()), 0.001)):
        assert min(_cost_of_check(spki) for _ in range(3)) < limit


def _cost_of_check(spki: bytes) -> float:
    start = time.process_time()
    check_key(spki, ALL)
    return time.process_time() - start


@given(st.binary(max_size=200))
def test_any_bytes_are_a_key_or_a_refusal(data: bytes) -> None:
    with pytest.raises(Refused):
        read_key(data)


@given(st.integers(0, 293), st.integers(1, 255), st.sampled_from(["rsa", "p256", "ed25519"]))
def test_any_changed_byte_is_a_key_or_a_refusal(at: int, change: int, kind: str) -> None:
    keys: dict[str, SigningKey] = {"rsa": rsa_key(), "p256": p256_key(), "ed25519": ed25519_key()}
    data = bytearray(spki_of(keys[kind]))
    data[at % len(data)] ^= change
    try:
        key = read_key(bytes(data))
    except Refused:
        return
    assert isinstance(key.public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey)
    assert read_key(key.spki_der).spki_der == key.spki_der
