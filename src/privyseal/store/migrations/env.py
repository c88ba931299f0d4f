"""How Alembic runs a migration: on the connection that ``schema_setup`` hands in, in one transaction."""

from __future__ import annotations

from alembic import context

from privyseal.store.schema_setup import OWN_TABLES, all_metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=all_metadata(),
    render_as_batch=True,
    include_name=lambda name, kind, _parents: kind != "table" or name in OWN_TABLES,
)
with context.begin_transaction():
    context.run_migrations()
