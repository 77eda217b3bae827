"""An experiment as a person would bring it: a plan and a file; and what the case for the null says of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from copilot_tools.refusals import Refused
from copilot_tools.results import Objection
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.reading import read
from copilot_tools.stats.sequential.registered import registered_look
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric, Segment
from copilot_tools.stats.validity.case import case_for_null

__all__ = ["CONVERTED", "ORDERS", "REVENUE", "START", "Case", "Columns", "Experiment", "case_of", "plan_of", "users"]

Columns = dict[str, npt.NDArray[Any]]
"""Column -> one value a row. ``arm`` holds codes from 0, control, and ``day`` days from the start."""

START = dt.date(2026, 3, 2)
CONVERTED = Metric(name="conversion", role="primary", kind="proportion", column="converted")
REVENUE = Metric(name="revenue", role="primary", kind="mean", column="revenue", unit="$")
ORDERS = Metric(name="orders a session", role="primary", kind="ratio", column="orders", denominator="sessions")


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        spec: Its plan.
        rows: Its data.
        committed: Units the plan committed to; None: as many as there are.
        shares: Shares of them at the registered looks taken, this one last.
    """

    spec: AnalysisSpec
    rows: Columns
    committed: int | None = None
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class Case:
    """What came of one experiment: objections by id, or why its data was refused."""

    objections: dict[str, Objection] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def alarms(self) -> tuple[str, ...]:
        """Ids of serious and blocking objections; codes of refusals."""
        found = [i for i, o in self.objections.items() if o.severity in {"serious", "blocking"}]
        return (*found, *self.refused)


def plan_of(*metrics: Metric, matters: float = 0.02, arms: int = 2, **changes: object) -> AnalysisSpec:
    """A plan over the columns that ``users`` makes: two columns from before, a segment, days."""
    given: dict[str, object] = {
        "unit": "user",
        "arm_column": "arm",
        "arms": tuple(Arm(name=name) for name in ("control", "b", "c", "d")[:arms]),
        "control": "control",
        "metrics": metrics or (CONVERTED,),
        "minimum_effect": Effect(size=matters, scale="absolute"),
        "segments": (Segment(column="device"),),
        "covariates": ("age", "visits_before"),
        "time_column": "day",
    }
    return AnalysisSpec.model_validate(given | changes)


def users(
    rng: np.random.Generator,
    n: int,
    *,
    weights: tuple[float, ...] = (1.0, 1.0),
    effect: float = 0.0,
    base: float = 0.3,
    days: int = 14,
    tail: float = 1.0,
) -> Columns:
    """Users as sound randomization gives them.

    Args:
        rng: Seeded.
        n: Users over all arms.
        weights: Shares of the arms.
        effect: Added to the conversion of every treatment; as a share, to revenue and orders.
        base: Conversion of control on a phone; other devices and week-ends differ.
        days: Days of entry.
        tail: Sigma of the logarithm of revenue.
    """
    arm = rng.choice(len(weights), n, p=np.array(weights) / sum(weights))
    device = rng.choice(3, n, p=(0.6, 0.3, 0.1))
    day = rng.integers(0, days, n)
    treated = (arm > 0).astype(float)
    rate = base + 0.05 * (device == 1) - 0.03 * (day % 7 >= 5) + effect * treated
    visits = rng.poisson(3.0, n)
    sessions = 1 + rng.poisson(0.7 + 0.2 * visits)
    lift = 1 + effect * treated
    return {
        "user": np.arange(n) + 100_000,
        "arm": arm,
        "day": day,
        "device": np.array(["phone", "desktop", "tablet"])[device],
        "age": rng.normal(40, 12, n).round(1),
        "visits_before": visits,
        "converted": (rng.random(n) < np.clip(rate, 0, 1)).astype(np.int64),
        "revenue": (rng.lognormal(2.0, tail, n) * (rng.random(n) < 0.4) * lift).round(2),
        "sessions": sessions,
        "orders": rng.binomial(sessions, np.clip(0.2 * lift, 0, 1)),
    }


def case_of(experiment: Experiment, folder: Path, name: str, *, csv: bool = False) -> Case:
    """The product's own path: write the file, open it, check it, scan it, read it, and attack the reading."""
    path = _written(experiment, folder / f"{name}.{'csv' if csv else 'parquet'}")
    spec = experiment.spec
    try:
        evidence = open_file(path).scan(spec, metrics=spec.metrics)
    except Refused as refused:
        return Case(refused=tuple(r.code for r in refused.refusals))
    finally:
        path.unlink()
    units = evidence.total_units
    standing = Circumstances(
        committed_units=experiment.committed or units,
        outcome_looks=(units,),
        metrics_looked=len(spec.metrics),
        information=experiment.shares,
        look_due=bool(experiment.shares),
    )
    look = registered_look(spec, standing, last=False) if experiment.shares else None
    reading = read(spec, evidence, horizon=standing.committed_units, registered=look)
    return Case(objections={o.id: o for o in case_for_null(spec, evidence, reading, standing)})


def _written(experiment: Experiment, path: Path) -> Path:
    columns = dict(experiment.rows)
    columns["arm"] = np.array(experiment.spec.arm_names)[columns["arm"]]
    columns["day"] = np.datetime64(START) + columns["day"].astype("timedelta64[D]")
    made = {}
    for name, values in columns.items():
        empty = np.isnan(values) if values.dtype.kind == "f" else None  # an empty cell, not a NaN
        made[name] = pa.array(values, mask=empty)
    table = pa.table(made)
    if path.suffix == ".csv":
        pa.csv.write_csv(table, path)
    else:
        pa.parquet.write_table(table, path)
    return path
