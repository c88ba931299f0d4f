"""An organization in which everything that is mailed really happens, and whose letters are opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from privyseal.actions.house import About, perform
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.jobs.domains import Domains
from privyseal.model.actor import Actor
from privyseal.model.domain import Domain
from privyseal.model.fact import FactKind
from privyseal.model.request import Request
from privyseal.store import organizations
from tests.actions.organization.test_application import payloads
from tests.rigs.letter_box import LetterBox
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ZONE = f"{ORG}.test"
NAME = f"www.{ZONE}"
_ABOUT = About("test", ORG, "organization", ORG)

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Town:
    """The organization's one administrator, and somebody of the provider who vets."""

    service: ServiceRig
    box: LetterBox
    fox: AdministratorRig
    vera: AdministratorRig

    def do(self, actor: Actor, action: Callable[..., R], *arguments: object) -> R:
        """An action in its transaction."""
        return perform(self.service.house, actor, _ABOUT, action, *arguments)

    def wait(self, days: float) -> None:
        """Let time pass for everybody."""
        self.service.clock.advance(timedelta(days=days))
        self.service.integrate()

    def pass_until(self, moment: datetime) -> None:
        """Let the clock go to a minute after this."""
        self.service.clock.advance(moment - self.service.clock() + timedelta(minutes=1))

    def look(self) -> None:
        """What the work process does about domains every ten minutes, twice: the second time adds nothing."""
        work = Domains(self.service.house, World.seen_by(DnsLookup((("127.0.0.1", 9),), timeout_seconds=1)))
        work.look()
        work.look()

    def request(self, host: str = NAME) -> Request:
        """A request that waits for a decision."""
        return self.service.submit(ORG, make_csr([host], make_key()))

    def code(self, kind: FactKind) -> str:
        """The code of the newest letter of this kind."""
        return str(payloads(self.service, kind)[-1]["code"])

    def domain(self, name: str = ZONE) -> Domain:
        """One of the organization's domains."""
        with self.service.house.database.read(self.service.clock()) as tx:
            found = organizations.domain_named(tx, organizations.require(tx, ORG).id, name)
        assert found is not None
        return found
