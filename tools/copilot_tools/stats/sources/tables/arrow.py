"""Values or an Arrow table -> a table in the engine: what workbooks and frames share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from copilot_tools.stats.sources.tables.table import Table

__all__ = ["arrow_column", "load_arrow"]


def arrow_column(values: Sequence[Any]) -> pa.Array:
    """Values of one type keep it; whole and broken numbers become doubles; any other mixture becomes text."""
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {bool}:
        return pa.array(values, pa.bool_() if kinds else pa.string())
    if kinds == {int} and all(v is None or abs(v) < 1 << 63 for v in values):
        return pa.array(values, pa.int64())
    if kinds <= {int, float}:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kinds <= {dt.datetime, dt.date} and all(getattr(v, "tzinfo", None) is None for v in values):
        return pa.array(
            [dt.datetime(v.year, v.month, v.day) if type(v) is dt.date else v for v in values],  # noqa: DTZ001
            pa.timestamp("us"),
        )
    return pa.array([None if v is None else _as_text(v) for v in values], pa.string())


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def load_arrow(
    connection: duckdb.DuckDBPyConnection, data: pa.Table, names: Sequence[str], first_line: int | None = None
) -> Table:
    """Copy an Arrow table into the engine, its columns renamed c0, c1, ...

    Args:
        connection: The engine.
        data: The rows.
        names: The columns' own names, in order.
        first_line: Line of the file in which the first row stands, from 1; None where there is no file.
    """
    renamed = data.rename_columns([f"c{i}" for i in range(data.num_columns)])
    connection.register("incoming", renamed)
    connection.execute("CREATE OR REPLACE TABLE raw AS SELECT * FROM incoming")
    connection.unregister("incoming")
    return Table.created(connection, "raw", names, first_line=first_line)
