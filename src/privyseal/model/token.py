"""What a program's token may be, and why one is taken away."""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Final

from privyseal.model.administrator import TOKEN_SCOPES, Permission
from privyseal.model.errors import Refused
from privyseal.model.request import require_text

LONGEST_LIFE_DAYS: Final = 397
NAME_CHARACTERS: Final = 64


class TokenEnd(enum.Enum):
    """Why a token is taken away; stands in the audit log."""

    UNUSED = "unused"
    EXPOSED = "exposed"
    REPLACED = "replaced"
    OTHER = "other"


def read_token_end(text: str) -> TokenEnd:
    """Return the reason of this name; raises Refused ``reason``."""
    found = next((end for end in TokenEnd if end.value == text), None)
    if found is None:
        raise Refused("reason", "Choose a reason.", field="reason")
    return found


def require_token_name(name: str) -> str:
    """Return the name of a token; raises Refused ``name``."""
    return require_text("name", name, NAME_CHARACTERS)


def require_token_scopes(scopes: Collection[Permission]) -> frozenset[Permission]:
    """Return what a token may do; raises Refused ``token-scope`` for nothing, and for what needs a person."""
    if not scopes or not set(scopes) <= TOKEN_SCOPES:
        sentence = "Choose at least one thing that the token may do. Approving and revoking need a person's signature."
        raise Refused("token-scope", sentence, field="scopes")
    return frozenset(scopes)


def require_token_life(days: int) -> int:
    """Return the days a token lives; raises Refused ``token-life``."""
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        raise Refused("token-life", f"A token lives 1 to {LONGEST_LIFE_DAYS} days.", field="days")
    return days
