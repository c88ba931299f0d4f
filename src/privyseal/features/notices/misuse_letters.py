"""Letters about what looks like misuse: somebody asks again and again for names that are not the organization's."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from privyseal.features.notices.desk import Desk, common_values, decider, page_of, place_options
from privyseal.features.notices.recipients import address_of
from privyseal.features.notices.render import Letter, time_text
from privyseal.model.organization import Organization
from privyseal.store import administrators, organizations

_SHOWN_DIGITS: Final = 16
"""Of the salted hash of an address: enough to tell whether two letters are about the same one."""


def names_refused(desk: Desk) -> Letter | None:
    """To the corporate contact, everybody who may assign roles and the person it is about: who asks for names of others."""
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    count, since = int(desk.payload["count"]), datetime.fromisoformat(desk.payload["since"])
    values = common_values(desk, organization) | _who(desk, organization)
    values |= {
        "whom": organization.name,
        "count": count,
        "since": since,
        "log_url": page_of(desk, organization, "console/audit"),
        "settings_url": page_of(desk, organization, "console/settings"),
    }
    subject = f"{organization.name}: {count} refusals of names of others since {time_text(since)} - {values['who']}"
    return Letter("names_refused", address, subject, values)


def _who(desk: Desk, organization: Organization) -> dict[str, object]:
    """Return how the reader knows the caller, and the command that takes a credential away from him, or ""."""
    place = place_options(desk, organization)
    if token := str(desk.payload.get("token", "")):
        name = administrators.token_names_of(desk.tx, [token]).get(token, token)
        return {"who": f"the token {name}", "credential": "token", "revoke_line": f"seal token revoke {token} {place}"}
    if person := str(desk.payload.get("administrator", "")):
        name = decider(desk, organization, person)
        return {"who": name, "credential": "person", "revoke_line": f"seal administrator revoke-all {person} {place}"}
    source = str(desk.payload["source"])[:_SHOWN_DIGITS]
    return {"who": f"somebody without a credential ({source})", "credential": "", "revoke_line": ""}
