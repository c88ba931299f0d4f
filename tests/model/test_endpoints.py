"""Servers that a request names: a host or an IP address, with a port that exists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.model.errors import Refused
from privyseal.model.request import require_endpoints


@pytest.mark.parametrize(
    "text",
    [
        *("www", "www.example.test", "WWW.Example.Test:443", "www.example.test.", "db_1.internal:65535", "a:1"),
        *("192.0.2.1", "192.0.2.1:8443", "[2001:db8::1]", "[2001:db8::1]:443", "2001:db8::1", "load-balancer:lb7.internal:8443"),
        f"{'x' * 63}.{'y' * 63}.test",
    ],
)
def test_servers_that_can_be(text: str) -> None:
    (endpoint,) = require_endpoints([text], 20)
    assert endpoint.address in text.lower()


@pytest.mark.parametrize(
    "text",
    [
        *("www.example.test:99999", "www.example.test:0", "www:65536", "x" * 253, "a..b", "-a.test", "a-.test", ".", ":443", "www:"),
        *("[2001:db8::1", "2001:db8::1]", "[www]", "[]:443", "1:2:3", "2001:db8::g", "[2001:db8::1]443", "www:443:443", "www:4a"),
    ],
)
def test_servers_that_cannot_be(text: str) -> None:
    with pytest.raises(Refused) as refused:
        require_endpoints([text], 20)
    assert (refused.value.kind, refused.value.field) == ("endpoint", "endpoints")


@given(st.text("aZ0._[]:-", max_size=300))
def test_any_text_is_a_server_or_refused(text: str) -> None:
    try:
        (endpoint,) = require_endpoints([text], 20)
    except Refused as refused:
        assert refused.kind == "endpoint"
    else:
        assert require_endpoints([endpoint.text()], 20) == (endpoint,)
