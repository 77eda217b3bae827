"""What a table holds, for whoever must say which column is what: names, types, how many cells are empty. No value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables import sql
from copilot_tools.stats.sources.tables.table import Column, Table

__all__ = ["ColumnPreview", "Preview", "preview", "within_memory"]

_LOOKED_AT = 10_000
"""Rows by which the type of text is told."""
_MOST = 500
"""Columns that are looked into; of the others the name and the declared type are told."""


class ColumnPreview(NamedTuple):
    """One column.

    Attributes:
        name: As the data has it.
        declared: Its type as the file declares it; "text" for every column of a CSV.
        reads_as: What its filled cells can be read as: "yes/no", "whole number", "number", "time", "text", "nothing".
        empty: Rows without a value; None where that was not counted.
    """

    name: str
    declared: str
    reads_as: str
    empty: int | None


class Preview(NamedTuple):
    """A table.

    Attributes:
        columns: In the data's order.
        rows: How many there are; None for a warehouse's, which are not counted for a preview.
        from_rows: How many rows the types of text were told by; 0 where all types are declared.
    """

    columns: tuple[ColumnPreview, ...]
    rows: int | None
    from_rows: int


@contextmanager
def within_memory(name: str) -> Iterator[None]:
    """Data that does not fit into the engine's memory is refused, not a fault of the program.

    Raises:
        Refused: ``file.too_large``.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise Refused.because(
            "file.too_large",
            f"{name} does not fit into this computer's memory when it is read.",
            "Give only the columns that are needed, as Parquet; or read it where it lies, from a warehouse.",
            name=name,
        ) from error


def preview(table: Table, decimal: str = ".") -> Preview:
    """Preview a table.

    Args:
        table: The table.
        decimal: Decimal mark of numbers written as text.

    Raises:
        Refused: The file was changed or is damaged.
    """
    columns = list(table.columns.values())
    if not table.ordered:  # a warehouse's: what it declares is told, and nothing is asked of its rows
        return Preview(tuple(ColumnPreview(c.name, _type(c), _told(c), None) for c in columns), None, 0)
    looked, texts = columns[:_MOST], [c for c in columns[:_MOST] if c.kind == "text"]
    with table.reading():
        counted = _one(table, "count(*)", *(f"count({_filled(c)})" for c in looked))
        rows = int(counted[0])
        empty = {c.name: rows - int(n) for c, n in zip(looked, counted[1:], strict=True)}
        reads = {c.name: _told(c) for c in columns} | _read(table, texts, decimal)
    found = tuple(ColumnPreview(c.name, _type(c), reads[c.name], empty.get(c.name)) for c in columns)
    return Preview(found, rows, min(rows, _LOOKED_AT) if texts else 0)


def _read(table: Table, texts: list[Column], decimal: str) -> dict[str, str]:
    """What the first cells of columns of text can be read as."""
    if not texts:
        return {}
    asked = []
    for c in texts:
        number = sql.number(c.sql, c.sql_type, decimal)
        filled = sql.text(c.sql, c.sql_type)
        asked += [
            f"count({filled})",
            f"count({sql.truth(c.sql, c.sql_type)})",
            f"count(CASE WHEN ({number}) = trunc({number}) THEN 1 END)",
            f"count({number})",
            f"count({sql.instant(c.sql, c.sql_type, 'UTC')})",
        ]
    counted = _one(table, *asked, rows=_LOOKED_AT)
    kinds = ("yes/no", "whole number", "number", "time")
    found = {}
    for i, c in enumerate(texts):
        held, *read = (int(n) for n in counted[5 * i : 5 * i + 5])
        told = next((k for k, n in zip(kinds, read, strict=True) if n == held), "text")
        found[c.name] = told if held else "nothing"
    return found


def _one(table: Table, *asked: str, rows: int | None = None) -> tuple[int, ...]:
    among = table.relation if rows is None else f"(SELECT * FROM {table.relation} LIMIT {rows})"
    return tuple(table.connection.execute(f"SELECT {', '.join(asked)} FROM {among}").fetchone() or ())


def _filled(column: Column) -> str:
    return sql.text(column.sql, column.sql_type) if column.kind == "text" else column.sql


def _type(column: Column) -> str:
    return "text" if column.sql_type == "VARCHAR" else column.sql_type.lower()


def _told(column: Column) -> str:
    """What a declared type is read as."""
    if column.kind == "number":
        return "whole number" if sql.is_whole(column.sql_type) else "number"
    return {"boolean": "yes/no", "time": "time", "text": "text"}.get(column.kind, "nothing the product reads")
