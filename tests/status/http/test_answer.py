"""Answers as bytes."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.status.http.answer import http_date, make_answer, not_modified, sentence_answer


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis adds it
def test_dates_are_those_of_the_standard_library(moment: datetime) -> None:
    assert http_date(moment) == email.utils.format_datetime(moment.replace(microsecond=0), usegmt=True)


def test_an_answer_is_its_fields_an_empty_line_and_its_body() -> None:
    answer = make_answer(b"abc", "text/plain", etag="t")
    assert answer.payload == answer.without_body() + b"abc"
    assert b"Content-Length: 3\r\n" in answer.without_body()
    assert b"Cache-Control: no-store\r\n" in answer.without_body()
    assert answer.without_body().endswith(b'ETag: "t"\r\n\r\n')


@pytest.mark.parametrize(
    ("tags", "known"), [('"t"', True), ('W/"t"', True), ('"x", "t"', True), ("*", True), ("t", False), ('"T"', False), ("", False)]
)
def test_who_has_it_already(tags: str, *, known: bool) -> None:
    answer = not_modified(make_answer(b"abc", "text/plain", etag="t"), tags)
    assert (answer is not None) is known
    if answer is not None:
        assert answer.status == 304
        assert b"Content-" not in answer.payload
        assert answer.payload.endswith(b"\r\n\r\n")


def test_only_a_success_with_a_tag_can_be_had_already() -> None:
    assert not_modified(make_answer(b"abc", "text/plain"), "*") is None
    assert not_modified(sentence_answer(404, "Nothing is here."), "*") is None
