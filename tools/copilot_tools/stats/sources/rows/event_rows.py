"""Is this one row a unit, or one row an event? Repeated rows that differ, of many units, are events."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.table import shown
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["event_rows"]

SHARE_OF_UNITS = 0.20
"""From this share of units with several rows on, repetition is the rule of the file and no accident."""
SHARE_DIFFERING = 0.50
"""From this share of them on whose rows differ in time or values, the rows are events and no copies."""


def event_rows(working: Working, spec: AnalysisSpec) -> Iterator[Refusal]:
    """Refuse data that has one row an event, and offer to aggregate it.

    Copies of the same row, and a few units that came twice, are duplicates: the policy treats those. A plan that keeps
    the first row of a unit has made its choice.
    """
    if not working.unit or working.unique or spec.policy.duplicates == "first":
        return
    distinct = working.connection.execute(
        f"SELECT count(*), count(DISTINCT (unit, arm)) FROM {working.name} WHERE unit IS NOT NULL AND arm IS NOT NULL"
    ).fetchone() or (0, 0)
    if not distinct[1] or distinct[0] < (1 + SHARE_OF_UNITS) * distinct[1]:
        return
    content = ", ".join(["seen_at", *(working.number(c) for c in working.numbers)])
    several, differing = working.connection.execute(
        f"SELECT count(*), count(*) FILTER (differ) FROM (SELECT min(h) <> max(h) AS differ FROM "
        f"(SELECT unit, arm, hash({content}) AS h FROM {working.name} "
        "WHERE unit IS NOT NULL AND arm IS NOT NULL) "
        "GROUP BY unit, arm HAVING count(*) > 1)"
    ).fetchone() or (0, 0)
    if several > 1 and several >= SHARE_OF_UNITS * distinct[1] and differing >= SHARE_DIFFERING * several:
        yield Refusal(
            code="data.event_rows",
            reason=f"{several:,} of {distinct[1]:,} units ({several / distinct[1]:.0%}) have several rows that differ, "
            f"{distinct[0] / distinct[1]:.1f} rows a unit: this is one row an event, not one row a {shown(spec.unit)}.",
            cure="Read it as events: they are aggregated to one row a unit (any for proportions, sum for other "
            "metrics, first for the rest, or as you say by column). To keep each unit's first row only, set "
            "policy.duplicates: first.",
            name=spec.unit,
            value=several,
        )
