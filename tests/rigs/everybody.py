"""One service with a department tree, one of everything in each part of it, and somebody of every role within each scope."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from privyseal.actions.access_review.make_access_reviews import make_access_reviews
from privyseal.actions.department.move_administrator import move_administrator
from privyseal.actions.house import About, perform
from privyseal.actions.session.start_session import start_session
from privyseal.actions.sign_on.link_identity import link_identity
from privyseal.actions.sign_on.set_sign_on import set_sign_on
from privyseal.actions.sign_on.start_reading_session import start_reading_session
from privyseal.model.actor import ANONYMOUS, SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.certificate import Certificate
from privyseal.model.identifiers import DepartmentId
from privyseal.model.request import Request
from privyseal.model.session import PROVIDER_AUDIENCE, IdentityProof
from privyseal.model.sign_on import SignOnAttempt, SignOnSettings, Vouched
from privyseal.model.statement import utc_text
from privyseal.reception.cookies import session_cookie
from tests.rigs.changes import Proposed
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

ORG: Final = "resource-marketing"
OTHER: Final = "hoffman-brandt"
THIRD: Final = "langly-ltd"
"""Nobody's yet: what the provider's people do, they do to this one."""

SPARE: Final = "spare.test"
"""A domain that may be removed: nobody asks for names below it."""

OWN, BELOW, BESIDE, ABOVE = "own department", "below it", "another department", "the organization itself"
FOREIGN: Final = "another organization"
PLACES: Final = (OWN, BELOW, BESIDE, ABOVE, FOREIGN)
"""Where something lies, seen by somebody whose role is for one department."""

WHOLE, PART, NOWHERE, ELSEWHERE, STAFF = "whole organization", "own department", "no role", "another organization", "provider"
PROGRAM, STRANGER = "API token", "unknown"
READERS: Final = {("security-administrator", WHOLE), ("auditor", WHOLE), ("department-administrator", PART)}
"""Who comes in through the organization's own sign-on as well: what is left of a right does not depend on what was taken from it."""

