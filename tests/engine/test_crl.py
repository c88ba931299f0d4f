"""CRLs: byte-equal to pyca's builder, read by pyca, openssl and pkilint, signed around pages that are never joined."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.certificate import Issuer, build_reference
from privyseal.engine.crl import (
    CRL_REASONS,
    MIN_PAGE_ENTRIES,
    PAGE_ENTRIES,
    CrlContent,
    Page,
    encode_entry,
    pack_pages,
    sign_crl,
)
from privyseal.engine.hierarchy import KeyKind
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.signers import SigningKey, signature_hash
from privyseal.model.errors import Refused, Unavailable
from tests.engine.sample_issuers import NOW, ca_key, content, issuing_ca, root

NEXT = NOW + timedelta(days=7)
REASONS = st.sampled_from([None, 0, *sorted(CRL_REASONS)])
SERIALS = st.integers(min_value=1, max_value=(1 << 159) - 1)
MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
Revoked = tuple[int, datetime, int | None]


def entries_of(revoked: list[Revoked]) -> list[bytes]:
    return [encode_entry(*one) for one in revoked]


def whole_crl(
    entries: list[bytes],
    *,
    issuer: Issuer | None = None,
    key: SigningKey | None = None,
    number: int = 1,
    uri: str | None = None,
    now: datetime = NOW,
) -> bytes:
    """The CRL as a client receives it."""
    says = CrlContent(number, now, now + timedelta(days=7), uri)
    frame = sign_crl(issuer or issuing_ca(), key or ca_key("p256", 1), says, sum(map(len, entries)), iter(entries))
    crl = b"".join(frame.chunks(entries))
    assert len(crl) == frame.byte_length
    assert sha256(crl).hexdigest() == frame.sha256(entries)
    assert sha256(x509.load_der_x509_crl(crl).tbs_certlist_bytes).hexdigest() == frame.tbs_sha256
    return crl


def reference(revoked: list[Revoked], issuer: Issuer, key: SigningKey, number: int, uri: str | None) -> x509.CertificateRevocationList:
    """The same CRL by pyca's builder."""
    certificate = x509.load_der_x509_certificate(issuer.certificate_der)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = x509.CertificateRevocationListBuilder().issuer_name(certificate.subject).last_update(NOW).next_update(NEXT)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    if uri is not None:
        names = [x509.UniformResourceIdentifier(uri)]
        point = x509.IssuingDistributionPoint(
            full_name=names,
            relative_name=None,
            only_contains_user_certs=False,
            only_contains_ca_certs=False,
            only_some_reasons=None,
            indirect_crl=False,
            only_contains_attribute_certs=False,
        )
        builder = builder.add_extension(point, critical=True)
    for serial, moment, reason in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment)
        if reason:
            entry = entry.add_extension(x509.CRLReason(flag(reason)), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key, signature_hash(key))


def flag(code: int) -> x509.ReasonFlags:
    """The name pyca has for a CRLReason code."""
    names = {
        1: "key_compromise",
        2: "ca_compromise",
        3: "affiliation_changed",
        4: "superseded",
        5: "cessation_of_operation",
        6: "certificate_hold",
        9: "privilege_withdrawn",
        10: "aa_compromise",
    }
    return x509.ReasonFlags[names[code]]


@given(st.lists(st.tuples(SERIALS, MOMENTS, REASONS), max_size=20), st.integers(0, (1 << 159) - 1), st.sampled_from([None, 0, 127]))
def test_to_be_signed_bytes_equal_those_of_pycas_builder(revoked: list[Revoked], number: int, shard: int | None) -> None:
    issuer = issuing_ca()
    uri = None if shard is None else issuer.crl_url(shard)
    crl = x509.load_der_x509_crl(whole_crl(entries_of(revoked), number=number, uri=uri))
    assert crl.tbs_certlist_bytes == reference(revoked, issuer, ca_key("p256", 1), number, uri).tbs_certlist_bytes
    assert crl.is_signature_valid(issuer.public_key)


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_every_kind_of_issuing_key_signs(kind: KeyKind) -> None:
    issuer, key = issuing_ca(kind), ca_key(kind, 1)
    revoked: list[Revoked] = [(77, NOW, 1)]
    crl = x509.load_der_x509_crl(whole_crl(entries_of(revoked), issuer=issuer, key=key))
    expected = reference(revoked, issuer, key, 1, None)
    assert crl.is_signature_valid(issuer.public_key)
    assert crl.signature_algorithm_oid == expected.signature_algorithm_oid
    assert crl.tbs_certlist_bytes == expected.tbs_certlist_bytes


def test_dates_from_2050_on_are_generalized_time() -> None:
    late = datetime(2050, 1, 1, 0, 0, 0, tzinfo=UTC)
    crl = x509.load_der_x509_crl(whole_crl([encode_entry(5, late, 4)], now=late))
    assert crl.last_update_utc == late
    assert b"\x18\x0f20500101000000Z" in crl.tbs_certlist_bytes


