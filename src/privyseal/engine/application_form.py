"""Reading what an applicant wrote, each field by itself, so that whoever asks can tell at once of everything that is wrong (A35)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from privyseal.engine.names import normalize_domain, normalize_email
from privyseal.model.application import MAXIMUM_DOMAINS, Form, require_telephone, require_website
from privyseal.model.errors import Refused
from privyseal.model.organization import require_country, require_real_name, require_record_text, require_slug
from privyseal.model.request import require_text

MAXIMUM_NAME: Final = 64
MAXIMUM_ADDRESS: Final = 300


def read_application(fields: Mapping[str, str]) -> Form:
    """Return what was written; raises Refused at the first field that is wrong."""
    return Form(**{name: read(fields[name]) for name, read in READERS.items()})


def _real_name(text: str) -> str:
    return require_real_name(require_record_text("name", text))


def _address(text: str) -> str:
    return require_text("address", " ".join(text.splitlines()), MAXIMUM_ADDRESS)


def _slug(text: str) -> str:
    return require_slug(text.strip().lower())


def _domains(text: str) -> tuple[str, ...]:
    wanted = text.replace(",", " ").split()
    if not wanted or len(wanted) > MAXIMUM_DOMAINS:
        raise Refused("domains", f"Name one to {MAXIMUM_DOMAINS} domains, each on a line of its own.", field="domains")
    try:
        return tuple(dict.fromkeys(normalize_domain(name) for name in wanted))
    except Refused as refusal:
        raise Refused(refusal.kind, refusal.sentence, field="domains") from refusal


def _short(field: str, text: str, *, optional: bool = False) -> str:
    return require_text(field, text, MAXIMUM_NAME, optional=optional)


def _email(field: str, text: str, *, optional: bool = False) -> str:
    if optional and not text.strip():
        return ""
    try:
        return normalize_email(text)
    except Refused as refusal:
        raise Refused(refusal.kind, refusal.sentence, field=field) from refusal


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "name": _real_name,
    "registration_number": partial(_short, "registration_number"),
    "country": require_country,
    "state_or_province": partial(require_record_text, "state_or_province", optional=True),
    "locality": partial(require_record_text, "locality"),
    "address": _address,
    "telephone": require_telephone,
    "website": require_website,
    "domains": _domains,
    "slug": _slug,
    "corporate_name": partial(_short, "corporate_name"),
    "corporate_email": partial(_email, "corporate_email"),
    "technical_name": partial(_short, "technical_name", optional=True),
    "technical_email": partial(_email, "technical_email", optional=True),
    "billing_name": partial(_short, "billing_name", optional=True),
    "billing_email": partial(_email, "billing_email", optional=True),
    "administrator_name": partial(_short, "administrator_name"),
    "administrator_email": partial(_email, "administrator_email"),
}
"""What makes an answer of the text of each field, in the order in which it is asked for; each raises Refused at its field."""
