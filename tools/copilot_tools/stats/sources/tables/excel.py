"""An Excel workbook -> a table. One sheet, the header in its first row, one type a column (else text)."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import openpyxl  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables.arrow import arrow_column, load_arrow
from copilot_tools.stats.sources.tables.table import Table, check_header, shown

__all__ = ["load_excel"]

_MOST_BYTES = 1_000_000_000
"""Of a workbook when it is unpacked: a few kilobytes can claim to hold more than there is memory."""
_MOST_CELLS = 25_000_000
"""Of a sheet, empty ones between filled ones included: one cell at its far end makes it as large as it can be."""


def load_excel(connection: duckdb.DuckDBPyConnection, path: Path, sheet: str | None = None) -> Table:
    """Load one sheet; formulas give the value last computed.

    Raises:
        Refused: No workbook, no such sheet, several sheets with data and none named, an empty sheet, a bad header;
            or more than 1 GB unpacked, or 25 million cells.
    """
    rows = _rows(path, sheet)
    if not rows:
        raise Refused.because("file.empty", f"{path.name} holds no cell.", "Export the data again.", name=path.name)
    width = max(len(r) for r in rows)
    rows = [tuple(r) + (None,) * (width - len(r)) for r in rows]
    while width and all(r[width - 1] is None for r in rows):
        width -= 1
    names = check_header(["" if c is None else str(c) for c in rows[0][:width]], path.name)
    body = [r for r in rows[1:] if any(c is not None for c in r)]
    gaps = len(body) != len(rows) - 1
    arrow = pa.table([arrow_column([r[i] for r in body]) for i in range(width)], names=[f"c{i}" for i in range(width)])
    return load_arrow(connection, arrow, names, first_line=None if gaps else 2)


def _rows(path: Path, sheet: str | None) -> list[Sequence[Any]]:
    try:
        _check_size(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns about styles and validations, which hold no data
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                filled = {s.title: _cells(s.iter_rows(values_only=True), path.name) for s in book.worksheets}
            finally:
                book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise Refused.because(
            "file.excel_unreadable",
            f"{path.name} cannot be read as an Excel workbook: damaged, under a password, or of another format.",
            "Open it, save it as .xlsx without a password or as CSV, and try again.",
            name=path.name,
        ) from error
    if sheet is not None and sheet not in filled:
        raise Refused.because(
            "file.sheet_missing",
            f"{path.name} has no sheet {shown(sheet)}; its sheets are {', '.join(shown(s) for s in filled)}.",
            "Name one of these.",
            name="sheet",
            value=sheet,
        )
    with_data = [title for title, rows in filled.items() if rows]
    if sheet is None and len(with_data) > 1:
        raise Refused.because(
            "file.several_sheets",
            f"{path.name} has {len(with_data)} sheets with data: {', '.join(shown(s) for s in with_data)}.",
            "Say which one to read, or keep one sheet in the file.",
            name="sheet",
            value=len(with_data),
        )
    return filled[sheet] if sheet is not None else (filled[with_data[0]] if with_data else [])


def _check_size(path: Path) -> None:
    """Before anything is unpacked; what a part says of its size is all that is ever unpacked of it."""
    with zipfile.ZipFile(path) as parts:
        held = sum(part.file_size for part in parts.infolist())
    if held > _MOST_BYTES:
        raise _too_large(path.name, f"holds {held / 1e9:,.1f} GB when it is unpacked")


def _cells(rows: Generator[Sequence[Any], None, None], name: str) -> list[Sequence[Any]]:
    """The rows as far as they are filled; an empty one in between is ``()``."""
    kept: list[Sequence[Any]] = []
    seen = filled = 0
    with closing(rows):  # it holds the file open until it has ended
        for row in rows:
            seen += max(len(row), 1)
            if seen > _MOST_CELLS:
                raise _too_large(name, f"has a sheet of more than {_MOST_CELLS:,} cells")
            kept.append(row if any(c is not None for c in row) else ())
            filled = len(kept) if kept[-1] else filled
    return kept[:filled]


def _too_large(name: str, what: str) -> Refused:
    return Refused.because(
        "file.too_large",
        f"{name} {what}.",
        "Save the sheet as CSV or Parquet; a sheet that is nearly empty may hold one cell far outside: delete it.",
        name=name,
    )