def test_no_entries_means_no_list_at_all() -> None:
    crl = x509.load_der_x509_crl(whole_crl([]))
    assert list(crl) == []
    # RFC 5280 5.1.2.6; pkilint knows the rule, too (see below), but only says so for an empty list.
    assert b"\x30\x00" not in crl.tbs_certlist_bytes


@pytest.mark.parametrize("reason", [7, 8, 11, -1, 255])
def test_a_reason_that_no_crl_carries_is_refused(reason: int) -> None:
    with pytest.raises(Refused) as refusal:
        encode_entry(1, NOW, reason)
    assert refusal.value.kind == "revocation-reason"


@pytest.mark.parametrize("serial", [0, -1, 1 << 159])
def test_a_serial_outside_its_range_is_a_mistake_of_the_caller(serial: int) -> None:
    with pytest.raises(ValueError, match="serial"):
        encode_entry(serial, NOW, None)


def test_reason_unspecified_leaves_the_extension_out() -> None:
    assert encode_entry(9, NOW, 0) == encode_entry(9, NOW, None)


def test_content_that_contradicts_itself_is_not_signed() -> None:
    for says in (CrlContent(-1, NOW, NEXT, None), CrlContent(1 << 160, NOW, NEXT, None), CrlContent(1, NOW, NOW, None)):
        with pytest.raises(ValueError, match="CRL"):
            sign_crl(issuing_ca(), ca_key("p256", 1), says, 0, ())


def test_pages_of_another_length_than_announced_are_not_signed() -> None:
    page = encode_entry(1, NOW, None)
    with pytest.raises(ValueError, match="announced"):
        sign_crl(issuing_ca(), ca_key("p256", 1), CrlContent(1, NOW, NEXT, None), len(page) + 1, [page])


def test_another_cas_key_publishes_nothing() -> None:
    for key in (ca_key("p256"), ca_key("rsa2048")):
        with pytest.raises(Unavailable) as refusal:
            sign_crl(issuing_ca(), key, CrlContent(1, NOW, NEXT, None), 0, ())
        assert refusal.value.kind == "signature"


def test_ed25519_cannot_sign_streamed_pages() -> None:
    with pytest.raises(Refused) as refusal:
        sign_crl(issuing_ca(), ed25519.Ed25519PrivateKey.generate(), CrlContent(1, NOW, NEXT, None), 0, ())
    assert refusal.value.kind == "signing-key"


def test_pages_are_full_but_the_last_and_a_short_rest_stays_a_tail() -> None:
    entries = [encode_entry(serial, NOW, None) for serial in range(1, 2 * PAGE_ENTRIES + MIN_PAGE_ENTRIES)]
    pages, tail = pack_pages(entries)
    assert [page.count for page in pages] == [PAGE_ENTRIES, PAGE_ENTRIES]
    assert b"".join([*(page.entries for page in pages), tail]) == b"".join(entries)
    assert len(tail) == sum(map(len, entries[2 * PAGE_ENTRIES :]))


@given(st.lists(st.binary(min_size=1, max_size=3), max_size=60), st.integers(1, 20), st.integers(1, 30))
def test_packing_keeps_order_and_bytes(entries: list[bytes], size: int, least: int) -> None:
    pages, tail = pack_pages(entries, page_entries=size, min_entries=least)
    paged = sum(page.count for page in pages)
    assert b"".join(page.entries for page in pages) == b"".join(entries[:paged])
    assert tail == b"".join(entries[paged:])
    assert len(entries) - paged < least
    assert all(page.count == size for page in pages[:-1])
    assert pack_pages(()) == ((), b"")
    assert Page(b"", 0) == Page(b"", 0)


def test_signing_holds_one_page_at_a_time() -> None:
    page = b"".join(encode_entry(serial, NOW, 1) for serial in range(1 << 135, (1 << 135) + PAGE_ENTRIES))
    count = 100

    def pages() -> Iterator[bytes]:
        for _ in range(count):
            yield page[:-1] + page[-1:]  # a new object each time, as from a database

    tracemalloc.start()
    try:
        frame = sign_crl(issuing_ca(), ca_key("p256", 1), CrlContent(1, NOW, NEXT, None), len(page) * count, pages())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert frame.byte_length > len(page) * count
    assert peak < 4 * len(page)


# ------------------------------------------------------------------------------------------------ independent judges


def pem_crl(crl: bytes) -> str:
    return x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM).decode()


