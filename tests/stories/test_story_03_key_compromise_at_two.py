"""Story 3: a key is stolen at 02:00 (requirements section 7).

Nobody of the provider is there. The administrator revokes, the world learns it within a minute, and the subscriber gets the
same certificate with a new key for no unit. The department that the certificate belongs to gets its copy of the letters, and
another one none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal.cli.demo.seal import Person
from tests.rigs.live_people import Caller, Json, LiveOrganization, run_seal, save_key
from tests.rigs.nginx import NginxServer
from tests.rigs.openssl import StatusClient
from tests.rigs.ports import wait_until
from tests.rigs.service import SubjectKey, make_csr, make_key
from tests.stories.conftest import World

HOST = "www.night-shift.test"
NAMES = [HOST, "shop.night-shift.test"]
VISIBLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A certificate on a server: its document, its chain and key in files."""

    document: Json
    chain: Path
    key_file: Path

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_pem_x509_certificate(self.document["pem"].encode())


def test_key_compromise_at_two(world: World) -> None:
    company = world.provider.found("night-shift", "Night Shift GmbH", "night-shift.test", units=5)
    client = StatusClient(world.service.settings.status_url, world.service.root_pem, company.subscribers)
    agencies = two_departments(world, company)
    stolen_key = make_key()
    old = install(company, issue_for(company, agencies.shop, make_csr(NAMES, stolen_key)), stolen_key, "old")
    assert client.verify(old.chain).accepts
    assert client.ocsp(old.chain) == "good"
    with NginxServer(old.chain, old.key_file) as nginx:
        admin = company.admin.at_a_shell(company.slug)
        revoke_and_be_heard(company, admin, client, old, nginx.port)
        tell_those_concerned(world, company, agencies)
        refuse_the_stolen_key(company, old, stolen_key)
        new = reissue(world, company, client, old)
        assert new.document["department"] == agencies.shop
        nginx.replace(new.chain, new.key_file)
        assert admin.seal("certificate", "check", f"127.0.0.1:{nginx.port}", "--name", HOST)["verdict"] == "ok"
    require_nobody_of_the_provider(company, old, new)


@dataclass(frozen=True, slots=True)
class Departments:
    """Two departments with the address of an administrator who decides in the first, and in the second."""

    shop: str
    of_shop: str
    of_depot: str


def two_departments(world: World, company: LiveOrganization) -> Departments:
    """The security administrator makes them with ``seal``, and lets each have somebody of its own."""
    alex = company.admin.at_a_shell(company.slug)
    ids, people = {}, {}
    for name, person in (("Shop", "Nora Night"), ("Depot", "Dora Day")):
        ids[name] = alex.seal("department", "create", name)["id"]
        people[name] = f"{person.split()[0].lower()}@{company.domain}"
        alex.seal("administrator", "invite", person, people[name], "--role", "read-only")
        someone = world.provider.let_in(people[name])
        alex.seal("administrator", "give", someone.id, "department-administrator", "--department", ids[name])
        alex.seal("administrator", "take", someone.id, "read-only")
    assert [item["name"] for item in alex.seal("department", "list")["items"]] == ["Shop", "Depot"]
    return Departments(ids["Shop"], people["Shop"], people["Depot"])


def issue_for(company: LiveOrganization, department: str, csr: str) -> Json:
    """The certificate document of a whole way at once, for a department."""
    answer = company.approve(company.submit(csr, department=department)["id"])
    assert answer["request"]["state"] == "issued", answer
    return company.token.get(f"{company.path}/certificates/{answer['certificate']['serial']}")


def install(company: LiveOrganization, document: Json, key: SubjectKey, name: str) -> Served:
    """Put the chain and the key where a server reads them."""
    chain = company.subscribers / f"{name}.pem"
    chain.write_text(document["chain_pem"])
    return Served(document, chain, save_key(key, company.subscribers / f"{name}.key"))


def revoke_and_be_heard(company: LiveOrganization, admin: Person, client: StatusClient, old: Served, port: int) -> None:
    """Within a minute OCSP, the full CRL and the shard that the certificate names all say so; openssl refuses; twice is harmless."""
    serial = old.document["serial"]
    began = time.monotonic()
    revoked = admin.seal("certificate", "revoke", serial, "--reason", "keyCompromise", "--yes")
    assert (revoked["state"], revoked["revocation_reason"]) == ("revoked", "keyCompromise")

    def is_public() -> bool:
        return client.ocsp(old.chain) == "revoked" and all(listed(client, old, url) for url in (full_crl(client), own_crl(old)))

    wait_until(is_public, seconds=VISIBLE_SECONDS - (time.monotonic() - began), what="the world knows of the revocation", pause=0.5)
    for url in (full_crl(client), own_crl(old)):
        judged = client.verify(old.chain, url)
        assert not judged.accepts
        assert "certificate revoked" in judged.words
    status, report, _ = run_seal(company.anybody("visitor"), "certificate", "check", f"127.0.0.1:{port}", "--name", HOST)
    assert (status, report["verdict"]) == (1, "revoked")
    again = admin.seal("certificate", "revoke", serial, "--reason", "superseded", "--yes")
    for fact in ("state", "revoked_at", "revocation_reason"):
        assert again[fact] == revoked[fact]


