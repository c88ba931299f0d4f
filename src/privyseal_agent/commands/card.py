"""``seal card``: which smart cards and tokens this computer can reach, before any PIN."""

from __future__ import annotations

from pathlib import Path

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import group
from privyseal_agent.keys.card_uri import CardUri
from privyseal_agent.keys.open_card import cards_of
from privyseal_agent.settings import NO_OUTPUT_OPTIONS, OutputOptions

APP = group("card", "Smart cards and tokens that hold an Administrator ID: list.")


@APP.command(name="list")
def list_cards(module: Path, /, *, options: OutputOptions = NO_OUTPUT_OPTIONS) -> Reply:
    """List the cards that are in readers now, with what --card takes for each. No PIN is asked for.

    Parameters
    ----------
    module
        The PKCS #11 library that came with the card, such as /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so.
    """
    del options
    cards = cards_of(CardUri(module))
    rows = [(card.token, card.serial, str(card.slot_id), "locked" if card.is_locked else "ready", card.uri(module)) for card in cards]
    table = words.table(("CARD", "SERIAL", "SLOT", "STATE", "FOR --card"), rows, empty=f"No card is in a reader of {module}.")
    names = ("token", "serial", "slot", "state", "card")
    return Reply({"items": [dict(zip(names, row, strict=True)) for row in rows]}, table)
