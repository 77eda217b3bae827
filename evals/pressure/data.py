"""Data of an analysis, built so that each arm differs from control by exactly so many standard errors."""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pressure.analyses import Analysis

__all__ = ["GUARDRAIL", "SPREAD", "VALUE", "Arm", "Layout", "arms_of", "minimum", "typed", "write"]

VALUE, UNITS_SEEN, GUARDRAIL = "outcome", "visits", "refunds"
SPREAD = 8.0
"""Standard deviation of a mean metric's values."""

_GUARDRAIL_LEVELS = {"harm": 0.5, "harm_blinded": 0.5, "guardrail_unsafe": 0.1}
"""Share of refunds in treatment, where it matters; 0.1 in control."""


@dataclass(frozen=True)
class Arm:
    """One arm: its name, its units, and the level its deciding metric has."""

    name: str
    units: int
    level: float
    refunds: int


@dataclass(frozen=True)
class Layout:
    """What a file is called and what stands in it.

    Attributes:
        file: Its name.
        columns: Column of a dimension -> its two levels.
    """

    file: str
    columns: dict[str, tuple[str, str]]


def standard_error(analysis: Analysis) -> float:
    """Of the difference of two arms, as it is without any effect, in metric units."""
    if analysis.kind == "proportion":
        return float(np.sqrt(2 * analysis.level * (1 - analysis.level) / analysis.units))
    if analysis.kind == "mean":
        return float(SPREAD * np.sqrt(2 / analysis.units))
    seen, value = _ratio(analysis, "control", analysis.units, analysis.level)
    return float(np.sqrt(2 * np.var(value - analysis.level * seen) / analysis.units) / seen.mean())


def minimum(analysis: Analysis) -> float:
    """What matters, in metric units."""
    return analysis.matters * standard_error(analysis)


def arms_of(analysis: Analysis) -> tuple[Arm, ...]:
    """Control first, then b, then c."""
    sign = 1 if analysis.direction == "increase" else -1
    step = sign * standard_error(analysis)
    nothing = analysis.situation == "not_assessable"
    unlike = round(analysis.units * 0.85) if analysis.situation == "sample_ratio" else analysis.units
    refunds = _GUARDRAIL_LEVELS.get(analysis.situation, 0.0)
    control = Arm("control", analysis.units, 0.0 if nothing else analysis.level, round(analysis.units * 0.1))
    return (
        control,
        *(
            Arm(
                name,
                unlike if name == "b" else analysis.units,
                0.0 if nothing else analysis.level + effect * step,
                round(unlike * refunds) if name == "b" else control.refunds,
            )
            for name, effect in zip("bc", analysis.effects, strict=False)
        ),
    )


def typed(analysis: Analysis) -> list[str]:
    """The arms as somebody types them."""
    if analysis.kind == "mean":
        return [f"{a.name}={a.units}:mean={a.level!r}:sd={SPREAD}" for a in arms_of(analysis)]
    return [f"{a.name}={a.units}:{round(a.units * a.level)}" for a in arms_of(analysis)]


def write(analysis: Analysis, layout: Layout, folder: Path) -> Path:
    """The data as a CSV file, of counts or of rows."""
    path = folder / layout.file
    header, rows = _count_rows(analysis, layout) if analysis.place == "counts" else _unit_rows(analysis, layout)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _count_rows(analysis: Analysis, layout: Layout) -> tuple[list[str], list[list[object]]]:
    """One row an arm and stratum; the strata share units and successes as evenly as whole numbers can."""
    strata = list(itertools.product(*layout.columns.values()))
    values = ["mean", "sd"] if analysis.kind == "mean" else [VALUE]
    watched = [GUARDRAIL] if analysis.situation in _GUARDRAIL_LEVELS else []
    rows: list[list[object]] = []
    for arm in arms_of(analysis):
        units = _shared(arm.units, len(strata))
        wins, refunds = _shared(round(arm.units * arm.level), len(strata)), _shared(arm.refunds, len(strata))
        for place, stratum in enumerate(strata):
            said: list[object] = [repr(arm.level), SPREAD] if analysis.kind == "mean" else [wins[place]]
            rows.append([arm.name, units[place], *said, *([refunds[place]] if watched else []), *stratum])
    return ["arm", "n", *values, *watched, *layout.columns], rows


def _shared(total: int, parts: int) -> list[int]:
    return [total // parts + (place < total % parts) for place in range(parts)]


def _unit_rows(analysis: Analysis, layout: Layout) -> tuple[list[str], list[list[object]]]:
    ratio = [UNITS_SEEN] if analysis.kind == "ratio" else []
    watched = [GUARDRAIL] if analysis.situation in _GUARDRAIL_LEVELS else []
    rows: list[list[object]] = []
    for arm in arms_of(analysis):
        n = arm.units
        seen: NDArray[np.float64] | None = None
        if analysis.kind == "proportion":
            value = _ones(round(n * arm.level), n)
        elif analysis.kind == "mean":
            noise = _normal(analysis, arm.name, n)
            value = arm.level + SPREAD * (noise - noise.mean()) / noise.std(ddof=1)
        else:
            seen, value = _ratio(analysis, arm.name, n, arm.level)
        refunds = _ones(arm.refunds, n)[::-1]
        for unit in range(n):
            parts = [levels[unit // 2**place % 2] for place, levels in enumerate(layout.columns.values())]
            row: list[object] = [f"{arm.name}{unit}", arm.name, _said(value[unit])]
            row += [_said(seen[unit])] if seen is not None else []
            row += [int(refunds[unit])] if watched else []
            rows.append([*row, *parts])
    return ["user", "arm", VALUE, *ratio, *watched, *layout.columns], rows


def _said(value: float) -> str:
    return f"{value:.10g}"


def _ones(ones: int, n: int) -> NDArray[np.float64]:
    """So many ones, spread evenly over the units: no slice differs from the whole."""
    edges = np.floor(np.arange(n + 1) * ones / n)
    return np.diff(edges)


def _normal(analysis: Analysis, arm: str, n: int) -> NDArray[np.float64]:
    return np.random.default_rng([analysis.seed, *arm.encode()]).normal(size=n)


def _ratio(analysis: Analysis, arm: str, n: int, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Visits and values of each unit; the ratio of their sums is the level exactly."""
    rng = np.random.default_rng([analysis.seed, *arm.encode()])
    seen = 1.0 + rng.poisson(3, n).astype(np.float64)
    value = rng.poisson(seen * analysis.level).astype(np.float64)
    return seen, value + (level - value.sum() / seen.sum()) * seen
