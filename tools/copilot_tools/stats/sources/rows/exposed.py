"""Exposures in one table, events in another: events counted for the units exposed, from their first exposure on.

The usual layout of a warehouse. Both are brought together as one row an exposure or event, and read as events: a
metric with ``window_days`` counts events less than so many days after the unit's first exposure in its arm, others all
events after it. What happened before the exposure, or to units never exposed, adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.evidence import Evidence, SourceInfo
from copilot_tools.stats.sources.rows.events import EventsSource, Rule
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.rows.working import balance_columns, cut_columns, session_zone
from copilot_tools.stats.sources.tables import sql
from copilot_tools.stats.sources.tables.load import load
from copilot_tools.stats.sources.tables.table import Column, Table, connect, shown
from copilot_tools.stats.spec import AnalysisSpec, Dialect, Metric

__all__ = ["ExposedSource", "open_exposed"]

_NUMBERED = count(1)


def open_exposed(
    exposures: str | Path,
    events: str | Path,
    dialect: Dialect | None = None,
    *,
    unit: str | None = None,
    time: str | None = None,
    aggregate: Mapping[str, Rule] | None = None,
) -> ExposedSource:
    """Open a file of exposures (unit, arm, time, what was known before) and one of events (unit, time, values).

    Args:
        exposures: CSV, Parquet or Excel; one row an exposure, or one a unit.
        events: Likewise; one row an event.
        dialect: How CSV files write things.
        unit: Unit column of the events, where it is not called as in the exposures.
        time: Time column of the events, likewise.
        aggregate: Column -> "sum", "any" or "first", where the metric's kind does not say it.

    Raises:
        Refused: A file is missing, empty, or not what its name says.
    """
    dialect, first, second = dialect or Dialect(), Path(exposures), Path(events)
    engine = connect()
    digest, shown_to = load(first, dialect, into=engine)
    shown_to = _renamed(shown_to, "exposures_raw")
    digest_of_events, happened = load(second, dialect, into=engine)
    happened = _renamed(happened, "events_raw")
    info = SourceInfo(
        kind="rows", name=first.name, location=str(first.resolve()), digest=digest, columns=shown_to.types()
    )
    told = info.model_copy(update={"name": second.name, "location": str(second.resolve()), "digest": digest_of_events})
    return ExposedSource(
        RowsSource(shown_to, info, opened_with=dialect),
        happened,
        told,
        unit=unit,
        time=time,
        aggregate=aggregate,
    )


def _renamed(table: Table, name: str) -> Table:
    """A table just loaded, under a name that the next one does not take."""
    kind = "VIEW" if table.unchanged is not None else "TABLE"
    table.connection.execute(f"ALTER {kind} {table.relation} RENAME TO {name}")
    return replace(table, relation=name)


@dataclass(frozen=True, slots=True)
class _Joined:
    source: EventsSource
    sentence: str
    table: Table

    def drop(self) -> None:
        self.table.connection.execute(f"DROP TABLE IF EXISTS {self.table.relation}")


class ExposedSource:
    """Exposures and events as a source of units.

    Args:
        exposures: The exposures.
        events: The events' table, in the same engine.
        told: Name, location and digest of the events.
        unit: Their unit column; the spec's when not given.
        time: Their time column; the spec's when not given.
        aggregate: Column -> rule; see ``EventsSource``.
    """

    def __init__(
        self,
        exposures: RowsSource,
        events: Table,
        told: SourceInfo,
        *,
        unit: str | None = None,
        time: str | None = None,
        aggregate: Mapping[str, Rule] | None = None,
    ) -> None:
        self._exposures = exposures
        self._events = events
        self._told = told
        self._named = (unit, time)
        self._rules = dict(aggregate or {})
        self._made: tuple[str, _Joined | None, tuple[Refusal, ...]] | None = None

    @property
    def assigned(self) -> RowsSource:
        """The rows in which each unit's arm stands: the exposures."""
        return self._exposures

    def describe(self) -> SourceInfo:
        """Both names, the digest of both digests, all columns."""
        one, two = self._exposures.describe(), self._told
        opening = {
            "aggregate": self._rules,
            "events": two.location,
            "events_unit": self._named[0],
            "events_time": self._named[1],
        }
        return one.model_copy(
            update={
                "kind": "events",
                "name": f"{one.name} + {two.name}",
                "digest": hashlib.sha256(f"{one.digest} {two.digest}".encode()).hexdigest(),
                "columns": {**self._events.types(), **one.columns},
                "opening": opening,
            }
        )

    def problems(self, spec: AnalysisSpec, cuts: tuple[str, ...] = ()) -> tuple[Refusal, ...]:
        """Everything that makes them unreadable under this spec; empty when they can be scanned."""
        joined, found = self._join(spec, cuts)
        return found if joined is None else (*found, *joined.source.problems(spec, cuts))

    def scan(self, spec: AnalysisSpec, *, metrics: tuple[Metric, ...], cuts: tuple[str, ...] = ()) -> Evidence:
        """Bring the events to the exposed units, and reduce those to evidence.

        Raises:
            Refused: With everything ``problems`` would list.
        """
        joined, found = self._join(spec, cuts)
        refuse_if_any(found)
        if joined is None:  # pragma: no cover - nothing joined always comes with a refusal
            raise AssertionError("nothing joined and no refusal")
        evidence = joined.source.scan(spec, metrics=metrics, cuts=cuts)
        said = (joined.sentence, *evidence.quality.treatment)
        known = {"sketch": evidence.source.sketch, "numbers_hashed": evidence.source.numbers_hashed}
        info = self.describe().model_copy(update=known)
        quality = evidence.quality.model_copy(update={"treatment": said})
        return evidence.model_copy(update={"source": info, "quality": quality})

    def _join(self, spec: AnalysisSpec, cuts: tuple[str, ...]) -> tuple[_Joined | None, tuple[Refusal, ...]]:
        key = f"{spec.model_dump_json()} {cuts!r}"
        if self._made is None or self._made[0] != key:
            if self._made is not None and self._made[1] is not None:
                self._made[1].drop()
            self._made = None
            layout = _Layout(self._exposures.table, self._events, spec, cuts, *self._named)
            found = layout.problems()
            joined = None
            if not found:
                try:
                    session_zone(self._events.connection, spec.dialect.timezone)
                    found = layout.unreadable()
                except Refused as refused:
                    found = refused.refusals
            if not found:
                table, sentence = layout.joined()
                source = EventsSource(self._exposures.over(table), self._rules)
                joined = _Joined(source, sentence, table)
            self._made = (key, joined, found)
        return self._made[1], self._made[2]


