"""`privyseal serve`: the one command that must not import the rooms. Its children do, and start that much earlier.

Called by ``privyseal.app`` for this command alone and by the whole command line (cli/program.py), which shows its help.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from privyseal.cli.running import empty_program
from privyseal.cli.settings import Settings, read_settings
from privyseal.cli.supervisor import Supervisor
from privyseal.model.errors import Refused

Data = Annotated[Path, Parameter(help="The data directory of the service.")]


def serve(*, data: Data, demo: bool = False) -> None:
    """Run all processes of the service on this machine until SIGTERM.

    Parameters
    ----------
    data
        The data directory of the service.
    demo
        Needed for a demonstration directory, whose root must never be trusted.
    """
    settings = read_settings(data)
    require_demo_flag(settings, demo=demo)
    supervisor = Supervisor(data.resolve(), separate_work=bool(settings.database_url))
    with until_told() as told:
        supervisor.start()
        told.wait()
    supervisor.stop()


def serving_program() -> App:
    """Return the command line that knows `serve` alone."""
    program = empty_program()
    program.command(serve, name="serve")
    return program


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set."""
    event = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: event.set())
    yield event


def require_demo_flag(settings: Settings, *, demo: bool) -> None:
    """Raise Refused ``demo`` for a demonstration directory without the flag, or the flag without one."""
    if settings.demo and not demo:
        raise Refused("demo", "This is a demonstration directory; its root must never be trusted. Serve it with --demo.")
    if demo and not settings.demo:
        raise Refused("demo", "This is no demonstration directory. Serve it without --demo.")
