"""Intents (what will be signed) and certificates (what was)."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from privyseal.model.certificate import Certificate, CertificateState, Intent, IntentKind, IntentState
from privyseal.model.identifiers import AuthorityId, CertificateId, DepartmentId, IntentId, OrganizationId, RequestId
from privyseal.model.organization import OrganizationState
from privyseal.model.profile import NameKind
from privyseal.model.scope import EVERYTHING, Scope
from privyseal.store.database import Transaction
from privyseal.store.departments import are_many, is_in, within
from privyseal.store.named import Name, Names, begins_with, equals
from privyseal.store.organizations import organizations
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.revocations import KEY_DISCLOSED, blocked_keys
from privyseal.store.schema import Digest, Id, Serial, UtcTime, metadata, to_microseconds

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("organization_id", Id),
    sa.Column("request_id", Id, sa.ForeignKey("requests.id"), index=True),
    sa.Column("administrator_id", Id),
    sa.Column("authority_id", Id, sa.ForeignKey("cas.id"), nullable=False),
    sa.Column("serial_hex", Serial, nullable=False),
    sa.Column("tbs", sa.LargeBinary, nullable=False),
    sa.Column("profile_id", sa.String(40), nullable=False),
    sa.Column("profile_version", sa.Integer, nullable=False),
    sa.Column("not_before", UtcTime, nullable=False),
    sa.Column("not_after", UtcTime, nullable=False),
    sa.Column("lint", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.UniqueConstraint("authority_id", "serial_hex"),
    sa.Index("ix_intents_state_created", "state", "created_at"),
    # At most one intent of a request is open at a time, whatever is retried (I20).
    sa.Index(
        "uq_intents_open_request",
        "request_id",
        unique=True,
        sqlite_where=sa.text("state <> 'abandoned'"),
        postgresql_where=sa.text("state <> 'abandoned'"),
    ),
)

certificates = sa.Table(
    "certificates",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id),
    sa.Column("request_id", Id, sa.ForeignKey("requests.id"), unique=True),
    sa.Column("intent_id", Id, sa.ForeignKey("intents.id"), nullable=False, unique=True),
    sa.Column("ca_id", Id, sa.ForeignKey("cas.id"), nullable=False),
    sa.Column("serial_hex", Serial, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("common_name", sa.String(253), nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("der", sa.LargeBinary, nullable=False),
    sa.Column("sha256", Digest, nullable=False, unique=True),
    sa.Column("spki_sha256", Digest, nullable=False, index=True),
    sa.Column("not_before", UtcTime, nullable=False),
    sa.Column("not_after", UtcTime, nullable=False, index=True),
    sa.Column("issued_at", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
    sa.Column("revocation_reason", sa.Integer),
    sa.Column("contact_name", sa.String(64), nullable=False),
    sa.Column("contact_email", sa.String(254), nullable=False),
    sa.Column("phrase_hash", sa.String(256), nullable=False),
    sa.Column("picked_up_at", UtcTime),
    sa.Column("replaces", Id),
    sa.Column("revoke_after", UtcTime),
    sa.Column("department_id", Id, sa.ForeignKey("departments.id")),
    sa.UniqueConstraint("ca_id", "serial_hex"),
    sa.Index("ix_certificates_department", "department_id", "id"),
    sa.Index("ix_certificates_newest", "organization_id", "id", "state", "not_after", "department_id"),
    sa.Index("ix_certificates_contact", "organization_id", "contact_email"),
    sa.Index("ix_certificates_state_end", "organization_id", "state", "not_after", "id"),
    sa.Index("ix_certificates_serial", "serial_hex"),
)

certificate_names = sa.Table(
    "certificate_names",
    metadata,
    sa.Column("certificate_id", Id, sa.ForeignKey("certificates.id"), primary_key=True),
    sa.Column("name", Name, primary_key=True),
    sa.Column("organization_id", Id),
    sa.Column("not_after", UtcTime, nullable=False),
    sa.Index("ix_certificate_names_named", "organization_id", "name", "certificate_id"),
)

_NAMES = Names(certificate_names, certificate_names.c.certificate_id)

_INSERT_INTENTS = Prepared(intents.insert())
_INTENTS_OF = Prepared(intents.select().where(is_among(intents.c.id, "intents")))
_STATES_OF = Prepared(sa.select(intents.c.id, intents.c.kind, intents.c.state).where(is_among(intents.c.id, "intents")))
_CLOSE_INTENTS = Prepared(
    intents.update()
    .where(is_among(intents.c.id, "intents"), intents.c.state == IntentState.PREPARED.value)
    .values(state=sa.bindparam("target"))
    .returning(intents.c.id)
)
_ABANDONED_OF = Prepared(
    sa.select(intents.c.request_id, intents.c.created_at).where(
        is_among(intents.c.request_id, "requests"), intents.c.state == IntentState.ABANDONED.value
    )
)
_GET = Prepared(certificates.select().where(certificates.c.id == sa.bindparam("id")))
_OF_REQUEST = Prepared(certificates.select().where(certificates.c.request_id == sa.bindparam("request")))
_WITH_KEY = Prepared(certificates.select().where(certificates.c.spki_sha256 == sa.bindparam("key")))
_VALID_NAMES = Prepared(
    sa.select(certificate_names.c.name, certificates.c.serial_hex)
    .join(certificates, certificates.c.id == certificate_names.c.certificate_id)
    .where(
        certificate_names.c.organization_id == sa.bindparam("organization"),
        is_among(certificate_names.c.name, "names"),
        certificates.c.state == CertificateState.VALID.value,
        certificates.c.not_after > sa.bindparam("now"),
    )
)
_INSERT_CERTIFICATES = Prepared(certificates.insert())
_INSERT_NAMES = Prepared(certificate_names.insert())


def _intent(row: Mapping[Any, Any]) -> Intent:
    return Intent(**{**row, "kind": IntentKind(row["kind"]), "state": IntentState(row["state"])})


def insert_intents(tx: Transaction, prepared: Sequence[Intent]) -> None:
    """Add intents: from here on what will be signed is on record."""
    rows = [
        {name: getattr(intent, name) for name in Intent.__slots__} | {"kind": intent.kind.value, "state": intent.state.value}
        for intent in prepared
    ]
    _INSERT_INTENTS.each(tx, rows)


def intents_of(tx: Transaction, intent_ids: Sequence[IntentId]) -> dict[IntentId, Intent]:
    """Return the intents of these ids."""
    return {IntentId(row["id"]): _intent(row) for row in _INTENTS_OF.every(tx, intents=intent_ids)}


def intent_states(tx: Transaction, intent_ids: Sequence[IntentId]) -> dict[IntentId, tuple[IntentKind, IntentState]]:
    """Return what the intents of these ids are and where they stand."""
    rows = _STATES_OF.every(tx, intents=intent_ids)
    return {IntentId(row["id"]): (IntentKind(row["kind"]), IntentState(row["state"])) for row in rows}


def prepared_before(tx: Transaction, before: datetime, limit: int = 500) -> list[Intent]:
    """Return intents still prepared that were made before a moment: orphans for the sweep."""
    statement = intents.select().where(intents.c.state == IntentState.PREPARED.value, intents.c.created_at < before)
    return [_intent(row._mapping) for row in tx.execute(statement.order_by(intents.c.created_at).limit(limit))]


def close_intents(tx: Transaction, intent_ids: Sequence[IntentId], state: IntentState) -> list[IntentId]:
    """Move prepared intents to their end; return those that were still prepared: whoever comes second gets none."""
    return [IntentId(row["id"]) for row in _CLOSE_INTENTS.every(tx, intents=intent_ids, target=state.value)]


_PLAIN = [name for name in Certificate.__slots__ if name != "authority_id"]


def insert(tx: Transaction, issued: Sequence[Certificate]) -> None:
    """Add issued certificates and their names."""
    rows, names = [], []
    for certificate in issued:
        row = {name: getattr(certificate, name) for name in _PLAIN}
        row |= {
            "ca_id": certificate.authority_id,
            "state": certificate.state.value,
            "names": [[kind.value, name] for kind, name in certificate.names],
        }
        rows.append(row)
        names += [
            {
                "certificate_id": certificate.id,
                "name": name,
                "organization_id": certificate.organization_id,
                "not_after": certificate.not_after,
            }
            for _, name in certificate.names
        ]
    _INSERT_CERTIFICATES.each(tx, rows)
    _INSERT_NAMES.each(tx, names)


def _certificate(row: Any) -> Certificate:  # noqa: ANN401 - a row of the table above
    return _certificate_of(row._mapping)


def _certificate_of(row: Mapping[Any, Any]) -> Certificate:
    fields = dict(row)
    fields["authority_id"] = AuthorityId(fields.pop("ca_id"))
    fields |= {
        "state": CertificateState(row["state"]),
        "names": tuple((NameKind(kind), name) for kind, name in row["names"]),
        "der": bytes(row["der"]),
    }
    return Certificate(**fields)


def by_serial(tx: Transaction, organization_id: OrganizationId, serial_hex: str, *, scope: Scope = EVERYTHING) -> Certificate | None:
    """Return the organization's certificate of this serial within a scope, or None."""
    mine = within(certificates.c.department_id, organization_id, scope)
    known = (certificates.c.organization_id == organization_id, certificates.c.serial_hex == serial_hex)
    statement = certificates.select().where(*known, *mine)
    row = tx.execute(statement).first()
    return None if row is None else _certificate(row)


