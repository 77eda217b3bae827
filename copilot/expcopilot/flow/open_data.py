"""Open data as what it is declared to be, and open it again the same way when it is verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.counts.count_roles import CountColumns
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.counts.typed_arms import parse_arms
from copilot_tools.stats.sources.rows.events import EventsSource, Rule, open_events
from copilot_tools.stats.sources.rows.exposed import ExposedSource
from copilot_tools.stats.sources.rows.exposed import open_exposed as exposed
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.sources.warehouse.address import Address, is_address
from copilot_tools.stats.spec import Dialect
from expcopilot.records.look import Look

__all__ = ["CountColumns", "counts", "events", "exposed", "present", "reopen", "rows", "typed_counts"]


def rows(path: str | Path, dialect: Dialect | None = None) -> RowsSource:
    """A file with one row a unit: CSV, Parquet or Excel; or a table, postgresql://user@host/database?table=name.

    Raises:
        Refused: The file is missing, empty, or not what its name says; the warehouse cannot be reached; or the address
            names a second table of events.
    """
    if not is_address(path):
        return open_file(path, dialect)
    where = Address.parse(path)
    if where.events is not None:
        raise Refused.because(
            "warehouse.two_tables",
            f"The address names exposures ({where.table}) and events ({where.events}): that is not one row a unit.",
            "Read it as events: --as events.",
            name="data",
            value=where.name,
        )
    # sqlglot takes time to load, and no file needs it
    from copilot_tools.stats.sources.warehouse.source import open_table  # noqa: PLC0415

    return open_table(where.dsn, where.table, name=where.name)


def events(
    path: str | Path, dialect: Dialect | None = None, *, aggregate: Mapping[str, Rule] | None = None
) -> EventsSource | ExposedSource:
    """A file with one row an event, brought to one row a unit by the plan's unit.

    Args:
        path: CSV, Parquet or Excel; or the address of a table, with ``&events=`` that of exposures and of events.
        dialect: How a CSV writes things.
        aggregate: Column -> "sum", "any" or "first", where the metric's kind does not say it.

    Raises:
        Refused: The file is missing, empty, or not what its name says.
    """
    if not is_address(path):
        return open_events(path, dialect, aggregate=aggregate)
    where = Address.parse(path)
    if where.events is None:
        return EventsSource(rows(path), aggregate)
    # sqlglot takes time to load, and no file needs it
    from copilot_tools.stats.sources.warehouse.source import open_tables  # noqa: PLC0415

    return open_tables(
        where.dsn,
        where.table,
        where.events,
        name=where.name,
        unit=where.events_unit,
        time=where.events_time,
        aggregate=aggregate,
    )


def counts(path: str | Path, dialect: Dialect | None = None, *, columns: CountColumns | None = None) -> CountsSource:
    """A small file of summary counts, one row an arm (and stratum): CSV or YAML.

    Args:
        path: The file.
        dialect: How a CSV writes things.
        columns: Which column is what, where the names do not say it.

    Raises:
        Refused: The file cannot be read as a table.
    """
    if is_address(path):
        raise Refused.because(
            "warehouse.counts",
            "Summary counts are read from a file, not from a warehouse.",
            "Give the table with one row a unit, or type the counts: --arm control=10000:520.",
            name="data",
        )
    return CountsSource.from_file(path, columns=columns, dialect=dialect)


def typed_counts(arms: Iterable[str]) -> CountsSource:
    """Summary counts typed by hand, such as ``control=10000:520`` (units : successes).

    Raises:
        Refused: With everything that cannot be read, all together.
    """
    return CountsSource.of(parse_arms(arms))


def present(location: str) -> bool:
    """Whether there is something to open again: a file that is still there, or a table, which is asked when opened."""
    return is_address(location) or Path(location).exists()


def reopen(path: Path, look: Look) -> Source:
    """Open the data of a look again, the way it was opened then.

    Raises:
        Refused: It cannot be opened any more.
    """
    info, dialect = look.evidence.source, look.spec.dialect
    if info.kind == "counts":
        return counts(path, dialect, columns=CountColumns.model_validate(info.opening) if info.opening else None)
    if info.kind == "events":
        if "events" in info.opening and not is_address(path):
            named = {"unit": info.opening.get("events_unit"), "time": info.opening.get("events_time")}
            return exposed(path, info.opening["events"], dialect, aggregate=info.opening.get("aggregate"), **named)
        return events(path, dialect, aggregate=info.opening.get("aggregate"))
    return rows(path, dialect)
