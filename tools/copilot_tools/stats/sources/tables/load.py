"""A file -> a table in an engine. The ending says the format; everything else is declared, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables.csv_file import load_csv
from copilot_tools.stats.sources.tables.encoding import digest_of
from copilot_tools.stats.sources.tables.parquet import load_parquet
from copilot_tools.stats.sources.tables.stamp import Stamp
from copilot_tools.stats.sources.tables.table import Table, connect
from copilot_tools.stats.spec import Dialect

if TYPE_CHECKING:
    import duckdb

__all__ = ["load"]

_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".tab", ".txt", ".txt.gz")
_PARQUET = (".parquet", ".pq")
_EXCEL = (".xlsx", ".xlsm")


def load(
    path: Path, dialect: Dialect, *, sheet: str | None = None, into: duckdb.DuckDBPyConnection | None = None
) -> tuple[str, Table]:
    """Load a file whole.

    Args:
        path: CSV (.csv, .tsv, .txt, also with .gz), Parquet (.parquet) or Excel (.xlsx).
        dialect: How a CSV writes things. The ending .tsv or .tab itself declares a tab.
        sheet: Which sheet of a workbook; needed when several hold data.
        into: The engine to load it into, for files that are read together; a new one when not given.

    Returns:
        The SHA-256 of the file's bytes, and the table.

    Raises:
        Refused: No such file, an unknown format, an empty file, a wrong encoding, a missing or ambiguous header,
            ragged lines, or a file that changed while it was read.
    """
    stamp = Stamp.of(path)
    digest = digest_of(path)
    table = _loader(path, dialect, sheet, into)()
    stamp.check(path)
    return digest, table


def _loader(
    path: Path, dialect: Dialect, sheet: str | None, into: duckdb.DuckDBPyConnection | None
) -> Callable[[], Table]:
    name = path.name.lower()
    if name.endswith(_CSV):
        return lambda: load_csv(into or connect(), path, dialect)
    if name.endswith(_PARQUET):
        return lambda: load_parquet(into or connect(), path)
    if name.endswith(_EXCEL):
        # openpyxl and pyarrow are heavy and only needed here
        from copilot_tools.stats.sources.tables.excel import load_excel  # noqa: PLC0415

        return lambda: load_excel(into or connect(), path, sheet)
    old = name.endswith(".xls")
    raise Refused.because(
        "file.format_unknown",
        f"{path.name} is {'an old Excel workbook' if old else 'of no format known here'}.",
        "Save it as CSV, .xlsx or Parquet." if old else "Give a .csv, .csv.gz, .tsv, .parquet or .xlsx file.",
        name=path.name,
        value=path.suffix,
    )
