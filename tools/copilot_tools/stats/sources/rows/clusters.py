"""Clusters of the units analysed: how many hold units of several arms, and how outcomes go with the neighbours' arms.

Only counts and sums over clusters are brought back, never a cluster's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

from copilot_tools.refusals import Refusal
from copilot_tools.stats.evidence import ClusterSize, MetricCell
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.sources.rows.blocks import Block
from copilot_tools.stats.sources.rows.working import Working
from copilot_tools.stats.sources.tables.sql import literal, number_literal
from copilot_tools.stats.sources.tables.table import shown
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["cluster_problems", "cluster_sizes", "neighbours"]

_SUMS = 5


def _cell(working: Working, spec: AnalysisSpec) -> str | None:
    """SQL of a row's cluster; None where the plan names none, or the data lacks it."""
    if spec.clusters is None or spec.clusters.column not in working.cuts:
        return None
    return f"d{working.cuts[spec.clusters.column]}"


def cluster_problems(working: Working, spec: AnalysisSpec) -> Iterator[Refusal]:
    """Where whole clusters were assigned: clusters in two arms, and rows finer than a cluster.

    Errors of units that were assigned together follow their cluster; one row a cluster makes it the unit.
    """
    cell = _cell(working, spec)
    if cell is None or spec.clusters is None or spec.clusters.assigned != "clusters":
        return
    named = f"{working.name} WHERE arm IS NOT NULL AND {cell} IS NOT NULL"
    rows, clusters, torn = working.connection.execute(
        f"SELECT sum(n), count(*), sum(torn) FROM (SELECT count(*) AS n, "
        f"CASE WHEN min(arm) <> max(arm) THEN 1 ELSE 0 END AS torn FROM {named} GROUP BY {cell})"
    ).fetchone() or (0, 0, 0)
    column = shown(spec.clusters.column)
    if torn:
        yield Refusal(
            code="clusters.in_two_arms",
            reason=f"{int(torn):,} of {clusters:,} clusters by {column} have units in more than one arm, although the "
            "plan says that whole clusters were assigned: plan and data disagree.",
            cure="Find out how they got into two arms; if each unit was assigned by itself, the plan must say "
            "`assigned: units`.",
            name="clusters",
            value=int(torn),
        )
    elif rows and rows > clusters:
        yield Refusal(
            code="clusters.finer_unit",
            reason=f"{int(rows):,} rows lie in {clusters:,} clusters by {column}, which were assigned as a whole: the "
            "unit of analysis is finer than the unit of randomization, and errors of single rows would be too small.",
            cure=f"Name {column} as the plan's unit, make each metric a ratio of its sum to the number of units, and "
            "read the rows as events: the delta method over clusters is cluster-robust. Or give each cluster's units "
            "and sum to the tool compare_clusters.",
            name="clusters",
            value=int(rows),
        )


def cluster_sizes(working: Working, relation: str, spec: AnalysisSpec) -> tuple[ClusterSize, ...] | None:
    """Clusters of the rows analysed, by size; None where the plan names no cluster. Rows without one are left out."""
    cell = _cell(working, spec)
    if cell is None:
        return None
    found = working.connection.execute(
        f"SELECT n, count(*), sum(mixed) FROM (SELECT count(*) AS n, CASE WHEN min(arm) <> max(arm) THEN 1 ELSE 0 END "
        f"AS mixed FROM {relation} WHERE {cell} IS NOT NULL GROUP BY {cell}) GROUP BY n ORDER BY n"
    ).fetchall()
    return tuple(ClusterSize(units=int(n), clusters=int(count), mixed=int(mixed)) for n, count, mixed in found)


def neighbours(working: Working, relation: str, spec: AnalysisSpec, block: Block) -> tuple[MetricCell, ...]:
    """Per arm the moments, over clusters, that ``Evidence.neighbours`` describes; none for a ratio, or no clusters."""
    cell = _cell(working, spec)
    if cell is None or spec.primary.kind == "ratio":
        return ()
    centre = number_literal(block.centres[0])
    control = literal(spec.control)
    wanted = [f"kahan_sum(a{i})" for i in range(_SUMS)]
    pairs = list(combinations_with_replacement(range(_SUMS), 2))
    wanted += [f"kahan_sum(a{i} * a{j})" for i, j in pairs]
    own = (
        f"(SELECT {cell} AS c, arm, CAST(count({block.values[0]}) AS DOUBLE) AS k, "
        f"kahan_sum(({block.values[0]}) - {centre}) AS s FROM {relation} WHERE {cell} IS NOT NULL "
        f"AND ({block.values[0]}) IS NOT NULL GROUP BY {cell}, arm) AS g"
    )
    whole = (
        f"(SELECT {cell} AS c, CAST(count(*) AS DOUBLE) AS n, CAST(sum(CASE WHEN arm <> {control} THEN 1 ELSE 0 END) "
        f"AS DOUBLE) AS t FROM {relation} WHERE {cell} IS NOT NULL GROUP BY {cell}) AS h"
    )
    shares = (
        f"(SELECT g.arm AS arm, g.k AS k, g.s AS s, (h.t - CASE WHEN g.arm = {control} THEN 0.0 ELSE 1.0 END) / "
        f"(h.n - 1.0) AS x FROM {own} JOIN {whole} ON g.c = h.c WHERE h.n > 1.5) AS q"
    )
    found = working.connection.execute(
        f"SELECT arm, count(*), {', '.join(wanted)} FROM "
        f"(SELECT arm, k AS a0, s AS a1, k * x AS a2, s * x AS a3, k * x * x AS a4 FROM {shares}) AS r GROUP BY arm"
    ).fetchall()
    by_arm = {str(row[0]): row[1:] for row in found}
    cells = []
    for arm in spec.arm_names:
        if arm not in by_arm:
            continue
        n, *numbers = by_arm[arm]
        sums, flat = [float(x) for x in numbers[:_SUMS]], dict(zip(pairs, map(float, numbers[_SUMS:]), strict=True))
        products = [[flat[min(i, j), max(i, j)] for j in range(_SUMS)] for i in range(_SUMS)]
        moments = Moments.from_shifted_sums(int(n), (0.0,) * _SUMS, sums, products)
        cells.append(MetricCell(metric=spec.primary.name, arm=arm, moments=moments))
    return tuple(cells)
