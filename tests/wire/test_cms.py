"""Signatures over statements: openssl reads ours, we read openssl's, and no changed message says anything else."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, KeySerializationEncryption, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.cms import SignedContent, sign_attached, signer_fingerprint, verify_attached
from privyseal_wire.errors import CmsRefused
from tests.wire import cms_composer as composer
from tests.wire.cms_composer import Parts, attribute, der, parts, usual_attributes
from tests.wire.sample_signers import KINDS, NOW, Signer, certify, new_key, signer

FOLDER = Path(__file__).parents[1] / "vectors" / "cms"
CONTENT = '{"type":"privyseal.approval.v1","note":"naïve\\n"}'.encode()


@cache
def index() -> tuple[dict[str, str], ...]:
    return tuple(json.loads((FOLDER / "index.json").read_text(encoding="utf-8")))


def refusal(data: bytes, by: Signer) -> CmsRefused:
    with pytest.raises(CmsRefused) as caught:
        verify_attached(data, signer_certificate_der=by.der)
    assert caught.value.sentence.endswith(".")
    return caught.value


@pytest.mark.parametrize("sample", index(), ids=lambda sample: sample["file"])
def test_messages_of_openssl(sample: dict[str, str]) -> None:
    data, certificate = (FOLDER / sample["file"]).read_bytes(), (FOLDER / sample["signer"]).read_bytes()
    if sample["result"] != "ok":
        with pytest.raises(CmsRefused) as caught:
            verify_attached(data, signer_certificate_der=certificate)
        assert caught.value.kind == sample["result"]
        return
    signed = verify_attached(data, signer_certificate_der=certificate)
    assert signed.content == (FOLDER / "content").read_bytes()
    assert signed.signing_time is not None
    assert signed.signing_time.tzinfo is UTC
    assert signed.digest_algorithm == next((name for name in ("sha384", "sha512") if name in sample["command"]), "sha256")
    if "-nocerts" in sample["command"]:
        with pytest.raises(CmsRefused, match="-nocerts"):
            signer_fingerprint(data)
    else:
        assert signer_fingerprint(data) == hashlib.sha256(certificate).digest()


def test_every_kind_of_message_is_among_them() -> None:
    results = [sample["result"] for sample in index()]
    assert results.count("ok") >= 20
    assert {"cms-weak", "cms-detached", "cms-signers", "cms-attributes", "cms-smime", "cms-content-type"} <= set(results)


def run_openssl(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=tmp_path, check=False, capture_output=True)


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_verifies_ours(kind: str, tmp_path: Path) -> None:
    by = signer(kind)
    data = sign_attached(CONTENT, by.der, by.key, now=NOW)
    (tmp_path / "signed").write_bytes(data)
    (tmp_path / "certificate").write_bytes(by.pem)
    verify = ["cms", "-verify", "-binary", "-inform", "DER", "-CAfile", "certificate", "-purpose", "any", "-in", "signed"]
    result = run_openssl(tmp_path, *verify)
    assert (result.returncode, result.stdout) == (0, CONTENT), result.stderr
    printed = run_openssl(tmp_path, "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "signed").stdout
    assert b"Nov 22 01:02:03 2026 GMT" in printed
    (tmp_path / "signed").write_bytes(data.replace(b"approval", b"approvel"))
    assert run_openssl(tmp_path, *verify).returncode != 0


@pytest.mark.parametrize("kind", KINDS)
def test_we_verify_ours(kind: str) -> None:
    by = signer(kind)
    data = sign_attached(CONTENT, by.der, by.key, now=NOW)
    digest = {"p384": "sha384", "p521": "sha512"}.get(kind, "sha256")
    assert verify_attached(data, signer_certificate_der=by.der) == SignedContent(CONTENT, NOW, digest)
    assert signer_fingerprint(data) == hashlib.sha256(by.der).digest()


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
@pytest.mark.parametrize(
    "options", [["-outform", "DER"], ["-outform", "PEM"], ["-outform", "DER", "-stream", "-indef"], ["-outform", "DER", "-keyid"]], ids=str
)
def test_we_verify_openssl_today(kind: str, options: list[str], tmp_path: Path) -> None:
    by = signer(kind)
    (tmp_path / "certificate").write_bytes(by.pem)
    (tmp_path / "key").write_bytes(by.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "content").write_bytes(CONTENT)
    result = run_openssl(
        tmp_path, "cms", "-sign", "-binary", "-nodetach", "-in", "content", "-signer", "certificate", "-inkey", "key", *options
    )
    assert result.returncode == 0, result.stderr
    assert verify_attached(result.stdout, signer_certificate_der=by.der).content == CONTENT


@pytest.mark.parametrize("content", [b"", b"\r\n\n", bytes(range(256)), b"x" * 100_000], ids=len)
def test_content_is_never_translated(content: bytes) -> None:
    by = signer("p256")
    assert verify_attached(sign_attached(content, by.der, by.key, now=NOW), signer_certificate_der=by.der).content == content


@pytest.mark.parametrize("year", [1999, 2049, 2050, 2999])
def test_times_before_and_after_2050(year: int) -> None:
    """RFC 5652 11.3."""
    by = signer("p256")
    moment = NOW.replace(year=year)
    data = sign_attached(CONTENT, by.der, by.key, now=moment.astimezone(timezone(timedelta(hours=9))))
    assert verify_attached(data, signer_certificate_der=by.der).signing_time == moment


class Token(ec.EllipticCurvePrivateKey):
    """A key that only knows how to sign a digest, as one in a smart card or a key service does."""

    def __init__(self, inner: ec.EllipticCurvePrivateKey) -> None:
        self._inner = inner
        self.calls = 0

    def sign(self, data: bytes | bytearray | memoryview, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        assert isinstance(signature_algorithm, ec.ECDSA)
        algorithm = signature_algorithm.algorithm
        assert isinstance(algorithm, hashes.HashAlgorithm)
        self.calls += 1
        digest = hashlib.new(algorithm.name, data).digest()
        return self._inner.sign(digest, ec.ECDSA(Prehashed(algorithm)))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._inner.public_key()

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._inner.curve

    @property
    def key_size(self) -> int:
        return self._inner.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        raise AssertionError(algorithm, peer_public_key)

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        raise AssertionError

    def private_bytes(self, encoding: Encoding, format: PrivateFormat, encryption_algorithm: KeySerializationEncryption) -> bytes:  # noqa: A002
        raise AssertionError(encoding, format, encryption_algorithm)

    def __copy__(self) -> Token:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Token:
        return self


def test_a_key_in_a_token_signs() -> None:
    by = signer("p256")
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    token = Token(by.key)
    data = sign_attached(CONTENT, by.der, token, now=NOW)
    assert token.calls == 1
    assert verify_attached(data, signer_certificate_der=by.der).content == CONTENT


def test_key_and_certificate_belong_together() -> None:
    with pytest.raises(CmsRefused) as caught:
        sign_attached(CONTENT, signer("p256").der, signer("p256", "Somebody else").key, now=NOW)
    assert caught.value.kind == "cms-key"
    with pytest.raises(CmsRefused):
        sign_attached(CONTENT, signer("rsa2048").der, signer("p256").key, now=NOW)


def test_a_certificate_that_is_none() -> None:
    by = signer("p256")
    data = sign_attached(CONTENT, by.der, by.key, now=NOW)
    for certificate in (b"", by.der[:-1], by.pem):
        with pytest.raises(CmsRefused) as caught:
            sign_attached(CONTENT, certificate, by.key, now=NOW)
        assert caught.value.kind == "cms-certificate"
        with pytest.raises(CmsRefused):
            verify_attached(data, signer_certificate_der=certificate)


def test_another_signer_is_refused() -> None:
    by, other = signer("p256"), signer("p256", "Somebody else")
    data = sign_attached(CONTENT, other.der, other.key, now=NOW)
    assert refusal(data, by).kind == "cms-signer"


def test_a_certificate_of_the_same_name_and_number_is_not_enough() -> None:
    """An attacker makes a certificate that names the same issuer and serial: only the registered key verifies."""
    by = signer("p256")
    key = new_key("p256")
    twin = Signer(key, certify(key, "Administrator p256", serial=by.certificate.serial_number))
    assert twin.certificate.issuer == by.certificate.issuer
    forged = sign_attached(CONTENT, twin.der, twin.key, now=NOW)
    assert refusal(forged, by).kind == "cms-signature"
    assert signer_fingerprint(forged) == hashlib.sha256(twin.der).digest()
    both = replace(parts(twin, CONTENT), certificates=[by.der, twin.der]).message()
    assert refusal(both, by).kind == "cms-signature"
    with pytest.raises(CmsRefused) as caught:
        signer_fingerprint(both)
    assert caught.value.kind == "cms-signer"


def test_the_same_certificate_twice_is_one() -> None:
    by = signer("p256")
    data = replace(parts(by, CONTENT), certificates=[by.der, by.der, b"\x30\x00", signer("p384").der]).message()
    assert signer_fingerprint(data) == hashlib.sha256(by.der).digest()


def test_a_signer_named_by_its_key() -> None:
    by = signer("p256")
    identifier = by.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    named = replace(parts(by, CONTENT), signer_version=3, version=3, signer_name=der(0x80, identifier))
    assert verify_attached(named.message(), signer_certificate_der=by.der).content == CONTENT
    assert signer_fingerprint(named.message()) == hashlib.sha256(by.der).digest()
    assert refusal(replace(named, signer_name=der(0x80, identifier[1:])).message(), by).kind == "cms-signer"
    bare = Signer(by.key, certify(by.key, "without identifier", key_identifier=False))
    assert refusal(replace(named, signer_name=der(0x80, b"")).message(), bare).kind == "cms-signer"


def good(kind: str = "p256") -> Parts:
    return parts(signer(kind), CONTENT)


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_signed_attributes_in_any_order(kind: str) -> None:
    """Signed is the sorted SET, whatever order was sent (RFC 5652 5.4); a signature over the order sent is not DER."""
    for attributes in (usual_attributes(CONTENT), usual_attributes(CONTENT)[::-1]):
        sent = parts(signer(kind), CONTENT, attributes)
        assert verify_attached(sent.message(), signer_certificate_der=signer(kind).der).content == CONTENT
        if attributes != sorted(attributes):
            assert refusal(replace(sent, signed=der(0x31, *attributes)).message(), signer(kind)).kind == "cms-signature"


def with_attributes(*attributes: bytes) -> Callable[[], bytes]:
    return lambda: parts(signer("p256"), CONTENT, list(attributes)).message()


def changed(kind: str = "p256", **changes: object) -> Callable[[], bytes]:
    return lambda: replace(good(kind), **changes).message()  # type: ignore[arg-type]


DIGEST, TYPE, TIME = usual_attributes(CONTENT)
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no content type": (with_attributes(DIGEST, TIME), "cms-attributes"),
    "content type of another thing": (with_attributes(DIGEST, attribute(composer.CONTENT_TYPE, composer.SIGNED_DATA)), "cms-attributes"),
    "two content types": (with_attributes(DIGEST, attribute(composer.CONTENT_TYPE, composer.DATA, composer.DATA)), "cms-attributes"),
    "no digest": (with_attributes(TYPE, TIME), "cms-attributes"),
    "an empty digest": (with_attributes(TYPE, attribute(composer.MESSAGE_DIGEST)), "cms-digest"),
    "digest of other content": (with_attributes(TYPE, *usual_attributes(b"other")[:1]), "cms-digest"),
    "two digests": (
        with_attributes(TYPE, attribute(composer.MESSAGE_DIGEST, der(4, bytes(32)), der(4, hashlib.sha256(CONTENT).digest()))),
        "cms-digest",
    ),
    "digest shortened": (
        with_attributes(TYPE, attribute(composer.MESSAGE_DIGEST, der(4, hashlib.sha256(CONTENT).digest()[:31]))),
        "cms-digest",
    ),
    "time that is none": (with_attributes(DIGEST, TYPE, attribute(composer.SIGNING_TIME, der(0x17, b"261322010203Z"))), "cms-attributes"),
    "time as text": (with_attributes(DIGEST, TYPE, attribute(composer.SIGNING_TIME, der(0x0C, b"today"))), "cms-attributes"),
    "two times": (with_attributes(DIGEST, TYPE, attribute(composer.SIGNING_TIME, *[der(0x17, b"261122010203Z")] * 2)), "cms-attributes"),
    "content changed": (changed(content=CONTENT + b" "), "cms-digest"),
    "content signed without attributes": (changed(attributes=None, signed=CONTENT), "cms-attributes"),
    "signature empty": (changed(signature=b""), "cms-signature"),
    "signature of zeros, RSA": (changed("rsa2048", signature=bytes(256)), "cms-signature"),
    "signature of r and s without DER": (changed(signature=bytes(64)), "cms-signature"),
    "signature of r = s = 0": (changed(signature=bytes.fromhex("3006020100020100")), "cms-signature"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_signed_for_real_and_still_refused(name: str) -> None:
    make, kind = REFUSED[name]
    assert refusal(make(), signer("rsa2048" if name.endswith("RSA") else "p256")).kind == kind


def mutate(data: bytes, source: random.Random) -> bytes:
    """One to three changes: a byte set, bits flipped, bytes gone, doubled, put in or moved, or the end cut off."""
    changed_data = bytearray(data)
    for _ in range(source.choice((1, 1, 1, 2, 3))):
        start = source.randrange(len(changed_data) or 1)
        end = min(len(changed_data), start + source.choice((1, 1, 2, 4, 16, 64)))
        what = source.randrange(7)
        if what == 0 and changed_data:
            changed_data[start] = source.randrange(256)
        elif what == 1 and changed_data:
            changed_data[start] ^= 1 << source.randrange(8)
        elif what == 2:
            del changed_data[start:end]
        elif what == 3:
            changed_data[start:start] = changed_data[start:end]
        elif what == 4:
            changed_data[start:start] = source.randbytes(end - start)
        elif what == 5:
            piece = changed_data[start:end]
            del changed_data[start:end]
            place = source.randrange(len(changed_data) + 1)
            changed_data[place:place] = piece
        else:
            del changed_data[start:]
    return bytes(changed_data)


def samples() -> list[tuple[bytes, bytes]]:
    """Good messages of all kinds with their certificates: openssl's files and ours."""
    found = [
        ((FOLDER / sample["file"]).read_bytes(), (FOLDER / sample["signer"]).read_bytes()) for sample in index() if sample["result"] == "ok"
    ]
    found += [(sign_attached(CONTENT, signer(kind).der, signer(kind).key, now=NOW), signer(kind).der) for kind in KINDS]
    return [*found, (good().message(), signer("p256").der)]


