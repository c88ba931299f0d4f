"""Reads the certification authorities of a service from the database."""

from __future__ import annotations

from privyseal.engine.authority import Authority
from privyseal.engine.certificate import Issuer
from privyseal.model.errors import Unavailable
from privyseal.store import authorities


def read_authorities(rows: list[authorities.StoredAuthority], status_url: str) -> dict[str, Authority]:
    """Return slug -> CA with its chain; raises Unavailable ``hierarchy`` when the root is missing."""
    roots = [row for row in rows if row.kind == "root"]
    if len(roots) != 1:
        raise Unavailable("hierarchy", "The database has no root certificate. Run `privyseal init`.")
    found = {}
    for row in rows:
        issuer = Issuer(row.certificate, row.slug, status_url, row.shard_count)
        root = roots[0].certificate if row.kind == "issuing" else row.certificate
        chain = (row.certificate,) if row.kind == "issuing" else ()
        found[row.slug] = Authority(row.id, row.slug, row.kind, issuer, chain, root)
    return found
