"""The same work done with tea-tasting, the fastest peer, in an environment of its own. Prints how long its parts took.

    python peer_worker.py polars|duckdb|duckdb-keyed overall|sliced FILE

``duckdb-keyed`` is the quickest way its users have found to slice: one aggregation a segment, keyed by arm and level.
It checks neither repeated users nor users in two arms, nor NaN and infinite values.
"""
# ruff: noqa: INP001, PLC0415, T201 - a script; each engine is imported where it is used; its output is a line
# mypy: ignore-errors

from __future__ import annotations

import sys
import time

BEGAN = time.perf_counter()

import tea_tasting as tt  # noqa: E402 - its import is part of what is measured
from experiment_names import METRICS, SEGMENTS, TIME  # noqa: E402

NEEDED = ["arm", *dict.fromkeys(c for name, held in METRICS.items() for c in (name, *held) if c is not None)]


def experiment() -> tt.Experiment:
    """All metrics, adjusted by their covariates."""
    return tt.Experiment(
        variant="arm",
        sample_ratio=tt.SampleRatio(method="norm"),
        **{
            name: tt.RatioOfMeans(name, below, covariate, covariate_below) if below else tt.Mean(name, covariate)
            for name, (below, covariate, covariate_below) in METRICS.items()
        },
    )


def main() -> None:
    """Do the work once."""
    engine, work, path = sys.argv[1:4]
    asked = experiment()
    imported = time.perf_counter()
    columns = [*NEEDED, *([*SEGMENTS, TIME] if work == "sliced" else [])]
    if engine == "polars":
        import polars as pl

        data = pl.read_parquet(path, columns=columns)
    else:
        import ibis

        data = ibis.duckdb.connect().read_parquet(path)[columns]
    asked.analyze(data, control="control", all_variants=True)
    done = 1
    for column in (*SEGMENTS, TIME) if work == "sliced" else ():
        if engine == "duckdb-keyed":
            done += keyed(asked, data, column)
            continue
        levels = (
            data[column].unique().to_list()
            if engine == "polars"
            else data[column].as_table().distinct().to_pyarrow()[column].to_pylist()
        )
        for level in levels:
            part = data.filter(pl.col(column) == level) if engine == "polars" else data.filter(data[column] == level)
            asked.analyze(part, control="control", all_variants=True)
            done += 1
    ended = time.perf_counter()
    print(f"import {imported - BEGAN:.2f} analyze {ended - imported:.2f} s; {done} parts")


def keyed(asked: tt.Experiment, data: object, column: str) -> int:
    """One aggregation over arm and level together, taken apart afterwards."""
    from tea_tasting.aggr import read_aggregates
    from tea_tasting.metrics import AggrCols

    wanted = AggrCols()
    for metric in asked.metrics.values():
        wanted |= metric.aggr_cols
    table = data.mutate(key=data.arm.cast("string") + "|" + data[column].cast("string"))
    levels: dict[str, dict[str, object]] = {}
    for key, aggregates in read_aggregates(table, "key", **wanted._asdict()).items():
        arm, level = key.split("|")
        levels.setdefault(level, {})[arm] = aggregates
    for arms in levels.values():
        asked.analyze(arms, control="control", all_variants=True)
    return len(levels)


if __name__ == "__main__":
    main()
