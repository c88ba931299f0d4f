"""Which names of a certificate cover a host (RFC 9525)."""

from __future__ import annotations

import pytest

from privyseal_agent.check.names import covers


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("www.acme.test", "www.acme.test", True),
        ("WWW.Acme.Test", "www.acme.test", True),
        ("www.acme.test.", "www.acme.test", True),
        ("acme.test", "www.acme.test", False),
        ("*.acme.test", "www.acme.test", True),
        ("*.acme.test", "acme.test", False),
        ("*.acme.test", "a.b.acme.test", False),
        ("w*.acme.test", "www.acme.test", False),
        ("www.*.test", "www.acme.test", False),
        ("*.test", "acme.test", False),
        ("*", "test", False),
        ("*.acme.test", ".acme.test", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8:0::1", True),
        ("*.0.2.1", "192.0.2.1", False),
    ],
)
def test_covering(pattern: str, host: str, covered: bool) -> None:  # noqa: FBT001 - a column of the table
    assert covers(pattern, host) is covered
