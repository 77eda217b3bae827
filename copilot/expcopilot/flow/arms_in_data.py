"""Which arms does the data hold? What a quick look, which has no plan to name them, asks first. Reads no outcome."""

from __future__ import annotations

from copilot_tools.nearest import closest
from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.tables.sql import text

__all__ = ["MOST", "arms_in"]

MOST = 50
"""More values than this in an arm column are no arms."""


def arms_in(source: RowsSource | CountsSource, arm_column: str | None = None) -> tuple[str, ...]:
    """Names of the arms, sorted for rows, in their order for counts; rows without an arm have none.

    Args:
        source: The data.
        arm_column: Column of the arm's name; needed for rows.

    Raises:
        Refused: No arm column is named, the data has no such column, or it holds too many values to be arms.
    """
    if isinstance(source, CountsSource):
        return source.arms(arm_column)
    table = source.table
    if arm_column is None or arm_column not in table.columns:
        raise Refused.because(
            "look.no_arm_column",
            "No arm column was named." if arm_column is None else f"There is no column {arm_column!r}.",
            f"{closest(arm_column or 'arm', tuple(table.columns))} Say which column holds the arm: --arm-column NAME.",
            name="arm_column",
            value=arm_column,
        )
    column = table.columns[arm_column]
    name = text(column.sql, column.sql_type)
    counted = None
    with table.reading():
        if not table.ordered:  # a warehouse's: counted first, so that a column of people's names never leaves it
            counted = table.connection.execute(f"SELECT count(DISTINCT {name}) FROM {table.relation}").fetchone()
        many = counted is not None and int(counted[0]) > MOST
        asked = f"SELECT DISTINCT {name} AS arm FROM {table.relation} WHERE {name} IS NOT NULL ORDER BY 1"
        found = [] if many else table.connection.execute(f"{asked} LIMIT {MOST + 1}").fetchall()
    if many or len(found) > MOST:
        raise Refused.because(
            "look.too_many_arms",
            f"The column {arm_column!r} holds more than {MOST} values, too many to be arms.",
            "Name another column with --arm-column; for one experiment a value, use --by.",
            name="arm_column",
            value=arm_column,
        )
    return tuple(str(row[0]) for row in found)
