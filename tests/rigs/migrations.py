"""One step of the database's way to its schema, run again by itself: what it makes of rows that were there before."""

from __future__ import annotations

import importlib

from alembic.migration import MigrationContext
from alembic.operations import Operations

from privyseal.store.database import Database


def run_again(database: Database, step: str) -> None:
    """Apply a module of store/migrations/versions; what it makes was taken away before, and later steps are left alone."""
    module = importlib.import_module(f"privyseal.store.migrations.versions.{step}")
    with database.writer.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        module.upgrade()
