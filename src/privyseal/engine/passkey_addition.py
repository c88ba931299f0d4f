"""Whether what an administrator signed is the addition of exactly this passkey; asked by the entrance and again by the issuer."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId
from privyseal.model.passkey import REGISTRATION_LIFE
from privyseal.model.statement import require_current
from privyseal_wire.statements import PasskeyRegistration

_PROVIDER: Final = "provider"  # No organization has this slug (``organization.RESERVED_SLUGS``).


def addition(
    service: str, slug: str, person_id: AdministratorId, passkey_id: str, spki_sha256: str, *, expires: str
) -> PasskeyRegistration:
    """Return the statement by which a person adds a passkey of his own; ``slug`` is "" for the provider's people."""
    return PasskeyRegistration(
        service=service,
        organization=slug or _PROVIDER,
        expires=expires,
        administrator=person_id,
        spki_sha256=spki_sha256,
        passkey_sha256=hashlib.sha256(passkey_id.encode()).hexdigest(),
    )


def require_addition(
    content: bytes, service: str, slug: str, person_id: AdministratorId, passkey_id: str, spki_sha256: str, *, now: datetime
) -> None:
    """Raise Refused ``passkey-content`` unless these signed bytes add this passkey for this person, here and now.

    Raises Refused ``statement-expired``, ``statement-life``; CanonicalRefused or StatementRefused for bytes that add none.
    """
    signed = PasskeyRegistration.from_bytes(content)
    if signed != addition(service, slug, person_id, passkey_id, spki_sha256, expires=signed.expires):
        raise Refused(
            "passkey-content", "What was signed adds another passkey, or is for another person, organization or service. Start again."
        )
    require_current(signed.expires_at, now, REGISTRATION_LIFE)
