"""What is said of a trial over every page of it, so that nobody takes it for a real organization."""

from __future__ import annotations

from privyseal.look.rendering import day_words
from privyseal.look.words import gettext
from privyseal.model.organization import Organization


def trial_words(organization: Organization) -> str:
    """Return the sentence for the strip over a page; "" for an organization that is no trial."""
    if organization.trial_until is None:
        return ""
    return gettext("A trial until %(day)s. Nobody vetted it, and nobody trusts its certificates.") % {
        "day": day_words(organization.trial_until)
    }
