"""Brings a database to the schema of this release, and tells whether it is there."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from privyseal.model.errors import Unavailable
from privyseal.store.database import Database
from privyseal.store.schema import metadata

NOUNS = (
    "administrators",
    "audit",
    "authorities",
    "certificates",
    "drafts",
    "organizations",
    "outbox",
    "passkeys",
    "policies",
    "questions",
    "requests",
    "revocations",
    "searches",
    "sessions",
    "throttles",
    "units",
)


def all_metadata() -> sa.MetaData:
    """Return the metadata with the tables of every noun."""
    for noun in NOUNS:
        import_module(f"privyseal.store.{noun}")
    return metadata


OWN_TABLES = frozenset(all_metadata().tables)
"""Names of our tables; the job engine keeps others beside them."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(database: Database) -> None:
    """Run every migration that is missing, all in one transaction."""
    config = _config()
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(database: Database) -> None:
    """Raise Unavailable ``schema`` unless the database has exactly the schema of this release."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with database.reader.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != head:
        raise Unavailable(
            "schema", f"The database has the schema {current}, this release needs {head}. Run `privyseal init` or `privyseal migrate`."
        )


def differences(database: Database) -> list[object]:
    """Return what differs between the database and the metadata; empty when the migrations are complete."""
    with database.writer.connect() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name in OWN_TABLES}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), all_metadata()))
