"""What an entrance does after the last approval: the certificate is issued before the answer, where that can be."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from privyseal.actions.caa import look_up_requests
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.model.actor import SYSTEM
from privyseal.model.errors import Unavailable
from privyseal.model.identifiers import RequestId
from privyseal.reception.context import EntranceContext
from privyseal.store.failpoints import failpoint

_log = structlog.get_logger("privyseal.entrance")


def issue(context: EntranceContext, about: About, request_ids: Sequence[RequestId]) -> None:
    """Look up CAA where the policy asks for it, prepare and complete; the sweep does later what cannot be done now.

    The approvals are durable, and what a request waits for stands at it.
    ``about`` is the call that brought the last approvals.
    """
    preparing = About("prepare-certificate", about.organization, about.kind, about.id)
    try:
        ready = look_up_requests(context.house, context.world.perspectives, request_ids)
        prepared = perform(context.house, SYSTEM, preparing, prepare_certificates, ready)
        failpoint("prepare.after-commit")
        if prepared.intents:
            for item in context.issuer.complete([intent.id for intent in prepared.intents]):
                if not item.ok:
                    _log.error("issuer.refused", intent=item.intent_id, kind=item.kind, sentence=item.sentence)
    except Unavailable as error:
        _log.warning("issuing.later", requests=list(request_ids), kind=error.kind)