def by_sha256(tx: Transaction, organization_id: OrganizationId | None, sha256: str) -> Certificate | None:
    """Return the certificate of this fingerprint (None: of any organization), or None."""
    statement = certificates.select().where(certificates.c.sha256 == sha256)
    if organization_id is not None:
        statement = statement.where(certificates.c.organization_id == organization_id)
    row = tx.execute(statement).first()
    return None if row is None else _certificate(row)


def get(tx: Transaction, certificate_id: CertificateId) -> Certificate | None:
    """Return the certificate or None."""
    row = _GET.first(tx, id=certificate_id)
    return None if row is None else _certificate_of(row)


def of_request(tx: Transaction, request_id: RequestId) -> Certificate | None:
    """Return the one certificate of a request, or None."""
    row = _OF_REQUEST.first(tx, request=request_id)
    return None if row is None else _certificate_of(row)


def page(
    tx: Transaction, organization_id: OrganizationId, *, name: str = "", scope: Scope = EVERYTHING, after: str = "", limit: int = 50
) -> list[Certificate]:
    """Return certificates within a scope, newest first, of an exact name or of all, before the id ``after`` (keyset paging)."""
    mine = within(certificates.c.department_id, organization_id, scope)
    statement = certificates.select().where(certificates.c.organization_id == organization_id, *mine)
    if name:
        named = sa.select(certificate_names.c.certificate_id).where(
            certificate_names.c.name == name, certificate_names.c.organization_id == organization_id
        )
        statement = statement.where(certificates.c.id.in_(named))
    if after:
        statement = statement.where(certificates.c.id < after)
    return [_certificate(row) for row in tx.execute(statement.order_by(certificates.c.id.desc()).limit(limit))]


