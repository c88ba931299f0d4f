"""The only module that sees every room: finds the entrances and wings, holds the clock and the source of randomness."""

from __future__ import annotations

import os
import pkgutil
import resource
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import TypeVar

import privyseal.doors
import privyseal.features
import privyseal.pages
from privyseal.cli.program import make_program
from privyseal.cli.rooms import Rooms
from privyseal.doors import Door
from privyseal.features import Feature
from privyseal.reception.site import Site

_Found = TypeVar("_Found")


def now() -> datetime:
    """The clock of every process of the service."""
    return datetime.now(UTC)


def _discover(package: str, path: list[str], attribute: str, kind: type[_Found]) -> tuple[_Found, ...]:
    found = []
    for module in sorted(pkgutil.iter_modules(path), key=lambda item: item.name):
        value = getattr(import_module(f"{package}.{module.name}"), attribute, None)
        if isinstance(value, kind):
            found.append(value)
    return tuple(found)


def discover() -> Rooms:
    """Return the rooms with every door, feature and site whose folder is there; there is no list to edit."""
    return Rooms(
        clock=now,
        random_bytes=os.urandom,
        doors=_discover("privyseal.doors", list(privyseal.doors.__path__), "DOOR", Door),
        features=_discover("privyseal.features", list(privyseal.features.__path__), "FEATURE", Feature),
        sites=_discover("privyseal.pages", list(privyseal.pages.__path__), "SITE", Site),
    )


def main() -> None:
    """Entry point of the ``privyseal`` command. Nothing it writes is for others, and no core file holds its memory."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    make_program(discover())(sys.argv[1:])


if __name__ == "__main__":
    main()
