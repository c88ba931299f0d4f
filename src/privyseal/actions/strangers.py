"""What is counted of strangers before it is done: drafts by source, letters by the address that they would go to.

No action, but what several share. The counts stand in the database, so they hold for all processes together.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.allowance import APPLICATIONS, DRAFTS, LETTERS
from privyseal.store import throttles
from privyseal.store.database import Transaction


def count_draft(tx: Transaction, actor: Actor) -> None:
    """Count a draft that is begun; raises TooManyRequests ``too-many-drafts``."""
    if actor.kind is ActorKind.REQUESTER and actor.source:
        throttles.take(tx, f"drafts:{actor.source}", DRAFTS)


def count_application(tx: Transaction, actor: Actor) -> None:
    """Count an application of an organization; raises TooManyRequests ``too-many-applications``."""
    if actor.source:
        throttles.take(tx, f"applications:{actor.source}", APPLICATIONS)


def count_letter(house: House, tx: Transaction, email: str) -> None:
    """Count a letter to an address that somebody unknown typed; raises TooManyRequests ``too-many-letters``."""
    throttles.take(tx, _subject(house, email), LETTERS)


def forget_letters(house: House, tx: Transaction, email: str) -> None:
    """Begin anew with an address whose owner has just confirmed it."""
    throttles.clear_misses(tx, _subject(house, email))


def _subject(house: House, email: str) -> str:
    # Most mailboxes take "name+anything@" as their own (RFC 5233), and none knows capital letters.
    local, _, domain = email.casefold().rpartition("@")
    return f"letters:{house.personal_hash(local.partition('+')[0] + '@' + domain)}"
