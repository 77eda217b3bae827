"""A file with one row a unit, opened as a source."""

from __future__ import annotations

from pathlib import Path

from copilot_tools.stats.evidence import SourceInfo
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.tables.load import load
from copilot_tools.stats.spec import Dialect

__all__ = ["open_file"]


def open_file(path: str | Path, dialect: Dialect | None = None, *, sheet: str | None = None) -> RowsSource:
    """Open a file with one row a unit.

    Args:
        path: CSV (.csv, .tsv, .txt, also with .gz), Parquet (.parquet) or Excel (.xlsx).
        dialect: How a CSV writes things; ``spec.dialect`` of the plan. The ending .tsv or .tab itself declares a tab.
        sheet: Which sheet of a workbook; needed when several hold data.

    Raises:
        Refused: No such file, an unknown format, an empty file, a wrong encoding, a missing or ambiguous header,
            ragged lines, or a file that changed while it was read.
    """
    path, dialect = Path(path), dialect or Dialect()
    digest, table = load(path, dialect, sheet=sheet)
    info = SourceInfo(kind="rows", name=path.name, location=str(path.resolve()), digest=digest, columns=table.types())
    return RowsSource(table, info, opened_with=dialect)
