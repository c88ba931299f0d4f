"""Brings a database to the schema of this release; whether it is there already, schema_version.py tells."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from privyseal.store.database import Database
from privyseal.store.schema import metadata

NOUNS = (
    "access_reviews",
    "administrators",
    "assignments",
    "applications",
    "audit",
    "authorities",
    "authority_states",
    "caa_checks",
    "certificate_servers",
    "certificates",
    "changes",
    "contact_changes",
    "departments",
    "domain_letters",
    "drafts",
    "kept_answers",
    "kept_forms",
    "lost_cards",
    "organization_events",
    "organizations",
    "outbox",
    "passkeys",
    "policies",
    "prices",
    "questions",
    "renewals",
    "requests",
    "revocations",
    "searches",
    "sessions",
    "sign_ons",
    "task_failures",
    "throttles",
    "trials",
    "units",
    "validations",
    "vettings",
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


def differences(database: Database) -> list[object]:
    """Return what differs between the database and the metadata; empty when the migrations are complete."""
    with database.writer.connect() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name in OWN_TABLES}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), all_metadata()))
