"""Passkeys of administrators and the challenges that their registrations answer.

The public key of a passkey is in its certificate, among the credentials. A row here decides nothing: it tells which
certificate belongs to the id that a browser names, and the certificate verifies.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from privyseal.model.administrator import Administrator, Credential
from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId, PasskeyRowId
from privyseal.model.passkey import Passkey
from privyseal.store import administrators
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Digest, Id, UtcTime, metadata

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False, index=True),
    sa.Column("passkey_id", sa.String(1366), nullable=False, unique=True),
    sa.Column("spki_sha256", Digest, nullable=False, unique=True),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("transports", sa.String(80), nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("statement", sa.LargeBinary),
    sa.Column("signature", sa.LargeBinary),
    sa.Column("signer_sha256", Digest),
    sa.Column("credential_sha256", Digest, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("last_used_at", UtcTime),
)

passkey_challenges = sa.Table(
    "passkey_challenges",
    metadata,
    sa.Column("challenge_sha256", Digest, primary_key=True),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
)


class Use(Protocol):
    """What an assertion says about its passkey: the id in base64url, and the authenticator's counter."""

    @property
    def credential(self) -> str:
        """The id."""

    @property
    def sign_count(self) -> int:
        """The counter; 0 for an authenticator that does not count."""


_CREDENTIALS = administrators.credentials
_USABLE = Prepared(
    passkeys.select()
    .join(_CREDENTIALS, _CREDENTIALS.c.certificate_sha256 == passkeys.c.credential_sha256)
    .where(
        passkeys.c.administrator_id == sa.bindparam("person"),
        _CREDENTIALS.c.revoked_at.is_(None),
        _CREDENTIALS.c.not_after >= sa.bindparam("now"),
    )
    .order_by(passkeys.c.id)
)
_CERTIFIED = Prepared(
    passkeys.select()
    .where(is_among(passkeys.c.administrator_id, "people"), passkeys.c.credential_sha256.is_not(None))
    .order_by(passkeys.c.id)
)
_CREDENTIAL_OF = Prepared(sa.select(passkeys.c.credential_sha256).where(passkeys.c.passkey_id == sa.bindparam("passkey")))
_NOTE_USE = Prepared(
    passkeys.update()
    .where(
        passkeys.c.passkey_id == sa.bindparam("passkey"),
        # ``is_plausible`` in SQL, so that of two uses at once with one count the second is seen.
        sa.or_(passkeys.c.sign_count < sa.bindparam("used"), sa.and_(passkeys.c.sign_count == 0, sa.bindparam("used") == 0)),
    )
    .values(sign_count=sa.bindparam("used"), last_used_at=sa.bindparam("used_at"))
)


def _passkey(row: Mapping[Any, Any]) -> Passkey:
    return Passkey(**{**row, "transports": tuple(row["transports"].split())})


def insert(tx: Transaction, passkey: Passkey) -> None:
    """Add a passkey that no certificate was issued for yet."""
    values = {column.name: getattr(passkey, column.name) for column in passkeys.columns}
    tx.execute(passkeys.insert().values(**values | {"transports": " ".join(passkey.transports)}))


def is_known(tx: Transaction, passkey_id: str, spki_sha256: str) -> bool:
    """Tell whether a passkey of this id or this key was ever registered, by whomever."""
    clause = sa.or_(passkeys.c.passkey_id == passkey_id, passkeys.c.spki_sha256 == spki_sha256)
    return tx.execute(sa.select(passkeys.c.id).where(clause)).first() is not None


def of_key(tx: Transaction, administrator_id: AdministratorId, spki_sha256: str) -> Passkey | None:
    """Return the passkey of this person with this key, or None."""
    clause = (passkeys.c.administrator_id == administrator_id, passkeys.c.spki_sha256 == spki_sha256)
    row = tx.execute(passkeys.select().where(*clause)).first()
    return None if row is None else _passkey(row._mapping)


def certify(tx: Transaction, row_id: PasskeyRowId, credential_sha256: str) -> None:
    """Bind a passkey that has no certificate to the one just issued."""
    statement = passkeys.update().where(passkeys.c.id == row_id, passkeys.c.credential_sha256.is_(None))
    tx.execute(statement.values(credential_sha256=credential_sha256))


