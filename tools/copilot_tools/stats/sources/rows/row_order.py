"""Which of a unit's rows is the first? A file says by its lines, a warehouse only by a time column."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.table import shown
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["row_order"]


def row_order(working: Working, spec: AnalysisSpec) -> Iterator[Refusal]:
    """Refuse to keep a unit's first row where rows have no order, there is no time, and the rows differ."""
    if working.table.ordered or working.time or working.unique or not working.unit:
        return
    if spec.policy.duplicates != "first":
        return
    content = [working.number(c) for c in working.numbers] + [f"d{i}" for i in working.cuts.values()]
    row = working.connection.execute(
        f"SELECT count(*) FROM (SELECT unit FROM {working.name} WHERE unit IS NOT NULL AND arm IS NOT NULL "
        f"GROUP BY unit, arm HAVING min(hash({', '.join(['active', 'shown', *content])})) <> "
        f"max(hash({', '.join(['active', 'shown', *content])})))"
    ).fetchone()
    if row and row[0]:
        yield Refusal(
            code="data.no_row_order",
            reason=f"The plan keeps the first row of each {shown(spec.unit)}, but {int(row[0]):,} units have rows that "
            "differ, and the rows of a warehouse have no order.",
            cure="Set time_column to the column that says when each row was made, or keep one row a unit in a view.",
            name="time_column",
            value=int(row[0]),
        )
