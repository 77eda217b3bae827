"""The file that scans are measured on: users in three arms, six metrics with their pre-period, four segments, days.

Seeded by the number of the chunk: the same file every time, in memory that does not grow with the rows.
"""
# ruff: noqa: INP001 - beside scripts, not a package

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from experiment_names import ARMS, SEGMENTS, TIME, UNIT

__all__ = ["make_users"]

_CHUNK = 500_000
_GROUP = 125_000
_DAYS = 28

Values = npt.NDArray[np.float64]


def _period(rng: np.random.Generator, busy: Values, lift: Values, suffix: str) -> dict[str, pa.Array]:
    """What users do in one period; ``busy`` drives both periods, so that the one predicts the other."""
    n = len(busy)
    bought = rng.random(n) < np.minimum(0.05 * busy * lift, 0.95)
    spend = np.where(bought, np.round(rng.lognormal(3.2, 1.1, n) * np.sqrt(busy), 2), 0.0)
    visits = rng.poisson(3 * busy * lift)
    views = 2 * visits + rng.poisson(4 * busy)
    clicks = rng.binomial(views, np.minimum(0.12 * lift, 1.0))
    seconds = np.round(rng.lognormal(5.4, 0.45, n) + 30 * busy, 1)
    made = {
        "bought": pa.array(bought.astype(np.int8)),
        "spend": pa.array(spend),
        "visits": pa.array(visits.astype(np.int32)),
        "views": pa.array(views.astype(np.int32)),
        "clicks": pa.array(clicks.astype(np.int32)),
        "seconds": pa.array(seconds),
    }
    return {name + suffix: column for name, column in made.items()}


def _chunk(first: int, n: int) -> pa.Table:
    rng = np.random.default_rng([20_260_302, first])
    arm = rng.integers(0, len(ARMS), n).astype(np.int8)
    busy = rng.gamma(2.0, 0.5, n)
    days = np.datetime64("2026-03-02", "D") + rng.integers(0, _DAYS, n)
    columns = {
        UNIT: pa.array(np.arange(first, first + n)),
        "arm": pa.DictionaryArray.from_arrays(pa.array(arm), pa.array(ARMS)),
        TIME: pa.array(days),
    }
    for name, levels in SEGMENTS.items():
        chosen = np.floor(levels * rng.random(n) ** 1.7).astype(np.int8)  # the first name is the most frequent
        columns[name] = pa.DictionaryArray.from_arrays(
            pa.array(chosen), pa.array([f"{name}{i:02}" for i in range(levels)])
        )
    columns |= _period(rng, busy, 1 + 0.01 * arm, "")
    columns |= _period(rng, busy, np.ones(n), "_before")
    return pa.table(columns)


def make_users(path: Path, rows: int) -> None:
    """Write the file as Parquet, one row a user."""
    writer = None
    for first in range(0, rows, _CHUNK):
        table = _chunk(first, min(_CHUNK, rows - first))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=_GROUP)
    if writer is not None:
        writer.close()
