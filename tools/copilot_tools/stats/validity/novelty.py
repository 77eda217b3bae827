"""Novelty and drift: does the primary effect change over the days of first exposure?

The effect is taken day by day (units that entered on that day), and a straight line is fitted through the days,
weighted by their precision. An effect that wears off (novelty) or grows (learning) is not the effect of next quarter.

Alarm levels: serious below p = .001 for the slope, a note below .01, after Holm's correction over treatment arms; a
note also where days differ by more than chance below .001 without a slope (Cochran's Q). Needs at least 4 days with 20
units in each arm.

References:
    Cochran (1954), The combination of estimates from different experiments, Biometrics 10.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import NamedTuple

from scipy import special

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.inference.tails import p_value
from copilot_tools.stats.spec import AnalysisSpec, Arm
from copilot_tools.stats.validity._attack import Attack, plural
from copilot_tools.stats.validity._by_part import FEWEST_UNITS, effects_by_part

__all__ = ["ATTACK", "novelty"]

ATTACK = Attack("novelty", "Novelty and drift")

FEWEST_DAYS = 4
HETEROGENEITY = 0.001
_ASIDE = (
    "By day of entry novelty, primacy, a season and a new mix of people look alike; rows by unit and day tell them "
    "apart by the age of the unit (effect_by_age)."
)


class _Day(NamedTuple):
    when: float
    effect: float
    variance: float
    units: int


class _Trend(NamedTuple):
    """The fitted line: effect on the first and on the last day, p of its slope and of days differing at all."""

    arm: Arm
    days: int
    first: float
    last: float
    p_slope: float
    p_days: float
    units: int


def novelty(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Fit a line through the daily effects of each treatment arm."""
    if spec.time_column is None:
        return ATTACK.cannot("the plan names no column with the time of first exposure")
    trends = [t for arm in spec.treatments if (t := _trend(spec, evidence, arm)) is not None]
    if not trends:
        return ATTACK.cannot(
            f"fewer than {FEWEST_DAYS} days have {FEWEST_UNITS} units with {spec.primary.name} in each arm"
        )
    corrected = holm([t.p_slope for t in trends]).tolist()
    p, worst = min(zip(corrected, trends, strict=True), key=lambda pair: pair[0])
    severity = ATTACK.level.severity(p)
    first, last = (formats.effect_size(spec.primary, x, "absolute") for x in (worst.first, worst.last))
    line = f"from {first} on the first to {last} on the last of {plural(worst.days, 'day')}"
    details: tuple[str, ...] = ()
    value, restless = p, min(trends, key=lambda t: t.p_days)
    if severity != "none":
        gain = spec.primary.sign * (worst.last - worst.first)
        moves = "wears off" if gain < 0 else "grows"
        sentence = f"The effect of {worst.arm.text} {moves} with the day of entry, {line} ({formats.p_value(p)})."
        details = (_ASIDE,)
    elif restless.p_days * len(trends) < HETEROGENEITY:
        severity, value = "note", min(restless.p_days * len(trends), 1.0)
        sentence = (
            f"The effect of {restless.arm.text} differs between days by more than chance ({formats.p_value(value)} "
            f"over {plural(restless.days, 'day')}), though without a trend."
        )
    else:
        fitted = f"the fitted effect of {worst.arm.text} goes {line}"
        sentence = f"No trend over the days of entry: {fitted} ({formats.p_value(p)})."
    return ATTACK.finds(severity, sentence, value=value, unit="p", details=details, units=min(t.units for t in trends))


def _trend(spec: AnalysisSpec, evidence: Evidence, arm: Arm) -> _Trend | None:
    days = _days(spec, evidence, arm)
    if len(days) < FEWEST_DAYS:
        return None
    weights = [1 / d.variance for d in days]
    total = math.fsum(weights)
    centre = math.fsum(w * d.when for w, d in zip(weights, days, strict=True)) / total
    mean = math.fsum(w * d.effect for w, d in zip(weights, days, strict=True)) / total
    spread = math.fsum(w * (d.when - centre) ** 2 for w, d in zip(weights, days, strict=True))
    slope = math.fsum(w * (d.when - centre) * d.effect for w, d in zip(weights, days, strict=True)) / spread
    q = math.fsum(w * (d.effect - mean) ** 2 for w, d in zip(weights, days, strict=True))
    return _Trend(
        arm=arm,
        days=len(days),
        first=mean + slope * (days[0].when - centre),
        last=mean + slope * (days[-1].when - centre),
        p_slope=p_value(slope * math.sqrt(spread)),
        p_days=float(special.chdtrc(len(days) - 1, q)),
        units=min(d.units for d in days),
    )


def _days(spec: AnalysisSpec, evidence: Evidence, arm: Arm) -> list[_Day]:
    """Daily effects with their variances, in order of time."""
    found = []
    for part in effects_by_part(spec, evidence, spec.time_column or "", arm):
        try:
            when = dt.date.fromisoformat(part.name[:10]).toordinal()
        except ValueError:
            continue
        found.append(_Day(float(when), part.effect, part.variance, part.units))
    return sorted(found)
