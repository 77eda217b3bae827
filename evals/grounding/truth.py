"""What is true of a case, worked out anew from its file: textbook formulas of our own, nothing of the product's.

The product may use sharper methods (score intervals, Dunnett, a correction for skewness); for the ends of an interval
the textbook's normal ones are near, so an end may be off by a share of the interval's width. Levels and effects are
plain arithmetic: they must agree to the last digit shown.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from grounding.case import GroundingCase, Measured
from grounding.data import base_column, column, text_of

__all__ = ["Ends", "Quantity", "Truth", "truth_of"]

NEAR = 0.05
"""Share of an interval's width by which a method may move its ends."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """A number that may be shown.

    Attributes:
        kind: "level", "effect", "end", "count", "plan" or "coverage".
        value: As it is shown: percentages and points times 100.
        unit: "%", "points", the metric's own, or "".
        metric: Whose, or "".
        arm: The arm (for an effect, the treatment), or "".
        part: The part of the units, or "" for all.
        slack: How far a shown number may be off beyond its rounding.
    """

    kind: str
    value: float
    unit: str = ""
    metric: str = ""
    arm: str = ""
    part: str = ""
    slack: float = 0.0


@dataclass(frozen=True)
class Ends:
    """An effect with its interval, in the metric's own units (or as a share of control)."""

    value: float
    low: float
    high: float

    @property
    def near(self) -> float:
        """How near to an end a border is too near to tell."""
        reaches = [reach for reach in (self.value - self.low, self.high - self.value) if not math.isinf(reach)]
        return NEAR * 2 * sum(reaches) / len(reaches)


@dataclass(frozen=True)
class Truth:
    """Everything that may be shown of a case, and which way each effect goes.

    Attributes:
        quantities: Every number.
        effects: (metric, arm, part) -> the difference in the metric's own units.
        lifts: The same relative to control.
    """

    quantities: tuple[Quantity, ...]
    effects: dict[tuple[str, str, str], Ends] = field(default_factory=dict)
    lifts: dict[tuple[str, str, str], Ends] = field(default_factory=dict)


@cache
def _truth(case_json: str) -> Truth:
    case = GroundingCase.model_validate_json(case_json)
    table = list(csv.DictReader(text_of(case).splitlines(), delimiter=";" if case.decimal == "," else ","))
    counted, effects, lifts = [*_planned(case)], {}, {}
    for part, rows in _parts(case, table):
        for name, metric in case.metrics.items():
            if part and name != case.primary:
                continue
            arms = {arm: _summary(case, name, [row for row in rows if row["arm"] == arm]) for arm in case.arms}
            counted += [_level(metric, name, arm, part, s) for arm, s in arms.items()]
            counted += [Quantity("count", s.n, arm=arm, part=part) for arm, s in arms.items()]
            for arm in list(case.arms)[1:]:
                key = (name, arm, part)
                z = _critical(case, name, part)
                wanted = metric.better if case.sides == 1 and not part else ""
                effects[key] = _open(_difference(arms[case.control], arms[arm], z), wanted)
                lifts[key] = _open(_relative(arms[case.control], arms[arm], z), wanted)
                counted += _shown(metric, key, effects[key], lifts[key], early=bool(case.looks))
    return Truth(tuple(counted), effects, lifts)


def truth_of(case: GroundingCase) -> Truth:
    """Worked out from the case's file."""
    return _truth(case.model_dump_json())


@dataclass(frozen=True)
class _Summary:
    """Level of a metric in one arm and its squared standard error."""

    n: int
    level: float
    variance: float


