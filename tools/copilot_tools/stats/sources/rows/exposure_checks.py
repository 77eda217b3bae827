"""Does the expected exposure occur in the data at all? Rows that contradict it one by one are the policy's business."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import literal
from copilot_tools.stats.sources.tables.table import shown
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["exposure_problems"]


def exposure_problems(working: Working, spec: AnalysisSpec) -> Iterator[Refusal]:
    """An expected exposure no row of its arm shows: the plan or the column is wrong, not the rows."""
    if spec.exposure is None or not working.shown:
        return
    for arm, value in spec.exposure.expected.items():
        cell = "coalesce(shown, '(empty)')"
        if not working.table.ordered:  # what leaves a warehouse: whether it is the one expected, no other cell
            cell = f"CASE WHEN shown = {literal(value)} THEN shown WHEN shown IS NULL THEN '(empty)' ELSE '(other)' END"
        seen = working.connection.execute(
            f"SELECT {cell}, count(*) FROM {working.name} WHERE arm = {literal(arm)} GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        if seen and all(found != value for found, _ in seen):
            yield Refusal(
                code="data.exposure_never_matches",
                reason=f"No row of arm {shown(arm)} shows {shown(value)} in column {shown(spec.exposure.column)}; they "
                f"show {', '.join(shown(found) for found, _ in seen[:5])}.",
                cure="Correct exposure.expected in the plan: it says what each arm should have been shown.",
                name=spec.exposure.column,
                value=value,
            )
