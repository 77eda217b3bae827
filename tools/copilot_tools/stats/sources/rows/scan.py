"""The one scan: counts of units and moments of every metric, in every arm and slice.

One query with grouping sets sums (x - k) and (x - k)(y - l) about a rough centre k of each column, so that a mean of
1e9 keeps its variance. Whole numbers whose sums stay below 2^53 add up exactly, in whatever order. Others are summed
compensated (Kahan); or, where nothing is sliced and the file's row groups are known, plainly over short runs of rows
that one thread reads in order, and exactly over the runs: the same file then gives the same bits. Dimensions are
grouped together where their levels make few cells, and each is rolled up from those: every row is then summed into few
cells, not one a dimension.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.results import Slice
from copilot_tools.stats.evidence import MetricCell, UnitCell
from copilot_tools.stats.moments import Moments, triples
from copilot_tools.stats.sources.rows.blocks import Block
from copilot_tools.stats.sources.rows.dimensions import Dimension
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import number_literal
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Summed", "moments"]

_EXACT = float(1 << 53)
"""Whole numbers below this are exact in a double."""
_SHORT = 1 << 16
"""Rows of a run: their sum errs by at most as many roundings, 7e-12 of what was added up, and mostly by 3e-14."""
_MOST_RUNS = 4_096
_MOST_CELLS = 4_096
"""Cells of one set of dimensions, over all arms: beyond it the cells no longer fit a processor's nearest memory."""


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
        try:
            return Moments.from_shifted_sums(
                round(row[self.n]),
                self.block.centres,
                [row[i] for i in self.sums],
                [[row[i] for i in line] for line in self.products],
                None if self.cubes is None else [row[i] for i in self.cubes],
            )
        except ValidationError:
            raise Refused.because(
                "data.values_too_large",
                f"Values of {' or '.join(self.block.columns)} lie so far from each other that the sum of their squares "
                "is no number any more (beyond 1e308).",
                "Look at the largest values: such numbers are mostly keys or faults of the export.",
                name=self.block.name,
            ) from None


def _terms(block: Block) -> list[str]:
    """SQL of each value's distance from its centre; NULL where the row does not enter the block."""
    moved = [f"({v}) - {number_literal(k)}" for v, k in zip(block.values, block.centres, strict=True)]
    if block.full or len(moved) == 1:
        return moved
    return [f"CASE WHEN {block.complete} THEN {m} END" for m in moved]


def _place(block: Block, wanted: _Sums, rows: int, *, short: bool) -> _Place:
    """A block's sums.

    Args:
        block: The block.
        wanted: Where they are asked for.
        rows: At most so many rows there are.
        short: Whether a cell sums so few rows in a row that rounding stays below what compensation would save.
    """
    terms = [wanted.term(t) for t in _terms(block)]

    def total(*factors: int) -> int:
        # Whole numbers add up exactly in whatever order, as long as no sum leaves 2^53.
        exact = block.reach is not None and rows * block.reach ** len(factors) < _EXACT
        product = " * ".join(terms[i] for i in sorted(factors))
        return wanted.add(f"{'sum' if exact or short else 'kahan_sum'}({product})")

    d = range(len(terms))
    return _Place(
        block=block,
        n=wanted.add("count(*)" if block.full else f"count({terms[0]})"),
        sums=tuple(total(i) for i in d),
        products=tuple(tuple(total(i, j) for j in d) for i in d),
        cubes=tuple(total(*ijk) for ijk in triples(len(terms))) if block.skewness else None,
    )


@dataclass(frozen=True, slots=True)
class Summed:
    """Units and moments per arm and slice, and moments of columns measured before assignment, per arm."""

    units: tuple[UnitCell, ...]
    cells: tuple[MetricCell, ...]
    before: tuple[MetricCell, ...]


def moments(
    working: Working,
    relation: str,
    spec: AnalysisSpec,
    blocks: Iterable[Block],
    sliced: Sequence[Dimension],
    before: Iterable[Block] = (),
) -> Summed:
    """Count units and take the moments of all blocks, in every arm, whole and by level of every dimension.

    Args:
        working: The working table.
        relation: The rows that are analysed.
        spec: The arms.
        blocks: The metrics' blocks.
        sliced: The dimensions.
        before: Blocks of columns measured before assignment, wanted in every arm as a whole. Those whose sums are taken
            for a metric anyway cost nothing here; the others get a query of their own, which slices nothing.
    """
    wanted = _Sums()
    units = wanted.add("count(*)")
    rows = working.facts.rows if working.facts is not None else 0
    # Nothing is sliced: rows that one thread reads one after the other make a cell of their own. Its sum is always the
    # same, and so short that it needs no compensation.
    run = None if sliced else _run(working, rows)
    short = run is not None
    places = [_place(b, wanted, rows, short=short) for b in blocks]
    known = list(before)
    shared = [b for b in known if all(t in wanted.terms for t in _terms(b))]
    alone = [b for b in known if b not in shared]
    aside = [_place(b, wanted, rows, short=short) for b in shared]
    levels = [f"l{i}" for i in range(len(sliced))]
    inner = ["arm", *(f"{d.level} AS {name}" for d, name in zip(sliced, levels, strict=True))]
    inner += [f"{expression} AS {name}" for expression, name in wanted.terms.items()]
    # A cell of several dimensions may hold a single unit: those of a warehouse stay apart, each by itself.
    most = _MOST_CELLS // len(spec.arms) if working.table.ordered else 0
    sets = _packed([d.size for d in sliced], most)
    key = ["arm"]
    if run is not None:
        inner.append(f"{run} AS run")
        key.append("run")
    grouped = ", ".join(f"({', '.join([*key, *(levels[i] for i in s)])})" for s in sets)
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
    own = [
        MetricCell(metric=p.block.name, arm=arm, moments=p.moments(totals[-1, "", arm]))
        for p in aside
        for arm in spec.arm_names
    ]
    other = moments(working, relation, spec, alone, ()).cells if alone else ()
    return Summed(
        units=tuple(UnitCell(arm=k[2], slice=parts[k], units=round(totals[k][units])) for k in keys),
        cells=tuple(
            MetricCell(metric=p.block.name, arm=k[2], slice=parts[k], moments=p.moments(totals[k]))
            for p in places
            for k in keys
        ),
        before=tuple(c for b in known for c in (*own, *other) if c.metric == b.name),
    )


def _run(working: Working, rows: int) -> str | None:
    """SQL of the run a row belongs to: at most 2^16 rows of one row group of the file; None where there are none."""
    group = working.table.group_rows
    if working.facts is None or group is None or rows > _MOST_RUNS * group:
        return None
    parts = -(-group // _SHORT)
    if rows > _MOST_RUNS * group // parts:
        parts = 1
    length = -(-group // parts)
    return f"rowid // {group} * {parts} + rowid % {group} // {length}"


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
