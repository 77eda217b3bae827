"""Blocks: columns whose moments are taken together, with the SQL of their values and a rough centre of each.

A block is a metric's columns after its null and outlier policy, or one column measured before assignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import number_literal
from copilot_tools.stats.spec import Metric

__all__ = ["Block", "balance_block", "centres", "metric_block"]

_CENTRE_ROWS = 20_000
_FEW = 2
"""Columns of a metric that is only reported up to which third moments are taken."""


@dataclass(frozen=True, slots=True)
class Block:
    """Columns whose moments are taken together, over the rows where all have a value.

    Attributes:
        name: Metric name, or the column measured before assignment.
        columns: Their names.
        values: SQL of each value after the null and outlier policy; NULL where it stays empty.
        centres: A rough centre of each.
        cap: Value above which the first column was cut, or None.
        skewness: Whether third moments are taken as well.
        reach: How far any value lies from its centre where all are known to be whole numbers, else None.
        full: Whether no value is NULL, as far as is known.
    """

    name: str
    columns: tuple[str, ...]
    values: tuple[str, ...]
    centres: tuple[float, ...]
    cap: float | None = None
    skewness: bool = False
    reach: float | None = None
    full: bool = False

    @property
    def complete(self) -> str:
        """SQL: whether a row enters the block."""
        return " AND ".join(f"({v}) IS NOT NULL" for v in self.values)


def centres(working: Working, relation: str, columns: Iterable[str]) -> dict[str, float]:
    """A rough centre of each column: the mean of the first rows, a whole number where all values are."""
    wanted = list(dict.fromkeys(columns))
    if not wanted:
        return {}
    n = [working.number(c) for c in wanted]
    means = ", ".join(f"avg(CASE WHEN isfinite({x}) THEN {x} END)" for x in n)
    row = working.connection.execute(
        f"SELECT {means} FROM (SELECT {', '.join(n)} FROM {relation} LIMIT {_CENTRE_ROWS})"
    ).fetchone() or (None,) * len(wanted)
    found = {
        c: _centre(working, relation, c) if mean is None else float(mean) for c, mean in zip(wanted, row, strict=True)
    }
    # Rounded, so that it is the same however the engine came to the mean.
    return {c: float(round(x)) if working.is_whole(c) else float(f"{x:.7g}") for c, x in found.items()}


def _centre(working: Working, relation: str, column: str) -> float:
    """The same of a column whose first rows are all empty."""
    row = working.connection.execute(
        f"SELECT avg(x) FROM (SELECT {working.number(column)} AS x FROM {relation} "
        f"WHERE isfinite({working.number(column)}) LIMIT {_CENTRE_ROWS})"
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def metric_block(working: Working, relation: str, metric: Metric, around: Mapping[str, float]) -> Block:
    """The block of a metric: its columns in the order of ``Metric.columns``. The cap holds for the first column.

    Args:
        working: The working table.
        relation: The rows that are analysed.
        metric: The metric.
        around: Column -> rough centre, from ``centres``.
    """
    values = [working.number(c) for c in metric.columns]
    if metric.nulls == "zero":
        values = [f"coalesce({v}, 0.0)" for v in values]
    cap = None
    if metric.cap is not None:
        cap = (
            metric.cap.at if metric.cap.at is not None else _quantile(working, relation, values[0], metric.cap.quantile)
        )
        if cap is not None:
            values[0] = f"CASE WHEN {values[0]} > {number_literal(cap)} THEN {number_literal(cap)} ELSE {values[0]} END"
    middles = tuple(
        # Around 0 the sums of zeros and ones are whole numbers, and exact.
        0.0 if metric.kind == "proportion" and i == 0 else around[c]
        for i, c in enumerate(metric.columns)
    )
    return Block(
        name=metric.name,
        columns=metric.columns,
        values=tuple(values),
        centres=middles,
        cap=cap,
        skewness=_skewness(metric),
        reach=None if cap is not None and not cap.is_integer() else _reach(working, metric.columns, middles),
        full=all(working.full(c) for c in metric.columns),
    )


def _reach(working: Working, columns: Sequence[str], middles: Sequence[float]) -> float | None:
    """How far any value lies from its centre, where all values are whole numbers and their ends are known.

    An empty cell counted as zero, and a whole cap, are whole numbers too.
    """
    found = 1.0
    for column, middle in zip(columns, middles, strict=True):
        ends = working.ends(column)
        if ends is None:
            return None
        found = max(found, *(abs(x - middle) for x in (*ends, 0.0)))
    return found


def _skewness(metric: Metric) -> bool:
    """Whether a metric's interval needs third moments.

    The score method of a proportion does not. Of four columns there are twenty: too dear for what is only reported.
    """
    if metric.kind == "proportion" and metric.covariate is None:
        return False
    return metric.role != "secondary" or len(metric.columns) <= _FEW


def _quantile(working: Working, relation: str, value: str, quantile: float | None) -> float | None:
    row = working.connection.execute(f"SELECT quantile_cont({value}, {quantile}) FROM {relation}").fetchone()
    return float(row[0]) if row and row[0] is not None else None


def balance_block(working: Working, column: str, around: Mapping[str, float]) -> Block:
    """The one-column block of a column measured before assignment; empty cells are left out.

    Args:
        working: The rows, one a unit.
        column: The column's name.
        around: Column -> about its mean, in its unit: what its sums are centred at.
    """
    return Block(
        name=column,
        columns=(column,),
        values=(working.number(column),),
        centres=(around[column],),
        reach=_reach(working, (column,), (around[column],)),
        full=working.full(column),
    )
