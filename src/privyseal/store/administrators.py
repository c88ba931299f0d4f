"""Administrators, their credentials (Administrator IDs), one-time links with what was signed for them, and API tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.model.administrator import ENTRY, PERMISSIONS, Administrator, AdministratorState, Assignment, Credential, Permission, Role
from privyseal.model.identifiers import AdministratorId, ApiTokenId, AssignmentId, DepartmentId, InvitationId, OrganizationId
from privyseal.model.scope import EVERYTHING, Scope
from privyseal.store import assignments
from privyseal.store.database import Transaction
from privyseal.store.departments import is_in, within
from privyseal.store.paging import behind
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Digest, Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

administrators = sa.Table(
    "administrators",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), index=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("department_id", Id, sa.ForeignKey("departments.id"), index=True),
)

credentials = sa.Table(
    "administrator_credentials",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False, index=True),
    sa.Column("certificate_der", sa.LargeBinary, nullable=False),
    sa.Column("certificate_sha256", Digest, nullable=False, unique=True),
    sa.Column("not_after", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
)

invitations = sa.Table(
    "administrator_invitations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("administrator_id", Id, sa.ForeignKey("administrators.id"), nullable=False),
    sa.Column("code_hash", Digest, nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("used_at", UtcTime),
    sa.Column("csr_spki_sha256", Digest),
)

invitation_statements = sa.Table(
    "invitation_statements",
    metadata,
    sa.Column("content_sha256", Digest, primary_key=True),
    sa.Column("invitation_id", Id, sa.ForeignKey("administrator_invitations.id"), nullable=False, unique=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("credential_sha256", Digest, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("token_hash", Digest, nullable=False, unique=True),
    sa.Column("scopes", sa.String(256), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time link to a credential; only the hash of its code is kept."""

    id: InvitationId
    administrator_id: AdministratorId
    code_hash: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    csr_spki_sha256: str | None


@dataclass(frozen=True, slots=True)
class InvitationStatement:
    """What was signed for a link, as it came; ``credential_sha256`` is the certificate of the signer."""

    content_sha256: str
    invitation_id: InvitationId
    content: bytes
    signature: bytes
    credential_sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A machine's credential; only the hash of the token is kept."""

    id: ApiTokenId
    organization_id: OrganizationId
    name: str
    token_hash: str
    scopes: frozenset[Permission]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_usable(self, now: datetime) -> bool:
        """Tell whether a program can use it at ``now``."""
        return self.revoked_at is None and self.expires_at > now


_BY_CERTIFICATE = Prepared(
    sa.select(*credentials.columns, *(column.label(f"person_{column.name}") for column in administrators.columns))
    .join(administrators, administrators.c.id == credentials.c.administrator_id)
    .where(credentials.c.certificate_sha256 == sa.bindparam("sha256"))
)
_GET = Prepared(administrators.select().where(administrators.c.id == sa.bindparam("id")))
_BY_NAME = administrators.select().order_by(administrators.c.name, administrators.c.id)
_OF_ORGANIZATION = Prepared(_BY_NAME.where(administrators.c.organization_id == sa.bindparam("organization")))
_OF_PROVIDER = Prepared(_BY_NAME.where(administrators.c.organization_id.is_(None)))
_NAMES = Prepared(sa.select(administrators.c.id, administrators.c.name).where(is_among(administrators.c.id, "people")))
_CREDENTIALS = Prepared(credentials.select().where(is_among(credentials.c.administrator_id, "people")).order_by(credentials.c.id))


def _holding(whose: sa.ColumnElement[bool]) -> Prepared:
    """The active people of one side who hold one of ``roles`` throughout it."""
    held = assignments.assignments
    gives = (is_among(held.c.role, "roles"), held.c.department_id.is_(None), held.c.ended_at.is_(None))
    somewhere = sa.select(held.c.administrator_id).where(held.c.administrator_id == administrators.c.id, *gives).exists()
    return Prepared(_BY_NAME.where(whose, administrators.c.state == AdministratorState.ACTIVE.value, somewhere))


_HOLDING = _holding(administrators.c.organization_id == sa.bindparam("organization"))
_HOLDING_AT_THE_PROVIDER = _holding(administrators.c.organization_id.is_(None))


def people_of(tx: Transaction, rows: Sequence[Mapping[Any, Any]], prefix: str = "") -> list[Administrator]:
    """Return the people of these rows of ``administrators``, whose columns begin with ``prefix``, with what they hold now."""
    held = assignments.in_force(tx, [row[f"{prefix}id"] for row in rows]) if rows else {}
    found = []
    for row in rows:
        fields = {column.name: row[prefix + column.name] for column in administrators.columns}
        fields |= {"role": Role(fields["role"]), "state": AdministratorState(fields["state"]), "assignments": held[fields["id"]]}
        found.append(Administrator(**fields))
    return found


