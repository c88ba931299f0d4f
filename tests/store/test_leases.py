"""Leases on both databases: one holder, fencing, and an end that no wrong clock can push away (F24, P5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privyseal.actions.audit.integrate_audit_log import LEASE, Holder, integrate_audit_log
from privyseal.jobs.sequencer import Sequencer
from privyseal.model.actor import SYSTEM
from privyseal.model.errors import Conflict
from privyseal.store import audit
from privyseal.store.audit import LONGEST_LEASE
from privyseal.store.log_files import LogFiles
from tests.rigs.service import ServiceRig

LIFE = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


def take(service: ServiceRig, holder: str, *, ahead: timedelta = timedelta(0), life: timedelta = LIFE) -> int | None:
    """What a process gets whose clock is ahead by this much."""
    with service.house.database.write(service.clock() + ahead) as tx:
        return audit.take_lease(tx, "test", holder, tx.now + life)


def test_one_holder_at_a_time_and_a_new_token_for_the_next(service: ServiceRig) -> None:
    assert take(service, "a") == 1
    assert take(service, "b") is None
    assert take(service, "a") == 1
    assert take(service, "b", ahead=LIFE + SECOND) == 2
    with service.house.database.write(service.clock()) as tx:
        assert not audit.require_lease(tx, "test", "a", 1)
        assert audit.require_lease(tx, "test", "b", 2)


@pytest.mark.parametrize("ahead", [timedelta(minutes=1), timedelta(days=400)])
def test_a_lease_from_a_clock_that_was_ahead_is_taken_over(service: ServiceRig, ahead: timedelta) -> None:
    assert take(service, "ahead", ahead=ahead) == 1
    assert take(service, "right") == 2
    assert take(service, "ahead") is None
    # The same process takes its own back as well, when its clock was set right.
    assert take(service, "right", ahead=ahead) == 2
    assert take(service, "right") == 2
    assert take(service, "ahead") is None


def test_clocks_that_differ_by_seconds_take_nothing_from_each_other(service: ServiceRig) -> None:
    assert take(service, "a", ahead=LONGEST_LEASE - LIFE - SECOND) == 1
    assert take(service, "b") is None


def test_no_lease_is_handed_out_for_longer_than_the_bound(service: ServiceRig) -> None:
    assert take(service, "greedy", life=timedelta(days=1)) == 1
    assert take(service, "next", ahead=LONGEST_LEASE - SECOND) is None
    assert take(service, "next", ahead=LONGEST_LEASE + SECOND) == 2


def test_the_sequencer_goes_on_after_a_clock_was_set_back(service: ServiceRig) -> None:
    """And what the process with the wrong clock had under way is refused by its old token."""
    files = LogFiles(service.settings.data / "log", ())
    with service.house.database.write(service.clock() + timedelta(hours=2)) as tx:
        token = audit.take_lease(tx, LEASE, "wrong", tx.now + LIFE)
    assert token is not None
    service.create_organization()
    assert Sequencer(service.house, service.log_key, files, "right").turn() > 0
    with service.house.database.write(service.clock()) as tx, pytest.raises(Conflict) as lost:
        integrate_audit_log(service.house, tx, SYSTEM, service.log_key, Holder("wrong", token), anchor=False)
    assert lost.value.kind == "lease"
