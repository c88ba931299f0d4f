"""Alembic migrations; ``privyseal.store.schema_setup`` runs them, tests compare them with the metadata on both databases."""
