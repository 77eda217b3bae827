"""Sparse data: are there enough events, and are the values tame enough, for an interval that rests on large samples?

A proportion needs events: fewer than 5 expected in an arm (by the share pooled over the pair, the rarer outcome
counting) and the normal approximation of its statistic is doubtful: such counts are read by an exact method, and the
few events are a note; adjusted by a covariate they are not, and the objection can be serious. A mean needs its
statistic to be about symmetric. Skew cancels between arms of one size and stays where one is much smaller: with a
skewness g of single values, pooled over the pair, the statistic's is g (1/a^2 - 1/b^2) / (1/a + 1/b)^1.5 for arms of
a and b units. Where third moments were taken the interval has been widened by the skewness estimated
(``inference.skewness``): what is left is a note, but for fewer than 30 units in an arm, which tell too little of
their shape. Where they were not, only the largest values are known: g is what these contribute at least, a long tail
downwards is not seen, and nothing was widened.

Alarm levels: fewer than 5 expected events; a skewness above .1 is a note, above .3 as bad as can be: there the one tail
of a 2.5% error holds about twice that (Hall's expansion: .0845 for each unit of skewness at 1.96). Either is serious
only where a difference is found: on an interval that leaves zero open, nothing rests yet. Fewer than 30 units in an arm
are a note by themselves.

References:
    Cochran (1954), Some methods for strengthening the common chi-square tests, Biometrics 10 (expected counts of 5).
    Hall (1992), The Bootstrap and Edgeworth Expansion, chapter 2 (the studentized mean under skewness).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from copilot_tools.results import Estimate, Objection, Severity
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural
from copilot_tools.stats.validity._extremes import largest_values
from copilot_tools.stats.validity._primary import Primary, primary_effects
from copilot_tools.stats.validity.levels import LEVELS

__all__ = ["ATTACK", "skew_of_difference", "sparse_data"]

ATTACK = Attack("sparse-data", "Sparse or skewed data")

FEWEST_UNITS = 30
"""Units in an arm below which a mean's interval is a note, however tame its values look."""

SKEWED = LEVELS["sparse-data-skew"].serious or math.inf
"""Skewness of a difference's statistic that is spoken of even before few units."""


class _Pair(NamedTuple):
    """Control and one treatment arm, the primary metric's moments in both."""

    primary: Primary
    control: Moments
    treatment: Moments

    @property
    def widened(self) -> bool:
        """Whether the interval could be widened for skewness: third moments were taken."""
        return self.control.thirds is not None and self.treatment.thirds is not None

    @property
    def worst_skew(self) -> Severity:
        """The most that may be said of skewness: a note where the interval was widened and there are units enough."""
        return "note" if self.widened and self.smaller >= FEWEST_UNITS else self.worst

    @property
    def smaller(self) -> int:
        """Units of the smaller arm."""
        return min(self.control.n, self.treatment.n)

    @property
    def exact(self) -> bool:
        """Whether the difference was read by an exact method, which few events do not mislead."""
        effect = self.primary.comparison.absolute
        return isinstance(effect, Estimate) and effect.method.startswith("exact")

    @property
    def units(self) -> int:
        """Units of both arms."""
        return self.control.n + self.treatment.n

    @property
    def worst(self) -> Severity:
        """The most that may be said: serious where a difference is found or claimed by a method for large samples."""
        if self.exact:
            return "note"
        found = self.primary.claims or self.primary.low > 0 or self.primary.high < 0
        return "serious" if found else "note"


def sparse_data(spec: AnalysisSpec, evidence: Evidence, reading: Reading) -> Objection:
    """Whether the primary comparison of each treatment arm rests on enough events, or on values tame enough."""
    metric = spec.primary
    if metric.kind == "ratio":
        return ATTACK.cannot(f"{metric.name} is a ratio of sums, whose single units were not kept")
    effects, missing = primary_effects(spec, reading)
    pairs = []
    for effect in effects:
        control, treatment = (evidence.moments_of(metric.name, a) for a in (spec.control, effect.arm.name))
        if control is not None and treatment is not None and control.n and treatment.n:
            pairs.append(_Pair(effect, control, treatment))
    if not pairs:
        return ATTACK.cannot(missing or f"the outcomes of {metric.name} were not kept")
    return _events(spec, pairs) if metric.kind == "proportion" else _skew(spec, evidence, pairs)


