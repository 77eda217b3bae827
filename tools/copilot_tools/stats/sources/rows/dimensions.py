"""What the units are sliced by: each dimension with its levels in order, and the SQL that says a row's level."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import is_whole, literal, number_literal
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["EMPTY", "OTHER", "Dimension", "dimensions"]

EMPTY = "(empty)"
"""Level of the rows whose cell is empty."""
OTHER = "(other)"
"""Level of the rows beyond the 49 largest levels."""

MOST_LEVELS = 50
MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension.

    Attributes:
        name: The column.
        level: SQL of a row's level, in whatever type is quick to group by; NULL where the cell is empty.
        size: At most so many levels occur, the empty one included.
        order: Levels in the order they are listed; None: by their text.
        named: What ``level`` brings back -> the level's name, where it is not the name itself.
    """

    name: str
    level: str
    size: int
    order: tuple[str, ...] | None = None
    named: Mapping[object, str] | None = None

    def called(self, value: object) -> str:
        """Name of the level ``level`` brought back."""
        if value is None:
            return EMPTY
        if self.named is not None:
            return self.named[value]
        return value.isoformat() if isinstance(value, dt.date) else str(value)

    def position(self, level: str) -> tuple[int, str]:
        """Sort key of a level."""
        if self.order is not None and level in self.order:
            return self.order.index(level), level
        return len(self.order or ()), level


def dimensions(working: Working, relation: str, spec: AnalysisSpec, *, whole: bool = False) -> tuple[Dimension, ...]:
    """Dimensions of one scan: days where there is a time column, then every cut.

    A column of more than 20 different numbers becomes quarters of all arms together, named by the values they begin and
    end with; the outer two are open, so that no unit's smallest or largest value stands in a name. Any other column
    keeps its values, at most 50 levels. ``whole`` says that every row of the working table is in the relation, so that
    what is known of the table holds here too.
    """
    found = []
    if working.time and spec.time_column is not None:
        found.append(Dimension(name=spec.time_column, level="day", size=1 + _days(working, relation, spec.time_column)))
    for column, i in working.cuts.items():
        if spec.clusters is not None and column == spec.clusters.column:
            continue
        numeric = _is_numeric(working, relation, column, f"d{i}")
        if numeric and _values(working, relation, column, f"d{i}") > MOST_VALUES:
            found.append(_quarters(working, relation, column, f"d{i}"))
        elif whole and not numeric and (names := _known(working, column)) is not None:
            found.append(names)
        else:
            found.append(_levels(working, relation, column, f"d{i}", numeric=numeric))
    return tuple(found)


