"""Requests as an attacker or a broken tool sends them: corpora of others and mutations, always a Csr or one of our errors."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import cryptography_vectors
import pytest

from privyseal.engine.csr import Csr, read_csr
from privyseal.engine.key_policy import check_key
from privyseal.engine.lax_csr import element
from privyseal.engine.names import normalize_dns_name
from privyseal.engine.private_keys import PrivateKeyFound
from privyseal.model.errors import BadRequest, PrivysealError, Refused
from privyseal.model.profile import KeyAlgorithm
from tests.engine.sample_csrs import (
    SEQUENCE,
    challenge,
    dns,
    extension_request,
    odd_request,
    p256_key,
    request_pem,
    rsa_key,
    san_extension,
    subject,
)

VECTORS = Path(cryptography_vectors.__file__).parent / "x509"

MUTATIONS = 20_000
LONG_MUTATIONS = 400_000

REQUESTS = {
    "bad-version.pem": "csr-version",
    "basic_constraints.pem": "proof-weak-hash",
    "challenge-invalid.der": "proof-invalid",
    "challenge-multi-valued.der": "proof-invalid",
    "challenge-unstructured.pem": "ok",
    "challenge.pem": "ok",
    "dsa_sha1.der": "key-algorithm",
    "dsa_sha1.pem": "key-algorithm",
    "ec_sha256.der": "ok",
    "ec_sha256.pem": "ok",
    "ec_sha256_old_header.pem": "ok",
    "freeipa-bad-critical.pem": "csr-extensions",
    "invalid_signature.pem": "key-size",
    "long-form-attribute.pem": "proof-invalid",
    "rsa_md4.der": "proof-algorithm",
    "rsa_md4.pem": "proof-algorithm",
    "rsa_sha1.der": "proof-weak-hash",
    "rsa_sha1.pem": "proof-weak-hash",
    "rsa_sha256.der": "ok",
    "rsa_sha256.pem": "ok",
    "san_rsa_sha1.der": "proof-weak-hash",
    "san_rsa_sha1.pem": "proof-weak-hash",
    "two_basic_constraints.pem": "proof-weak-hash",
    "unsupported_extension.pem": "proof-weak-hash",
    "unsupported_extension_critical.pem": "proof-weak-hash",
    "zero-element-attribute.pem": "csr-extensions",
}


def _outcome(data: bytes) -> Csr | PrivysealError:
    """The request, or the refusal as a value; anything else that is raised fails the test."""
    try:
        return read_csr(data)
    except (BadRequest, Refused) as error:
        return error


def _kind(outcome: Csr | PrivysealError) -> str:
    return "ok" if isinstance(outcome, Csr) else outcome.kind


def test_the_requests_of_the_corpus() -> None:
    outcomes = {path.name: _kind(_outcome(path.read_bytes())) for path in sorted((VECTORS / "requests").iterdir())}
    assert outcomes == REQUESTS


@pytest.mark.filterwarnings("ignore")  # The library warns about some of the old kinds of keys.
@pytest.mark.parametrize("folder", ["custom", "", "PKITS_data/certs", "ocsp", "../pkcs7", "../pkcs12", "../asymmetric"])
def test_everything_else_of_the_corpus_is_refused(folder: str) -> None:
    """Certificates, CRLs, PKCS#7, PKCS#12 and keys, many of them malformed: each is refused with a sentence."""
    kinds: Counter[str] = Counter()
    for path in sorted((VECTORS / folder).rglob("*") if folder == "../asymmetric" else (VECTORS / folder).iterdir()):
        if not path.is_file() or path.stat().st_size > 64 * 1024:
            continue
        outcome = _outcome(path.read_bytes())
        assert isinstance(outcome, PrivysealError), path
        assert outcome.sentence.isprintable(), path
        assert outcome.sentence.endswith("."), path
        kinds[outcome.kind] += 1
        if isinstance(outcome, PrivateKeyFound):
            assert all(len(digest) == 32 for digest in outcome.spki_sha256)
    if folder in {"custom", "", "PKITS_data/certs"}:
        assert kinds["csr-is-certificate"] > 0.5 * kinds.total(), kinds
    if folder == "../pkcs12":
        assert kinds["private-key-found"] > 0.8 * kinds.total(), kinds


