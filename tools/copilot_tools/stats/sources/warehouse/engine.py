"""A warehouse's connection, spoken to like the engine that reads files: the same questions, its own dialect.

Every question goes through here, so here it is held that the session's settings decide nothing (time zone, how dates
and doubles are written), that a failure is a refusal without any cell's value in it, and that nothing of ours stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import duckdb
import numpy as np

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.warehouse.dialect import Dialect, render
from copilot_tools.stats.sources.warehouse.native_types import known_type

__all__ = ["Answer", "Connection", "Cursor", "Engine"]

_SETTINGS = {
    "postgres": {
        "TimeZone": "UTC",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "iso_8601",
        "extra_float_digits": "1",
        "client_min_messages": "warning",
    },
    "duckdb": {"TimeZone": "UTC"},
}
_CREATED = re.compile(r"CREATE (OR REPLACE )?TABLE (\w+) ", re.IGNORECASE)
_ZONE = re.compile(r"SET TimeZone = ", re.IGNORECASE)
_MEANT = "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = {0}::regclass"


class Cursor(Protocol):
    """A cursor of DB-API 2.0."""

    @property
    def description(self) -> Any:
        """Columns of the answer; None where there is none."""
        ...

    def execute(self, query: Any, /) -> Any:
        """Run one statement."""
        ...

    def fetchall(self) -> Any:
        """All rows of the answer."""
        ...

    def close(self) -> Any:
        """Let it go."""
        ...


class Connection(Protocol):
    """A connection of DB-API 2.0 (PEP 249), such as psycopg's or DuckDB's."""

    def cursor(self) -> Any:
        """A new cursor."""
        ...

    def close(self) -> Any:
        """End the session."""
        ...


class Answer:
    """What one question brought back."""

    def __init__(self, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        self._names = tuple(names)
        self._rows = [tuple(r) for r in rows]
        self._next = 0

    @property
    def description(self) -> tuple[tuple[str], ...]:
        """Names of the columns, as DB-API lists them."""
        return tuple((n,) for n in self._names)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row; None after the last."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows not fetched yet."""
        left, self._next = self._rows[self._next :], len(self._rows)
        return left

    def fetchnumpy(self) -> dict[str, Any]:
        """Column name -> values, masked where they are NULL."""
        found: dict[str, Any] = {}
        for i, name in enumerate(self._names):
            values = [r[i] for r in self._rows]
            empty = [v is None for v in values]
            kept = [v for v in values if v is not None]
            numeric = bool(kept) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in kept)
            filled = [(0 if numeric else "") if v is None else v for v in values]
            made = np.array(filled) if numeric else np.array(filled, dtype=object)
            found[name] = np.ma.masked_array(made, mask=empty) if any(empty) else made
        return found


