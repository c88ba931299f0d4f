"""Another passkey: only its owner adds it, under a signature, and the issuer believes the signature alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import perform
from privyseal.actions.passkey.draft_passkey import draft_passkey
from privyseal.actions.passkey.offer_passkey import offer_passkey
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import ANONYMOUS
from privyseal.model.administrator import Role
from privyseal.model.errors import NotFound, Refused, Unauthenticated
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, passkeys
from privyseal_wire.passkey import PasskeySigned
from privyseal_wire.statements import PasskeyRegistration
from tests.rigs.authenticator import Authenticator
from tests.rigs.passkeys import ABOUT, PasskeyHolder, add, by_certificate, complete, draft, holder, invite
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"


def test_an_administrator_id_adds_a_passkey_and_a_passkey_another(service: ServiceRig) -> None:
    service.create_organization()
    admin = service.administrator(ORG)
    first = by_certificate(service, admin, Authenticator())
    device = Authenticator()
    registration, content = draft(service, first.actor, ORG, device)
    complete(service, add(service, first.actor, ORG, registration, first.sign(content)))
    with service.house.database.read(service.clock()) as tx:
        assert len(administrators.credentials_of(tx, admin.administrator.id)) == 3
        known = passkeys.usable_of(tx, admin.administrator.id)
    assert [passkey.label for passkey in known] == ["Key ring", "Key ring"]
    second = PasskeyHolder(service, first.administrator, ORG, device)
    assert second.passkey_id == known[1].passkey_id


def test_what_is_signed_names_the_passkey(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    device = Authenticator()
    _, content = draft(service, paula.actor, ORG, device)
    statement = PasskeyRegistration.from_bytes(content)
    assert (statement.service, statement.organization) == ("privyseal.localhost", ORG)
    assert statement.administrator == paula.administrator.id
    assert statement.expires_at <= service.clock() + timedelta(hours=1)


def test_a_browser_is_told_not_to_register_a_passkey_twice(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    options = perform(service.house, paula.actor, ABOUT, offer_passkey, ORG)
    with pytest.raises(AssertionError, match="InvalidStateError"):
        paula.device.create(options)


def test_only_the_owner_adds(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    code = invite(service, ORG, "Colin Colleague", by=paula)
    colleague = service.enroll_code(code, ORG)
    registration, content = draft(service, paula.actor, ORG, Authenticator())
    with pytest.raises(Refused) as refusal:
        add(service, paula.actor, ORG, registration, service.sign(content, colleague))
    assert refusal.value.kind == "passkey-signer"
    with pytest.raises(Refused) as refusal:
        add(service, colleague.actor, ORG, registration, service.sign(content, colleague))
    assert refusal.value.kind == "passkey-challenge"


def test_another_registration_than_the_signed_one_is_refused(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    _, content = draft(service, paula.actor, ORG, Authenticator())
    other, _ = draft(service, paula.actor, ORG, Authenticator())
    with pytest.raises(Refused) as refusal:
        add(service, paula.actor, ORG, other, paula.sign(content))
    assert refusal.value.kind == "passkey-content"


@pytest.mark.parametrize(
    "changes", [{"service": "other.localhost"}, {"organization": "hacker"}, {"administrator": "adm-" + "0" * 32}, {"spki_sha256": "0" * 64}]
)
def test_a_statement_for_something_else_is_refused(service: ServiceRig, changes: dict[str, str]) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    registration, content = draft(service, paula.actor, ORG, Authenticator())
    signed = PasskeyRegistration.from_bytes(content).to_fields()
    values = {name: str(value) for name, value in signed.items() if name != "type"} | changes
    with pytest.raises(Refused) as refusal:
        add(service, paula.actor, ORG, registration, paula.sign(PasskeyRegistration(**values).to_bytes()))
    assert refusal.value.kind == "passkey-content"


def test_a_registration_is_handed_in_once(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    registration, content = draft(service, paula.actor, ORG, Authenticator())
    complete(service, add(service, paula.actor, ORG, registration, paula.sign(content)))
    with pytest.raises(Refused) as refusal:
        add(service, paula.actor, ORG, registration, paula.sign(content))
    assert refusal.value.kind == "passkey-challenge"
    with pytest.raises(Refused):
        perform(service.house, paula.actor, ABOUT, draft_passkey, ORG, registration)


def test_strangers_and_other_organizations_are_offered_nothing(service: ServiceRig) -> None:
    service.create_organization()
    service.create_organization("hacker", name="Hacker Ltd", domains=("hacker.test",))
    paula = holder(service, ORG)
    with pytest.raises(Unauthenticated):
        perform(service.house, ANONYMOUS, ABOUT, offer_passkey, ORG)
    with pytest.raises(NotFound):
        perform(service.house, paula.actor, ABOUT, offer_passkey, "hacker")
    with pytest.raises(NotFound):
        perform(service.house, paula.actor, ABOUT, offer_passkey, "")


def test_the_issuer_verifies_the_signature_again(service: ServiceRig) -> None:
    """Whoever writes the database after the entrance cannot exchange what was signed, nor pretend that something was."""
    service.create_organization()
    paula = holder(service, ORG)
    for column, value in (("statement", b"{}"), ("signature", b"{}"), ("signer_sha256", "0" * 64), ("passkey_id", "A" * 43)):
        registration, content = draft(service, paula.actor, ORG, Authenticator())
        intent_id = add(service, paula.actor, ORG, registration, paula.sign(content))
        with service.house.database.write(service.clock()) as tx:
            tx.execute(sa.text(f"UPDATE passkeys SET {column} = :value WHERE credential_sha256 IS NULL"), {"value": value})  # noqa: S608 - names of columns above
        [result] = complete_batch(service.house, service.keys, [intent_id]).values()
        assert not result.ok, column
        with service.house.database.write(service.clock()) as tx:
            tx.execute(sa.text("DELETE FROM passkeys WHERE credential_sha256 IS NULL"))
    with service.house.database.read(service.clock()) as tx:
        assert len(administrators.credentials_of(tx, paula.administrator.id)) == 1


def test_a_link_that_was_never_used_does_not_stand_in_for_the_signature(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    registration, content = draft(service, paula.actor, ORG, Authenticator())
    intent_id = add(service, paula.actor, ORG, registration, paula.sign(content))
    with service.house.database.write(service.clock()) as tx:
        tx.execute(sa.text("UPDATE passkeys SET statement = NULL, signature = NULL WHERE credential_sha256 IS NULL"))
    [result] = complete_batch(service.house, service.keys, [intent_id]).values()
    assert (result.ok, result.kind) == (False, "link")


def test_a_revoked_credential_adds_nothing(service: ServiceRig) -> None:
    service.create_organization()
    paula = holder(service, ORG)
    registration, content = draft(service, paula.actor, ORG, Authenticator())
    signature = paula.sign(content)
    early = add(service, paula.actor, ORG, registration, signature)
    perform(service.house, paula.actor, ABOUT, revoke_credential, ORG, paula.certificate_sha256, RevocationReason.KEY_COMPROMISE)
    [result] = complete_batch(service.house, service.keys, [early]).values()
    assert (result.ok, result.kind) == (False, "signer-unknown")
    with pytest.raises(Refused) as refusal:
        add(service, paula.actor, ORG, registration, signature)
    assert refusal.value.kind == "credential-unusable"


def test_a_reader_may_have_a_passkey_of_his_own(service: ServiceRig) -> None:
    """A passkey gives no right: what its owner may do, his role says."""
    service.create_organization()
    auditor = holder(service, ORG, "Otto Auditor", Role.AUDITOR)
    registration, content = draft(service, auditor.actor, ORG, Authenticator())
    complete(service, add(service, auditor.actor, ORG, registration, auditor.sign(content)))


def test_a_passkeys_id_without_its_key_adds_nothing(service: ServiceRig) -> None:
    service.create_organization()
    paula, mallory = holder(service, ORG), Authenticator()
    registration, content = draft(service, paula.actor, ORG, mallory)
    mallory.keys[paula.passkey_id] = mallory.new_key()
    forged = PasskeyHolder(service, paula.administrator, ORG, mallory).sign(content)
    with pytest.raises(Refused) as refusal:
        add(service, paula.actor, ORG, registration, PasskeySigned(content, forged.assertion))
    assert refusal.value.kind == "passkey-signature"
