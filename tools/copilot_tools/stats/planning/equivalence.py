"""Power of equivalence: two one-sided tests, and both have to reject.

References:
    Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability, Journal of Pharmacokinetics and Biopharmaceutics 15.
    Owen (1965), A special case of a bivariate non-central t-distribution, Biometrika 52 (the exact power).
"""

from __future__ import annotations

import math
from statistics import NormalDist

from copilot_tools.stats.planning.contrast import Contrast
from copilot_tools.stats.planning.design import TrialDesign
from copilot_tools.stats.planning.outcomes import Mean, Outcome
from copilot_tools.stats.planning.powers import one_power

__all__ = ["comparison_power"]

_NODES = 64
_NORMAL_DF = 1e6
"""Degrees of freedom from which the estimated standard error is taken as the true one."""


def comparison_power(
    outcome: Outcome, question: Contrast, design: TrialDesign, control: float, treatment: float
) -> float:
    """Power of one comparison with control: of one test, or of both of an equivalence question.

    Args:
        outcome: The metric's level and spread.
        question: Truth and tested line or lines.
        design: Error rates and precision.
        control: Units in control (fractions allowed while solving).
        treatment: Units in treatment.

    Returns:
        For means by t: the exact integral over the estimated standard error (Owen), with Welch's degrees of freedom
        where the spreads differ. Elsewhere in large samples. With a relative margin a lower bound, short by the chance
        that an estimate lies outside both margins at once, which is nil at any power worth planning for.

    Raises:
        Refused: The outcome's method has no form for this question.
    """
    if question.far is None:
        return one_power(outcome, question, design, control, treatment)
    if outcome.kind == "mean" and outcome.method == "t":
        return _by_t(outcome, question, design, control, treatment)
    # With known variances both tests can only fail together where neither margin can be met at all.
    return max(0.0, sum(one_power(outcome, line, design, control, treatment) for line in question.lines) - 1)


def _by_t(outcome: Mean, question: Contrast, design: TrialDesign, control: float, treatment: float) -> float:
    import numpy as np  # noqa: PLC0415 - as scipy, below
    from scipy import special  # noqa: PLC0415 - half a second that proportions need not pay

    factor, independent = design.variance_factor, design.cluster.size if design.cluster else 1.0
    b = factor * (outcome.treatment_sd or outcome.sd) ** 2 / treatment
    away, freedoms = [], []
    for line in question.lines:
        a = factor * (line.slope * outcome.sd) ** 2 / control
        away.append(line.distance / math.sqrt(a + b))
        freedoms.append((a + b) ** 2 / (a * a / (control / independent - 1) + b * b / (treatment / independent - 1)))
    df = min(freedoms)
    critical = -float(special.stdtrit(df, NormalDist().cdf(-design.critical_z)))
    # s: the estimated standard error over the true one, a chi over the root of its degrees of freedom.
    s, weights = np.ones(1), np.ones(1)
    if df < _NORMAL_DF:
        low, high = (math.sqrt(special.chdtri(df, tail) / df) for tail in (1 - 1e-13, 1e-13))
        x, w = np.polynomial.legendre.leggauss(_NODES)
        # Beyond the narrower of the two distances over the critical value the two tests exclude each other.
        most = sum(away) / 2 / critical
        top = min(high, most)
        if top <= low:
            return 0.0
        s = low + (top - low) / 2 * (x + 1)
        half = df / 2
        log_density = math.log(2) + half * math.log(half) - special.gammaln(half) + (df - 1) * np.log(s) - half * s * s
        weights = w * (top - low) / 2 * np.exp(log_density)
    both = special.ndtr(away[0] - critical * s) + special.ndtr(away[1] - critical * s) - 1
    return min(1.0, float(weights @ np.maximum(both, 0.0)))
