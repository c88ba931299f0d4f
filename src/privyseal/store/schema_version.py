"""Tells whether the database has the schema of this release. Read at every start, so Alembic itself is left out: it is for changing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from privyseal.model.errors import Unavailable
from privyseal.store.database import Database

VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"
_NAME: Final = re.compile(r"([0-9]{4})_\w+\.py")
_VERSION_TABLE: Final = sa.table("alembic_version", sa.column("version_num"))


def newest_revision() -> str:
    """Return the newest migration of this release: each file is named after its revision, and they are one line."""
    return max(match.group(1) for path in VERSIONS.iterdir() if (match := _NAME.fullmatch(path.name)))


def require_current(database: Database) -> None:
    """Raise Unavailable ``schema`` unless the database has exactly the schema of this release."""
    head, current = newest_revision(), None
    with database.reader.connect() as connection:
        if sa.inspect(connection).has_table(_VERSION_TABLE.name):
            current = connection.execute(sa.select(_VERSION_TABLE)).scalar()
    if current != head:
        raise Unavailable(
            "schema", f"The database has the schema {current}, this release needs {head}. Run `privyseal init` or `privyseal migrate`."
        )
