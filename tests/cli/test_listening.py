"""`privyseal init` listens where the addresses of the service point."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.cli.listening import Listening, listening_of
from privyseal.cli.program import make_application
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import read_settings
from privyseal.model.errors import Refused

EVERYWHERE = "0.0.0.0"
PKI, STATUS = "https://pki.example.test", "http://status.pki.example.test"


@pytest.mark.parametrize(
    ("urls", "host", "expected"),
    [
        ((f"{PKI}:9443", f"{PKI}:9444", f"{STATUS}:9080"), "", Listening(EVERYWHERE, 9443, 9444, 9080)),
        ((PKI, "https://admin.example.test", STATUS), "", Listening(EVERYWHERE, 8443, 8444, 8080)),
        ((PKI, f"{PKI}:8445", STATUS), "127.0.0.1", Listening("127.0.0.1", 8443, 8445, 8080)),
        (("https://localhost:1", "https://127.0.0.1:2", "http://[::1]:3"), "", Listening("127.0.0.1", 1, 2, 3)),
        (("https://localhost:1", "https://a.localhost:2", "http://10.0.0.7:3"), "", Listening(EVERYWHERE, 1, 2, 3)),
        ((PKI, f"{PKI}:443", f"{STATUS}:80"), "::", Listening("::", 8443, 443, 80)),
    ],
)
def test_the_addresses_say_where(urls: tuple[str, str, str], host: str, expected: Listening) -> None:
    assert listening_of(*urls, host) == expected


@pytest.mark.parametrize(
    ("urls", "host", "kind"),
    [
        ((f"{PKI}:8443", f"{PKI}:8443", STATUS), "", "port"),
        ((f"{PKI}:8444", PKI, STATUS), "", "port"),
        ((f"{PKI}/", f"{PKI}:1", STATUS), "", "address"),
        (("http://pki.example.test", f"{PKI}:1", STATUS), "", "address"),
        ((PKI, f"{PKI}:1", "https://status.example.test"), "", "address"),
        ((f"{PKI}:http", f"{PKI}:1", STATUS), "", "address"),
        ((f"{PKI}:0", f"{PKI}:1", STATUS), "", "address"),
        ((f"{PKI}:70000", f"{PKI}:1", STATUS), "", "address"),
        (("https://", f"{PKI}:1", STATUS), "", "address"),
        (("https://me@pki.example.test", f"{PKI}:1", STATUS), "", "address"),
        (("https://[::1", f"{PKI}:1", STATUS), "", "address"),
        ((PKI, f"{PKI}:1", STATUS), "pki.example.test", "host"),
    ],
)
def test_what_is_refused(urls: tuple[str, str, str], host: str, kind: str) -> None:
    with pytest.raises(Refused) as refusal:
        listening_of(*urls, host)
    assert refusal.value.kind == kind


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_an_address_or_refused(text: str, host: str) -> None:
    for base in (text, f"https://{text}"):
        try:
            assert listening_of(base, f"{PKI}:2", f"{STATUS}:3", host).web_port > 0
        except Refused as refusal:
            assert refusal.kind in {"address", "host", "port"}


def test_init_writes_it_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "service"
    names = ["--name", "Example Trust", "--service-id", "pki.example.test", "--data", str(data)]
    urls = ["--base-url", f"{PKI}:9443", "--administrator-url", f"{PKI}:9444", "--status-url", STATUS]
    program = make_application(Rooms(lambda: datetime.now(UTC), os.urandom, (), ()))
    program(["init", *names, *urls, "--listen", "127.0.0.2"], result_action="return_value", exit_on_error=False, print_error=False)
    settings = read_settings(data)
    assert (settings.host, settings.web_port, settings.administrator_port, settings.status_port) == ("127.0.0.2", 9443, 9444, 8080)
    assert f"It will listen on 127.0.0.2, ports 9443 ({PKI}:9443), 9444 ({PKI}:9444), 8080 ({STATUS})" in capsys.readouterr().out


def test_init_refuses_before_it_makes_anything(tmp_path: Path) -> None:
    data = tmp_path / "service"
    names = ["--name", "Example Trust", "--service-id", "pki.example.test", "--data", str(data)]
    urls = ["--base-url", PKI, "--administrator-url", f"{PKI}:8443", "--status-url", STATUS]
    program = make_application(Rooms(lambda: datetime.now(UTC), os.urandom, (), ()))
    with pytest.raises(Refused):
        program(["init", *names, *urls], result_action="return_value", exit_on_error=False, print_error=False)
    assert not data.exists()
