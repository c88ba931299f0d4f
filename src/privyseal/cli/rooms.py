"""What only app.py knows and hands to the commands: the clock, randomness, and the entrances and wings it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from privyseal.features import Feature
from privyseal.model.identifiers import RandomBytes

if TYPE_CHECKING:
    # A process without entrances imports none.
    from privyseal.doors import Door
    from privyseal.reception.site import Site


@dataclass(frozen=True, slots=True)
class Rooms:
    """``doors``, ``features`` and ``sites`` are in the order of their names."""

    clock: Callable[[], datetime]
    random_bytes: RandomBytes
    doors: tuple[Door, ...]
    features: tuple[Feature, ...]
    sites: tuple[Site, ...] = ()
