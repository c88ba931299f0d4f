"""`privyseal letters`: what could not be delivered, and trying it now. A letter's content and its addressee are not shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from privyseal.actions.audit.retry_deliveries import retry_deliveries
from privyseal.actions.house import About, House, perform
from privyseal.cli.commands_people import OPERATOR
from privyseal.cli.house_setup import house_for_command
from privyseal.cli.rooms import Rooms
from privyseal.model.actor import Actor
from privyseal.model.errors import NotFound
from privyseal.store import outbox
from privyseal.store.database import Transaction
from privyseal.store.outbox import Undelivered

Data = Annotated[Path, Parameter(help="The data directory of the service.")]
LONGEST_REASON: Final = 120

_ADDRESS = re.compile(r"\S+@\S+")


def letter_commands(program: App, rooms: Rooms) -> None:
    """Add the group to ``program``."""
    group = App(name="letters", help="Letters and other messages that could not be delivered.")
    group.command(_list(rooms), name="list")
    group.command(_retry(rooms), name="retry")
    program.command(group)


def _list(rooms: Rooms) -> Callable[..., None]:
    def list_letters(*, data: Data, limit: int = 100) -> None:
        """List what failed and is not delivered, oldest first: id, what it tells, since when, tries, why the last one failed.

        Parameters
        ----------
        data
            The data directory of the service.
        limit
            How many are listed.
        """
        with house_for_command(data, rooms) as house, house.database.read(house.clock()) as tx:
            number, rows = outbox.count_failing(tx), outbox.failing(tx, limit)
        for row in rows:
            print(_line(row))
        print(f"{number} not delivered." if number else "Everything was delivered, or waits for its first try.")

    return list_letters


def _retry(rooms: Rooms) -> Callable[..., None]:
    def retry(*letters: str, data: Data) -> None:
        """Have undelivered letters tried now, also those given up after four days; the running service does it within seconds.

        Parameters
        ----------
        letters
            Ids as `letters list` shows them; all when left out.
        data
            The data directory of the service.
        """
        about = About("retry-deliveries", "", "outbox", letters[0] if len(letters) == 1 else "all")
        with house_for_command(data, rooms) as house:
            queued = perform(house, OPERATOR, about, _retry_each, letters)
        print(f"{len(queued)} queued. Look again with `privyseal letters list`.")

    return retry


def _retry_each(house: House, tx: Transaction, actor: Actor, letters: Sequence[str]) -> list[str]:
    """All that were named or none: somebody who types an id wants to know that it is wrong."""
    queued = retry_deliveries(house, tx, actor, letters or None)
    unknown = sorted(set(letters) - set(queued))
    if unknown:
        raise NotFound("not-found", f"Nothing was queued: {', '.join(unknown)} did not fail, was delivered, or does not exist.")
    return queued


def _line(row: Undelivered) -> str:
    """One row on one line; a mail address that a server repeated in its answer is left out."""
    why = _ADDRESS.sub("(address)", row.failure)[:LONGEST_REASON]
    return f"{row.id}  {row.fact} by {row.listener}  since {row.created_at:%Y-%m-%d %H:%M}Z  {row.attempts} tries  {why}"
