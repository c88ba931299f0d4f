"""Statements of the issuing path: compiled once, run on the driver's own cursor.

An approval makes ten small statements. SQLAlchemy spends 50 to 150 µs of CPU on each execution, SQLite 6 on the statement
itself. What SQLAlchemy knows stays in use: the SQL of each dialect, the conversion of types, its errors. Only its
bookkeeping for each execution is left out. A list is one parameter (``is_among``), because the SQL of ``in_`` depends on
its length.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, TypeEngine

from privyseal.store.database import Transaction, run_in_driver


class _Texts(TypeDecorator[Sequence[str]]):
    """A list of texts as one parameter: an array of PostgreSQL, a JSON array for SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the parameter."""
        return dialect.type_descriptor(postgresql.ARRAY(sa.Text()) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - a list or a text
        """Return the parameter as this kind of database takes it."""
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class _Among(sa.ColumnElement[bool]):
    """``column IN (list)`` with the list as one parameter."""

    type = sa.Boolean()
    inherit_cache = False

    def __init__(self, column: sa.ColumnElement[str], parameter: str) -> None:
        self.column = column
        self.texts = sa.bindparam(parameter, type_=_Texts())

    def self_group(self, against: object = None) -> _Among:  # noqa: ARG002 - SQLAlchemy's own signature
        """Return itself: SQLAlchemy would write ``= 1`` behind a truth of SQLite, which then reads the whole table."""
        return self


@compiles(_Among, "postgresql")
def _as_array(element: _Among, compiler: Any, **_: object) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return f"{compiler.process(element.column)} = ANY ({compiler.process(element.texts)})"


@compiles(_Among, "sqlite")
def _as_json(element: _Among, compiler: Any, **_: object) -> str:  # noqa: ANN401 - SQLAlchemy's own
    column, placeholder = compiler.process(element.column), compiler.process(element.texts)
    return f"{column} IN (SELECT value FROM json_each({placeholder}))"  # noqa: S608 - a column and a placeholder


def is_among(column: sa.ColumnElement[str], parameter: str) -> sa.ColumnElement[bool]:
    """Return the condition that ``column`` is one of the texts in the list ``parameter``; an empty list fits nothing."""
    return _Among(column, parameter)


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

    def column(self, tx: Transaction, **parameters: object) -> list[Any]:
        """Return the first column of all rows."""
        form, cursor = self._run(tx, parameters)
        values = form.read_column(cursor.fetchall())
        cursor.close()
        return values

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
            values = [form.values(row) for row in rows]
            if form.copy:
                _copy(tx.connection, form.copy, [[row[name] for name in form.columns] for row in values])
            else:
                run_in_driver(tx.connection, form.sql, values, many=True).close()

    def _run(self, tx: Transaction, parameters: Mapping[str, object]) -> tuple[_Form, Any]:
        form = self._form(tx.connection.dialect)
        return form, run_in_driver(tx.connection, form.sql, form.values(parameters))

    def _form(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self._statement, self._columns, dialect)
        return form


def _copy_statement(statement: sa.Executable, columns: list[str], dialect: Dialect) -> str:
    """The COPY that does what an INSERT of many rows does, at a tenth of what psycopg spends on each row; "" elsewhere."""
    if dialect.name != "postgresql" or not isinstance(statement, sa.Insert):
        return ""
    quote = dialect.identifier_preparer.quote
    return f"COPY {quote(statement.table.name)} ({', '.join(map(quote, columns))}) FROM STDIN"


def _copy(connection: Connection, sql: str, rows: Iterable[Sequence[object]]) -> None:
    driver_error = connection.dialect.loaded_dbapi.Error
    cursor: Any = connection.connection.cursor()
    try:
        with cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)
    except driver_error as error:
        # Of COPY the server repeats the line that it did not take; only what is wrong with it may reach a log.
        short = type(error)(getattr(getattr(error, "diag", None), "message_primary", None) or type(error).__name__)
        raise exc.DBAPIError.instance(sql, None, short, driver_error, hide_parameters=True, dialect=connection.dialect) from None
    finally:
        cursor.close()


class _Form:
    """A statement as one kind of database takes it: its SQL, and how values go in and come out."""

    __slots__ = ("_constants", "_names", "_order", "_read", "_write", "columns", "copy", "sql")

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete, columns: list[str] | None, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        if compiled.post_compile_params:
            raise ValueError("a prepared statement has no parameters that are lists")
        binds = compiled.binds.items()
        self.sql = str(compiled)
        self.columns = list(compiled.binds)
        self.copy = _copy_statement(statement, self.columns, dialect)
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

    def read_column(self, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The first column of the driver's rows in our type."""
        process = next((process for name, process in self._read if name == self._names[0]), None)
        return [row[0] for row in rows] if process is None else [process(row[0]) for row in rows]
