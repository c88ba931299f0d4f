"""Statements of the issuing path: compiled once, run on the driver's own cursor.

An approval makes ten small statements. SQLAlchemy spends 50 to 150 µs of CPU on each execution, SQLite 6 on the statement
itself. What SQLAlchemy knows stays in use: the SQL of each dialect, the conversion of types, its errors. Only its
bookkeeping for each execution is left out. Parameters that are lists (IN) need it, so batches are ordinary statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from privyseal.store.database import Transaction, run_in_driver


class Prepared:
    """A SELECT, INSERT, UPDATE or DELETE whose parameters are given by name and whose rows are dicts by column name.

    ``columns`` are the columns that an INSERT fills from parameters of the same names. Errors are SQLAlchemy's.
    """

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._forms: Final[dict[str, _Form]] = {}

    def first(self, tx: Transaction, **parameters: object) -> dict[str, Any] | None:
        """Return the first row or None."""
        form, cursor = self._run(tx, parameters)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else form.read(row)

    def every(self, tx: Transaction, **parameters: object) -> list[dict[str, Any]]:
        """Return all rows."""
        form, cursor = self._run(tx, parameters)
        rows = [form.read(row) for row in cursor.fetchall()]
        cursor.close()
        return rows

    def changed(self, tx: Transaction, **parameters: object) -> int:
        """Run a conditional UPDATE or DELETE and return how many rows it touched."""
        _, cursor = self._run(tx, parameters)
        touched: int = cursor.rowcount
        cursor.close()
        return touched

    def each(self, tx: Transaction, rows: Sequence[Mapping[str, object]]) -> None:
        """Run an INSERT or UPDATE once for each of these rows of parameters."""
        if len(rows) == 1:
            # psycopg opens a pipeline for many, which costs as much as the statement itself.
            self._run(tx, rows[0])[1].close()
        elif rows:
            form = self._form(tx.connection.dialect)
            run_in_driver(tx.connection, form.sql, [form.values(row) for row in rows], many=True).close()

    def _run(self, tx: Transaction, parameters: Mapping[str, object]) -> tuple[_Form, Any]:
        form = self._form(tx.connection.dialect)
        return form, run_in_driver(tx.connection, form.sql, form.values(parameters))

    def _form(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self._statement, self._columns, dialect)
        return form


class _Form:
    """A statement as one kind of database takes it: its SQL, and how values go in and come out."""

    __slots__ = ("_constants", "_names", "_order", "_read", "_write", "sql")

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete, columns: list[str] | None, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        if compiled.post_compile_params:
            raise ValueError("a prepared statement has no parameters that are lists")
        binds = compiled.binds.items()
        self.sql = str(compiled)
        # Placeholders of SQLite are numbered, those of PostgreSQL are named.
        self._order = compiled.positiontup
        self._constants = {name: bind.value for name, bind in binds if not bind.required}
        writers = ((name, bind.type.dialect_impl(dialect).bind_processor(dialect)) for name, bind in binds)
        self._write = [(name, process) for name, process in writers if process is not None]
        returned = [(str(column.key), column.type) for column in statement.exported_columns]
        self._names = [name for name, _ in returned]
        readers = ((name, kind.dialect_impl(dialect).result_processor(dialect, None)) for name, kind in returned)
        self._read = [(name, process) for name, process in readers if process is not None]

    def values(self, parameters: Mapping[str, object]) -> Any:  # noqa: ANN401 - a list or a dict, as the driver wants it
        """The driver's parameters; raises KeyError when one is missing."""
        values: dict[str, Any] = {**self._constants, **parameters}
        for name, process in self._write:
            values[name] = process(values[name])
        return values if self._order is None else [values[name] for name in self._order]

    def read(self, row: tuple[Any, ...]) -> dict[str, Any]:
        """The driver's row as a dict of our types."""
        fields: dict[str, Any] = dict(zip(self._names, row, strict=True))
        for name, process in self._read:
            fields[name] = process(fields[name])
        return fields
