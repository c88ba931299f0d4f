"""The administrators' CA answers OCSP about its own: good, revoked with time and reason, unknown. openssl asks over real HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from privyseal.actions.administrator.enroll_administrator import enroll_administrator
from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.certificate.abandon_intents import abandon_intents
from privyseal.actions.house import SWEEP_AFTER, About, perform
from privyseal.engine.csr import read_csr
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.signers import encrypted_key_file
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.revocation import RevocationReason
from privyseal.status.settings import StatusSettings
from privyseal.store import administrators, certificates
from tests.rigs.passkeys import holder
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key
from tests.status.running_front import RunningFront, TurnableClock

ORG = "resource-marketing"


@dataclass(frozen=True, slots=True)
class Asker:
    """A TLS server that checks client certificates with openssl, and the front that it asks."""

    service: ServiceRig
    front: RunningFront
    directory: Path

    def ask(self, serial: int) -> str:
        """What the front says of this serial: all that openssl prints, after it verified the answer."""
        command = ["openssl", "ocsp", "-issuer", "ca.pem", "-serial", hex(serial), "-CAfile", "ca.pem"]
        command += ["-url", f"http://127.0.0.1:{self.front.port}/ocsp/administrators"]
        judged = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.directory, timeout=20)
        assert "Response verify OK" in judged.stderr, judged.stderr
        return judged.stdout.partition(": ")[2]

    def word(self, serial: int) -> str:
        """good, revoked or unknown."""
        return self.ask(serial).partition("\n")[0]


@pytest.fixture
def asker(service: ServiceRig, tmp_path: Path) -> Iterator[Asker]:
    directory = tmp_path / "asker"
    directory.mkdir()
    authority = service.house.administrators_authority
    (directory / "ca.pem").write_text(certificate_to_pem(authority.issuer.certificate_der), encoding="ascii")
    secret = (service.settings.data / "secrets/status.passphrase").read_bytes()
    responder = encrypted_key_file.load(service.settings.data / "keys/ocsp-administrators.key", secret)
    clock = TurnableClock()
    clock.ahead = service.clock.offset
    settings = StatusSettings(service.settings.database, port=0, responder_keys={"administrators": responder})
    with RunningFront(settings, clock) as front:
        yield Asker(service, front, directory)


def serial_of(admin: AdministratorRig) -> int:
    return x509.load_der_x509_certificate(admin.certificate_der).serial_number


def test_good_revoked_with_time_and_reason_and_unknown(service: ServiceRig, asker: Asker) -> None:
    service.create_organization()
    kept = service.administrator(ORG)
    lost, provider = service.administrator(ORG, by=kept), service.administrator("", role=Role.PROVIDER_ADMINISTRATOR)
    never = serial_of(kept) ^ 1
    assert [asker.word(serial) for serial in (serial_of(kept), serial_of(lost), serial_of(provider), never)] == ["good"] * 3 + ["unknown"]
    about = About("revoke-credential", ORG, "administrator", lost.administrator.id)
    revoked_at = service.clock()
    perform(service.house, kept.actor, about, revoke_credential, ORG, hashes_hex(lost.certificate_der), RevocationReason.KEY_COMPROMISE)
    asker.front.beat()
    said = asker.ask(serial_of(lost))
    assert said.startswith("revoked\n")
    assert "Reason: keyCompromise" in said
    assert f"Revocation Time: {revoked_at:%b} {revoked_at.day:2}" in said
    assert [asker.word(serial) for serial in (serial_of(kept), serial_of(provider), never)] == ["good", "good", "unknown"]


def test_passkeys_are_good_and_revoked_like_administrator_ids(service: ServiceRig, asker: Asker) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    with service.house.database.read(service.clock()) as tx:
        [credential] = administrators.credentials_of(tx, paula.administrator.id)
    serial = x509.load_der_x509_certificate(credential.certificate_der).serial_number
    assert asker.word(serial) == "good"
    about = About("revoke-credential", ORG, "administrator", paula.administrator.id)
    perform(service.house, paula.actor, about, revoke_credential, ORG, credential.certificate_sha256, RevocationReason.KEY_COMPROMISE)
    asker.front.beat()
    assert asker.ask(serial).startswith("revoked\n")


def test_an_intent_is_unknown_until_it_is_signed_and_revoked_when_it_never_is(service: ServiceRig, asker: Asker) -> None:
    service.create_organization()
    about = About("enroll-administrator", ORG, "administrator", "new")
    invited = perform(service.house, OPERATOR, about, invite_administrator, ORG, "Ann Lee", "ann@resource-marketing.test", Role.AUDITOR)
    csr = read_csr(make_csr(["administrator.test"], make_key()).encode())
    intent_id = perform(service.house, SYSTEM, about, enroll_administrator, invited.code, csr)
    with service.house.database.read(service.clock()) as tx:
        intent = certificates.intents_of(tx, [intent_id])[intent_id]
    serial = int(intent.serial_hex, 16)
    assert asker.word(serial) == "unknown"
    service.clock.advance(SWEEP_AFTER + timedelta(seconds=1))
    with service.house.database.write(service.clock()) as tx:
        abandon_intents(service.house, tx, SYSTEM, [intent])
    asker.front.beat()
    assert asker.word(serial) == "revoked"


def test_the_issuing_ca_does_not_know_them(service: ServiceRig, asker: Asker) -> None:
    """The serial alone says nothing: it is asked for together with its CA."""
    service.create_organization()
    admin = service.administrator(ORG)
    certificate = service.issue(ORG, admin, ["www.resource-marketing.test"])
    assert asker.word(int(certificate.serial_hex, 16)) == "unknown"
