"""What SQLAlchemy has compiled for one test's database, kept for those of all others."""

from __future__ import annotations

from typing import Any


class SharedStatements(dict[Any, Any]):
    """Statements that were compiled for one database, for every other one of its kind: each test has a database of its own.

    SQLAlchemy's keys begin with the engine's own dialect object, which would make every engine compile everything again.
    """

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - whatever SQLAlchemy keeps
        return super().__getitem__(key[1:])

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401 - the same
        super().__setitem__(key[1:], value)

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401 - the same
        return super().get(key[1:], default)


COMPILED = {"sqlite": SharedStatements(), "postgresql": SharedStatements()}
