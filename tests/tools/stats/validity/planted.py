"""Experiments made unit by unit, clean or with a planted fault, reduced to evidence by plain numpy."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from copilot_tools.results import Objection, Slice
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import (
    Evidence,
    Extreme,
    MetricCell,
    Missing,
    Quality,
    SourceInfo,
    UnitCell,
)
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.reading import read
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric, Segment
from copilot_tools.stats.validity.case import case_for_null

Column = npt.NDArray[np.float64]

START = dt.date(2026, 3, 2)
CLEAN = Circumstances(outcome_looks=(10_000,), metrics_looked=2)


def spec_of(arms: int = 2, **changes: object) -> AnalysisSpec:
    """A plan: visits decide, spend is reported, device is a segment, two columns come from before."""
    names = ["control", *(f"variant {letter}" for letter in "bcdefg"[: arms - 1])]
    given: dict[str, object] = {
        "unit": "user",
        "arm_column": "arm",
        "arms": tuple(Arm(name=name) for name in names),
        "control": "control",
        "metrics": (
            Metric(name="visit", role="primary", kind="proportion", column="visited"),
            Metric(name="spend", kind="mean", column="spent", unit="$"),
        ),
        "minimum_effect": Effect(size=0.02, scale="absolute"),
        "segments": (Segment(column="device"),),
        "covariates": ("age", "history"),
        "time_column": "day",
    }
    return AnalysisSpec.model_validate(given | changes)


@dataclasses.dataclass
class Units:
    """One row a unit; faults are planted by changing the columns or by keeping only some rows."""

    arm: npt.NDArray[np.int64]
    device: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]
    columns: dict[str, Column]

    def kept(self, rows: npt.NDArray[np.bool_]) -> Units:
        """Only these rows."""
        return Units(self.arm[rows], self.device[rows], self.day[rows], {k: v[rows] for k, v in self.columns.items()})


def draw(
    rng: np.random.Generator,
    n: int = 10_000,
    arms: int = 2,
    *,
    effect: float = 0.0,
    base: float = 0.3,
    days: int = 14,
    fade: float = 0.0,
    spend_effect: float = 0.0,
) -> Units:
    """Units as sound randomization would give them.

    Args:
        rng: Seeded.
        n: Units over all arms.
        arms: Arms of equal weight.
        effect: Added to the visit rate of every treatment.
        base: Visit rate of control; devices and week-ends differ around it.
        days: Days of entry.
        fade: By how much the effect falls from the first day to the last.
        spend_effect: Factor minus 1 on the spend of every treatment.
    """
    arm = rng.integers(0, arms, n)
    device = (rng.random(n) < 0.35).astype(np.int64)
    day = rng.integers(0, days, n)
    treated = arm > 0
    rate = base + 0.08 * device - 0.04 * (day % 7 >= 5)
    rate = rate + treated * (effect + fade * (0.5 - day / max(days - 1, 1)))
    visited = (rng.random(n) < np.clip(rate, 0, 1)).astype(float)
    history = rng.lognormal(2.0, 1.0, n)
    spent = rng.lognormal(1.0, 1.0, n) * (rng.random(n) < 0.5) * (1 + spend_effect * treated) + 0.1 * history
    columns = {"visited": visited, "spent": spent, "age": rng.normal(40, 12, n), "history": history}
    return Units(arm, device, day, columns)


def _moments(values: Column, key: npt.NDArray[np.int64], groups: int) -> list[Moments]:
    """Moments of one column per group, in one pass over all groups; empty cells (NaN) leave."""
    there = ~np.isnan(values)
    values, key = values[there], key[there]
    n = np.bincount(key, minlength=groups)
    mean = np.bincount(key, values, minlength=groups) / np.maximum(n, 1)
    squares = np.bincount(key, (values - mean[key]) ** 2, minlength=groups)
    return [
        Moments(n=int(n[g]), mean=(float(mean[g]),), comoments=((float(squares[g]),),)) if n[g] else Moments.empty(1)
        for g in range(groups)
    ]


def evidence_of(
    spec: AnalysisSpec, units: Units, *, extra: Sequence[tuple[str, npt.NDArray[np.int64]]] = (), **quality: object
) -> Evidence:
    """Reduce units to evidence: the whole, by device, by day and by ``extra`` dimensions."""
    k = len(spec.arms)
    dimensions = [("", np.zeros_like(units.arm), [""])]
    dimensions.append(("device", units.device, ["mobile", "desktop"]))
    dates = [(START + dt.timedelta(days=d)).isoformat() for d in range(int(units.day.max()) + 1)]
    dimensions.append(("day", units.day, dates))
    dimensions += [(name, codes, [f"level {i}" for i in range(int(codes.max()) + 1)]) for name, codes in extra]
    cells, before, counts, missing, extremes = [], [], [], [], []
    for dimension, codes, levels in dimensions:
        key = codes * k + units.arm
        groups = len(levels) * k
        totals = np.bincount(key, minlength=groups)
        parts = [Slice(dimension=dimension, level=level) for level in levels]
        counts += [
            UnitCell(arm=spec.arms[g % k].name, slice=parts[g // k], units=int(totals[g])) for g in range(groups)
        ]
        wanted = [(m.name, units.columns[m.column]) for m in spec.metrics]
        if not dimension:
            before += [
                MetricCell(metric=c, arm=spec.arms[g].name, moments=moments)
                for c in spec.covariates
                for g, moments in enumerate(_moments(units.columns[c], key, groups))
            ]
        for name, values in wanted:
            cells += [
                MetricCell(metric=name, arm=spec.arms[g % k].name, slice=parts[g // k], moments=moments)
                for g, moments in enumerate(_moments(values, key, groups))
            ]
    for metric in spec.metrics:
        for i, arm in enumerate(spec.arms):
            values = units.columns[metric.column][units.arm == i]
            gone = int(np.isnan(values).sum())
            missing.append(Missing(metric=metric.name, arm=arm.name, missing=gone, units=len(values)))
            if metric.kind == "mean":
                largest = np.sort(values[~np.isnan(values)])[::-1][:10]
                extremes.append(Extreme(metric=metric.name, arm=arm.name, largest=tuple((float(x),) for x in largest)))
    given: dict[str, object] = {
        "rows": len(units.arm),
        "duplicate_rows": dict.fromkeys(spec.arm_names, 0),
        "two_arms": 0,
        "missing": tuple(missing),
    }
    return Evidence(
        source=SourceInfo(kind="frame", name="made", digest="0" * 64, sketch=(1, 2, 3)),
        units=tuple(counts),
        cells=tuple(cells),
        before=tuple(before),
        quality=Quality.model_validate(given | quality),
        extremes=tuple(extremes),
        days=(START, START + dt.timedelta(days=int(units.day.max()))),
    )


def case_of(spec: AnalysisSpec, evidence: Evidence, circumstances: Circumstances = CLEAN) -> dict[str, Objection]:
    """The whole case for the null through the real reading, by id."""
    return {o.id: o for o in case_for_null(spec, evidence, read(spec, evidence), circumstances)}


def counts(table: dict[str, dict[str, tuple[int, int]]], dimension: str, metric: str) -> Evidence:
    """Evidence from counts with strata: arm -> level -> (successes, units)."""
    cells, units = [], []
    for arm, levels in table.items():
        x, n = (sum(pair[i] for pair in levels.values()) for i in (0, 1))
        for part, (a, b) in [(Slice(), (x, n)), *((Slice(dimension=dimension, level=v), p) for v, p in levels.items())]:
            cells.append(MetricCell(metric=metric, arm=arm, slice=part, moments=Moments.of_proportion(b, a)))
            units.append(UnitCell(arm=arm, slice=part, units=b))
    source = SourceInfo(kind="counts", name="typed", digest="0" * 64)
    rows = sum(u.units for u in units if u.slice.whole)
    return Evidence(source=source, units=tuple(units), cells=tuple(cells), quality=Quality(rows=rows))
