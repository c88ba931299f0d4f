"""Reading a certificate for its revocation."""

from __future__ import annotations

import pytest

from privyseal_agent.errors import Refused
from privyseal_agent.keys.issued_certificate import read_issued_certificate, serial_hex
from tests.agent import authority
from tests.agent.authority import Pointers


def test_authority_and_serial_come_from_the_certificate() -> None:
    holder = authority.make_server(authority.make_root(), pointers=Pointers(crl=("http://status.acme.test:8080/crl/issuing-1/17.crl",)))
    issued = read_issued_certificate(holder.pem.decode())
    assert issued.authority == "issuing-1"
    assert issued.serial_hex == holder.serial_hex


@pytest.mark.parametrize("pointers", [authority.NOWHERE, Pointers(crl=("http://elsewhere.test/list.crl",))])
def test_a_certificate_of_somebody_else(pointers: Pointers) -> None:
    holder = authority.make_server(authority.make_root(), pointers=pointers)
    with pytest.raises(Refused, match="does not name its CA's CRL"):
        read_issued_certificate(holder.pem.decode())


def test_what_is_no_certificate() -> None:
    with pytest.raises(Refused, match="cannot be read"):
        read_issued_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def test_serials_have_two_digits_per_byte() -> None:
    assert serial_hex(0x0A0B) == "0a0b"
    assert serial_hex(0xFF) == "ff"
    assert serial_hex(0) == "00"
