"""Novelty and primacy by the unit's age: does its effect change with how long a unit has met what is tested?

Calendar days mix units of all ages, and a season looks like learning. Here each unit is compared with itself: the slope
of its values over its own age (days since its first exposure), the same for all units of an arm, and then the arms with
each other. What moves all units alike, seasons and ageing, cancels; units that leave early bias nothing but precision,
as long as what makes them leave is fixed in the unit.

References:
    Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, chapter 23. Sadeghi, Gupta, Gramatovici, Lu,
    Ai & Zhang (2022), Novelty and primacy: a long-term estimator for online experiments, Technometrics 64. Bell &
    McCaffrey (2002), Bias reduction in standard errors for linear regression with multi-stage samples, Survey
    Methodology 28 (jackknife over clusters).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.goodness import two_proportions
from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.means import welch
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.personalization.findings import AgeTrend, EffectByAge

__all__ = ["effect_by_age"]

FEWEST_UNITS = 20
"""Units seen at two ages or more that an arm needs."""
LEFT = 0.001
"""P-value of an equal share of units seen at two ages or more, below which units left by arm."""


def effect_by_age(
    units: Sequence[str],
    arms: Sequence[str],
    ages: Sequence[float],
    values: Sequence[float],
    *,
    control: str,
    direction: Literal["increase", "decrease"] = "increase",
    level: float = 0.01,
    alpha: float = 0.05,
) -> EffectByAge:
    """Trend of each treatment arm's effect over the age of the unit, units compared with themselves.

    Use it where units were seen on several days; it tells wearing off from a change of the calendar.

    Args:
        units: One entry an observation: whose it is.
        arms: The unit's arm; the same in all its observations.
        ages: Days since the unit's first exposure, at least 0.
        values: The metric on that day, in its unit.
        control: The name of control.
        direction: Which way is better: what wears off is a gain.
        level: Chance that a constant effect is called novelty or primacy, in (0, 1).
        alpha: Intervals cover 1 - alpha, each by itself.

    Raises:
        Refused: Lists of different lengths, a unit in two arms, no such control, an age below 0, too few units seen at
            two ages, or no variation.
    """
    checks.between("level", level, 0, 1)
    checks.between("alpha", alpha, 0, 1)
    _refuse_bad(units, arms, ages, values, control)
    names = list(dict.fromkeys(arms))
    index, unit_arm = _indexed(units, arms)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a, y = np.asarray(ages, dtype=np.float64), np.asarray(values, dtype=np.float64)
        count = np.bincount(index).astype(np.float64)
        a_mean = np.bincount(index, a) / count
        y_mean = np.bincount(index, y) / count
        from_own = a - a_mean[index]
        sxx = np.bincount(index, from_own * from_own)
        sxy = np.bincount(index, from_own * (y - y_mean[index]))
        moves = sxx > 1e-9
        where = np.array([names.index(arm) for arm in unit_arm])
        of_arm = {name: where == k for k, name in enumerate(names)}
        _refuse_few({name: int((mine & moves).sum()) for name, mine in of_arm.items()})
        slopes = {name: _slope(sxy[mine & moves], sxx[mine & moves]) for name, mine in of_arm.items()}
        totals = {name: float((y_mean * count)[m].sum() / count[m].sum()) for name, m in of_arm.items()}
        centre = float(a.mean())
    youngest, oldest = float(a.min()), float(a.max())
    stayed = {name: (int((m & moves).sum()), int(m.sum())) for name, m in of_arm.items()}
    treatments = [name for name in names if name != control]
    changes = [welch(slopes[control], slopes[name]) for name in treatments]
    corrected = holm([c.p_value() for c in changes]).tolist()
    leaving = holm([two_proportions(*stayed[name], *stayed[control]) for name in treatments]).tolist()
    trends = []
    for name, change, p, p_leaving in zip(treatments, changes, corrected, leaving, strict=True):
        low, high = change.ends(tails.critical_value(alpha, 2, change.df))
        effect = totals[name] - totals[control]
        gains = change.value * (1 if direction == "increase" else -1) > 0
        trends.append(
            AgeTrend(
                arm=name,
                slope=change.value,
                interval=Interval(low=low, high=high, level=1 - alpha),
                p_value=p,
                first=effect + change.value * (youngest - centre),
                last=effect + change.value * (oldest - centre),
                finding="none" if p >= level else "primacy" if gains else "novelty",
                leaving_p=p_leaving,
            )
        )
    leaves = min(leaving) < LEFT
    return EffectByAge(
        youngest=youngest,
        oldest=oldest,
        trends=tuple(trends),
        leaves_by_arm=leaves,
        sentence=_sentence(trends, youngest, oldest, leaves=leaves),
    )


def _slope(sxy: NDArray[np.float64], sxx: NDArray[np.float64]) -> Level:
    """An arm's common slope within units, with the jackknife's variance over units (CR3)."""
    n, total = len(sxx), float(sxx.sum())
    slope = float(sxy.sum()) / total
    # A unit seen long pulls the slope towards itself; left out, it shows how far.
    without = (sxy - slope * sxx) / (1 - sxx / total)
    variance = (n - 1) / n * float((without * without).sum()) / total / total
    return Level(n=n, observed=slope, value=slope, variance=variance, observed_variance=variance)


def _indexed(units: Sequence[str], arms: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Each observation's unit as a number, and each unit's arm.

    Raises:
        Refused: A unit is in two arms.
    """
    number: dict[str, int] = {}
    unit_arm: list[str] = []
    index = np.empty(len(units), dtype=np.int64)
    for i, (unit, arm) in enumerate(zip(units, arms, strict=True)):
        k = number.setdefault(unit, len(number))
        if k == len(unit_arm):
            unit_arm.append(arm)
        elif unit_arm[k] != arm:
            raise Refused.because(
                "aging.two_arms",
                f"A unit is in two arms, {unit_arm[k]} and {arm}: it is comparable with neither.",
                "Leave such units out, and find out how it came about (audit_assignment).",
                name="arms",
                value=arm,
            )
        index[i] = k
    return index, unit_arm


