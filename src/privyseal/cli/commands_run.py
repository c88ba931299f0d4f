"""`privyseal run` and `work`: one process of the service. ``privyseal.app`` asks for these two alone, so that they start sooner."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from privyseal.cli.processes import only_one
from privyseal.cli.rooms import Rooms
from privyseal.cli.running import empty_program
from privyseal.cli.settings import read_settings
from privyseal.model.errors import Refused

Data = Annotated[Path, Parameter(help="The data directory of the service.")]


def process_program(rooms: Rooms) -> App:
    """Return the command line that knows `run` and `work` alone."""
    program = empty_program()
    run_commands(program, rooms)
    return program


def run_commands(program: App, rooms: Rooms) -> None:
    """Add the commands to ``program``."""
    program.command(_work(rooms), name="work")
    program.command(_run(rooms), name="run")


def _work(rooms: Rooms) -> Callable[..., None]:
    def work(*, data: Data) -> None:
        """Do background work on one more machine of a service on PostgreSQL, until SIGTERM.

        Parameters
        ----------
        data
            The data directory of the service on this machine.
        """
        settings = read_settings(data)
        if not settings.database_url:
            raise Refused("work", "With the embedded database the web process does this work; a work process needs PostgreSQL.")
        from privyseal.cli.work_process import run_work  # noqa: PLC0415 - each process imports what it needs itself

        run_work(settings, rooms, f"{socket.gethostname()}-{os.getpid()}"[:64])

    return work


def _run(rooms: Rooms) -> Callable[..., None]:
    def run(process: Literal["issuer", "web"], /, *, data: Data) -> None:
        """Run one process of the service until SIGTERM; `serve` runs them all.

        Parameters
        ----------
        process
            Which one. The work process is `privyseal work`, the status process `python -m privyseal.status`.
        data
            The data directory of the service.
        """
        settings = read_settings(data)
        if process == "issuer":
            from privyseal.cli.issuer_process import run_issuer  # noqa: PLC0415 - as above

            with only_one(settings, "issuer"):
                run_issuer(settings, rooms)
            return
        from privyseal.cli.web_process import run_web  # noqa: PLC0415 - as above

        if settings.database_url:
            run_web(settings, rooms, None)
        else:
            with only_one(settings, "web and work"):
                run_web(settings, rooms, "local")

    return run