QUARTER: Final = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with one role within one scope, a program, or a stranger; ``role`` is "" for whoever has none.

    ``rig`` is the person, None for strangers and for programs, whose ``token`` names its one right; ``is_reader`` came in through the
    organization's own sign-on.
    """

    role: str
    scope: str
    rig: AdministratorRig | None = None
    token: str = ""
    is_reader: bool = False

    @property
    def words(self) -> str:
        """Who it is, in a deviation."""
        return f"{self.role or 'nobody'} ({self.scope}{f': {self.token}' if self.token else ', own sign-on' if self.is_reader else ''})"

    @property
    def person(self) -> AdministratorRig:
        """Who signs; only for people."""
        assert self.rig is not None, self.words
        return self.rig


@dataclass(slots=True)
class Everybody:
    """``people`` hold one role each; ``departments`` are those of ``PLACES``.

    ``known`` has every request by its id, ``changes`` those that are open.
    """

    service: ServiceRig
    fox: AdministratorRig
    helen: AdministratorRig
    people: list[Somebody]
    departments: dict[str, DepartmentId | None]
    vouched: dict[str, Vouched] = field(default_factory=dict)
    known: dict[str, Request] = field(default_factory=dict)
    changes: dict[str, Proposed] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def number(self) -> int:
        """One that was not there before, for a name."""
        return next(self._numbers)

    def request(self, place: str) -> Request:
        """A new request there."""
        slug = OTHER if place == FOREIGN else ORG
        csr = make_csr([f"h{self.number()}.{slug}.test"], make_key())
        request = self.service.submit(slug, csr, department=self.departments[place] or "")
        self.known[request.id] = request
        return request

    def certificate(self, place: str) -> Certificate:
        """A new certificate there."""
        request = self.request(place)
        self.service.approve(request, self.helen if place == FOREIGN else self.fox)
        assert [done.ok for done in self.service.prepare_and_complete(request.id)] == [True]
        certificate = self.service.certificate_of(request)
        assert certificate is not None
        return certificate

    def newcomer(self, place: str) -> AdministratorRig:
        """Somebody without rights who belongs there, seen by whoever reads there."""
        slug, by = (OTHER, self.helen) if place == FOREIGN else (ORG, self.fox)
        person = self.service.administrator(slug, f"Person {self.number()}", Role.READ_ONLY, by=by)
        about = About("set-up", slug, "administrator", person.administrator.id)
        department = self.departments[place]
        if department is not None:
            perform(self.service.house, by.actor, about, move_administrator, slug, person.administrator.id, department)
        return person

    def session(self, who: Somebody) -> dict[str, str]:
        """The cookie of a person who came in just now: with the credential, or through the own sign-on."""
        person, house = who.person, self.service.house
        audience = person.organization or PROVIDER_AUDIENCE
        about = About("sign-in", person.organization, "administrator", person.administrator.id)
        if who.is_reader:
            started = perform(house, ANONYMOUS, about, start_reading_session, audience, self.vouched[person.administrator.id], "", "")
        else:
            started = perform(house, ANONYMOUS, about, start_session, _proof(person), "")
        return {"Cookie": f"{session_cookie(audience)}={started.token}"}

    def end(self) -> str:
        """When a statement of today ends."""
        return utc_text(self.service.clock() + timedelta(minutes=5))

    def signed(self, content: bytes, by: AdministratorRig) -> str:
        """A signature as REST takes it."""
        return base64.b64encode(self.service.sign(content, by)).decode()


@contextmanager
def everybody(service: ServiceRig, roles: Iterable[tuple[str, str]]) -> Iterator[Everybody]:
    """Let the people of these roles in, each with the widest scope that it is given for; closed at the end."""
    service.create_organization(ORG, domains=["resource-marketing.test", SPARE], units=500)
    service.create_organization(OTHER, name="Hoffman Brandt Ltd", domains=[f"{OTHER}.test"], units=50)
    service.create_organization(THIRD, name="Langly Ltd", domains=[f"{THIRD}.test"], units=0, vet=False)
    fox, helen = service.administrator(ORG, "Fox Mulder"), service.administrator(OTHER, "Helen Brandt")
    own, beside = service.department(fox, "Agency X"), service.department(fox, "Agency Y")
    below = service.department(fox, "Motor vehicles", own.id)
    foreign = service.department(helen, "Agency Z")
    people = [
        Somebody(name, scope, _with_role(service, fox, name, scope, own.id if scope == PART else None))
        for name, widest in roles
        for scope in ((STAFF,) if widest == "provider" else (WHOLE, PART) if widest == "department" else (WHOLE,))
    ]
    nobody = service.administrator(ORG, "No Role", Role.READ_ONLY, by=fox)
    people.append(Somebody("", NOWHERE, service.assign(nobody, Role.READ_ONLY, by=fox, change="take")))
    people.append(Somebody("security-administrator", ELSEWHERE, helen))
    service.clock.advance(QUARTER)
    service.integrate()
    while perform(service.house, SYSTEM, About("make-access-review", "", "service", "all"), make_access_reviews):
        pass
    departments = {OWN: own.id, BELOW: below.id, BESIDE: beside.id, ABOVE: None, FOREIGN: foreign.id}
    house = Everybody(service, fox, helen, people, departments)
    _let_read(house, [who for who in people if (who.role, who.scope) in READERS])
    people.append(Somebody("", STRANGER))
    service.integrate()
    yield house
    service.close()


def _with_role(service: ServiceRig, fox: AdministratorRig, name: str, scope: str, department: DepartmentId | None) -> AdministratorRig:
    role = Role(name)
    if scope == STAFF:
        return service.administrator("", name.replace("-", " ").title(), role)
    person = service.administrator(ORG, f"{name} {scope}".replace("-", " ").title(), Role.READ_ONLY, by=fox)
    if (role, scope) != (Role.READ_ONLY, WHOLE):
        service.assign(person, role, by=fox, department=department)
        person = service.assign(person, Role.READ_ONLY, by=fox, change="take")
    return person


def _proof(person: AdministratorRig) -> IdentityProof:
    return IdentityProof(person.organization or PROVIDER_AUDIENCE, person.administrator.id, hashes_hex(person.certificate_der))


def _let_read(house: Everybody, people: list[Somebody]) -> None:
    """Link these people with accounts of the organization's own sign-on; each of them then comes in that way as well."""
    service, fox = house.service, house.fox
    about = About("set-up", ORG, "sign-on", "new")
    sign_on = perform(service.house, fox.actor, about, set_sign_on, ORG, SignOnSettings("https://sign-on.test", "privyseal"))
    for who in people:
        person = who.person
        session = perform(service.house, ANONYMOUS, about, start_session, _proof(person), "").session
        digest = hashes_hex(person.administrator.id.encode())
        ends, owner = service.clock() + timedelta(minutes=5), person.administrator.id
        attempt = SignOnAttempt(digest, sign_on.id, ORG, digest, ends, owner, session.id)
        house.vouched[owner] = Vouched(attempt, sign_on, owner)
        perform(service.house, person.actor, about, link_identity, ORG, session, house.vouched[owner])
        house.people.append(replace(who, is_reader=True))
