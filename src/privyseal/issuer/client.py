"""How the other processes ask the issuer: one connection per call, blocking, usable from any thread."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from privyseal.issuer.protocol import MAXIMUM_LINE, CompletedIntent, decode_answer, encode_call
from privyseal.model.errors import Unavailable
from privyseal.model.identifiers import IntentId

TIMEOUT_SECONDS = 30


class IssuerClient:
    """Speaks to the issuer at a Unix socket."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def complete(self, intent_ids: Sequence[IntentId]) -> list[CompletedIntent]:
        """Let the issuer complete intents and return what became of each.

        Raises Unavailable ``issuer`` when it is down or the connection breaks: then the outcome is unknown here, and
        the sweep finds out. Raises Unavailable with the issuer's own kind when it did nothing.
        """
        results, unavailable = decode_answer(self._call(encode_call("complete", intent_ids)))
        if unavailable is not None:
            raise Unavailable(unavailable.kind, unavailable.sentence, retry_after_seconds=unavailable.retry_after_seconds)
        return results

    def ping(self) -> None:
        """Raise Unavailable ``issuer`` unless the issuer answers and may sign."""
        _, unavailable = decode_answer(self._call(encode_call("ping", ())))
        if unavailable is not None:
            raise Unavailable(unavailable.kind, unavailable.sentence, retry_after_seconds=unavailable.retry_after_seconds)

    def _call(self, line: bytes) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(TIMEOUT_SECONDS)
                connection.connect(str(self._path))
                connection.sendall(line)
                with connection.makefile("rb") as reader:
                    answer = reader.readline(MAXIMUM_LINE)
        except OSError as error:
            raise _down() from error
        if not answer.endswith(b"\n"):
            raise _down()
        return answer


def _down() -> Unavailable:
    return Unavailable("issuer", "The issuer does not answer at the moment. What was approved is kept and is issued as soon as it is back.")
