"""What is counted beside the moments: empty cells, the largest rows, the days, values above a cap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from copilot_tools.stats.evidence import Extreme, Missing, UnitCell
from copilot_tools.stats.sources.rows.blocks import Block
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import number_literal
from copilot_tools.stats.spec import AnalysisSpec, Metric

__all__ = ["above", "days", "extremes", "missing"]

_EXTREMES = 10
_FIRST_ROWS = 100_000


def missing(working: Working, relation: str, spec: AnalysisSpec, units: Iterable[UnitCell]) -> tuple[Missing, ...]:
    """Units with an empty cell in a metric's columns, per metric and arm, before the null policy.

    Args:
        working: The working table.
        relation: The rows that are analysed.
        spec: Metrics and arms.
        units: Units of each arm, as counted; where no column has an empty cell, they are all that is needed.
    """
    if all(working.full(c) for m in spec.metrics for c in m.columns):
        whole = {u.arm: u.units for u in units if u.slice.whole}
        return tuple(
            Missing(metric=m.name, arm=a, missing=0, units=whole[a]) for m in spec.metrics for a in spec.arm_names
        )
    counts = ", ".join(
        f"count(*) FILTER ({' OR '.join(f'{working.number(c)} IS NULL' for c in m.columns)})" for m in spec.metrics
    )
    found = {
        row[0]: row[1:]
        for row in working.connection.execute(f"SELECT arm, count(*), {counts} FROM {relation} GROUP BY arm").fetchall()
    }
    none = (0,) * (1 + len(spec.metrics))
    return tuple(
        Missing(metric=m.name, arm=a, missing=found.get(a, none)[1 + i], units=found.get(a, none)[0])
        for i, m in enumerate(spec.metrics)
        for a in spec.arm_names
    )


def extremes(working: Working, relation: str, spec: AnalysisSpec, blocks: Sequence[Block]) -> tuple[Extreme, ...]:
    """The ten largest rows of each block in each arm, by its first column."""
    if not blocks:
        return ()
    # Lists compare by their first element, then by the next: ties do not depend on the order of rows.
    few = _few(working, relation, spec, blocks) if working.facts is not None else ["TRUE"] * len(blocks)
    where = "" if "TRUE" in few else f" WHERE {' OR '.join(few)}"
    tops = ", ".join(
        f"max(list_value({', '.join(b.values)}), {_EXTREMES}) FILTER ({b.complete})"
        if high == "TRUE"
        else f"max(CASE WHEN {high} AND {b.complete} THEN list_value({', '.join(b.values)}) END, {_EXTREMES})"
        for b, high in zip(blocks, few, strict=True)
    )
    found = {
        row[0]: row[1:]
        for row in working.connection.execute(f"SELECT arm, {tops} FROM {relation}{where} GROUP BY arm").fetchall()
    }
    return tuple(
        Extreme(metric=b.name, arm=a, largest=tuple(tuple(float(x) for x in row) for row in found[a][i] or ()))
        for i, b in enumerate(blocks)
        for a in spec.arm_names
        if a in found
    )


def _few(working: Working, relation: str, spec: AnalysisSpec, blocks: Sequence[Block]) -> list[str]:
    """SQL of a condition that few rows meet, and all of the largest: as high as the tenth of the first rows.

    The tenth largest of some of an arm's rows is never above the tenth largest of all of them.
    """
    tops = ", ".join(f"max(CASE WHEN {b.complete} THEN {b.values[0]} END, {_EXTREMES})" for b in blocks)
    rows = working.connection.execute(
        f"SELECT arm, {tops} FROM (SELECT * FROM {relation} LIMIT {_FIRST_ROWS}) GROUP BY arm"
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    made = []
    for i, block in enumerate(blocks):
        lists = [found[a][i] or [] if a in found else [] for a in spec.arm_names]
        if any(len(largest) < _EXTREMES for largest in lists):
            made.append("TRUE")
        else:
            made.append(f"{block.values[0]} >= {number_literal(min(min(largest) for largest in lists))}")
    return made


def days(working: Working, relation: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of exposure, in the declared time zone."""
    if not working.time:
        return None
    row = working.connection.execute(f"SELECT min(day), max(day) FROM {relation}").fetchone()
    if not row or row[0] is None:
        return None
    return row[0], row[1]


def above(working: Working, relation: str, metric: Metric, cap: float) -> int:
    """How many values of a metric's first column the cap cut."""
    row = working.connection.execute(
        f"SELECT count(*) FROM {relation} WHERE {working.number(metric.column)} > {number_literal(cap)}"
    ).fetchone()
    return int(row[0]) if row else 0