def move(tx: Transaction, certificate: Certificate, department_id: DepartmentId | None) -> bool:
    """Let a certificate belong to another department; tells whether it still belonged to the one that was read."""
    unmoved = is_in(certificates.c.department_id, certificate.department_id)
    statement = certificates.update().where(certificates.c.id == certificate.id, unmoved)
    return tx.changed(statement.values(department_id=department_id)) == 1


class Standing(enum.Enum):
    """How a certificate stands at a moment, for searches."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REVOKED = "revoked"


SOON = timedelta(days=30)
"""What is called expiring ends so soon."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty is not asked. ``name`` is a whole DNS name, ``text`` the beginning of one.

    ``issued_from`` is included, ``issued_before`` is not.
    """

    name: str = ""
    text: str = ""
    serial_hex: str = ""
    contact_email: str = ""
    standing: Standing | None = None
    issued_from: datetime | None = None
    issued_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A certificate in a list: without its bytes, which are the bulk of the row."""

    id: CertificateId
    serial_hex: str
    state: CertificateState
    common_name: str
    contact_email: str
    issued_at: datetime
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    picked_up_at: datetime | None


_LISTED = [certificates.c[name] for name in Listed.__slots__]


PROBED = 2_000
"""So many certificates at most are named one by one when they are found by serial, contact or standing."""