def insert(tx: Transaction, administrator: Administrator) -> Administrator:
    """Add a person, who holds the role he comes in with throughout the organization; return him with that."""
    values = {column.name: getattr(administrator, column.name) for column in administrators.columns}
    tx.execute(administrators.insert().values(**values | {"role": administrator.role.value, "state": administrator.state.value}))
    entry = Assignment(
        entry_assignment_id(administrator.id), administrator.id, administrator.role, None, "", administrator.created_at, ENTRY
    )
    assignments.insert(tx, entry)
    return replace(administrator, assignments=(entry,))


def enter_as(tx: Transaction, administrator: Administrator, role: Role) -> Administrator:
    """Let somebody who was invited and never came in come in with another role; return him as he then is."""
    waiting = (administrators.c.id == administrator.id, administrators.c.state == AdministratorState.INVITED.value)
    if tx.changed(administrators.update().where(*waiting).values(role=role.value)):
        entry = entry_assignment_id(administrator.id)
        # What a change gave already is not given twice.
        if any((item.role, item.department_id) == (role, None) for item in administrator.assignments if item.id != entry):
            assignments.end(tx, entry, ENTRY)
        else:
            assignments.change_entry(tx, entry, role)
    return get(tx, administrator.id) or administrator


def entry_assignment_id(administrator_id: AdministratorId) -> AssignmentId:
    """Return the id of the assignment that a person comes in with: one for each person."""
    return AssignmentId(f"asg-{administrator_id.partition('-')[2]}")


def get(tx: Transaction, administrator_id: AdministratorId) -> Administrator | None:
    """Return the person or None."""
    row = _GET.first(tx, id=administrator_id)
    return None if row is None else people_of(tx, [row])[0]


def get_within(
    tx: Transaction, organization_id: OrganizationId, administrator_id: AdministratorId, *, scope: Scope
) -> Administrator | None:
    """Return the person of this organization who belongs to a department within a scope, or None."""
    mine = (administrators.c.id == administrator_id, administrators.c.organization_id == organization_id)
    row = tx.execute(administrators.select().where(*mine, *within(administrators.c.department_id, organization_id, scope))).first()
    return None if row is None else people_of(tx, [row._mapping])[0]


def hold(tx: Transaction, administrator_id: AdministratorId) -> None:
    """Let everybody else who holds this person wait until the end of the transaction."""
    tx.execute(sa.select(administrators.c.id).where(administrators.c.id == administrator_id).with_for_update(key_share=True))


def of_organization(tx: Transaction, organization_id: OrganizationId | None) -> list[Administrator]:
    """Return the people of an organization (None: the provider's) by name."""
    return people_of(tx, _OF_PROVIDER.every(tx) if organization_id is None else _OF_ORGANIZATION.every(tx, organization=organization_id))


def holding(tx: Transaction, organization_id: OrganizationId | None, permission: Permission) -> list[Administrator]:
    """Return the active people who hold a right throughout an organization (None: at the provider) by name."""
    roles = [role.value for role, rights in PERMISSIONS.items() if permission in rights]
    if organization_id is None:
        return people_of(tx, _HOLDING_AT_THE_PROVIDER.every(tx, roles=roles))
    return people_of(tx, _HOLDING.every(tx, roles=roles, organization=organization_id))


def page(
    tx: Transaction, organization_id: OrganizationId | None, *, scope: Scope = EVERYTHING, after: str = "", limit: int = 50
) -> list[Administrator]:
    """Return people of an organization (None: the provider's) within a scope by name, behind the id ``after`` (keyset paging)."""
    if organization_id is None:
        mine: list[sa.ColumnElement[bool]] = [administrators.c.organization_id.is_(None)]
    else:
        mine = [
            administrators.c.organization_id == organization_id,
            *within(administrators.c.department_id, organization_id, scope),
        ]
    statement = administrators.select().where(*mine).order_by(administrators.c.name, administrators.c.id).limit(limit)
    if after:
        statement = statement.where(behind(administrators, administrators.c.name, after, *mine))
    return people_of(tx, [row._mapping for row in tx.execute(statement)])


def move(tx: Transaction, person: Administrator, department_id: DepartmentId | None) -> bool:
    """Let a person belong to another department; tells whether he still belonged to the one that was read."""
    unmoved = is_in(administrators.c.department_id, person.department_id)
    statement = administrators.update().where(administrators.c.id == person.id, unmoved)
    return tx.changed(statement.values(department_id=department_id)) == 1


def hold_staff(tx: Transaction) -> None:
    """Let nobody else who holds the provider's people go on before this transaction ends."""
    staff = sa.select(administrators.c.id).where(administrators.c.organization_id.is_(None)).order_by(administrators.c.id)
    tx.execute(staff.with_for_update(key_share=True))


