"""Signing in with a passkey: a random challenge, once, for five minutes, in the browser and for the audience it was given to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from privyseal.model.administrator import Credential
from privyseal.model.identifiers import CredentialId
from privyseal.store import administrators
from privyseal.store.passkeys import passkeys
from tests.reception.reception_rig import ORG, OTHER, Browser, ReceptionRig, require_kind
from tests.rigs.authenticator import Authenticator, Wrong, base64url
from tests.rigs.service import AdministratorRig, hashes_hex, make_key

HOME = f"/o/{ORG}/home"


def registered(rig: ReceptionRig, person: AdministratorRig) -> Authenticator:
    """A device with one passkey of this person, as the registration leaves it: a certificate, and a row that names it."""
    device = Authenticator()
    key = device.new_key()
    passkey_id = base64url(b"passkey of " + person.administrator.id.encode())
    device.keys[passkey_id] = key
    now = rig.service.clock()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, person.administrator.name)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=90))
    der = builder.sign(make_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    sha256 = hashes_hex(der)
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    row = {
        "id": f"pas-{person.administrator.id}",
        "administrator_id": person.administrator.id,
        "passkey_id": passkey_id,
        "spki_sha256": hashes_hex(spki),
        "label": "laptop",
        "transports": "",
        "sign_count": 0,
        "credential_sha256": sha256,
        "created_at": now,
    }
    credential = Credential(CredentialId(f"cre-{sha256[:32]}"), person.administrator.id, der, sha256, now + timedelta(days=90), None)
    with rig.service.house.database.write(now) as tx:
        administrators.insert_credential(tx, credential)
        tx.execute(passkeys.insert().values(**row))
    return device


@pytest.fixture
def device(rig: ReceptionRig, fox: AdministratorRig) -> Authenticator:
    return registered(rig, fox)


def challenge(browser: Browser, org: str = ORG) -> bytes:
    return bytes.fromhex(browser.get(f"/o/{org}/sign-in/challenge").json()["challenge"])


def test_a_person_signs_in_and_steps_up(rig: ReceptionRig, device: Authenticator) -> None:
    browser = rig.browser()
    assert browser.use_passkey(device).status_code == 200
    assert browser.get(HOME).json()["person"] == "Fox Mulder"
    assert rig.log()[-1] == ("start-session", "done", "", "administrator")
    rig.service.clock.advance(timedelta(minutes=5))
    require_kind(browser.get(f"/o/{ORG}/danger"), 403, "step-up-needed")
    assert browser.use_passkey(device, step_up=True).status_code == 200
    assert browser.get(f"/o/{ORG}/danger").status_code == 200


def test_a_challenge_counts_once(rig: ReceptionRig, device: Authenticator) -> None:
    browser = rig.browser()
    asked = challenge(browser)
    cookies = dict(browser.cookies)
    assert browser.use_passkey(device, challenge=asked).status_code == 200
    require_kind(Browser(rig, cookies).use_passkey(device, challenge=asked), 401, "challenge")
    assert rig.log()[-1] == ("sign-in", "refused", "challenge", "requester")


def test_of_many_answers_at_once_one_gets_a_session(rig: ReceptionRig, device: Authenticator) -> None:
    browser = rig.browser()
    asked = challenge(browser)
    with ThreadPoolExecutor(4) as pool:
        uses = [pool.submit(Browser(rig, dict(browser.cookies)).use_passkey, device, challenge=asked) for _ in range(4)]
        statuses = sorted(use.result().status_code for use in uses)
    assert statuses == [200, 401, 401, 401]


def test_a_challenge_of_another_browser_time_or_audience_is_refused(
    rig: ReceptionRig, device: Authenticator, helen: AdministratorRig
) -> None:
    browser, other = rig.browser(), rig.browser()
    challenge(other)
    require_kind(other.use_passkey(device, challenge=challenge(browser)), 401, "challenge")
    require_kind(rig.browser().use_passkey(device, challenge=challenge(browser)), 401, "challenge")
    asked = challenge(browser)
    rig.service.clock.advance(timedelta(minutes=5))
    require_kind(browser.use_passkey(device, challenge=asked), 401, "challenge")
    asked = challenge(browser, OTHER)
    browser.cookies[f"__Host-privyseal-browser-o-{ORG}"] = browser.cookies[f"__Host-privyseal-browser-o-{OTHER}"]
    require_kind(browser.use_passkey(device, challenge=asked), 401, "challenge")
    require_kind(browser.use_passkey(device, challenge=bytes(32)), 401, "challenge")
    foreign = registered(rig, helen)
    require_kind(browser.use_passkey(foreign), 401, "credential-unknown")


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_wrong_assertion_is_refused(rig: ReceptionRig, device: Authenticator) -> None:
    browser = rig.browser()
    wrongs = {
        "passkey-origin": Wrong(origin="https://evil.test"),
        "passkey-site": Wrong(rp_id="evil.test"),
        "passkey-challenge": Wrong(challenge=bytes(32)),
        "passkey-type": Wrong(kind="webauthn.create"),
        "passkey-not-verified": Wrong(verified=False),
    }
    for kind, wrong in wrongs.items():
        require_kind(browser.use_passkey(device, wrong=wrong), 422, kind)
    stranger = base64url(b"a passkey that nobody registered")
    require_kind(browser.use_passkey(device, wrong=Wrong(credential=stranger)), 401, "credential-unknown")
    for text in ("", "{}", "[]", '{"type":"public-key"}', "\x00", "9" * 50_000, '{"type":"public-key","id":"a","response":{}}'):
        sent = {"challenge": base64url(challenge(browser)), "assertion": text}
        answer = browser.post(f"/o/{ORG}/passkey", data=sent)
        assert answer.status_code in {400, 422}, answer.text
    assert rig.log()[-1][:2] == ("sign-in", "refused")


def test_a_passkey_that_was_copied_is_refused(rig: ReceptionRig, device: Authenticator) -> None:
    assert rig.browser().use_passkey(device, wrong=Wrong(sign_count=9)).status_code == 200
    require_kind(rig.browser().use_passkey(device, wrong=Wrong(sign_count=5)), 422, "passkey-copied")


def test_a_revoked_passkey_is_refused_and_ends_its_sessions(rig: ReceptionRig, device: Authenticator) -> None:
    browser = rig.browser()
    browser.use_passkey(device)
    with rig.service.house.database.write(rig.service.clock()) as tx:
        tx.execute(administrators.credentials.update().values(revoked_at=tx.now))
    require_kind(browser.get(HOME), 401, "sign-in-needed")
    require_kind(browser.use_passkey(device), 401, "credential-unusable")


def test_wrong_answers_of_one_passkey_have_to_wait(rig: ReceptionRig, device: Authenticator) -> None:
    browser = rig.browser()
    for _ in range(5):
        require_kind(browser.use_passkey(device, wrong=Wrong(key=device.new_key())), 422, "passkey-signature")
    refused = require_kind(browser.use_passkey(device), 429, "sign-in-locked")
    assert "5 times" in refused["detail"]
    rig.service.clock.advance(timedelta(seconds=62))
    assert browser.use_passkey(device).status_code == 200
    assert browser.use_passkey(device).status_code == 200, "a good one clears the count"
