"""The first page and the verify page, over ASGI with the real application; the service is a rig in this process."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import About, perform
from privyseal.cli.web_application import make_application
from privyseal.doors.rest import DOOR
from privyseal.engine import served_certificate
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.pkcs7 import certs_only, certs_only_pem
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.actor import SYSTEM
from privyseal.model.revocation import RevocationReason
from privyseal.pages.public import SITE
from privyseal.store import certificates, revocations
from tests.doors.rest.rest_rig import ORG, RestRig
from tests.engine.sample_csrs import p256_key
from tests.engine.test_foreign_certificate import make_certificate
from tests.rigs.app_client import AppClient
from tests.rigs.knot import KnotServer
from tests.rigs.service import ServiceRig, ServiceTemplate, make_csr, make_key
from tests.rigs.tls import PORT, TlsServer

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def service(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[ServiceRig]:
    """On the embedded database alone: these pages read one row."""
    rig = ServiceRig(tmp_path, template=sqlite_template)
    yield rig
    rig.close()


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    return RestRig(service)


@pytest.fixture
def client(rest: RestRig) -> AppClient:
    return AppClient(make_application(rest.app.state.rest, [DOOR], [SITE]), base_url=rest.service.house.service.base_url)


def test_the_first_page_says_what_this_is(client: AppClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "<h1>Certificates that your organization approves and nobody else</h1>" in answer.text
    assert "Demonstration" not in answer.text


def test_a_demonstration_offers_its_roads(rest: RestRig) -> None:
    roads = {
        "root": "http://status.test/ca/root.cer",
        "passkey_link": "https://localhost/o/x/first?code=abc",
        "passkey_until": "12:00",
        "vetter_link": "https://localhost/provider/first?code=abd",
        "second_link": "https://localhost/provider/first?code=abe",
        "seal_line": "seal request approve",
        "mail_dir": "/tmp/mail",
        "portal_url": "/o/x/",
        "console_url": "/o/x/console/",
        "provider_url": "/provider/",
        "shop": "web-shop.localhost",
        "shop_url": "https://web-shop.localhost:9443/",
    }
    app = make_application(rest.app.state.rest, [DOOR], [SITE], lambda: {**roads, "shop_nginx": "yes"})
    text = AppClient(app).get("/").text
    assert all(value in text for value in roads.values())
    assert "nginx serves it" in text
    assert "Demonstration, not trusted elsewhere" in text


def test_nothing_there_is_a_page_for_people_and_a_problem_for_programs(client: AppClient) -> None:
    page = client.get("/nothing")
    assert (page.status_code, "This page does not exist" in page.text) == (404, True)
    problem = client.get("/api/v1/nothing")
    assert (problem.status_code, problem.json()["kind"]) == (404, "not-found")
    assert client.delete("/verify").status_code == 405


def test_assets_are_kept_for_a_year_under_their_own_address_only(client: AppClient) -> None:
    page = client.get("/").text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    first = client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert (first.status_code, first.headers["content-encoding"]) == (200, "br")
    assert "immutable" in first.headers["cache-control"]
    assert client.get("/assets/000000000000/privyseal.css").headers["cache-control"] == "no-cache"
    assert client.get("/assets/000000000000/nothing.css").status_code == 404
    assert client.get("/assets/x/..%2f..%2frendering.py").status_code == 404


def test_what_is_sent_back_is_escaped(client: AppClient) -> None:
    answer = client.post("/verify", data={"server": '"><script>alert(1)</script>'}, headers=OURS)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert client.get("/verify", params={"server": "<b>x"}).text.count("<b>x") == 0


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"server": ""}, "server"),
        ({"certificate": "junk"}, "certificate"),
        ({"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "certificate"),
        ({"certificate": make_csr(["www.example.test"], make_key())}, "certificate"),
        ({"server": "not a host"}, "server"),
        ({"server": "www.example.test:22"}, "server"),
        ({"server": "127.0.0.1:99999999"}, "server"),
    ],
)
def test_what_cannot_be_verified_is_told_at_its_field(client: AppClient, sent: dict[str, str], field: str) -> None:
    answer = client.post("/verify", data=sent, headers=OURS)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_a_csr_is_told_as_one(client: AppClient) -> None:
    csr = make_csr(["www.example.test"], make_key())
    der = x509.load_pem_x509_csr(csr.encode()).public_bytes(Encoding.DER)
    for sent in ({"data": {"certificate": csr}}, {"files": {"file": ("a.csr", der)}}):
        assert "This is a CSR, not a certificate" in client.post("/verify", headers=OURS, **sent).text


def test_a_private_key_is_blocked_and_not_shown_again(rest: RestRig, client: AppClient) -> None:
    key = make_key()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    answer = client.post("/verify", data={"certificate": pem}, headers=OURS)
    assert answer.status_code == 422
    assert pem.splitlines()[1] not in answer.text
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with rest.service.house.database.read(rest.service.clock()) as tx:
        assert revocations.blocked_reason(tx, hashlib.sha256(spki).hexdigest()) == "private-key-disclosed"


def test_a_page_of_another_site_sends_nothing_here(client: AppClient) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {}):
        assert client.post("/verify", data={"certificate": "junk"}, headers=headers).status_code == 403


def test_our_certificate_is_told_as_ours_until_it_is_revoked(rest: RestRig, client: AppClient) -> None:
    rest.service.create_organization(ORG)
    admin = rest.service.administrator(ORG)
    issued = rest.service.issue(ORG, admin, [f"www.{ORG}.test"])
    pem = certificate_to_pem(issued.der)
    valid = client.post("/verify", data={"certificate": pem}, headers=OURS)
    assert valid.status_code == 200
    assert "known to others" not in valid.text
    bundle = certs_only([rest.service.house.issuing.root, *rest.service.house.issuing.chain, issued.der])
    file = client.post("/verify", files={"file": ("server.p7b", bundle)}, headers=OURS)
    assert f"www.{ORG}.test" in file.text
    assert "This service issued the certificate after its organization approved it" in file.text
    armored = certs_only_pem([issued.der, *rest.service.house.issuing.chain])
    assert "after its organization approved it" in client.post("/verify", data={"certificate": armored}, headers=OURS).text
    assert "This service issued the certificate after its organization approved it" in valid.text
    about = About("revoke-certificate", ORG, "certificate", issued.serial_hex)
    perform(rest.service.house, SYSTEM, about, revoke_certificate, ORG, issued.serial_hex, BySystem(RevocationReason.KEY_COMPROMISE))
    revoked = client.post("/verify", data={"certificate": pem}, headers=OURS)
    assert "It was revoked." in revoked.text
    assert f"On {rest.service.clock():%-d %B %Y}" in revoked.text
    assert "Its key is known to others." in revoked.text
    assert "Reason: Somebody else may have the private key (keyCompromise)." in revoked.text
    assert "ECDSA P-256" in revoked.text
    assert "Do not rely on it" in revoked.text


def test_the_certificate_of_the_service_itself_was_approved_by_nobody(rest: RestRig, client: AppClient) -> None:
    rest.service.create_organization(ORG)
    issued = rest.service.issue(ORG, rest.service.administrator(ORG), [f"www.{ORG}.test"])
    with rest.service.house.database.write(rest.service.clock()) as tx:
        # As cli/service_certificate.py records it: it belongs to no organization.
        tx.execute(certificates.certificates.update().values(organization_id=None))
    answer = client.post("/verify", data={"certificate": certificate_to_pem(issued.der)}, headers=OURS)
    assert "This service made this certificate for itself. No organization asked for it." in answer.text
    assert "organization approved it" not in answer.text


def test_one_of_three_fields_is_enough_and_none_is_called_optional(client: AppClient) -> None:
    page = client.get("/verify").text
    assert "(optional)" not in page
    assert " required" not in page


def test_what_is_not_valid_now_is_not_to_be_relied_on(rest: RestRig, client: AppClient) -> None:
    """By the service's clock, whoever issued it; ours after its end as well."""
    for days, sentence in (((-20, -10), "It has expired."), ((10, 20), "It is not valid yet.")):
        pem = certificate_to_pem(make_certificate("www.acme.test", days=days, now=rest.service.clock()))
        answer = client.post("/verify", data={"certificate": pem}, headers=OURS)
        assert sentence in answer.text
        assert "Do not rely on it" in answer.text
    rest.service.create_organization(ORG)
    issued = rest.service.issue(ORG, rest.service.administrator(ORG), [f"www.{ORG}.test"])
    rest.service.clock.advance(issued.not_after - rest.service.clock() + timedelta(seconds=1))
    ours = client.post("/verify", data={"certificate": certificate_to_pem(issued.der)}, headers=OURS)
    assert "It has expired." in ours.text
    assert "Do not rely on it" in ours.text


