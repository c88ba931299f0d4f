"""What a change says of a CA that is paused or goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from privyseal.model.authority_state import (
    AuthorityState,
    authority_content,
    judge_authority_state,
    paused,
    require_altered,
    require_pausable,
)
from privyseal.model.errors import Conflict, Refused

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GOOD = authority_content("issuing", 1, "The HSM is exchanged", issues=False)


def test_a_state_is_read_as_it_was_written() -> None:
    assert judge_authority_state(GOOD, NOW) == AuthorityState("issuing", 1, issues=False, reason="The HSM is exchanged", at=NOW)


@pytest.mark.parametrize(
    "differing",
    [
        {"authority": ""},
        {"authority": "x" * 41},
        {"authority": "issu\ning"},
        {"authority": 1},
        {"version": 0},
        {"version": True},
        {"version": 2**31},
        {"version": "1"},
        {"issues": 0},
        {"issues": "false"},
        {"issues": None},
        {"reason": ""},
        {"reason": " "},
        {"reason": " so"},
        {"reason": "two\nlines"},
        {"reason": "turned\u202eround"},
        {"reason": "x" * 501},
        {"reason": None},
        {"more": 1},
    ],
)
def test_what_says_something_else_is_refused(differing: dict[str, Any]) -> None:
    with pytest.raises(Refused) as error:
        judge_authority_state(GOOD | differing, NOW)
    assert error.value.kind in {"authority-state", "text"}


@pytest.mark.parametrize("field", sorted(GOOD))
def test_what_lacks_something_is_refused(field: str) -> None:
    with pytest.raises(Refused, match="it has authority, version, issues and reason"):
        judge_authority_state({name: value for name, value in GOOD.items() if name != field}, NOW)


def test_only_a_ca_that_issues_to_organizations_is_paused() -> None:
    require_pausable("issuing", "issuing")
    require_pausable("test-issuing", "test-issuing")
    with pytest.raises(Refused, match="nobody could be let in"):
        require_pausable("administrators", "administrators")
    for root in ("root", "test-root"):
        with pytest.raises(Refused, match="it is a root"):
            require_pausable(root, root)


def test_a_change_that_alters_nothing_is_refused() -> None:
    stop, go = judge_authority_state(GOOD, NOW), judge_authority_state(GOOD | {"issues": True}, NOW)
    require_altered(None, stop)
    require_altered(go, stop)
    require_altered(stop, go)
    for known, wanted in ((None, go), (go, go), (stop, stop)):
        with pytest.raises(Conflict) as error:
            require_altered(known, wanted)
        assert error.value.kind == "authority-unchanged"


def test_whoever_meets_a_pause_is_told_when_to_come_back() -> None:
    assert (paused().kind, paused().retry_after_seconds) == ("authority-paused", 600)
