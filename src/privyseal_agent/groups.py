"""What all command groups share: how a group is made, and how a command gets its desk and its service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import App, Parameter

from privyseal_agent.desk import Desk
from privyseal_agent.errors import UsageError
from privyseal_agent.private_files import read_secret
from privyseal_agent.rest.client import Service
from privyseal_agent.settings import ServiceOptions, Settings, resolve

AtDesk: TypeAlias = Annotated[Desk, Parameter(parse=False)]
"""A parameter that ``application`` fills in; it is no option."""

Reason: TypeAlias = Literal[
    "unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"
]
"""Reasons to revoke (RFC 5280 5.3.1), as statements write them."""

# No --no-json and --empty-name beside each option, and no defaults where the sentence says them.
OPTION_STYLE = Parameter(negative=(), show_default=False)


def group(name: str, text: str) -> App:
    """Return an empty group of commands, such as ``seal request``."""
    return App(name=name, help=text, default_parameter=OPTION_STYLE, version_flags=())


def open_service(options: ServiceOptions, desk: Desk) -> Service:
    """Return the conversation that the options, the environment and the settings file ask for."""
    return Service(resolve(options, desk.environment), desk)


def open_anonymously(options: ServiceOptions, desk: Desk) -> Service:
    """Return the same without any credential, for what anybody may do: what would prove who one is may be what is lost."""
    settings = resolve(options, desk.environment)
    return Service(Settings(service=settings.service, organization=settings.organization, root=settings.root), desk)


def challenge_phrase(file: Path | None, desk: Desk, *, new: bool = False) -> str:
    """Return the challenge phrase from a file or from the person, who types a new one twice."""
    if file is not None:
        return read_secret(file, "the challenge phrase")
    phrase = desk.secret("challenge phrase", "--phrase-file")
    if new and desk.secret("same challenge phrase again", "--phrase-file") != phrase:
        raise UsageError("phrase", "The two challenge phrases differ, so nothing was sent. Try again.")
    return phrase
