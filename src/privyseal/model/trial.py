"""A trial: an organization that nobody vetted, for thirty days, whose certificates come from a CA that nobody trusts (test drive).

A trial never becomes an organization of the provider; who wants that applies, and is vetted from the beginning. What makes it
one is said twice: by ``Organization.trial_until``, and by the mark before its name, which the administrators' CA certifies with
each of its credentials. Where the two differ nothing is decided, prepared or signed (docs/decisions/0021).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privyseal.model.errors import Refused
from privyseal.model.identifiers import OrganizationId, TrialId
from privyseal.model.organization import TRIAL_MARK, require_record_text, require_slug
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.request import require_text
from privyseal.model.unit import MINIMUM_FIRST_ORDER

CONFIRM_WITHIN: Final = timedelta(days=7)
"""How long the code that was mailed works."""

TRIAL_LIFE: Final = timedelta(days=30)
"""How long a trial goes on; nothing makes it longer."""

TRIAL_UNITS: Final = MINIMUM_FIRST_ORDER
"""How many certificates it may have; nothing is ordered for it."""

MAXIMUM_TRIALS: Final = 500
"""How many go on at the same time; each one costs a little of everything, and strangers begin them."""

TRIAL_POLICY: Final = PolicyDraft(name="test-server", lifetimes_days=(7, 14, 30))
"""What a trial issues by, from its first moment; its people may change that as any organization's do."""

_SLUG_PREFIX: Final = "test-"
_SLUG_CHARACTERS: Final = 40 - len(_SLUG_PREFIX)
_NAME_CHARACTERS: Final = 64 - len(TRIAL_MARK)


class TrialState(enum.Enum):
    """unconfirmed -> started; what nobody confirms lapses."""

    UNCONFIRMED = "unconfirmed"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class TrialForm:
    """What was written, checked for its form: ``name`` and ``slug`` carry their marks already."""

    name: str
    slug: str
    person_name: str
    person_email: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Somebody's wish to try the service; ``organization_id`` is set once the address is confirmed."""

    id: TrialId
    state: TrialState
    form: TrialForm
    code_hash: str
    created_at: datetime
    started_at: datetime | None
    organization_id: OrganizationId | None


def trial_name(name: str) -> str:
    """Return the name of a trial with its mark; raises Refused ``organization-record``, ``text``."""
    text = require_text("name", name.removeprefix(TRIAL_MARK), _NAME_CHARACTERS)
    return TRIAL_MARK + require_record_text("name", text)


def trial_slug(slug: str) -> str:
    """Return the short name of a trial with its mark; raises Refused ``organization-slug``."""
    wanted = slug.strip().lower().removeprefix(_SLUG_PREFIX)
    if len(wanted) > _SLUG_CHARACTERS:
        raise Refused("organization-slug", f"The short name of a trial has at most {_SLUG_CHARACTERS} characters.", field="slug")
    return _SLUG_PREFIX + require_slug(wanted)


def trial_domain(slug: str) -> str:
    """Return the domain that a trial has from the beginning: below ``.test``, which nobody can own (RFC 6761 6.2)."""
    return f"{slug}.test"
