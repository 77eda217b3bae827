"""Which briefs stand with an error in a file that a run wrote: what is asked again, and nothing else."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from copilot_tools.refusals import Refused
from expcopilot.flow.batch.rows_out import unguarded

__all__ = ["briefs_with_errors"]

_BRIEF, _STATUS, _DONE = "brief", "status", "drafted"


def briefs_with_errors(path: Path) -> frozenset[str]:
    """Ids of the briefs that have no variants in a file of variants.

    Args:
        path: The file, in any of the formats ``rows_out`` writes.

    Raises:
        Refused: ``batch.nothing_to_retry``: there is none, it cannot be read, or no run wrote it.
    """
    if not path.is_file():
        raise _refused(path, "there is no such file", "Run it without --retry first.")
    try:
        found = [(brief, status) for brief, status in _READERS[path.suffix.lower()](path) if status != _DONE]
    except Exception as error:  # pyarrow, openpyxl, csv, json and the file system each have their own
        if not isinstance(error, OSError | ValueError | KeyError | csv.Error) and not type(error).__module__.startswith(
            ("pyarrow", "openpyxl", "zipfile", "xml")
        ):
            raise
        raise _refused(path, f"it cannot be read ({type(error).__name__})", "Run it without --retry.") from error
    if any(brief is None or status is None for brief, status in found):
        raise _refused(path, f"a row has no {_BRIEF} or no {_STATUS}", "Name the file that a run wrote.")
    return frozenset(str(brief) for brief, _ in found)


def _csv(path: Path) -> Iterator[tuple[Any, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","):
            brief = row.get(_BRIEF)
            yield None if brief is None else unguarded(brief), row.get(_STATUS)


def _jsonl(path: Path) -> Iterator[tuple[Any, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield row[_BRIEF], row[_STATUS]


def _parquet(path: Path) -> Iterator[tuple[Any, Any]]:
    from pyarrow import parquet  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and seldom needed

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1000, columns=[_BRIEF, _STATUS]):
            yield from zip(batch.column(_BRIEF).to_pylist(), batch.column(_STATUS).to_pylist(), strict=True)


def _excel(path: Path) -> Iterator[tuple[Any, Any]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - as above

    with closing(load_workbook(path, read_only=True)) as book:
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = list(next(rows, ()))
        at = header.index(_BRIEF), header.index(_STATUS)
        for cells in rows:
            yield cells[at[0]], cells[at[1]]


_READERS = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl, ".parquet": _parquet, ".xlsx": _excel}


def _refused(path: Path, what: str, cure: str) -> Refused:
    return Refused.because(
        "batch.nothing_to_retry",
        f"{path.name} does not say which rows failed: {what}.",
        cure,
        name="out",
        value=str(path),
    )
