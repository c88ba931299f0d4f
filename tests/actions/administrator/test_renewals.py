"""Renewal and free replacement of Administrator IDs (requirements 4.1), as the owner, a colleague and an intruder would try them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.remind_of_endings import remind_of_endings
from privyseal.actions.administrator.renew_administrator_id import renew_administrator_id
from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.engine.csr import read_csr
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Credential, Role
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused
from privyseal.model.fact import FactKind
from privyseal.model.revocation import RevocationReason
from privyseal.model.statement import utc_text
from privyseal.model.unit import UnitTier
from privyseal.store import administrators, renewals, units
from privyseal_wire.statements import Invitation, Renewal
from tests.rigs.service import AdministratorRig, ServiceRig, SubjectKey, hashes_hex, mail_of, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("ask-for-administrator-id", ORG, "administrator", "own")


def statement(service: ServiceRig, person: AdministratorRig, csr: str, kind: str, /, **changes: str) -> Renewal:
    values = {
        "service": service.settings.service_id,
        "organization": person.organization,
        "expires": utc_text(service.clock() + timedelta(minutes=10)),
        "administrator": person.administrator.id,
        "kind": kind,
        "replaces": hashes_hex(person.certificate_der),
        "spki_sha256": read_csr(csr.encode()).spki_sha256.hex(),
    }
    return Renewal(**{**values, **changes})


def renew(
    service: ServiceRig,
    person: AdministratorRig,
    kind: str,
    /,
    *,
    by: AdministratorRig | None = None,
    key: SubjectKey | None = None,
    **changes: str,
) -> Credential:
    """Ask as this person, signed by ``by``, and have it issued; the new credential."""
    csr = make_csr(["administrator.test"], key or make_key())
    signature = service.sign(statement(service, person, csr, kind, **changes).to_bytes(), by or person)
    slug = "" if person.administrator.organization_id is None else person.organization
    intent = perform(service.house, person.actor, ABOUT, renew_administrator_id, slug, read_csr(csr.encode()), signature)
    [done] = complete_batch(service.house, service.keys, [intent]).values()
    assert done.ok, done
    return credentials(service, person)[-1]


def credentials(service: ServiceRig, person: AdministratorRig) -> list[Credential]:
    with service.house.database.read(service.clock()) as tx:
        return administrators.credentials_of(tx, person.administrator.id)


def later(service: ServiceRig, by: timedelta) -> None:
    """Let time pass over an audit log that keeps up."""
    service.integrate()
    service.clock.advance(by)


def kind_of(error: pytest.ExceptionInfo[PrivysealError]) -> str:
    return error.value.kind


def test_a_renewal_in_the_last_60_days_has_a_life_of_its_own_and_leaves_the_old_one(service: ServiceRig, fox: AdministratorRig) -> None:
    [old] = credentials(service, fox)
    with pytest.raises(Refused) as caught:
        renew(service, fox, "renewal")
    assert kind_of(caught) == "renewal-early"
    later(service, old.not_after - service.clock() - timedelta(days=30))
    new = renew(service, fox, "renewal")
    assert new.not_after > old.not_after + timedelta(days=300)
    assert [item.revoked_at for item in credentials(service, fox)] == [None, None]
    with pytest.raises(Conflict) as again:
        renew(service, fox, "renewal")
    assert kind_of(again) == "already-replaced"


def test_a_replacement_keeps_the_end_date_revokes_the_old_one_and_costs_no_unit(service: ServiceRig, fox: AdministratorRig) -> None:
    [old] = credentials(service, fox)
    organization = fox.administrator.organization_id
    assert organization is not None
    with service.house.database.read(service.clock()) as tx:
        before = units.balance(tx, organization, UnitTier.STANDARD)
    later(service, timedelta(days=100))
    new = renew(service, fox, "replacement")
    assert new.not_after == old.not_after
    assert x509.load_der_x509_certificate(new.certificate_der).not_valid_after_utc == old.not_after
    kept = credentials(service, fox)
    assert kept[0].revoked_at is not None
    assert kept[1].is_usable(service.clock())
    with service.house.database.read(service.clock()) as tx:
        assert units.balance(tx, organization, UnitTier.STANDARD) == before
        assert renewals.is_replaced(tx, old.certificate_sha256)


def test_a_colleague_replaces_what_its_owner_lost(service: ServiceRig, fox: AdministratorRig) -> None:
    dana = service.administrator(ORG, "Dana Scully", Role.CERTIFICATE_ADMINISTRATOR, by=fox)
    [old] = credentials(service, dana)
    later(service, timedelta(days=100))
    code = replace_by(service, fox, dana)
    with pytest.raises(Conflict) as pending:
        replace_by(service, fox, dana)
    assert kind_of(pending) == "link-pending"
    new = service.enroll_code(code, ORG)
    assert new.administrator.id == dana.administrator.id
    kept = credentials(service, dana)
    assert kept[1].not_after == old.not_after
    assert kept[0].revoked_at is not None
    with pytest.raises(Conflict) as again:
        replace_by(service, fox, dana)
    assert kind_of(again) == "already-replaced"


def test_what_was_revoked_at_once_is_replaced_with_the_same_end_date(service: ServiceRig, fox: AdministratorRig) -> None:
    dana = service.administrator(ORG, "Dana Scully", by=fox)
    [old] = credentials(service, dana)
    perform(service.house, fox.actor, ABOUT, revoke_credential, ORG, old.certificate_sha256, RevocationReason.KEY_COMPROMISE)
    later(service, timedelta(days=3))
    service.enroll_code(replace_by(service, fox, dana), ORG)
    assert credentials(service, dana)[1].not_after == old.not_after


def replace_by(service: ServiceRig, by: AdministratorRig, person: AdministratorRig, **changes: str) -> str:
    """Invite under the signature of ``by`` for a replacement; the code of the letter."""
    values = {
        "service": service.settings.service_id,
        "organization": by.organization,
        "expires": utc_text(service.clock() + timedelta(minutes=70)),
        "name": person.administrator.name,
        "email": mail_of(person.administrator.name, by.organization),
        "role": person.administrator.role.value,
        "inviter": by.administrator.id,
        "replaces": hashes_hex(person.certificate_der),
    }
    signature = service.sign(Invitation(**{**values, **changes}).to_bytes(), by)
    return perform(
        service.house, by.actor, About("invite-administrator", ORG, "administrator", "new"), invite_with_signature, ORG, signature
    ).code


def test_an_identity_has_one_administrator_id_that_counts(service: ServiceRig, fox: AdministratorRig) -> None:
    dana = service.administrator(ORG, "Dana Scully", by=fox)
    [old] = credentials(service, dana)
    later(service, old.not_after - service.clock() - timedelta(days=30))
    fox_new = service.administrator(ORG, "John Doggett", by=fox)
    service.enroll(service.invite(ORG, "Dana Scully", by=fox_new), ORG)
    with pytest.raises(Conflict) as caught:
        renew(service, dana, "replacement")
    assert kind_of(caught) == "administrator-id-valid"


def test_what_others_try(service: ServiceRig, fox: AdministratorRig) -> None:
    dana = service.administrator(ORG, "Dana Scully", Role.CERTIFICATE_ADMINISTRATOR, by=fox)
    service.create_organization("bookstore", name="Bookstore Inc.", domains=("bookstore.test",))
    mallory = service.administrator("bookstore", "Mallory Moor")
    foreign = hashes_hex(fox.certificate_der)
    tries: dict[str, tuple[type[PrivysealError], str]] = {}

    def tried(name: str, **options: object) -> None:
        with pytest.raises(PrivysealError) as caught:
            renew(service, dana, "replacement", **options)  # type: ignore[arg-type] # each call gives what the rig takes
        tries[name] = (type(caught.value), caught.value.kind)

    tried("signed by a colleague", by=fox)
    tried("signed by a stranger", by=mallory)
    tried("somebody else's place", replaces=foreign)
    tried("in somebody else's name", administrator=fox.administrator.id)
    tried("another key than the one signed for", spki_sha256="ab" * 32)
    tried("another organization", organization="bookstore")
    tried("another service", service="evil.test")
    tried("too long a life", expires=utc_text(service.clock() + timedelta(hours=5)))
    tried("expired", expires=utc_text(service.clock() - timedelta(minutes=1)))
    assert tries == {
        "signed by a colleague": (Refused, "renewal-signer"),
        "signed by a stranger": (Refused, "signer-unknown"),
        "somebody else's place": (NotFound, "replaced"),
        "in somebody else's name": (Refused, "renewal-content"),
        "another key than the one signed for": (Refused, "renewal-content"),
        "another organization": (Refused, "renewal-content"),
        "another service": (Refused, "renewal-content"),
        "too long a life": (Refused, "statement-life"),
        "expired": (Refused, "statement-expired"),
    }
    assert len(credentials(service, dana)) == 1


def test_the_issuer_asks_again_and_gives_no_place_twice(service: ServiceRig, fox: AdministratorRig) -> None:
    first, second = (make_csr(["administrator.test"], make_key()) for _ in range(2))
    intents = []
    for csr in (first, second):
        signature = service.sign(statement(service, fox, csr, "replacement").to_bytes(), fox)
        intents.append(perform(service.house, fox.actor, ABOUT, renew_administrator_id, ORG, read_csr(csr.encode()), signature))
    done = complete_batch(service.house, service.keys, intents)
    assert [done[intent].ok for intent in intents] == [True, False]
    assert done[intents[1]].kind in {"already-replaced", "signer-unknown"}
    assert [item.is_usable(service.clock()) for item in credentials(service, fox)] == [False, True]


def test_a_replacement_that_was_signed_with_a_credential_revoked_meanwhile_is_not_issued(
    service: ServiceRig, fox: AdministratorRig
) -> None:
    csr = make_csr(["administrator.test"], make_key())
    signature = service.sign(statement(service, fox, csr, "replacement").to_bytes(), fox)
    intent = perform(service.house, fox.actor, ABOUT, renew_administrator_id, ORG, read_csr(csr.encode()), signature)
    perform(service.house, fox.actor, ABOUT, revoke_credential, ORG, hashes_hex(fox.certificate_der), RevocationReason.KEY_COMPROMISE)
    [done] = complete_batch(service.house, service.keys, [intent]).values()
    assert (done.ok, done.kind) == (False, "signer-unknown")


def test_the_providers_people_renew_theirs_too(service: ServiceRig) -> None:
    walter = service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)
    [old] = credentials(service, walter)
    assert renew(service, walter, "replacement", organization="provider").not_after == old.not_after


def test_the_owner_is_told_30_and_7_days_before_each_once(service: ServiceRig, fox: AdministratorRig) -> None:
    service.listeners[FactKind.CREDENTIAL_ENDING] = ("notices.credential-ending",)
    house = service.open_house()
    [old] = credentials(service, fox)

    def told() -> int:
        with house.database.write(service.clock()) as tx:
            return remind_of_endings(house, tx, SYSTEM)

    assert told() == 0
    later(service, old.not_after - service.clock() - timedelta(days=29))
    assert (told(), told()) == (1, 0)
    later(service, timedelta(days=20))
    assert told() == 0
    later(service, timedelta(days=3))
    assert (told(), told()) == (1, 0)
    renew(service, fox, "renewal")
    later(service, timedelta(days=5))
    assert told() == 0, "its successor is there"
    house.database.close()


def test_of_what_is_revoked_nobody_is_reminded_and_who_is_late_is_told_once(service: ServiceRig, fox: AdministratorRig) -> None:
    service.listeners[FactKind.CREDENTIAL_ENDING] = ("notices.credential-ending",)
    dana = service.administrator(ORG, "Dana Scully", by=fox)
    perform(service.house, fox.actor, ABOUT, revoke_credential, ORG, hashes_hex(dana.certificate_der), RevocationReason.KEY_COMPROMISE)
    house = service.open_house()
    later(service, credentials(service, fox)[0].not_after - service.clock() - timedelta(days=2))
    for expected in (1, 0):
        with house.database.write(service.clock()) as tx:
            assert remind_of_endings(house, tx, SYSTEM) == expected
    house.database.close()
