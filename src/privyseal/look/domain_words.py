"""What is said of domains, in one place for both consoles: how control was shown, what was seen, why a domain was removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from privyseal.look.words import gettext
from privyseal.model.domain import DomainEnd, ValidationMethod


def method_words(method: ValidationMethod | None) -> str:
    """Return how control was shown, for a list; an empty text before it was."""
    words = {
        ValidationMethod.DNS_TXT: gettext("DNS TXT"),
        ValidationMethod.DNS_PERSISTENT: gettext("DNS TXT, for good"),
        ValidationMethod.HTTP_TOKEN: gettext("HTTP"),
        ValidationMethod.MAIL: gettext("Mail"),
        ValidationMethod.RESERVED: gettext("reserved name"),
    }
    return words[method] if method is not None else ""


def domain_ends() -> list[tuple[str, str]]:
    """Return (name, words) of the reasons for which a domain is removed, in the order of a form."""
    return [
        (DomainEnd.GIVEN_UP.value, gettext("The domain was given up or sold")),
        (DomainEnd.NOT_NEEDED.value, gettext("Nobody needs certificates under it any more")),
        (DomainEnd.NOT_OURS.value, gettext("It never belonged to this organization")),
        (DomainEnd.OTHER.value, gettext("Another reason")),
    ]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen when control was shown. ``views`` are (place, agrees, why not) of the other perspectives."""

    asked: str
    answers: str
    where: str
    views: tuple[tuple[str, bool, str], ...]


def read_seen(evidence: str) -> Seen | None:
    """Return what evidence says, or None where there is none yet."""
    if not evidence:
        return None
    fields = json.loads(evidence)
    where = ", ".join(map(str, fields.get("resolvers", ()))) or str(fields.get("connected_to", ""))
    views = tuple(_view(view) for view in fields.get("perspectives", ()))
    return Seen(str(fields.get("name", "")), ", ".join(map(str, fields.get("answers", ()))), where, views)


def _view(fields: Mapping[str, object]) -> tuple[str, bool, str]:
    return str(fields.get("name", "")), bool(fields.get("agrees")), str(fields.get("trouble", ""))
