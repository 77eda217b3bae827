"""How much opening, checking and scanning a file costs above its floor: one plain query for the means and variances.

Run with ``make bench``, or with a number of rows (default 1,000,000). The Parquet file is made on the spot in a
temporary folder. Each figure is a ratio to the floor measured beside it, best of several turns, because absolute times
drift with the machine and its other users.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric, Segment

ROWS = 1_000_000
TURNS = 3
UNUSED = 10
"""Further columns of the file that no plan names, as exports have them."""

PLAN = AnalysisSpec(
    unit="user",
    arm_column="arm",
    arms=(Arm(name="control"), Arm(name="b")),
    control="control",
    metrics=(
        Metric(name="bought", role="primary", kind="proportion", column="bought"),
        Metric(name="spend", kind="mean", column="spend", covariate="history"),
        Metric(name="clicks a view", kind="ratio", column="clicks", denominator="views"),
    ),
    minimum_effect=Effect(size=0.01, scale="relative"),
    covariates=("age", "history"),
    segments=(Segment(column="country"), Segment(column="device")),
    time_column="seen",
)
CUTS = ("history",)


def make(path: Path, rows: int) -> None:
    """Write the file: a unit a row, two arms, four weeks, forty countries."""
    unused = "".join(f", hash(i, {n}) / 1e9 AS unused{n}" for n in range(UNUSED))
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'user-' || i AS user, CASE WHEN hash(i, 91) % 2 = 0 THEN 'control' ELSE 'b' END AS arm, "
            "CAST(hash(i, 92) % 10 = 0 AS INTEGER) AS bought, CAST(hash(i, 93) % 10000 AS DOUBLE) / 100 AS spend, "
            "hash(i, 94) % 5 AS clicks, 5 + hash(i, 95) % 20 AS views, CAST(hash(i, 96) % 90000 AS DOUBLE) / 7 AS "
            "history, 18 + hash(i, 97) % 60 AS age, 'country ' || (hash(i, 98) % 40) AS country, "
            "CASE hash(i, 99) % 3 WHEN 0 THEN 'phone' WHEN 1 THEN 'tablet' ELSE 'desktop' END AS device, "
            "TIMESTAMP '2026-03-02' + to_seconds(CAST(hash(i, 90) % (28 * 86400) AS BIGINT)) AS seen"
            f"{unused} FROM range({rows}) AS t(i)) TO '{path}' (FORMAT parquet)"
        )


def floor(path: Path) -> None:
    """What one plain query costs: counts, means and variances by arm, and by arm with each dimension."""
    columns = ("bought", "spend", "clicks", "views", "history", "age")
    asked = ", ".join(f"avg({c}), var_samp({c})" for c in columns)
    with duckdb.connect() as connection:
        connection.execute(
            f"SELECT arm, day, country, device, count(*), {asked} FROM (SELECT *, CAST(seen AS DATE) AS day FROM "
            f"read_parquet('{path}')) GROUP BY GROUPING SETS ((arm), (arm, day), (arm, country), (arm, device))"
        ).fetchall()


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def turn(path: Path) -> tuple[float, float, float, float]:
    """Seconds of floor, opening, checking and scanning."""
    base = seconds(lambda: floor(path))
    began = time.perf_counter()
    source = open_file(path)
    opened = time.perf_counter() - began
    checked = seconds(lambda: source.problems(PLAN, CUTS))
    scanned = seconds(lambda: source.scan(PLAN, metrics=PLAN.metrics, cuts=CUTS))
    source.table.connection.close()
    return base, opened, checked, scanned


def main() -> None:
    """Print one line a figure."""
    rows = int(sys.argv[1].replace("_", "").replace(",", "")) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        make(path, rows)
        turns = [turn(path) for _ in range(TURNS)]
    base, *parts = (min(column) for column in zip(*turns, strict=True))
    sys.stdout.write(f"scan: {rows:,} rows of Parquet; floor {base:.2f} s for one plain query\n")
    for name, value in (*zip(("open", "check", "scan"), parts, strict=True), ("all", sum(parts))):
        sys.stdout.write(f"  {name:<7} {value / base:5.2f} x floor  ({value:.2f} s)\n")


if __name__ == "__main__":
    main()
