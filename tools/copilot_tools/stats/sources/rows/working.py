"""The working table: of all columns the ones a spec needs, each cell read as what the spec says it is.

Columns that have their types already (Parquet, frames) are looked at where they stand, in a view: a query reads the
columns it needs, and memory does not grow with the rows. Text is read once, into a table.

Its rows keep the order of the data (``rowid`` counts from 0). Columns: unit (as text, whole numbers as they are); arm
and shown (exposure) as text; seen_at (time of exposure) and day in the declared time zone; active; n0, n1, ... numbers
and, for columns that are not numbers already, x0, x1, ... the texts that should have been numbers (as at_unread,
active_unread); d0, d1, ... cuts, as text or as the numbers they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import duckdb

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.survey import Facts, survey
from copilot_tools.stats.sources.rows.unique_units import unique_units
from copilot_tools.stats.sources.tables import sql
from copilot_tools.stats.sources.tables.table import Column, Table
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Working", "balance_columns", "cut_columns", "number_columns", "prepare", "session_zone"]

_NUMBERED = count(1)
"""Every working table has a name of its own: one engine may hold several, for several specs."""


def balance_columns(spec: AnalysisSpec) -> tuple[str, ...]:
    """Columns measured before assignment, each once."""
    of_metrics = [c for m in spec.metrics for c in (m.covariate, m.covariate_denominator) if c is not None]
    return tuple(dict.fromkeys([*spec.covariates, *of_metrics]))


def number_columns(spec: AnalysisSpec) -> tuple[str, ...]:
    """Columns read as numbers, each once: those of the metrics and those measured before assignment."""
    return tuple(dict.fromkeys([*(c for m in spec.metrics for c in m.columns), *balance_columns(spec)]))


def cut_columns(spec: AnalysisSpec, cuts: Iterable[str]) -> tuple[str, ...]:
    """Columns to slice by, each once; the time column is sliced by day anyway."""
    grouped = [spec.clusters.column] if spec.clusters is not None else []  # held like a cut, and never sliced by
    wanted = dict.fromkeys([*(s.column for s in spec.segments), *cuts, *grouped])
    return tuple(c for c in wanted if c != spec.time_column)


@dataclass(frozen=True, slots=True)
class Working:
    """What stands in the working table.

    Attributes:
        table: The data it was made from.
        numbers: Column -> index i of its n and x columns; columns the data lacks are not in it.
        cuts: Column -> index i of its d column.
        unit: The unit column; None where there is none, and a row is a unit.
        arm: Whether an arm column is there.
        time: Whether a time column is there.
        shown: Whether an exposure column is there.
        active: Whether an activation column is there.
        unique: Whether every unit has one row only, among the rows in an arm.
        decimal: Decimal mark of numbers written as text.
        name: Its name in the engine.
        facts: What is known of the columns where they are looked at in place; None where they were read into a table.
    """

    table: Table
    numbers: dict[str, int]
    cuts: dict[str, int]
    unit: Column | None
    arm: bool
    time: bool
    shown: bool
    active: bool
    unique: bool
    decimal: str
    name: str
    facts: Facts | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine."""
        return self.table.connection

    def number(self, column: str) -> str:
        """SQL name of a column read as a number."""
        return f"n{self.numbers[column]}"

    def unread(self, column: str) -> str:
        """SQL of the text of a cell that should have been a number; NULL where it is one, or empty."""
        return "CAST(NULL AS VARCHAR)" if _is_number(self.table.columns[column]) else f"x{self.numbers[column]}"

    def is_number(self, column: str) -> bool:
        """Whether a column holds numbers or truths, and no text that must be read as such."""
        return _is_number(self.table.columns[column])

    def is_whole(self, column: str) -> bool:
        """Whether a column's type holds whole numbers or truths only."""
        held = self.table.columns[column]
        return held.kind == "boolean" or sql.is_whole(held.sql_type)

    def full(self, column: str) -> bool:
        """Whether no cell of a column is empty, as far as is known."""
        return self.facts is not None and self.facts.full(column)

    def ends(self, column: str) -> tuple[float, float] | None:
        """Smallest and largest of a column of whole numbers, where they are known."""
        if self.facts is None or not self.is_whole(column):
            return None
        known = self.facts.cells.get(column)
        return None if known is None or known.least is None else (float(known.least), float(known.most))

    @property
    def unit_text(self) -> str:
        """SQL of a row's unit as text."""
        return "CAST(unit AS VARCHAR)" if self.unit is not None and sql.is_whole(self.unit.sql_type) else "unit"

    def cut_text(self, column: str, cut: str) -> str:
        """SQL of a cut's cell (``cut``, as it is held) as text; NULL where it is empty."""
        return sql.text(cut, self.table.columns[column].sql_type) if _is_number(self.table.columns[column]) else cut

    def cut_number(self, column: str, cut: str) -> str:
        """SQL of a cut's cell as a number; NULL where it is empty, or a name: a code such as 01234 is a name."""
        held = self.table.columns[column]
        if _is_number(held):
            return sql.number(cut, held.sql_type, self.decimal)
        if held.kind != "text":
            return "CAST(NULL AS DOUBLE)"
        code = f"substr({cut}, 1, 1) = '0' AND substr({cut}, 2, 1) BETWEEN '0' AND '9'"
        return f"CASE WHEN {code} THEN NULL ELSE {sql.number(cut, 'VARCHAR', self.decimal)} END"

    @property
    def in_order(self) -> str:
        """What makes one row of a unit the first."""
        if not self.table.ordered:  # a warehouse's rows have no places: their content orders them, the earliest first
            content = [*(f"n{i}" for i in self.numbers.values()), *(f"d{i}" for i in self.cuts.values())]
            return ", ".join(["seen_at", "active", "shown", *content, "rowid"])
        return "seen_at, rowid" if self.time else "rowid"

    def drop(self) -> None:
        """Take the working table out of the engine."""
        kind = "TABLE" if self.facts is None else "VIEW"
        self.connection.execute(f"DROP {kind} IF EXISTS {self.name}")


