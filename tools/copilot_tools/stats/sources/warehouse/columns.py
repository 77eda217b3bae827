"""The columns of a warehouse's table under safe names and known types, as a view of the session."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, cast

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables.table import Column, Table, check_header
from copilot_tools.stats.sources.warehouse.engine import Engine
from copilot_tools.stats.sources.warehouse.native_types import known_type

if TYPE_CHECKING:
    import duckdb

__all__ = ["quoted", "table_of"]

_NUMBERED = count(1)


def quoted(table: str) -> str:
    """A table's name, with its schema where there is one, quoted part by part: a name cannot become SQL.

    Raises:
        Refused: More than three parts, or an empty one.

    Example:
        >>> quoted('shop.results"; DROP')
        '"shop"."results""; DROP"'
    """
    parts = table.split(".")
    if len(parts) > 3 or not all(p.strip() for p in parts) or "\0" in table:
        raise Refused.because(
            "warehouse.table_name",
            f"{table[:60]!r} is no name of a table.",
            "Name it as table or schema.table.",
            name="table",
            value=table[:60],
        )
    return ".".join('"' + p.replace('"', '""') + '"' for p in parts)


def _cell(column: str, native: str, known: str, *, enum: bool) -> str:
    """A column read as its known type. Text compares byte by byte; a moment without end is none."""
    if known == "VARCHAR" or enum:
        return f'CAST({column} AS TEXT) COLLATE "C"'
    if known == "DOUBLE" and native != "double precision":
        return f"CAST({column} AS DOUBLE PRECISION)"
    if known.startswith(("DATE", "TIMESTAMP")):
        return f"CASE WHEN isfinite({column}) THEN {column} END"
    return column


def table_of(engine: Engine, table: str) -> Table:
    """A table or view of the warehouse as the sources of rows know tables; its rows have no order.

    Raises:
        Refused: There is no such table, it may not be read, or its header is unfit.
    """
    name, relation = quoted(table), f"expcopilot_raw{next(_NUMBERED)}"
    found = _columns(engine, name)
    names = check_header([n for n, *_ in found], table)
    listed = []
    for i, (column, native, known, enum) in enumerate(found):
        own = '"' + column.replace('"', '""') + '"'
        cell = _cell(own, native, known, enum=enum) if engine.dialect == "postgres" else own
        listed.append(f"{cell} AS c{i}")
    engine.view(relation, f"SELECT {', '.join(listed)} FROM {name}")
    columns = {
        name: Column(name=name, sql=f"c{i}", sql_type="VARCHAR" if enum else known)
        for i, (name, (_, _, known, enum)) in enumerate(zip(names, found, strict=True))
    }
    # Tables are typed by the engine of files; this one answers the same questions.
    held = cast("duckdb.DuckDBPyConnection", engine)
    return Table(connection=held, relation=relation, columns=columns, ordered=False)


def _columns(engine: Engine, name: str) -> Sequence[tuple[str, str, str, bool]]:
    """(name, its own type, DuckDB's name of it, whether it is an enumeration), in the table's order."""
    if engine.dialect == "duckdb":
        return [(str(r[0]), str(r[1]), str(r[1]), False) for r in engine.raw(f"DESCRIBE {name}").fetchall()]
    told = name.replace("'", "''")
    rows = engine.raw(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typtype, format_type(t.typbasetype, t.typtypmod) "
        "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
        f"WHERE a.attrelid = '{told}'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    ).fetchall()
    natives = [(str(n), str(b if kind == "d" else t), str(kind)) for n, t, kind, b in rows]
    return [(n, t, known_type(t), kind == "e") for n, t, kind in natives]
