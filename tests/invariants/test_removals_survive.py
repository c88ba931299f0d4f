"""Killed between any two steps, a removal is made wholly or not at all, and the same signature handed in again goes on."""

from __future__ import annotations

import base64
import json

from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.house import About, perform
from privyseal.model.administrator import AdministratorState, Role
from privyseal.model.identifiers import ChangeId
from privyseal.model.role_change import Removal
from privyseal.store import administrators, assignments, audit, changes
from tests.rigs.crash_worker import LISTENERS, CrashWorker, Cycle, Ended
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"
STEPS = ("change.before-applied", "change.before-commit")
ALONE = ("propose.before-settled", *STEPS)
"""The same, where the proposal itself is the only signature that is needed."""


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


def test_killed_at_each_step_of_a_removal_that_one_person_signs(service: ServiceRig) -> None:
    service.listeners.update(LISTENERS)
    service.create_organization()
    fox = service.administrator(ORG, "Fox Mulder")
    leavers = [service.administrator(ORG, f"Leaver {number}", Role.READ_ONLY, by=fox) for number in range(len(ALONE))]
    with CrashWorker() as worker:
        worker.open(service, fox)
        for number, (step, leaver) in enumerate(zip(ALONE, leavers, strict=True), 1):
            change_id, content = service.role_decision(Removal(leaver.administrator.id), ORG)
            signature = service.sign(service.change_statement(change_id, content, ORG, fox.administrator.id), fox)

            def run(failpoint: str, *, proposed: bytes = content, signed: bytes = signature, turn: int = number) -> Ended:
                things = (base64.b64encode(proposed).decode(), base64.b64encode(signed).decode())
                return worker.run(Cycle(turn, failpoint, work="propose-change", offset=service.clock.offset, things=things))

            before = traces(service, leaver, change_id)
            assert before == (AdministratorState.ACTIVE, 1, True, 0, 0)
            assert run(step).is_killed, step
            assert traces(service, leaver, change_id) == before, step
            ended = run("")
            assert ended.told[0] == ("proposed", "applied"), ended
            assert traces(service, leaver, change_id) == (AdministratorState.REMOVED, 0, False, 1, 1), step
