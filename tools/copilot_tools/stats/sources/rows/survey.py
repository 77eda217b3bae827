"""What is known of typed columns before a row is treated: how many cells are filled, their ends, the names they hold.

Most of it stands in a Parquet file's footer, and no row is read for it. What is known to hold need not be checked cell
by cell afterwards: a column of whole numbers between 0 and 1, all filled, has no cell that offends a proportion.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from copilot_tools.stats.sources.tables import sql
from copilot_tools.stats.sources.tables.table import Column, Table

__all__ = ["FEW_NAMES", "Cells", "Facts", "survey"]

FEW_NAMES = 50
"""A column of names is listed where it holds at most so many of them."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What is known of one column's cells.

    Attributes:
        filled: How many are not NULL.
        least: The smallest value; None where no cell is filled.
        most: The largest.
        finite: Whether none is NaN or infinite. Only then do the ends say anything.
    """

    filled: int
    least: Any
    most: Any
    finite: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a table.

    Attributes:
        rows: How many rows there are.
        cells: Column -> its cells, for numbers, truths and times.
        names: Column -> name -> rows, for columns of at most 50 names; NULL (None) is counted with them.
    """

    rows: int
    cells: dict[str, Cells]
    names: dict[str, dict[str | None, int]]

    def full(self, column: str | None) -> bool:
        """Whether no cell of the column is NULL, as far as is known."""
        return column in self.cells and self.cells[column].filled == self.rows

    def within(self, column: str | None, low: float, high: float = math.inf) -> bool:
        """Whether every filled cell is known to be a number from low to high."""
        known = self.cells.get(column or "")
        if known is None or not known.finite:
            return False
        return known.least is None or (low <= float(known.least) and float(known.most) <= high)

    def plain(self, column: str | None) -> bool:
        """Whether every cell of a column of names is known to be NULL or to hold more than blanks."""
        return column in self.names and not any(n is not None and not n.strip(" ") for n in self.names[column])

    def counted(self, column: str | None) -> dict[str | None, int] | None:
        """Rows of each name, blank cells counted as empty (None); None where they are not known."""
        if column not in self.names:
            return None
        found: dict[str | None, int] = {}
        for name, rows in self.names[column].items():
            called = None if name is None or not name.strip(" ") else name
            found[called] = found.get(called, 0) + rows
        return found


def survey(table: Table, measured: Iterable[str], named: Iterable[str]) -> Facts:
    """Survey columns of a table.

    Args:
        table: The table.
        measured: Columns of numbers, truths or times.
        named: Columns that may hold few names; others than text are passed over.
    """
    columns = [table.columns[c] for c in dict.fromkeys(measured)]
    asked = ["count(*)"]
    for c in columns:
        asked += [f"count({c.sql})", f"min({c.sql})", f"max({c.sql})"]
    row = table.connection.execute(f"SELECT {', '.join(asked)} FROM {table.relation}").fetchone() or (0,)
    # A footer's ends leave NaN out, and so says nothing of it: a sum does not.
    floats = [c for c in columns if c.sql_type.upper() in {"FLOAT", "DOUBLE"}]
    finite = {c.name: True for c in columns}
    if floats:
        sums = ", ".join(f"sum(CAST({c.sql} AS DOUBLE))" for c in floats)
        found = table.connection.execute(f"SELECT {sums} FROM {table.relation}").fetchone() or ()
        finite |= {c.name: total is None or math.isfinite(total) for c, total in zip(floats, found, strict=True)}
    cells = {
        c.name: Cells(int(row[1 + 3 * i]), row[2 + 3 * i], row[3 + 3 * i], finite[c.name])
        for i, c in enumerate(columns)
    }
    wanted = [table.columns[c] for c in dict.fromkeys(named)]
    names = {c.name: held for c in wanted if _is_text(c) and (held := _names(table, c)) is not None}
    return Facts(rows=int(row[0]), cells=cells, names=names)


def _is_text(column: Column) -> bool:
    return sql.kind_of(column.sql_type) == "text" and column.sql_type.upper() != "UUID"


def _names(table: Table, column: Column) -> dict[str | None, int] | None:
    rows = table.connection.execute(
        f"SELECT {column.sql}, count(*) FROM {table.relation} GROUP BY 1 LIMIT {FEW_NAMES + 2}"
    ).fetchall()
    found = {name if name is None else str(name): int(n) for name, n in rows}
    return found if len(found) - (None in found) <= FEW_NAMES else None