def change_state(tx: Transaction, administrator_id: AdministratorId, source: AdministratorState, target: AdministratorState) -> bool:
    """Move a person from one state to another; tells whether it happened."""
    statement = administrators.update().where(administrators.c.id == administrator_id, administrators.c.state == source.value)
    return tx.changed(statement.values(state=target.value)) == 1


def _credential(row: Mapping[Any, Any]) -> Credential:
    return Credential(**{column.name: row[column.name] for column in credentials.columns})


def insert_credential(tx: Transaction, credential: Credential) -> None:
    """Register an Administrator ID."""
    tx.execute(credentials.insert().values(**{column.name: getattr(credential, column.name) for column in credentials.columns}))


def by_certificate(tx: Transaction, certificate_sha256: str) -> tuple[Administrator, Credential] | None:
    """Return the person and the credential registered under this fingerprint, or None."""
    row = _BY_CERTIFICATE.first(tx, sha256=certificate_sha256)
    return None if row is None else (people_of(tx, [row], "person_")[0], _credential(row))


def credentials_of(tx: Transaction, administrator_id: AdministratorId) -> list[Credential]:
    """Return the credentials a person ever had."""
    return credentials_by_person(tx, [administrator_id])[administrator_id]


def credentials_by_person(tx: Transaction, administrator_ids: Sequence[AdministratorId]) -> dict[AdministratorId, list[Credential]]:
    """Return the credentials that each of these people ever had, for lists."""
    found: dict[AdministratorId, list[Credential]] = {administrator_id: [] for administrator_id in administrator_ids}
    for row in _CREDENTIALS.every(tx, people=list(found)):
        found[row["administrator_id"]].append(_credential(row))
    return found


def names_of(tx: Transaction, administrator_ids: Iterable[str]) -> dict[str, str]:
    """Return id -> name of the people among these ids, of any organization: for texts that name who acted."""
    return {row["id"]: row["name"] for row in _NAMES.every(tx, people=sorted(set(administrator_ids)))}


def names_within(tx: Transaction, organization_id: OrganizationId | None) -> list[tuple[AdministratorId, str]]:
    """Return id and name of everybody of an organization (None: of the provider) by name: for choices."""
    rows = _OF_PROVIDER.every(tx) if organization_id is None else _OF_ORGANIZATION.every(tx, organization=organization_id)
    return [(row["id"], row["name"]) for row in rows]


def ending_before(tx: Transaction, moment: datetime) -> list[Credential]:
    """Return the credentials that count now and end before this moment, the nearest end first."""
    clause = (credentials.c.revoked_at.is_(None), credentials.c.not_after > tx.now, credentials.c.not_after <= moment)
    return [_credential(row._mapping) for row in tx.execute(credentials.select().where(*clause).order_by(credentials.c.not_after))]


def credentials_within(tx: Transaction, organization_id: OrganizationId) -> list[Credential]:
    """Return every credential that anybody of an organization ever had."""
    joined = credentials.join(administrators, administrators.c.id == credentials.c.administrator_id)
    rows = tx.execute(sa.select(*credentials.columns).select_from(joined).where(administrators.c.organization_id == organization_id))
    return [_credential(row._mapping) for row in rows]


def has_had_any(tx: Transaction, organization_id: OrganizationId) -> bool:
    """Tell whether anybody of an organization ever had a credential."""
    joined = credentials.join(administrators, administrators.c.id == credentials.c.administrator_id)
    statement = sa.select(credentials.c.id).select_from(joined).where(administrators.c.organization_id == organization_id).limit(1)
    return tx.execute(statement).first() is not None


def is_anybody_active(tx: Transaction, organization_id: OrganizationId) -> bool:
    """Tell whether somebody of an organization can act for it."""
    mine = (administrators.c.organization_id == organization_id, administrators.c.state == AdministratorState.ACTIVE.value)
    return tx.execute(sa.select(administrators.c.id).where(*mine).limit(1)).first() is not None


def revoke_credential(tx: Transaction, certificate_sha256: str) -> bool:
    """Revoke an Administrator ID now; tells whether it was usable before."""
    statement = credentials.update().where(credentials.c.certificate_sha256 == certificate_sha256, credentials.c.revoked_at.is_(None))
    return tx.changed(statement.values(revoked_at=tx.now)) == 1


def insert_invitation(tx: Transaction, invitation: Invitation) -> None:
    """Add a one-time link."""
    tx.execute(invitations.insert().values(**{column.name: getattr(invitation, column.name) for column in invitations.columns}))


def invitation_of_code(tx: Transaction, code_hash: str) -> Invitation | None:
    """Return the link of this code hash or None."""
    row = tx.execute(invitations.select().where(invitations.c.code_hash == code_hash)).first()
    return None if row is None else Invitation(**row._mapping)


