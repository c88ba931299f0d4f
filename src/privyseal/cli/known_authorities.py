"""Reads the certification authorities of a service from the database."""

from __future__ import annotations

from privyseal.engine.authority import Authority
from privyseal.engine.certificate import Issuer
from privyseal.model.errors import Unavailable
from privyseal.store import authorities

ROOT_OF = {"issuing": "root", "test-issuing": "test-root"}
"""Kind of the root above a kind of CA; the others are their own."""


def read_authorities(rows: list[authorities.StoredAuthority], status_url: str) -> dict[str, Authority]:
    """Return slug -> CA with its chain; raises Unavailable ``hierarchy`` when the root is missing."""
    roots = {row.kind: row.certificate for row in rows if row.kind in ROOT_OF.values()}
    if "root" not in roots or any(ROOT_OF[row.kind] not in roots for row in rows if row.kind in ROOT_OF):
        raise Unavailable("hierarchy", "The database has no root certificate. Run `privyseal init`.")
    found = {}
    for row in rows:
        issuer = Issuer(row.certificate, row.slug, status_url, row.shard_count)
        is_below = row.kind in ROOT_OF
        root = roots[ROOT_OF[row.kind]] if is_below else row.certificate
        found[row.slug] = Authority(row.id, row.slug, row.kind, issuer, (row.certificate,) if is_below else (), root)
    return found
