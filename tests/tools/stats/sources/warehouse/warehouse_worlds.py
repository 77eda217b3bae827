"""The same data as a file and as a table of the warehouse, and how evidence of the two is compared."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.moments import Moments, triples
from copilot_tools.stats.spec import AnalysisSpec, Arm, Cap, DataPolicy, Effect, Metric, Segment

_ROUNDING = 1e-9
"""What is left of a cell of one unit, whose spread is 0: the values are of the order of 100."""
_CUBED = 1e-13
"""What is left of a third moment of equal values, as a share of their cubes."""
_NATIVE = {
    "int64": "bigint",
    "int32": "integer",
    "double": "double precision",
    "bool": "boolean",
    "string": "text",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=UTC]": "timestamptz",
}


def both(folder: Path, connection: psycopg.Connection, data: pa.Table, name: str = "results") -> Path:
    """Write the data as Parquet and as ``lab.<name>`` in the warehouse; the file's path."""
    path = folder / f"{name}.parquet"
    pq.write_table(data, path)
    columns = ", ".join(f'"{f.name}" {_native(f.type)}' for f in data.schema)
    connection.execute(f"CREATE TABLE lab.{name} ({columns})")
    texts = [f.name for f in data.schema if pa.types.is_floating(f.type)]
    with connection.cursor().copy(f"COPY lab.{name} FROM STDIN") as copy:
        for row in data.to_pylist():
            # repr keeps every bit of a double, and writes nan and inf as Postgres reads them
            copy.write_row([repr(v) if k in texts and v is not None else v for k, v in row.items()])
    return path