def _parts(case: GroundingCase, table: list[dict[str, str]]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    yield "", table
    for cut, levels in case.cut.items():
        for level in levels:
            yield f"{cut} = {level}", [row for row in table if row[cut] == level]


def _summary(case: GroundingCase, name: str, rows: Sequence[dict[str, str]]) -> _Summary:
    def numbers(of: str) -> Array:
        return np.array([float(row[of].replace(case.decimal, ".")) for row in rows])

    values = numbers(column(case, name))
    if case.file == "counts":
        n, wins = int(numbers("n").sum()), values.sum()
        return _Summary(n, wins / n, wins / n * (1 - wins / n) / n)
    n, kind = len(values), case.metrics[name].kind
    if kind == "ratio":
        base = numbers(base_column(case, name))
        ratio = values.sum() / base.sum()
        return _Summary(n, ratio, float(np.var(values - ratio * base, ddof=1)) / n / base.mean() ** 2)
    return _Summary(n, float(values.mean()), float(np.var(values, ddof=kind == "mean")) / n)


def _critical(case: GroundingCase, name: str, part: str) -> float:
    """Standard errors to an end: over all treatments together (Sidak), at a registered look its boundary."""
    if case.looks and name == case.primary and not part and case.committed and case.units < case.committed:
        share = case.looks[0]
        spent = 2 * (1 - stats.norm.cdf(stats.norm.ppf(1 - 0.05 / 4) / math.sqrt(share)))
        return float(stats.norm.ppf(1 - spent))
    treatments = 1 if part else len(case.arms) - 1
    return float(stats.norm.ppf(1 - (1 - 0.95 ** (1 / treatments)) / (2 if part else case.sides)))


def _open(ends: Ends, wanted: str) -> Ends:
    """One-sided: no limit on the wanted side."""
    if not wanted:
        return ends
    return Ends(
        ends.value,
        -math.inf if wanted == "decrease" else ends.low,
        math.inf if wanted == "increase" else ends.high,
    )


def _difference(control: _Summary, treatment: _Summary, z: float) -> Ends:
    value = treatment.level - control.level
    reach = z * math.sqrt(control.variance + treatment.variance)
    return Ends(value, value - reach, value + reach)


def _relative(control: _Summary, treatment: _Summary, z: float) -> Ends:
    """By the logarithm of the ratio; where control is below zero, the difference as a share of its size (Fieller)."""
    if control.level == 0:
        return Ends(math.nan, math.nan, math.nan)
    if control.level < 0 or treatment.level <= 0:
        return _fieller(control, treatment, z)
    value = treatment.level / control.level
    spread = sum(s.variance / s.level**2 for s in (control, treatment))
    reach = math.exp(z * math.sqrt(spread))
    return Ends(value - 1, value / reach - 1, value * reach - 1)


def _fieller(control: _Summary, treatment: _Summary, z: float) -> Ends:
    size = abs(control.level)
    value, known = (treatment.level - control.level) / size, z * z * control.variance / size**2
    ratio = treatment.level / control.level
    root = math.sqrt(treatment.variance * (1 - known) / size**2 + ratio**2 * control.variance / size**2)
    ends = [(ratio + turn * z * root) / (1 - known) - 1 for turn in (-1, 1)]
    low, high = sorted(end * (1 if control.level > 0 else -1) for end in ends)
    return Ends(value, low, high)


def _level(metric: Measured, name: str, arm: str, part: str, found: _Summary) -> Quantity:
    unit, factor = ("%", 100.0) if metric.kind == "proportion" else (metric.unit, 1.0)
    return Quantity("level", found.level * factor, unit, name, arm, part)


def _shown(metric: Measured, key: tuple[str, str, str], effect: Ends, lift: Ends, *, early: bool) -> Iterator[Quantity]:
    """The effect on both scales, with its ends; where looks are registered, also what corrects for them."""
    absolute = ("points", 100.0) if metric.kind == "proportion" else (metric.unit, 1.0)
    for ends, (unit, factor) in ((effect, absolute), (lift, ("%", 100.0))):
        if math.isnan(ends.value):
            continue
        slack = factor * ends.near
        yield Quantity("effect", factor * ends.value, unit, *key, slack=slack if early else 0.0)
        for end in (ends.low, ends.high):
            if not math.isinf(end):
                yield Quantity("end", factor * end, unit, *key, slack=slack * (3 if early else 1))


def _planned(case: GroundingCase) -> Iterator[Quantity]:
    metric = case.metrics[case.primary]
    sign = 1 if metric.better == "increase" else -1
    unit, factor = ("points", 100.0) if metric.kind == "proportion" else (metric.unit, 1.0)
    if case.scale == "relative":
        unit, factor = "%", 100.0
    yield Quantity("plan", sign * case.matters * factor, unit, case.primary)
    yield Quantity("plan", case.committed or case.units)
    yield Quantity("count", case.units)
    yield Quantity("coverage", 95.0, "%")
    for name, given in case.metrics.items():
        if given.margin is not None:
            of = ("points", 100.0) if given.kind == "proportion" else (given.unit, 1.0)
            yield Quantity("plan", given.margin * of[1], of[0], name)
