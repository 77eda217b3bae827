"""A pandas DataFrame or a DuckDB relation -> a source of rows, recognized again by the digest of its content."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from copilot_tools.refusals import Refused
from copilot_tools.stats.evidence import SourceInfo
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.tables.arrow import arrow_column, load_arrow
from copilot_tools.stats.sources.tables.table import Table, check_header, connect

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["from_frame", "from_relation"]


def from_frame(frame: pd.DataFrame, name: str = "DataFrame") -> RowsSource:
    """A DataFrame as a source; its index is not read. NaN and None are empty cells, as pandas means them.

    Raises:
        Refused: Two columns share a name, or there is none.

    Example:
        >>> import pandas as pd
        >>> from_frame(pd.DataFrame({"arm": ["a", "b"], "bought": [0, 1]})).describe().columns
        {'arm': 'text', 'bought': 'bigint'}
    """
    names = check_header([str(c) for c in frame.columns], name)
    columns = []
    for i in range(len(names)):
        series = frame.iloc[:, i]
        try:
            columns.append(pa.Array.from_pandas(series))
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # a column of mixed types: as text, like a spreadsheet's
            columns.append(
                arrow_column([None if missing else v for v, missing in zip(series, series.isna(), strict=True)])
            )
    data = pa.table(columns, names=[f"c{i}" for i in range(len(names))])
    return _source(load_arrow(connect(), data, names), name)


def from_relation(relation: duckdb.DuckDBPyRelation, name: str = "relation") -> RowsSource:
    """A DuckDB relation as a source; it is read once, on its own connection.

    Raises:
        Refused: Two columns share a name, or the relation cannot be executed.
    """
    names = check_header(relation.columns, name)
    try:
        data = relation.to_arrow_table()
    except duckdb.Error as error:
        raise Refused.because(
            "data.relation_fails",
            f"The relation {name} cannot be executed: {str(error).splitlines()[0]}.",
            "Run it by itself first.",
            name=name,
        ) from error
    return _source(load_arrow(connect(), data, names), name)


def _source(table: Table, name: str) -> RowsSource:
    info = SourceInfo(kind="frame", name=name, digest=_digest(table), columns=table.types())
    return RowsSource(table, info)


def _digest(table: Table) -> str:
    """SHA-256 over names, types, number of rows and the sum of their hashes: the order of rows does not count."""
    texts = [f"CAST({c.sql} AS VARCHAR)" for c in table.columns.values()]
    cells = ", ".join(f"coalesce(strlen({t}) || ':' || {t}, 'empty')" for t in texts)
    row = f"concat_ws(',', {cells})"
    sums = table.connection.execute(
        f"SELECT count(*), CAST(sum(CAST(md5_number_lower({row}) AS HUGEINT)) AS VARCHAR), "
        f"CAST(sum(CAST(md5_number_upper({row}) AS HUGEINT)) AS VARCHAR) FROM {table.relation}"
    ).fetchone()
    content = json.dumps([table.types(), sums], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
