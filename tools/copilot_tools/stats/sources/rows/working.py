"""The working table: of all columns the ones a spec needs, each cell read once as what the spec says it is.

Its rows keep the order of the data (``rowid`` counts from 0). Columns: unit, arm, shown (exposure) as text; seen_at
(time of exposure) and day in the declared time zone; active; n0, n1, ... numbers and x0, x1, ... the texts that should
have been numbers (as at_unread, active_unread); d0, d1, ... cuts as text and e0, e1, ... the same as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.tables import sql
from copilot_tools.stats.sources.tables.table import Table
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Working", "balance_columns", "cut_columns", "number_columns", "prepare", "session_zone"]

NAME = "working"


def balance_columns(spec: AnalysisSpec) -> tuple[str, ...]:
    """Columns measured before assignment, each once."""
    of_metrics = [c for m in spec.metrics for c in (m.covariate, m.covariate_denominator) if c is not None]
    return tuple(dict.fromkeys([*spec.covariates, *of_metrics]))


def number_columns(spec: AnalysisSpec) -> tuple[str, ...]:
    """Columns read as numbers, each once: those of the metrics and those measured before assignment."""
    return tuple(dict.fromkeys([*(c for m in spec.metrics for c in m.columns), *balance_columns(spec)]))


def cut_columns(spec: AnalysisSpec, cuts: Iterable[str]) -> tuple[str, ...]:
    """Columns to slice by, each once; the time column is sliced by day anyway."""
    wanted = dict.fromkeys([*(s.column for s in spec.segments), *cuts])
    return tuple(c for c in wanted if c != spec.time_column)


@dataclass(frozen=True, slots=True)
class Working:
    """What stands in the working table.

    Attributes:
        table: The data it was made from.
        numbers: Column -> index i of its n and x columns; columns the data lacks are not in it.
        cuts: Column -> index i of its d and e columns.
        unit: Whether a unit column is there; without one, a row is a unit.
        arm: Whether an arm column is there.
        time: Whether a time column is there.
        shown: Whether an exposure column is there.
        active: Whether an activation column is there.
        unique: Whether every unit has one row only, among the rows in an arm.
        name: Its name in the engine.
    """

    table: Table
    numbers: dict[str, int]
    cuts: dict[str, int]
    unit: bool
    arm: bool
    time: bool
    shown: bool
    active: bool
    unique: bool
    name: str = NAME

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine."""
        return self.table.connection

    def number(self, column: str) -> str:
        """SQL name of a column read as a number."""
        return f"n{self.numbers[column]}"

    @property
    def in_order(self) -> str:
        """What makes one row of a unit the first."""
        return "seen_at, rowid" if self.time else "rowid"


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


def prepare(table: Table, spec: AnalysisSpec, cuts: Iterable[str]) -> Working:
    """Build the working table from the columns that are there; what is missing is left out, for the checks to name.

    Raises:
        Refused: The time zone does not exist.
    """
    session_zone(table.connection, spec.dialect.timezone)
    has = table.columns
    numbers = {c: i for i, c in enumerate(c for c in number_columns(spec) if c in has)}
    sliced = {c: i for i, c in enumerate(c for c in cut_columns(spec, cuts) if c in has)}
    exposure = spec.exposure.column if spec.exposure is not None else None
    decimal = spec.dialect.decimal

    def as_text(name: str | None) -> str:
        return sql.text(has[name].sql, has[name].sql_type) if name in has else "CAST(NULL AS VARCHAR)"

    def as_number(name: str) -> str:
        return sql.number(has[name].sql, has[name].sql_type, decimal)

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
        f"{as_text(spec.unit)} AS unit",
        f"{as_text(spec.arm_column)} AS arm",
        f"{as_text(exposure)} AS shown",
        "seen_at",
        "strftime(CAST(seen_at AS DATE), '%Y-%m-%d') AS day",
        f"CASE WHEN seen_at IS NULL THEN {as_text(spec.time_column)} END AS at_unread",
        "active",
        f"CASE WHEN active IS NULL THEN {as_text(spec.activation)} END AS active_unread",
    ]
    # Numbers are read in an inner query, so that no cell is parsed twice.
    inner = ["*", f"{at} AS seen_at", f"{active} AS active"]
    for name, i in numbers.items():
        inner.append(f"{as_number(name)} AS n{i}")
        unread = "TRUE" if has[name].kind in {"time", "other"} else f"n{i} IS NULL"
        chosen += [f"n{i}", f"CASE WHEN {unread} THEN {as_text(name)} END AS x{i}"]
    for name, i in sliced.items():
        # A code such as 01234 is a name made of digits, not a number.
        digits = f"substr({as_text(name)}, 1, 1) = '0' AND substr({as_text(name)}, 2, 1) BETWEEN '0' AND '9'"
        code = digits if has[name].kind == "text" else "FALSE"
        chosen += [f"{as_text(name)} AS d{i}", f"CASE WHEN {code} THEN NULL ELSE {as_number(name)} END AS e{i}"]
    table.connection.execute(
        f"CREATE OR REPLACE TABLE {NAME} AS SELECT {', '.join(chosen)} "
        f"FROM (SELECT {', '.join(inner)} FROM {table.relation})"
    )
    return Working(
        table=table,
        numbers=numbers,
        cuts=sliced,
        unit=spec.unit in has,
        arm=spec.arm_column in has,
        time=spec.time_column in has,
        shown=exposure in has,
        active=spec.activation in has,
        unique=_unique(table.connection),
    )


def _unique(connection: duckdb.DuckDBPyConnection) -> bool:
    row = connection.execute(f"SELECT count(unit) = count(DISTINCT unit) FROM {NAME} WHERE arm IS NOT NULL").fetchone()
    return bool(row and row[0])
