"""I24: a revocation is visible in CRL and OCSP within 60 s; CRLs never lapse, and their numbers only rise."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import About, perform
from privyseal.cli.house_setup import log_files
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.signers import encrypted_key_file
from privyseal.issuer.client import IssuerClient
from privyseal.issuer.evidence import Evidence
from privyseal.issuer.publisher import Publisher, publish_due
from privyseal.issuer.server import IssuerServer
from privyseal.model.actor import SYSTEM
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Unavailable
from privyseal.model.revocation import RevocationReason
from privyseal.status.settings import StatusSettings
from privyseal.store.revocations import FULL, crl_scopes, crls
from tests.rigs.books import check_crls, crl_numbers, newest_crls
from tests.rigs.ports import wait_until
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key
from tests.status.running_front import RunningFront, TurnableClock

ORG = "resource-marketing"
NAMES = ["webtrust.resource-marketing.test"]


class RelyingParty:
    """A client that knows the root and asks the addresses of the certificate: openssl over real HTTP."""

    def __init__(self, service: ServiceRig, certificate: Certificate, directory: Path) -> None:
        self.service = service
        self.directory = directory
        self.files = {"root": service.house.issuing.root, "ca": service.house.issuing.issuer.certificate_der, "leaf": certificate.der}
        for name, der in self.files.items():
            (directory / f"{name}.pem").write_text(certificate_to_pem(der), encoding="ascii")
        secret = (service.settings.data / "secrets/status.passphrase").read_bytes()
        responder = encrypted_key_file.load(service.settings.data / "keys/ocsp-issuing.key", secret)
        self.clock = TurnableClock()
        self.clock.ahead = service.clock.offset
        self.front = RunningFront(StatusSettings(service.settings.database, port=0, responder_keys={"issuing": responder}), self.clock)
        [point] = x509.load_der_x509_certificate(certificate.der).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert point.full_name is not None
        self.shard_path = str(point.full_name[0].value).removeprefix(service.settings.status_url)

    def crl(self, path: str) -> x509.CertificateRevocationList:
        """Fetch and parse a CRL."""
        answer = self.front.get(path)
        assert answer.status == 200
        return x509.load_der_x509_crl(answer.body)

    def verdict(self, path: str, at: datetime | None = None) -> str:
        """What `openssl verify -crl_check` says with the CRL of this path."""
        (self.directory / "crl.pem").write_bytes(self.crl(path).public_bytes(Encoding.PEM))
        moment = str(int((at or self.service.clock()).timestamp()) + 1)
        command = ["openssl", "verify", "-attime", moment, "-crl_check", "-CRLfile", "crl.pem"]
        command += ["-CAfile", "root.pem", "-untrusted", "ca.pem", "leaf.pem"]
        judged = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.directory, timeout=20)
        return "ok" if judged.returncode == 0 else judged.stderr

    def ocsp(self) -> str:
        """What `openssl ocsp` learns from the responder: good, revoked or unknown."""
        command = ["openssl", "ocsp", "-issuer", "ca.pem", "-cert", "leaf.pem", "-CAfile", "root.pem", "-verify_other", "ca.pem"]
        command += ["-url", f"http://127.0.0.1:{self.front.port}/ocsp/issuing"]
        judged = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.directory, timeout=20)
        assert "Response verify OK" in judged.stderr, judged.stderr
        return judged.stdout.partition(": ")[2].partition("\n")[0]


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    """An administrator of an organization with units."""
    service.create_organization(units=50)
    return service.administrator(ORG)


@pytest.fixture
def certificate(service: ServiceRig, admin: AdministratorRig) -> Certificate:
    """An issued certificate; every CRL is published."""
    issued = service.issue(ORG, admin, NAMES)
    publish_due(service.house, service.keys)
    return issued


@pytest.fixture
def party(service: ServiceRig, certificate: Certificate, tmp_path: Path) -> Iterator[RelyingParty]:
    """A relying party with a running status front; no issuer, web or work process runs."""
    directory = tmp_path / "party"
    directory.mkdir()
    relying = RelyingParty(service, certificate, directory)
    yield relying
    relying.front.close()


def revoke(service: ServiceRig, serial_hex: str, reason: RevocationReason = RevocationReason.SUPERSEDED) -> Certificate:
    about = About("revoke-certificate", ORG, "certificate", serial_hex)
    return perform(service.house, SYSTEM, about, revoke_certificate, ORG, serial_hex, BySystem(reason))


def test_a_revocation_is_seen_by_every_way_of_asking(service: ServiceRig, certificate: Certificate, party: RelyingParty) -> None:
    serial = int(certificate.serial_hex, 16)
    paths = (party.shard_path, "/crl/issuing/full.crl")
    assert [party.verdict(path) for path in paths] == ["ok", "ok"]
    assert party.ocsp() == "good"
    revoke(service, certificate.serial_hex, RevocationReason.KEY_COMPROMISE)
    assert publish_due(service.house, service.keys) == 2
    party.front.beat()
    for path in paths:
        crl = party.crl(path)
        entry = crl.get_revoked_certificate_by_serial_number(serial)
        assert entry is not None
        assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
        assert "certificate revoked" in party.verdict(path)
    assert party.ocsp() == "revoked"


def test_the_publisher_shows_it_within_seconds_by_itself(service: ServiceRig, certificate: Certificate, party: RelyingParty) -> None:
    publisher = Publisher(service.house, service.keys, lambda: None)
    publisher.start()
    try:
        revoke(service, certificate.serial_hex)
        serial = int(certificate.serial_hex, 16)
        wait_until(
            lambda: party.crl(party.shard_path).get_revoked_certificate_by_serial_number(serial) is not None,
            seconds=10,
            what="the revoked serial is on the CRL that the front serves",
        )
        wait_until(lambda: party.ocsp() == "revoked", seconds=10, what="OCSP says revoked")
    finally:
        publisher.stop()


def test_a_crl_is_served_while_the_issuer_is_down(service: ServiceRig, certificate: Certificate, party: RelyingParty) -> None:
    path = service.settings.data / "run" / "issuer.sock"
    evidence = Evidence(service.house, service.log_key.vkey, log_files(service.settings))
    evidence.look()
    server = IssuerServer(service.house, service.keys, path, evidence)
    server.start()
    IssuerClient(path).ping()
    server.stop()
    with pytest.raises(Unavailable):
        IssuerClient(path).ping()
    revoke(service, certificate.serial_hex)
    party.front.beat()
    assert party.verdict(party.shard_path) == "ok"
    assert party.verdict(party.shard_path, service.clock() + timedelta(days=6)) == "ok"
    # OCSP is asked of the database: it knows before any CRL does.
    assert party.ocsp() == "revoked"


def lapse_margin(service: ServiceRig) -> timedelta:
    """How long the CRL that ends first is still valid."""
    with service.house.database.read(service.clock()) as tx:
        newest = sa.select(crls.c.ca_id, crls.c.scope, sa.func.max(crls.c.next_update).label("end")).group_by(crls.c.ca_id, crls.c.scope)
        ends = [row.end for row in tx.execute(newest)]
    # The administrators' CA and the root have a full CRL and one shard each; the root's are signed when it is made, for a year.
    assert len(ends) == 1 + service.house.issuing.issuer.shard_count + 2 + 2 + 4
    first: datetime = min(ends)
    return first - service.clock()


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_nobody_revokes_for_thirty_days_and_no_crl_lapses(service: ServiceRig, certificate: Certificate) -> None:
    """Once a day, and once the issuer is away for three days: half of the life is left for that."""
    published = 0
    steps = [timedelta(days=1)] * 15 + [timedelta(days=3)] + [timedelta(days=1)] * 12
    assert sum(steps, timedelta()) == timedelta(days=30)
    with service.house.database.read(service.clock()) as tx:
        before = crl_numbers(tx, service.house.issuing.id)
    for step in steps:
        service.clock.advance(step)
        assert lapse_margin(service) > timedelta(0)
        count = publish_due(service.house, service.keys)
        published += count
        if count:
            assert lapse_margin(service) > timedelta(days=3)
    with service.house.database.read(service.clock()) as tx:
        after = crl_numbers(tx, service.house.issuing.id)
        assert all(crl.next_update_utc > service.clock() for _, crl in newest_crls(service, tx) if crl.next_update_utc)
    rises = {scope: number - before[scope] for scope, number in after.items()}
    assert set(rises.values()) == {7}, rises
    # The administrators' CA has two scopes, the test CAs four; the key of the real root alone is away.
    assert published == sum(rises.values()) + (2 + 4) * 7


def test_two_publishers_at_once_never_give_one_number_twice(service: ServiceRig, admin: AdministratorRig, certificate: Certificate) -> None:
    """F16: whoever comes second signs nothing; no revocation is lost between the two."""
    service.integrate()
    requests = [service.submit(ORG, make_csr([f"host{number}.resource-marketing.test"], make_key())) for number in range(24)]
    for request in requests:
        service.approve(request, admin)
    service.prepare_and_complete(*[request.id for request in requests])
    serials = [issued.serial_hex for issued in map(service.certificate_of, requests) if issued is not None]
    with service.house.database.read(service.clock()) as tx:
        before = crl_numbers(tx, service.house.issuing.id)
    ended = threading.Event()
    published: list[int] = []

    def publish() -> None:
        house = service.open_house()
        while not ended.is_set():
            try:
                published.append(publish_due(house, service.keys))
            except Unavailable:  # as the publisher does: the next turn is a second later there
                continue
        house.database.close()

    publishers = [threading.Thread(target=publish) for _ in range(2)]
    for thread in publishers:
        thread.start()
    for serial in serials:
        revoke(service, serial)
    ended.set()
    for thread in publishers:
        thread.join()
    published.append(publish_due(service.house, service.keys))
    with service.house.database.read(service.clock()) as tx:
        after = crl_numbers(tx, service.house.issuing.id)
        check_crls(service, tx)
        full = dict(newest_crls(service, tx))[FULL]
    assert {entry.serial_number for entry in full} == {int(serial, 16) for serial in serials}
    assert sum(published) == sum(after.values()) - sum(before.values())


@pytest.mark.parametrize(("service", "back"), [("sqlite", timedelta(days=365)), ("postgresql", timedelta(hours=1))], indirect=["service"])
def test_a_clock_that_jumps_back_takes_nothing_off_a_crl(
    service: ServiceRig, admin: AdministratorRig, certificate: Certificate, party: RelyingParty, back: timedelta
) -> None:
    """F13: the wrong time was ahead; after it is right again numbers still rise, and no CRL is dated in the future."""
    other = service.issue(ORG, admin, ["www.resource-marketing.test"])
    service.clock.advance(back)
    revoke(service, certificate.serial_hex)
    service.clock.advance(timedelta(days=4))
    publish_due(service.house, service.keys)
    service.clock.advance(-back - timedelta(days=4))
    with service.house.database.read(service.clock()) as tx:
        before = crl_numbers(tx, service.house.issuing.id)
    revoke(service, other.serial_hex)
    publish_due(service.house, service.keys)
    party.front.beat()
    with service.house.database.read(service.clock()) as tx:
        after = crl_numbers(tx, service.house.issuing.id)
        check_crls(service, tx)
        future = [scope for scope, crl in newest_crls(service, tx) if crl.last_update_utc > service.clock()]
        scopes = tx.execute(sa.select(crl_scopes.c.scope).where(crl_scopes.c.changed.is_(True))).all()
    assert all(number > before[scope] for scope, number in after.items())
    assert (future, list(scopes)) == ([], [])
    assert "certificate revoked" in party.verdict(party.shard_path)
    assert publish_due(service.house, service.keys) == 0
