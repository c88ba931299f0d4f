"""``seal certificate check``: verdicts as exit status, text and JSON, and their recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent import authority
from tests.agent.authority import Holder, Pointers
from tests.agent.conftest import Rig
from tests.agent.servers import LOOPBACK, StatusFront, tls_server
from tests.rigs.ports import free_port


@pytest.fixture
def root(tmp_path: Path) -> Holder:
    holder = authority.make_root()
    (tmp_path / "issuer-root.pem").write_bytes(holder.pem)
    return holder


def test_verdicts(rig: Rig, root: Holder) -> None:
    options = ("--root", str(rig.folder / "issuer-root.pem"))
    with StatusFront() as front:
        front.bodies["/crl/issuing/1.crl"] = authority.make_crl(root)
        holder = authority.make_server(root, ("www.acme.test",), pointers=Pointers(crl=(f"{front.url}/crl/issuing/1.crl",)))
        with tls_server(rig.folder, holder) as port:
            server = f"{LOOPBACK}:{port}"
            good = rig.seal("certificate", "check", server, "--name", "www.acme.test", *options)
            assert (good.status, good.err) == (0, "")
            lines = dict(line.split("  ", 1) for line in good.out.splitlines())
            assert lines["Verdict"].strip() == "ok"
            assert lines["Handshake"].strip().endswith("ms, TLSv1.3")
            assert lines["Chain sent"].strip() == "1 certificate"

            wrong = rig.seal("certificate", "check", server, "--name", "shop.acme.test", *options)
            assert wrong.status == 1
            assert wrong.err.startswith(
                "name mismatch: The certificate is for www.acme.test. shop.acme.test is not among its names. Install"
            )

            front.bodies["/crl/issuing/1.crl"] = authority.make_crl(root, [holder.certificate.serial_number])
            revoked = rig.seal("certificate", "check", server, "--name", "WWW.ACME.TEST.", *options, "--json")
            assert revoked.status == 1
            document = revoked.json
            assert document["verdict"] == "revoked"
            assert document["name"] == "www.acme.test"
            assert document["findings"][0]["fix"].startswith("Make a new key")
            assert document["serial"] == holder.serial_hex
            assert document["recorded"] is False
            assert revoked.err.startswith("revoked: The certificate was revoked on")

            foreign = rig.seal("certificate", "check", server, "--name", "www.acme.test")  # The root of SEAL_ROOT.
            assert foreign.status == 1
            assert foreign.err.startswith("untrusted issuer: ")


def test_a_verdict_is_recorded(rig: Rig, root: Holder) -> None:
    holder = authority.make_server(root)
    path = f"/organizations/acme/certificates/{holder.serial_hex}/checks"
    rig.service.on("POST", path, {"recorded_at": "2026-11-22T01:02:03Z"})
    with tls_server(rig.folder, holder) as port:
        told = rig.seal("certificate", "check", f"{LOOPBACK}:{port}", "--name", "www.acme.test", "--record", "--json", *rig.identity)
    assert told.status == 1
    assert told.json["recorded"] is True
    sent = rig.service.asked("POST", path)[0]
    assert sent.person == "Ada Example"
    assert sent.json == {"endpoint": f"{LOOPBACK}:{port}", "verdict": "untrusted-issuer", "handshake_ms": told.json["handshake_ms"]}


def test_nobody_there(rig: Rig) -> None:
    told = rig.seal("certificate", "check", f"{LOOPBACK}:{free_port()}", "--json")
    assert told.status == 3
    assert told.json["error"]["kind"] == "unreachable"


def test_words_that_make_no_sense(rig: Rig) -> None:
    assert rig.seal("certificate", "check", "https://www.acme.test/").status == 2
    assert rig.seal("certificate", "check", "www.acme.test", "--name", "not a name").status == 1
    assert rig.seal("certificate", "check", "www.acme.test", "--expect", "missing.pem").status == 1
