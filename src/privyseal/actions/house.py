"""What every action is given, and how an entrance calls one.

An action is called inside one write transaction by :func:`perform`: returning commits, raising rolls back. A refusal
is then recorded in a small transaction of its own before it is answered; what cannot be recorded is answered as
Unavailable (architecture section 3). Actions reach audit and outbox only through :func:`record` and :func:`announce`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from privyseal.engine.authority import Authority
from privyseal.engine.caa import Issuer
from privyseal.engine.private_keys import PrivateKeyFound
from privyseal.model.actor import SYSTEM, Actor, ActorKind
from privyseal.model.audit import (
    PROVIDER_LOG,
    AuditEvent,
    Outcome,
    entry_fields,
    is_clock_behind,
    is_stale,
    organization_log,
)
from privyseal.model.change import DEFAULT_QUORUM, ChangeKind
from privyseal.model.errors import NotFound, PrivysealError, Refused, Unavailable
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import RandomBytes, new_id
from privyseal.model.organization import Organization, require_mark
from privyseal.model.refused_names import REFUSALS, STRANGERS_TOLD, TOLD_AGAIN_AFTER, WITHIN_MINUTES, caller, is_counted
from privyseal.model.statement import utc_text
from privyseal.store import audit, certificates, organizations, outbox, revocations, throttles
from privyseal.store.database import Database, Transaction
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.errors import WireError
from privyseal_wire.passkey import RelyingParty

P = ParamSpec("P")
R = TypeVar("R")

TEST_ROOT, TEST_ISSUING = "test-root", "test-issuing"
"""Names of the CAs of trials, which stand beside the real ones and under none of them."""

UNAUTHENTICATED_ENTRIES_PER_MINUTE = 30
"""Refusals of callers without a credential are written out up to here, then only counted (architecture section 3)."""

_FORM_OF_AN_ID = re.compile(r"[A-Za-z0-9./:-]{0,128}")
"""What ids, serials, fingerprints, host names and addresses of calls are made of; names and mail addresses of people are not."""


@dataclass(frozen=True, slots=True)
class ServiceIdentity:
    """Who this service is in statements, logs and letters. ``log_host`` is the host part of every log's origin.

    ``caa_name`` is what CAA records call it, the host of ``base_url`` where it is empty; ``perspective_quorum`` of the other
    places have to see what the first one sees in the DNS. ``provider_contact`` is the mail address of the provider's own help
    or "". ``public_trials`` is whether anybody may start a trial, or the provider's people alone.
    """

    service_id: str
    log_host: str
    base_url: str
    administrator_url: str
    status_url: str
    personal_salt: bytes
    caa_name: str = ""
    perspective_quorum: int = 0
    provider_contact: str = ""
    public_trials: bool = True

    def caa_issuer(self, slug: str) -> Issuer:
        """Return how the owner of a domain names this provider, and an organization here as its account (RFC 8657 3)."""
        name = self.caa_name or urlsplit(self.base_url).hostname or ""
        return Issuer(frozenset({name.lower().rstrip(".")}), f"{self.base_url}/o/{slug}")


@dataclass(frozen=True, slots=True)
class House:
    """The parts that actions work with; none of them is a key."""

    database: Database
    service: ServiceIdentity
    authorities: Mapping[str, Authority]
    listeners: Mapping[FactKind, tuple[str, ...]]
    clock: Callable[[], datetime]
    random_bytes: RandomBytes
    quorums: Mapping[ChangeKind, int] = field(default_factory=dict)
    """How many people have to sign a change of a kind, where it is not ``DEFAULT_QUORUM``."""
    machine: str = "local"
    """The name of the machine that this process runs on: where work that failed is to be looked at."""

    def quorum(self, kind: ChangeKind) -> int:
        """Return how many people have to sign a change of this kind, where so many hold the right."""
        return self.quorums.get(kind, DEFAULT_QUORUM)

    @property
    def issuing(self) -> Authority:
        """The CA that issues to organizations that were vetted."""
        return self.authorities["issuing"]

    @property
    def has_trials(self) -> bool:
        """Whether this service has the CA that trials are issued by."""
        return TEST_ISSUING in self.authorities

    @property
    def offers_trials(self) -> bool:
        """Whether anybody may start a trial here; else the provider's people alone, where there are trials at all."""
        return self.has_trials and self.service.public_trials

    def issuing_for(self, organization: Organization) -> Authority:
        """Return the CA that issues to this organization; raises Refused ``trial-mark``, Unavailable ``no-test-authority``."""
        require_mark(organization)
        if not organization.is_trial:
            return self.issuing
        if not self.has_trials:
            sentence = "This service has no test certification authority. Its operator makes one with `privyseal ca add-test`."
            raise Unavailable("no-test-authority", sentence, retry_after_seconds=3600)
        return self.authorities[TEST_ISSUING]

    def root_for(self, organization: Organization) -> Authority:
        """Return the root that computers trust this organization's certificates by; for a trial a test root. Raises as ``issuing_for``."""
        return self.authorities[TEST_ROOT if self.issuing_for(organization).slug == TEST_ISSUING else "root"]

    def authority_of(self, authority_id: str) -> Authority:
        """Return the CA of this id."""
        return next(known for known in self.authorities.values() if known.id == authority_id)

    @property
    def relying_party(self) -> RelyingParty:
        """The site that passkeys are bound to."""
        return RelyingParty.of(self.service.base_url)

    @property
    def administrators_authority(self) -> Authority:
        """The CA of Administrator IDs."""
        return self.authorities["administrators"]

    def personal_hash(self, text: str) -> str:
        """Salted hash of personal data, the only form in which a log may carry it."""
        return hashlib.sha256(self.service.personal_salt + text.encode()).hexdigest()

    def id(self, prefix: str, now: datetime) -> str:
        """Return a new id."""
        return new_id(prefix, now, self.random_bytes)


