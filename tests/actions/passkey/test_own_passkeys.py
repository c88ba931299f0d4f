"""Passkeys that their owner names and removes; never the last credential, however many go at once, and never somebody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from privyseal.actions.house import perform
from privyseal.actions.passkey.remove_passkey import remove_passkey
from privyseal.actions.passkey.rename_passkey import rename_passkey
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused
from privyseal.store import administrators, passkeys
from tests.rigs.authenticator import Authenticator
from tests.rigs.hostile_texts import TYPED
from tests.rigs.passkeys import ABOUT, PasskeyHolder, add, complete, draft, holder
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"


@pytest.fixture
def dana(service: ServiceRig, fox: AdministratorRig) -> PasskeyHolder:
    return holder(service, ORG, "Dana Scully", by=fox)


def usable(service: ServiceRig, person: PasskeyHolder) -> int:
    with service.house.database.read(service.clock()) as tx:
        return sum(item.is_usable(service.clock()) for item in administrators.credentials_of(tx, person.administrator.id))


def test_a_passkey_is_named_by_its_owner(service: ServiceRig, fox: AdministratorRig, dana: PasskeyHolder) -> None:
    sha256 = dana.certificate_sha256
    perform(service.house, dana.actor, ABOUT, rename_passkey, ORG, sha256, "Blue key")
    with service.house.database.read(service.clock()) as tx:
        assert passkeys.every_of(tx, dana.administrator.id)[sha256].label == "Blue key"
    for label in ("", "  ", "x" * 65, "a\nb"):
        with pytest.raises(Refused):
            perform(service.house, dana.actor, ABOUT, rename_passkey, ORG, sha256, label)
    with pytest.raises(NotFound):
        perform(service.house, fox.actor, ABOUT, rename_passkey, ORG, sha256, "Mine now")


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_hostile_name_is_kept_as_text_or_refused(service: ServiceRig, dana: PasskeyHolder) -> None:
    for text in TYPED.values():
        try:
            perform(service.house, dana.actor, ABOUT, rename_passkey, ORG, dana.certificate_sha256, text)
        except PrivysealError as refusal:
            assert refusal.sentence


def test_the_last_credential_stays(service: ServiceRig, fox: AdministratorRig, dana: PasskeyHolder) -> None:
    first = dana.certificate_sha256
    with pytest.raises(Conflict) as caught:
        perform(service.house, dana.actor, ABOUT, remove_passkey, ORG, first)
    assert caught.value.kind == "last-credential"
    with pytest.raises(NotFound):
        perform(service.house, fox.actor, ABOUT, remove_passkey, ORG, first)
    phone = Authenticator()
    registration, content = draft(service, dana.actor, ORG, phone)
    complete(service, add(service, dana.actor, ORG, registration, dana.sign(content)))
    second = PasskeyHolder(service, dana.administrator, ORG, phone).certificate_sha256
    assert second != first

    def remove(sha256: str) -> str:
        try:
            perform(service.house, dana.actor, ABOUT, remove_passkey, ORG, sha256)
        except PrivysealError as refusal:
            return refusal.kind
        return "removed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, (first, second))) == ["last-credential", "removed"]
    assert usable(service, dana) == 1
