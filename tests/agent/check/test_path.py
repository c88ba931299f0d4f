"""Chains: shortest, longest, crossed and circular ones, and certificates of which a byte was changed."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal_agent.check.fetch import FetchFailed
from privyseal_agent.check.names import find_name
from privyseal_agent.check.path import Broken, Gap, find_path
from privyseal_agent.check.revocation import find_revocation
from privyseal_agent.keys.pyca import UNREADABLE
from tests.agent import authority
from tests.agent.authority import Holder, Pointers


@pytest.fixture(scope="module")
def root() -> Holder:
    return authority.make_root()


def test_the_way_leads_over_what_was_sent(root: Holder) -> None:
    issuing = authority.make_intermediate(root)
    server = authority.make_server(issuing)
    unrelated = authority.make_self_signed("other.test")
    sent = (unrelated.certificate, issuing.certificate, issuing.certificate)
    assert find_path(server.certificate, sent, (root.certificate,)) == (server.certificate, issuing.certificate, root.certificate)


def test_an_intermediate_may_be_where_trust_begins(root: Holder) -> None:
    issuing = authority.make_intermediate(root)
    server = authority.make_server(issuing)
    assert find_path(server.certificate, (), (issuing.certificate,)) == (server.certificate, issuing.certificate)


def test_the_path_length_of_a_ca_holds(root: Holder) -> None:
    issuing = authority.make_intermediate(root)  # Its path length is 0.
    below = authority.make_intermediate(issuing, "CA below")
    server = authority.make_server(Holder(below.certificate, authority.key_number(1)))
    found = find_path(server.certificate, (below.certificate, issuing.certificate), (root.certificate,))
    assert found == Broken(Gap.NOT_A_CA, issuing.certificate)


def test_cas_that_certify_each_other_do_not_go_round_for_ever(root: Holder) -> None:
    one = authority.make_root("One", key=authority.key_number(4))
    two = authority.make_root("Two", key=authority.key_number(5))
    one_by_two = authority.make_crossed(one, two)
    two_by_one = authority.make_crossed(two, one)
    server = authority.make_server(one)
    found = find_path(server.certificate, (one_by_two, two_by_one), (root.certificate,))
    assert isinstance(found, Broken)
    assert found.gap is Gap.UNKNOWN_ISSUER
    through = find_path(server.certificate, (one_by_two, two_by_one), (two.certificate,))
    assert through == (server.certificate, one_by_two, two.certificate)


def test_a_server_cannot_make_the_search_long(root: Holder) -> None:
    """Fifty certificates of one CA that all sign each other: once around is enough."""
    one = authority.make_root("One", key=authority.key_number(4))
    crossed = [authority.make_crossed(one, one) for _ in range(50)]
    server = authority.make_server(one)
    started = time.monotonic()
    assert isinstance(find_path(server.certificate, crossed, (root.certificate,)), Broken)
    assert time.monotonic() - started < 10


def test_a_signature_of_broken_octets_is_none(root: Holder) -> None:
    """Where its last bits are 0, a reader may take them for unused: what was signed is the same, the certificate is not."""
    read = 0
    while read < 3:
        certificate = authority.make_server(root).certificate
        der = bytearray(certificate.public_bytes(Encoding.DER))
        assert not isinstance(find_path(certificate, (), (root.certificate,)), Broken)
        der[-len(certificate.signature) - 1] = 1
        try:
            changed = x509.load_der_x509_certificate(bytes(der))
        except UNREADABLE:
            continue
        read += 1
        assert isinstance(find_path(changed, (), (root.certificate,)), Broken)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # serials that are not positive
def test_a_changed_certificate_is_judged_or_unreadable(root: Holder, long_run: bool) -> None:  # noqa: FBT001
    """Nothing of a served certificate may end in another exception than those that are caught, and none is trusted."""

    def fetch(url: str, request: bytes | None) -> bytes:
        raise FetchFailed(f"{url} {request!r}")

    pointers = Pointers(crl=("http://status.test/7.crl",), ocsp="http://status.test/ocsp", issuer="http://status.test/ca.cer")
    original = authority.make_server(root, pointers=pointers).certificate
    der, source = original.public_bytes(Encoding.DER), random.Random(11)
    for _ in range(10_000 if long_run else 1_000):
        changed = bytearray(der)
        changed[source.randrange(len(der))] ^= 1 << source.randrange(8)
        try:
            certificate = x509.load_der_x509_certificate(bytes(changed))
        except UNREADABLE:
            continue
        find_name(certificate, "www.acme.test")
        assert isinstance(find_path(certificate, (), (root.certificate,)), Broken)
        find_revocation(certificate, root.certificate, "The certificate", now=datetime.now(UTC), fetch=fetch)
