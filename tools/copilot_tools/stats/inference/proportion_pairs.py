"""Which method reads two proportions: exact for few events, skewness-corrected for unequal arms, else the score method.

One rule for test and intervals, so that whichever is chosen, an interval excludes "no effect" exactly when the test
rejects it:

- fewer than 5 of either outcome expected in an arm, or no more than ``FEWEST_TABLES`` tables at all (about 100 units an
  arm): exact (``exact_pairs``);
- else a skewness of the pooled statistic above .1 (arms very unequal, few events): Gart and Nam (``skewed_scores``);
- else the score method: pooled z, Mee, Koopman.

A method asked for by name is used instead; the score methods are refused where fewer than 5 are expected.

References:
    Cochran (1954), Some methods for strengthening the common chi-square tests, Biometrics 10 (expected counts of 5).
    Newcombe (1998), Statistics in Medicine 17, 873-890. Agresti & Caffo (2000), The American Statistician 54.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from scipy import special

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference import exact_pairs, skewed_scores
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.proportions import (
    Counts,
    koopman,
    mee,
    miettinen_nurminen,
    newcombe,
    pooled_z,
    standard_error,
)
from copilot_tools.stats.inference.tails import Alternative

__all__ = [
    "FEWEST_EXPECTED",
    "FEWEST_TABLES",
    "MOST_SKEWED",
    "Method",
    "PairReading",
    "agresti_caffo",
    "expected_events",
    "null_z",
    "read_pair",
    "reads_exactly",
]

Method = Literal["auto", "score", "exact", "miettinen-nurminen", "newcombe", "agresti-caffo"]
Ends = tuple[float, float]

FEWEST_EXPECTED = 5
"""Expected units of the rarer outcome in the smaller arm, at the pooled share, below which a z is not trusted."""
FEWEST_TABLES = 10_000
"""Product of the arms' units up to which the test is exact. With so few tables the pooled z, at a nominal 5%, errs in
up to 6.5% (25 units an arm), 5.7% (50) and 5.6% (100), computed over every table; from 200 an arm on in up to 5.2%."""
MOST_SKEWED = 0.1
"""Skewness of the pooled statistic above which it is corrected: from there a tail of 2.5% holds 2.8% and more."""


class PairReading(NamedTuple):
    """Two proportions read by one method.

    Attributes:
        above: One-sided p-value against treatment being above control; None where nothing varies at all.
        below: The same, below.
        z: Standard normal equivalent, positive when treatment is above control; None where nothing varies.
        difference: Ends for treatment minus control.
        ratio: Ends for treatment / control, or why there are none.
        method: The field's name of the method for the difference, and for the ratio.
    """

    above: float | None
    below: float | None
    z: float | None
    difference: Ends
    ratio: Ends | Refusal
    method: tuple[str, str]

    def p_value(self, alternative: Alternative) -> float | None:
        """The p-value with the given sides; None where nothing varies."""
        if self.above is None or self.below is None:
            return None
        if alternative == "two-sided":
            return min(1.0, 2 * min(self.above, self.below))
        return self.above if alternative == "greater" else self.below


def expected_events(control: Counts, treatment: Counts) -> float:
    """Units of the rarer outcome expected in the smaller arm if both share the pooled proportion."""
    total, n = control.successes + treatment.successes, control.n + treatment.n
    return min(total, n - total) / n * min(control.n, treatment.n)


def null_z(control: Counts, treatment: Counts) -> float | None:
    """Standard normal equivalent of the test of no effect that "auto" chooses, without its intervals.

    Raises:
        Refused: The exact test is due, and too many tables would have to be weighed.
    """
    if control.successes + treatment.successes in {0, control.n + treatment.n}:
        return None  # nothing varies: there is no test, however many tables there are
    method = _method_for(control, treatment)
    if method == "exact":
        return _exact_z(*exact_pairs.no_effect(control, treatment))
    return (skewed_scores.corrected_z if method == "skewed" else pooled_z)(control, treatment)


def reads_exactly(control: Counts, treatment: Counts) -> bool:
    """Whether "auto" reads these counts by the exact method."""
    few_tables = control.n * treatment.n <= FEWEST_TABLES
    return few_tables or expected_events(control, treatment) < FEWEST_EXPECTED


def _method_for(control: Counts, treatment: Counts) -> Literal["exact", "skewed", "score"]:
    """What "auto" chooses, for the test and for the intervals."""
    if reads_exactly(control, treatment):
        return "exact"
    return "skewed" if abs(skewed_scores.null_skewness(control, treatment)) > MOST_SKEWED else "score"


def _exact_z(above: float, below: float) -> float:
    return min(float(special.ndtri(below)), 0.0) if below < above else max(-float(special.ndtri(above)), 0.0)


def read_pair(control: Counts, treatment: Counts, critical: float, method: Method = "auto") -> PairReading:
    """Read two proportions: test, interval of the difference, interval of the ratio.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors of the normal distribution from the estimate to an end, above 0.
        method: "auto" chooses by the rule of this file.

    Raises:
        Refused: A score method is asked for where fewer than 5 of an outcome are expected, or the exact one where too
            many tables would have to be weighed.

    Example:
        Nobody of 20 against 5 of 20: 2.5 are expected in an arm, so the method is exact.

        >>> found = read_pair(Counts(0, 20), Counts(5, 20), 1.959963984540054)
        >>> found.method[0], round(found.p_value("two-sided"), 4), round(found.difference[0], 3)
        ('exact (Barnard, Chan-Zhang)', 0.0167, 0.042)
    """
    if method == "auto":
        return _READS[_method_for(control, treatment)](control, treatment, critical)
    if (
        method in {"score", "miettinen-nurminen"}
        and (expected := expected_events(control, treatment)) < FEWEST_EXPECTED
    ):
        raise Refused.because(
            "proportions.expected_too_small",
            f"{expected:.1f} units of the rarer outcome are expected in the smaller arm, and below {FEWEST_EXPECTED} "
            "the score method's z is not to be trusted.",
            'Use the method "exact", or wait for more units.',
            name="method",
            value=method,
        )
    return _READS[method](control, treatment, critical)


def agresti_caffo(control: Counts, treatment: Counts, critical: float) -> Ends:
    """Agresti and Caffo's interval for treatment minus control: Wald's, after adding a success and a failure an arm.

    Args:
        control: Successes and units.
        treatment: Successes and units.
        critical: Standard errors to an end of the interval, above 0: 1.96 for 95%.

    Example:
        >>> [round(end, 4) for end in agresti_caffo(Counts(48, 80), Counts(56, 70), 1.959963984540054)]
        [0.0525, 0.3358]
    """
    value, error = _plus_four(control, treatment)
    return max(-1.0, value - critical * error), min(1.0, value + critical * error)


def _plus_four(control: Counts, treatment: Counts) -> tuple[float, float]:
    more = [Counts(a.successes + 1, a.n + 2) for a in (control, treatment)]
    return more[1].share - more[0].share, math.sqrt(sum(a.share * (1 - a.share) / a.n for a in more))


def _by_z(z: float | None, difference: Ends, ratio: Ends | Refusal, method: tuple[str, str]) -> PairReading:
    if z is None:
        return PairReading(None, None, None, difference, ratio, method)
    return PairReading(float(special.ndtr(-z)), float(special.ndtr(z)), z, difference, ratio, method)


def _ratio_or_refusal(intervals: Callable[[], Ends]) -> Ends | Refusal:
    try:
        return intervals()
    except Refused as refused:
        return refused.refusals[0]


def _score(control: Counts, treatment: Counts, critical: float) -> PairReading:
    ratio = _ratio_or_refusal(lambda: koopman(control, treatment, critical))
    names = "score (Mee)", "score (Koopman)"
    return _by_z(pooled_z(control, treatment), mee(control, treatment, critical), ratio, names)


def _skewed(control: Counts, treatment: Counts, critical: float) -> PairReading:
    ratio = _ratio_or_refusal(lambda: skewed_scores.corrected_ratio(control, treatment, critical))
    ends = skewed_scores.corrected_difference(control, treatment, critical)
    name = "score, skewness-corrected (Gart-Nam)"
    return _by_z(skewed_scores.corrected_z(control, treatment), ends, ratio, (name, name))


def _exact(control: Counts, treatment: Counts, critical: float) -> PairReading:
    tail = float(special.ndtr(-critical))
    above, below = exact_pairs.no_effect(control, treatment)
    z = _exact_z(above, below)
    ratio = _ratio_or_refusal(lambda: exact_pairs.exact_ratio(control, treatment, tail))
    ends = exact_pairs.exact_difference(control, treatment, tail)
    name = "exact (Barnard, Chan-Zhang)"
    if isinstance(ratio, Refusal):  # nothing varies: there is no test, but the difference is bounded
        return PairReading(None, None, None, ends, ratio, (name, name))
    return PairReading(above, below, z, ends, ratio, (name, name))


def _miettinen_nurminen(control: Counts, treatment: Counts, critical: float) -> PairReading:
    n = control.n + treatment.n
    z = pooled_z(control, treatment)
    wider = critical * math.sqrt(n / (n - 1))
    ratio = _ratio_or_refusal(lambda: koopman(control, treatment, wider))
    ends = miettinen_nurminen(control, treatment, critical)
    name = "score (Miettinen-Nurminen)"
    return _by_z(None if z is None else z * math.sqrt((n - 1) / n), ends, ratio, (name, name))


def _newcombe(control: Counts, treatment: Counts, critical: float) -> PairReading:
    ends = newcombe(control, treatment, critical)
    gap = treatment.share - control.share

    def excess(z: float) -> float:
        low, high = newcombe(control, treatment, z)
        return low if gap > 0 else -high

    z = 0.0
    if gap:
        # The z at which an end of the interval comes to stand on 0.
        reach = 2 * abs(gap) / standard_error(control, treatment) + 2
        while excess(reach) > 0 and reach < 1e6:
            reach *= 2
        z = math.copysign(root(excess, 0.0, reach) if excess(reach) <= 0 else reach, gap)
    return _by_z(z, ends, _only_absolute("newcombe"), ("hybrid score (Newcombe)", ""))


def _agresti_caffo(control: Counts, treatment: Counts, critical: float) -> PairReading:
    value, error = _plus_four(control, treatment)
    ends = agresti_caffo(control, treatment, critical)
    return _by_z(value / error, ends, _only_absolute("agresti-caffo"), ("Agresti-Caffo", ""))


def _only_absolute(method: str) -> Refusal:
    return Refusal(
        code="proportions.difference_only",
        reason=f"The method {method!r} is one for the difference alone: a ratio by another method could contradict it.",
        cure='Ask for the method "auto", "score", "exact" or "miettinen-nurminen" to get both scales.',
        name="method",
        value=method,
    )


_READS: dict[str, Callable[[Counts, Counts, float], PairReading]] = {
    "score": _score,
    "skewed": _skewed,
    "exact": _exact,
    "miettinen-nurminen": _miettinen_nurminen,
    "newcombe": _newcombe,
    "agresti-caffo": _agresti_caffo,
}