class _Layout:
    """Which column of the two tables plays which part, and the query that brings them together."""

    def __init__(
        self,
        exposures: Table,
        events: Table,
        spec: AnalysisSpec,
        cuts: tuple[str, ...],
        unit: str | None,
        time: str | None,
    ) -> None:
        self.exposures, self.events, self.spec = exposures, events, spec
        self.unit, self.time = unit or spec.unit or "", time or spec.time_column or ""
        self.values = tuple(dict.fromkeys(c for m in spec.metrics for c in (m.column, m.denominator) if c is not None))
        shown_as = spec.exposure.column if spec.exposure is not None else None
        kept = [*balance_columns(spec), *cut_columns(spec, cuts), *((shown_as,) if shown_as else ())]
        self.kept = tuple(c for c in dict.fromkeys(kept) if c not in {spec.unit, spec.arm_column, spec.activation})

    def problems(self) -> tuple[Refusal, ...]:
        """What is missing, by the header alone."""
        spec, found = self.spec, []
        for name, given in (("unit", spec.unit), ("arm_column", spec.arm_column), ("time_column", spec.time_column)):
            if given is None:
                found.append(
                    Refusal(
                        code="data.exposure_undeclared",
                        reason=f"Events are counted from each unit's first exposure, but the plan names no {name}.",
                        cure=f"Set {name} to the exposures' column.",
                        name=name,
                    )
                )
        own = [spec.unit, spec.arm_column, spec.time_column, spec.activation, *self.kept]
        places = [("exposures", self.exposures, [c for c in own if c is not None])]
        places.append(("events", self.events, [c for c in (self.unit, self.time) if c] + list(self.values)))
        for where, table, wanted in places:
            found += [
                Refusal(
                    code="data.column_missing",
                    reason=f"There is no column {shown(column)} among the {where}.",
                    cure=closest(column, table.columns, most=3, listed="The columns are", shown=shown),
                    name=column,
                )
                for column in dict.fromkeys(wanted)
                if column not in table.columns
            ]
        return tuple(found)

    def unreadable(self) -> tuple[Refusal, ...]:
        """Events without a readable time, of units that are named: they cannot be put before or after an exposure."""
        at, unit = self._instant(self.events, self.time), self._text(self.events, self.unit)
        row = self.events.connection.execute(
            f"SELECT count(*) FROM {self.events.relation} WHERE ({unit}) IS NOT NULL AND ({at}) IS NULL"
        ).fetchone()
        if not row or not row[0]:
            return ()
        return (
            Refusal(
                code="data.time_unreadable",
                reason=f"{int(row[0]):,} events have no time in column {shown(self.time)}, or one that cannot be read.",
                cure="Write times as 2025-03-31 17:05:00, in every event.",
                name=self.time,
                value=int(row[0]),
            ),
        )

    def joined(self) -> tuple[Table, str]:
        """Both as one table, one row an exposure or event, and what was left out."""
        spec, x, e = self.spec, self.exposures, self.events
        keys = [spec.unit or "", spec.arm_column or "", spec.time_column or ""]
        time = x.columns[keys[2]]
        as_text = time.kind == "text"
        at = self._instant(e, self.time)
        names = list(keys)
        shown_to = [self._text(x, keys[0]), self._text(x, keys[1])]
        shown_to.append(time.sql if as_text else self._instant(x, keys[2]))
        happened = ["f.unit", "f.arm", "CAST(g.happened AS VARCHAR)" if as_text else "g.happened"]
        if spec.activation is not None:
            names.append(spec.activation)
            shown_to.append(x.columns[spec.activation].sql)
            happened.append("f.active")
        for column in self.kept:
            names.append(column)
            shown_to.append(x.columns[column].sql)
            happened.append(_nothing(x.columns[column]))
        for column in self.values:
            names.append(column)
            shown_to.append(_nothing(e.columns[column]))
            happened.append(f"g.{e.columns[column].sql}")
        first = self._first(keys)
        name = f"exposed{next(_NUMBERED)}"
        columns = [f"c{i}" for i in range(len(names))]
        listed = ", ".join(f"{code} AS {c}" for code, c in zip(shown_to, columns, strict=True))
        counted = ", ".join(f"{code} AS {c}" for code, c in zip(happened, columns, strict=True))
        with x.reading(), e.reading():
            x.connection.execute(
                f"CREATE TABLE {name} AS SELECT {listed} FROM {x.relation} UNION ALL SELECT {counted} FROM "
                f"(SELECT *, {self._text(e, self.unit)} AS whose, {at} AS happened FROM {e.relation}) AS g "
                f"JOIN ({first}) AS f ON g.whose = f.unit WHERE g.happened >= f.first_at"
            )
            row = x.connection.execute(
                f"SELECT (SELECT count(*) FROM {name}) - (SELECT count(*) FROM {x.relation}), "
                f"(SELECT count(*) FROM {e.relation}), (SELECT count(*) FROM {x.relation})"
            ).fetchone() or (0, 0, 0)
        counts, events, exposures = (int(n) for n in row)
        sentence = (
            f"{counts:,} of {events:,} events happened to exposed units from their first exposure on, and count; "
            f"there are {exposures:,} exposures."
        )
        return Table.created(x.connection, name, names, ordered=False), sentence

    def _first(self, keys: list[str]) -> str:
        """Query of each unit's first exposure in each arm, and whether it was activated."""
        x, activation = self.exposures, self.spec.activation
        parts = [f"{self._text(x, keys[0])} AS unit", f"{self._text(x, keys[1])} AS arm"]
        parts.append(f"{self._instant(x, keys[2])} AS moment")
        asked = ["unit", "arm", "min(moment) AS first_at"]
        if activation is not None:
            parts.append(f"{x.columns[activation].sql} AS held")
            most = "bool_or" if x.columns[activation].kind == "boolean" else "max"
            asked.append(f"{most}(held) AS active")
        return f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(parts)} FROM {x.relation}) GROUP BY unit, arm"

    def _text(self, table: Table, column: str) -> str:
        held = table.columns[column]
        return sql.text(held.sql, held.sql_type)

    def _instant(self, table: Table, column: str) -> str:
        held = table.columns[column]
        return sql.instant(held.sql, held.sql_type, self.spec.dialect.timezone)


def _nothing(column: Column) -> str:
    return f"CAST(NULL AS {column.sql_type})"
