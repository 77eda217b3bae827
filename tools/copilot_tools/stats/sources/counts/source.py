"""Summary counts as a source: typed by hand, or one row an arm (and stratum) in a small file.

Counts know no single units: duplicates, units in two arms and empty cells cannot be assessed, and the evidence says so
(None) rather than 0. Every stratum becomes a slice, and the whole is the sum of the strata.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal, refuse_if_any
from copilot_tools.results import Slice
from copilot_tools.stats.evidence import Evidence, MetricCell, Missing, Quality, SourceInfo, UnitCell
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.sources.counts.arm_counts import ArmCounts
from copilot_tools.stats.sources.counts.count_checks import check_cells, metric_of
from copilot_tools.stats.sources.counts.count_roles import CountColumns, read_cells
from copilot_tools.stats.sources.counts.count_tables import CountTable, read_table
from copilot_tools.stats.spec import AnalysisSpec, Dialect, Metric

__all__ = ["CountsSource"]

Pair = tuple[str, str]
Joint = tuple[Pair, ...]

_WHOLE: Pair = ("", "")
"""The (dimension, level) of everyone, as in ``Slice()``; pairs are quicker keys than slices."""


class CountsSource:
    """Counts by arm, and by stratum where they are given.

    Make one with ``CountsSource.of`` (typed counts) or ``CountsSource.from_file``.

    Example:
        >>> from copilot_tools.stats.sources.counts.typed_arms import parse_arms
        >>> source = CountsSource.of(parse_arms(["control=10000:520", "b=10100:581"]))
        >>> source.arms()
        ('control', 'b')
    """

    def __init__(
        self,
        info: SourceInfo,
        *,
        cells: tuple[ArmCounts, ...] = (),
        table: CountTable | None = None,
        columns: CountColumns | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self._info = info
        self._cells = cells
        self._table = table
        self._columns = columns or CountColumns()
        self._dialect = dialect or Dialect()

    @classmethod
    def of(cls, cells: Iterable[ArmCounts], *, name: str = "typed counts") -> CountsSource:
        """A source of counts in memory; the digest is that of the counts, whatever their order."""
        held = tuple(cells)
        canonical = sorted(json.dumps({**c.to_json(), "where": ""}, sort_keys=True) for c in held)
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        return cls(SourceInfo(kind="counts", name=name, digest=digest), cells=held)

    @classmethod
    def from_file(
        cls, path: str | Path, *, columns: CountColumns | None = None, dialect: Dialect | None = None
    ) -> CountsSource:
        """A source of counts in a CSV, TSV, YAML or JSON file.

        Args:
            path: The file.
            columns: Which column is what, where the names do not say it.
            dialect: Delimiter, encoding and decimal mark, declared.

        Raises:
            Refused: The file cannot be read as a table (see ``count_tables.read_table``).
        """
        table = read_table(path, dialect)
        info = SourceInfo(
            kind="counts",
            name=table.name,
            location=table.location,
            digest=table.digest,
            columns=dict.fromkeys(table.header, "text"),
            opening=columns.to_json() if columns else {},
        )
        return cls(info, table=table, columns=columns, dialect=dialect)

    def describe(self) -> SourceInfo:
        """Name, digest, columns. Counts name no units, so there is no sketch."""
        return self._info

    def arms(self, arm_column: str | None = None) -> tuple[str, ...]:
        """The arms' names as they stand in the data, in order of appearance (for a look without a plan).

        Raises:
            Refused: The file has no such column.
        """
        if self._table is None:
            return tuple(dict.fromkeys(cell.arm for cell in self._cells))
        column = arm_column or self._columns.arm or "arm"
        if column not in self._table.header:
            refuse_if_any(
                [
                    Refusal(
                        code="counts.column_missing",
                        reason=f"{self._table.name} has no column {column!r} to hold the arms.",
                        cure=f"{closest(column, self._table.header)} Say which column holds the arms.",
                        name=column,
                    )
                ]
            )
        return tuple(dict.fromkeys(row.fields[column] for row in self._table.rows if row.fields[column]))

    def problems(self, spec: AnalysisSpec, cuts: tuple[str, ...] = ()) -> tuple[Refusal, ...]:
        """Everything that makes the counts unreadable under this spec; empty when they can be scanned."""
        return self._read(spec, cuts)[1]

    def scan(self, spec: AnalysisSpec, *, metrics: tuple[Metric, ...], cuts: tuple[str, ...] = ()) -> Evidence:
        """Turn the counts into evidence; every stratum column is a dimension, whether planned or not.

        Args:
            spec: Arms, metrics, segments.
            metrics: Metrics whose outcomes may be read; none while blinded.
            cuts: Further dimensions asked for: they must be among the strata.

        Raises:
            Refused: With everything ``problems`` lists.
        """
        cells, problems = self._read(spec, cuts)
        refuse_if_any(problems)
        by_metric: dict[str, list[ArmCounts]] = {}
        for cell in cells:
            by_metric.setdefault(metric_of(cell, spec) or "", []).append(cell)
        units = _units(cells)
        whole = {arm: units.get((arm, _WHOLE), 0) for arm in spec.arm_names}
        missing = _missing(by_metric, whole)
        parts = _all_parts(cells)
        return Evidence(
            source=self._info,
            units=tuple(
                UnitCell(arm=arm, slice=_slice(part), units=units.get((arm, part), 0))
                for part in parts
                for arm in spec.arm_names
            ),
            cells=tuple(cell for m in metrics for cell in _cells(spec, m, by_metric[m.name], parts)),
            quality=Quality(
                rows=sum(whole.values()),
                units_before_policy=whole,
                missing=missing or None,
                treatment=_treatment(spec, missing),
            ),
            days=_days(spec, cells),
        )

    def _read(self, spec: AnalysisSpec, cuts: tuple[str, ...]) -> tuple[tuple[ArmCounts, ...], tuple[Refusal, ...]]:
        cells, problems = self._cells, list[Refusal]()
        if self._table is not None:
            cells, problems = read_cells(self._table, self._columns, spec, self._dialect.decimal)
        problems = [*problems, *check_cells(cells, spec, cuts, complete=not problems)]
        return tuple(cell for cell in cells if metric_of(cell, spec) is not None), tuple(problems)


def _slice(part: Pair) -> Slice:
    return Slice(dimension=part[0], level=part[1])


def _parts(cell: ArmCounts) -> tuple[Pair, ...]:
    """What a cell belongs to: the whole, and its level of every stratum."""
    return (_WHOLE, *cell.strata)


def _units(cells: Iterable[ArmCounts]) -> dict[tuple[str, Pair], int]:
    """Units per arm and slice. In a joint stratum the largest n of any metric counts: a metric may lack values."""
    joint: dict[tuple[str, Joint], ArmCounts] = {}
    for cell in cells:
        held = joint.setdefault((cell.arm, cell.strata), cell)
        if cell.n > held.n:
            joint[cell.arm, cell.strata] = cell
    units: dict[tuple[str, Pair], int] = {}
    for cell in joint.values():
        for part in _parts(cell):
            units[cell.arm, part] = units.get((cell.arm, part), 0) + cell.n
    return units


def _all_parts(cells: Sequence[ArmCounts]) -> tuple[Pair, ...]:
    """The whole, then every level of every stratum, dimension after dimension, in order of appearance."""
    pairs = dict.fromkeys(pair for cell in cells for pair in cell.strata)
    dimensions = dict.fromkeys(column for column, _ in pairs)
    return (_WHOLE, *(pair for column in dimensions for pair in pairs if pair[0] == column))


def _cells(
    spec: AnalysisSpec, metric: Metric, cells: Iterable[ArmCounts], parts: tuple[Pair, ...]
) -> Iterable[MetricCell]:
    sums: dict[tuple[str, Pair], Moments] = {}
    for cell in cells:
        for part in _parts(cell):
            sums[cell.arm, part] = sums.get((cell.arm, part), Moments.empty(1)) + cell.moments
    for part in parts:
        for arm in spec.arm_names:
            moments = sums.get((arm, part))
            if moments is not None and moments.n:
                yield MetricCell(metric=metric.name, arm=arm, slice=_slice(part), moments=moments)


def _missing(by_metric: dict[str, list[ArmCounts]], whole: dict[str, int]) -> tuple[Missing, ...]:
    """Units without a value, known only where metrics count different numbers of units in the same arm."""
    found = tuple(
        Missing(metric=name, arm=arm, missing=n - sum(c.n for c in cells if c.arm == arm), units=n)
        for name, cells in by_metric.items()
        for arm, n in whole.items()
    )
    return found if any(m.missing for m in found) else ()


def _treatment(spec: AnalysisSpec, missing: tuple[Missing, ...]) -> tuple[str, ...]:
    """What counts cannot do for the plan, said instead of left out."""
    said = [
        f"{m.metric} counts {m.units - m.missing:,} units in {m.arm}, where another metric counts {m.units:,}: "
        "the others are taken to have no value."
        for m in missing
        if m.missing
    ]
    said.extend(
        f"The counts of {m.name} are taken as already capped: a cap cannot be applied to sums."
        for m in spec.metrics
        if m.cap is not None
    )
    if spec.activation is not None:
        said.append(f"The counts are taken to hold activated units only: {spec.activation} cannot be read from them.")
    return tuple(said)


def _days(spec: AnalysisSpec, cells: Iterable[ArmCounts]) -> tuple[dt.date, dt.date] | None:
    days = sorted(
        dt.date.fromisoformat(level) for cell in cells for column, level in cell.strata if column == spec.time_column
    )
    return (days[0], days[-1]) if days else None
