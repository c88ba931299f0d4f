"""The issuer's socket: reads a line, asks the desk, writes a line.

The socket is for the service's own user alone, or for one group where the issuer is a user of its own (architecture 6).
"""

from __future__ import annotations

import shutil
import socketserver
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

from privyseal.actions.certificate.publish_crl import CRL_LIFE
from privyseal.actions.house import House
from privyseal.engine.signers import SigningKey
from privyseal.issuer.desk import Desk
from privyseal.issuer.evidence import Evidence
from privyseal.issuer.protocol import MAXIMUM_LINE, decode_call, encode_answer
from privyseal.issuer.publisher import Publisher
from privyseal.model.errors import BadRequest, PrivysealError, Unavailable
from privyseal.model.identifiers import AuthorityId


class IssuerServer:
    """Desk, publisher and socket of one issuer process.

    Nothing is signed while the ``evidence`` outside differs from the database. ``socket_group`` is the name of the group that
    may call; with none only the issuer's own user may.
    """

    def __init__(
        self,
        house: House,
        keys: Mapping[AuthorityId, SigningKey],
        socket_path: Path,
        evidence: Evidence,
        crl_life: timedelta = CRL_LIFE,
        socket_group: str = "",
    ) -> None:
        self._desk = Desk(house, keys, evidence.require_in)
        self._publisher = Publisher(house, keys, evidence.look, crl_life)
        self._evidence = evidence
        self._path = socket_path
        socket_path.unlink(missing_ok=True)
        self._server = _Server(str(socket_path), self)
        if socket_group:
            shutil.chown(socket_path, group=socket_group)
        socket_path.chmod(0o660 if socket_group else 0o600)

    def start(self) -> None:
        """Begin to serve."""
        self._desk.start()
        self._publisher.start()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="socket", daemon=True).start()

    def stop(self) -> None:
        """Take no more calls, finish the batch at hand, end."""
        self._server.shutdown()
        self._server.server_close()
        self._publisher.stop()
        self._desk.stop()
        self._path.unlink(missing_ok=True)

    def answer(self, line: bytes) -> bytes:
        """Return the answer to one line; never raises."""
        try:
            operation, intent_ids = decode_call(line)
            self._evidence.require()
            if operation == "ping":
                return encode_answer(())
            if operation != "complete":
                raise BadRequest("issuer-call", "This is not a call of the issuer's protocol.")
            return encode_answer(self._desk.complete(intent_ids))
        except Unavailable as error:
            return encode_answer((), unavailable=(error.kind, error.sentence, error.retry_after_seconds))
        except PrivysealError as error:
            return encode_answer((), unavailable=(error.kind, error.sentence, 60))


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: str, issuer: IssuerServer) -> None:
        self.issuer = issuer
        super().__init__(path, _Handler)


class _Handler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self) -> None:
        """Answer one call of one connection."""
        line = self.rfile.readline(MAXIMUM_LINE)
        if line.endswith(b"\n"):
            self.wfile.write(cast("_Server", self.server).issuer.answer(line))
