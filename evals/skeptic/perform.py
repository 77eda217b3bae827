"""Goes through the product: the plan is registered, the file read, the case for the null worded and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
from faults.experiments import Columns
from flattery.talk import listening, readout
from suite.task import Outcome
from suite.workspaces import opened, outcome

from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import AnalysisSpec
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.quick import experiment_name
from expcopilot.records.plan import Design, Hypothesis, Plan
from skeptic.case import SkepticCase
from skeptic.plants import PLANTS, Planted

__all__ = ["perform", "planted_in"]


def perform(case: SkepticCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One experiment and its case for the null, as plain data."""
    planted = planted_in(case)
    with opened(folder, table) as copilot:
        name = _stand(copilot, case, planted)
        with listening(copilot) as model:
            turns = readout(copilot, name, model)
        files = copilot.write_readout(name, model=None)
        page = next(file for file in files if file.suffix == ".md").read_text(encoding="utf-8")
        return outcome(copilot, {"turns": turns, "page": page})


def planted_in(case: SkepticCase) -> Planted:
    """What is planted in a case, the same on every call."""
    return _planted(case.plant, case.seed)


@lru_cache(maxsize=4)
def _planted(plant: str, seed: int) -> Planted:
    return PLANTS[plant](np.random.default_rng([seed, *plant.encode()]))


def _stand(copilot: Copilot, case: SkepticCase, planted: Planted) -> str:
    spec, rows = _told(case, planted.experiment.spec), planted.experiment.rows
    folder = copilot.workspace.folder
    if planted.quick:
        source = open_data.rows(_write(rows, spec, folder / f"{case.id}.parquet"))
        copilot.look(source, spec, cuts=planted.cuts)
        return experiment_name(source.describe().name)
    units = planted.experiment.committed or len(rows["user"])
    copilot.register(_plan(case, case.id, spec, units))
    if planted.shared:
        other = _plan(case, f"{case.id}-before", spec, units)
        copilot.register(other)
        copilot.analyze(other.experiment, open_data.rows(_write(rows, spec, folder / "before.parquet")))
    for share in planted.opened:
        some = {name: values[: int(len(values) * share)] for name, values in rows.items()}
        early = open_data.rows(_write(some, spec, folder / f"early-{share:g}.parquet"))
        copilot.analyze(case.id, early, unblind="Somebody wanted to see it")
    copilot.analyze(case.id, _source(case, planted, spec, folder), cuts=planted.cuts)
    return case.id


def _source(case: SkepticCase, planted: Planted, spec: AnalysisSpec, folder: Path) -> Source:
    rows = planted.experiment.rows
    if not planted.counts:
        return open_data.rows(_write(rows, spec, folder / f"{case.id}.parquet"))
    lines = [f"arm,n,{spec.primary.column}"]
    for place, arm in enumerate(spec.arm_names):
        own = rows["arm"] == place
        lines.append(f"{arm},{own.sum()},{int(rows[spec.primary.column][own].sum())}")
    path = folder / f"{case.id}.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return open_data.counts(path)


def _told(case: SkepticCase, spec: AnalysisSpec) -> AnalysisSpec:
    """The plan in the case's own words."""
    arms = tuple(arm.model_copy(update={"label": text}) for arm, text in zip(spec.arms, case.arms, strict=True))
    metrics = tuple(m.model_copy(update={"name": case.metric} if m.role == "primary" else {}) for m in spec.metrics)
    return spec.model_copy(update={"arms": arms, "metrics": metrics})


def _plan(case: SkepticCase, name: str, spec: AnalysisSpec, units: int) -> Plan:
    hypothesis = Hypothesis(
        change=f"People get {case.arms[-1]}",
        audience="Everybody who comes by",
        because="Interviews and support mails say so",
        falsifier=f"{case.metric} is not better by what matters",
    )
    return Plan(
        experiment=name,
        question=case.question,
        hypothesis=hypothesis,
        north_star=case.metric,
        design=Design(committed_units=units, first_exposure=_start()),
        analysis=spec,
    )


def _start() -> dt.date:
    """Tomorrow: the plan is registered before anybody is exposed."""
    return dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=1)


def _write(rows: Columns, spec: AnalysisSpec, path: Path) -> Path:
    made: dict[str, Any] = {}
    for name, values in rows.items():
        told = _cells(name, values, spec.arm_names)
        empty = np.isnan(told) if told.dtype.kind == "f" else None  # an empty cell, not a NaN
        made[name] = pa.array(told, mask=empty)
    pa.parquet.write_table(pa.table(made), path)
    return path


def _cells(name: str, values: Any, arms: Sequence[str]) -> Any:
    if name == "arm":
        return np.array(arms)[values]
    return np.datetime64(_start()) + values.astype("timedelta64[D]") if name == "day" else values