def test_the_certificate_of_a_server_is_fetched_and_judged_for_its_name(service: ServiceRig) -> None:
    service.create_organization(ORG)
    key = p256_key()
    request = service.submit(ORG, make_csr([f"www.{ORG}.test"], key))
    service.approve(service.request(request), service.administrator(ORG))
    service.prepare_and_complete(request.id)
    issued = service.certificate_of(request)
    assert issued is not None
    with KnotServer([f"{ORG}.test"]) as knot, TlsServer(issued.der, key) as server:
        rest = RestRig(service, resolvers=(knot.address,), fetch_policy=FetchPolicy(allowed_networks=(ip_network("127.0.0.0/8"),)))
        app = make_application(rest.app.state.rest, [DOOR], [SITE])
        client = AppClient(app, base_url=service.house.service.base_url)
        for host in ("www", "other"):
            knot.add(f"{ORG}.test", f"{host}.{ORG}.test", "A", server.address)
        good = client.post("/verify", data={"server": f"https://www.{ORG}.test:{PORT}/shop"}, headers=OURS)
        assert f"It names the server www.{ORG}.test." in good.text
        assert "approved it, and it is valid now." in good.text
        bad = client.post("/verify", data={"server": f"other.{ORG}.test:{PORT}"}, headers=OURS)
        assert f"It does not name the server other.{ORG}.test." in bad.text
        assert "Do not rely on it" in bad.text


