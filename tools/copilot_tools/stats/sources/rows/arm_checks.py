"""Do the arms in the data match the arms in the plan? Compared as text, exactly."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.nearest import bare
from copilot_tools.refusals import Refusal
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import literal
from copilot_tools.stats.sources.tables.table import shown
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["arm_problems"]

_LISTED = 10


def arm_problems(working: Working, spec: AnalysisSpec) -> Iterator[Refusal]:
    """Arms the plan does not know, arms the data does not have, one arm only. Rows without an arm are the policy's."""
    known = working.facts.counted(spec.arm_column) if working.facts is not None else None
    if known is not None and set(known) == set(spec.arm_names):
        return
    found = working.connection.execute(
        f"SELECT arm, count(*), min(rowid) FROM {working.name} WHERE arm IS NOT NULL GROUP BY arm ORDER BY 2 DESC, 1"
        if working.table.ordered
        else _common(working, spec)
    ).fetchall()
    if rare := [row for row in found if row[0] is None]:
        yield _rare(rare[0], spec)
        found = [row for row in found if row[0] is not None]
    rows = {str(arm): (int(count), int(first)) for arm, count, first in found}
    unknown = [arm for arm in rows if arm not in spec.arm_names]
    column = shown(spec.arm_column)
    planned = ", ".join(shown(a) for a in spec.arm_names)
    if not rows and rare:
        return
    if not rows:
        yield Refusal(
            code="data.arm_column_empty",
            reason=f"Every cell of the arm column {column} is empty.",
            cure=f"Name the column that holds {planned}.",
            name=spec.arm_column,
        )
        return
    if len(rows) == 1:
        yield Refusal(
            code="data.one_arm",
            reason=f"The arm column {column} holds one arm only, {shown(next(iter(rows)))}; a comparison needs two.",
            cure="Export the rows of every arm, control included.",
            name=spec.arm_column,
            value=1,
        )
    if len(unknown) > _LISTED:
        yield Refusal(
            code="data.arm_unknown",
            reason=f"The arm column {column} holds {len(unknown):,} values the plan does not know, such as "
            f"{', '.join(shown(a) for a in unknown[:3])}.",
            cure=f"Is this the right column? The plan's arms are {planned}.",
            name=spec.arm_column,
            value=len(unknown),
        )
    else:
        for arm in unknown:
            yield _unknown(arm, rows[arm], working, spec)
    for name in spec.arm_names:
        if name not in rows:
            yield Refusal(
                code="data.arm_absent",
                reason=f"No row is in arm {shown(name)} of the plan.",
                cure=f"The arm column {column} holds {', '.join(shown(a) for a in list(rows)[:_LISTED])}: "
                "correct the name in the plan, or export that arm too.",
                name=spec.arm_column,
                value=name,
            )


def _common(working: Working, spec: AnalysisSpec) -> str:
    """The query for a warehouse: arms of the plan, and what so many rows share that it names nobody.

    All other values are counted together: a column of people's names may have been declared the arm.
    """
    planned = ", ".join(literal(a) for a in spec.arm_names)
    return (
        "SELECT named, CAST(sum(n) AS BIGINT), count(*) FROM "
        f"(SELECT CASE WHEN arm IN ({planned}) OR count(*) >= {spec.min_units} THEN arm END AS named, count(*) AS n "
        f"FROM {working.name} WHERE arm IS NOT NULL GROUP BY arm) GROUP BY named ORDER BY 2 DESC, 1"
    )


def _rare(row: tuple[object, int, int], spec: AnalysisSpec) -> Refusal:
    rows, values = int(row[1]), int(row[2])
    return Refusal(
        code="data.arm_unknown",
        reason=f"{rows:,} {'row has' if rows == 1 else 'rows have'} {values:,} "
        f"{'other value' if values == 1 else 'other values'} in the arm column {shown(spec.arm_column)}, each in fewer "
        f"than {spec.min_units} rows, which the plan does not know.",
        cure=f"The plan's arms are {', '.join(shown(a) for a in spec.arm_names)}: leave such rows out, or name the "
        "column that holds the arm.",
        name=spec.arm_column,
        value=values,
    )


def _unknown(arm: str, seen: tuple[int, int], working: Working, spec: AnalysisSpec) -> Refusal:
    count, first = seen
    alike = next((a for a in spec.arm_names if bare(a) == bare(arm)), None)
    place = f" ({working.table.line(first)})" if working.table.ordered else ""
    where = f"{count:,} {'row has' if count == 1 else 'rows have'} the arm {shown(arm)}{place}"
    if alike is not None:
        return Refusal(
            code="data.arm_spelling",
            reason=f"{where}, which is not the plan's {shown(alike)}.",
            cure="It differs only in capitals or spaces: write it the same way in the data and in the plan.",
            name=spec.arm_column,
            value=arm,
        )
    return Refusal(
        code="data.arm_unknown",
        reason=f"{where}, which the plan does not know.",
        cure=f"The plan's arms are {', '.join(shown(a) for a in spec.arm_names)}: add it to the plan, or leave such "
        "rows (a total, another test) out of the export.",
        name=spec.arm_column,
        value=arm,
    )
