"""``seal certificate`` against a service that speaks the REST reference."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import get_args

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal_agent.groups import Reason
from privyseal_wire.cms import verify_attached
from privyseal_wire.fields import REVOCATION_REASONS
from privyseal_wire.statements import Revocation
from tests.agent import sample
from tests.agent.conftest import ADMINISTRATOR_ID, SERVICE_ID, Rig
from tests.agent.rest_service import problem

HOLDER = sample.issued()
CERTIFICATE_PATH = f"/organizations/acme/certificates/{HOLDER.serial_hex}"
PICKED_UP = {
    "serial": HOLDER.serial_hex,
    "certificate_pem": "CERTIFICATE\n",
    "chain_pem": "CERTIFICATE\nINTERMEDIATE\n",
    "pkcs7_pem": "PKCS7\n",
    "root_pem": "ROOT\n",
    "not_before": "2026-11-22T01:02:03Z",
    "not_after": "2027-11-22T01:02:03Z",
}


@pytest.fixture
def phrase(rig: Rig) -> tuple[str, str]:
    path = rig.folder / "phrase"
    path.touch(mode=0o600)
    path.write_text("seven green bottles\n")
    return "--phrase-file", str(path)


def test_pick_up(rig: Rig, phrase: tuple[str, str], tmp_path: Path) -> None:
    rig.service.on("POST", f"{sample.REQUEST_PATH}/pickup", PICKED_UP)
    assert rig.seal("certificate", "get", sample.REQUEST_ID, *phrase).out == PICKED_UP["chain_pem"]
    assert rig.service.seen[-1].json == {"phrase": "seven green bottles"}
    assert rig.seal("certificate", "get", sample.REQUEST_ID, *phrase, "--form", "pkcs7").out == "PKCS7\n"
    out = tmp_path / "www.pem"
    told = rig.seal("certificate", "get", sample.REQUEST_ID, *phrase, "--out", str(out))
    assert told.out == f"{out} holds the chain of {HOLDER.serial_hex}, valid until 2027-11-22 01:02 UTC.\n"
    assert out.read_text() == PICKED_UP["chain_pem"]
    assert "is not overwritten" in rig.seal("certificate", "get", sample.REQUEST_ID, *phrase, "--out", str(out)).err
    told = rig.seal("certificate", "get", sample.REQUEST_ID, *phrase, "--out", str(out), "--form", "certificate", "--overwrite", "--json")
    assert told.json == {**PICKED_UP, "file": str(out)}
    assert out.read_text() == "CERTIFICATE\n"


def test_a_wrong_phrase(rig: Rig, phrase: tuple[str, str]) -> None:
    rig.service.on("POST", f"{sample.REQUEST_PATH}/pickup", problem(422, "phrase", "The challenge phrase is not the one that was set."))
    told = rig.seal("certificate", "get", sample.REQUEST_ID, *phrase)
    assert (told.status, told.err) == (1, "The challenge phrase is not the one that was set.\n")


def test_get_by_serial(rig: Rig) -> None:
    rig.service.on("GET", CERTIFICATE_PATH, sample.certificate(HOLDER))
    rig.service.on("GET", f"{CERTIFICATE_PATH}/pkcs7", b"PKCS7\n")
    told = rig.seal("certificate", "get", HOLDER.serial_hex.upper(), "--json")
    assert told.json["chain_pem"] == HOLDER.chain_pem.decode()
    assert told.json["pkcs7_pem"] == "PKCS7\n"
    assert told.json["root_pem"] == "ROOT\n"


def test_list_and_show(rig: Rig) -> None:
    rig.service.on("GET", "/organizations/acme/certificates", {"items": [sample.certificate(HOLDER)], "next": ""})
    told = rig.seal("certificate", "list", "--name", "www.acme.test")
    assert told.out.splitlines()[1].split() == [HOLDER.serial_hex, "valid", "2027-11-22", "01:02", "UTC", "www.acme.test"]
    assert rig.service.seen[-1].query["name"] == ["www.acme.test"]
    history = [
        {"time": "2026-11-22T01:02:03Z", "action": "issue-certificate", "outcome": "done"},
        {"time": "2026-11-30T01:02:03Z", "action": "revoke-certificate", "outcome": "refused"},
    ]
    changes = {"state": "revoked", "revoked_at": "2026-12-01T00:00:00Z", "revocation_reason": "keyCompromise", "history": history}
    revoked = sample.certificate(HOLDER, **changes)
    rig.service.on("GET", CERTIFICATE_PATH, revoked)
    told = rig.seal("certificate", "show", ":".join(HOLDER.serial_hex[start : start + 2] for start in range(0, len(HOLDER.serial_hex), 2)))
    assert "Revoked      2026-12-01 00:00 UTC (keyCompromise)\n" in told.out
    assert told.out.endswith("2026-11-22 01:02 UTC  issue-certificate\n             2026-11-30 01:02 UTC  revoke-certificate (refused)\n")
    assert rig.seal("certificate", "show", "not hex").status == 2


def test_the_servers_are_shown_and_changed(rig: Rig) -> None:
    before = sample.certificate(HOLDER, endpoints=["web-server:www.acme.test", "other:10.0.0.7"], server_changes=3)
    after = sample.certificate(HOLDER, endpoints=["web-server:www.acme.test", "load-balancer:lb.acme.test"], server_changes=4)
    rig.service.on("GET", CERTIFICATE_PATH, before)
    rig.service.on("PUT", f"{CERTIFICATE_PATH}/servers", after)
    shown = rig.seal("certificate", "show", HOLDER.serial_hex)
    assert "Servers      web-server:www.acme.test\n             other:10.0.0.7\n" in shown.out
    words = ["certificate", "servers", HOLDER.serial_hex.upper(), *rig.identity]
    told = rig.seal(*words, "--endpoint", "www.acme.test", "--endpoint", "load-balancer:lb.acme.test")
    assert told.status == 0, told.err
    assert told.out == f"The servers of {HOLDER.serial_hex} are now:\nweb-server:www.acme.test\nload-balancer:lb.acme.test\n"
    [sent] = rig.service.asked("PUT", f"{CERTIFICATE_PATH}/servers")
    assert sent.json == {"endpoints": ["www.acme.test", "load-balancer:lb.acme.test"], "known": 3}
    assert rig.seal(*words, "--endpoint", "www.acme.test", "--json").json == after
    rig.service.on("PUT", f"{CERTIFICATE_PATH}/servers", problem(409, "servers-changed", "Somebody else just changed them."))
    refused = rig.seal(*words, "--endpoint", "www.acme.test")
    assert (refused.status, refused.err) == (1, "Somebody else just changed them.\n")
    asked = len(rig.service.seen)
    assert rig.seal(*words).status == 2, "no server at all is a mistake"
    assert rig.seal("certificate", "servers", "no hex", "--endpoint", "www.acme.test").status == 2
    assert len(rig.service.seen) == asked, "and nothing is asked of the service"


def test_an_administrator_revokes_under_a_signature(rig: Rig) -> None:
    rig.service.on("GET", CERTIFICATE_PATH, sample.certificate(HOLDER))
    rig.service.on("POST", f"{CERTIFICATE_PATH}/revocation", sample.certificate(HOLDER, state="revoked"))
    words = ["certificate", "revoke", HOLDER.serial_hex, "--reason", "keyCompromise", "--comment", "laptop stolen", *rig.identity]
    told = rig.seal(*words, stdin="y\n")
    assert told.status == 0, told.err
    sent = rig.service.asked("POST", f"{CERTIFICATE_PATH}/revocation")[0].json
    content = verify_attached(
        base64.b64decode(sent["signature"]), signer_certificate_der=rig.ada.certificate.public_bytes(Encoding.DER)
    ).content
    revocation = Revocation.from_bytes(content)
    assert (revocation.ca, revocation.serial) == ("issuing", HOLDER.serial_hex)
    assert (revocation.reason, revocation.comment, revocation.revoker) == ("keyCompromise", "laptop stolen", ADMINISTRATOR_ID)
    assert (revocation.service, revocation.organization) == (SERVICE_ID, "acme")
    assert f"Fingerprint of your revocation: {revocation.fingerprint()}" in told.out
    assert told.out.endswith(f"Certificate {HOLDER.serial_hex} is revoked. Clients learn it within 60 seconds.\n")
    assert rig.seal(*words, stdin="n\n").status == 1
    assert len(rig.service.asked("POST", f"{CERTIFICATE_PATH}/revocation")) == 1


def test_another_certificate_is_not_revoked_by_mistake(rig: Rig) -> None:
    rig.service.on("GET", CERTIFICATE_PATH, sample.certificate(sample.issued()))
    told = rig.seal("certificate", "revoke", HOLDER.serial_hex, "--yes", *rig.identity)
    assert told.status == 1
    assert "The service sent another certificate than the one asked for" in told.err


def test_a_subscriber_revokes_with_the_phrase_even_beside_an_administrator_id(rig: Rig, phrase: tuple[str, str]) -> None:
    rig.service.on("POST", f"{CERTIFICATE_PATH}/revocation", sample.certificate(HOLDER, state="revoked"))
    for identity in ((), rig.identity):
        told = rig.seal("certificate", "revoke", HOLDER.serial_hex, "--reason", "superseded", "--yes", *phrase, *identity, "--json")
        assert told.json["state"] == "revoked"
        sent = rig.service.asked("POST", f"{CERTIFICATE_PATH}/revocation")[-1].json
        assert sent == {"phrase": "seven green bottles", "reason": "superseded", "comment": ""}


def test_reasons_are_those_of_the_statements(rig: Rig) -> None:
    assert get_args(Reason) == REVOCATION_REASONS
    assert rig.seal("certificate", "revoke", HOLDER.serial_hex, "--reason", "boredom").status == 2


def test_reissue(rig: Rig, phrase: tuple[str, str]) -> None:
    csr = rig.folder / "new.csr"
    csr.write_text(sample.CSR)
    rig.service.on("POST", f"{CERTIFICATE_PATH}/reissue", sample.request(kind="reissue", replaces=HOLDER.serial_hex))
    told = rig.seal("certificate", "reissue", HOLDER.serial_hex, str(csr), *phrase)
    assert told.out == f"Request {sample.REQUEST_ID} is waiting for a decision.\n"
    assert rig.service.seen[-1].json == {"csr": sample.CSR, "phrase": "seven green bottles"}
    assert rig.seal("certificate", "reissue", HOLDER.serial_hex, str(csr), *rig.identity).status == 0
    assert rig.service.seen[-1].json == {"csr": sample.CSR}
    assert rig.seal("certificate", "reissue", HOLDER.serial_hex, str(csr)).status == 2
