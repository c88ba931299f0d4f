"""Administrator IDs over real TLS: who gets in, who does not, and that no session survives its certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.model.administrator import AdministratorState
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, audit
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.doors.rest.served import Served, ask, serving
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, ServiceTemplate, hashes_hex

BASE = f"{API}/organizations/{ORG}"


@pytest.fixture
def service(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[ServiceRig]:
    """On the embedded database alone: what is asked of it here is asked of both elsewhere."""
    rig = ServiceRig(tmp_path, template=sqlite_template)
    rig.create_organization()
    yield rig
    rig.close()


@pytest.fixture
def served(rest: RestRig, tmp_path: Path) -> Iterator[Served]:
    with serving(rest, tmp_path) as running:
        yield running


def test_a_registered_administrator_gets_in(served: Served, fox: AdministratorRig) -> None:
    status, body = ask(served.administrator(fox), f"{BASE}/units")
    assert (status, body["standard"]["bought"]) == (200, 5)


def test_everybodys_port_asks_for_no_certificate_and_takes_none(served: Served, fox: AdministratorRig) -> None:
    identity = served.identity("administrator", fox.certificate_der, fox.key)
    connection = served.connect(served.server.web_port, identity)
    assert ask(connection, f"{API}/service")[0] == 200
    assert ask(connection, f"{BASE}/units")[1]["kind"] == "credential-needed"


def test_a_revocation_holds_on_the_open_connection(served: Served, rest: RestRig, fox: AdministratorRig) -> None:
    connection = served.administrator(fox)
    assert ask(connection, f"{BASE}/units")[0] == 200
    before = connection.sock
    about = About("revoke-credential", ORG, "administrator", fox.administrator.id)
    sha256 = hashes_hex(fox.certificate_der)
    perform(rest.service.house, OPERATOR, about, revoke_credential, ORG, sha256, RevocationReason.KEY_COMPROMISE)
    status, problem = ask(connection, f"{BASE}/units")
    assert connection.sock is before
    assert (status, problem["kind"]) == (401, "credential-unusable")
    assert "Fox Mulder" in problem["detail"]
    assert ask(served.administrator(fox), f"{BASE}/units")[0] == 401


def test_a_removed_person_and_an_expired_registration_are_refused(served: Served, rest: RestRig, fox: AdministratorRig) -> None:
    with rest.service.house.database.write(rest.service.clock()) as tx:
        assert administrators.change_state(tx, fox.administrator.id, AdministratorState.ACTIVE, AdministratorState.REMOVED)
    assert ask(served.administrator(fox), f"{BASE}/units")[1]["kind"] == "credential-unusable"
    with rest.service.house.database.write(rest.service.clock()) as tx:
        administrators.change_state(tx, fox.administrator.id, AdministratorState.REMOVED, AdministratorState.ACTIVE)
    assert ask(served.administrator(fox), f"{BASE}/units")[0] == 200
    rest.service.clock.advance(timedelta(days=2000))
    assert ask(served.administrator(fox), f"{BASE}/units")[1]["kind"] == "credential-unusable"


def refused_in_the_handshake(context: ssl.SSLContext, port: int) -> bool:
    """Whether the server ends the conversation before any answer; with TLS 1.3 the client learns it at its first read."""
    try:
        with socket.create_connection(("localhost", port), 10) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return tls.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def stranger(rest: RestRig, kind: str, fox: AdministratorRig) -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """A certificate that must not get in, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    authority = rest.service.house.issuing if kind == "issuing-ca" else rest.service.house.administrators_authority
    issuer_key = key if kind in {"self-signed", "foreign-ca"} else rest.service.keys[authority.id]
    issuer = x509.load_der_x509_certificate(authority.issuer.certificate_der).subject
    if kind == "self-signed":
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "me")])
    end = now - timedelta(minutes=1) if kind == "expired" else now + timedelta(days=1)
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if kind == "server-purpose" else ExtendedKeyUsageOID.CLIENT_AUTH
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "me" if kind == "self-signed" else fox.administrator.name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(end)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.DER), key


@pytest.mark.parametrize("kind", ["self-signed", "foreign-ca", "issuing-ca", "expired", "server-purpose"])
def test_strangers_do_not_pass_the_handshake(served: Served, rest: RestRig, fox: AdministratorRig, kind: str) -> None:
    identity = served.identity(kind, *stranger(rest, kind, fox))
    assert refused_in_the_handshake(served.context(identity), served.server.administrator_port)


def test_a_certificate_of_our_ca_that_nobody_registered_is_refused(served: Served, rest: RestRig, fox: AdministratorRig) -> None:
    identity = served.identity("unregistered", *stranger(rest, "unregistered", fox))
    connection = served.connect(served.server.administrator_port, identity)
    assert ask(connection, f"{BASE}/units")[1]["kind"] == "credential-unknown"


def test_the_administrators_port_needs_a_certificate_and_tls_1_3(served: Served, fox: AdministratorRig) -> None:
    port = served.server.administrator_port
    assert ask(served.connect(port), f"{API}/service")[0] == 404, "without a certificate there is one page alone, and none in this rig"
    identity = served.identity("administrator", fox.certificate_der, fox.key)
    assert not refused_in_the_handshake(served.context(identity), port)
    old = served.context(identity)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refused_in_the_handshake(old, port)


def test_everybodys_port_speaks_tls_1_2_and_nothing_older(served: Served) -> None:
    context = served.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert not refused_in_the_handshake(context, served.server.web_port)
    context = served.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert refused_in_the_handshake(context, served.server.web_port)


@pytest.mark.parametrize("port", ["web_port", "administrator_port"])
def test_a_session_is_resumed_on_everybodys_port_alone(served: Served, fox: AdministratorRig, port: str) -> None:
    context = served.context(served.identity("administrator", fox.certificate_der, fox.key))
    address = ("localhost", getattr(served.server, port))
    session: ssl.SSLSession | None = None
    for attempt in range(2):
        with (
            socket.create_connection(address, 10) as plain,
            context.wrap_socket(plain, server_hostname="localhost", session=session) as tls,
        ):
            tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert tls.recv(1000).startswith(b"HTTP/1.1 200")
            session = tls.session
            if port == "administrator_port":
                assert session is None or not session.has_ticket
                assert not tls.session_reused
            elif attempt == 1:
                assert tls.session_reused, "the other port shows that this test would see a resumption"


def test_every_refusal_of_a_credential_is_recorded(served: Served, rest: RestRig, fox: AdministratorRig) -> None:
    identity = served.identity("unregistered", *stranger(rest, "unregistered", fox))
    connection = served.connect(served.server.administrator_port, identity)
    ask(connection, f"{BASE}/units")
    ask(served.anybody(), f"{BASE}/units", Authorization="Bearer pst_nonsense")
    with rest.service.house.database.read(rest.service.clock()) as tx:
        entries = [bytes(row.entry) for row in tx.execute(sa.select(audit.entries.c.entry))]
    assert [b'"reason":"credential-unknown"' in entry for entry in entries].count(True) == 1
    assert [b'"reason":"token"' in entry for entry in entries].count(True) == 1
    assert not any(b"pst_nonsense" in entry for entry in entries)
