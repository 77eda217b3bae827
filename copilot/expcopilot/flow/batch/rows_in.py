"""Briefs from a file, one a row: CSV, JSON Lines, Parquet or Excel, by its ending; one row in memory at a time."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from copilot_tools.nearest import nearest
from copilot_tools.refusals import Refusal, Refused
from expcopilot.records.copy import Brief, FieldText

__all__ = ["COLUMNS", "BriefRow", "brief_rows"]

COLUMNS = (
    "id",
    "channel",
    "change",
    "audience",
    "because",
    "k",
    "mechanisms",
    "keep_away",
    "facts",
    "language",
    "notes",
    "experiment",
)
"""Columns of a file of briefs, beside ``control.FIELD`` for today's copy; JSON may nest ``control`` as an object."""

_LISTS = {"mechanisms": re.compile(r"\s*;\s*"), "facts": re.compile(r"[;,\s]+"), "keep_away": re.compile(r"\s*\|\s*")}
_CONTROL = "control."
_LONGEST_CELL = 1_000_000

Row = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True)
class BriefRow:
    """One row.

    Attributes:
        number: 1, 2, 3, ... as it stands in the file, its header not counted.
        id: The brief's id, or "row-NUMBER" where it has none.
        brief: The brief, or None where the row is none.
        refusals: What is wrong with the row; empty where it is a brief.
    """

    number: int
    id: str
    brief: Brief | None
    refusals: tuple[Refusal, ...] = ()


def brief_rows(path: Path, defaults: Mapping[str, Any] | None = None) -> Iterator[BriefRow]:
    """The rows of a file, in order. A row that is no brief comes with what is wrong with it, and the next one follows.

    Lists stand in one cell: mechanisms between ``;``, facts between blanks or commas, earlier copy between ``|``.

    Args:
        path: A file ending in .csv, .tsv, .jsonl, .ndjson, .parquet or .xlsx.
        defaults: Column -> value for rows that leave it empty.

    Raises:
        Refused: ``briefs.missing``, ``briefs.format``, ``briefs.unreadable``, ``briefs.columns``: nothing can be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise Refused.because(
            "briefs.format",
            f"{path.name} ends in {path.suffix or 'nothing'!r}, which is no format for briefs.",
            f"Use one of {', '.join(_READERS)}.",
            name="in",
            value=str(path),
        )
    if not path.is_file():
        raise Refused.because(
            "briefs.missing", f"There is no file {path}.", "Check the path given with --in.", name="in", value=str(path)
        )
    seen: set[int] = set()
    with _explained(path):
        for number, cells in reader(path):
            yield _row(number, cells, defaults or {}, seen)


def _row(number: int, cells: Mapping[str, Any], defaults: Mapping[str, Any], seen: set[int]) -> BriefRow:
    data, given = {name: value for name, value in cells.items() if not _empty(value)}, f"row-{number}"
    try:
        given = str(_plain(data.get("id", given)))[:120] or given
        if fault := cells.get(_FAULT):
            raise _refused(number, "briefs.row", str(fault), "Mend this row; the others are not touched.")
        record = {**defaults, **{name: _plain(value) for name, value in data.items()}, "id": given}
        brief = Brief.model_validate(_record(record))
    except ValidationError as error:
        ours = {*COLUMNS, "control", _FAULT, ""}
        others = [name for name in cells if name not in ours and not name.startswith(_CONTROL)]
        return BriefRow(number, given, None, tuple(_problems(number, error, others)))
    except Refused as refused:
        return BriefRow(number, given, None, refused.refusals)
    if (known := hash(brief.id)) in seen:
        what = f"the id {brief.id!r} stands in an earlier row, too."
        same = _refused(number, "briefs.same_id", what, "Give each row its own id.")
        return BriefRow(number, given, None, same.refusals)
    seen.add(known)
    return BriefRow(number, given, brief)


def _record(data: dict[str, Any]) -> dict[str, Any]:
    record = {name: value for name, value in data.items() if name in COLUMNS}
    for name, between in _LISTS.items():
        if isinstance(said := record.get(name), str):
            record[name] = tuple(part for part in between.split(said.strip()) if part)
    control = data.get("control", {})
    fields = dict(control) if isinstance(control, Mapping) else {}
    fields |= {name.removeprefix(_CONTROL): value for name, value in data.items() if name.startswith(_CONTROL)}
    if fields:
        record["control"] = tuple(FieldText(name=name, text=str(text)) for name, text in fields.items())
    elif not isinstance(control, Mapping):
        record["control"] = control
    if isinstance(k := record.get("k"), str):
        record["k"] = k.strip()
    return record


def _plain(value: Any) -> Any:
    """A cell without what no record can hold: a workbook's 3.0 is 3, and unpaired surrogates are replaced."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").strip()
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return {str(name): _plain(part) for name, part in value.items()} if isinstance(value, dict) else value


def _empty(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or (isinstance(value, str) and not value.strip())
    )


