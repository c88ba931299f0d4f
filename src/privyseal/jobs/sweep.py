"""Finishes what a crash left and what time brings, every few seconds (architecture section 3).

Nothing that a person waits for runs here first: entrances do their work themselves, and this only picks up what they
could not finish. Every step is idempotent; two sweeps at once do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from privyseal.actions.caa import AGAIN_AFTER, look_up_requests
from privyseal.actions.certificate.abandon_intents import abandon_intents
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.revoke_certificate import Authority, ByReplacement, BySystem, revoke_certificate
from privyseal.actions.change.expire_changes import expire_changes
from privyseal.actions.contact.expire_contact_changes import expire_contact_changes
from privyseal.actions.house import SWEEP_AFTER, House, record
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.perspectives import Perspectives
from privyseal.model.actor import SYSTEM
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Unavailable
from privyseal.model.identifiers import IntentId, RequestId
from privyseal.model.request import CONFIRM_WITHIN, LAPSES_AFTER, RequestEvent, RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.store import certificates, changes, contact_changes, organizations, requests, throttles
from privyseal.store.database import again_after_collision

Complete = Callable[[Sequence[IntentId]], object]
ANSWERS_KEPT = timedelta(days=1)
NOBODY = Perspectives(DnsLookup(()))
ISSUER_IS_DOWN = "issuer"
"""The kind that says that nobody answers at the issuer's socket."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did, in counts."""

    abandoned: int
    prepared: int
    lapsed: int
    revoked: int


def sweep(house: House, complete: Complete, ping: Callable[[], None] = lambda: None, *, perspectives: Perspectives = NOBODY) -> Swept:
    """Close orphans, prepare what is approved, let old requests lapse, revoke what time or a shown key ends.

    ``complete`` hands prepared intents to the issuer process. ``ping`` asks it first and raises Unavailable while it is
    away: then nothing is prepared, because every serial that it does not sign in time is burned. Raises Unavailable
    when the issuer is down or failed at one intent, after everything else is done. ``perspectives`` look up CAA records;
    without any, what needs them waits.
    """
    abandoned = again_after_collision(lambda: _abandon(house))
    lapsed = again_after_collision(lambda: _lapse(house)) + again_after_collision(lambda: _expire(house))
    revoked = again_after_collision(lambda: _revoke_disclosed(house)) + again_after_collision(lambda: _revoke_replaced(house))
    revoked += again_after_collision(lambda: _revoke_closed(house))
    with house.database.write(house.clock()) as tx:
        throttles.forget_answers(tx, tx.now - ANSWERS_KEPT)
    ping()
    ready = again_after_collision(lambda: look_up_requests(house, perspectives, _left_over(house), again_after=AGAIN_AFTER))
    intents = again_after_collision(lambda: _prepare(house, ready))
    _hand_over(intents, complete)
    return Swept(abandoned, len(intents), lapsed, revoked)


def _abandon(house: House) -> int:
    now = house.clock()
    with house.database.read(now) as tx:
        orphans = certificates.prepared_before(tx, now - SWEEP_AFTER)
    if not orphans:
        return 0
    with house.database.write(now) as tx:
        abandon_intents(house, tx, SYSTEM, orphans)
    return len(orphans)


def _left_over(house: House) -> list[RequestId]:
    now = house.clock()
    with house.database.read(now) as tx:
        approved = [request_id for request_id, _ in requests.in_state_since(tx, RequestState.APPROVED, now)]
        approvals = requests.approvals_of(tx, approved)
    # The entrance that took the last approval prepares at once; only what it left behind is old enough.
    return [request_id for request_id in approved if all(approval.at < now - SWEEP_AFTER for approval in approvals[request_id])]


def _prepare(house: House, ready: Sequence[RequestId]) -> list[IntentId]:
    if not ready:
        return []
    with house.database.write(house.clock()) as tx:
        return [intent.id for intent in prepare_certificates(house, tx, SYSTEM, ready).intents]


def _hand_over(intents: list[IntentId], complete: Complete) -> None:
    """Each for itself: one that the issuer fails at must not hold up the others at every sweep (F25)."""
    trouble: Unavailable | None = None
    for intent_id in intents:
        try:
            complete([intent_id])
        except Unavailable as error:
            trouble = error
            if error.kind == ISSUER_IS_DOWN:
                break
    if trouble is not None:
        raise trouble


LAPSES = (
    (RequestState.UNCONFIRMED, CONFIRM_WITHIN, "The address was not confirmed within 7 days."),
    (RequestState.PENDING, LAPSES_AFTER, "No decision within 30 days."),
    (RequestState.HELD, LAPSES_AFTER, "No decision within 30 days."),
)


def _lapse(house: House) -> int:
    now = house.clock()
    lapsed = 0
    with house.database.write(now) as tx:
        for state, wait, reason in LAPSES:
            for request_id, organization_id in requests.in_state_since(tx, state, now - wait):
                if requests.happen(tx, [request_id], RequestEvent.LAPSE, reason):
                    slug = organizations.get(tx, organization_id).slug
                    record(house, tx, SYSTEM, slug, AuditEvent("lapse-request", Outcome.DONE, "request", request_id))
                    lapsed += 1
    return lapsed


def _expire(house: House) -> int:
    now = house.clock()
    with house.database.read(now) as tx:
        if not changes.expired(tx, limit=1) and not contact_changes.expired(tx, limit=1):
            return 0
    with house.database.write(now) as tx:
        return expire_changes(house, tx, SYSTEM) + expire_contact_changes(house, tx, SYSTEM)


def _revoke_replaced(house: House) -> int:
    with house.database.read(house.clock()) as tx:
        due = certificates.due_for_revocation(tx)
    return _revoke(house, due, ByReplacement())


def _revoke_disclosed(house: House) -> int:
    """Revoke what has a key that was shown to the service: blocking came first, so that this finds it after any crash.

    A CA that has the private key of a certificate revokes within 24 hours (CA/Browser Forum, BR 4.9.1.1); this takes seconds.
    """
    with house.database.read(house.clock()) as tx:
        found = certificates.valid_with_disclosed_key(tx)
    return _revoke(house, found, BySystem(RevocationReason.KEY_COMPROMISE))


def _revoke_closed(house: House) -> int:
    """Revoke what a closed organization left, in portions: whoever closed it confirmed that."""
    with house.database.read(house.clock()) as tx:
        found = certificates.valid_of_closed(tx)
    return _revoke(house, found, BySystem(RevocationReason.CESSATION_OF_OPERATION))


def _revoke(house: House, found: Sequence[Certificate], authority: Authority) -> int:
    """Each in a transaction of its own."""
    of_organizations = [(certificate, certificate.organization_id) for certificate in found if certificate.organization_id is not None]
    for certificate, organization_id in of_organizations:
        with house.database.write(house.clock()) as tx:
            slug = organizations.get(tx, organization_id).slug
            revoke_certificate(house, tx, SYSTEM, slug, certificate.serial_hex, authority)
    return len(of_organizations)