@dataclass(frozen=True, slots=True)
class About:
    """What a call is about, for the log of refusals. ``organization`` is a slug, or "" for the provider's log.

    ``id`` is an id or a word such as "new", never what a person typed: the log is for ever and others read it.
    """

    action: str
    organization: str
    kind: str
    id: str


def sha256_hex(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def record(house: House, tx: Transaction, actor: Actor, organization: str, *events: AuditEvent) -> None:
    """Write audit entries into the log of an organization (a slug) or, for "", of the provider."""
    log = organization_log(organization) if organization else PROVIDER_LOG
    time_text = utc_text(tx.now)
    rows = []
    for event in events:
        entry_id = house.id("aud", tx.now)
        entry = canonical_bytes(entry_fields(event, actor, log=log, entry_id=entry_id, time_text=time_text))
        rows.append((entry_id, log, entry, event.object_id))
    audit.insert(tx, rows)


def record_refused(house: House, tx: Transaction, actor: Actor, about: About, refusal: PrivysealError) -> None:
    """Write the audit entry of a refusal, where it is one of several in a transaction that goes on."""
    # An unknown organization has no log; what is asked of it stands in the provider's.
    organization = "" if isinstance(refusal, NotFound) else about.organization
    record(
        house,
        tx,
        actor,
        organization,
        AuditEvent(about.action, Outcome.REFUSED, about.kind, _loggable(house, about.id), reason=refusal.kind),
    )


def announce(house: House, tx: Transaction, fact: FactKind, *payloads: dict[str, Any]) -> None:
    """Leave facts of one kind in the outbox, one row for each payload and listener."""
    listeners = house.listeners.get(fact, ())
    outbox.insert(tx, [(house.id("fact", tx.now), fact.value, listener, payload) for payload in payloads for listener in listeners])


def announce_once(house: House, tx: Transaction, fact: FactKind, occasion: str, since: datetime, payload: dict[str, Any]) -> int:
    """Leave a fact in the outbox unless it is there already; return how many rows are new.

    The rows' ids are made of the occasion and the moment from which on it was due, so that whoever comes second, after a
    crash or on another node, adds nothing.
    """
    rows = []
    for listener in house.listeners.get(fact, ()):
        digest = hashlib.sha256(f"{fact.value} {occasion} {listener}".encode()).digest()
        rows.append((new_id("fact", since, partial(_first, digest)), fact.value, listener, payload))
    return outbox.insert_new(tx, rows)


def _first(digest: bytes, count: int) -> bytes:
    return digest[:count]


def require_evidence(tx: Transaction) -> None:
    """Raise Unavailable unless the audit log keeps up and the clock does not stand behind it (fail-closed, I10 and P5)."""
    if is_clock_behind(audit.newest_time(tx), tx.now):
        sentence = (
            "The clock of the service is more than five minutes behind its newest audit entry. Nothing is signed until it is right again."
        )
        raise Unavailable("clock-behind", sentence, retry_after_seconds=60)
    if is_stale(audit.oldest_waiting(tx), tx.now):
        sentence = (
            "The audit log does not keep up: an entry has been waiting for more than 60 seconds. Nothing is issued until it is integrated."
        )
        raise Unavailable("audit-stale", sentence, retry_after_seconds=10)


def perform(
    house: House,
    actor: Actor,
    about: About,
    action: Callable[Concatenate[House, Transaction, Actor, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run an action in its transaction and record a refusal; raises what the action raised, or Unavailable."""

    def call() -> R:
        with house.database.write(house.clock()) as tx:
            return action(house, tx, actor, *args, **kwargs)

    return attempt(house, actor, about, call)


def attempt(house: House, actor: Actor, about: About, work: Callable[[], R]) -> R:
    """Run ``work``, which needs no transaction or brings its own, and record a refusal like :func:`perform`."""
    try:
        return work()
    except WireError as error:
        refusal: PrivysealError = Refused(error.kind, error.sentence)
        _record_refusal(house, actor, about, refusal)
        raise refusal from error
    except PrivysealError as error:
        _record_refusal(house, actor, about, error)
        raise


def _record_refusal(house: House, actor: Actor, about: About, refusal: PrivysealError) -> None:
    now = house.clock()
    try:
        with house.database.write(now) as tx:
            if isinstance(refusal, PrivateKeyFound):
                _block(house, tx, about, refusal)
            if is_counted(actor, refusal.kind):
                _count_names(house, tx, actor, about.organization)
            if actor.kind is ActorKind.REQUESTER:
                minute = now.replace(second=0, microsecond=0)
                if audit.count_refusal(tx, minute, refusal.kind[:40]) > UNAUTHENTICATED_ENTRIES_PER_MINUTE:
                    return
            record_refused(house, tx, actor, about, refusal)
    except Unavailable as error:
        if isinstance(refusal, Unavailable):
            return  # The caller is told the first trouble, which says more: the disk is full, the database is locked.
        sentence = "The service cannot write its audit log at the moment, so it did nothing. Try again in a few seconds."
        raise Unavailable("audit-unavailable", sentence) from error


def _block(house: House, tx: Transaction, about: About, refusal: PrivateKeyFound) -> None:
    """Block the keys that were sent. The sweep revokes their certificates; here their owners are told, each once."""
    concerned: list[tuple[str, str]] = []
    for spki_sha256 in refusal.spki_sha256:
        is_first = revocations.block_disclosed_key(tx, spki_sha256.hex())
        for certificate in certificates.valid_with_key(tx, spki_sha256.hex()):
            if certificate.organization_id is None:
                continue
            slug = organizations.get(tx, certificate.organization_id).slug
            if slug == about.organization:
                concerned.append((certificate.common_name, certificate.serial_hex))
            if is_first:
                event = AuditEvent("receive-private-key", Outcome.DONE, "certificate", certificate.serial_hex, certificate.sha256)
                record(house, tx, SYSTEM, slug, event)
                announce(house, tx, FactKind.KEY_DISCLOSED, {"organization": slug, "certificate": certificate.id})
    refusal.certificates = tuple(concerned)


def _count_names(house: House, tx: Transaction, actor: Actor, slug: str) -> None:
    """Count that names of others were refused; where it was too often, its organization is told, of one caller once an hour."""
    known_by, value = caller(actor)
    subject = f"refused-names:{sha256_hex(f'{slug} {known_by} {value}'.encode())}"
    count, since = throttles.count_lately(tx, subject, WITHIN_MINUTES)
    if count < REFUSALS or not throttles.is_first(tx, f"{subject}:told", TOLD_AGAIN_AFTER):
        return
    if actor.kind is ActorKind.REQUESTER:
        hour = int(tx.now.timestamp()) // 3600
        if throttles.add_miss(tx, f"refused-names-of-strangers:{slug}:{hour}") > STRANGERS_TOLD:
            return
    announce(house, tx, FactKind.NAMES_REFUSED, {"organization": slug, known_by: value, "count": count, "since": utc_text(since)})


def _loggable(house: House, object_id: str) -> str:
    """Return the id, or its salted hash when it has not the form of one: a person may have typed a name instead."""
    return object_id if _FORM_OF_AN_ID.fullmatch(object_id) else house.personal_hash(object_id)


SWEEP_AFTER = timedelta(seconds=15)
"""How old an approved or prepared thing is before the sweep takes it for an orphan."""
