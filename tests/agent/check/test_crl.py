"""CRLs and OCSP answers from hostile places: a status, or a refusal in words, and no other exception."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime

import pytest

from privyseal_agent.check import crl, ocsp
from privyseal_agent.check.verdict import StatusRefused
from tests.agent import authority
from tests.agent.authority import Holder, Pointers

POINTERS = Pointers(crl=("http://status.test/crl/issuing/7.crl",), ocsp="http://status.test/ocsp/issuing")


@pytest.fixture(scope="module")
def issuer() -> Holder:
    return authority.make_root()


@pytest.fixture(scope="module")
def server(issuer: Holder) -> Holder:
    return authority.make_server(issuer, pointers=POINTERS)


def mutations(data: bytes, count: int) -> list[bytes]:
    source = random.Random(7)
    found = []
    for _ in range(count):
        changed = bytearray(data)
        changed[source.randrange(len(data))] = source.randrange(256)
        found.append(bytes(changed))
    return found


def test_no_changed_byte_of_a_crl_clears_a_revoked_certificate(issuer: Holder, server: Holder, long_run: bool) -> None:  # noqa: FBT001
    data = authority.make_crl(issuer, [server.certificate.serial_number])
    now = datetime.now(UTC)
    assert crl.read_status(data, server.certificate, issuer.certificate, now).revoked_at is not None
    for changed in mutations(data, 20_000 if long_run else 1_500):
        with contextlib.suppress(StatusRefused):
            assert crl.read_status(changed, server.certificate, issuer.certificate, now).revoked_at is not None


def test_no_changed_byte_of_an_ocsp_answer_clears_a_revoked_certificate(issuer: Holder, server: Holder, long_run: bool) -> None:  # noqa: FBT001
    data = authority.make_ocsp_answer(server, issuer, revoked=True)
    now = datetime.now(UTC)
    assert ocsp.read_status(data, server.certificate, issuer.certificate, now).reason == "superseded"
    for changed in mutations(data, 20_000 if long_run else 1_500):
        with contextlib.suppress(StatusRefused):
            assert ocsp.read_status(changed, server.certificate, issuer.certificate, now).revoked_at is not None


def test_addresses(server: Holder) -> None:
    assert crl.crl_addresses(server.certificate) == POINTERS.crl
    assert ocsp.ocsp_addresses(server.certificate) == (POINTERS.ocsp,)
    assert ocsp.issuer_addresses(server.certificate) == ()
