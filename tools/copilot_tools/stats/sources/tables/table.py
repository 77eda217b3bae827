"""A table held by DuckDB, its columns under safe names: what files and frames become before anything is read."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables.sql import Kind, kind_of

__all__ = ["Column", "Table", "check_header", "connect", "shown"]

_SHOWN = 60
_MOST_COLUMNS = 10_000
"""Columns of a file: the engine holds each as a thing of its own, and no experiment has more."""


def connect() -> duckdb.DuckDBPyConnection:
    """An engine of its own, in memory and compressed; what does not fit goes to the system's temporary folder."""
    connection = duckdb.connect(":memory:")
    connection.execute("ATTACH ':memory:' AS held (COMPRESS); USE held")
    connection.execute("SET temp_directory = ?", [tempfile.gettempdir()])
    connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = true")
    connection.execute("SET python_enable_replacements = false")  # a table is never a variable of the caller
    return connection


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the data, its safe name in SQL, its DuckDB type."""

    name: str
    sql: str
    sql_type: str

    @property
    def kind(self) -> Kind:
        """What its values can be read as."""
        return kind_of(self.sql_type)


@dataclass(frozen=True, slots=True)
class Table:
    """A table in an engine.

    Attributes:
        connection: The engine.
        relation: Name of the table there.
        columns: Columns by their name in the data.
        first_line: Line of the first row in the file, the header being line 1; None where rows have no lines.
        unchanged: Where the relation reads from its file each time: checks that this is still the file that was opened,
            and raises ``Refused`` where it is not.
        damaged: Turns the engine's complaint about that file into a refusal.
        ordered: Whether its rows have places (``rowid``) that mean something to people: those of a file have, those of
            a warehouse have not, and there no message shows a cell or says where it stands.
        group_rows: Rows of each group that one thread reads from its first row to its last, where all groups but the
            last have the same number; None where that is not known.
    """

    connection: duckdb.DuckDBPyConnection
    relation: str
    columns: dict[str, Column]
    first_line: int | None = None
    unchanged: Callable[[], None] | None = None
    damaged: Callable[[duckdb.Error], Refused] | None = None
    ordered: bool = True
    group_rows: int | None = None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around every query on the relation: what it brings back is of the file that was opened, or it is refused.

        Raises:
            Refused: The file was changed or removed since, or cannot be read.
        """
        try:
            yield
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error as error:
            if self.unchanged is not None:
                self.unchanged()
            if self.damaged is not None:
                raise self.damaged(error) from error
            raise
        if self.unchanged is not None:
            self.unchanged()

    def line(self, row: int) -> str:
        """Where a row stands, for people: "line 6" of a file, "row 5" of anything else (counted from 1)."""
        return f"row {row + 1:,}" if self.first_line is None else f"line {row + self.first_line:,}"

    @classmethod
    def created(
        cls,
        connection: duckdb.DuckDBPyConnection,
        relation: str,
        names: Sequence[str],
        first_line: int | None = None,
        *,
        ordered: bool = True,
    ) -> Table:
        """Describe a table whose columns are c0, c1, ... in the order of ``names``."""
        described = [row for row in connection.execute(f"DESCRIBE {relation}").fetchall() if row[0] != "rowid"]
        columns = {
            name: Column(name=name, sql=row[0], sql_type=row[1]) for name, row in zip(names, described, strict=True)
        }
        return cls(connection=connection, relation=relation, columns=columns, first_line=first_line, ordered=ordered)

    def types(self) -> dict[str, str]:
        """Column name -> type, as people know it."""
        return {c.name: "text" if c.sql_type == "VARCHAR" else c.sql_type.lower() for c in self.columns.values()}


def shown(value: Any) -> str:
    """A value in quotation marks for a message: short, and with control characters made visible."""
    text = str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def check_header(names: Sequence[str], name: str) -> tuple[str, ...]:
    """Column names fit for use: an empty one becomes "(column 3)".

    Raises:
        Refused: All names are empty, two are the same, or there are more than 10,000.
    """
    if len(names) > _MOST_COLUMNS:
        raise Refused.because(
            "file.too_many_columns",
            f"{name} has {len(names):,} columns; at most {_MOST_COLUMNS:,} are read.",
            "Export only the columns that are needed.",
            name=name,
            value=len(names),
        )
    if not names or not any(n.strip() for n in names):
        raise Refused.because(
            "file.header_missing",
            f"{name} has no header: its first line names no column.",
            "Put the names of the columns into the first line.",
            name=name,
        )
    counted = Counter(n for n in names if n.strip())
    repeated = sorted(n for n, times in counted.items() if times > 1)
    if repeated:
        raise Refused.because(
            "file.column_duplicated",
            f"{name} has several columns called {', '.join(shown(n) for n in repeated[:5])}.",
            "Give every column a name of its own.",
            name=repeated[0],
            value=counted[repeated[0]],
        )
    return tuple(n if n.strip() else f"(column {i})" for i, n in enumerate(names, 1))
