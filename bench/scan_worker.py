"""One piece of work on the file of users, as a process of its own: ours, or a floor. Prints how long its parts took.

    python scan_worker.py ours|sums|group|unsafe overall|sliced FILE

``sums`` adds up the columns; ``group`` adds them up in two packed grouping sets, the floor of sliced work; ``unsafe``
is the same with plain, uncentred sums of squares and products, and no check at all. ``ours`` opens, checks, scans and
estimates every metric in every treatment arm, whole and in every slice.
"""
# ruff: noqa: INP001, PLC0415, T201 - a script; what a floor does not need, it does not import; its output is a line

from __future__ import annotations

import sys
import time

BEGAN = time.perf_counter()


def ours(path: str, *, sliced: bool) -> str:
    """Everything the product does with such a file, from the path to the estimates."""
    from experiment_names import ARMS, METRICS, SEGMENTS, TIME, UNIT

    from copilot_tools.results import Slice
    from copilot_tools.stats.inference.compare import compare_arms
    from copilot_tools.stats.moments import Moments
    from copilot_tools.stats.sources.rows.files import open_file
    from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric, Segment

    plan = AnalysisSpec(
        unit=UNIT,
        arm_column="arm",
        arms=tuple(Arm(name=a) for a in ARMS),
        control=ARMS[0],
        metrics=tuple(
            Metric(
                name=name,
                role="primary" if name == "bought" else "secondary",
                kind="proportion" if name == "bought" else "ratio" if denominator else "mean",
                column=name,
                denominator=denominator,
                covariate=covariate,
                covariate_denominator=below,
            )
            for name, (denominator, covariate, below) in METRICS.items()
        ),
        minimum_effect=Effect(size=0.01, scale="relative"),
        segments=tuple(Segment(column=c) for c in SEGMENTS) if sliced else (),
        time_column=TIME if sliced else None,
    )
    imported = time.perf_counter()
    source = open_file(path)
    opened = time.perf_counter()
    problems = source.problems(plan)
    if problems:
        raise SystemExit(str(problems))
    checked = time.perf_counter()
    evidence = source.scan(plan, metrics=plan.metrics)
    scanned = time.perf_counter()
    parts = [Slice(), *(Slice(dimension=d, level=x) for d in evidence.dimensions for x in evidence.levels(d))]
    found = [
        comparison
        for part in parts
        for metric in plan.metrics
        for comparison in compare_arms(
            metric,
            {
                a: evidence.moments_of(metric.name, a, part) or Moments.empty(len(metric.columns))
                for a in plan.arm_names
            },
            plan.control,
            adjustment="none",
            part=part,
        )
    ]
    ended = time.perf_counter()
    return (
        f"import {imported - BEGAN:.2f} open {opened - imported:.2f} check {checked - opened:.2f} "
        f"scan {scanned - checked:.2f} estimate {ended - scanned:.2f} s; {len(found):,} comparisons"
    )


def floor(path: str, what: str, *, sliced: bool) -> str:
    """A query of plain sums."""
    import duckdb
    from experiment_names import METRICS, SEGMENTS, TIME

    columns = [c for name in METRICS for c in (name, *([f"{name}_before"] if name != "bought" else []))]
    asked = ["count(*)", *(f"sum({c})" for c in columns)]
    if what == "unsafe":
        asked += [f"sum({c} * {c})" for c in columns]
        asked += [f"sum({c} * {c}_before)" for c in METRICS if c != "bought"]
        asked += ["sum(clicks * views)", "sum(clicks_before * views_before)"]
        asked += ["sum(clicks * views_before)", "sum(views * clicks_before)"]
    keys = ["arm", *SEGMENTS, TIME]
    sets = f"(arm, {TIME}, source), (arm, country, device, tier)"
    if what == "sums":
        query = f"SELECT {', '.join(asked)}{''.join(f', max({k})' for k in keys) if sliced else ''} FROM '{path}'"
    elif sliced:
        query = f"SELECT {', '.join([*keys, *asked])} FROM '{path}' GROUP BY GROUPING SETS ({sets})"
    else:
        query = f"SELECT arm, {', '.join(asked)} FROM '{path}' GROUP BY arm"
    began = time.perf_counter()
    with duckdb.connect() as connection:
        rows = len(connection.execute(query).fetchall())
    return f"query {time.perf_counter() - began:.2f} s; {rows:,} rows"


if __name__ == "__main__":
    what, work, file = sys.argv[1:4]
    print(ours(file, sliced=work == "sliced") if what == "ours" else floor(file, what, sliced=work == "sliced"))
