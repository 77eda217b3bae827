"""Rows out, one after another: CSV, JSON Lines, Parquet or Excel, by the ending; the file is whole or not there.

In CSV and Excel no cell is a formula: in CSV a text that a spreadsheet would run gets an apostrophe before it, in Excel
it is a cell of the kind text.
"""

from __future__ import annotations

import csv
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from copilot_tools.refusals import Refused
from expcopilot.memory.spreadsheet import guarded, unguarded

__all__ = ["Column", "Put", "check_ending", "guarded", "rows_out", "unguarded"]

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_GROUP = 1000
_LONGEST_CELL = 32_767  # Excel's own bound

Row = Mapping[str, Any]
Put = Callable[[Row], None]
"""Writes one row."""


class Column(NamedTuple):
    """A column and what stands in it: text, a count, a number, or yes and no."""

    name: str
    kind: Literal["text", "count", "number"] = "text"


def check_ending(path: Path, name: str = "out") -> None:
    """Refuse what cannot be written, before anything is paid for.

    Raises:
        Refused: ``rows.format`` or ``rows.folder``.
    """
    if path.suffix.lower() not in _WRITERS:
        raise Refused.because(
            "rows.format",
            f"{path.name} ends in {path.suffix or 'nothing'!r}, which is no format to write.",
            f"Use one of {', '.join(_WRITERS)}.",
            name=name,
            value=str(path),
        )
    if not path.absolute().parent.is_dir() or path.is_dir():
        raise Refused.because(
            "rows.folder",
            f"There is no folder for {path}." if not path.is_dir() else f"{path} is a folder.",
            "Make it, or choose another place.",
            name=name,
            value=str(path),
        )


@contextmanager
def rows_out(path: Path, columns: Sequence[Column]) -> Iterator[Put]:
    """A function that writes a row; the file takes its name when the block ends well, and leaves nothing otherwise.

    Args:
        path: A file ending in .csv, .tsv, .jsonl, .ndjson, .parquet or .xlsx.
        columns: The columns; in JSON Lines a row has those it is given.

    Raises:
        Refused: ``rows.format``, ``rows.folder``; ``rows.cannot_write`` when the disk is full, or the like.
    """
    check_ending(path)
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        with ExitStack() as stack:
            stack.callback(beside.unlink, missing_ok=True)
            with _WRITERS[path.suffix.lower()](beside, columns) as put:
                yield put
            beside.replace(path)
    except OSError as error:
        raise Refused.because(
            "rows.cannot_write",
            f"{path.name} cannot be written: {error.strerror or error}.",
            "Free some space, or choose a folder you may write to; run it again, nothing is paid for twice.",
            name="out",
            value=str(path),
        ) from error


@contextmanager
def _csv(path: Path, columns: Sequence[Column]) -> Iterator[Put]:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        writer.writerow([guarded(column.name) for column in columns])
        yield lambda row: writer.writerow([_csv_cell(row.get(column.name)) for column in columns]) and None


def _csv_cell(value: object) -> str:
    return "" if value is None else guarded(value) if isinstance(value, str) else str(value)


@contextmanager
def _jsonl(path: Path, columns: Sequence[Column]) -> Iterator[Put]:
    names = [column.name for column in columns]
    with path.open("x", encoding="utf-8", newline="\n") as file:

        def put(row: Row) -> None:
            kept = {name: row[name] for name in names if row.get(name) is not None}
            file.write(json.dumps(kept, ensure_ascii=False, allow_nan=False) + "\n")

        yield put


@contextmanager
def _parquet(path: Path, columns: Sequence[Column]) -> Iterator[Put]:
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and seldom needed
    from pyarrow import parquet  # noqa: PLC0415

    types = {"text": pa.string(), "count": pa.int64(), "number": pa.float64()}
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])
    group: list[Row] = []
    with parquet.ParquetWriter(path, schema) as writer:

        def flush() -> None:
            if group:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                group.clear()

        def put(row: Row) -> None:
            group.append({column.name: row.get(column.name) for column in columns})
            if len(group) >= _GROUP:
                flush()

        yield put
        flush()


@contextmanager
def _excel(path: Path, columns: Sequence[Column]) -> Iterator[Put]:
    from openpyxl import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("variants")

    def cell(value: object) -> object:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value=_UNPRINTABLE.sub("", value)[:_LONGEST_CELL])
        made.data_type = "s"  # text, whatever it begins with
        return made

    sheet.append([cell(column.name) for column in columns])
    yield lambda row: sheet.append([cell(row.get(column.name)) for column in columns])
    book.save(path)


_WRITERS = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
    ".xlsx": _excel,
}