def search(
    tx: Transaction, organization_id: OrganizationId, wanted: Search, *, scope: Scope = EVERYTHING, before: str = "", limit: int = 50
) -> list[Listed]:
    """Return certificates within a scope that fit, behind the id ``before`` (keyset paging): newest first, or by a name asked for."""
    asked = _clauses(tx, organization_id, wanted)
    if not wanted.name and not wanted.text:
        return _newest(tx, [*_reach(tx, organization_id, scope), *asked, *([certificates.c.id < before] if before else [])], limit)
    clauses = [*asked, *within(certificates.c.department_id, organization_id, scope)]
    fits = equals(wanted.name) if wanted.name else begins_with(wanted.text)
    names_scope = certificate_names.c.organization_id == organization_id
    rows = _NAMES.rows(tx, names_scope, fits, certificates.c.id, _LISTED, clauses, before=before, limit=limit)
    return [_listed(row) for row in rows]


def _reach(tx: Transaction, organization_id: OrganizationId, scope: Scope) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the organization and scope: of many departments what fits is soon met among the newest, of few it is not."""
    owner, department = certificates.c.organization_id, certificates.c.department_id
    if scope.everything:
        return [owner == organization_id]
    if are_many(tx, organization_id, scope):
        return [owner == organization_id, *within(unindexed(tx, department), organization_id, scope)]
    return [unindexed(tx, owner) == organization_id, *within(department, organization_id, scope)]


def _newest(tx: Transaction, clauses: Sequence[sa.ColumnElement[bool]], limit: int) -> list[Listed]:
    # Ids first, which indexes hold: rows are wide, and sorting many of them is what would take long.
    found = sa.select(certificates.c.id).where(*clauses).order_by(certificates.c.id.desc()).limit(limit)
    rows = tx.execute(sa.select(*_LISTED).where(certificates.c.id.in_(found)).order_by(certificates.c.id.desc()))
    return [_listed(row) for row in rows]


def _listed(row: Any) -> Listed:  # noqa: ANN401 - a row of the table above
    return Listed(**{**row._mapping, "state": CertificateState(row.state)})


def ending_soon(tx: Transaction, organization_id: OrganizationId, limit: int = 5, scope: Scope = EVERYTHING) -> list[Listed]:
    """Return the valid certificates of the organization within a scope that end within 30 days, the next one first."""
    clauses = [*_standing(tx, Standing.EXPIRING, certificates.c.state), *within(certificates.c.department_id, organization_id, scope)]
    statement = sa.select(*_LISTED).where(certificates.c.organization_id == organization_id, *clauses)
    rows = tx.execute(statement.order_by(certificates.c.not_after).limit(limit))
    return [_listed(row) for row in rows]


def count(tx: Transaction, organization_id: OrganizationId, standing: Standing, scope: Scope = EVERYTHING) -> int:
    """Return how many certificates of the organization within a scope stand so."""
    clauses = [*_standing(tx, standing, certificates.c.state), *within(certificates.c.department_id, organization_id, scope)]
    statement = sa.select(sa.func.count()).select_from(certificates).where(certificates.c.organization_id == organization_id, *clauses)
    return int(tx.execute(statement).scalar_one())


def count_valid(tx: Transaction, organization_id: OrganizationId) -> int:
    """Return how many certificates of the organization are neither revoked nor expired: what closing it revokes."""
    statement = sa.select(sa.func.count()).select_from(certificates).where(certificates.c.organization_id == organization_id, *_in_use(tx))
    return int(tx.execute(statement).scalar_one())


def _clauses(tx: Transaction, organization_id: OrganizationId, wanted: Search) -> list[sa.ColumnElement[bool]]:
    """Return what is asked for besides names."""
    scope = certificates.c.organization_id == organization_id
    clauses: list[sa.ColumnElement[bool]] = []
    if wanted.serial_hex:
        known = certificates.c.serial_hex == wanted.serial_hex
        few = _probed(tx, known)
        clauses.append(known if few is None else few)
    if wanted.contact_email:
        few = _probed(tx, scope, certificates.c.contact_email == wanted.contact_email)
        clauses.append(unindexed(tx, certificates.c.contact_email) == wanted.contact_email if few is None else few)
    if wanted.issued_from is not None:
        clauses += [certificates.c.issued_at >= wanted.issued_from, certificates.c.id >= _first_id(wanted.issued_from)]
    if wanted.issued_before is not None:
        clauses += [certificates.c.issued_at < wanted.issued_before, certificates.c.id < _first_id(wanted.issued_before)]
    if wanted == Search(standing=wanted.standing):
        stands = _standing(tx, wanted.standing, certificates.c.state)
        few = None if wanted.standing in {None, Standing.VALID} else _probed(tx, scope, *stands)
        return stands if few is None else [*stands, few]
    # What was named leads to few or is soon met among the newest; an index of states would lead through all of a state first.
    return clauses + _standing(tx, wanted.standing, unindexed(tx, certificates.c.state))


def unindexed(tx: Transaction, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return the column so that SQLite looks for no index of it; PostgreSQL knows by its statistics which one leads to less."""
    return sa.func.coalesce(column, "") if tx.connection.dialect.name == "sqlite" else column


