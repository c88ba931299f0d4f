"""A first credential that is a passkey: one link, one challenge, one certificate of the administrators' CA."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from privyseal.actions.house import perform
from privyseal.actions.passkey.enroll_passkey import enroll_passkey
from privyseal.actions.passkey.offer_passkey_enrollment import offer_passkey_enrollment
from privyseal.engine.administrator_id import is_passkey, require_administrator_id
from privyseal.model.actor import ANONYMOUS
from privyseal.model.administrator import AdministratorState, Role
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.fact import FactKind
from privyseal.store import administrators, organizations, passkeys
from tests.rigs.authenticator import ES256, RS256, Authenticator, Wrong
from tests.rigs.passkeys import ABOUT, enroll, holder, invite
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"


@pytest.mark.parametrize("algorithm", [ES256, RS256])
def test_a_passkey_becomes_a_credential_of_the_administrators_ca(service: ServiceRig, algorithm: int) -> None:
    service.create_organization()
    service.listeners[FactKind.CREDENTIAL_ADDED] = ("mail",)
    paula = enroll(service, ORG, invite(service, ORG, "Paula Passkey"), Authenticator(algorithm=algorithm))
    with service.house.database.read(service.clock()) as tx:
        [credential] = administrators.credentials_of(tx, paula.administrator.id)
        [passkey] = passkeys.usable_of(tx, paula.administrator.id)
        organization = organizations.require(tx, ORG)
        assert passkeys.every_of(tx, paula.administrator.id) == {credential.certificate_sha256: passkey}
    assert paula.administrator.state is AdministratorState.ACTIVE
    assert (passkey.label, passkey.transports, passkey.sign_count) == ("Laptop", ("hybrid", "internal"), 1)
    require_administrator_id(
        service.house.administrators_authority, credential.certificate_der, paula.administrator, organization, service.clock()
    )
    assert is_passkey(credential.certificate_der)
    certificate = x509.load_der_x509_certificate(credential.certificate_der)
    assert certificate.public_key() == paula.device.keys[paula.passkey_id].public_key()
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE)


def test_an_administrator_id_is_no_passkey(service: ServiceRig) -> None:
    service.create_organization()
    assert not is_passkey(service.administrator(ORG).certificate_der)


def test_the_providers_people_have_passkeys_too(service: ServiceRig) -> None:
    pat = holder(service, "", "Pat Provider", Role.PROVIDER_ADMINISTRATOR)
    assert pat.administrator.organization_id is None


def test_a_link_works_once(service: ServiceRig) -> None:
    service.create_organization()
    code = invite(service, ORG, "Paula Passkey")
    options = perform(service.house, ANONYMOUS, ABOUT, offer_passkey_enrollment, code)
    enroll(service, ORG, code, Authenticator())
    with pytest.raises(NotFound) as refusal:
        perform(service.house, ANONYMOUS, ABOUT, offer_passkey_enrollment, code)
    assert refusal.value.kind == "link"
    with pytest.raises(NotFound) as refusal:
        perform(service.house, ANONYMOUS, ABOUT, enroll_passkey, code, Authenticator().create(options), "Second")
    assert refusal.value.kind == "link"


def test_a_link_and_a_challenge_end(service: ServiceRig) -> None:
    service.create_organization()
    code = invite(service, ORG, "Paula Passkey")
    registration = Authenticator().create(perform(service.house, ANONYMOUS, ABOUT, offer_passkey_enrollment, code))
    service.clock.advance(timedelta(minutes=11))
    service.integrate()
    with pytest.raises(Refused) as refusal:
        perform(service.house, ANONYMOUS, ABOUT, enroll_passkey, code, registration, "Laptop")
    assert refusal.value.kind == "passkey-challenge"
    service.clock.advance(timedelta(minutes=50))
    with pytest.raises(NotFound):
        perform(service.house, ANONYMOUS, ABOUT, offer_passkey_enrollment, code)


def test_a_challenge_belongs_to_one_person(service: ServiceRig) -> None:
    service.create_organization()
    codes = [invite(service, ORG, name) for name in ("Paula Passkey", "Mallory Other")]
    registration = Authenticator().create(perform(service.house, ANONYMOUS, ABOUT, offer_passkey_enrollment, codes[1]))
    with pytest.raises(Refused) as refusal:
        perform(service.house, ANONYMOUS, ABOUT, enroll_passkey, codes[0], registration, "Laptop")
    assert refusal.value.kind == "passkey-challenge"


def test_a_refused_registration_leaves_the_link_usable(service: ServiceRig) -> None:
    service.create_organization()
    code = invite(service, ORG, "Paula Passkey")
    for wrong in (Wrong(origin="https://evil.test"), Wrong(rp_id="evil.test"), Wrong(verified=False)):
        with pytest.raises(Refused) as refusal:
            enroll(service, ORG, code, Authenticator(), wrong)
        assert refusal.value.kind == "passkey-registration"
    enroll(service, ORG, code, Authenticator())


def test_one_key_is_registered_once(service: ServiceRig) -> None:
    """Without attestation nothing proves that the key is the person's own; so nobody takes one that another has."""
    service.create_organization()
    paula = holder(service, ORG)
    stolen = paula.device.keys[paula.passkey_id]
    with pytest.raises(Conflict) as refusal:
        enroll(service, ORG, invite(service, ORG, "Mallory Other", by=paula), Authenticator(), Wrong(key=stolen))
    assert refusal.value.kind == "passkey-known"
