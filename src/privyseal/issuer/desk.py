"""The issuer's one signing thread: it collects intents for a moment and completes many in one COMMIT (E1, F12).

Keys are used by this thread alone: PKCS#11 libraries are not thread-safe, and one COMMIT for many certificates is
what makes issuing cheap.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import structlog

from privyseal.actions.administrator.complete_administrator_ids import complete_administrator_ids
from privyseal.actions.certificate.complete_certificates import complete_certificates
from privyseal.actions.house import House
from privyseal.engine.signers import SigningKey
from privyseal.issuer.protocol import CompletedIntent
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.certificate import IntentKind, IntentState
from privyseal.model.errors import PrivysealError, Unavailable
from privyseal.model.identifiers import AuthorityId, IntentId
from privyseal.store import certificates
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint

ISSUER = Actor(ActorKind.SYSTEM, "issuer")
GATHER_SECONDS = 0.002
MAXIMUM_BATCH = 256
Requirement = Callable[[Transaction], None]

_log = structlog.get_logger("privyseal.issuer")


@dataclass(slots=True)
class _Order:
    intent_ids: Sequence[IntentId]
    answer: Future[list[CompletedIntent]] = field(default_factory=Future)


class Desk:
    """Completes intents one batch after the other. ``keys`` has the private key of each CA it serves.

    ``require`` is asked within the transaction of each batch and raises Unavailable while nothing may be signed in it.
    """

    def __init__(self, house: House, keys: Mapping[AuthorityId, SigningKey], require: Requirement) -> None:
        self._house = house
        self._keys = keys
        self._require = require
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was ordered and end."""
        self._orders.put(None)
        self._thread.join(timeout=30)

    def complete(self, intent_ids: Sequence[IntentId]) -> list[CompletedIntent]:
        """Complete intents and return what became of each; raises Unavailable when nothing was done."""
        order = _Order(intent_ids)
        self._orders.put(order)
        return order.answer.result()

    def _run(self) -> None:
        while (first := self._orders.get()) is not None:
            batch, count = [first], len(first.intent_ids)
            stop = False
            while count < MAXIMUM_BATCH:
                try:
                    order = self._orders.get(timeout=GATHER_SECONDS)
                except queue.Empty:
                    break
                if order is None:
                    stop = True
                    break
                batch.append(order)
                count += len(order.intent_ids)
            self._serve(batch)
            if stop:
                return

    def _serve(self, batch: list[_Order]) -> None:
        try:
            intent_ids = [intent_id for order in batch for intent_id in order.intent_ids]
            results = complete_batch(self._house, self._keys, intent_ids, self._require)
        except PrivysealError as refusal:
            for order in batch:
                order.answer.set_exception(refusal)
        except Exception as error:  # noqa: BLE001 - a bug must not end the only thread that signs; the sweep closes what is open
            _log.exception("issuer.failed")
            for order in batch:
                order.answer.set_exception(
                    Unavailable("issuer-failed", f"The issuer failed ({type(error).__name__}). The sweep closes what is open.")
                )
        else:
            for order in batch:
                order.answer.set_result([results[intent_id] for intent_id in order.intent_ids])


def complete_batch(
    house: House, keys: Mapping[AuthorityId, SigningKey], intent_ids: Sequence[IntentId], require: Requirement = lambda _: None
) -> dict[IntentId, CompletedIntent]:
    """Complete intents of both kinds, each kind in one transaction in which ``require`` held, and tell what became of each.

    A second call for a completed intent says that it is completed; it is never signed again. Raises Unavailable.
    """
    with house.database.read(house.clock()) as tx:
        known = certificates.intent_states(tx, intent_ids)
    missing = CompletedIntent(IntentId(""), ok=False, kind="intent", sentence="There is no such intent.")
    results = dict.fromkeys(intent_ids, missing)
    for intent_id, (_, state) in known.items():
        done = state is IntentState.COMPLETED
        sentence = "" if done else f"The intent is {state.value}."
        results[intent_id] = CompletedIntent(intent_id, ok=done, kind="" if done else "intent", sentence=sentence)
    requested = [intent_id for intent_id, standing in known.items() if standing == (IntentKind.REQUEST, IntentState.PREPARED)]
    people = [intent_id for intent_id, standing in known.items() if standing == (IntentKind.ADMINISTRATOR, IntentState.PREPARED)]
    if requested:
        with house.database.write(house.clock()) as tx:
            require(tx)
            completed = complete_certificates(house, tx, ISSUER, keys, requested)
        failpoint("complete.after-commit")
        results |= _verdicts([item.intent_id for item in completed.certificates], completed.failures)
    if people:
        with house.database.write(house.clock()) as tx:
            require(tx)
            registered = complete_administrator_ids(house, tx, ISSUER, keys[house.administrators_authority.id], people)
        refused = {intent_id for intent_id, _ in registered.failures}
        results |= _verdicts([intent_id for intent_id in people if intent_id not in refused], registered.failures)
    return results


def _verdicts(done: Sequence[IntentId], failures: Sequence[tuple[IntentId, PrivysealError]]) -> dict[IntentId, CompletedIntent]:
    verdicts = {intent_id: CompletedIntent(intent_id, ok=True) for intent_id in done}
    verdicts |= {intent_id: CompletedIntent(intent_id, ok=False, kind=error.kind, sentence=error.sentence) for intent_id, error in failures}
    return verdicts
