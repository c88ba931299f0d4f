"""A TLS server that shows a certificate to whoever shakes hands, at an address of this machine that nobody else uses."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from privyseal.engine.pem import certificate_to_pem

PORT: Final = 8443
"""One that a visitor may name; the address is a free one instead."""


def own_address() -> str:
    """An address of 127.0.0.0/8 for this process and this call alone."""
    first, second, third = os.urandom(3)
    return f"127.{1 + first % 250}.{second}.{1 + third % 250}"


class TlsServer:
    """Use it as a context manager; it shows ``der`` at ``address`` and hangs up."""

    def __init__(self, der: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        self.address = own_address()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.write_bytes(
                certificate_to_pem(der).encode() + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            )
            self._context.load_cert_chain(file)
        self._listener = socket.create_server((self.address, PORT))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # A close alone does not wake the thread from accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            try:
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)  # Until the other side hangs up.
            except OSError:
                continue
