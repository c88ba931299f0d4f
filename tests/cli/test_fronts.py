"""Both fronts of the administrators' port: the service's own TLS, and HAProxy with ``Client-Cert`` (RFC 9440), with the same answers.

HAProxy is Debian's, with the configuration that operators are shown. The forger writes the header himself.
"""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.cli.settings import Settings
from privyseal.cli.web_process import front_of
from privyseal.cli.web_server import Front
from privyseal.engine.pem import certificate_to_pem
from privyseal.model.errors import BadRequest, Unavailable
from privyseal.model.revocation import RevocationReason
from privyseal.reception.fronts import LONGEST_CERTIFICATE, read_byte_sequence
from privyseal.store import audit
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.doors.rest.served import Served, ask, serving
from tests.doors.rest.test_mutual_tls import refused_in_the_handshake, stranger
from tests.rigs.haproxy import HaProxy
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, ServiceTemplate, hashes_hex

UNITS = f"{API}/organizations/{ORG}/units"
SECRET = "b1946ac92492d2347c6235b4d2611184"


@dataclass(frozen=True, slots=True)
class Fronts:
    """A service behind both fronts; ``socket`` is where the proxy hands in."""

    rest: RestRig
    served: Served
    proxy: HaProxy
    socket: Path

    def port(self, name: str) -> int:
        return self.proxy.port if name == "haproxy" else self.served.server.administrator_port

    def hand_in(self, path: str = UNITS, *headers: tuple[str, str]) -> tuple[int, str]:
        """What somebody is answered who reached the socket without the proxy; status and kind."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.socket))
        connection.putrequest("GET", path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as response:
            text = response.read().decode()
            status = response.status
        connection.close()
        return status, json.loads(text).get("kind", "") if text.startswith("{") else ""

    def recorded(self) -> list[str]:
        """The reasons of the refusals in all logs."""
        with self.rest.service.house.database.read(self.rest.service.clock()) as tx:
            entries = [json.loads(bytes(row.entry)) for row in tx.execute(sa.select(audit.entries.c.entry))]
        return [entry["reason"] for entry in entries if entry["outcome"] == "refused"]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A short path: a Unix socket's name has at most 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="pv-front-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def fronts(tmp_path: Path, places: Path, sqlite_template: ServiceTemplate) -> Iterator[Fronts]:
    service = ServiceRig(tmp_path, template=sqlite_template)
    service.create_organization()
    rest = RestRig(service)
    ca = tmp_path / "administrators.pem"
    ca.write_text(certificate_to_pem(service.house.administrators_authority.root))
    handing_in = places / "front.sock"
    with serving(rest, tmp_path, Front(SECRET.encode(), service.house, handing_in)) as served:
        pair = tmp_path / "pair.pem"
        pair.write_bytes((tmp_path / "server.pem").read_bytes() + (tmp_path / "server.key").read_bytes())
        with HaProxy(pair, ca, handing_in, SECRET) as proxy:
            yield Fronts(rest, served, proxy, handing_in)
    service.close()


@pytest.fixture
def fox(fronts: Fronts) -> AdministratorRig:
    return fronts.rest.service.administrator(ORG, "Fox Mulder")


both = pytest.mark.parametrize("front", ["own", "haproxy"])


@both
def test_a_valid_administrator_id_gets_in_and_out_at_its_revocation(fronts: Fronts, fox: AdministratorRig, front: str) -> None:
    connection = fronts.served.connect(fronts.port(front), fronts.served.identity("fox", fox.certificate_der, fox.key))
    assert ask(connection, UNITS)[0] == 200
    before = connection.sock
    about = About("revoke-credential", ORG, "administrator", fox.administrator.id)
    sha256 = hashes_hex(fox.certificate_der)
    perform(fronts.rest.service.house, OPERATOR, about, revoke_credential, ORG, sha256, RevocationReason.KEY_COMPROMISE)
    status, problem = ask(connection, UNITS)
    assert (status, problem["kind"]) == (401, "credential-unusable")
    assert connection.sock is before
    again = fronts.served.connect(fronts.port(front), fronts.served.identity("fox", fox.certificate_der, fox.key))
    assert ask(again, UNITS)[1]["kind"] == "credential-unusable"


@both
@pytest.mark.parametrize("kind", ["self-signed", "foreign-ca", "issuing-ca", "expired"])
def test_a_stranger_does_not_pass(fronts: Fronts, fox: AdministratorRig, front: str, kind: str) -> None:
    identity = fronts.served.identity(kind, *stranger(fronts.rest, kind, fox))
    assert refused_in_the_handshake(fronts.served.context(identity), fronts.port(front))


@both
def test_without_a_certificate_there_is_one_page_alone(fronts: Fronts, front: str) -> None:
    assert ask(fronts.served.connect(fronts.port(front)), f"{API}/service")[0] == 404


@both
def test_a_certificate_that_nobody_registered_is_known_as_none(fronts: Fronts, fox: AdministratorRig, front: str) -> None:
    identity = fronts.served.identity("unregistered", *stranger(fronts.rest, "unregistered", fox))
    assert ask(fronts.served.connect(fronts.port(front), identity), UNITS)[1]["kind"] == "credential-unknown"


def test_no_session_is_resumed_behind_the_sample_configuration(fronts: Fronts, fox: AdministratorRig) -> None:
    assert _resumed(fronts, fox, fronts.proxy.port) == [False, False]


def test_where_an_operator_allows_resumption_a_revoked_administrator_id_stays_out_all_the_same(
    fronts: Fronts, fox: AdministratorRig
) -> None:
    with HaProxy(fronts.proxy.certificate, fronts.proxy.ca, fronts.socket, SECRET, resumption=True) as careless:
        context = fronts.served.context(fronts.served.identity("fox", fox.certificate_der, fox.key))
        status, session, _ = _call(context, careless.port, None)
        assert status == 200
        about = About("revoke-credential", ORG, "administrator", fox.administrator.id)
        sha256 = hashes_hex(fox.certificate_der)
        perform(fronts.rest.service.house, OPERATOR, about, revoke_credential, ORG, sha256, RevocationReason.KEY_COMPROMISE)
        status, _, is_resumed = _call(context, careless.port, session)
        assert (status, is_resumed) == (401, True)


def _resumed(fronts: Fronts, fox: AdministratorRig, port: int) -> list[bool]:
    context = fronts.served.context(fronts.served.identity("fox", fox.certificate_der, fox.key))
    found, session = [], None
    for _ in range(2):
        status, session, is_resumed = _call(context, port, session)
        assert status == 200
        found.append(is_resumed)
    return found


def _call(context: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> tuple[int, ssl.SSLSession | None, bool]:
    with (
        socket.create_connection(("localhost", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as tls,
    ):
        tls.sendall(f"GET {UNITS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status = int(tls.recv(1000).split()[1])
        return status, tls.session, bool(tls.session_reused)


def header_of(certificate_der: bytes) -> str:
    return f":{base64.b64encode(certificate_der).decode()}:"


def test_a_forged_header_is_refused_and_recorded_wherever_it_comes_in(fronts: Fronts, fox: AdministratorRig) -> None:
    forged = {"Client-Cert": header_of(fox.certificate_der)}
    server = fronts.served.server
    for port in (server.web_port, server.administrator_port):
        status, problem = ask(fronts.served.connect(port), UNITS, **forged)
        assert (status, problem["kind"]) == (400, "client-cert-forged")
    # Through the proxy: its own word takes the place of the forger's, who has shown no certificate.
    assert ask(fronts.served.connect(fronts.proxy.port), UNITS, **forged, **{"Privyseal-Front": SECRET})[0] == 404
    assert fronts.recorded().count("client-cert-forged") == 2
    # With somebody's secret at the wrong door as well.
    assert ask(fronts.served.connect(server.web_port), UNITS, **{"Privyseal-Front": SECRET})[0] == 400


def test_whoever_reaches_the_socket_without_the_secret_is_refused_and_recorded(fronts: Fronts, fox: AdministratorRig) -> None:
    certificate = ("Client-Cert", header_of(fox.certificate_der))
    assert fronts.hand_in(UNITS, certificate) == (403, "front-secret")
    assert fronts.hand_in(UNITS, certificate, ("Privyseal-Front", "wrong")) == (403, "front-secret")
    assert fronts.hand_in(UNITS, certificate, ("Privyseal-Front", SECRET), ("Privyseal-Front", SECRET)) == (403, "front-secret")
    assert fronts.recorded().count("front-secret") == 3
    assert fronts.hand_in(UNITS, certificate, ("Privyseal-Front", SECRET))[0] == 200


def test_what_the_proxy_says_is_verified_again(fronts: Fronts, fox: AdministratorRig) -> None:
    secret = ("Privyseal-Front", SECRET)
    for kind in ("self-signed", "foreign-ca", "issuing-ca", "expired"):
        der, _ = stranger(fronts.rest, kind, fox)
        verified = ("X-SSL-Client-Verify", "SUCCESS")
        chain = ("Client-Cert-Chain", header_of(fronts.rest.service.house.administrators_authority.root))
        assert fronts.hand_in(UNITS, secret, ("Client-Cert", header_of(der)), verified, chain) == (401, "certificate-foreign"), kind
    twice = ("Client-Cert", header_of(fox.certificate_der))
    assert fronts.hand_in(UNITS, secret, twice, twice) == (400, "client-cert")
    # A chain of any length changes nothing: it is not read.
    assert fronts.hand_in(UNITS, secret, twice, ("Client-Cert-Chain", "x" * 30_000))[0] == 200
    assert fronts.hand_in(UNITS, secret, ("Client-Cert", header_of(b"no certificate"))) == (401, "certificate-foreign")
    assert fronts.recorded().count("certificate-foreign") == 5
    fronts.rest.service.clock.advance(timedelta(days=500))
    assert fronts.hand_in(UNITS, secret, twice) == (401, "certificate-foreign")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "::x",
        "AAAA",
        ":AAAA",
        "AAAA:",
        ":AA A:",
        ":AAA:",
        ":AA==:;a=1",
        ":AAAA:, :AAAA:",
        ":A-_A:",
        ":AB==:",
        f":{'A' * LONGEST_CERTIFICATE}:",
        '"AAAA"',
        ":ÄÄÄÄ:",
    ],
)
def test_another_form_than_one_byte_sequence_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_byte_sequence(text)
    assert caught.value.kind == "client-cert"


@given(st.binary(min_size=1, max_size=3000))
def test_what_a_proxy_writes_is_read(data: bytes) -> None:
    assert read_byte_sequence(header_of(data)) == data


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert header_of(read_byte_sequence(text)) == text.strip(" ")
    except BadRequest as refusal:
        assert refusal.kind == "client-cert"


def test_settings_that_would_open_the_front_to_others_are_refused(fronts: Fronts, tmp_path: Path) -> None:
    house, known = fronts.rest.service.house, fronts.rest.service.settings
    secret = tmp_path / "front.secret"

    def settings(**values: object) -> Settings:
        return known.model_copy(update={"front_secret": secret, **values})

    assert front_of(settings(), house) is None
    for content, mode in (("short", 0o600), (SECRET, 0o644)):
        secret.write_text(content)
        secret.chmod(mode)
        with pytest.raises(Unavailable):
            front_of(settings(front_port=0), house)
    secret.chmod(0o600)
    with pytest.raises(Unavailable, match="both"):
        front_of(settings(front_port=0, front_socket=Path("run/front.sock")), house)
    made = front_of(settings(front_socket=Path("run/front.sock")), house)
    assert made is not None
    assert made.socket == known.data.resolve() / "run/front.sock"


def test_a_proxy_on_another_machine_hands_in_by_tls(tmp_path: Path, sqlite_template: ServiceTemplate) -> None:
    service = ServiceRig(tmp_path, template=sqlite_template)
    service.create_organization()
    rest = RestRig(service)
    fox = service.administrator(ORG, "Fox Mulder")
    with serving(rest, tmp_path, Front(SECRET.encode(), service.house, port=0)) as served:
        headers = {"Client-Cert": header_of(fox.certificate_der), "Privyseal-Front": SECRET}
        assert ask(served.connect(served.server.front_port), UNITS, **headers)[0] == 200
        assert ask(served.connect(served.server.front_port), UNITS, **{**headers, "Privyseal-Front": "x"})[0] == 403
    service.close()
