"""Data with one row an event, as a source: brought to one row a unit by the plan's unit, then read like any other.

An event without a value adds nothing to it: empty cells count as zero in sums and as "no" in yes/no metrics. A metric
with ``window_days`` counts the events less than so many days after the unit's first event in its arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from copilot_tools.refusals import Refusal, refuse_if_any
from copilot_tools.stats.evidence import Evidence, SourceInfo
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.rows.working import Working, balance_columns
from copilot_tools.stats.sources.tables.sql import number_literal
from copilot_tools.stats.sources.tables.table import Table, shown
from copilot_tools.stats.spec import AnalysisSpec, Dialect, Metric

__all__ = ["EventsSource", "Rule", "open_events"]

Rule = Literal["sum", "any", "first"]
"""How the events of a unit become one value: their sum; whether any is not zero; the earliest that is not empty."""


def open_events(
    path: str | Path,
    dialect: Dialect | None = None,
    *,
    aggregate: Mapping[str, Rule] | None = None,
    sheet: str | None = None,
) -> EventsSource:
    """Open a file with one row an event (unit, arm, time, values); see ``open_file`` for formats and refusals."""
    return EventsSource(open_file(path, dialect, sheet=sheet), aggregate)


@dataclass
class _Columns:
    """The columns of the aggregated table: name -> SQL, gathered while the spec is rewritten to them."""

    working: Working
    rules: Mapping[str, Rule]
    made: dict[str, str] = field(default_factory=dict)

    def value(self, column: str, rule: Rule, window: float | None) -> str:
        """Name of a value column under a rule and window, adding it if it is new."""
        rule = self.rules.get(column, rule)
        if rule == "first" or not self.working.time:
            window = None
        name = f"{column} ({rule}" + (f", first {window:g} days)" if window is not None else ")")
        n = self.working.number(column)
        if rule == "first":
            self.made[name] = f"arg_min({n}, nth) FILTER ({n} IS NOT NULL)"
        else:
            inside = (
                f"epoch(seen_at) - epoch(first_at) < {number_literal(window * 86_400)}"
                if window is not None
                else "TRUE"
            )
            counted = f"CASE WHEN {inside} THEN coalesce({n}, 0.0) ELSE 0.0 END"
            whole = (
                f"kahan_sum({counted})" if rule == "sum" else f"max(CASE WHEN ({counted}) <> 0 THEN 1.0 ELSE 0.0 END)"
            )
            self.made[name] = whole
        return name


class EventsSource:
    """Events as a source of units.

    Args:
        events: The events.
        aggregate: Column -> rule, where the default does not fit: any for the column of a proportion, sum for other
            metrics, first for everything else.
    """

    def __init__(self, events: RowsSource, aggregate: Mapping[str, Rule] | None = None) -> None:
        self._events = events
        self._rules = dict(aggregate or {})
        self._made: tuple[str, tuple[_Units | None, tuple[Refusal, ...]]] | None = None

    @property
    def assigned(self) -> RowsSource:
        """The rows in which each unit's arm stands: the events themselves."""
        return self._events

    def describe(self) -> SourceInfo:
        """Name, digest of the events' file, its columns."""
        return self._events.describe().model_copy(update={"kind": "events", "opening": {"aggregate": self._rules}})

    def problems(self, spec: AnalysisSpec, cuts: tuple[str, ...] = ()) -> tuple[Refusal, ...]:
        """Everything that makes the events unreadable under this spec; empty when they can be scanned."""
        units, found = self._units(spec, cuts)
        return found if units is None else (*found, *units.source.problems(units.spec, cuts))

    def scan(self, spec: AnalysisSpec, *, metrics: tuple[Metric, ...], cuts: tuple[str, ...] = ()) -> Evidence:
        """Aggregate the events to one row a unit, and reduce those to evidence.

        Raises:
            Refused: With everything ``problems`` would list.
        """
        units, found = self._units(spec, cuts)
        refuse_if_any(found)
        if units is None:  # pragma: no cover - no units always come with a refusal
            raise AssertionError("no units and no refusal")
        asked = {m.name for m in metrics}
        rewritten = tuple(m for m in units.spec.metrics if m.name in asked)
        evidence = units.source.scan(units.spec, metrics=rewritten, cuts=cuts)
        before = tuple(c.model_copy(update={"metric": units.before[c.metric]}) for c in evidence.before)
        said = (units.sentence, *units.immature, *evidence.quality.treatment)
        quality = evidence.quality.model_copy(update={"rows": units.events, "treatment": said})
        return evidence.model_copy(update={"before": before, "quality": quality})

    def _units(self, spec: AnalysisSpec, cuts: tuple[str, ...]) -> tuple[_Units | None, tuple[Refusal, ...]]:
        key = f"{spec.model_dump_json()} {cuts!r}"
        if self._made is None or self._made[0] != key:
            if self._made is not None and self._made[1][0] is not None:
                self._made[1][0].drop()
            self._made = None
            found = self._undeclared(spec)
            working, problems = self._events.working(spec, cuts)
            found += tuple(p for p in problems if p.code != "data.column_empty")
            units = None
            if working is not None:
                try:
                    units = None if found else _aggregate(working, spec, self._rules, self.describe())
                finally:
                    working.drop()
            self._made = (key, (units, found))
        return self._made[1]

    def _undeclared(self, spec: AnalysisSpec) -> tuple[Refusal, ...]:
        found = []
        if spec.unit is None:
            found.append(
                Refusal(
                    code="data.unit_undeclared",
                    reason="Events can only be brought together by a unit, and the plan names no unit column.",
                    cure="Set unit to the column that says who each event belongs to.",
                    name="unit",
                )
            )
        for column, rule in self._rules.items():
            if column not in self._events.table.columns:
                found.append(
                    Refusal(
                        code="data.column_missing",
                        reason=f"There is no column {shown(column)}, which is to be aggregated by {rule}.",
                        cure="Correct the name of the column.",
                        name=column,
                    )
                )
            elif rule not in ("sum", "any", "first"):
                found.append(
                    Refusal(
                        code="data.rule_unknown",
                        reason=f"Column {shown(column)} is to be aggregated by {shown(rule)}, which is no rule.",
                        cure="Use sum, any or first.",
                        name=column,
                        value=str(rule),
                    )
                )
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Units:
    """Events after aggregation.

    Attributes:
        source: One row a unit and arm.
        spec: The plan's spec, its columns replaced by the aggregated ones.
        before: Aggregated name -> own name of columns measured before assignment.
        events: Events read.
        sentence: What was done.
        immature: Sentences on units whose window was still open when the data ended.
    """

    source: RowsSource
    spec: AnalysisSpec
    before: dict[str, str]
    events: int
    sentence: str
    immature: tuple[str, ...]

    def drop(self) -> None:
        """Take the aggregated table, and what was made of it, out of the engine."""
        self.source.drop()
        table = self.source.table
        table.connection.execute(f"DROP TABLE IF EXISTS {table.relation}")


