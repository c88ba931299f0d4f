"""Fields of an organization's own: what a policy may ask for, and what may be filled in (requirements 4.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.model.custom_field import CustomField, FieldPattern, judge_fields, labelled, require_filled_in
from privyseal.model.errors import Refused
from privyseal_wire import fields as formats

CENTER = CustomField("cost-center", "Cost center", required=True, pattern=FieldPattern.DIGITS, max_length=6)
TICKET = CustomField("ticket", "Ticket", required=False, pattern=FieldPattern.CODE, max_length=20)
OWNER = CustomField("owner", "Who pays", required=False, pattern=FieldPattern.EMAIL, max_length=60)
NOTE = CustomField("note", "Note", required=False, pattern=FieldPattern.TEXT, max_length=10)
EVERY = (CENTER, TICKET, OWNER, NOTE)


def test_what_is_filled_in_is_kept_in_the_order_of_the_policy() -> None:
    given = {"note": "  for  us ", "ticket": "", "cost-center": "004711", "owner": "pay@acme.test"}
    kept = require_filled_in(EVERY, given)
    assert kept == (("cost-center", "004711"), ("owner", "pay@acme.test"), ("note", "for  us"))
    assert labelled((CENTER,), kept)[:2] == [("cost-center", "Cost center", "004711"), ("owner", "owner", "pay@acme.test")]
    formats.require_filled_in("custom_fields", kept)


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({}, "cost-center", "Fill in Cost center"),
        ({"cost-center": " "}, "cost-center", "Fill in Cost center"),
        ({"cost-center": "47a"}, "cost-center", "may have digits only"),
        ({"cost-center": "٣٤"}, "cost-center", "may have digits only"),
        ({"cost-center": "1234567"}, "cost-center", "at most 6 are kept"),
        ({"cost-center": "1", "ticket": "A B"}, "ticket", "may have letters from A to Z"),
        ({"cost-center": "1", "owner": "nobody"}, "owner", "is no mail address"),
        ({"cost-center": "1", "owner": "a@b@c"}, "owner", "is no mail address"),
        ({"cost-center": "1", "note": "a\nb"}, "note", "line breaks"),
        ({"cost-center": "1", "note": "a\u202eb"}, "note", "invisible characters"),
        ({"cost-center": "1", "color": "red"}, "color", "asks no question with the name color"),
        ({"cost-center": "1", "x" * 300: "red"}, "x" * 300, "asks no question"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_input(given: dict[str, str], field: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        require_filled_in(EVERY, given)
    assert (caught.value.kind, caught.value.field) == ("custom-field", f"field-{field}")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((CENTER, replace(TICKET, name="cost-center")), "the same name"),
        ((CENTER, replace(TICKET, label="COST CENTER")), "the same label"),
        ((replace(CENTER, name="Cost"),), "lower case letters"),
        ((replace(CENTER, name=""),), "lower case letters"),
        ((replace(CENTER, name="a" * 33),), "lower case letters"),
        ((replace(CENTER, label=""),), "the label of a field"),
        ((replace(CENTER, label=" Cost"),), "the label of a field"),
        ((replace(CENTER, label="Cost\u202e"),), "the label of a field"),
        ((replace(CENTER, label="x" * 65),), "the label of a field"),
        ((replace(CENTER, max_length=0),), "at most 1 to 200"),
        ((replace(CENTER, max_length=201),), "at most 1 to 200"),
        (tuple(replace(CENTER, name=f"n{number}", label=f"L{number}") for number in range(11)), "more than 10 fields"),
    ],
)
def test_what_a_policy_cannot_ask(fields: tuple[CustomField, ...], said: str) -> None:
    problems: list[str] = []
    judge_fields(fields, problems)
    assert any(said in problem for problem in problems), problems


def test_what_a_policy_can_ask() -> None:
    problems: list[str] = []
    judge_fields(EVERY, problems)
    judge_fields((), problems)
    assert problems == []


@given(st.dictionaries(st.sampled_from(["cost-center", "ticket", "owner", "note"]), st.text(max_size=70)))
def test_what_is_kept_can_be_signed(given: dict[str, str]) -> None:
    try:
        kept = require_filled_in(EVERY, given)
    except Refused:
        return
    formats.require_filled_in("custom_fields", kept)
