"""A TLS server that shows a certificate to whoever shakes hands, at an address of this machine that nobody else uses."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from privyseal.engine.pem import certificate_to_pem
from tests.rigs.listener import Listener

PORT: Final = 8443
"""One that a visitor may name; the address is a free one instead."""


def own_address() -> str:
    """An address of 127.0.0.0/8 for this process and this call alone."""
    first, second, third = os.urandom(3)
    return f"127.{1 + first % 250}.{second}.{1 + third % 250}"


class TlsServer(Listener):
    """Shows ``der`` at ``address`` and hangs up."""

    def __init__(self, der: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        super().__init__(own_address(), PORT)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.write_bytes(
                certificate_to_pem(der).encode() + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            )
            self._context.load_cert_chain(file)

    def converse(self, connection: socket.socket) -> None:
        """Shake hands, and wait until the other side hangs up."""
        with self._context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)
