"""Story 2: hacker.test wants www.bookstore.test (requirements section 7).

Both are customers. Four ways to a certificate with somebody else's name are refused when the request is sent, each naming the
name; the fifth gives an honest one, with the name of the vetted record, which is of no use on another host.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.rigs.live_people import Caller, LiveOrganization, run_seal, save_key
from tests.rigs.nginx import NginxServer
from tests.rigs.openssl import connect
from tests.rigs.service import SubjectKey, make_key
from tests.stories.conftest import World

WANTED = "www.bookstore.test"
OWN = "www.hacker.test"
NUL = f"{OWN}\0.bookstore.test"
LOOK_ALIKE = "www.b\u043e\u043ekstore.test"  # Cyrillic o, twice
LOOK_ALIKE_IN_ASCII = LOOK_ALIKE.encode("idna").decode()


def csr(common_name: str, key: SubjectKey, *, names: Sequence[str] = (), organization: str = "") -> str:
    """A CSR that says exactly this; the builder writes a NUL in a common name as it is."""
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        subject.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_hacker_wants_bookstore(world: World, subtests: pytest.Subtests) -> None:
    world.provider.found("bookstore", "Bookstore, Inc.", "bookstore.test", units=0)
    hacker = world.provider.found("hacker", "Hacker Ltd.", "hacker.test", units=5)
    refuse_what_is_not_his(hacker, subtests)
    assert hacker.units() == (0, 0, 5)
    assert hacker.token.get(f"{hacker.path}/requests")["items"] == []
    key = make_key()
    chain = issue_with_the_vetted_name(hacker, key)
    assert hacker.units() == (0, 1, 4)
    with NginxServer(chain, save_key(key, chain.with_name("server.key"))) as nginx:
        judge_on_another_host(world, hacker, nginx.port)


def refuse_what_is_not_his(hacker: LiveOrganization, subtests: pytest.Subtests) -> None:
    """Each way is refused with the failing name, at the shell as over REST."""
    nobody = Caller(hacker.live)
    ways = {
        "his common name is theirs": (csr(WANTED, make_key()), "name-not-validated", WANTED),
        "their name beside his own": (csr(OWN, make_key(), names=[WANTED]), "name-not-validated", WANTED),
        "a NUL inside the name": (csr(NUL, make_key()), "name-control-character", NUL.replace("\0", "\\x00")),
        "a name that looks like theirs": (csr(LOOK_ALIKE, make_key()), "name-mixed-script", LOOK_ALIKE),
        "the same in ASCII": (csr(OWN, make_key(), names=[LOOK_ALIKE_IN_ASCII]), "name-mixed-script", LOOK_ALIKE_IN_ASCII),
    }
    for way, (text, kind, name) in ways.items():
        with subtests.test(way):
            problem = nobody.refused(f"{hacker.path}/requests", hacker.form(text))
            assert problem["kind"] == kind
            assert name in problem["detail"]
            assert f"asks for {OWN}" not in problem["detail"], "his own name is no reason"
    mallory = hacker.anybody("mallory")
    (mallory.folder / "theirs.csr").write_text(csr(WANTED, make_key()))
    form = ("--endpoint", OWN, "--contact-name", "Mallory", "--contact-email", hacker.contact, "--phrase-file", "phrase")
    status, _, words = run_seal(mallory, "request", "submit", "theirs.csr", *form)
    assert status == 1
    assert WANTED in words


def issue_with_the_vetted_name(hacker: LiveOrganization, key: SubjectKey) -> Path:
    """The CSR says O=Bookstore Inc.; the certificate says who was vetted. The chain that a server needs, in a file."""
    issued = hacker.issue(csr(OWN, key, names=[OWN], organization="Bookstore, Inc."))
    leaf = x509.load_pem_x509_certificate(issued["pem"].encode())
    organizations = [attribute.value for attribute in leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    assert organizations == ["Hacker Ltd."]
    assert "Bookstore" not in leaf.subject.rfc4514_string()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [OWN]
    chain = hacker.subscribers / "chain.pem"
    chain.write_text(issued["chain_pem"])
    return chain


def judge_on_another_host(world: World, hacker: LiveOrganization, port: int) -> None:
    """The certificate is good for his own name, for no other, and for nobody who lacks the root; openssl says the same."""
    visitor, root, address = hacker.anybody("visitor"), world.service.root_pem, f"127.0.0.1:{port}"
    status, report, _ = run_seal(visitor, "certificate", "check", address, "--name", OWN)
    assert (status, report["verdict"]) == (0, "ok")
    assert connect(port, OWN, root).accepts
    status, report, words = run_seal(visitor, "certificate", "check", address, "--name", WANTED)
    assert (status, report["verdict"]) == (1, "name-mismatch")
    assert WANTED in words
    judged = connect(port, WANTED, root)
    assert not judged.accepts
    assert "hostname mismatch" in judged.words.lower()
    status, report, words = run_seal(visitor, "certificate", "check", address, "--name", OWN, without="SEAL_ROOT")
    assert (status, report["verdict"]) == (1, "untrusted-issuer")
    assert "root" in words
    judged = connect(port, OWN, None)
    assert not judged.accepts
    assert "verify error:num=" in judged.words
