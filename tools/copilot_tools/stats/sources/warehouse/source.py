"""A table that stays in its warehouse, as a source: one row a unit, one row an event, or exposures and events.

The same description of every query that reads files is rendered for the warehouse and asked there, so the evidence and
the refusals are the same. What comes back are counts, sums, quantiles and the largest values of a metric: no row, no
unit's name, and of a cell that cannot be read only how it is written.
"""

from __future__ import annotations

import hashlib
import json
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.evidence import SourceInfo
from copilot_tools.stats.sources.rows.events import Rule
from copilot_tools.stats.sources.rows.exposed import ExposedSource
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.rows.working import Working, cut_columns
from copilot_tools.stats.sources.tables.table import Table, shown
from copilot_tools.stats.sources.warehouse.columns import table_of
from copilot_tools.stats.sources.warehouse.dialect import EXECUTED, Dialect
from copilot_tools.stats.sources.warehouse.engine import Connection, Engine
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["WarehouseSource", "open_table", "open_tables"]

_MOST_CUTS = 30
"""Postgres tells up to 31 grouping columns apart; one is the day."""
_MOST_LEVELS = 50
_PATIENCE = 15
"""Seconds to wait for a connection, where the address does not say."""


class WarehouseSource(RowsSource):
    """A table of a warehouse with one row a unit (``EventsSource`` around it: one row an event)."""

    def over(self, table: Table) -> RowsSource:
        """Another table of the same data, under the same checks."""
        return WarehouseSource(table, self.describe())

    def close(self) -> None:
        """End what was opened: our session with all it made, or in a session passed in our tables and settings.

        Until then, or until the source is forgotten, a session of ours keeps its snapshot of the table.
        """
        self.drop()
        cast("Engine", self.table.connection).close()

    def working(
        self, spec: AnalysisSpec, cuts: tuple[str, ...] = (), *, in_place: bool = False
    ) -> tuple[Working | None, tuple[Refusal, ...]]:
        """A new working table, temporary in the warehouse, and what is wrong with single cells."""
        sliced = cut_columns(spec, cuts)
        if len(sliced) > _MOST_CUTS:
            return None, (
                Refusal(
                    code="warehouse.too_many_cuts",
                    reason=f"{len(sliced)} cuts are asked for at once; a warehouse takes at most {_MOST_CUTS}.",
                    cure="Ask for fewer cuts, or export the columns to a file.",
                    name="cuts",
                    value=len(sliced),
                ),
            )
        working, found = super().working(spec, cuts, in_place=in_place)
        if working is not None:
            found += tuple(_identifying(working, spec))
        return working, found


def _identifying(working: Working, spec: AnalysisSpec) -> Iterator[Refusal]:
    """Cuts by a column of names rather than groups: their levels would be people."""
    for column, i in working.cuts.items():
        if working.table.columns[column].kind != "text":
            continue
        if spec.clusters is not None and column == spec.clusters.column:
            continue  # no cut: clusters are only counted
        row = working.connection.execute(
            f"SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM {working.name} WHERE d{i} IS NOT NULL "
            f"GROUP BY d{i})"
        ).fetchone()
        if row and row[0] > _MOST_LEVELS and row[1] < spec.min_units:
            yield Refusal(
                code="data.cut_identifies",
                reason=f"No value of column {shown(column)} is shared by {spec.min_units} rows ({row[0]:,} values, at "
                f"most {row[1]:,} rows each): it names units, it does not group them.",
                cure="Cut by a column that puts many units together.",
                name=column,
                value=int(row[1]),
            )


def open_table(
    connection: Connection | str, table: str, *, dialect: Dialect = "postgres", name: str | None = None
) -> WarehouseSource:
    """Open a table with one row a unit; ``EventsSource`` takes it as one row an event.

    Use it when the data is in a warehouse and should stay there. The account needs SELECT on the table and the right to
    make temporary tables. A connection that is passed in keeps its transaction: nothing is committed or rolled back.

    Args:
        connection: A DB-API connection (psycopg, DuckDB), or a DSN for libpq, which is then opened and closed here.
        table: Table or view, with its schema where there is one.
        dialect: What the connection speaks: "postgres" or "duckdb".
        name: What the record calls where it stands, such as ``postgresql://host/shop?table=ab.results``, free of
            credentials; the table's name alone when not given, and then it cannot be opened again from the record.

    Raises:
        Refused: The dialect is only rendered, not executed; no driver; no connection; no such table.
    """
    with _opening(connection, dialect) as engine:
        opened = table_of(engine, table)
        return WarehouseSource(opened, _info(engine, opened, table, name))