def _native(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    return _NATIVE[str(kind)]


def world(n: int = 4_000, seed: int = 5) -> pa.Table:
    """Three arms, values of every kind: a mean of 1e9, heavy tails, empty cells, days, groups, numbers as groups."""
    g = np.random.default_rng(seed)
    arm = g.choice(["control", "b", "c"], n, p=[0.4, 0.3, 0.3])
    lift = (arm == "b") * 0.03
    spend = np.round(np.exp(g.normal(2, 1.2, n)) * (g.random(n) < 0.4), 2)
    before = g.normal(50, 9, n)
    start = np.datetime64("2025-03-01T00:00:00", "us")
    at = start + (g.random(n) * 14 * 86_400e6).astype("timedelta64[us]")
    visits = g.poisson(3, n)
    note = np.where(g.random(n) < 0.07, None, np.round(g.normal(1, 5, n), 3))
    return pa.table(
        {
            "user": pa.array([f"u{i}" for i in g.permutation(n)]),
            "arm": pa.array(arm),
            "bought": pa.array((g.random(n) < 0.2 + lift).astype(int)),
            "paid": pa.array(g.random(n) < 0.1),
            "spend": pa.array(spend),
            "huge": pa.array(1e9 + g.normal(0, 1, n)),
            "visits": pa.array(visits),
            "orders": pa.array(g.binomial(visits, 0.3)),
            "before": pa.array(before),
            "rated": pa.array(note.tolist(), type=pa.float64()),
            "at": pa.array(at),
            "country": pa.array(np.where(g.random(n) < 0.02, None, g.choice(["DE", "FR", "Österreich"], n)).tolist()),
            "age": pa.array(g.integers(18, 80, n)),
            "member": pa.array(g.random(n) < 0.5),
            "price": pa.array([round(float(x), 2) for x in g.choice([1.5, 2.25, 10.0], n)]),
            "eligible": pa.array(g.random(n) < 0.9),
            "variant_seen": pa.array(np.where(g.random(n) < 0.01, "other", arm)),
        }
    )


METRICS = (
    Metric(name="bought", role="primary", kind="proportion", column="bought", covariate="before"),
    Metric(name="paid", kind="proportion", column="paid"),
    Metric(name="spend", kind="mean", column="spend", covariate="before", cap=Cap(quantile=0.99)),
    Metric(name="spend fixed", kind="mean", column="spend", cap=Cap(at=40.0)),
    Metric(name="huge", kind="mean", column="huge"),
    Metric(name="orders a visit", kind="ratio", column="orders", denominator="visits"),
    Metric(name="rated", kind="mean", column="rated", nulls="drop"),
    Metric(name="rated or 0", kind="mean", column="rated", nulls="zero"),
)


def plan(**changes: Any) -> AnalysisSpec:
    """The plan of ``world``; the changes replace fields."""
    fields: dict[str, Any] = {
        "unit": "user",
        "arm_column": "arm",
        "arms": (Arm(name="control"), Arm(name="b"), Arm(name="c")),
        "control": "control",
        "metrics": METRICS,
        "minimum_effect": Effect(size=0.01, scale="absolute"),
        "segments": (Segment(column="country"), Segment(column="member")),
        "covariates": ("age",),
        "time_column": "at",
        "policy": DataPolicy(duplicates="first", two_arms="drop", contradictions="drop", missing_arm="drop"),
    }
    return AnalysisSpec(**(fields | changes))


def assert_same(one: Evidence, other: Evidence, tolerance: float = 1e-9) -> None:
    """The same evidence: counts, levels, days, sentences exactly; moments and largest values to the tolerance."""
    assert [u.model_dump() for u in one.units] == [u.model_dump() for u in other.units]
    assert one.quality == other.quality
    assert one.days == other.days
    assert one.source.sketch == other.source.sketch
    for kind in ("cells", "before"):
        ours, theirs = getattr(one, kind), getattr(other, kind)
        assert [(c.metric, c.arm, c.slice) for c in ours] == [(c.metric, c.arm, c.slice) for c in theirs]
        for a, b in zip(ours, theirs, strict=True):
            _assert_moments(a.moments, b.moments, tolerance)
    assert [(e.metric, e.arm) for e in one.extremes] == [(e.metric, e.arm) for e in other.extremes]
    for a, b in zip(one.extremes, other.extremes, strict=True):
        assert len(a.largest) == len(b.largest)
        for x, y in zip(a.largest, b.largest, strict=True):
            assert all(math.isclose(p, q, rel_tol=tolerance) for p, q in zip(x, y, strict=True)), (x, y)


def _assert_moments(a: Moments, b: Moments, tolerance: float) -> None:
    assert a.n == b.n
    assert len(a.mean) == len(b.mean)
    for i, (x, y) in enumerate(zip(a.mean, b.mean, strict=True)):
        scale = max(abs(x), math.sqrt(a.comoments[i][i] / max(a.n, 1)))
        assert abs(x - y) <= tolerance * scale, (x, y)
        for j in range(len(a.mean)):
            bound = math.sqrt(a.comoments[i][i] * a.comoments[j][j])
            assert abs(a.comoments[i][j] - b.comoments[i][j]) <= tolerance * bound + _ROUNDING, (a, b)
    assert (a.thirds is None) == (b.thirds is None)
    spread = [math.sqrt(a.comoments[i][i]) for i in range(len(a.mean))]
    for (i, j, k), x, y in zip(triples(len(a.mean)), a.thirds or (), b.thirds or (), strict=bool(a.thirds)):
        # Where a column hardly varies (every value at its cap) cubes of the level leave their rounding behind.
        cubes = a.n * abs(a.mean[i] * a.mean[j] * a.mean[k])
        assert abs(x - y) <= tolerance * spread[i] * spread[j] * spread[k] + _ROUNDING + _CUBED * cubes, (a, b)


def in_duckdb(path: Path, data: pa.Table) -> duckdb.DuckDBPyConnection:
    """A database file of DuckDB with the data as ``results``."""
    connection = duckdb.connect(str(path))
    connection.register("given", data)
    connection.execute("CREATE TABLE results AS SELECT * FROM given")
    connection.unregister("given")
    return connection