def _aggregate(working: Working, spec: AnalysisSpec, rules: Mapping[str, Rule], info: SourceInfo) -> _Units:
    columns = _Columns(working, rules)
    before = {column: columns.value(column, "first", None) for column in balance_columns(spec)}
    metrics = []
    for metric in spec.metrics:
        rule: Rule = "any" if metric.kind == "proportion" else "sum"
        update = {"column": columns.value(metric.column, rule, metric.window_days)}
        if metric.denominator is not None:
            update["denominator"] = columns.value(metric.denominator, "sum", metric.window_days)
        update |= {
            part: before[column]
            for part, column in (
                ("covariate", metric.covariate),
                ("covariate_denominator", metric.covariate_denominator),
            )
            if column is not None
        }
        metrics.append(metric.model_copy(update=update))
    spec_of_units = spec.model_copy(
        update={
            "metrics": tuple(metrics),
            "covariates": tuple(before[c] for c in spec.covariates),
        }
    )
    first = "arg_min({0}, nth) FILTER ({0} IS NOT NULL)"
    kept = {spec.unit: "unit", spec.arm_column: "arm"}
    if working.time:
        kept[spec.time_column] = "min(seen_at)"
    if working.shown and spec.exposure is not None:
        kept[spec.exposure.column] = first.format("shown")
    if working.active:
        kept[spec.activation] = "max(active)"
    for column, i in working.cuts.items():
        kept.setdefault(column, first.format(f"d{i}"))
    chosen = {str(name): code for name, code in kept.items()} | columns.made
    names = list(chosen)
    listed = [f"{code} AS c{i}" for i, code in enumerate(chosen.values())]
    w, connection, relation = working.name, working.connection, f"{working.name}_aggregated"
    connection.execute(
        f"CREATE TABLE {relation} AS SELECT {', '.join(listed)} "
        f"FROM (SELECT *, row_number() OVER (ORDER BY {working.in_order}) AS nth, "
        f"min(seen_at) OVER (PARTITION BY unit, arm) AS first_at FROM {w}) GROUP BY unit, arm ORDER BY min(nth)"
    )
    units = Table.created(connection, relation, names, ordered=working.table.ordered)
    counts = connection.execute(f"SELECT (SELECT count(*) FROM {w}), (SELECT count(*) FROM {relation})").fetchone()
    events, rows = (int(x) for x in counts or (0, 0))
    return _Units(
        source=RowsSource(units, info),
        spec=spec_of_units,
        before={new: old for old, new in before.items()},
        events=events,
        sentence=f"{events:,} events were brought to {rows:,} rows, one a unit and arm.",
        immature=tuple(_immature(working, spec)),
    )


def _immature(working: Working, spec: AnalysisSpec) -> list[str]:
    """Units whose conversion window was still open at the last event: their outcome may yet change."""
    if not working.time:
        return []
    said = []
    for window in sorted({m.window_days for m in spec.metrics if m.window_days is not None}):
        row = working.connection.execute(
            "SELECT count(*), count(*) FILTER (epoch(ends) - epoch(first_at) < "
            f"{number_literal(window * 86_400)}) FROM "
            f"(SELECT min(seen_at) AS first_at, (SELECT max(seen_at) FROM {working.name}) AS ends FROM {working.name} "
            "GROUP BY unit, arm)"
        ).fetchone()
        if row and row[1]:
            said.append(
                f"{row[1]:,} of {row[0]:,} units had not had their full {window:g} days when the data ended; "
                "what they did later is not in it."
            )
    return said
