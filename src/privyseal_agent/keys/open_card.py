"""The door to cards: what they need is installed with ``pip install "privyseal[hsm]"`` and loaded where a card is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from privyseal_agent.errors import Refused
from privyseal_agent.keys.card_uri import CardUri

if TYPE_CHECKING:
    from privyseal_agent.keys.card import Card, CardFacts


def open_card(uri: CardUri, ask_pin: Callable[[str, bool], str]) -> Card:
    """Return the one card that the URI names, opened with the PIN that ``ask_pin`` gets for its name.

    Raises Refused: ``card-support``, ``card-module``, ``card-missing``, ``card-several``, ``card-pin``, ``card-locked``.
    """
    _require_support()
    from privyseal_agent.keys.card import Card  # noqa: PLC0415 - needs the optional package

    return Card(uri, ask_pin)


def cards_of(uri: CardUri) -> list[CardFacts]:
    """Return the cards in readers that the URI may mean; raises Refused ``card-support``, ``card-module``."""
    _require_support()
    from privyseal_agent.keys import card  # noqa: PLC0415 - as above

    return card.cards_of(uri)


def _require_support() -> None:
    try:
        import_module("pkcs11")
    except ImportError as error:
        sentence = 'This seal was installed without support for cards. Install it with: pip install "privyseal[hsm]".'
        raise Refused("card-support", sentence) from error
