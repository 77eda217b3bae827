"""Equivalence and non-inferiority: is the effect shown to lie within margins? Two one-sided tests (TOST).

"Not significant" is no evidence of equality: here the burden of proof is turned around. Each test is the inversion of
the product's own interval (score or exact for proportions, Welch for means, the delta method for ratios, Fieller for
relative margins), so p is at most alpha exactly where the 1 - 2 alpha interval lies within the margin. Where counts are
too few for a z, the exact test of the margin itself is asked.

References:
    Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability, Journal of Pharmacokinetics and Biopharmaceutics 15.
    Berger & Hsu (1996), Bioequivalence trials, intersection-union tests and equivalence confidence sets, Statistical
    Science 11. Lakens (2017), Equivalence tests: a practical primer, Social Psychological and Personality Science 8.
"""

from __future__ import annotations

from collections.abc import Mapping

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.arms import PreparedArms, prepare
from copilot_tools.stats.inference.compare import Critical, compare
from copilot_tools.stats.inference.exact_pairs import Tails, tails_at
from copilot_tools.stats.inference.pair_results import Equivalence
from copilot_tools.stats.inference.proportion_pairs import reads_exactly
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Effect, Metric

__all__ = ["equivalence"]

_NEAREST = 1e-3
"""Standard errors below which an interval is taken as a point: p is .5 to three digits."""

_FURTHEST = 37.0
"""Standard errors beyond which a tail leaves the range of doubles."""


def equivalence(
    metric: Metric,
    moments: Mapping[str, Moments],
    control: str,
    treatment: str,
    margin: Effect,
    *,
    upper: float | None = None,
    alpha: float = 0.05,
) -> Equivalence:
    """Two one-sided tests of one treatment arm against control.

    Use it to show that a change does no harm, or makes no difference that matters. Margins are stated before the data.

    Args:
        metric: The metric; its direction says which margin guards against harm; its covariate is used (CUPED).
        moments: Arm -> moments of the metric's columns.
        control: Name of the control arm.
        treatment: Name of the treatment arm.
        margin: Largest difference that does not matter, in metric units or as a share of control; either way.
        upper: The margin upwards where it differs, on the same scale, above 0; then ``margin`` is the one downwards.
        alpha: Error rate of each one-sided test, in (0, 0.5).

    Raises:
        Refused: There is no estimate (too few units, no variation), or no bounded relative one (control near 0).

    Example:
        >>> arms = {"a": Moments.of_proportion(2000, 1000), "b": Moments.of_proportion(2000, 1010)}
        >>> metric = Metric(name="m", kind="proportion", column="c")
        >>> found = equivalence(metric, arms, "a", "b", Effect(size=0.05, scale="absolute"))
        >>> found.equivalent, round(found.p_equivalence, 4)
        (True, 0.0022)
    """
    checks.between("alpha", alpha, 0, 0.5)
    low, high = -margin.size, margin.size if upper is None else checks.positive("upper", upper)
    arms = prepare(metric, {a: moments[a] for a in (control, treatment)}, control)
    pair = _Pair(arms, treatment, margin)
    estimate = pair.at(lambda df: tails.critical_value(alpha, 1, df))
    if isinstance(estimate, Refusal):
        raise Refused(estimate)
    above = pair.p_above(low, estimate)
    below = pair.p_below(high, estimate)
    p_equivalence, p_noninferiority = max(above, below), above if metric.sign > 0 else below
    return Equivalence(
        estimate=estimate,
        low=low,
        high=high,
        p_above_low=above,
        p_below_high=below,
        p_equivalence=p_equivalence,
        p_noninferiority=p_noninferiority,
        equivalent=p_equivalence <= alpha,
        noninferior=p_noninferiority <= alpha,
        alpha=alpha,
    )


class _Pair:
    """One comparison, read at any critical value."""

    def __init__(self, arms: PreparedArms, treatment: str, margin: Effect) -> None:
        self.arms, self.treatment, self.scale = arms, treatment, margin.scale

    def at(self, critical: Critical) -> Estimate | Refusal:
        return compare(self.arms, self.treatment, critical).effect(self.scale)

    def p_above(self, line: float, estimate: Estimate) -> float:
        """Of the effect being at or below ``line``."""
        if (exact := self._exact(line)) is not None:
            return self._no_surer(exact.above, estimate.interval.low <= line, estimate)
        if estimate.value <= line:
            return 1 - self._tail(line, estimate, 1)
        return self._tail(line, estimate, -1)

    def p_below(self, line: float, estimate: Estimate) -> float:
        """Of the effect being at or above ``line``."""
        if (exact := self._exact(line)) is not None:
            return self._no_surer(exact.below, estimate.interval.high >= line, estimate)
        if estimate.value >= line:
            return 1 - self._tail(line, estimate, -1)
        return self._tail(line, estimate, 1)

    def _exact(self, line: float) -> Tails | None:
        """The exact test of this line, where the interval is exact; the search below would weigh it dozens of times."""
        if not self.arms.counts:
            return None
        control, treatment = self.arms.counts[self.arms.control], self.arms.counts[self.treatment]
        if not reads_exactly(control, treatment):
            return None
        return tails_at(control, treatment, line, relative=self.scale == "relative")

    @staticmethod
    def _no_surer(p: float, reached: bool, estimate: Estimate) -> float:
        """The test never claims what its interval leaves open: an exact p need not fall evenly with the distance."""
        tail = (1 - estimate.interval.level) / 2
        return max(p, tail * (1 + 1e-9)) if reached else p

    def _tail(self, line: float, estimate: Estimate, side: int) -> float:
        """The one-sided p at which the interval's end on this side (-1 low, 1 high) just reaches the line."""

        def past(critical: float) -> float:
            found = self.at(lambda _: critical)
            if isinstance(found, Refusal):  # no bounded interval at so high a confidence: it reaches any line
                return 1.0
            return ((found.interval.low if side < 0 else found.interval.high) - line) * side

        low, high = _NEAREST, 1.0
        while past(high) < 0:
            if high >= _FURTHEST:
                return tails.p_value(_FURTHEST, "greater", estimate.df)
            low, high = high, min(2 * high, _FURTHEST)
        # An exact or skewed interval is wider than a point even at no confidence at all.
        if low == _NEAREST and past(low) >= 0:
            return 0.5
        return tails.p_value(root(past, low, high, tolerance=1e-9), "greater", estimate.df)
