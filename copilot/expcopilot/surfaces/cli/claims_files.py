"""Files of copy, opened for the claim scanner: text, Markdown, HTML, one column of a CSV; every failure a refusal."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refused
from copilot_tools.wording.markup import Format

__all__ = ["Copy", "copies"]

_FORMATS: dict[str, Format] = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
_LARGEST = 50_000_000


@dataclass(frozen=True)
class Copy:
    """One piece of copy from a file.

    Attributes:
        file: As given on the command line.
        text: Of the whole file, or of one cell.
        form: How it is written.
        row: Of a CSV, the row below the header, from 1; else 0.
        first_line: The line of the file on which it begins, from 1.
    """

    file: str
    text: str
    form: Format
    row: int = 0
    first_line: int = 1


def copies(file: str, column: str | None) -> Iterator[Copy]:
    """What ``file`` holds: itself, or a cell a row.

    Raises:
        Refused: It cannot be read, is not UTF-8 text, is too large, or has no such column.
    """
    text = _read(file)
    if Path(file).suffix.lower() != ".csv":
        if column is not None:
            raise Refused.because(
                "claims.column",
                f"{file} is not a CSV file, so it has no column {column!r}.",
                "Leave --column out, or give a file that ends in .csv.",
                name="column",
                value=column,
            )
        yield Copy(file, text, _FORMATS.get(Path(file).suffix.lower(), "text"))
        return
    yield from _cells(file, text, column)


def _read(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read()
        size = Path(file).stat().st_size
        if size > _LARGEST:
            raise Refused.because(
                "claims.too_large",
                f"{file} has {size:,} bytes, more than the {_LARGEST:,} that are scanned at once.",
                "Split it.",
                name="file",
                value=file,
            )
        return Path(file).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refused.because(
            "claims.cannot_read",
            f"{file} cannot be read: {said}.",
            "Check the path; copy is read as UTF-8 text.",
            name="file",
            value=file,
        ) from None


def _cells(file: str, text: str, column: str | None) -> Iterator[Copy]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if column is None or header.count(column) != 1:
            _refuse_column(file, header, column)
        place = header.index(column)
        line = reader.line_num
        for number, row in enumerate(reader, start=1):
            if place < len(row):
                yield Copy(file, row[place], "text", number, line + 1)
            elif row:
                raise Refused.because(
                    "claims.csv",
                    f"{file}, line {reader.line_num}: the row has {len(row)} cells, the header {len(header)}.",
                    "Check the quotation marks of that row.",
                    name="file",
                    value=file,
                )
            line = reader.line_num
    except csv.Error as error:
        raise Refused.because(
            "claims.csv",
            f"{file}, line {reader.line_num}: not well-formed CSV ({error}).",
            "Check the quotation marks; cells are set apart by commas.",
            name="file",
            value=file,
        ) from None


def _refuse_column(file: str, header: list[str], column: str | None) -> NoReturn:
    if column is not None and header.count(column) > 1:
        reason = f"{file} has {header.count(column)} columns called {column!r}."
        cure = "Rename all but one."
    elif column is not None:
        reason = f"{file} has no column {column!r}."
        cure = closest(column, header)
    else:
        reason = f"{file} is a CSV file, and nothing says which column holds the copy."
        cure = f"Add --column: {', '.join(repr(h) for h in header[:20])}." if header else "The file is empty."
    raise Refused.because("claims.column", reason, cure, name="column", value=column)