def _refuse_bad(
    units: Sequence[str], arms: Sequence[str], ages: Sequence[float], values: Sequence[float], control: str
) -> None:
    for name, column in (("arms", arms), ("ages", ages), ("values", values)):
        if len(column) != len(units):
            raise Refused.because(
                "aging.lengths_differ",
                f"{name} has {len(column)} entries for {len(units)} units.",
                "Give one entry an observation, in the same order.",
                name=name,
                value=len(column),
            )
    for name, numbers in (("ages", ages), ("values", values)):
        for x in numbers:
            checks.finite(name, x)
    if units and min(ages) < 0:
        raise Refused.because(
            "aging.age_below_0",
            f"An age is {min(ages):g}, but a unit's age counts from its first exposure, at 0.",
            "Leave out what was measured before exposure.",
            name="ages",
            value=min(ages),
        )
    if control not in arms or len(set(arms)) < 2:
        raise Refused.because(
            "aging.no_control",
            f"There must be observations of the control {control!r} and of a treatment; the arms are "
            f"{', '.join(sorted(set(arms))[:10]) or 'none'}.",
            "Name the control as it stands in arms.",
            name="control",
            value=control,
        )


def _refuse_few(counts: dict[str, int]) -> None:
    for name, n in counts.items():
        if n < FEWEST_UNITS:
            raise Refused.because(
                "aging.too_few_units",
                f"{name} has {n} units seen at two ages or more, but needs at least {FEWEST_UNITS}.",
                "Wait until more units have been seen twice.",
                name="units",
                value=n,
            )


def _sentence(trends: Sequence[AgeTrend], youngest: float, oldest: float, *, leaves: bool) -> str:
    said = []
    for t in trends:
        how = {"novelty": "wears off (novelty)", "primacy": "grows (primacy)", "none": "shows no trend"}[t.finding]
        said.append(
            f"The effect of {t.arm} {how} with the age of the unit, fitted {formats.signed(t.first, 4)} at "
            f"{youngest:g} and {formats.signed(t.last, 4)} at {oldest:g} days ({formats.p_value(t.p_value)})."
        )
    if leaves:
        said.append("Units leave the arms at different rates, so old units may no longer be alike: read with care.")
    return " ".join(said)
