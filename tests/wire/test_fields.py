"""Formats of single fields, where the vectors of statements do not reach."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.model.revocation import RevocationReason
from privyseal.model.unit import NO_UNIT, UnitTier
from privyseal_wire import fields
from privyseal_wire.errors import StatementRefused

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1)).map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_times_are_read_back(moment: datetime) -> None:
    assert fields.read_time("expires", moment.strftime("%Y-%m-%dT%H:%M:%SZ")) == moment


@pytest.mark.parametrize(
    "text", ["", "2026-11-22", "2026-11-22 01:02:03Z", "2026-11-22T24:00:00Z", "2026-11-22T23:59:60Z", "0000-01-01T00:00:00Z"]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(StatementRefused, match="The field expires of the statement"):
        fields.read_time("expires", text)


@given(st.text(st.sampled_from("aZ09-_.*:@ü\n "), max_size=12))
def test_names_are_dns_or_email_or_refused(text: str) -> None:
    for name in (f"dns:{text}", f"email:{text}"):
        try:
            fields.require_names("names", (name,))
        except StatementRefused:
            continue
        assert name.isascii()
        assert name == name.strip()
        assert fields.is_dns_name(name) != fields.is_email_name(name)
        assert re.fullmatch(r"dns:(\*\.)?[a-z0-9.-]+|email:[^@]+@[a-z0-9.-]+", name)


@pytest.mark.parametrize(
    "name", ["dns:localhost", "dns:a.test", "dns:*.a.test", "dns:xn--zrcher-3ya.test", f"dns:{'a' * 63}.test", "email:O'Neil+x@a.test"]
)
def test_ordinary_names(name: str) -> None:
    fields.require_names("names", (name,))


@pytest.mark.parametrize("address", ["", "dana@a.test", "first.last@sub.a.test"])
def test_contacts(address: str) -> None:
    fields.require_contact("contact", address)


def test_an_address_is_not_longer_than_mail_can_carry() -> None:
    longest = f"{'a' * 64}@{'.'.join(['b' * 61] * 3)}.cc"
    assert len(longest) == 64 + 1 + 188
    fields.require_contact("contact", longest)
    with pytest.raises(StatementRefused):
        fields.require_contact("contact", f"{'a' * 64}@{'.'.join(['b' * 62] * 3)}.c")


def test_texts_of_people() -> None:
    fields.require_text("comment", "", optional=True)
    fields.require_text("reason", "first line\nsecond line — naïve 😀")
    for text in ("", "\n", "a\tb", "a\u202eb", "x" * (fields.MAX_TEXT + 1)):
        with pytest.raises(StatementRefused):
            fields.require_text("reason", text)


def test_the_words_are_those_of_the_model() -> None:
    """The wire does not import the service; that both use the same words is checked here."""
    assert [reason.value for reason in RevocationReason] == list(fields.REVOCATION_REASONS)
    assert [*(tier.value for tier in UnitTier), NO_UNIT] == list(fields.UNIT_TIERS)


def test_a_serial_of_eighteen_bytes_is_the_usual_one() -> None:
    fields.require_serial("serial", "01" + "ab" * 17)
    with pytest.raises(StatementRefused):
        fields.require_serial("serial", "0x01")


def test_times_of_leap_days_exist() -> None:
    assert fields.read_time("expires", "2028-02-29T00:00:00Z") - timedelta(days=1) == datetime(2028, 2, 28, tzinfo=UTC)