def open_tables(
    connection: Connection | str,
    exposures: str,
    events: str,
    *,
    dialect: Dialect = "postgres",
    name: str | None = None,
    unit: str | None = None,
    time: str | None = None,
    aggregate: Mapping[str, Rule] | None = None,
) -> ExposedSource:
    """Open a table of exposures and one of events; see ``open_table`` and ``exposed.open_exposed``.

    Args:
        connection: As in ``open_table``.
        exposures: Table of unit, arm, time of exposure and what was known before.
        events: Table of unit, time and values.
        dialect: What the connection speaks.
        name: What the record calls where they stand.
        unit: Unit column of the events, where it is not called as in the exposures.
        time: Time column of the events, likewise.
        aggregate: Column -> "sum", "any" or "first".

    Raises:
        Refused: As in ``open_table``.
    """
    with _opening(connection, dialect) as engine:
        first, second = table_of(engine, exposures), table_of(engine, events)
        source = WarehouseSource(first, _info(engine, first, exposures, name))
        told = _info(engine, second, events, None)
    return ExposedSource(source, second, told, unit=unit, time=time, aggregate=aggregate)


def _info(engine: Engine, table: Table, named: str, location: str | None) -> SourceInfo:
    digest = _digest(engine, table)
    return SourceInfo(kind="rows", name=_called(named), location=location, digest=digest, columns=table.types())


def _called(table: str) -> str:
    """The table's name for people, the table first: looks without a plan are counted under it."""
    return " in ".join(reversed(table.split(".")))


@contextmanager
def _opening(connection: Connection | str, dialect: Dialect) -> Iterator[Engine]:
    """An engine that is closed again where nothing could be opened: a transaction left open holds locks."""
    engine = _engine(connection, dialect)
    try:
        yield engine
    except BaseException:  # an interrupt from the keyboard, too
        with suppress(Exception):
            engine.close()
        raise


def _engine(connection: Connection | str, dialect: Dialect) -> Engine:
    if dialect not in EXECUTED:
        raise Refused.because(
            "warehouse.dialect",
            f"The queries render for {dialect}, but nobody has run them there.",
            f"Use one of {', '.join(EXECUTED)}, or export the columns of the plan to a file.",
            name="dialect",
            value=dialect,
        )
    if not isinstance(connection, str):
        return Engine(connection, dialect)
    driver = _driver()
    try:
        limit = {} if "connect_timeout" in connection else {"connect_timeout": _PATIENCE}
        made = driver.connect(connection, **limit)
    except driver.Error as error:
        # The driver's words may repeat the DSN: only what kind of failure it was is told.
        raise Refused.because(
            "warehouse.unreachable",
            f"The warehouse could not be reached: {_why(str(error))}.",
            "Check host, port, database and user; keep the password in PGPASSWORD or ~/.pgpass.",
            name="data",
        ) from None
    engine = Engine(made, dialect, owned=True)
    weakref.finalize(engine, made.close)
    return engine


def _why(message: str) -> str:
    """What kind of failure it was, in words of our own."""
    known = {
        "password": "the password is missing or wrong",
        "refused": "nothing listens at this host and port",
        "no such file": "nothing listens at this host and port",
        "translate host": "there is no such host",
        "not known": "there is no such host",
        "resolve": "there is no such host",
        "timeout": "it does not answer",
        "timed out": "it does not answer",
        "does not exist": "there is no such database or user",
        "ssl": "the encrypted connection failed",
        "too many": "it has no connection left",
    }
    return next((said for word, said in known.items() if word in message.lower()), "the driver gives no known reason")


def _driver() -> Any:
    try:
        import psycopg  # noqa: PLC0415 - optional, and only needed here
    except ImportError:
        raise Refused.because(
            "warehouse.no_driver",
            "Reading from Postgres needs the driver psycopg, which is not installed.",
            "Install it: pip install 'expcopilot[postgres]'.",
            name="data",
        ) from None
    return psycopg


def _digest(engine: Engine, table: Table) -> str:
    """SHA-256 over names, types, number of rows and the sums of their hashes: the order of rows does not count."""
    cells = ", ".join(c.sql for c in table.columns.values())
    if engine.dialect == "postgres":
        halves = [f"sum(CAST(CAST(CAST('x' || substr(h, {i}, 16) AS bit(64)) AS bigint) AS numeric))" for i in (1, 17)]
        row = f"md5(convert_to(CAST(ROW({cells}) AS text), 'UTF8'))"
    else:
        halves = [f"sum(CAST(md5_number_{part}(h) AS HUGEINT))" for part in ("lower", "upper")]
        row = f"CAST(ROW({cells}) AS VARCHAR)"
    sums = engine.raw(
        f"SELECT count(*), {', '.join(f'CAST({h} AS VARCHAR)' for h in halves)} FROM "
        f"(SELECT {row} AS h FROM {table.relation}) AS q"
    ).fetchone()
    content = json.dumps([table.types(), sums], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
