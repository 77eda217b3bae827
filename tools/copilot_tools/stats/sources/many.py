"""Many experiments in one file, one row an arm: read once by DuckDB into arrays.

Only the columns named are read. Cells that are no numbers do not stop the reading: the test they belong to is refused
on its own, and the others stand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from copilot_tools.base import Frozen
from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.sources.counts.arm_counts import is_thousands
from copilot_tools.stats.sources.tables.load import load
from copilot_tools.stats.sources.tables.sql import literal, number, number_literal, text
from copilot_tools.stats.sources.tables.table import Table
from copilot_tools.stats.spec import Dialect

__all__ = ["Group", "ManyArms", "ManyColumns", "parse_group", "read_many"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


class ManyColumns(Frozen):
    """Which column is what.

    Attributes:
        by: Column whose value names the experiment.
        arm: Column of the arm's name.
        n: Column of the units.
        successes: Column of the successes.
    """

    by: str
    arm: str
    n: str
    successes: str


class Group(Frozen):
    """A range of one column, ends included, to set some experiments apart from the others.

    Attributes:
        column: The column.
        low: Lower end, as text.
        high: Upper end, as text. Both ends are compared as numbers when both are numbers, else as text.
    """

    column: str
    low: str
    high: str

    @property
    def text(self) -> str:
        """How people read it."""
        return f"{self.column} {self.low} to {self.high}"

    @property
    def numbers(self) -> tuple[float | None, float | None]:
        """Both ends as numbers, None where one is none."""
        return _float(self.low), _float(self.high)


@dataclass(frozen=True, slots=True)
class ManyArms:
    """Every arm of every experiment, as arrays of one length, experiment after experiment.

    Attributes:
        name: The file's name.
        digest: SHA-256 of the file's bytes.
        tests: Names of the experiments, in order of appearance.
        test: Per arm, the number (from 0) of its experiment, ascending.
        arm: Per arm, its name.
        n: Per arm, units; NaN where the cell is no number (the experiment then has a problem).
        successes: Per arm, successes; NaN likewise.
        position: Per experiment, 1 where any of its arms lies in the group, 0 where it lies outside, -1 where that is
            not known (an empty cell, or no group asked for).
        problems: Number of the experiment -> why it cannot be read.
        rows_without_test: Rows whose experiment is not named; they belong to none.
    """

    name: str
    digest: str
    tests: tuple[str, ...]
    test: Codes
    arm: tuple[str, ...]
    n: Floats
    successes: Floats
    position: Floats
    problems: dict[int, list[Refusal]]
    rows_without_test: int


def parse_group(text: str) -> Group:
    """Read ``COLUMN LOW..HIGH`` (a colon or an equals sign may stand after the column).

    Raises:
        Refused: The text has another form, or its ends are the wrong way round.

    Example:
        >>> parse_group("week 201326..201402").text
        'week 201326 to 201402'
    """
    match = re.fullmatch(r"\s*(.+?)\s*[\s=:]\s*([^\s=:]+?)\s*\.\.\s*(\S+)\s*", text)
    if match is None:
        raise Refused.because(
            "many.group_format",
            f"The group {text!r} cannot be read.",
            "Write the column, then the first and last value: week 201326..201402.",
            name="group",
            value=text,
        )
    group = Group(column=match[1], low=match[2], high=match[3])
    low, high = group.numbers
    if low > high if low is not None and high is not None else group.low > group.high:
        raise Refused.because(
            "many.group_empty",
            f"The group {text!r} starts after it ends, so nothing lies in it.",
            f"Write {group.column} {group.high}..{group.low}.",
            name="group",
            value=text,
        )
    return group


def _float(text_of: str) -> float | None:
    try:
        value = float(text_of)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read_many(
    path: str | Path,
    columns: ManyColumns,
    *,
    group: Group | None = None,
    dialect: Dialect | None = None,
    sheet: str | None = None,
) -> ManyArms:
    """Read a file of many experiments.

    Args:
        path: CSV (also gzipped), Parquet or Excel.
        columns: Which column is what.
        group: A range that sets some experiments apart.
        dialect: Delimiter, encoding and decimal mark of a CSV, declared.
        sheet: Which sheet of a workbook.

    Raises:
        Refused: The file cannot be read, a column is missing, or it has no row. What is wrong with a single experiment
            is in ``ManyArms.problems``.
    """
    dialect = dialect or Dialect()
    file = Path(path)
    digest, table = load(file, dialect, sheet=sheet)
    try:
        refuse_if_any(_missing(tuple(table.columns), columns, group))
        with table.reading():
            found: dict[str, Any] = table.connection.execute(
                _query(table, columns, group, dialect.decimal)
            ).fetchnumpy()
    finally:
        table.connection.close()
    tests = _texts(found["test"])
    if not any(tests):
        raise Refused.because(
            "many.no_test",
            f"No row of {file.name} names its experiment: {columns.by!r} is empty throughout ({len(tests):,} rows).",
            "Give one row an arm, and name the column that tells the experiments apart.",
            name=columns.by,
            value=len(tests),
        )
    arms, shown = _arranged(file.name, digest, tests, found)
    # A column whose type is a number says what it means; only a text can be read in two ways.
    written = {k: c for k, c in (("n", columns.n), ("successes", columns.successes)) if table.columns[c].kind == "text"}
    for i, refusal in (*_problems(arms, columns, shown), *_thousands(arms, written, shown, dialect.decimal)):
        arms.problems.setdefault(i, []).append(refusal)
    return arms


def _missing(header: tuple[str, ...], columns: ManyColumns, group: Group | None) -> list[Refusal]:
    wanted = [columns.by, columns.arm, columns.n, columns.successes, *([group.column] if group else [])]
    return [
        Refusal(
            code="many.column_missing",
            reason=f"There is no column {column!r}.",
            cure=closest(column, header),
            name=column,
        )
        for column in dict.fromkeys(wanted)
        if column not in header
    ]


def _query(table: Table, columns: ManyColumns, group: Group | None, decimal: str) -> str:
    def as_text(column: str) -> str:
        return text(table.columns[column].sql, table.columns[column].sql_type)

    def as_number(column: str) -> str:
        return number(table.columns[column].sql, table.columns[column].sql_type, decimal)

    inside = "CAST(NULL AS BOOLEAN)"
    if group is not None:
        low, high = group.numbers
        if low is not None and high is not None:
            inside = f"{as_number(group.column)} BETWEEN {number_literal(low)} AND {number_literal(high)}"
        else:
            inside = f"{as_text(group.column)} BETWEEN {literal(group.low)} AND {literal(group.high)}"
    return (
        f"SELECT {as_text(columns.by)} AS test, {as_text(columns.arm)} AS arm, {as_number(columns.n)} AS n, "
        f"{as_number(columns.successes)} AS successes, {as_text(columns.n)} AS n_text, "
        f"{as_text(columns.successes)} AS successes_text, CAST({inside} AS INTEGER) AS inside "
        f"FROM {table.relation}"
    )


def _texts(found: npt.NDArray[Any]) -> list[str]:
    # A masked array would fill a missing text with "?": read the mask instead.
    empty = np.ma.getmaskarray(found)
    return ["" if nothing else str(value) for value, nothing in zip(np.ma.getdata(found), empty, strict=True)]


def _numbers(found: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.ma.filled(np.ma.asarray(found, dtype=np.float64), np.nan), dtype=np.float64)


def _arranged(
    name: str, digest: str, tests: list[str], found: dict[str, npt.NDArray[Any]]
) -> tuple[ManyArms, dict[str, list[str]]]:
    """Rows to arrays, experiment after experiment, and the texts of their counts; problems are yet to be looked for."""
    number_of: dict[str, int] = {}
    codes = np.array([number_of.setdefault(test, len(number_of)) if test else -1 for test in tests], dtype=np.intp)
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    named = _texts(found["arm"])
    arms = ManyArms(
        name=name,
        digest=digest,
        tests=tuple(number_of),
        test=codes[order],
        arm=tuple(named[i] for i in order),
        n=_numbers(found["n"])[order],
        successes=_numbers(found["successes"])[order],
        position=np.full(len(number_of), -1.0),
        problems={},
        rows_without_test=len(tests) - len(order),
    )
    inside = _numbers(found["inside"])[order]
    np.maximum.at(arms.position, arms.test, np.where(np.isnan(inside), -1.0, inside))
    shown = {key: _texts(found[f"{key}_text"]) for key in ("n", "successes")}
    return arms, {key: [held[i] for i in order] for key, held in shown.items()}


def _thousands(
    arms: ManyArms, written: dict[str, str], shown: dict[str, list[str]], decimal: str
) -> Iterable[tuple[int, Refusal]]:
    """Counts written as 10.000, which is ten or ten thousand; ``written`` maps n and successes to columns of text."""
    for key, column in written.items():
        for row, text_of in enumerate(shown[key]):
            if is_thousands(key, text_of.strip(), decimal):
                test = int(arms.test[row])
                yield (
                    test,
                    Refusal(
                        code="many.thousands",
                        reason=f"{arms.tests[test]!r}, arm {arms.arm[row]!r}: {column} {text_of[:40]!r} may be meant a "
                        "thousand times larger.",
                        cure=f"Export {column} without marks between thousands.",
                        name=column,
                        value=text_of[:40],
                    ),
                )


def _problems(arms: ManyArms, columns: ManyColumns, shown: dict[str, list[str]]) -> Iterable[tuple[int, Refusal]]:
    """(number of the experiment, what is wrong with it), every problem of every arm."""
    count = np.bincount(arms.test, minlength=len(arms.tests))
    for i in np.flatnonzero(count < 2).tolist():
        yield (
            i,
            Refusal(
                code="many.one_arm",
                reason=f"{arms.tests[i]!r} has a single arm: there is nothing to compare it with.",
                cure="Leave it out, or give the rows of its other arms.",
                name=columns.arm,
                value=arms.arm[int(np.flatnonzero(arms.test == i)[0])],
            ),
        )
    seen: set[tuple[int, str]] = set()
    for i, arm in zip(arms.test.tolist(), arms.arm, strict=True):
        if not arm or (i, arm) in seen:
            yield (
                i,
                Refusal(
                    code="many.arm_twice" if arm else "many.arm_empty",
                    reason=f"{arms.tests[i]!r} has "
                    + (f"more than one row of the arm {arm!r}." if arm else "a row without an arm."),
                    cure="Give one row an arm, and name every arm.",
                    name=columns.arm,
                    value=arm,
                ),
            )
        seen.add((i, arm))
    n, x = arms.n, arms.successes
    with np.errstate(invalid="ignore"):
        checked = (
            ("n", columns.n, ~np.isfinite(n), "not_a_number", "is no number", "Write a plain number."),
            ("n", columns.n, n < 0, "n_negative", "is below 0", "Check the sign."),
            ("n", columns.n, n == 0, "n_zero", "is 0: nobody saw this arm", "Leave the arm out."),
            ("n", columns.n, n != np.floor(n), "not_whole", "is no whole number", "Give counts, not rates."),
            ("successes", columns.successes, ~np.isfinite(x), "not_a_number", "is no number", "Write a plain number."),
            ("successes", columns.successes, x < 0, "successes_negative", "is below 0", "Check the sign."),
            (
                "successes",
                columns.successes,
                x != np.floor(x),
                "not_whole",
                "is no whole number",
                "Give counts, not rates.",
            ),
            (
                "successes",
                columns.successes,
                x > n,
                "successes_above_n",
                "is above the arm's units",
                "Check which column counts units and which successes; a unit succeeds once.",
            ),
        )
    for key, column, wrong, code, why, cure in checked:
        for row in np.flatnonzero(wrong).tolist():
            test = int(arms.test[row])
            text_of = shown[key][row]
            if np.isnan((n if key == "n" else x)[row]) and code != "not_a_number":
                continue
            yield (
                test,
                Refusal(
                    code=f"many.{code}",
                    reason=f"{arms.tests[test]!r}, arm {arms.arm[row]!r}: {column} {text_of[:40]!r} {why}.",
                    cure=cure,
                    name=column,
                    value=text_of[:40],
                ),
            )
