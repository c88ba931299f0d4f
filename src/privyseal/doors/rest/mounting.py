"""All routes of REST on one application, with what happens around them."""

from __future__ import annotations

import threading

from fastapi import FastAPI

from privyseal.doors import AnonymousLimit, DoorContext
from privyseal.doors.rest.authentication import Authenticator
from privyseal.doors.rest.errors import install_problem_handlers
from privyseal.doors.rest.intake import Intake
from privyseal.doors.rest.openapi import PREFIX, add_routes


def mount_routes(app: FastAPI, context: DoorContext) -> None:
    """Add the routes, the problem handlers and what happens to every call with a body.

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
