"""Versions of certificate policies; a stored version never changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from privyseal.model.errors import NotFound
from privyseal.model.identifiers import ChangeId, OrganizationId, PolicyId
from privyseal.model.policy import Policy, read_policy
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared
from privyseal.store.schema import Digest, Id, UtcTime, metadata

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("sha256", Digest, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    # The change that made this version, None for one of the set-up by the provider.
    sa.Column("change_id", Id),
    sa.UniqueConstraint("organization_id", "name", "version"),
)


_GET = Prepared(policies.select().where(policies.c.id == sa.bindparam("id"), policies.c.version == sa.bindparam("version")))


def insert(tx: Transaction, policy: Policy, content: bytes, change_id: ChangeId | None = None) -> None:
    """Add a version; ``content`` is the canonical form that ``policy.sha256`` covers, ``change_id`` the change that it came by."""
    tx.execute(
        policies.insert().values(
            id=policy.id,
            version=policy.version,
            organization_id=policy.organization_id,
            name=policy.name,
            content=content,
            sha256=policy.sha256,
            created_at=policy.created_at,
            change_id=change_id,
        )
    )


def _policy(row: Mapping[Any, Any]) -> Policy:
    return _read(row["content"], row["organization_id"], row["sha256"], row["created_at"])


@lru_cache(maxsize=1024)
def _read(content: bytes, organization_id: OrganizationId, sha256: str, created_at: datetime) -> Policy:
    # Remembered by all that it is read from: many requests are decided under few policies.
    return read_policy(json.loads(content), organization_id, sha256, created_at)


def get(tx: Transaction, policy_id: PolicyId, version: int) -> tuple[Policy, bytes]:
    """Return a version and its canonical content; raises NotFound."""
    row = _GET.first(tx, id=policy_id, version=version)
    if row is None:
        raise NotFound("not-found", "There is no such policy.")
    return _policy(row), row["content"]


def change_of(tx: Transaction, policy_id: PolicyId, version: int) -> ChangeId | None:
    """Return the change by which a version came, or None for one of the set-up; raises NotFound."""
    row = _GET.first(tx, id=policy_id, version=version)
    if row is None:
        raise NotFound("not-found", "There is no such policy.")
    return None if row["change_id"] is None else ChangeId(row["change_id"])


def is_known(tx: Transaction, policy_id: PolicyId) -> bool:
    """Tell whether any organization has a policy of this id."""
    return tx.execute(sa.select(policies.c.id).where(policies.c.id == policy_id).limit(1)).first() is not None


def newest(tx: Transaction, organization_id: OrganizationId, name: str) -> Policy | None:
    """Return the newest version of the policy of this name, or None."""
    statement = policies.select().where(policies.c.organization_id == organization_id, policies.c.name == name)
    row = tx.execute(statement.order_by(policies.c.version.desc()).limit(1)).first()
    return None if row is None else _policy(row._mapping)


def of_organization(tx: Transaction, organization_id: OrganizationId) -> list[Policy]:
    """Return the newest version of each policy of an organization, by name."""
    rows = tx.execute(
        policies.select().where(policies.c.organization_id == organization_id).order_by(policies.c.name, policies.c.version.desc())
    )
    newest_of: dict[str, Policy] = {}
    for row in rows:
        newest_of.setdefault(row.name, _policy(row._mapping))
    return list(newest_of.values())


def versions_of(tx: Transaction, organization_id: OrganizationId) -> list[Policy]:
    """Return every version of every policy of an organization, by name, the newest version first."""
    rows = tx.execute(
        policies.select().where(policies.c.organization_id == organization_id).order_by(policies.c.name, policies.c.version.desc())
    )
    return [_policy(row._mapping) for row in rows]
