"""What time brings for domains: reminders before a validation ends, and records that stay are looked up again by themselves.

Both may run on every node at once: a reminder is written once, and a look-up more does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from privyseal.actions.domain.remind_of_domain import remind_of_domain
from privyseal.actions.house import About, House, attempt, perform
from privyseal.actions.organization.record_validation import record_validation
from privyseal.engine.domain_control import look_up_control
from privyseal.engine.world import World
from privyseal.model.actor import SYSTEM
from privyseal.model.domain import Domain, ValidationMethod
from privyseal.model.errors import Conflict, Refused, Unavailable
from privyseal.model.rules import REMINDER_DAYS, Tier
from privyseal.store import organizations
from privyseal.store.database import again_after_collision

_log = structlog.get_logger("privyseal.jobs")

AGAIN_BEFORE = timedelta(days=3)
"""A record that stays is looked up again so long before its evidence ends for the public tier, which is after ten days."""

TRY_AGAIN_AFTER = timedelta(hours=6)
"""How long a record that was not there any more is left alone: each time is an entry of the audit log."""


class Domains:
    """Call :meth:`look` every ten minutes from one thread."""

    EVERY_SECONDS = 600.0

    def __init__(self, house: House, world: World) -> None:
        self._house = house
        self._world = world
        self._tried: dict[str, datetime] = {}

    def look(self) -> None:
        """Look up again what stays, then remind of what ends; raises Unavailable when the database is away."""
        for domain in self._validated():
            if domain.method is ValidationMethod.DNS_PERSISTENT and self._is_due(domain):
                self._look_up_again(domain)
        for domain in self._validated():
            again_after_collision(lambda domain=domain: self._remind(domain))  # type: ignore[misc]

    def _validated(self) -> Iterator[Domain]:
        after = ""
        while True:
            with self._house.database.read(self._house.clock()) as tx:
                found = organizations.validated_domains(tx, after=after)
            if not found:
                return
            yield from found
            after = found[-1].id

    def _is_due(self, domain: Domain) -> bool:
        now, until = self._house.clock(), domain.valid_until(Tier.PUBLIC)
        tried = self._tried.get(domain.id)
        return (
            until is not None and domain.is_valid(now) and until - now <= AGAIN_BEFORE and (tried is None or now - tried >= TRY_AGAIN_AFTER)
        )

    def _look_up_again(self, domain: Domain) -> None:
        house, now = self._house, self._house.clock()
        self._tried[domain.id] = now
        with house.database.read(now) as tx:
            slug = organizations.get(tx, domain.organization_id).slug
        about, issuer = About("validate-domain", slug, "domain", domain.name), house.service.caa_issuer(slug)
        method = ValidationMethod.DNS_PERSISTENT
        try:
            evidence = attempt(house, SYSTEM, about, lambda: look_up_control(domain, method, issuer, self._world, now=now))
            perform(house, SYSTEM, about, record_validation, slug, domain.name, domain.token, evidence)
        except (Refused, Conflict, Unavailable) as error:
            _log.warning("domain.not-seen-again", domain=domain.name, organization=slug, kind=error.kind)

    def _remind(self, domain: Domain) -> bool:
        # Most are not due: they are told apart without a write transaction.
        until = domain.valid_until(Tier.PUBLIC), domain.valid_until(Tier.PRIVATE)
        now = self._house.clock()
        if all(end is None or not now < end <= now + timedelta(days=max(REMINDER_DAYS)) for end in until):
            return False
        with self._house.database.write(now) as tx:
            return remind_of_domain(self._house, tx, SYSTEM, domain)