def _probed(tx: Transaction, *fits: sa.ColumnElement[bool]) -> sa.ColumnElement[bool] | None:
    """Return the condition that a certificate is one of those that fit, or None when they are too many to be named."""
    # Counted first, which an index alone answers: the ids of as many lie in rows that are wide and far apart.
    some = sa.select(sa.literal(1)).select_from(certificates).where(*fits).limit(PROBED + 1).subquery()
    if tx.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() > PROBED:
        return None
    return certificates.c.id.in_(list(tx.execute(sa.select(certificates.c.id).where(*fits)).scalars()))


def _first_id(moment: datetime) -> str:
    """Return what every id of a certificate issued from this moment on is behind: ids begin with their time of birth."""
    return f"crt-{to_microseconds(moment) // 1000:012x}"


def _standing(tx: Transaction, standing: Standing | None, state: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    end = certificates.c.not_after
    if standing is None:
        return []
    if standing is Standing.REVOKED:
        return [state == CertificateState.REVOKED.value]
    valid = state == CertificateState.VALID.value
    if standing is Standing.EXPIRED:
        return [valid, end <= tx.now]
    return [valid, end > tx.now, *([end <= tx.now + SOON] if standing is Standing.EXPIRING else [])]


def valid_names(tx: Transaction, organization_id: OrganizationId, names: Sequence[str]) -> dict[str, str]:
    """Return name -> serial of a certificate that is still valid for it: duplicates to warn of (A19)."""
    rows = _VALID_NAMES.every(tx, organization=organization_id, names=list(names), now=tx.now)
    return {row["name"]: row["serial_hex"] for row in rows}


def mark_revoked(tx: Transaction, certificate_id: CertificateId, reason: int) -> bool:
    """Revoke a valid certificate now; tells whether it was valid (revoked is final, I25)."""
    statement = (
        certificates.update()
        .where(certificates.c.id == certificate_id, certificates.c.state == CertificateState.VALID.value)
        .values(state=CertificateState.REVOKED.value, revoked_at=tx.now, revocation_reason=reason)
    )
    return tx.changed(statement) == 1


def mark_picked_up(tx: Transaction, certificate_id: CertificateId) -> bool:
    """Note the first pick-up; tells whether it was the first."""
    statement = certificates.update().where(certificates.c.id == certificate_id, certificates.c.picked_up_at.is_(None))
    return tx.changed(statement.values(picked_up_at=tx.now)) == 1


def schedule_revocation(tx: Transaction, certificate_id: CertificateId, moment: datetime) -> None:
    """Let the sweep revoke a replaced certificate at ``moment``."""
    statement = certificates.update().where(certificates.c.id == certificate_id, certificates.c.revoke_after.is_(None))
    tx.execute(statement.values(revoke_after=moment))


def unschedule_revocation(tx: Transaction, certificate_id: CertificateId) -> bool:
    """Let a valid certificate live to its end after all; tells whether it was to be revoked."""
    statement = certificates.update().where(
        certificates.c.id == certificate_id,
        certificates.c.revoke_after.is_not(None),
        certificates.c.state == CertificateState.VALID.value,
    )
    return tx.changed(statement.values(revoke_after=None)) == 1


def lock(tx: Transaction, certificate_id: CertificateId) -> Certificate | None:
    """Return the certificate as it now stands, locked until the end of the transaction, or None.

    Whoever revokes one of several replacements waits here for whoever revokes another of them.
    """
    row = tx.execute(certificates.select().where(certificates.c.id == certificate_id).with_for_update()).first()
    return None if row is None else _certificate(row)


def replacements_of(tx: Transaction, certificate: Certificate) -> list[Certificate]:
    """Return what was issued to replace a certificate, the newest first."""
    # By its first name, which every replacement has as well, because an index leads there.
    named = sa.select(certificate_names.c.certificate_id).where(
        certificate_names.c.name == certificate.names[0][1], certificate_names.c.organization_id == certificate.organization_id
    )
    statement = certificates.select().where(certificates.c.id.in_(named), certificates.c.replaces == certificate.id)
    return [_certificate(row) for row in tx.execute(statement.order_by(certificates.c.id.desc()))]


def successor_of(tx: Transaction, certificate: Certificate) -> Certificate | None:
    """Return a valid certificate that replaces this one, or what replaced it, or None."""
    waiting = [certificate]
    while waiting:
        for replacement in replacements_of(tx, waiting.pop()):
            if replacement.state is CertificateState.VALID and replacement.not_after > tx.now:
                return replacement
            waiting.append(replacement)
    return None


def due_for_revocation(tx: Transaction, limit: int = 200) -> list[Certificate]:
    """Return valid certificates whose grace after a reissue has ended."""
    statement = certificates.select().where(
        certificates.c.revoke_after <= tx.now, certificates.c.state == CertificateState.VALID.value, certificates.c.not_after > tx.now
    )
    return [_certificate(row) for row in tx.execute(statement.limit(limit))]


def with_key(tx: Transaction, spki_sha256: str) -> list[Certificate]:
    """Return every certificate of a key, of any organization: what a compromise reaches."""
    return [_certificate_of(row) for row in _WITH_KEY.every(tx, key=spki_sha256)]


def valid_with_key(tx: Transaction, spki_sha256: str) -> list[Certificate]:
    """Return the certificates of a key that are neither revoked nor expired, of any organization."""
    statement = certificates.select().where(certificates.c.spki_sha256 == spki_sha256, *_in_use(tx))
    return [_certificate(row) for row in tx.execute(statement.order_by(certificates.c.id))]


def valid_with_keys(tx: Transaction, spki_sha256: Collection[str]) -> list[Certificate]:
    """Return the certificates of any of many keys that are neither revoked nor expired, of any organization."""
    statement = certificates.select().where(is_among(certificates.c.spki_sha256, "keys"), *_in_use(tx))
    return [_certificate(row) for row in tx.execute(statement.order_by(certificates.c.id), {"keys": list(spki_sha256)})]


def valid_with_disclosed_key(tx: Transaction, limit: int = 200) -> list[Certificate]:
    """Return certificates of organizations, neither revoked nor expired, whose private key somebody sent to the service."""
    statement = certificates.select().where(
        certificates.c.spki_sha256.in_(sa.select(blocked_keys.c.spki_sha256).where(blocked_keys.c.reason == KEY_DISCLOSED)),
        certificates.c.organization_id.is_not(None),
        *_in_use(tx),
    )
    return [_certificate(row) for row in tx.execute(statement.limit(limit))]


def valid_of_closed(tx: Transaction, limit: int = 200) -> list[Certificate]:
    """Return certificates, neither revoked nor expired, of organizations that are closed."""
    closed = sa.select(organizations.c.id).where(organizations.c.state == OrganizationState.CLOSED.value)
    statement = certificates.select().where(certificates.c.organization_id.in_(closed), *_in_use(tx))
    return [_certificate(row) for row in tx.execute(statement.limit(limit))]


def _in_use(tx: Transaction) -> tuple[sa.ColumnElement[bool], ...]:
    return certificates.c.state == CertificateState.VALID.value, certificates.c.not_after > tx.now


def abandoned_of(tx: Transaction, request_ids: Sequence[RequestId]) -> dict[RequestId, list[datetime]]:
    """Return when the abandoned intents of each request were prepared."""
    found: dict[RequestId, list[datetime]] = {request_id: [] for request_id in request_ids}
    for row in _ABANDONED_OF.every(tx, requests=request_ids):
        found[row["request_id"]].append(row["created_at"])
    return found
