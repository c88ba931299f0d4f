"""The `privyseal` command of the operator. Each group's commands stand in a module of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import App, Parameter

from privyseal.cli.commands_audit import audit_commands
from privyseal.cli.commands_authority import authority_commands
from privyseal.cli.commands_demo import demo_commands
from privyseal.cli.commands_letters import letter_commands
from privyseal.cli.commands_people import people_commands
from privyseal.cli.commands_service import service_commands
from privyseal.cli.rooms import Rooms
from privyseal.model.errors import PrivysealError
from privyseal_wire.errors import WireError

Data = Annotated[Path, Parameter(help="The data directory of the service.")]

REFUSED, USAGE, UNAVAILABLE = 1, 2, 3


def make_application(rooms: Rooms) -> App:
    """Return the commands with their help, for a run of them and for docs/reference/privyseal.md."""
    program = App(name="privyseal", help="Run a Privyseal service: keys, processes, people, evidence.", version=version("privyseal"))
    service_commands(program, rooms)
    people_commands(program, rooms)
    letter_commands(program, rooms)
    audit_commands(program, rooms)
    authority_commands(program, rooms)
    demo_commands(program, rooms)
    return program


def make_program(rooms: Rooms) -> Callable[[Sequence[str]], None]:
    """Return the command line: call it with the arguments; it ends the process with 0, 1 (refused), 2 (usage) or 3."""
    program = make_application(rooms)

    def run(arguments: Sequence[str]) -> None:
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
        try:
            program(list(arguments))
        except (PrivysealError, WireError) as error:
            print(error.sentence, file=sys.stderr)
            raise SystemExit(REFUSED) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except FileNotFoundError as error:
            print(f"{error.filename} does not exist.", file=sys.stderr)
            raise SystemExit(USAGE) from None

    return run
