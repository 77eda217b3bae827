"""Open data as what it is declared to be, and open it again the same way when it is verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from copilot_tools.stats.sources.counts.count_roles import CountColumns
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.counts.typed_arms import parse_arms
from copilot_tools.stats.sources.rows.events import EventsSource, Rule, open_events
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import Dialect
from expcopilot.records.look import Look

__all__ = ["CountColumns", "as_events", "counts", "events", "reopen", "rows", "typed_counts"]


def rows(path: str | Path, dialect: Dialect | None = None) -> RowsSource:
    """A file with one row a unit: CSV, Parquet or Excel.

    Raises:
        Refused: The file is missing, empty, or not what its name says.
    """
    return open_file(path, dialect)


def events(
    path: str | Path, dialect: Dialect | None = None, *, aggregate: Mapping[str, Rule] | None = None
) -> EventsSource:
    """A file with one row an event, brought to one row a unit by the plan's unit.

    Args:
        path: CSV, Parquet or Excel.
        dialect: How a CSV writes things.
        aggregate: Column -> "sum", "any" or "first", where the metric's kind does not say it.

    Raises:
        Refused: The file is missing, empty, or not what its name says.
    """
    return open_events(path, dialect, aggregate=aggregate)


def as_events(opened: RowsSource, aggregate: Mapping[str, Rule] | None = None) -> EventsSource:
    """Rows already opened, taken as one row an event."""
    return EventsSource(opened, aggregate)


def counts(path: str | Path, dialect: Dialect | None = None, *, columns: CountColumns | None = None) -> CountsSource:
    """A small file of summary counts, one row an arm (and stratum): CSV or YAML.

    Args:
        path: The file.
        dialect: How a CSV writes things.
        columns: Which column is what, where the names do not say it.

    Raises:
        Refused: The file cannot be read as a table.
    """
    return CountsSource.from_file(path, columns=columns, dialect=dialect)


def typed_counts(arms: Iterable[str]) -> CountsSource:
    """Summary counts typed by hand, such as ``control=10000:520`` (units : successes).

    Raises:
        Refused: With everything that cannot be read, all together.
    """
    return CountsSource.of(parse_arms(arms))


def reopen(path: Path, look: Look) -> Source:
    """Open the data of a look again, the way it was opened then.

    Raises:
        Refused: It cannot be opened any more.
    """
    info, dialect = look.evidence.source, look.spec.dialect
    if info.kind == "counts":
        return counts(path, dialect, columns=CountColumns.model_validate(info.opening) if info.opening else None)
    if info.kind == "events":
        return events(path, dialect, aggregate=info.opening.get("aggregate"))
    return rows(path, dialect)
