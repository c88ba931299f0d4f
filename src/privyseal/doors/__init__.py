"""Ways in for programs: one protocol per folder, whole, with its routes, messages, tables and error mapping.

A door parses bytes to checked values, calls actions and turns their errors into the protocol's own. It decides
nothing. No door knows another, and ``privyseal.app`` finds the folders by itself: deleting one removes that protocol
and nothing else. Each package has a ``DOOR``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI

from privyseal.reception.context import Completed, Issuer
from privyseal.reception.context import EntranceContext as DoorContext
from privyseal.reception.limits import AnonymousLimit
from privyseal.reception.sources import source_of

__all__ = ["AnonymousLimit", "Completed", "Door", "DoorContext", "Issuer", "source_of"]


@dataclass(frozen=True, slots=True)
class Door:
    """One protocol: its name and the function that adds its routes to the application."""

    name: str
    mount: Callable[[FastAPI, DoorContext], None]