class Verifier:
    """`openssl verify` over one chain and given CRLs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("root.pem", certificate_to_pem(root().certificate_der))
        self.write("ca.pem", certificate_to_pem(issuing_ca().certificate_der))

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text, encoding="ascii")
        return path

    def verify(self, certificate: bytes, crls: list[bytes], *options: str) -> subprocess.CompletedProcess[str]:
        leaf = self.write("leaf.pem", certificate_to_pem(certificate))
        file = self.write("crls.pem", "".join(map(pem_crl, crls)))
        moment = str(int(NOW.timestamp()) + 60)
        trust: list[str | Path] = ["-CAfile", self.directory / "root.pem", "-untrusted", self.directory / "ca.pem"]
        command: list[str | Path] = ["openssl", "verify", "-attime", moment, "-crl_check", "-CRLfile", file, *trust, *options, leaf]
        return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    return Verifier(tmp_path)


def leaf_of_shard(shard: int) -> tuple[int, bytes]:
    """Serial and certificate of a leaf whose distribution point names this shard."""
    while True:
        says = content("www.acme.test")
        if says.crl_shard == shard:
            return says.serial, build_reference(says, issuing_ca(), ca_key("p256", 1))


def shard_crl(shard: int, revoked: list[Revoked], number: int = 1) -> bytes:
    return whole_crl(entries_of(revoked), number=number, uri=issuing_ca().crl_url(shard))


def test_openssl_finds_the_shard_among_several_without_any_option(verifier: Verifier) -> None:
    serial, leaf = leaf_of_shard(3)
    others = [shard_crl(1, [(1, NOW, 1)]), shard_crl(2, []), shard_crl(4, [(serial, NOW, 1)])]
    good = verifier.verify(leaf, [*others, shard_crl(3, [])])
    assert good.returncode == 0, good.stderr
    revoked = verifier.verify(leaf, [*others, shard_crl(3, [(serial, NOW, 4), (6, NOW, None)])])
    assert revoked.returncode != 0
    assert "certificate revoked" in revoked.stderr
    extended = verifier.verify(leaf, [*others, shard_crl(3, [])], "-extended_crl")
    assert extended.returncode == 0, extended.stderr


def test_openssl_takes_no_other_shard_in_its_place(verifier: Verifier) -> None:
    _, leaf = leaf_of_shard(3)
    answer = verifier.verify(leaf, [shard_crl(2, []), shard_crl(4, [])])
    assert answer.returncode != 0
    assert "different CRL scope" in answer.stderr


def test_openssl_takes_the_full_crl_for_every_certificate(verifier: Verifier) -> None:
    serial, leaf = leaf_of_shard(3)
    assert verifier.verify(leaf, [whole_crl([encode_entry(1, NOW, 1)])]).returncode == 0
    answer = verifier.verify(leaf, [whole_crl([encode_entry(serial, NOW, 1)])])
    assert "certificate revoked" in answer.stderr


def test_openssl_wants_the_roots_full_crl_to_check_the_whole_chain(verifier: Verifier) -> None:
    # -crl_check_all asks about the root itself too, and a root's certificate names no distribution point.
    _, leaf = leaf_of_shard(3)

    def judge(uri: str | None, *entries: bytes) -> str:
        of_root = whole_crl(list(entries), issuer=root(), key=ca_key("p256"), uri=uri)
        return verifier.verify(leaf, [shard_crl(3, []), of_root], "-crl_check_all").stderr

    ca = x509.load_der_x509_certificate(issuing_ca().certificate_der)
    entry = encode_entry(ca.serial_number, NOW, 2)
    assert judge(None) == ""
    assert "different CRL scope" in judge(root().crl_url(0))
    assert "certificate revoked" in judge(None, entry)
    assert "certificate revoked" in judge(root().crl_url(0), entry)


def test_openssl_reads_number_point_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "shard.crl"
    path.write_bytes(shard_crl(3, [(0x1122, NOW, 4)], number=260))
    text = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", path, "-noout", "-text"], check=True, capture_output=True, text=True
    ).stdout
    assert "X509v3 CRL Number: \n                260" in text
    assert "X509v3 Issuing Distribution Point: critical" in text
    assert f"URI:{issuing_ca().crl_url(3)}" in text
    assert "Superseded" in text


@pytest.mark.parametrize(("profile", "scope"), [("PKIX", "full"), ("PKIX", "empty"), ("BR", "shard")])
def test_pkilint_finds_nothing(tmp_path: Path, profile: str, scope: str) -> None:
    crls = {
        "full": whole_crl(entries_of([(5, NOW, 1), (6, NOW, None), (7, NOW, 9)])),
        "empty": whole_crl([]),
        "shard": shard_crl(3, [(5, NOW, 4)]),
    }
    path = tmp_path / f"{scope}.crl"
    path.write_bytes(crls[scope])
    lint = Path(sys.executable).with_name("lint_crl")
    command: list[str | Path] = [lint, "lint", "-t", "CRL", "-p", profile, "-s", "NOTICE", "-f", "TEXT", path]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.strip() == ""