def test_changed_messages_never_say_anything_else(*, long_run: bool) -> None:
    """20,000 seeded changes (200,000 in a long run): refused, or the very content that was signed."""
    source = random.Random(20261122)
    messages = samples()
    contents = [verify_attached(data, signer_certificate_der=certificate).content for data, certificate in messages]
    refused: dict[str, int] = {}
    for number in range(200_000 if long_run else 20_000):
        (data, certificate), content = messages[number % len(messages)], contents[number % len(messages)]
        candidate = mutate(data, source)
        try:
            assert verify_attached(candidate, signer_certificate_der=certificate).content == content
            refused["-"] = refused.get("-", 0) + 1
        except CmsRefused as refusal_:
            refused[refusal_.kind] = refused.get(refusal_.kind, 0) + 1
        with suppress(CmsRefused):
            assert len(signer_fingerprint(candidate)) == 32
    assert {"cms-form", "cms-digest", "cms-signature", "cms-signer"} <= refused.keys()


def test_changed_certificates_never_raise_anything_else(*, long_run: bool) -> None:
    source = random.Random(20261123)
    data, certificate = samples()[0]
    content = verify_attached(data, signer_certificate_der=certificate).content
    for _ in range(20_000 if long_run else 2_000):
        with suppress(CmsRefused):
            assert verify_attached(data, signer_certificate_der=mutate(certificate, source)).content == content


