"""The operator's signature for an organization that has no administrator left: by the key of the administrators' CA.

Whoever writes the database has not this key. It signs a CMS message here, whose signed attributes can never be read as a
certificate or a CRL.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ed25519

from privyseal.engine.authority import Authority
from privyseal.engine.signers import SigningKey
from privyseal.model.errors import Refused
from privyseal.model.statement import MAXIMUM_INVITATION_LIFE, utc_text
from privyseal_wire.cms import sign_attached
from privyseal_wire.fields import OPERATOR
from privyseal_wire.statements import Invitation


def sign_recovery(
    authority: Authority,
    key: SigningKey,
    *,
    service: str,
    organization: str,
    name: str,
    email: str,
    role: str,
    now: datetime,
    replaces: str | None = None,
) -> bytes:
    """Return CMS over the invitation of this person by the operator, good for ``MAXIMUM_INVITATION_LIFE``.

    ``replaces`` is the SHA-256 of the lost Administrator ID whose end date the new one keeps.

    Raises StatementRefused for a field out of form, Refused ``key-kind`` when the CA has an Ed25519 key, which CMS
    messages of ours do not know.
    """
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raise Refused("key-kind", "The administrators' CA has an Ed25519 key, which cannot sign statements.")
    statement = Invitation(
        service=service,
        organization=organization,
        expires=utc_text(now + MAXIMUM_INVITATION_LIFE),
        name=name,
        email=email,
        role=role,
        inviter=OPERATOR,
        replaces=replaces,
    )
    return sign_attached(statement.to_bytes(), authority.root, key, now=now)
