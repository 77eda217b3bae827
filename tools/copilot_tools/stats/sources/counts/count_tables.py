"""A small CSV or YAML file of counts, as a table of texts: nothing is interpreted yet but its shape.

YAML may be a list of rows (``- {arm: control, n: 10000, successes: 520}``), or one mapping of arms
(``arms: {control: {n: 10000, successes: 520}, ...}``), with the metric's name beside it if wanted.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.spec import Dialect

__all__ = ["CountRow", "CountTable", "read_table"]

_LARGEST_FILE = 4_000_000  # bytes; counts are a summary, so more than this is rows in disguise
_CSV = {".csv": None, ".tsv": "\t", ".txt": None}
_YAML = {".yaml", ".yml", ".json"}


class CountRow(Frozen):
    """One row: column -> text, and where it stands in the file."""

    where: str
    fields: dict[str, str]


class CountTable(Frozen):
    """A file of counts.

    Attributes:
        name: File name without its folder.
        location: Absolute path.
        digest: SHA-256 of the file's bytes.
        header: Columns, in order.
        rows: Rows, in order.
    """

    name: str
    location: str
    digest: str
    header: tuple[str, ...]
    rows: tuple[CountRow, ...]


def read_table(path: str | Path, dialect: Dialect | None = None) -> CountTable:
    """Read a CSV, TSV, YAML or JSON file of counts.

    Args:
        path: The file; its ending says what it is.
        dialect: Delimiter and encoding, declared.

    Raises:
        Refused: There is no such file, it is of another kind, empty, too large, not in the declared encoding, or its
            shape cannot be read; with every problem found.
    """
    file = Path(path)
    dialect = dialect or Dialect()
    ending = file.suffix.lower()
    if ending not in _CSV and ending not in _YAML:
        raise Refused.because(
            "counts.file_format",
            f"{file.name} ends in {ending!r}, but counts are read from {', '.join([*_CSV, *sorted(_YAML)])}.",
            "Save the counts as CSV or YAML; a file of rows (one a unit) is read without the counts option.",
            name="path",
            value=str(path),
        )
    content = _bytes(file)
    text = _decoded(file, content, dialect)
    if ending in _YAML:
        header, rows = _from_yaml(file.name, text)
    else:
        header, rows = _from_csv(file.name, text, _CSV[ending] or dialect.delimiter)
    if not rows:
        raise _empty(file.name)
    return CountTable(
        name=file.name,
        location=str(file.resolve()),
        digest=hashlib.sha256(content).hexdigest(),
        header=header,
        rows=rows,
    )


def _bytes(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        content = file.read_bytes() if size <= _LARGEST_FILE else b""
    except OSError as error:
        raise Refused.because(
            "counts.file_missing",
            f"{file} cannot be read: {error.strerror or error}.",
            "Check the path, and that it is a file you may read.",
            name="path",
            value=str(file),
        ) from error
    if size > _LARGEST_FILE:
        raise Refused.because(
            "counts.file_too_large",
            f"{file.name} has {size:,} bytes, but a file of counts has at most {_LARGEST_FILE:,}.",
            "If it has one row a unit, read it as rows; else sum it to one row an arm and stratum.",
            name="path",
            value=size,
        )
    return content


def _decoded(file: Path, content: bytes, dialect: Dialect) -> str:
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        raise Refused.because(
            "counts.file_encoding",
            f"{file.name} is not {dialect.encoding}: {error}.",
            "Declare the file's encoding (dialect.encoding: latin-1 or utf-16), or save it as UTF-8.",
            name="encoding",
            value=dialect.encoding,
        ) from error
    if "\x00" in text:
        raise Refused.because(
            "counts.file_encoding",
            f"{file.name} holds null characters, so it is no text in {dialect.encoding}.",
            "Declare dialect.encoding: utf-16 if a spreadsheet saved it as Unicode, or save it as UTF-8.",
            name="encoding",
            value=dialect.encoding,
        )
    if not text.strip():
        raise _empty(file.name)
    return text


def _empty(name: str) -> Refused:
    return Refused.because(
        "counts.file_empty",
        f"{name} holds no row of counts.",
        "Give one row an arm (and stratum): its name, n, and successes.",
        name="path",
        value=name,
    )


def _from_csv(name: str, text: str, delimiter: str) -> tuple[tuple[str, ...], tuple[CountRow, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: tuple[str, ...] = ()
    rows: list[CountRow] = []
    problems: list[Refusal] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = tuple(cell.strip() for cell in cells)
                problems.extend(_bad_header(name, header, delimiter))
            elif len(cells) != len(header):
                problems.append(
                    Refusal(
                        code="counts.ragged_row",
                        reason=f"{name}, line {reader.line_num}: {len(cells)} cells under {len(header)} columns.",
                        cure="Write numbers without thousands separators, and text that holds the delimiter in quotes.",
                        name="line",
                        value=reader.line_num,
                    )
                )
            else:
                fields = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
                rows.append(CountRow(where=f"line {reader.line_num}", fields=fields))
    except csv.Error as error:
        raise Refused.because(
            "counts.csv_unreadable",
            f"{name}, line {reader.line_num}: {error}.",
            "Open the file in a text editor and mend the line.",
            name="path",
            value=name,
        ) from error
    refuse_if_any(problems)
    return header, tuple(rows)


def _bad_header(name: str, header: tuple[str, ...], delimiter: str) -> Iterable[Refusal]:
    if len(header) == 1:
        other = next((d for d in (";", "\t", "|", ",") if d in header[0] and d != delimiter), None)
        yield Refusal(
            code="counts.one_column",
            reason=f"{name} has a single column, {header[0][:80]!r}, when split at {delimiter!r}.",
            cure=f"Declare dialect.delimiter: {other!r}." if other else "Give at least the columns arm, n, successes.",
            name="delimiter",
            value=delimiter,
        )
    for column, times in Counter(header).items():
        if not column:
            yield Refusal(
                code="counts.header_empty",
                reason=f"{name} has a column without a name.",
                cure="Name every column in the first line, or remove the empty one.",
                name="header",
            )
        elif times > 1:
            yield Refusal(
                code="counts.header_twice",
                reason=f"{name} has {times} columns called {column!r}.",
                cure="Give every column its own name.",
                name=column,
                value=times,
            )


def _from_yaml(name: str, text: str) -> tuple[tuple[str, ...], tuple[CountRow, ...]]:
    from ruamel.yaml import YAML  # noqa: PLC0415 - only where a YAML file is read
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        # The base loader leaves every scalar the text it is: an arm may be called no, and 010 is not eight.
        content = YAML(typ="base").load(text)
    except (YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise Refused.because(
            "counts.yaml_unreadable",
            f"{name}{f', line {mark.line + 1}' if mark else ''}: {getattr(error, 'problem', None) or 'too deep'}.",
            "Mend the line; every arm stands once, and a name with a colon in it stands in quotes.",
            name="path",
            value=name,
        ) from error
    listed = _listed(content)
    if listed is None:
        raise _shape(name, "it is neither a list of rows nor a mapping of arms")
    problems: list[Refusal] = []
    rows: list[CountRow] = []
    for where, fields in listed:
        if isinstance(fields, Mapping) and all(isinstance(v, str) for v in fields.values()):
            rows.append(CountRow(where=where, fields={str(k).strip(): v.strip() for k, v in fields.items()}))
        else:
            problems.extend(_shape(name, f"{where} is not a mapping of names to numbers").refusals)
    refuse_if_any(problems)
    header = tuple(dict.fromkeys(column for row in rows for column in row.fields))
    complete = [
        CountRow(where=row.where, fields={column: row.fields.get(column, "") for column in header}) for row in rows
    ]
    return header, tuple(complete)


def _listed(content: object) -> list[tuple[str, object]] | None:
    """(where, row) pairs of any of the shapes YAML may have; None when it has none of them."""
    if isinstance(content, list):
        return [(f"row {i}", row) for i, row in enumerate(content, start=1)]
    if not isinstance(content, Mapping):
        return None
    beside = {k: v for k, v in content.items() if k == "metric" and isinstance(v, str)}
    arms: object = {k: v for k, v in content.items() if k not in beside}
    if "arms" in content:
        if set(content) - {"arms", "metric"}:
            return None
        arms = content["arms"]
    if isinstance(arms, list):
        return [
            (f"row {i}", {**beside, **row} if isinstance(row, Mapping) else row) for i, row in enumerate(arms, start=1)
        ]
    if not isinstance(arms, Mapping):
        return None
    return [
        (f"arm {arm!r}", {"arm": str(arm), **beside, **row} if isinstance(row, Mapping) else row)
        for arm, row in arms.items()
    ]


def _shape(name: str, what: str) -> Refused:
    return Refused.because(
        "counts.yaml_shape",
        f"{name}: {what}.",
        "Write arms: {control: {n: 10000, successes: 520}, b: {n: 10100, successes: 581}}, or a list of such rows.",
        name="path",
        value=name,
    )
