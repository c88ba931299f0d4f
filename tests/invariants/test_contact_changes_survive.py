"""Killed between any two steps, a change of a contact is made wholly or not at all, and the same answer given again goes on."""

from __future__ import annotations

import json

import sqlalchemy as sa

from privyseal.model.application import ContactKind
from privyseal.model.contact_change import ContactChange
from privyseal.model.fact import FactKind
from privyseal.store import applications, audit, contact_changes, organizations, outbox
from tests.rigs.crash_worker import LISTENERS, CrashWorker, Cycle, Ended
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"
STEPS = ("contact.after-count", "contact.after-yes", "contact.before-applied", "contact.before-commit")


def found(service: ServiceRig) -> list[ContactChange]:
    with service.house.database.read(service.clock()) as tx:
        return contact_changes.of_organization(tx, organizations.require(tx, ORG).id)


def codes(service: ServiceRig, change: ContactChange) -> list[str]:
    """The codes of both letters about a change."""
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.CONTACT_ASKED.value))
        return [str(row.payload["code"]) for row in rows if row.payload["contact_change"] == change.id]


def traces(service: ServiceRig, change: ContactChange) -> tuple[str, int, int, int]:
    """The corporate contact, and how often the change stands in the history, in the organization's log as made, and in letters."""
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        history = [item for item in applications.contacts_of(tx, organization.id) if item.kind is ContactKind.CORPORATE]
        entries = [json.loads(entry) for entry in audit.of_objects(tx, f"o-{ORG}", [change.id])]
        closed = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.CONTACT_CHANGE_CLOSED.value))
        told = [row for row in closed if row.payload["contact_change"] == change.id]
        made = [entry for entry in entries if entry["action"] == "apply-contact-change"]
        return organization.contact_email, sum(item.email == change.email for item in history), len(made), len(told)


def test_killed_at_each_step(service: ServiceRig) -> None:
    service.listeners.update(LISTENERS)
    service.create_organization()
    fox = service.administrator(ORG)
    with CrashWorker() as worker:
        worker.open(service, fox)

        def run(number: int, work: str, *things: str, failpoint: str = "") -> Ended:
            ended = worker.run(Cycle(number, failpoint, work=work, offset=service.clock.offset, things=things))
            assert ended.is_killed == bool(failpoint), ended
            return ended

        assert run(0, "propose", "first@resource-marketing.test", failpoint="contact.before-letters").told == ()
        assert found(service) == []
        for number, step in enumerate(STEPS, 1):
            email = f"number-{number}@resource-marketing.test"
            run(number, "propose", email)
            [change] = [item for item in found(service) if item.end is None]
            before = traces(service, change)[0]
            asked = codes(service, change)
            assert len(asked) == 2
            # The last passage of each step is that of the second yes, with which the change is made.
            turn = 2 if step in {"contact.after-count", "contact.after-yes"} else 1
            ended = run(number, "answer", change.id, *asked, failpoint=f"{step}:{turn}")
            assert ended.told == (("answered", ""),)
            assert traces(service, change) == (before, 0, 0, 0), step
            again = run(number, "answer", change.id, *asked)
            assert again.told == (("answered", ""), ("answered", "applied"), ("done",)), step
            assert traces(service, change) == (email, 1, 1, 1), step
            run(number, "answer", change.id, *asked)
            assert traces(service, change) == (email, 1, 1, 1), step
