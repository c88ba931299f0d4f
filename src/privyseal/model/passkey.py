"""A passkey of an administrator: an Administrator ID whose key never leaves an authenticator (docs/decisions/0013).

Its certificate stands among the person's credentials like any other; here stands what only passkeys have. A passkey that
no certificate was issued for yet has no ``credential_sha256`` and counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from privyseal.model.identifiers import AdministratorId, PasskeyRowId

CHALLENGE_LIFE = timedelta(minutes=10)
"""How long a registration may take: choosing an authenticator, setting its PIN."""

REGISTRATION_LIFE = timedelta(hours=1)
"""How long a signed ``privyseal.passkey-registration.v1`` is good for."""

LABEL_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Passkey:
    """``passkey_id`` is the authenticator's id in base64url; ``label`` is the person's own name for it.

    ``statement`` and ``signature`` are the bytes by which its owner added it under another credential, whose certificate has
    the fingerprint ``signer_sha256``; they are None for a passkey that was enrolled by a one-time link.
    """

    id: PasskeyRowId
    administrator_id: AdministratorId
    passkey_id: str
    spki_sha256: str
    label: str
    transports: tuple[str, ...]
    sign_count: int
    statement: bytes | None
    signature: bytes | None
    signer_sha256: str | None
    credential_sha256: str | None
    created_at: datetime
    last_used_at: datetime | None


def is_plausible(before: int, now: int) -> bool:
    """Tell whether a counter went on as that of one authenticator does (WebAuthn 6.1.1): it grows, or is always 0."""
    return now > before or before == now == 0