def full_crl(client: StatusClient) -> str:
    """Where every revocation stands."""
    return f"{client.status_url}/crl/issuing/full.crl"


def own_crl(served: Served) -> str:
    """Where the certificate itself says that its revocation would stand."""
    [point] = served.leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    return str(point.full_name[0].value)


def listed(client: StatusClient, served: Served, url: str) -> bool:
    """Whether a CRL has the certificate, for the right reason."""
    crl = x509.load_der_x509_crl(client.fetch(url, "seen.crl").read_bytes())
    entry = crl.get_revoked_certificate_by_serial_number(served.leaf.serial_number)
    if entry is None:
        return False
    return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise


def tell_those_concerned(world: World, company: LiveOrganization, agencies: Departments) -> None:
    """The subscriber, the administrator and the department hear of it by mail, once each although it was revoked twice."""
    for address in (company.contact, company.admin.email, agencies.of_shop):
        letter = world.service.wait_for_letter(address, HOST, "revoked")
        assert "key" in letter.content.decode().lower()
        same = [other for other in world.service.mail.to(address) if other.message["Subject"] == letter.message["Subject"]]
        assert len(same) == 1
    heard = [letter.message["Subject"] for letter in world.service.mail.to(agencies.of_depot)]
    assert not any(HOST in subject for subject in heard), heard


def refuse_the_stolen_key(company: LiveOrganization, old: Served, stolen_key: SubjectKey) -> None:
    """Neither a reissue nor a new request gets the stolen key certified again, in whatever CSR it comes."""
    nobody = Caller(company.live)
    csr = make_csr(NAMES, stolen_key, organization="Another text")
    reissue_path = f"{company.path}/certificates/{old.document['serial']}/reissue"
    for path, body in ((reissue_path, {"csr": csr, "phrase": "blue kettle 9"}), (f"{company.path}/requests", company.form(csr))):
        problem = nobody.refused(path, body)
        assert (problem["kind"], problem["field"]) == ("key-blocked", "csr")


def reissue(world: World, company: LiveOrganization, client: StatusClient, old: Served) -> Served:
    """The subscriber asks with the challenge phrase, the administrator approves: all the same but for the key, and no unit."""
    units = company.units()
    dana = company.anybody()
    dana.seal("key", "new", *NAMES, "--key", "new.key", "--csr", "new.csr")
    request = dana.seal("certificate", "reissue", old.document["serial"], "new.csr", "--phrase-file", "phrase")
    assert request["state"] == "pending"
    world.service.wait_for_letter(company.admin.email, HOST, "waits for approval")
    answer = company.approve(request["id"])
    assert answer["request"]["state"] == "issued", answer
    document = company.token.get(f"{company.path}/certificates/{answer['certificate']['serial']}")
    chain = company.subscribers / "new.pem"
    chain.write_text(document["chain_pem"])
    new = Served(document, chain, dana.folder / "new.key")
    before, after = old.leaf, new.leaf
    assert after.subject.public_bytes() == before.subject.public_bytes()
    assert after.not_valid_after_utc == before.not_valid_after_utc
    assert names_of(after) == names_of(before)
    assert public_key(after) != public_key(before)
    assert after.serial_number != before.serial_number
    assert document["replaces"] == old.document["serial"]
    assert company.units() == units == (0, 1, 4)
    assert client.verify(new.chain).accepts
    assert client.ocsp(new.chain) == "good"
    world.service.wait_for_letter(company.contact, HOST, "issued")
    return new


def names_of(certificate: x509.Certificate) -> list[str]:
    """The DNS names in a certificate."""
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)


def public_key(certificate: x509.Certificate) -> bytes:
    """The public half of a certificate's key."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def require_nobody_of_the_provider(company: LiveOrganization, old: Served, new: Served) -> None:
    """What happened to both certificates was done by the organization, its subscriber and the machine."""
    for served, last in ((old, "revoke-certificate"), (new, "issue-certificate")):
        history = company.token.get(f"{company.path}/certificates/{served.document['serial']}")["history"]
        assert last in [entry["action"] for entry in history]
        assert {entry["actor"]["kind"] for entry in history} <= {"administrator", "api-token", "requester", "system"}
