"""Cards as people meet them: the wrong PIN, two cards, none, one that is pulled out, full or locked. SoftHSM2 is the card."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from privyseal_agent.errors import Refused, UsageError
from privyseal_agent.keys.card import Card, CardFacts, refusal_of
from privyseal_agent.keys.card_uri import read_card_uri
from privyseal_agent.keys.open_card import cards_of, open_card
from tests.rigs.softhsm import MODULE, PIN, SoftHsm

KEY_ID = bytes(range(16))


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[SoftHsm]:
    made = SoftHsm(tmp_path / "softhsm")
    yield made
    made.close()


def opened(uri: str, pin: str = PIN) -> Card:
    return open_card(read_card_uri(uri), lambda _card, _last: pin)


def test_a_key_signs_and_does_not_come_out(hsm: SoftHsm) -> None:
    with opened(hsm.token("dana")) as card:
        made = card.make_key(KEY_ID)
        key = made.key
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        key.public_key().verify(key.sign(b"content", ec.ECDSA(hashes.SHA256())), b"content", ec.ECDSA(hashes.SHA256()))
        with pytest.raises(Refused, match="stays on the card"):
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        with pytest.raises(Refused, match="stays on the card"):
            key.private_numbers()
        assert copy.deepcopy(key) is key
    seen = hsm.objects("dana", "privkey")
    assert "never extractable" in seen
    assert "sensitive" in seen
    assert KEY_ID.hex() in seen


def test_a_key_that_another_program_made_is_used_too(hsm: SoftHsm) -> None:
    uri = hsm.token("rsa")
    hsm.tool("--token-label", "rsa", "--login", "--pin", PIN, "--keypairgen", "--key-type", "rsa:2048", "--id", "0a", "--label", "mine")
    pkcs11.lib(str(MODULE)).reinitialize()
    with opened(uri) as card:
        [found] = card.own_keys()
        assert isinstance(found.key, rsa.RSAPrivateKey)
        signature = found.key.sign(b"content", padding.PKCS1v15(), hashes.SHA256())
        found.key.public_key().verify(signature, b"content", padding.PKCS1v15(), hashes.SHA256())
    with opened(uri.replace("?", ";object=other?")) as card:
        assert card.own_keys() == []
    with opened(uri.replace("?", ";id=%0a?")) as card:
        assert [key.id for key in card.own_keys()] == [b"\x0a"]


@pytest.mark.parametrize("pin", ["000000", "", "1" * 400, "١٢٣٤٥٦"])
def test_a_wrong_pin_is_tried_once_and_said_so(hsm: SoftHsm, pin: str) -> None:
    uri = hsm.token("dana")
    asked: list[bool] = []

    def ask(card: str, is_last: bool) -> str:  # noqa: FBT001 - the form in which cards ask for their PIN
        assert card == "dana"
        asked.append(is_last)
        return pin

    with pytest.raises(Refused) as caught:
        open_card(read_card_uri(uri), ask)
    assert caught.value.kind == "card-pin"
    assert asked == [False]
    opened(uri).close()


def test_a_locked_card_says_where_it_is_unlocked_and_a_full_one_that_it_is_full() -> None:
    facts = CardFacts("dana", "01", "maker", "model", 0, is_locked=False)
    answers = {
        pkcs11.exceptions.PinLocked: "card-locked",
        pkcs11.exceptions.DeviceMemory: "card-full",
        pkcs11.exceptions.DeviceRemoved: "card-removed",
        pkcs11.exceptions.TokenNotPresent: "card-removed",
        pkcs11.exceptions.DeviceError: "card-failed",
        pkcs11.exceptions.GeneralError: "card-failed",
    }
    assert {error: refusal_of(error(), facts).kind for error in answers} == answers


def test_a_card_that_is_pulled_out_ends_the_work_with_a_sentence(hsm: SoftHsm) -> None:
    card = opened(hsm.token("dana"))
    key = card.make_key(KEY_ID).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    hsm.take_out("dana")
    with pytest.raises(Refused) as caught:
        key.sign(b"content", ec.ECDSA(hashes.SHA256()))
    assert caught.value.kind == "card-removed"
    card.close()


def test_of_two_cards_one_has_to_be_named(hsm: SoftHsm) -> None:
    one, _ = hsm.token("dana"), hsm.token("fox")
    with pytest.raises(Refused) as caught:
        opened(f"pkcs11:?module-path={MODULE}")
    assert caught.value.kind == "card-several"
    assert "dana (serial" in caught.value.sentence
    assert "fox (serial" in caught.value.sentence
    [facts] = cards_of(read_card_uri(one))
    assert facts.token == "dana"
    assert cards_of(read_card_uri(facts.uri(MODULE))) == [facts]


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (f"pkcs11:token=nobody?module-path={MODULE}", "card-missing"),
        (f"pkcs11:slot-id=77?module-path={MODULE}", "card-missing"),
        ("pkcs11:token=dana?module-path=/nowhere/lib.so", "card-module"),
        ("pkcs11:token=dana?module-path=/etc/passwd", "card-module"),
    ],
)
def test_a_card_that_is_not_there(hsm: SoftHsm, uri: str, kind: str) -> None:
    hsm.token("dana")
    with pytest.raises(Refused) as caught:
        opened(uri)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "dana",
        "pkcs11:",
        "pkcs11:token=dana",
        "pkcs11:token=dana?module-path=/lib.so&pin-value=123456",
        "pkcs11:token=dana?module-path=/lib.so&pin-source=file:/pin",
        "pkcs11:token=a;token=b?module-path=/lib.so",
        "pkcs11:token=%zz?module-path=/lib.so",
        "pkcs11:token=%ff?module-path=/lib.so",
        "pkcs11:slot-id=first?module-path=/lib.so",
        "pkcs11:wallet=dana?module-path=/lib.so",
        "pkcs11:type=secret-key?module-path=/lib.so",
        "pkcs11:token=dana?module-path=/lib%00.so",
        f"pkcs11:token={'a' * 3000}?module-path=/lib.so",
    ],
)
def test_what_is_no_uri_of_a_card(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_card_uri(uri)
    assert caught.value.kind == "card"
    assert "123456" not in caught.value.sentence