def _days(working: Working, relation: str, column: str) -> int:
    """At most so many days occur; where the ends are known, so many lie between them."""
    known = working.facts.cells.get(column) if working.facts is not None else None
    if known is not None and isinstance(known.least, dt.date) and isinstance(known.most, dt.date):
        return (known.most - known.least).days + 2
    row = working.connection.execute(f"SELECT count(DISTINCT day) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def _known(working: Working, column: str) -> Dimension | None:
    """A column of few names, all of them known and none blank: they are its levels as they stand."""
    facts = working.facts
    if facts is None or not facts.plain(column):
        return None
    names = sorted(n for n in facts.names[column] if n is not None)
    return Dimension(name=column, level=f"d{working.cuts[column]}", size=len(names) + 1, order=(*names, OTHER, EMPTY))


def _is_numeric(working: Working, relation: str, column: str, cell: str) -> bool:
    """Whether every cell that is not empty is a finite number."""
    held = working.table.columns[column]
    if held.kind == "boolean" or is_whole(held.sql_type):
        return True
    number = working.cut_number(column, cell)
    # Asked for one such row only: a column of names answers at once.
    return not working.connection.execute(
        f"SELECT 1 FROM {relation} WHERE {cell} IS NOT NULL AND (({number}) IS NULL OR NOT isfinite({number})) LIMIT 1"
    ).fetchall()


def _values(working: Working, relation: str, column: str, cell: str) -> int:
    row = working.connection.execute(
        f"SELECT count(DISTINCT {working.cut_number(column, cell)}) FROM {relation}"
    ).fetchone()
    return int(row[0]) if row else 0


def _levels(working: Working, relation: str, column: str, cell: str, *, numeric: bool) -> Dimension:
    text = working.cut_text(column, cell)
    found = working.connection.execute(
        f"SELECT cell, {working.cut_text(column, 'cell')}, {working.cut_number(column, 'cell')} FROM "
        f"(SELECT {cell} AS cell, count(*) AS n FROM {relation} WHERE {cell} IS NOT NULL GROUP BY 1) "
        f"ORDER BY n DESC, 2 LIMIT {MOST_LEVELS + 1}"
    ).fetchall()
    pooled = len(found) > MOST_LEVELS
    if pooled:
        found = found[: MOST_LEVELS - 1]
        kept = ", ".join(literal(name) for _, name, _ in found)
        level = f"CASE WHEN {cell} IS NULL THEN NULL WHEN {text} IN ({kept}) THEN {text} ELSE {literal(OTHER)} END"
    else:
        level = cell if numeric else text
    names = [name for _, name, _ in sorted(found, key=lambda x: (x[2], x[1]) if numeric else (0, x[1]))]
    return Dimension(
        name=column,
        level=level,
        size=len(names) + pooled + 1,
        order=(*names, OTHER, EMPTY),
        named=None if level != cell or text == cell else {value: name for value, name, _ in found},
    )


def _quarters(working: Working, relation: str, column: str, cell: str) -> Dimension:
    execute = working.connection.execute
    number = working.cut_number(column, cell)
    asked = f"quantile_disc(x, [0.25, 0.5, 0.75]), max(x), bool_and(x = trunc(x)) FROM (SELECT {number} AS x FROM"
    quantiles, largest, whole = execute(f"SELECT {asked} {relation})").fetchone() or ([], 0.0, False)
    tops = [float(x) for x in dict.fromkeys([*quantiles, largest])]
    inside = [f"x <= {number_literal(tops[0])}"]
    inside += [f"x > {number_literal(low)} AND x <= {number_literal(high)}" for low, high in pairwise(tops)]
    ends = ", ".join(f"min(x) FILTER ({part})" for part in inside)
    lows = execute(f"SELECT {ends} FROM (SELECT {number} AS x FROM {relation})").fetchone() or tops
    names = _names([(float(low), high) for low, high in zip(lows, tops, strict=True)], whole=bool(whole))
    # How many of the tops a value lies above says which bin it is in.
    above = [f"CAST(({number}) > {number_literal(top)} AS INTEGER)" for top in tops[:-1]]
    return Dimension(
        name=column,
        level=" + ".join(above),
        size=len(names) + 1,
        order=(*names, EMPTY),
        named=dict(enumerate(names)),
    )


def _names(ends: list[tuple[float, float]], *, whole: bool) -> list[str]:
    """Names such as "5 or less", "6 to 16", "17 or more": with as many digits as it takes to tell the ends apart.

    The first bin tells its value where there is but one. The last never does: it may be that of a single unit.
    """
    for digits in (6, 9, 12, 17):
        texts = [(_shown(low, digits), _shown(high, digits)) for low, high in ends]
        highs = [high for _, high in texts]
        if len(set(highs)) == len(highs) and all(h != low for (_, h), (low, _) in pairwise(texts)):
            break
    first, *inner = [low if low == high else f"{low} to {high}" for low, high in texts[:-1]]
    if ends[0][0] != ends[0][1]:
        first = f"{texts[0][1]} or less"
    last = f"{_shown(ends[-2][1] + 1, 17)} or more" if whole else f"more than {texts[-2][1]}"
    return [first, *inner, last]


def _shown(value: float, digits: int) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.{digits}g}"
