"""Transactions of PostgreSQL that meet: locks are taken in one order, and what collides all the same is begun again or said as 503."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.certificate.abandon_intents import abandon_intents
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import SWEEP_AFTER, About, perform
from privyseal.engine.crl import encode_entry
from privyseal.engine.serials import new_serial, serial_hex, shard_of
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.publisher import publish_due
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.certificate import Intent
from privyseal.model.errors import Unavailable
from privyseal.model.revocation import Revocation, RevocationReason
from privyseal.store import revocations
from privyseal.store.database import TRIES, Collision, Transaction, again_after_collision
from tests.rigs.books import check_books
from tests.rigs.ports import wait_until
from tests.rigs.service import ServiceRig, make_csr, make_key

pytestmark = pytest.mark.parametrize("service", ["postgresql"], indirect=True)

ORG = "resource-marketing"
ABOUT = About("test", ORG, "request", "x")


def prepared(service: ServiceRig, count: int) -> list[Intent]:
    """So many intents that nobody completes."""
    service.create_organization(units=count)
    admin = service.administrator(ORG)
    waiting = [service.submit(ORG, make_csr([f"www{number}.resource-marketing.test"], make_key())) for number in range(count)]
    for request in waiting:
        service.approve(request, admin)
    return list(perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id for request in waiting]).intents)


def shard(service: ServiceRig, intent: Intent) -> str:
    return str(shard_of(int(intent.serial_hex, 16), service.house.issuing.issuer.shard_count))


def wait_for_a_lock(service: ServiceRig) -> None:
    """Return when some transaction of this database waits for another one."""
    statement = sa.text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

    def is_waiting() -> bool:
        with service.house.database.read(service.clock()) as tx:
            return tx.execute(statement).first() is not None

    wait_until(is_waiting, seconds=10, what="a transaction waits for a lock", pause=0.02)


def test_the_sweep_of_many_serials_waits_for_the_publisher_and_not_in_a_circle(service: ServiceRig) -> None:
    """The publisher holds the scope of the last serial and then wants the generation, which the sweep must not hold by then."""
    house, orphans = service.house, prepared(service, 6)
    last = next(intent for intent in orphans if shard(service, intent) != shard(service, orphans[0]))
    orphans = [intent for intent in orphans if intent is not last] + [last]

    def abandon() -> int:
        with house.database.write(service.clock()) as tx:
            return len(abandon_intents(house, tx, SYSTEM, orphans))

    with ThreadPoolExecutor(1) as others, house.database.write(service.clock()) as tx:
        due = next(one for one in revocations.due_scopes(tx, tx.now) if (one.ca_id, one.scope) == (house.issuing.id, shard(service, last)))
        assert revocations.claim_number(tx, due, tx.now, tx.now + timedelta(days=7))
        abandoning = others.submit(abandon)
        wait_for_a_lock(service)
        revocations.advance_generation(tx)
        tx.connection.commit()
        assert abandoning.result(20) == 6
    service.clock.advance(SWEEP_AFTER + timedelta(seconds=1))
    service.integrate()
    sweep(house, lambda intent_ids: complete_batch(house, service.keys, intent_ids))
    while publish_due(house, service.keys):
        pass
    service.integrate()


def revoke_some(service: ServiceRig, count: int) -> Callable[[], int]:
    """What revokes random serials of the issuing CA in one transaction, like an abandoning sweep."""
    authority = service.house.issuing

    def revoke() -> int:
        with service.house.database.write(service.clock()) as tx:
            serials = [new_serial(0x51, os.urandom) for _ in range(count)]
            return revocations.insert_all(tx, [(revocation(tx, serial), entry(tx, serial)) for serial in serials])

    def revocation(tx: Transaction, serial: int) -> Revocation:
        where = shard_of(serial, authority.issuer.shard_count)
        reason = RevocationReason.CESSATION_OF_OPERATION
        return Revocation(authority.id, serial_hex(serial), tx.now, reason, where, tx.now + timedelta(days=90))

    def entry(tx: Transaction, serial: int) -> bytes:
        return encode_entry(serial, tx.now, RevocationReason.CESSATION_OF_OPERATION.code)

    return revoke


def test_many_revocations_and_publishers_at_once_never_collide(service: ServiceRig) -> None:
    """Each transaction takes dozens of the 129 scopes; nothing begins again and nothing is lost."""
    with ThreadPoolExecutor(5) as others:
        revoking = [others.submit(repeat, revoke_some(service, 40), 12) for _ in range(3)]
        publishing = [others.submit(repeat, lambda: publish_due(service.house, service.keys), 2) for _ in range(2)]
        assert [sum(one.result(120)) for one in revoking] == [480] * 3
        for one in publishing:
            one.result(120)
    while publish_due(service.house, service.keys):
        pass
    service.integrate()
    check_books(service)


def repeat(work: Callable[[], int], times: int) -> list[int]:
    return [work() for _ in range(times)]


class Crossing:
    """Two transactions that change two rows in opposite orders; in their first tries each waits until the other has one."""

    def __init__(self, service: ServiceRig) -> None:
        self._service = service
        self._barrier = threading.Barrier(2)
        self.tries: list[str] = []

    def change(self, name: str, scopes: Sequence[str]) -> None:
        service, is_first = self._service, name not in self.tries
        self.tries.append(name)
        with service.house.database.write(service.clock()) as tx:
            for scope in scopes:
                row = (revocations.crl_scopes.c.ca_id == service.house.issuing.id, revocations.crl_scopes.c.scope == scope)
                tx.execute(revocations.crl_scopes.update().where(*row).values(number=revocations.crl_scopes.c.number + 1))
                if is_first and scope == scopes[0]:
                    self._barrier.wait(10)


def numbers(service: ServiceRig) -> list[int]:
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(revocations.crl_scopes.select().where(revocations.crl_scopes.c.scope.in_(("0", "1"))).order_by("scope"))
        return [row.number for row in rows if row.ca_id == service.house.issuing.id]


def test_a_deadlock_is_begun_again_by_jobs(service: ServiceRig) -> None:
    crossing, before = Crossing(service), numbers(service)
    with ThreadPoolExecutor(2) as others:
        first = others.submit(again_after_collision, lambda: crossing.change("a", ("0", "1")))
        second = others.submit(again_after_collision, lambda: crossing.change("b", ("1", "0")))
        first.result(30)
        second.result(30)
    assert 3 <= len(crossing.tries) <= 1 + TRIES
    assert numbers(service) == [number + 2 for number in before]


def test_a_deadlock_is_unavailable_for_an_entrance(service: ServiceRig) -> None:
    crossing, before = Crossing(service), numbers(service)
    with ThreadPoolExecutor(2) as others:
        both = [others.submit(crossing.change, "a", ("0", "1")), others.submit(crossing.change, "b", ("1", "0"))]
        ended = [one.exception(30) for one in both]
    [refusal] = [error for error in ended if error is not None]
    assert isinstance(refusal, Unavailable)
    assert (refusal.kind, refusal.retry_after_seconds) == ("database", 1)
    assert numbers(service) == [number + 1 for number in before]


def test_what_cannot_be_serialized_is_a_collision_too(service: ServiceRig) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        with service.house.database.write(service.clock()) as tx:
            tx.execute(sa.text("DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure'; END $$"))

    with pytest.raises(Collision):
        again_after_collision(work)
    assert len(tries) == TRIES


def test_no_other_trouble_is_repeated(service: ServiceRig) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        with service.house.database.write(service.clock()) as tx:
            tx.execute(sa.text("SET LOCAL statement_timeout = 10"))
            tx.execute(sa.text("SELECT pg_sleep(5)"))

    with pytest.raises(Unavailable) as refusal:
        again_after_collision(work)
    assert not isinstance(refusal.value, Collision)
    assert len(tries) == 1