def _events(spec: AnalysisSpec, pairs: list[_Pair]) -> Objection:
    """Too few of the rarer outcome?"""

    def expected(pair: _Pair) -> float:
        share = (pair.control + pair.treatment).mean[0]
        return min(share, 1 - share) * pair.smaller

    pair = min(pairs, key=expected)
    events = expected(pair)
    severity = max((ATTACK.level.severity(expected(p), p.worst) for p in pairs), key=_RANK.index)
    where = f"the smaller of {pair.primary.arm.text} and {spec.arm(spec.control).text}"
    outcome = "units with" if (pair.control + pair.treatment).mean[0] <= 0.5 else "units without"
    shown = f"{events:,.1f}" if events < 100 else formats.count(events)
    sentence = f"{shown} {outcome} {spec.primary.name} are expected in {where} ({plural(pair.smaller, 'unit')})"
    if severity == "none":
        sentence += ", enough for an interval that rests on many."
    elif pair.exact:
        sentence += (
            f": fewer than {ATTACK.level.note:g}, so test and interval are exact, and one more event moves them."
        )
    else:
        sentence += (
            f": fewer than {ATTACK.level.note:g}, so the interval rests on an approximation that is doubtful here."
        )
    return ATTACK.finds(severity, sentence, value=events, unit="count", units=pair.units)


def _skew(spec: AnalysisSpec, evidence: Evidence, pairs: list[_Pair]) -> Objection:
    """Too few units, or large values that do not cancel between the arms?"""
    metric, level = spec.primary, LEVELS["sparse-data-skew"]
    rated = [(skew, p) for p in pairs if (skew := _skew_of(spec, evidence, p)) is not None]
    small = min(pairs, key=lambda p: p.smaller)
    if small.smaller < FEWEST_UNITS and not any(p.widened and s > SKEWED for s, p in rated):
        smaller = f"the smaller of {small.primary.arm.text} and {spec.arm(spec.control).text}"
        sentence = (
            f"{plural(small.smaller, 'unit')} in {smaller}: fewer than {FEWEST_UNITS}, so the interval of the averages "
            f"holds only if {metric.name} is about normally distributed."
        )
        return ATTACK.finds("note", sentence, value=small.smaller, unit="count", units=small.units)
    if not rated:
        return ATTACK.cannot(f"the largest values of {metric.name} were not kept")
    skew, pair = max(rated, key=lambda r: r[0])
    severity = max((level.severity(s, p.worst_skew) for s, p in rated), key=_RANK.index)
    sizes = (
        f"{formats.count(pair.treatment.n)} units of {pair.primary.arm.text} and {formats.count(pair.control.n)} of "
    )
    sizes += spec.arm(spec.control).text
    if severity == "none":
        sentence = f"Large values of {metric.name} do not lean the difference one way: {sizes}, skewness {skew:.2f}."
    elif pair.widened:
        few = f", but {plural(pair.smaller, 'unit')} in the smaller arm tell too little of how skewed its values are."
        sentence = (
            f"Few large values carry {metric.name}, and between arms so unequal ({sizes}) their weight does not "
            f"cancel: the statistic has a skewness of {skew:.2f}, for which the interval was widened"
        )
        sentence += few if pair.smaller < FEWEST_UNITS else "."
    else:
        sentence = (
            f"Few large values carry {metric.name}, and between arms so unequal ({sizes}) their weight does not "
            f"cancel: the statistic has a skewness of at least {skew:.2f}, so the interval's two ends do not err "
            "equally often."
        )
    return ATTACK.finds(severity, sentence, value=skew, unit="skewness", units=pair.units)


_RANK: tuple[Severity, ...] = ("none", "note", "serious", "blocking")


def _skew_of(spec: AnalysisSpec, evidence: Evidence, pair: _Pair) -> float | None:
    """Size of the skewness of the pair's statistic, as far as what was kept shows it; None where nothing was."""
    squares = pair.control.comoments[0][0] + pair.treatment.comoments[0][0]
    if squares <= 0:
        return None
    # In standard deviations from here on, so that no cube leaves the numbers.
    deviation = math.sqrt(squares / pair.units)
    third = [m.third({0: 1.0}) for m in (pair.control, pair.treatment)]
    if third[0] is not None and third[1] is not None:
        cubes = math.fsum(
            t / deviation / deviation / deviation * n
            for t, n in zip((third[0], third[1]), (pair.control.n, pair.treatment.n), strict=True)
        )
        return skew_of_difference(abs(cubes) / pair.units, pair.control.n, pair.treatment.n)
    cubes = 0.0
    for arm, moments in ((spec.control, pair.control), (pair.primary.arm.name, pair.treatment)):
        largest = largest_values(evidence, spec.primary.name, arm)
        if not largest:
            return None
        cubes += math.fsum(((row[0] - moments.mean[0]) / deviation) ** 3 for row in largest)
    skewness = max(cubes, 0.0) / pair.units
    return skew_of_difference(skewness, pair.control.n, pair.treatment.n)


def skew_of_difference(skewness: float, a: int, b: int) -> float:
    """Size of the skewness of the standardized difference of two means of a and b units with one skewness.

    Example:
        >>> skew_of_difference(20.0, 9000, 9000), round(skew_of_difference(20.0, 1800, 200), 2)
        (0.0, 1.19)
    """
    return abs(skewness) * abs(1 / a**2 - 1 / b**2) / math.pow(1 / a + 1 / b, 1.5)