def _originals() -> list[bytes]:
    san = extension_request(san_extension(dns(b"www.example.test") + dns(b"*.shop.example.test")))
    return [
        request_pem(p256_key(), dns_names=["www.example.test", "shop.example.test"]),
        request_pem(rsa_key(), dns_names=["www.example.test", "shop.example.test"]),
        odd_request(san, challenge(b"a phrase"), key=p256_key()),
        odd_request(challenge(b"a phrase"), san, key=rsa_key()),
        odd_request(san),
    ]


def _mutated(original: bytes, generator: random.Random) -> bytes:
    """One to four changes: a bit, a byte, a byte too few or too many, a piece moved, the end lost."""
    data = bytearray(original)
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        at = generator.randrange(len(data))
        match generator.randrange(8):
            case 0 | 1:
                data[at] ^= 1 << generator.randrange(8)
            case 2 | 3:
                data[at] = generator.randrange(256)
            case 4:
                del data[at : at + generator.choice((1, 1, 2, 16))]
            case 5:
                data[at:at] = generator.randbytes(generator.choice((1, 1, 2, 16)))
            case 6:
                source = generator.randrange(len(data))
                data[at : at + 8] = data[source : source + 8]
            case _:
                data[at] = generator.choice((0x00, 0x7F, 0x80, 0x82, 0x84, 0x9F, 0xFF, 0x30, 0xA0))
        if len(data) < 40:
            break
    return bytes(data)


def test_mutations_of_good_requests_are_requests_or_refusals(*, long_run: bool) -> None:
    """Seeded: the number of a mutation decides what is changed, and the originals are the same bytes in each run."""
    originals = _originals()
    kinds: Counter[str] = Counter()
    for number in range(LONG_MUTATIONS if long_run else MUTATIONS):
        kinds[_check(_mutated(originals[number % len(originals)], random.Random(number)))] += 1
    assert {"ok", "proof-invalid", "csr-damaged", "csr-cut-off", "csr-trailing-bytes", "key-invalid", "key-exponent"} <= kinds.keys(), kinds
    assert kinds["private-key-found"] == 0
    assert kinds["proof-invalid"] > 1000, kinds


def test_mutations_that_are_signed_reach_what_stands_behind_the_proof(*, long_run: bool) -> None:
    """Subject and attributes mutated, then truly signed: the readers of names and extensions get them all."""
    name = subject(b"www.example.test", "b\u00fccher.test".encode())
    san = san_extension(
        dns(b"www.example.test") + element(0x87, b"1234") + element(0xA0, bytes.fromhex("060a2b060104018237140203a0050c03612e62"))
    )
    attributes = extension_request(san, element(SEQUENCE, bytes.fromhex("0603551d13040530030101ff")))
    kinds: Counter[str] = Counter()
    for number in range(LONG_MUTATIONS // 10 if long_run else MUTATIONS // 10):
        generator = random.Random(number)
        changed_name = _mutated(name, generator) if number % 3 == 0 else name
        changed = _mutated(attributes, generator) if number % 3 else attributes
        kinds[_check(odd_request(changed, name=changed_name))] += 1
    assert {"ok", "csr-damaged", "csr-extensions", "csr-subject"} <= kinds.keys(), kinds
    assert kinds["ok"] > 300, kinds


def _check(data: bytes) -> str:
    """The kind of the outcome, after the rules that hold for any."""
    outcome = _outcome(data)
    if isinstance(outcome, PrivysealError):
        assert outcome.sentence.isprintable()
    else:
        _names_are_names_or_refused(outcome)
    return _kind(outcome)


def _names_are_names_or_refused(csr: Csr) -> None:
    for name in csr.dns_names:
        try:
            normalize_dns_name(name)
        except Refused as refusal:
            assert refusal.kind.startswith("name-")


def test_the_cost_of_the_worst_requests_of_the_corpus() -> None:
    """Each file of the corpus, read and its key checked, takes less than 0.25 s of CPU (least of three)."""
    for path in sorted((VECTORS / "requests").iterdir()):
        data = path.read_bytes()
        assert min(_cost(data) for _ in range(3)) < 0.25, path


def _cost(data: bytes) -> float:
    start = time.process_time()
    outcome = _outcome(data)
    if isinstance(outcome, Csr):
        check_key(outcome.spki_der, tuple(KeyAlgorithm))
    return time.process_time() - start
