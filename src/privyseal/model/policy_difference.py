"""What differs between two versions of a policy, field by field, in the values of their canonical content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from privyseal.model.policy import Policy, policy_content

_NUMBERS = frozenset({"type", "id", "version"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field; ``before`` is None where there was no version before."""

    field: str
    before: object
    after: object


def differences(before: Policy | None, after: Policy) -> list[Difference]:
    """Return what differs; everything where there was nothing before. Versions of the form 1 are compared by what they mean."""
    old: Mapping[str, object] = policy_content(before) if before else {}
    new = policy_content(after)
    return [Difference(name, old.get(name), value) for name, value in new.items() if name not in _NUMBERS and old.get(name) != value]
