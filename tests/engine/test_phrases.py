"""Challenge phrases, one-time codes and API tokens."""

from __future__ import annotations

import hashlib
import os
import string
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine import phrases
from privyseal.model.errors import Refused, Unavailable

GOOD = "blue kettle on the roof"


def kind_of(text: str, *, context: tuple[str, ...] = ()) -> str:
    with pytest.raises(Refused) as caught:
        phrases.accept_phrase(text, context=context)
    assert caught.value.field == "phrase"
    assert text.strip() == "" or text not in caught.value.sentence, "a refusal repeats the phrase"
    return caught.value.kind


@pytest.mark.parametrize(
    ("typed", "normalized"),
    [
        ("  blue kettle on the roof\r\n", GOOD),
        ("blue  kettle\ton\u00a0the\u3000roof", GOOD),
        ("ﬁrst ﬂoor ①", "first floor 1"),
        ("Cafe\u0301 au lait", "Café au lait"),
        ("ＦＵＬＬ ｗｉｄｔｈ", "FULL width"),
    ],
)
def test_the_same_phrase_typed_elsewhere_is_the_same_phrase(typed: str, normalized: str) -> None:
    assert phrases.accept_phrase(typed) == normalized


def test_case_is_kept() -> None:
    assert phrases.normalize_phrase("Blue Kettle") != phrases.normalize_phrase("blue kettle")


@given(st.text(max_size=60))
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = phrases.normalize_phrase(text)
    assert phrases.normalize_phrase(once) == once


@given(st.text(st.characters(), max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_accepted_within_the_rules_or_refused_with_a_sentence(text: str, context: list[str]) -> None:
    try:
        phrase = phrases.accept_phrase(text, context=context)
    except Refused as error:
        refused = error
    else:
        assert 8 <= len(phrase) <= 32
        assert len(set(phrase)) >= 3
        assert phrases.normalize_phrase(phrase) == phrase
        assert phrase.encode()
        return
    assert refused.kind.startswith("phrase-")
    assert refused.sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "phrase-empty"),
        (" \t\r\n\u00a0", "phrase-empty"),
        ("sevench", "phrase-too-short"),
        ("a       b", "phrase-too-short"),
        ("x" * 20 + "abcdefghijklm", "phrase-too-long"),
        ("abc " * 1_000_000, "phrase-too-long"),
        ("\ufdfa\ufdfa", "phrase-too-long"),  # one character that NFKC makes eighteen of
        ("aaaaaaaa", "phrase-too-simple"),
        ("abababab", "phrase-too-simple"),
        ("AaAaBbBb", "phrase-too-simple"),
        ("12345678", "phrase-too-simple"),
        ("hgfedcba", "phrase-too-simple"),
        ("blue\x00kettle", "phrase-character"),
        ("blue\x1b[31mkettle", "phrase-character"),
        ("blue\u202ekettle", "phrase-character"),
        ("blue\u200bkettle", "phrase-character"),
        ("blue\ud800kettle", "phrase-character"),
        ("blue\ue000kettle", "phrase-character"),
        ("blue\u0378kettle", "phrase-character"),
    ],
)
def test_phrases_outside_the_rules_are_refused(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_characters_count_after_normalization() -> None:
    # NFKC makes eighteen characters of this one.
    assert len(phrases.accept_phrase("\ufdfa ab cd")) == 24


@pytest.mark.parametrize("length", [8, 32])
def test_both_ends_of_the_range_are_accepted(length: int) -> None:
    text = (string.ascii_letters[::2] * 2)[:length]
    assert phrases.accept_phrase(text) == text


@pytest.mark.parametrize(
    "text",
    ["www.acme.test", "WWW.Acme.Test", " www.acme.test ", "Robin Roe", "robin.roe@acme.test", "robin.roe"],
)
def test_what_the_certificate_tells_everybody_is_no_phrase(text: str) -> None:
    assert kind_of(text, context=("www.acme.test", "Robin.Roe@acme.test", "Robin  Roe")) == "phrase-known"


def test_context_that_is_only_part_of_the_phrase_is_fine() -> None:
    assert phrases.accept_phrase("acme has a red door", context=("acme",)) == "acme has a red door"


@pytest.mark.parametrize(
    "phrase",
    [
        "password",
        "Password1",
        "pass word",
        "P@ssw0rd!",
        "passw0rd2026",
        "!!letmein!!",
        "admin123",
        "sunshine",
        "12 monkey 34",
        "iloveyou",
        "challenge phrase",
    ],
)
def test_what_everybody_tries_first_is_refused(phrase: str) -> None:
    with pytest.raises(Refused) as refused:
        phrases.accept_phrase(phrase)
    assert refused.value.kind == "phrase-common"


@pytest.mark.parametrize(
    "phrase",
    [
        "abcabcabc",
        "blue blue blue",
        "passpass",
        "qwertyuiop",
        "QWERTZ123",
        "1qaz2wsx",
        "qwer1234",
        "asdf asdf",
        "lkjhgfdsa",
        "azertyui",
        "zxcvbnm,.",
    ],
)
def test_what_fingers_do_by_themselves_is_refused(phrase: str) -> None:
    with pytest.raises(Refused) as refused:
        phrases.accept_phrase(phrase)
    assert refused.value.kind == "phrase-too-simple"


@pytest.mark.parametrize("phrase", ["blue kettle 9", "my password is long", "dragon under the bed", "qwerty and the sea", GOOD])
def test_a_few_words_of_ones_own_are_accepted(phrase: str) -> None:
    assert phrases.accept_phrase(phrase) == phrase


def test_a_phrase_is_kept_as_argon2id_and_recognized_again() -> None:
    phc = phrases.hash_phrase(GOOD, os.urandom)
    assert phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert GOOD not in phc
    assert phrases.verify_phrase(phc, GOOD)
    assert phrases.verify_phrase(phc, "  blue kettle\non the  roof ")
    assert not phrases.verify_phrase(phc, "Blue kettle on the roof")
    assert not phrases.verify_phrase(phc, "")
    assert not phrases.verify_phrase(phc, "blue\ud800kettle")
    assert not phrases.verify_phrase(phc, GOOD * 1_000_000)


def test_two_hashes_of_one_phrase_differ_by_their_salt() -> None:
    assert phrases.hash_phrase(GOOD, os.urandom) != phrases.hash_phrase(GOOD, os.urandom)


def test_the_salt_is_what_the_caller_gives() -> None:
    assert phrases.hash_phrase(GOOD, bytes) == phrases.hash_phrase(GOOD, bytes)


def test_a_damaged_hash_matches_nothing() -> None:
    phc = phrases.hash_phrase(GOOD, os.urandom)
    assert not phrases.verify_phrase(phc[:-4], GOOD)
    assert not phrases.verify_phrase("", GOOD)


def test_nothing_to_compare_with_says_no_after_a_full_derivation() -> None:
    assert not phrases.verify_phrase(None, GOOD)
    # "do not match" comes only after the derivation; a decoy that does not parse would be refused at once.
    with pytest.raises(InvalidKey, match="do not match"):
        Argon2id.verify_phc_encoded(b"anything", phrases._DECOY_PHC)  # noqa: SLF001 - the decoy is what this test is about


def test_no_more_phrases_are_hashed_at_once_than_there_are_slots() -> None:
    running: list[int] = []
    highest: list[int] = []

    class CountingSlots(phrases.HashingSlots):
        def __enter__(self) -> None:
            super().__enter__()
            running.append(1)
            highest.append(len(running))

        def __exit__(self, *exception: object) -> None:
            running.pop()
            super().__exit__(*exception)

    slots = CountingSlots(2)
    phc = phrases.hash_phrase(GOOD, os.urandom)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: phrases.verify_phrase(phc, GOOD, slots=slots), range(12)))
    assert max(highest) == 2
    assert running == []


