"""REST: JSON over https for programs and for `seal`; OpenAPI at ``/api/v1/openapi.json``, problems as RFC 9457.

``routes_*.py`` hold the routes of one noun each. Nothing is decided here: bodies are parsed, the caller is
authenticated, an action is called, its result is shown.
"""

from __future__ import annotations

import threading

from fastapi import FastAPI

from privyseal.doors import AnonymousLimit, Door, DoorContext
from privyseal.doors.rest.authentication import Authenticator
from privyseal.doors.rest.errors import install_problem_handlers
from privyseal.doors.rest.intake import Intake
from privyseal.doors.rest.openapi import PREFIX, add_routes


def mount(app: FastAPI, context: DoorContext) -> None:
    """Add the routes, the problem handlers and what happens to every POST.

    ``app.state.stopping`` ends the event streams when the process is to end; whoever serves the application sets it.
    """
    authenticator = Authenticator(context, AnonymousLimit(context.house.clock))
    app.state.rest = context
    app.state.authenticator = authenticator
    app.state.streams = set()
    if not hasattr(app.state, "stopping"):
        app.state.stopping = threading.Event()
    install_problem_handlers(app)
    app.add_middleware(Intake, context=context, authenticator=authenticator, prefix=PREFIX)
    add_routes(app)


DOOR = Door("rest", mount)
