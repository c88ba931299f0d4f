"""The challenge phrase of a form, proved."""

from __future__ import annotations

from privyseal.actions.house import About, attempt
from privyseal.actions.request.prove_phrase import prove_phrase
from privyseal.engine.private_keys import refuse_private_keys
from privyseal.look.words import gettext
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Refused
from privyseal.model.identifiers import RequestId
from privyseal.model.proof import PhraseProof
from privyseal.reception.site import Visit

NO_REQUEST = "req-" + 32 * "0"
"""The id of no request: a phrase for a certificate without one is tried all the same, and costs the same."""


def prove(visit: Visit, about: About, request_id: str) -> PhraseProof:
    """Return the proof that the typed phrase belongs to this request; raises Refused ``phrase``, TooManyRequests, recorded."""

    def work() -> PhraseProof:
        phrase = visit.form.secret("phrase")
        if not phrase.strip():
            raise Refused("phrase-missing", gettext("Type the challenge phrase that was chosen with the request."), field="phrase")
        refuse_private_keys(phrase, field="phrase")
        return prove_phrase(visit.house, visit.actor, visit.slug, RequestId(request_id), phrase)

    return attempt(visit.house, visit.actor, about, work)


def request_of(certificate: Certificate) -> str:
    """Return the id of the request whose phrase counts for a certificate."""
    return certificate.request_id or NO_REQUEST