def test_a_queue_that_does_not_move_is_unavailable_and_says_when_to_come_back() -> None:
    slots = phrases.HashingSlots(1, wait_seconds=0.05)
    with slots:
        for call in (
            lambda: phrases.verify_phrase("", GOOD, slots=slots),
            lambda: phrases.hash_phrase(GOOD, os.urandom, slots=slots),
        ):
            with pytest.raises(Unavailable) as caught:
                call()
            assert caught.value.kind == "phrase-busy"
            assert caught.value.retry_after_seconds > 0
    assert not phrases.verify_phrase("", GOOD, slots=slots)


def test_a_slot_is_given_back_when_the_check_fails() -> None:
    slots = phrases.HashingSlots(1, wait_seconds=0.05)
    for _ in range(3):
        assert not phrases.verify_phrase("$argon2id$nonsense", GOOD, slots=slots)


def test_one_check_is_slow_for_a_guesser_and_quick_for_a_person() -> None:
    phc = phrases.hash_phrase(GOOD, os.urandom)
    start = time.thread_time()
    for _ in range(5):
        phrases.verify_phrase(phc, GOOD)
    assert 0.005 < (time.thread_time() - start) / 5 < 0.5


def test_codes_are_256_random_bits_in_a_link() -> None:
    code = phrases.new_code(os.urandom)
    assert len(code) == 52
    assert set(code) <= set(string.ascii_lowercase + "234567")
    assert code != phrases.new_code(os.urandom)
    assert phrases.new_code(lambda count: b"\xff" * count) == "7" * 51 + "q"


def test_a_code_matches_its_own_hash_only() -> None:
    code = phrases.new_code(os.urandom)
    stored = phrases.code_hash(code)
    assert stored == hashlib.sha256(code.encode()).hexdigest()
    assert phrases.code_matches(code, stored)
    assert not phrases.code_matches(code + "x", stored)
    assert not phrases.code_matches("", stored)
    assert not phrases.code_matches(code, "")
    assert not phrases.code_matches("\ud800", stored)
    assert not phrases.code_matches(code, "é")


def test_a_token_shows_its_kind_and_is_stored_as_a_hash() -> None:
    token, stored = phrases.new_token(os.urandom)
    assert token.startswith("pst_")
    assert len(token) == 56
    assert phrases.code_matches(token, stored)
    assert token not in stored
