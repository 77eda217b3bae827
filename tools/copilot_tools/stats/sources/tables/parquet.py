"""A Parquet file -> a table with the types the file declares."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import duckdb

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables.sql import literal
from copilot_tools.stats.sources.tables.table import Table, check_header

__all__ = ["load_parquet"]


def load_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Table:
    """Load a Parquet file.

    Raises:
        Refused: It is no Parquet file, or two columns share a name.
    """
    with tempfile.TemporaryDirectory(prefix="expcopilot-") as folder:
        read = path
        if re.search(r"[*?\[\]{}]", str(path)):  # the engine would take these for wildcards
            read = Path(folder) / "data.parquet"
            shutil.copyfile(path, read)
        try:
            schema = connection.execute(
                f"SELECT name FROM parquet_schema({literal(str(read))}) WHERE num_children IS NULL"
            ).fetchall()
            relation = connection.execute(f"SELECT * FROM read_parquet({literal(str(read))}) LIMIT 0")
            described = [d[0] for d in relation.description or ()]
            flat = [row[0] for row in schema]
            names = check_header(flat if len(flat) == len(described) else described, path.name)
            columns = ", ".join(f"c{i}" for i in range(len(names)))
            connection.execute(
                f"CREATE OR REPLACE TABLE raw AS SELECT * FROM read_parquet({literal(str(read))}) AS t({columns})"
            )
        except duckdb.Error as error:
            raise Refused.because(
                "file.parquet_unreadable",
                f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0]}.",
                "Write the file again, or export it as CSV.",
                name=path.name,
            ) from error
    return Table.created(connection, "raw", names)