def rename(tx: Transaction, administrator_id: AdministratorId, credential_sha256: str, label: str) -> bool:
    """Give a certified passkey of this person another name; tells whether there is one."""
    clause = (passkeys.c.administrator_id == administrator_id, passkeys.c.credential_sha256 == credential_sha256)
    return tx.changed(passkeys.update().where(*clause).values(label=label)) == 1


def usable_of(tx: Transaction, administrator_id: AdministratorId) -> list[Passkey]:
    """Return the passkeys of a person that can sign now, the oldest first: certified, not revoked, not expired."""
    return [_passkey(row) for row in _USABLE.every(tx, person=administrator_id, now=tx.now)]


def every_of(tx: Transaction, *administrator_ids: AdministratorId) -> dict[str, Passkey]:
    """Return what is known of the certified passkeys these people ever had, by the SHA-256 of their certificates, for lists."""
    return {row["credential_sha256"]: _passkey(row) for row in _CERTIFIED.every(tx, people=list(administrator_ids))}


def credential_of(tx: Transaction, passkey_id: str) -> str | None:
    """Return the SHA-256 of the certificate of a passkey, named by its id in base64url, or None."""
    row = _CREDENTIAL_OF.first(tx, passkey=passkey_id)
    return None if row is None else row["credential_sha256"]


def by_signer(tx: Transaction, certificate_sha256: str, passkey_id: str) -> tuple[Administrator, Credential] | None:
    """Return the person and the credential that a signature names, by fingerprint or, where that is empty, by passkey; or None."""
    fingerprint = certificate_sha256 or credential_of(tx, passkey_id)
    return None if fingerprint is None else administrators.by_certificate(tx, fingerprint)


def note_use(tx: Transaction, passkey_id: str, sign_count: int) -> bool:
    """Note a use; tells whether the counter of the authenticator went on as one authenticator's does."""
    return _NOTE_USE.changed(tx, passkey=passkey_id, used=sign_count, used_at=tx.now) == 1


def require_use(tx: Transaction, assertion: Use | None) -> None:
    """Note the use of a passkey (None: the signature was none); raises Refused ``passkey-copied`` for a counter that went back.

    The refusal is recorded like every other: an authenticator whose counter stands still or goes back may have a copy.
    """
    if assertion is not None and not note_use(tx, assertion.credential, assertion.sign_count):
        sentence = (
            "The authenticator says that this passkey was used less often than it was before, so there may be a copy of it. Nothing was "
            "done. If you did not sign twice at the same moment, revoke this passkey and tell your security administrator."
        )
        raise Refused("passkey-copied", sentence)


def insert_challenge(tx: Transaction, challenge_sha256: str, administrator_id: AdministratorId, expires_at: datetime) -> None:
    """Add a challenge for the registration of a passkey of this person; those whose time has passed are deleted."""
    tx.execute(passkey_challenges.delete().where(passkey_challenges.c.expires_at <= tx.now))
    values = {"challenge_sha256": challenge_sha256, "administrator_id": administrator_id, "expires_at": expires_at}
    tx.execute(passkey_challenges.insert().values(**values))


def has_challenge(tx: Transaction, challenge_sha256: str, administrator_id: AdministratorId) -> bool:
    """Tell whether this person was given this challenge and may still answer it."""
    return tx.execute(sa.select(passkey_challenges.c.expires_at).where(*_open(tx, challenge_sha256, administrator_id))).first() is not None


def take_challenge(tx: Transaction, challenge_sha256: str, administrator_id: AdministratorId) -> bool:
    """Use a challenge up; tells whether this person was given it and had not answered it yet."""
    return tx.changed(passkey_challenges.delete().where(*_open(tx, challenge_sha256, administrator_id))) == 1


def _open(tx: Transaction, challenge_sha256: str, administrator_id: AdministratorId) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        passkey_challenges.c.challenge_sha256 == challenge_sha256,
        passkey_challenges.c.administrator_id == administrator_id,
        passkey_challenges.c.expires_at > tx.now,
    )