@given(st.binary(max_size=400), st.binary(max_size=100))
def test_any_bytes_are_refused(data: bytes, certificate: bytes) -> None:
    for candidate in (signer("p256").der, certificate):
        with pytest.raises(CmsRefused):
            verify_attached(data, signer_certificate_der=candidate)


@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=40)), max_size=4))
def test_attributes_of_others_are_allowed(content: bytes, more: list[tuple[int, bytes]]) -> None:
    """Whatever else the signer attests is signed too and means nothing here."""
    extra = {number: attribute(der(0x06, bytes((0x2A, 0x03, number))), der(0x04, value)) for number, value in more}
    sent = parts(signer("p256"), content, [*usual_attributes(content), *extra.values()])
    assert verify_attached(sent.message(), signer_certificate_der=signer("p256").der).content == content


def test_no_time_is_no_time() -> None:
    sent = parts(signer("p256"), CONTENT, [DIGEST, TYPE])
    assert verify_attached(sent.message(), signer_certificate_der=signer("p256").der).signing_time is None


def test_a_time_after_2050() -> None:
    sent = parts(signer("p256"), CONTENT, [DIGEST, TYPE, attribute(composer.SIGNING_TIME, der(0x18, b"20510101000000Z"))])
    assert verify_attached(sent.message(), signer_certificate_der=signer("p256").der).signing_time == datetime(2051, 1, 1, tzinfo=UTC)
