"""Rows of passkeys: a counter that two use at once, and challenges that are answered once, by one person, in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId
from privyseal.model.passkey import is_plausible
from privyseal.store import passkeys
from privyseal_wire.passkey import Assertion
from tests.rigs.passkeys import PasskeyHolder, holder
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"


@pytest.fixture
def paula(service: ServiceRig) -> PasskeyHolder:
    service.create_organization()
    return holder(service, ORG)


def use(service: ServiceRig, passkey_id: str, count: int) -> bool:
    with service.house.database.write(service.clock()) as tx:
        return passkeys.note_use(tx, passkey_id, count)


def test_a_counter_goes_up_or_stays_at_nothing(service: ServiceRig, paula: PasskeyHolder) -> None:
    before = 1
    for count in (2, 2, 1, 0, 9, 4_294_967_295, 3):
        assert use(service, paula.passkey_id, count) is is_plausible(before, count)
        before = max(before, count)
    assert [is_plausible(0, 0), is_plausible(0, 1), is_plausible(1, 0)] == [True, True, False]
    assert not use(service, "unknown", 1)


def test_of_two_uses_with_one_count_one_counts(service: ServiceRig, paula: PasskeyHolder) -> None:
    passkey_id = paula.passkey_id
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: use(service, passkey_id, 7), range(4))) == [False, False, False, True]


def test_a_copy_is_refused_by_name(service: ServiceRig, paula: PasskeyHolder) -> None:
    with service.house.database.write(service.clock()) as tx:
        passkeys.require_use(tx, None)
        with pytest.raises(Refused) as refusal:
            passkeys.require_use(tx, Assertion(paula.passkey_id, b"", bytes(37), b""))
    assert refusal.value.kind == "passkey-copied"


def test_a_challenge_is_answered_once_by_one_person_in_time(service: ServiceRig, paula: PasskeyHolder) -> None:
    mine, nobody = paula.administrator.id, AdministratorId("adm-nobody")
    end = service.clock() + timedelta(minutes=10)
    with service.house.database.write(service.clock()) as tx:
        for digit in "ab":
            passkeys.insert_challenge(tx, digit * 64, mine, end)
        assert not passkeys.take_challenge(tx, "a" * 64, nobody)
        assert passkeys.has_challenge(tx, "a" * 64, mine)
        assert passkeys.take_challenge(tx, "a" * 64, mine)
        assert not passkeys.has_challenge(tx, "a" * 64, mine)
        assert not passkeys.take_challenge(tx, "a" * 64, mine)
    service.clock.advance(timedelta(minutes=11))
    with service.house.database.write(service.clock()) as tx:
        assert not passkeys.take_challenge(tx, "b" * 64, mine)


def test_a_passkey_without_a_certificate_finds_nobody(service: ServiceRig, paula: PasskeyHolder) -> None:
    with service.house.database.read(service.clock()) as tx:
        assert passkeys.by_signer(tx, "", "unknown") is None
        assert passkeys.by_signer(tx, "0" * 64, "") is None
        found = passkeys.by_signer(tx, "", paula.passkey_id)
        assert found is not None
        assert passkeys.by_signer(tx, found[1].certificate_sha256, "") == found