def has_open_invitation(tx: Transaction, administrator_id: AdministratorId) -> bool:
    """Tell whether a person has a one-time link that is neither used nor past its end."""
    clause = (invitations.c.administrator_id == administrator_id, invitations.c.used_at.is_(None), invitations.c.expires_at > tx.now)
    return tx.execute(sa.select(invitations.c.id).where(*clause).limit(1)).first() is not None


def insert_statement(tx: Transaction, statement: InvitationStatement) -> bool:
    """Keep a signed invitation as it came; tells whether exactly this one was never used for a link before."""
    return insert_once(
        tx, invitation_statements, {column.name: getattr(statement, column.name) for column in invitation_statements.columns}
    )


def statement_of(tx: Transaction, invitation_id: InvitationId) -> InvitationStatement | None:
    """Return what was signed for a link, or None for the first administrator of an organization."""
    row = tx.execute(invitation_statements.select().where(invitation_statements.c.invitation_id == invitation_id)).first()
    return None if row is None else InvitationStatement(**row._mapping)


def invitation_used_for(tx: Transaction, administrator_id: AdministratorId, spki_sha256: str) -> Invitation | None:
    """Return the newest link that this person used for this key: what the issuer process verifies again."""
    clause = (
        invitations.c.administrator_id == administrator_id,
        invitations.c.csr_spki_sha256 == spki_sha256,
        invitations.c.used_at.is_not(None),
    )
    row = tx.execute(invitations.select().where(*clause).order_by(invitations.c.created_at.desc()).limit(1)).first()
    return None if row is None else Invitation(**row._mapping)


def use_invitation(tx: Transaction, invitation_id: InvitationId, spki_sha256: str) -> bool:
    """Use a link once, before it expires, bound to one key; tells whether it was still unused."""
    statement = invitations.update().where(
        invitations.c.id == invitation_id, invitations.c.used_at.is_(None), invitations.c.expires_at > tx.now
    )
    return tx.changed(statement.values(used_at=tx.now, csr_spki_sha256=spki_sha256)) == 1


def insert_token(tx: Transaction, token: ApiToken) -> None:
    """Add a token."""
    values = {column.name: getattr(token, column.name) for column in api_tokens.columns}
    tx.execute(api_tokens.insert().values(**values | {"scopes": " ".join(sorted(scope.value for scope in token.scopes))}))


def token_of_hash(tx: Transaction, token_hash: str) -> ApiToken | None:
    """Return the token of this hash or None."""
    row = tx.execute(api_tokens.select().where(api_tokens.c.token_hash == token_hash)).first()
    return None if row is None else _token(row._mapping)


def token_names_of(tx: Transaction, token_ids: Iterable[str]) -> dict[str, str]:
    """Return id -> name of the tokens among these ids, of any organization: for texts that name who acted."""
    wanted = sorted(set(token_ids))
    if not wanted:
        return {}
    statement = sa.select(api_tokens.c.id, api_tokens.c.name).where(api_tokens.c.id.in_(wanted))
    return {row.id: row.name for row in tx.execute(statement)}


def tokens_page(tx: Transaction, organization_id: OrganizationId, *, before: str = "", limit: int = 50) -> list[ApiToken]:
    """Return tokens of an organization, the newest first, from below the id ``before`` on (keyset paging)."""
    statement = api_tokens.select().where(api_tokens.c.organization_id == organization_id)
    if before:
        statement = statement.where(api_tokens.c.id < before)
    return [_token(row._mapping) for row in tx.execute(statement.order_by(api_tokens.c.id.desc()).limit(limit))]


def token_within(tx: Transaction, organization_id: OrganizationId, token_id: ApiTokenId) -> ApiToken | None:
    """Return a token of an organization, or None."""
    row = tx.execute(api_tokens.select().where(api_tokens.c.id == token_id, api_tokens.c.organization_id == organization_id)).first()
    return None if row is None else _token(row._mapping)


def tokens_of(tx: Transaction, organization_id: OrganizationId) -> list[ApiToken]:
    """Return every token that an organization ever had, the newest first."""
    rows = tx.execute(api_tokens.select().where(api_tokens.c.organization_id == organization_id).order_by(api_tokens.c.id.desc()))
    return [_token(row._mapping) for row in rows]


def _token(row: Mapping[Any, Any]) -> ApiToken:
    return ApiToken(**{**row, "scopes": frozenset(Permission(scope) for scope in row["scopes"].split())})


def revoke_token(tx: Transaction, organization_id: OrganizationId, token_id: ApiTokenId) -> bool:
    """Revoke a token now; tells whether it was usable."""
    statement = api_tokens.update().where(
        api_tokens.c.id == token_id, api_tokens.c.organization_id == organization_id, api_tokens.c.revoked_at.is_(None)
    )
    return tx.changed(statement.values(revoked_at=tx.now)) == 1
