"""The REST door on real sockets: both https ports of the web process, in a thread."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from privyseal.cli.web_server import Front, WebServer
from privyseal.engine.pem import certificate_to_pem
from tests.doors.rest.rest_rig import RestRig
from tests.rigs.service import AdministratorRig


@dataclass(frozen=True, slots=True)
class Served:
    """Ports of a running server and the certificate that anchors its TLS."""

    directory: Path
    server: WebServer
    connections: list[http.client.HTTPSConnection] = field(default_factory=list)

    def connect(self, port: int, identity: tuple[Path, Path] | None = None) -> http.client.HTTPSConnection:
        """A connection that is closed with the server."""
        connection = http.client.HTTPSConnection("localhost", port, context=self.context(identity), timeout=10)
        self.connections.append(connection)
        return connection

    def identity(self, name: str, certificate_der: bytes, key: Any) -> tuple[Path, Path]:  # noqa: ANN401 - any private key
        """Files of a client certificate and its key."""
        certificate_file, key_file = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        certificate_file.write_text(certificate_to_pem(certificate_der))
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key_file.write_bytes(pem)
        return certificate_file, key_file

    def context(self, identity: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """A client that trusts the server and may have a certificate of its own."""
        context = ssl.create_default_context(cafile=str(self.directory / "server.pem"))
        if identity is not None:
            context.load_cert_chain(*identity)
        return context

    def administrator(self, person: AdministratorRig) -> http.client.HTTPSConnection:
        """A connection to the administrators' port."""
        identity = self.identity("administrator", person.certificate_der, person.key)
        return self.connect(self.server.administrator_port, identity)

    def anybody(self) -> http.client.HTTPSConnection:
        """A connection to everybody's port."""
        return self.connect(self.server.web_port)


def ask(connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
    """Status and JSON of one call on a connection that stays open."""
    connection.request(method, path, headers=headers)
    with connection.getresponse() as response:
        text = response.read()
        return response.status, json.loads(text) if "json" in response.headers.get("content-type", "") else text.decode()


@contextmanager
def serving(rig: RestRig, directory: Path, front: Front | None = None, *, ports: tuple[int, int] = (0, 0)) -> Iterator[Served]:
    """Serve the rig's application until the block ends; the server has to end by itself within ten seconds.

    ``ports`` are everybody's and the administrators'; 0 takes a free one.
    """
    write_server_certificate(directory)
    server = WebServer(
        rig.app,
        host="127.0.0.1",
        web_port=ports[0],
        administrator_port=ports[1],
        certificate_file=directory / "server.pem",
        key_file=directory / "server.key",
        administrators_ca_pem=certificate_to_pem(rig.service.house.administrators_authority.root),
        front=front,
    )
    stop = threading.Event()
    thread = threading.Thread(target=server.run, args=(stop,), name="web")
    thread.start()
    served = Served(directory, server)
    try:
        yield served
    finally:
        stop.set()
        for connection in served.connections:
            connection.close()
        thread.join(10)
        assert not thread.is_alive(), "the server did not end"


def write_server_certificate(directory: Path) -> None:
    """A certificate for localhost that is its own anchor."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
    certificate = builder.not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False).sign(key, hashes.SHA256())
    (directory / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "server.key").write_bytes(pem)
