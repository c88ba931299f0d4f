"""Policies as TOML files: what was written is read again, and what is hostile is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from privyseal_agent.errors import Refused
from privyseal_agent.policy_file import difference_lines, read_policy_file
from privyseal_wire.policy_file import version_after, write_policy

CONTENT = {
    "type": "privyseal.policy.v2",
    "id": "pol-1",
    "version": 3,
    "name": 'a "b" \\ c',
    "profile": {"id": "tls-server", "version": 1},
    "lifetimes_days": [90, 365],
    "cms_only": False,
    "custom_fields": [],
}


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(write_policy(CONTENT))
    values = read_policy_file(path)
    assert version_after(values, CONTENT, "pol-2") == CONTENT | {"version": 4}
    assert difference_lines(CONTENT, values) == []
    assert difference_lines(CONTENT, values | {"cms_only": True, "lifetimes_days": [90]}) == [
        "Cms only: no -> yes",
        "Lifetimes days: 90, 365 -> 90",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "name = ",
        'name = "a"\nname = "b"',
        'name = "a"\nversion = 9',
        "approvals = 1",
        f"name = {'[' * 20_000}",
        f'name = "a"\napprovals = {"9" * 5_000}',
        'name = "a"\nlife = 1.5',
        'name = "a"\nsince = 2026-11-22',
        f'name = "{"x" * 60_000}"',
    ],
    ids=["broken", "twice", "a number of its own", "nameless", "deep", "long number", "float", "date", "huge"],
)
def test_what_is_hostile_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(Refused) as error:
        read_policy_file(path)
    assert error.value.kind == "policy-file"
