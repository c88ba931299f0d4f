"""The only module that sees every room: finds the entrances and wings, holds the clock and the source of randomness."""

from __future__ import annotations

import gc
import os
import pkgutil
import resource
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from privyseal.cli.running import run_program
from privyseal.cli.serve import serving_program

if TYPE_CHECKING:
    from privyseal.cli.rooms import Rooms

_Found = TypeVar("_Found")


def now() -> datetime:
    """The clock of every process of the service."""
    return datetime.now(UTC)


def _discover(package: str, attribute: str, kind: type[_Found]) -> tuple[_Found, ...]:
    found = []
    for module in sorted(pkgutil.iter_modules(import_module(package).__path__), key=lambda item: item.name):
        value = getattr(import_module(f"{package}.{module.name}"), attribute, None)
        if isinstance(value, kind):
            found.append(value)
    return tuple(found)


def discover(*, entrances: bool = True) -> Rooms:
    """Return the rooms with every feature, door and site whose folder is there; there is no list to edit.

    A process that lets nobody in needs no ``entrances``: doors and sites are left out then.
    """
    # Imported here and not above: the supervisor of `serve` needs no room, and whoever starts a room waits for seconds.
    from privyseal.cli.rooms import Rooms  # noqa: PLC0415
    from privyseal.features import Feature  # noqa: PLC0415

    rooms = Rooms(now, os.urandom, doors=(), features=_discover("privyseal.features", "FEATURE", Feature))
    if not entrances:
        return rooms
    from privyseal.doors import Door  # noqa: PLC0415
    from privyseal.reception.site import Site  # noqa: PLC0415

    return replace(rooms, doors=_discover("privyseal.doors", "DOOR", Door), sites=_discover("privyseal.pages", "SITE", Site))


def main() -> None:
    """Entry point of the ``privyseal`` command. Nothing it writes is for others, and no core file holds its memory."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    arguments = sys.argv[1:]
    if arguments[:1] == ["serve"]:
        run_program(serving_program(), arguments)
    elif arguments[:1] in (["run"], ["work"]):
        gc.disable()  # Until start_collecting(): modules leave no garbage, and looking for it takes a fifth of the start.
        from privyseal.cli.commands_run import process_program  # noqa: PLC0415 - as above

        run_program(process_program(discover(entrances=arguments[1:2] == ["web"])), arguments)
    else:
        from privyseal.cli.program import make_application  # noqa: PLC0415 - as above

        run_program(make_application(discover()), arguments)


if __name__ == "__main__":
    main()
