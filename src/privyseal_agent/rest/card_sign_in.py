"""What a card signs so that ``seal`` may speak: the key signs and cannot do the handshake of TLS (``POST /sign-in``)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from privyseal_agent.errors import Refused
from privyseal_agent.keys.administrator_id import AdministratorId
from privyseal_wire.errors import StatementRefused
from privyseal_wire.statements import SignIn

LIFE: Final = timedelta(minutes=4)
"""The service takes five minutes; the clocks may differ by one."""


def signed_sign_in(identity: AdministratorId, challenge: str, service: str, audience: str, now: datetime) -> str:
    """Return the signed sign-in that answers a challenge, in base64; raises Refused ``sign-in`` for one out of form.

    What is signed is made here and not by the service: a challenge is 64 hex digits, and never another statement.
    """
    expires = (now.astimezone(UTC) + LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        statement = SignIn(service=service, organization=audience, expires=expires, challenge=challenge)
    except StatementRefused as error:
        raise Refused("sign-in", f"The service asks for a signature that is no sign-in. {error.sentence}") from error
    return identity.sign(statement.to_bytes(), now)
