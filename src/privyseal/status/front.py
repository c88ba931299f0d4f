"""What the front says to each request: the one table from route to answer, and from error to HTTP."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from privyseal.model.errors import Unavailable
from privyseal.status.authorities import Authorities
from privyseal.status.crl_answers import CrlAnswers
from privyseal.status.http.answer import TEXT, Answer, Later, make_answer, not_modified, sentence_answer, unavailable_answer
from privyseal.status.http.request_head import RequestHead
from privyseal.status.http.routes import Kind, Route
from privyseal.status.log_files import log_answer
from privyseal.status.metrics import render_metrics
from privyseal.status.ocsp_answers import FAILED as OCSP_FAILED
from privyseal.status.ocsp_answers import MALFORMED, OcspAnswers, try_later
from privyseal.status.pulse import Pulse
from privyseal.status.settings import StatusSettings

Reply: TypeAlias = Answer | Later

NOT_FOUND = sentence_answer(404, "There is nothing at this address; the CRL, OCSP and CA addresses stand in the certificates.")
METHOD_GET = sentence_answer(405, "This address answers GET and HEAD.", more="Allow: GET, HEAD\r\n")
METHOD_POST = sentence_answer(
    405, "OCSP requests come by POST, or by GET with the request in base64 behind the address (RFC 6960 A.1).", more="Allow: POST\r\n"
)
WRONG_TYPE = sentence_answer(415, "An OCSP request has the media type application/ocsp-request (RFC 6960 A.1).")
FAILED = sentence_answer(500, "The status front made a mistake and has noted it. Try again; if it stays, tell the operator.")

_log = logging.getLogger(__name__)


class Front:
    """All doors of the status front; knows nothing of connections."""

    def __init__(
        self,
        settings: StatusSettings,
        authorities: Authorities,
        pulse: Pulse,
        ocsp: OcspAnswers,
        crls: CrlAnswers,
    ) -> None:
        self._authorities = authorities
        self._pulse = pulse
        self._ocsp = ocsp
        self._crls = crls
        self.counts: Counter[tuple[str, int]] = Counter()
        self.connections: Callable[[], int] = int  # the listener says how many there are
        self._doors: dict[Kind, Callable[[Route], Reply | None]] = {
            Kind.CRL: lambda route: self._crls.answer(route.ca, route.scope),
            Kind.CA_DER: lambda route: None if (ca := authorities.get(route.ca)) is None else ca.der,
            Kind.CA_PEM: lambda route: None if (ca := authorities.get(route.ca)) is None else ca.pem,
            Kind.LOG: lambda route: log_answer(settings.log_directory, route.file),
            Kind.HEALTH: lambda _: make_answer(b"ok\n", TEXT),
            Kind.READY: lambda _: self._ready(),
            Kind.METRICS: lambda _: self._metrics(),
        }

    def reply(self, head: RequestHead, route: Route | None, body: bytes) -> Reply:
        """The answer to one request, at once where memory has it. Neither this nor the later answer raises."""
        try:
            reply = self._reply(head, route, body)
        except Exception as error:  # noqa: BLE001 - the last resort: no traceback leaves, none is lost
            reply = self._failure(error, route)
        if isinstance(reply, Answer):
            return self._finish(reply, head, route)
        return partial(self._finish_later, reply, head, route)

    def _reply(self, head: RequestHead, route: Route | None, body: bytes) -> Reply:
        if route is None:
            return NOT_FOUND
        if route.kind is Kind.OCSP_POST:
            if head.method != "POST":
                return METHOD_POST
            if head.content_type not in {"application/ocsp-request", ""}:
                return WRONG_TYPE
            found: Reply | None = self._ocsp.answer(route.ca, body)
        elif head.method not in {"GET", "HEAD"}:
            return METHOD_GET
        elif route.kind is Kind.OCSP_GET:
            found = MALFORMED if route.request is None else self._ocsp.answer(route.ca, route.request)
        else:
            found = self._doors[route.kind](route)
        if found is not None:
            return found
        if route.ca and not self._authorities.loaded:
            raise Unavailable("database", self._pulse.trouble)
        return NOT_FOUND

    async def _finish_later(self, later: Later, head: RequestHead, route: Route | None) -> Answer:
        try:
            answer = await later()
        except Exception as error:  # noqa: BLE001 - see reply
            answer = self._failure(error, route)
        return self._finish(answer, head, route)

    def _failure(self, error: Exception, route: Route | None) -> Answer:
        is_ocsp = route is not None and route.kind in {Kind.OCSP_POST, Kind.OCSP_GET}
        if not isinstance(error, Unavailable):
            _log.error("The status front failed to answer.", exc_info=error)
            return OCSP_FAILED if is_ocsp else FAILED
        return try_later(error) if is_ocsp else unavailable_answer(error)

    def _finish(self, answer: Answer, head: RequestHead, route: Route | None) -> Answer:
        if head.if_none_match and head.method != "POST":
            answer = not_modified(answer, head.if_none_match) or answer
        self.counts["none" if route is None else route.kind.value, answer.status] += 1
        return answer

    def _ready(self) -> Answer:
        """Whether this front can do its work: the last look at the database succeeded and every OCSP responder can sign."""
        if self._pulse.trouble:
            return sentence_answer(503, self._pulse.trouble)
        if missing := self._authorities.without_responder():
            return sentence_answer(503, f"These CAs have no OCSP responder in force: {', '.join(sorted(missing))}.")
        return make_answer(b"ready\n", TEXT)

    def _metrics(self) -> Answer:
        text = render_metrics(
            counts=self.counts,
            ocsp_counts=self._ocsp.counts,
            authorities=self._authorities,
            pulse=self._pulse,
            connections=self.connections(),
            page_bytes=self._crls.memory_bytes,
        )
        return make_answer(text.encode(), "text/plain; version=0.0.4; charset=utf-8")
