"""The one scan: moments of every metric in every arm and slice, counts of units, missing cells, largest values.

One query with grouping sets sums (x - k) and (x - k)(y - l) about a rough centre k of each column, compensated
(Kahan), so that a mean of 1e9 keeps its variance. The order of rows and the number of threads move the sums, and so the
moments, by a few units in the last place of a double at most (the centre is that of the first rows); whole numbers
about a centre of 0, such as the successes of a proportion, are exact. Dimensions are grouped together where their
levels make few cells, and each is rolled up from those: every row is then summed into few cells, not one a dimension.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copilot_tools.results import Slice
from copilot_tools.stats.evidence import Extreme, MetricCell, Missing, UnitCell
from copilot_tools.stats.moments import Moments, triples
from copilot_tools.stats.sources.rows.dimensions import Dimension
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import number_literal
from copilot_tools.stats.spec import AnalysisSpec, Metric

__all__ = ["Block", "above", "balance_block", "before", "days", "extremes", "metric_block", "missing", "moments"]

_CENTRE_ROWS = 20_000
_EXTREMES = 10
_FEW = 2
"""Columns of a metric that is only reported up to which third moments are taken."""
_MOST_CELLS = 4_096
"""Cells of one set of dimensions, over all arms: beyond it the cells no longer fit a processor's nearest memory."""


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
    """

    name: str
    columns: tuple[str, ...]
    values: tuple[str, ...]
    centres: tuple[float, ...]
    cap: float | None = None
    skewness: bool = False

    @property
    def complete(self) -> str:
        """SQL: whether a row enters the block."""
        return " AND ".join(f"({v}) IS NOT NULL" for v in self.values)


def _centre(working: Working, relation: str, column: str) -> float:
    row = working.connection.execute(
        f"SELECT avg(x) FROM (SELECT {working.number(column)} AS x FROM {relation} "
        f"WHERE isfinite({working.number(column)}) LIMIT {_CENTRE_ROWS})"
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def metric_block(working: Working, relation: str, metric: Metric) -> Block:
    """The block of a metric: its columns in the order of ``Metric.columns``. The cap holds for the first column."""
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
    centres = tuple(
        # Around 0 the sums of zeros and ones are whole numbers, and exact.
        0.0 if metric.kind == "proportion" and i == 0 else _centre(working, relation, c)
        for i, c in enumerate(metric.columns)
    )
    return Block(
        name=metric.name,
        columns=metric.columns,
        values=tuple(values),
        centres=centres,
        cap=cap,
        skewness=_skewness(metric),
    )


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


def balance_block(working: Working, relation: str, column: str) -> Block:
    """The one-column block of a column measured before assignment; empty cells are left out."""
    return Block(
        name=column,
        columns=(column,),
        values=(working.number(column),),
        centres=(_centre(working, relation, column),),
    )


class _Sums:
    """Distinct SQL expressions of one query, each computed once however many blocks ask for it."""

    def __init__(self) -> None:
        self.terms: dict[str, str] = {}
        self.sums: dict[str, int] = {}

    def term(self, expression: str) -> str:
        return self.terms.setdefault(expression, f"t{len(self.terms)}")

    def add(self, expression: str) -> int:
        return self.sums.setdefault(expression, len(self.sums))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block's numbers stand in a row of sums."""

    block: Block
    n: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]
    cubes: tuple[int, ...] | None

    def moments(self, row: Sequence[float]) -> Moments:
        return Moments.from_shifted_sums(
            round(row[self.n]),
            self.block.centres,
            [row[i] for i in self.sums],
            [[row[i] for i in line] for line in self.products],
            None if self.cubes is None else [row[i] for i in self.cubes],
        )


def _place(block: Block, wanted: _Sums) -> _Place:
    alone = len(block.values) == 1
    terms = []
    for value, centre in zip(block.values, block.centres, strict=True):
        moved = f"({value}) - {number_literal(centre)}"
        terms.append(wanted.term(moved if alone else f"CASE WHEN {block.complete} THEN {moved} END"))
    d = range(len(terms))
    return _Place(
        block=block,
        n=wanted.add(f"count({terms[0]})"),
        sums=tuple(wanted.add(f"kahan_sum({t})") for t in terms),
        products=tuple(tuple(wanted.add(f"kahan_sum({terms[min(i, j)]} * {terms[max(i, j)]})") for j in d) for i in d),
        cubes=tuple(wanted.add(f"kahan_sum({terms[i]} * {terms[j]} * {terms[k]})") for i, j, k in triples(len(terms)))
        if block.skewness
        else None,
    )