class Engine:
    """A connection and the dialect it speaks.

    Args:
        connection: Any DB-API connection to the warehouse. It needs to read the table and to create temporary tables.
        dialect: "postgres" or "duckdb".
        owned: Whether ``close`` also closes the connection; then failures are rolled back here too.

    Attributes:
        asked: Every question so far, in the words of the description.
    """

    def __init__(self, connection: Connection, dialect: Dialect, *, owned: bool = False) -> None:
        self._connection = connection
        self._cursor = connection.cursor()  # one for all: DuckDB's temporary tables belong to the cursor
        self.dialect: Dialect = dialect
        self._owned = owned
        self._before: dict[str, str] = {}
        self.asked: list[str] = []
        self._views: list[str] = []
        if owned and dialect == "postgres":
            # One snapshot from the first look to the last sum, however the table grows meanwhile.
            self.raw("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for name, value in _SETTINGS[dialect].items():
            self._before[name] = str(self.raw(f"SELECT current_setting('{name}')").fetchall()[0][0])
            self.raw(f"SET {name} = '{value}'")

    def close(self) -> None:
        """Take our views out and put the session's settings back, or end the session if it is ours."""
        if self._owned:
            self._connection.close()
            return
        for view in self._views:
            self.raw(f"DROP VIEW IF EXISTS {view}")
        for name, value in self._before.items():
            self.raw("SET {} = '{}'".format(name, value.replace("'", "''")))
        self._before = {}
        self._cursor.close()

    def execute(self, query: str) -> Answer:
        """Ask a question of the description.

        Raises:
            Refused: The warehouse cannot answer; the reason names its error, never a cell's value.
            duckdb.Error: A time zone it does not know, as the engine of files says it.
        """
        self.asked.append(query)
        if query.startswith("DESCRIBE "):
            return self._described(query.removeprefix("DESCRIBE "))
        created = _CREATED.match(query)
        if created is not None and created[1]:
            self.raw(f"DROP TABLE IF EXISTS {created[2]}")
        try:
            answer = self.raw(render(query, self.dialect))
        except Refused as refused:
            if _ZONE.match(query):
                raise duckdb.InvalidInputException(str(refused)) from refused
            raise
        if created is not None and self.dialect == "postgres":
            self.raw(f"ANALYZE {created[2]}")  # a planner that takes ten million rows for a thousand nests loops
        return answer

    def view(self, name: str, query: str) -> None:
        """Make a temporary view, which goes when the engine is closed.

        Raises:
            Refused: The warehouse cannot make it.
        """
        self.raw(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")
        self._views.append(name)

    def raw(self, query: str) -> Answer:
        """Ask in the warehouse's own words.

        Raises:
            Refused: The warehouse cannot answer.
        """
        cursor = self._cursor
        try:
            if self._owned and self.dialect == "postgres" and not query.startswith("SET TRANSACTION"):
                cursor.execute("SAVEPOINT asked")
            cursor.execute(query)
            if cursor.description is None:
                return Answer((), ())
            return Answer([d[0] for d in cursor.description], cursor.fetchall())
        except Exception as error:
            if self._owned and self.dialect == "postgres":
                self._roll_back()
            if isinstance(error, (MemoryError, KeyboardInterrupt)):  # pragma: no cover - not the warehouse's
                raise
            raise _refused(error) from None

    def _roll_back(self) -> None:
        with suppress(Exception):  # the connection itself may be gone: the first error says so
            self._cursor.execute("ROLLBACK TO SAVEPOINT asked")

    def _described(self, relation: str) -> Answer:
        """Columns and types of one of our own tables, types by DuckDB's names."""
        if self.dialect == "duckdb":
            return self.raw(f"DESCRIBE {relation}")

        rows = self.raw(_MEANT.format(f"'{relation}'") + " AND attnum > 0 ORDER BY attnum").fetchall()
        return Answer(("column_name", "column_type"), [(str(n), known_type(str(t))) for n, t in rows])


def _refused(error: Exception) -> Refused:
    """The warehouse's complaint up to what it quotes: from there on it may hold a cell, and cells hold quotes, too."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    first = (str(error).splitlines() or [""])[0]
    said = re.sub(r"[\"'(].*", "…", first)[:200]
    cure = "Ask who keeps the warehouse, or export the columns of the plan to a file."
    if state == "42501":
        cure = "The account must read the table and create temporary tables (GRANT SELECT, GRANT TEMPORARY)."
    elif state in {"25006", "0A000"}:
        cure = "Temporary tables cannot be made on a read-only replica: connect to the primary, or export to a file."
    elif state == "57014":
        cure = "The query was cancelled, by a time limit or by hand: raise statement_timeout for this account."
    elif state in {"42P01", "42703"}:
        cure = "Check the table's name, with its schema, and that nobody changed it meanwhile."
    return Refused.because(
        "warehouse.query_failed",
        f"The warehouse did not answer{f' (SQLSTATE {state})' if state else ''}: {said.rstrip('.')}.",
        cure,
        name="table",
        value=state,
    )
