"""``seal service``: what the service says of itself."""

from __future__ import annotations

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("service", "The service itself.")


@APP.command
def show(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show the addresses and the id of the service; with --json its roots and log keys too."""
    with open_service(options, desk) as service:
        about = service.get("/service")  # As who we are: the log keys of an organization are shown to its own people.
    rows = [
        ("Service", about.text("service")),
        ("Version", about.maybe("version")),
        ("Address", about.text("base_url")),
        ("For administrators", about.text("administrator_url")),
        ("Status", about.text("status_url")),
    ]
    return Reply(about.fields, words.facts(rows))
