"""What the units are sliced by: each dimension with its levels in order, and the SQL that says a row's level."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import literal, number_literal
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
        level: SQL of a row's level, never NULL.
        order: Levels in the order they are listed; None: by their text.
    """

    name: str
    level: str
    order: tuple[str, ...] | None = None

    def position(self, level: str) -> tuple[int, str]:
        """Sort key of a level."""
        if self.order is not None and level in self.order:
            return self.order.index(level), level
        return len(self.order or ()), level


def dimensions(working: Working, relation: str, spec: AnalysisSpec) -> tuple[Dimension, ...]:
    """Dimensions of one scan: days where there is a time column, then every cut.

    A column of more than 20 different numbers becomes quarters of all arms together, named by the smallest and the
    largest value in them; any other keeps its values, at most 50 levels.
    """
    found = []
    if working.time and spec.time_column is not None:
        found.append(Dimension(name=spec.time_column, level=f"coalesce(day, {literal(EMPTY)})"))
    for column, i in working.cuts.items():
        found.append(_cut(working, relation, column, i))
    return tuple(found)


def _cut(working: Working, relation: str, column: str, i: int) -> Dimension:
    row = working.connection.execute(
        f"SELECT count(DISTINCT e{i}), count(*) FILTER (d{i} IS NOT NULL AND (e{i} IS NULL OR NOT isfinite(e{i}))) "
        f"FROM {relation}"
    ).fetchone() or (0, 0)
    values, texts = int(row[0]), int(row[1])
    if values > MOST_VALUES and not texts:
        return _quarters(working, relation, column, i)
    levels = working.connection.execute(
        f"SELECT d{i}, any_value(e{i}) FROM {relation} WHERE d{i} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 "
        f"LIMIT {MOST_LEVELS + 1}"
    ).fetchall()
    numeric = not texts
    if len(levels) > MOST_LEVELS:
        levels = levels[: MOST_LEVELS - 1]
        kept = ", ".join(literal(name) for name, _ in levels)
        level = (
            f"CASE WHEN d{i} IS NULL THEN {literal(EMPTY)} WHEN d{i} IN ({kept}) THEN d{i} ELSE {literal(OTHER)} END"
        )
    else:
        level = f"coalesce(d{i}, {literal(EMPTY)})"
    names = [name for name, _ in sorted(levels, key=lambda x: (x[1], x[0]) if numeric else (0, x[0]))]
    return Dimension(name=column, level=level, order=(*names, OTHER, EMPTY))


def _quarters(working: Working, relation: str, column: str, i: int) -> Dimension:
    execute = working.connection.execute
    row = execute(f"SELECT quantile_disc(e{i}, [0.25, 0.5, 0.75]), max(e{i}) FROM {relation}").fetchone() or ([], 0.0)
    tops = list(dict.fromkeys([*row[0], row[1]]))
    bins, below = [], ""
    for top in tops:
        inside = f"e{i} <= {number_literal(top)}"
        ends = execute(f"SELECT min(e{i}), max(e{i}) FROM {relation} WHERE {inside}{below}").fetchone() or (top, top)
        bins.append((inside, float(ends[0]), float(ends[1])))
        below = f" AND e{i} > {number_literal(top)}"
    names = _names([(low, high) for _, low, high in bins])
    cases = " ".join(f"WHEN {inside} THEN {literal(n)}" for (inside, _, _), n in zip(bins, names, strict=True))
    return Dimension(
        name=column,
        level=f"CASE WHEN e{i} IS NULL THEN {literal(EMPTY)} {cases} ELSE {literal(names[-1])} END",
        order=(*names, EMPTY),
    )


def _names(ends: list[tuple[float, float]]) -> list[str]:
    """Names such as "0 to 5", "6 to 16": with as many digits as it takes to tell the ends apart."""
    for digits in (6, 9, 12, 17):
        texts = [(_shown(low, digits), _shown(high, digits)) for low, high in ends]
        highs = [high for _, high in texts]
        if len(set(highs)) == len(highs) and all(h != low for (_, h), (low, _) in pairwise(texts)):
            break
    return [low if low == high else f"{low} to {high}" for low, high in texts]


def _shown(value: float, digits: int) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.{digits}g}"
