"""Check a challenge phrase, counting first and comparing then.

The miss is counted in a transaction of its own before the phrase is compared, so that a thousand guesses at once are
a thousand misses; a hit clears the count. The comparison costs a tenth of a second of work on purpose and holds no
transaction. Administrators are not affected by a lock (architecture section 7).
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.engine.phrases import verify_phrase
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import RequestId
from privyseal.model.proof import FREE_MISSES, FREE_MISSES_PER_SOURCE, PhraseProof, require_turn
from privyseal.store import organizations, requests, throttles


def prove_phrase(house: House, actor: Actor, slug: str, request_id: RequestId, phrase: str) -> PhraseProof:
    """Return the proof that ``phrase`` belongs to this request; raises Refused ``phrase`` or TooManyRequests.

    A request that does not exist is answered like a wrong phrase, and costs the same.
    """
    subject, source = f"phrase:{request_id[:64]}", f"source:{actor.source}"
    now = house.clock()
    with house.database.write(now) as tx:
        require_turn(*throttles.misses(tx, subject), now)
        if actor.source:
            require_turn(*throttles.misses(tx, source), now, FREE_MISSES_PER_SOURCE)
            throttles.add_miss(tx, source)
        misses = throttles.add_miss(tx, subject)
        organization = organizations.require(tx, slug)
        request = requests.get(tx, organization.id, request_id)
        if misses == FREE_MISSES and request is not None:
            record(house, tx, actor, slug, AuditEvent("guess-phrase", Outcome.REFUSED, "request", request.id, reason="phrase-locked"))
            announce(house, tx, FactKind.PHRASE_GUESSED, {"organization": slug, "request": request.id})
    if not verify_phrase(request.phrase_hash if request else None, phrase) or request is None:
        sentence = (
            f"This is not the phrase chosen with the request. Mind capitals and blanks. After {FREE_MISSES} wrong ones each further try "
            "waits. Nobody knows it any more? Ask your administrator, who does not need it."
        )
        raise Refused("phrase", sentence, field="phrase")
    with house.database.write(house.clock()) as tx:
        throttles.clear_misses(tx, subject)
        if actor.source:
            throttles.clear_misses(tx, source)
    return PhraseProof(organization.id, request.id)
