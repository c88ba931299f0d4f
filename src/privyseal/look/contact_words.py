"""What people call the contacts of an organization, and how far a change of one is."""

from __future__ import annotations

from datetime import datetime

from privyseal.look.words import gettext
from privyseal.model.application import ContactKind
from privyseal.model.contact_change import ContactChange, ContactChangeEnd


def contact_words() -> dict[ContactKind, tuple[str, str]]:
    """Return name and purpose of each contact."""
    return {
        ContactKind.CORPORATE: (
            gettext("Corporate contact"),
            gettext("Speaks for the organization: hears of everything important, and is asked when a card is lost."),
        ),
        ContactKind.TECHNICAL: (gettext("Technical contact"), gettext("Is asked about servers and domains.")),
        ContactKind.BILLING: (gettext("Billing contact"), gettext("Gets the bills.")),
        ContactKind.ALERT: (
            gettext("Alert contact"),
            gettext("Hears when unusually many keys are recovered. Nobody who recovers keys can be it."),
        ),
    }


def contact_change_state(change: ContactChange, now: datetime) -> tuple[str, str]:
    """Return color and words of how far a change is."""
    if change.end is None:
        return ("waiting", gettext("Waits for answers")) if change.is_open(now) else ("ended", gettext("Not answered in time"))
    return {
        ContactChangeEnd.APPLIED: ("good", gettext("Made")),
        ContactChangeEnd.REFUSED: ("bad", gettext("Refused")),
        ContactChangeEnd.WITHDRAWN: ("ended", gettext("Withdrawn")),
        ContactChangeEnd.OVERTAKEN: ("ended", gettext("Overtaken")),
        ContactChangeEnd.EXPIRED: ("ended", gettext("Not answered in time")),
    }[change.end]