def _is_number(column: Column) -> bool:
    return column.kind in {"number", "boolean"}


def session_zone(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Let the engine read and cut time in a zone.

    Raises:
        Refused: No such IANA zone.
    """
    try:
        connection.execute(f"SET TimeZone = {sql.literal(zone)}")
    except duckdb.Error as error:
        raise Refused.because(
            "data.timezone_unknown",
            f"There is no time zone {zone!r}.",
            "Declare dialect.timezone by its IANA name, such as Europe/Berlin or America/New_York.",
            name="dialect.timezone",
            value=zone,
        ) from error


def prepare(table: Table, spec: AnalysisSpec, cuts: Iterable[str], *, in_place: bool = False) -> Working:
    """Build the working table from the columns that are there; what is missing is left out, for the checks to name.

    Args:
        table: The data.
        spec: What its columns are.
        cuts: Further columns to slice by.
        in_place: Whether a view will do where the columns have their types; every query on it then reads the data
            again, and belongs inside ``Table.reading``.

    Raises:
        Refused: The time zone does not exist; or the table's file was changed or damaged since it was opened.
    """
    session_zone(table.connection, spec.dialect.timezone)
    has = table.columns
    numbers = {c: i for i, c in enumerate(c for c in number_columns(spec) if c in has)}
    sliced = {c: i for i, c in enumerate(c for c in cut_columns(spec, cuts) if c in has)}
    exposure = spec.exposure.column if spec.exposure is not None else None
    unit = has.get(spec.unit) if spec.unit is not None else None
    name = f"working{next(_NUMBERED)}"
    measured = [c for c in (*numbers, spec.time_column, spec.activation) if c in has]
    facts = None
    if in_place and table.ordered and all(_has_its_type(has[c], at=c == spec.time_column) for c in measured):
        whole = [spec.unit] if unit is not None and sql.is_whole(unit.sql_type) else []
        held = [c for c in sliced if _is_number(has[c]) or has[c].kind == "time"]
        with table.reading():
            facts = survey(
                table,
                [c for c in (*measured, *whole, *held) if c is not None],
                [c for c in (spec.arm_column, *sliced) if c in has and c is not None],
            )
    chosen, inner = _fixed(has, spec, unit, exposure, facts)
    for column, i in numbers.items():
        inner.append(f"{sql.number(has[column].sql, has[column].sql_type, spec.dialect.decimal)} AS n{i}")
        chosen.append(f"n{i}")
        if not _is_number(has[column]):
            unread = f"n{i} IS NULL" if has[column].kind == "text" else "TRUE"
            chosen.append(f"CASE WHEN {unread} THEN {_text(has, column)} END AS x{i}")
    for column, i in sliced.items():
        chosen.append(f"{has[column].sql if _is_number(has[column]) else _text(has, column, facts)} AS d{i}")
    if not table.ordered:
        chosen.append("row_number() OVER () - 1 AS rowid")
    elif facts is not None:
        chosen.append("place AS rowid")
        inner.append("rowid AS place")
    made = "TABLE" if facts is None else "VIEW"
    with table.reading():
        table.connection.execute(
            f"CREATE {made} {name} AS SELECT {', '.join(chosen)} FROM (SELECT {', '.join(inner)} FROM {table.relation})"
        )
        unique = _unique(table, name, spec, unit, facts)
    return Working(
        table=table,
        numbers=numbers,
        cuts=sliced,
        unit=unit,
        arm=spec.arm_column in has,
        time=spec.time_column in has,
        shown=exposure in has,
        active=spec.activation in has,
        unique=unique,
        decimal=spec.dialect.decimal,
        name=name,
        facts=facts,
    )


def _has_its_type(column: Column, *, at: bool) -> bool:
    """Whether the cells of a number (``at``: a time) need not be parsed."""
    return column.kind == "time" if at else _is_number(column)


def _text(has: dict[str, Column], name: str | None, facts: Facts | None = None) -> str:
    if name in has and facts is not None and has[name].sql_type.upper() == "VARCHAR" and facts.plain(name):
        return has[name].sql  # no cell is blank: as it stands, the engine keeps the column's dictionary
    return sql.text(has[name].sql, has[name].sql_type) if name in has else "CAST(NULL AS VARCHAR)"


def _fixed(
    has: dict[str, Column], spec: AnalysisSpec, unit: Column | None, exposure: str | None, facts: Facts | None
) -> tuple[list[str], list[str]]:
    """The columns every working table has, and those of the inner query: no cell is parsed twice."""
    at = (
        sql.instant(has[spec.time_column].sql, has[spec.time_column].sql_type, spec.dialect.timezone)
        if spec.time_column in has
        else "CAST(NULL AS TIMESTAMP)"
    )
    active = (
        sql.truth(has[spec.activation].sql, has[spec.activation].sql_type)
        if spec.activation in has
        else "CAST(NULL AS DOUBLE)"
    )
    chosen = [
        f"{unit.sql if unit is not None and sql.is_whole(unit.sql_type) else _text(has, spec.unit)} AS unit",
        f"{_text(has, spec.arm_column, facts)} AS arm",
        f"{_text(has, exposure)} AS shown",
        "seen_at",
        f"{_day(has, spec)} AS day",
        f"CASE WHEN seen_at IS NULL THEN {_text(has, spec.time_column)} END AS at_unread",
        "active",
        f"CASE WHEN active IS NULL THEN {_text(has, spec.activation)} END AS active_unread",
    ]
    return chosen, ["*", f"{at} AS seen_at", f"{active} AS active"]


def _day(has: dict[str, Column], spec: AnalysisSpec) -> str:
    at = has.get(spec.time_column or "")
    return at.sql if at is not None and at.sql_type.upper() == "DATE" else "CAST(seen_at AS DATE)"


def _unique(table: Table, name: str, spec: AnalysisSpec, unit: Column | None, facts: Facts | None) -> bool:
    """Whether every unit has one row only, among the rows in an arm."""
    connection = table.connection
    if unit is None:
        return True
    in_arms = f"(SELECT unit FROM {name} WHERE arm IS NOT NULL)"
    if not table.ordered:  # a warehouse counts by itself: no hash of a unit leaves it
        named = f"(SELECT unit FROM {name} WHERE arm IS NOT NULL AND unit IS NOT NULL)"
        row = connection.execute(
            f"SELECT (SELECT count(*) FROM {named}) = (SELECT count(*) FROM (SELECT DISTINCT unit FROM {named}))"
        ).fetchone()
        return bool(row and row[0])
    if facts is None:
        row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
        return unique_units(connection, in_arms, int(row[0]) if row else 0)
    known = facts.cells.get(unit.name)
    ends = None if known is None or known.least is None else (int(known.least), int(known.most))
    if unique_units(connection, name, facts.rows, ends):
        return True
    all_in_arms = None not in (facts.counted(spec.arm_column) or {None: 1})
    return not all_in_arms and unique_units(connection, in_arms, facts.rows, ends)
