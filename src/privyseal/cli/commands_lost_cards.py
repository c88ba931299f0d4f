"""`privyseal lost-card`: what corporate contacts have confirmed, and concluding it by the operator on the machine, after the call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from privyseal.actions.house import About, perform
from privyseal.actions.lost_card.conclude_lost_card import conclude_lost_card
from privyseal.cli.commands_people import OPERATOR
from privyseal.cli.house_setup import house_for_command
from privyseal.cli.rooms import Rooms
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import LostCardEnd
from privyseal.store import administrators, lost_cards, organizations

Data = Annotated[Path, Parameter(help="The data directory of the service.")]
SHOWN = 200


def lost_card_commands(program: App, rooms: Rooms) -> None:
    """Add the group to ``program``."""
    group = App(name="lost-card", help="Lost cards that a corporate contact has confirmed: list, and conclude after the call.")
    group.command(_list(rooms), name="list")
    group.command(_conclude(rooms), name="conclude")
    program.command(group)


def _list(rooms: Rooms) -> Callable[..., None]:
    def list_lost_cards(*, data: Data) -> None:
        """List the reports that were confirmed; those that wait for a call come first.

        Parameters
        ----------
        data
            The data directory of the service.
        """
        with house_for_command(data, rooms) as house, house.database.read(house.clock()) as tx:
            found = lost_cards.newest(tx, SHOWN)
            whose = organizations.get_many(tx, [lost.organization_id for lost in found])
            names = administrators.names_of(tx, [lost.administrator_id for lost in found])
        for lost in found:
            end, slug = lost.end.value if lost.end else "call back", whose[lost.organization_id].slug
            print(f"{lost.id}  {lost.confirmed_at:%Y-%m-%d %H:%M} UTC  {end:<9}  {slug}  {names[lost.administrator_id]}")

    return list_lost_cards


def _conclude(rooms: Rooms) -> Callable[..., None]:
    def conclude(report: str, end: LostCardEnd, /, *, data: Data, note: str) -> None:
        """Conclude a report after the call.

        With revoked, everything that the person signs in and decides with ends at once. With left the person is removed as well, which
        is refused while enough people there can sign it themselves.

        Parameters
        ----------
        report
            Id of the report, as `lost-card list` tells.
        end
            What followed from the call.
        data
            The data directory of the service.
        note
            Which number of the vetting was called, whom it reached, and what was said.
        """
        about = About("conclude-lost-card", "", "lost-card", report)
        with house_for_command(data, rooms) as house:
            revoked = perform(house, OPERATOR, about, conclude_lost_card, LostCardId(report), end, note)
        print("The report is dismissed." if end is LostCardEnd.DISMISSED else f"Credentials that were revoked: {revoked}.")

    return conclude
