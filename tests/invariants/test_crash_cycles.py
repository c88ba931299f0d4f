"""Kill the service at every numbered step: what it acknowledged is there afterwards, and nothing is there twice (F1).

A child process is killed by SIGKILL at a failpoint or at any moment; then the service starts again, on the same data, with
its clock moved past the time after which the sweep takes a thing for an orphan. Sometimes it is killed again meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from privyseal.actions.audit.compare_logs import compare_logs
from privyseal.actions.house import SWEEP_AFTER
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.publisher import publish_due
from privyseal.jobs.sequencer import LEASE_LIFE, Sequencer
from privyseal.jobs.sweep import sweep
from privyseal.model.request import RequestState
from privyseal.store import audit, requests, revocations
from privyseal.store.failpoints import POINTS
from privyseal.store.log_files import LogFiles
from privyseal.store.outbox import outbox
from tests.rigs.books import certificate_rows, check_books, crl_numbers, revocation_rows, rows
from tests.rigs.crash_worker import LISTENERS, PASSAGES, CrashWorker, Cycle, Ended, plan
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"
RECOVERY_POINTS = (
    "prepare.before-commit",
    "complete.after-signature",
    "complete.after-commit",
    "publish.before-commit",
    "integrate.after-commit",
)
SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Promises:
    """What children told before they died: the service must keep it for ever."""

    submitted: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    issued: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    full_crl: int = 0
    sizes: dict[str, int] = field(default_factory=dict)

    def hear(self, ended: Ended) -> None:
        """Note what one child told."""
        for word, *things in ended.told:
            if word == "submitted":
                self.submitted.add(things[0])
            elif word == "approved":
                self.approved.add(things[0])
            elif word == "issued":
                assert self.issued.setdefault(things[0], things[1]) == things[1]
            elif word == "revoked":
                self.revoked.add(things[0])
            elif word == "published":
                self.full_crl = int(things[0])
            elif word == "integrated":
                self.sizes[things[0]] = int(things[1])
            else:
                assert word == "done", things


@dataclass(slots=True)
class Restarted:
    """The service after a restart, in this process."""

    service: ServiceRig
    promises: Promises = field(default_factory=Promises)
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def files(self) -> LogFiles:
        """Public files of the logs and their copies, as the child writes them."""
        data = self.service.settings.data
        return LogFiles(data / "log", (data / "checkpoints",))

    def recover(self) -> None:
        """What the processes do by themselves within 60 seconds of their start: every time is moved, none is waited for."""
        service = self.service
        sequencer = Sequencer(service.house, service.log_key, self.files, "restarted")
        service.clock.advance(SWEEP_AFTER + SECOND)
        sequencer.turn()
        swept = sweep(service.house, lambda intent_ids: complete_batch(service.house, service.keys, intent_ids))
        assert sweep(service.house, lambda _: None).prepared == 0, swept
        publish_due(service.house, service.keys)
        sequencer.turn()
        service.clock.advance(LEASE_LIFE + SECOND)

    def check(self) -> None:
        """The books agree and every promise is kept."""
        service, promises = self.service, self.promises
        check_books(service)
        with service.house.database.read(service.clock()) as tx:
            state = {row["id"]: row["state"] for row in rows(tx, requests.requests)}
            assert promises.submitted <= state.keys()
            assert {request_id for request_id in promises.approved if state[request_id] != RequestState.ISSUED.value} == set()
            assert set(state.values()) <= {"pending", "issued"}
            issued = {row["request_id"]: row for row in rows(tx, certificate_rows)}
            assert {request_id: issued[request_id]["serial_hex"] for request_id in promises.issued} == promises.issued
            revoked = {row["serial_hex"] for row in issued.values() if row["state"] == "revoked"}
            assert promises.revoked <= revoked <= {row["serial_hex"] for row in rows(tx, revocation_rows)}
            numbers = crl_numbers(tx, service.house.issuing.id)
            assert all(numbers[scope] >= number for scope, number in self.numbers.items())
            assert numbers[revocations.FULL] >= promises.full_crl
            sizes = {log: size for log, (size, _) in audit.newest_checkpoints(tx).items()}
            assert all(sizes[log] >= size for log, size in promises.sizes.items())
            assert compare_logs(tx, service.log_key.vkey, self.files.notes()) == 2 * len(sizes)
            letters = [row["fact"] for row in rows(tx, outbox)]
            assert (letters.count("certificate-issued"), letters.count("certificate-revoked")) == (len(issued), len(revoked))
        self.numbers = numbers


@pytest.fixture(scope="module")
def crash_worker() -> Iterator[CrashWorker]:
    """One fork server for both databases: its start costs more than many cycles."""
    with CrashWorker() as worker:
        yield worker


def test_every_point_is_in_the_plan() -> None:
    walked = {name for name in POINTS if not name.startswith("release.")}
    assert set(PASSAGES) == walked
    assert {cycle.failpoint.partition(":")[0] for cycle in plan(30, seed=0)} == walked | {""}


def test_a_killed_service_keeps_what_it_promised(service: ServiceRig, crash_worker: CrashWorker, long_run: bool) -> None:  # noqa: FBT001 - a fixture
    cycles = 300 if long_run else 30
    service.listeners.update(LISTENERS)
    service.create_organization(units=3 * cycles)
    admin = service.administrator(ORG)
    restarted = Restarted(service)
    publish_due(service.house, service.keys)
    restarted.recover()
    crash_worker.open(service, admin)
    killed = 0
    for cycle in plan(cycles, seed=11):
        ended = crash_worker.run(replace(cycle, offset=service.clock.offset))
        restarted.promises.hear(ended)
        assert ended.is_killed or cycle.kill_after is not None, (cycle, ended)
        killed += ended.is_killed
        if cycle.number % 5 == 0:
            service.clock.advance(SWEEP_AFTER + SECOND)
            point = RECOVERY_POINTS[cycle.number // 5 % len(RECOVERY_POINTS)]
            again = Cycle(cycle.number + cycles, point, work="recover", offset=service.clock.offset)
            restarted.promises.hear(crash_worker.run(again))
        restarted.recover()
        restarted.check()
    assert killed >= cycles * 9 // 10
    assert len(restarted.promises.issued) > cycles // 2
