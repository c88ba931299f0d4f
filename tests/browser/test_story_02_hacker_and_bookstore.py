"""Story 2 in the browser: hacker.test wants www.bookstore.test (requirements section 7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.browser.people import World
from tests.browser.steps import WAYS, answer_the_rest, begin_request, confirm, decider, hand_csr_in, pick_up, wait_until_issued
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.live_people import save_key
from tests.rigs.nginx import NginxServer
from tests.rigs.openssl import connect
from tests.rigs.service import SubjectKey, make_key

WANTED = "www.bookstore.test"
LOOK_ALIKE = "www.b\u043e\u043ekstore.test"  # Cyrillic o, twice


def csr(common_name: str, key: SubjectKey, *names: str, organization: str = "") -> str:
    """A CSR that says exactly this."""
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        subject.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("way", WAYS)
def test_hacker_wants_bookstore(world: World, chromium: Chromium, tmp_path: Path, way: str) -> None:
    slug, domain = f"hacker-{way}", f"{way}.hacker.test"
    own = f"www.{domain}"
    world.provider.establish(slug, "Hacker Ltd.", domain)
    mallory = chromium.window(script=way == "passkey", passkeys=False)
    mallory.expect("422 POST")
    begin_request(world, mallory, slug, own)
    refuse_what_is_not_his(mallory, own)
    key = make_key()
    hand_csr_in(mallory, csr(own, key, own, organization="Bookstore, Inc."))
    answer_the_rest(mallory, f"mallory@{domain}")
    confirm(world, mallory, f"mallory@{domain}", own)
    mallory.press("Follow the request")
    admin = decider(world, chromium, slug, domain, way, tmp_path)
    admin.approve(own)
    wait_until_issued(mallory)
    chain = pick_up(mallory, tmp_path)
    leaf = x509.load_pem_x509_certificate(chain.read_bytes())
    assert [name.value for name in leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["Hacker Ltd."]
    with NginxServer(chain, save_key(key, tmp_path / "server.key")) as nginx:
        assert connect(nginx.port, own, world.service.root_pem).accepts
        judged = connect(nginx.port, WANTED, world.service.root_pem)
        assert not judged.accepts
        assert "hostname mismatch" in judged.words.lower()


def refuse_what_is_not_his(window: Window, own: str) -> None:
    """Each way is refused at once, with the name that failed, and what was pasted is kept."""
    ways = {
        WANTED: csr(WANTED, make_key()),
        f"{WANTED} ": csr(own, make_key(), own, WANTED),
        f"{own}\\x00.bookstore.test": csr(f"{own}\0.bookstore.test", make_key()),
        LOOK_ALIKE: csr(LOOK_ALIKE, make_key()),
        LOOK_ALIKE.encode("idna").decode(): csr(own, make_key(), LOOK_ALIKE.encode("idna").decode()),
    }
    for name, text in ways.items():
        hand_csr_in(window, text)
        assert any(name.strip() in problem for problem in window.problems), (name, window.problems)
        assert window.page.locator("[id=csr]").input_value().split() == text.split()
    look(window.page, "enroll-csr-refused", small=True)
