"""Optional wings: one promise per folder, whole, with its model, tables, actions, pages and jobs.

A feature meets the rest of the house at two sockets. A *gate* reads recorded facts inside an action's transaction and
may refuse; a *listener* runs after the commit, from durable work, at least once. ``privyseal.app`` finds the folders
by itself: deleting one removes that promise and nothing else (its tables stay in the database on purpose).

Here stands what app and wings have in common: how a wing says what it listens to (``FEATURE``, a name in its
``__init__``), and the operator's settings that are handed to every wing, whichever are there.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from privyseal.actions.house import House
from privyseal.model.fact import FactKind
from privyseal.store.outbox import OutboxRow

Listener: TypeAlias = Callable[[OutboxRow, str], bool]
"""Hears one fact, and tells whether anything was to be done about it; the text is a message id, the same in every try.

Idempotent; raises to be tried again.
"""


class MailSecurity(enum.Enum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A mail server that takes our letters. ``ca_file`` holds the CAs to trust instead of the system's.

    ``password_file`` is read at each hand-over, so that a changed password needs no restart.
    """

    host: str
    port: int = 587
    security: MailSecurity = MailSecurity.STARTTLS
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Who letters come from and where they go: to a mail server, or into a Maildir (the demo's).

    ``auditor_address`` gets the provider's daily checkpoint; "" for nobody.
    """

    sender_address: str
    sender_name: str = "Privyseal"
    delivery: SmtpSettings | Path = Path("mail")
    auditor_address: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """What a wing brings. ``listens`` names the listeners of each fact; ``make_listeners`` builds all that the wing has.

    The names begin with the wing's folder name and a dot, so that no two wings use the same one. There may be more
    listeners than ``listens`` names: a wing may write outbox rows for itself.
    """

    listens: Mapping[FactKind, tuple[str, ...]]
    make_listeners: Callable[[House, MailSettings], Mapping[str, Listener]]