def test_a_foreign_certificate_is_told_as_foreign(client: AppClient) -> None:
    context = ssl.create_default_context()
    der = context.get_ca_certs(binary_form=True)[0]
    answer = client.post("/verify", files={"file": ("ca.der", der)}, headers=OURS)
    assert answer.status_code == 200
    assert "No CA of this service vouches for it." in answer.text


def signed_by_us(rest: RestRig, *, holder: str = "Nobody", is_ca: bool = False) -> str:
    """What somebody who has the key of the issuing CA can make without the service."""
    issuing = rest.service.house.issuing
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder), x509.NameAttribute(NameOID.COMMON_NAME, "www.stolen.test")])
    now = rest.service.clock()
    builder = x509.CertificateBuilder(
        issuer_name=x509.load_der_x509_certificate(issuing.issuer.certificate_der).subject,
        subject_name=name,
        public_key=make_key().public_key(),
        serial_number=4711,
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    ).add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    key = rest.service.keys[issuing.id]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return certificate_to_pem(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))


def test_what_our_key_signed_beside_the_record_is_not_told_as_good(rest: RestRig, client: AppClient) -> None:
    answer = client.post("/verify", data={"certificate": signed_by_us(rest)}, headers=OURS)
    assert answer.status_code == 200
    assert "Not in the record" in answer.text
    assert "but no organization asked for it and approved it here" in answer.text
    assert "as a part of the service itself" not in answer.text


def test_a_holder_cannot_turn_the_direction_of_writing(rest: RestRig, client: AppClient) -> None:
    answer = client.post("/verify", data={"certificate": signed_by_us(rest, holder="\u202ecnI ,knaB")}, headers=OURS)
    assert "\u202e" not in answer.text
    assert "\ufffdcnI ,knaB" in answer.text


def test_silent_servers_hold_few_threads(client: AppClient) -> None:
    """All pages share one pool of threads: whoever names many servers that never answer must not get all of them."""
    with ExitStack() as under_way:
        for _ in range(served_certificate.MAXIMUM_FETCHES):
            assert served_certificate.SLOTS.acquire(timeout=5)
            under_way.callback(served_certificate.SLOTS.release)
        turned_away = client.post("/verify", data={"server": "slow.example.test"}, headers=OURS)
        assert (turned_away.status_code, turned_away.headers["retry-after"]) == (503, "10")
        assert "paste the certificate" in turned_away.text
        assert client.post("/verify", data={"certificate": "junk"}, headers=OURS).status_code == 422, "what is sent needs no server"
    # The rig's resolver does not answer, which is another trouble.
    assert "paste the certificate" not in client.post("/verify", data={"server": "slow.example.test"}, headers=OURS).text