def moments(
    working: Working, relation: str, spec: AnalysisSpec, blocks: Iterable[Block], sliced: Sequence[Dimension]
) -> tuple[tuple[UnitCell, ...], tuple[MetricCell, ...]]:
    """Count units and take the moments of all blocks, in every arm, whole and by level of every dimension."""
    wanted = _Sums()
    units = wanted.add("count(*)")
    places = [_place(b, wanted) for b in blocks]
    levels = [f"l{i}" for i in range(len(sliced))]
    inner = ["arm", *(f"{d.level} AS {name}" for d, name in zip(sliced, levels, strict=True))]
    inner += [f"{expression} AS {name}" for expression, name in wanted.terms.items()]
    # A cell of several dimensions may hold a single unit: those of a warehouse stay apart, each by itself.
    most = _MOST_CELLS // len(spec.arms) if working.table.ordered else 0
    sets = _packed([d.size for d in sliced], most)
    grouped = ", ".join(f"({', '.join(['arm', *(levels[i] for i in s)])})" for s in sets)
    masked = f"grouping_id({', '.join(levels)})" if levels else "0"
    cells: dict[tuple[int, str, str], list[Sequence[float]]] = {}
    # Every set covers every row: the whole is taken from the first of them alone.
    last = len(sliced) - 1
    whole_mask = sum(1 << (last - i) for i in range(len(sliced)) if i not in sets[0])
    for row in working.connection.execute(
        f"SELECT {masked}, arm, {', '.join([*levels, *wanted.sums])} FROM (SELECT {', '.join(inner)} FROM {relation}) "
        f"GROUP BY GROUPING SETS ({grouped})"
    ).fetchall():
        # A bit of the mask is set where the dimension is summed over; the first dimension has the highest bit.
        mask, arm, numbers = int(row[0]), str(row[1]), [0.0 if x is None else x for x in row[2 + len(levels) :]]
        for i in range(len(sliced)):
            if not mask >> (last - i) & 1:
                cells.setdefault((i, sliced[i].called(row[2 + i]), arm), []).append(numbers)
        if mask == whole_mask:
            cells.setdefault((-1, "", arm), []).append(numbers)
    totals = {key: [_total(column) for column in zip(*held, strict=True)] for key, held in cells.items()}
    for arm in spec.arm_names:
        totals.setdefault((-1, "", arm), [0.0] * len(wanted.sums))
    order = {arm: i for i, arm in enumerate(spec.arm_names)}
    keys = sorted(totals, key=lambda k: (k[0], sliced[k[0]].position(k[1]) if k[0] >= 0 else (0, ""), order[k[2]]))
    parts = {k: Slice(dimension=sliced[k[0]].name, level=k[1]) if k[0] >= 0 else Slice() for k in keys}
    return (
        tuple(UnitCell(arm=k[2], slice=parts[k], units=round(totals[k][units])) for k in keys),
        tuple(
            MetricCell(metric=p.block.name, arm=k[2], slice=parts[k], moments=p.moments(totals[k]))
            for p in places
            for k in keys
        ),
    )


def _packed(sizes: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Dimensions grouped together so that no set has more cells than ``most``, save one dimension alone.

    The largest go first, each into the first set that has room for it.
    """
    sets: list[tuple[int, list[int]]] = []
    for i in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        place = next((k for k, (cells, _) in enumerate(sets) if cells * sizes[i] <= most), None)
        if place is None:
            sets.append((sizes[i], [i]))
        else:
            cells, held = sets[place]
            sets[place] = (cells * sizes[i], [*held, i])
    return [tuple(sorted(held)) for _, held in sets] or [()]


def _total(numbers: Sequence[float]) -> float:
    try:
        return math.fsum(numbers)  # exact, so that the order of cells does not show
    except (OverflowError, ValueError):  # beyond a double: the moments will say so
        return float(sum(numbers))


def before(working: Working, relation: str, spec: AnalysisSpec, columns: Iterable[str]) -> tuple[MetricCell, ...]:
    """Moments of columns measured before assignment, in every arm, over all its units."""
    blocks = [balance_block(working, relation, c) for c in columns]
    return moments(working, relation, spec, blocks, ())[1] if blocks else ()


def missing(working: Working, relation: str, spec: AnalysisSpec) -> tuple[Missing, ...]:
    """Units with an empty cell in a metric's columns, per metric and arm, before the null policy."""
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
    tops = ", ".join(f"max(list_value({', '.join(b.values)}), {_EXTREMES}) FILTER ({b.complete})" for b in blocks)
    found = {
        row[0]: row[1:]
        for row in working.connection.execute(f"SELECT arm, {tops} FROM {relation} GROUP BY arm").fetchall()
    }
    return tuple(
        Extreme(metric=b.name, arm=a, largest=tuple(tuple(float(x) for x in row) for row in found[a][i] or ()))
        for i, b in enumerate(blocks)
        for a in spec.arm_names
        if a in found
    )


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
