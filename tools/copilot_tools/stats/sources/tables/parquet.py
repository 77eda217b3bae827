"""A Parquet file -> a view with the types the file declares: a query reads only the columns it needs."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables.sql import literal
from copilot_tools.stats.sources.tables.stamp import Stamp
from copilot_tools.stats.sources.tables.table import Table, check_header

__all__ = ["load_parquet"]


def load_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Table:
    """Open a Parquet file. Its cells are read when they are asked for, inside ``Table.reading``.

    Raises:
        Refused: It is no Parquet file, or two columns share a name.
    """
    if re.search(r"[*?\[\]{}]", str(path)):  # the engine would take these for wildcards
        with tempfile.TemporaryDirectory(prefix="expcopilot-") as folder:
            plain = Path(folder) / "data.parquet"
            shutil.copyfile(path, plain)
            return _created(connection, plain, path.name, "TABLE")  # the copy is soon gone: keep its cells
    stamp = Stamp.of(path)
    table = _created(connection, path, path.name, "VIEW")
    return replace(
        table,
        unchanged=lambda: stamp.check(path),
        damaged=lambda error: _unreadable(path.name, error),
        group_rows=_group_rows(connection, path),
    )


def _group_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> int | None:
    """Rows of every row group but the last, which may have fewer; None where they differ."""
    sizes = [
        int(rows)
        for (rows,) in connection.execute(
            "SELECT any_value(row_group_num_rows) FROM parquet_metadata(?) GROUP BY row_group_id ORDER BY row_group_id",
            [str(path)],
        ).fetchall()
    ]
    first = sizes[0] if sizes else 0
    even = all(s == first for s in sizes[:-1]) and all(s <= first for s in sizes)
    return first if first and even else None


def _created(connection: duckdb.DuckDBPyConnection, read: Path, name: str, what: str) -> Table:
    file = f"read_parquet({literal(str(read))})"
    placed = f"read_parquet({literal(str(read))}, file_row_number = true)"
    try:
        schema = connection.execute(
            f"SELECT name FROM parquet_schema({literal(str(read))}) WHERE num_children IS NULL"
        ).fetchall()
        described = [d[0] for d in connection.execute(f"SELECT * FROM {file} LIMIT 0").description or ()]
        flat = [row[0] for row in schema]
        names = check_header(flat if len(flat) == len(described) else described, name)
        columns = ", ".join(f"c{i}" for i in range(len(names)))
        if what == "VIEW":  # a view has no rowid of its own: the row's place in the file is read where it is asked for
            connection.execute(f"CREATE OR REPLACE VIEW raw AS SELECT * FROM {placed} AS t({columns}, rowid)")
        else:
            connection.execute(f"CREATE OR REPLACE TABLE raw AS SELECT * FROM {file} AS t({columns})")
    except duckdb.Error as error:
        raise _unreadable(name, error) from error
    return Table.created(connection, "raw", names)


def _unreadable(name: str, error: duckdb.Error) -> Refused:
    return Refused.because(
        "file.parquet_unreadable",
        f"{name} cannot be read as Parquet: {str(error).splitlines()[0]}.",
        "Write the file again, or export it as CSV.",
        name=name,
    )
