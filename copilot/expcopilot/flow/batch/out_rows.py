"""The rows a run wrote, read back for a person who goes through them: whose copy each is, and why there is none."""

from __future__ import annotations

import csv
from pathlib import Path

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.flow.batch.rows_in import brief_rows
from expcopilot.flow.batch.rows_out import unguarded
from expcopilot.flow.steps.variants import experiment_of

__all__ = ["Row", "rows_of"]

_LONGEST_CELL = 1_000_000


class Row(Frozen):
    """One row of a file of variants.

    Attributes:
        number: Of its brief, as it stands in the file of briefs.
        experiment: Whose copy it is; "" where the brief could not be read.
        brief: The brief's id.
        variant: The variant's id; "" where there is none.
        digest: Of the text that was written out.
        status: "drafted", "failed" or "not done".
        code: Of a row without variants, why, for programs.
        error: Of a row without variants, why, in words.
        cure: What to do about it.
    """

    number: int
    experiment: str
    brief: str
    variant: str = ""
    digest: str = ""
    status: str = "drafted"
    code: str = ""
    error: str = ""
    cure: str = ""


def rows_of(briefs: Path, out: Path) -> tuple[Row, ...]:
    """The rows of a file of variants, in order.

    Args:
        briefs: The file of briefs it was made of, which says whose copy each is.
        out: The file, as CSV.

    Raises:
        Refused: ``batch.out_unreadable``; or the briefs can no longer be read.
    """
    home = {row.id: experiment_of(row.brief) for row in brief_rows(briefs, {"experiment": briefs.stem}) if row.brief}
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with out.open(encoding="utf-8-sig", newline="") as file:
            return tuple(_row(cells, home) for cells in csv.DictReader(file))
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise Refused.because(
            "batch.out_unreadable",
            f"The variants in {out.name} cannot be read: {error}.",
            "Go on with the run: it writes the file anew, and pays for nothing twice.",
            name="out",
            value=str(out),
        ) from error


def _row(cells: dict[str, str | None], home: dict[str, str]) -> Row:
    said = {name: unguarded(cells.get(name) or "") for name in ("brief", "variant", "digest", "status")}
    why = {name: unguarded(cells.get(name) or "") for name in ("code", "error", "cure")}
    return Row(number=int(cells["row"] or 0), experiment=home.get(said["brief"], ""), **said, **why)
