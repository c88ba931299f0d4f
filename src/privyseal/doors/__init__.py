"""Ways in for programs: one protocol per folder, whole, with its routes, messages, tables and error mapping.

A door parses bytes to checked values, calls actions and turns their errors into the protocol's own. It decides
nothing. No door knows another, and ``privyseal.app`` finds the folders by itself: deleting one removes that protocol
and nothing else. Each package has a ``DOOR``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from privyseal.reception.context import Completed, Issuer
from privyseal.reception.context import EntranceContext as DoorContext
from privyseal.reception.limits import AnonymousLimit
from privyseal.reception.sources import source_of

if TYPE_CHECKING:
    from fastapi import FastAPI  # At run time a door imports it when it is mounted: pages do without it.

__all__ = ["AnonymousLimit", "Completed", "Door", "DoorContext", "Issuer", "source_of"]


@dataclass(frozen=True, slots=True)
class Door:
    """One protocol: its name, how its addresses begin, and the function that adds its routes to the application of the doors.

    ``mount`` is called when somebody first comes to such an address, or when the start of the process is over. What is
    large is imported in it, so that nobody waits for a door that is not his.
    """

    name: str
    prefix: str
    mount: Callable[[FastAPI, DoorContext], None]
