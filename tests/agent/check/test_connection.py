"""Reading HOST:PORT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal_agent.check.connection import Endpoint, parse_endpoint
from privyseal_agent.errors import UsageError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("www.acme.test", "www.acme.test", 443),
        ("www.acme.test:8443", "www.acme.test", 8443),
        ("192.0.2.1:993", "192.0.2.1", 993),
        ("[2001:db8::1]", "2001:db8::1", 443),
        ("[2001:db8::1]:8443", "2001:db8::1", 8443),
        ("2001:db8::1", "2001:db8::1", 443),
    ],
)
def test_endpoints(text: str, host: str, port: int) -> None:
    assert parse_endpoint(text) == Endpoint(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":443",
        "www.acme.test:",
        "www.acme.test:0",
        "www.acme.test:65536",
        "www.acme.test:https",
        "https://www.acme.test",
        "a b",
        "[::1",
        "[www]:1",
    ],
)
def test_what_is_no_endpoint(text: str) -> None:
    with pytest.raises(UsageError, match="is not a server"):
        parse_endpoint(text)


@given(st.text(max_size=40))
def test_any_text_is_an_endpoint_or_a_usage_error(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except UsageError:
        return
    assert parse_endpoint(str(endpoint)) == endpoint