def _problems(number: int, error: ValidationError, others: list[str]) -> Iterator[Refusal]:
    """What is wrong with a row; where a column is missing, with those that were left alone: one may be it, mistyped."""
    left = f" Left alone, because no brief has them: the columns {', '.join(map(repr, others[:5]))}." if others else ""
    for problem in error.errors(include_url=False):
        column = ".".join(str(part) for part in problem["loc"])
        value = problem["input"] if isinstance(problem["input"], str | int | float | bool) else None
        shown = "is missing" if problem["type"] == "missing" else f"is {value!r}: {problem['msg'].lower()}"
        yield Refusal(
            code="briefs.row",
            reason=f"Row {number}: {column} {shown}."[:500] + (left if problem["type"] == "missing" else ""),
            cure=f"Fill in or correct {column}; the other rows are not touched.",
            name=column,
            value=value if not isinstance(value, str) else value[:200],
        )


def _refused(number: int, code: str, what: str, cure: str) -> Refused:
    return Refused.because(code, f"Row {number}: {what}", cure, name="row", value=number)


# --- the formats ------------------------------------------------------------------------------------------------

_FAULT = "\0fault"
"""Key under which a reader says that this one row cannot be read; no file has such a column."""


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        between = max(",;\t", key=first.count)
        rows = csv.reader(file, delimiter=between)
        header = _header(path, next(rows, []))
        number = 0
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            row: dict[str, Any] = dict(zip(header, cells, strict=False))
            if len(cells) > len(header):
                row[_FAULT] = f"it has {len(cells)} cells under {len(header)} columns; is a text with commas unquoted?"
            yield number, row


def _jsonl(path: Path) -> Iterator[Row]:
    checked: set[str] = set()
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate((line for line in file if line.strip()), 1):
            try:
                data = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, {_FAULT: f"it is no JSON: {error}."}
                continue
            if not isinstance(data, dict):
                yield number, {_FAULT: "it is no JSON object."}
                continue
            if new := data.keys() - checked:
                _header(path, sorted(new), whole=False)
                checked |= new
            yield number, data


def _parquet(path: Path) -> Iterator[Row]:
    from pyarrow import parquet  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and seldom needed

    with parquet.ParquetFile(path) as file:
        _header(path, file.schema_arrow.names)
        number = 0
        for batch in file.iter_batches(batch_size=500):
            for row in batch.to_pylist():
                number += 1
                yield number, row


def _excel(path: Path) -> Iterator[Row]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - as above

    with closing(load_workbook(path, read_only=True, data_only=True)) as book:
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(values_only=True)
        header = _header(path, ["" if cell is None else str(cell) for cell in next(rows, ())])
        number = 0
        for cells in rows:
            if all(_empty(cell) for cell in cells):
                continue
            number += 1
            yield number, {name: cell for name, cell in zip(header, cells, strict=False) if name}


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
    ".xlsx": _excel,
}


def _header(path: Path, names: list[str], *, whole: bool = True) -> list[str]:
    """The columns' names, checked: a slip of the pen never passes for a column of somebody else's."""
    found = [name.strip() for name in names]
    problems = [
        f"{name!r} is no column of briefs; did you mean {close[0]!r}?"
        for name in found
        if name
        and name not in {*COLUMNS, "control"}
        and not name.startswith(_CONTROL)
        and (close := nearest(name, COLUMNS))
    ]
    problems += [
        f"the column {name!r} stands twice." for name in dict.fromkeys(found) if name and found.count(name) > 1
    ]
    missing = [] if not whole else [c for c in ("change", "audience", "because") if c not in found]
    if missing:
        problems.append(f"there is no column {', '.join(missing)}.")
    if problems:
        raise Refused.because(
            "briefs.columns",
            f"{path.name}: {' '.join(problems)}",
            f"Columns: {', '.join(COLUMNS)}, and control.FIELD for today's copy. Others are left alone.",
            name="in",
            value=str(path),
        )
    return found


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except Refused:
        raise
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"it is not UTF-8 text ({error.reason})", "Save it as UTF-8.") from error
    except csv.Error as error:
        raise _unreadable(path, f"{error}", "Check its quotes, and save it again as CSV.") from error
    except OSError as error:
        raise _unreadable(
            path, error.strerror or str(error), "Check that it is whole and that you may read it."
        ) from error
    except Exception as error:
        if type(error).__module__.startswith(("pyarrow", "openpyxl", "zipfile", "xml")) or isinstance(
            error, KeyError | ValueError | EOFError
        ):
            what = f"it is no {path.suffix[1:]} file, or is damaged ({type(error).__name__})"
            raise _unreadable(path, what, "Save it again from the program that made it.") from error
        raise


def _unreadable(path: Path, what: str, cure: str) -> Refused:
    return Refused.because(
        "briefs.unreadable", f"{path.name} cannot be read: {what}.", cure, name="in", value=str(path)
    )
