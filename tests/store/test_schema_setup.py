"""The migrations make exactly the tables that the nouns describe, on both databases, and an old schema is not served."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from privyseal.model.errors import Unavailable
from privyseal.store.database import Database
from privyseal.store.schema_setup import OWN_TABLES, differences, upgrade
from privyseal.store.schema_version import VERSIONS, newest_revision, require_current


@pytest.fixture
def database(tmp_path: Path, database_url: str) -> Database:
    return Database(database_url or f"sqlite:///{tmp_path}/schema.sqlite3")


def test_the_migrations_make_what_the_nouns_describe(database: Database) -> None:
    upgrade(database)
    assert differences(database) == []
    assert set(sa.inspect(database.writer).get_table_names()) >= OWN_TABLES
    require_current(database)
    database.close()


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    upgrade(database)
    upgrade(database)
    assert differences(database) == []
    database.close()


def test_an_empty_database_is_not_served(database: Database) -> None:
    with pytest.raises(Unavailable) as refusal:
        require_current(database)
    assert refusal.value.kind == "schema"
    database.close()


def test_the_newest_migration_is_the_head_that_alembic_sees() -> None:
    assert ScriptDirectory(str(VERSIONS.parent)).get_heads() == [newest_revision()]


def test_an_older_schema_is_not_served(database: Database) -> None:
    upgrade(database)
    with database.writer.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(Unavailable, match="has the schema 0001"):
        require_current(database)
    database.close()


def test_a_column_that_only_one_side_has_is_told(database: Database) -> None:
    upgrade(database)
    with database.writer.begin() as connection:
        connection.execute(sa.text("ALTER TABLE orders ADD COLUMN surprise INTEGER"))
    assert differences(database) != []
    database.close()
