"""Killed between any two steps, a removal is made wholly or not at all, and the same signature handed in again goes on."""

from __future__ import annotations

import base64
import json

from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.house import About, perform
from privyseal.model.administrator import AdministratorState
from privyseal.model.identifiers import ChangeId
from privyseal.model.role_change import Removal
from privyseal.store import administrators, assignments, audit, changes
from tests.rigs.crash_worker import LISTENERS, CrashWorker, Cycle, Ended
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"
STEPS = ("change.before-applied", "change.before-commit")


def traces(service: ServiceRig, whom: AdministratorRig, change_id: str) -> tuple[AdministratorState, int, bool, int, int]:
    """Where the person stands, the roles held, whether a credential counts, the signatures kept and how often the log has it as applied."""
    person = service.renewed(whom).administrator
    with service.house.database.read(service.clock()) as tx:
        held = [item for item in assignments.ever_of(tx, person.id) if item.ended_at is None]
        usable = any(item.is_usable(tx.now) for item in administrators.credentials_of(tx, person.id))
        kept = changes.signatures_of(tx, ChangeId(change_id))
        entries = [json.loads(entry)["action"] for entry in audit.of_objects(tx, f"o-{ORG}", [change_id])]
    return person.state, len(held), usable, len(kept), entries.count("apply-change")


def test_killed_at_each_step(service: ServiceRig) -> None:
    service.listeners.update(LISTENERS)
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    dana = service.administrator(ORG, "Dana Scully", by=fox)
    leavers = [service.administrator(ORG, f"Leaver {number}", by=fox) for number in range(len(STEPS))]
    with CrashWorker() as worker:
        worker.open(service, fox)
        for number, (step, leaver) in enumerate(zip(STEPS, leavers, strict=True), 1):
            change_id, content = service.role_decision(Removal(leaver.administrator.id), ORG)
            first, second = (service.sign(service.change_statement(change_id, content, ORG, by.administrator.id), by) for by in (fox, dana))
            perform(service.house, fox.actor, About("propose-change", ORG, "change", "new"), propose_change, ORG, content, first)

            def run(failpoint: str, *, change: str = change_id, signature: bytes = second, turn: int = number) -> Ended:
                things = (change, base64.b64encode(signature).decode())
                return worker.run(Cycle(turn, failpoint, work="sign", offset=service.clock.offset, things=things))

            before = traces(service, leaver, change_id)
            assert before == (AdministratorState.ACTIVE, 2, True, 1, 0)
            assert run(step).is_killed, step
            assert traces(service, leaver, change_id) == before, step
            ended = run("")
            assert ended.told[0] == ("signed", "applied"), ended
            assert traces(service, leaver, change_id) == (AdministratorState.REMOVED, 0, False, 2, 1), step
