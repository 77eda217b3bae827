"""Repeated tests of one idea, combined: common effect, random effects, how far they disagree, what the next may show.

A common effect takes all tests to estimate one number. Random effects take the tests' true effects to differ, with
variance tau squared; their mean gets the interval of Hartung and Knapp, in the modified form that is never narrower
than the plain one, which holds with few tests.

References:
    DerSimonian & Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7. Paule & Mandel (1982),
    Consensus values and weighting factors, J. Res. Nat. Bur. Stand. 87. Hartung & Knapp (2001), Statistics in Medicine
    20; Rover, Knapp & Friede (2015), BMC Med. Res. Methodology 15 (modified). Higgins & Thompson (2002), Statistics in
    Medicine 21 (I squared); Higgins, Thompson & Spiegelhalter (2009), JRSS A 172 (prediction interval). Viechtbauer
    (2007), Statistics in Medicine 26 (Q-profile interval of tau squared).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.results import Interval
from copilot_tools.stats.across.results import Combined, MetaAnalysis
from copilot_tools.stats.inference.tails import critical_value, p_value
from copilot_tools.stats.roots import root

__all__ = ["Method", "meta_analysis"]

Floats = npt.NDArray[np.float64]
Method = Literal["paule-mandel", "dersimonian-laird"]


def meta_analysis(
    estimates: Sequence[float],
    standard_errors: Sequence[float],
    *,
    alpha: float = 0.05,
    method: Method = "paule-mandel",
) -> MetaAnalysis:
    """Combine estimates of one effect from independent tests.

    Use it where the same idea was tested several times (markets, quarters, replications), all of its tests included;
    tests picked for their result combine to a wrong one. Not for several metrics of one test.

    Args:
        estimates: Effects, all in one unit and one direction; log scale for ratios. At least 2, at most 10,000.
        standard_errors: Of each, in that unit, above 0.
        alpha: Error rate of each interval, in (0, 1).
        method: How the variance between tests is estimated.

    Raises:
        Refused: Fewer than two tests, lists of unequal length, an estimate that is not finite, a standard error that
            is not positive, or ``alpha`` out of range.

    Example:
        >>> found = meta_analysis([0.02, 0.05, 0.01], [0.01, 0.02, 0.01])
        >>> round(found.common.value, 4), round(found.i_squared, 2)
        (0.0189, 0.38)
    """
    effects, errors = _checked(estimates, standard_errors)
    checks.between("alpha", alpha, 0, 1)
    # In units of the smallest error, so that squares neither overflow nor vanish.
    unit = float(errors.min())
    y, variances = effects / unit, (errors / unit) ** 2
    k = len(y)
    fixed = 1 / variances
    common = float(fixed @ y / fixed.sum())
    q = float(fixed @ (y - common) ** 2)
    tau2 = _paule_mandel(y, variances) if method == "paule-mandel" else _dersimonian_laird(q, fixed)
    weights = 1 / (variances + tau2)
    mean = float(weights @ y / weights.sum())
    # Hartung-Knapp: the weighted spread about the mean, and never less than what the weights alone would give.
    spread = max(1.0, float(weights @ (y - mean) ** 2) / (k - 1))
    error = math.sqrt(spread / float(weights.sum()))
    prediction = None
    if k > 2:
        reach = critical_value(alpha, df=k - 2) * math.hypot(math.sqrt(tau2), error)
        prediction = _interval(mean, reach, unit, alpha)
    return MetaAnalysis(
        tests=k,
        common=_combined(common, math.sqrt(1 / float(fixed.sum())), None, fixed, unit, alpha),
        random=_combined(mean, error, k - 1, weights, unit, alpha),
        tau=math.sqrt(tau2) * unit,
        tau_interval=_tau_interval(y, variances, unit, alpha),
        q=q,
        q_p_value=float(special.chdtrc(k - 1, q)),
        i_squared=max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0,
        prediction=prediction,
    )


def _checked(estimates: Sequence[float], standard_errors: Sequence[float]) -> tuple[Floats, Floats]:
    if len(estimates) != len(standard_errors):
        raise Refused.because(
            "meta_analysis.lengths",
            f"There are {len(estimates)} estimates but {len(standard_errors)} standard errors.",
            "Give one standard error for each estimate.",
            name="standard_errors",
            value=len(standard_errors),
        )
    if not 2 <= len(estimates) <= 10_000:
        raise Refused.because(
            "meta_analysis.tests",
            f"There {'is 1 test' if len(estimates) == 1 else f'are {len(estimates):,} tests'}, but 2 to 10,000 can be "
            "combined.",
            "Give every test of the idea that was run.",
            name="estimates",
            value=len(estimates),
        )
    for i, (estimate, error) in enumerate(zip(estimates, standard_errors, strict=True), start=1):
        checks.finite(f"estimate {i}", estimate)
        checks.positive(f"standard error {i}", error)
    return np.asarray(estimates, dtype=np.float64), np.asarray(standard_errors, dtype=np.float64)


def _generalised_q(y: Floats, variances: Floats, tau2: float) -> float:
    weights = 1 / (variances + tau2)
    mean = weights @ y / weights.sum()
    return float(weights @ (y - mean) ** 2)


def _at_which(y: Floats, variances: Floats, target: float) -> float:
    """The variance between tests at which generalised Q, which falls in it, is ``target``; 0 if it starts below."""
    if _generalised_q(y, variances, 0.0) <= target:
        return 0.0
    high = max(float(np.ptp(y)) ** 2, float(variances.max()))
    while _generalised_q(y, variances, high) > target:
        high *= 4
    return root(lambda t: _generalised_q(y, variances, t) - target, 0.0, high)


def _paule_mandel(y: Floats, variances: Floats) -> float:
    return _at_which(y, variances, len(y) - 1)


def _dersimonian_laird(q: float, fixed: Floats) -> float:
    total = float(fixed.sum())
    return max(0.0, (q - (len(fixed) - 1)) / (total - float(fixed @ fixed) / total))


def _tau_interval(y: Floats, variances: Floats, unit: float, alpha: float) -> Interval:
    low, high = (_at_which(y, variances, float(special.chdtri(len(y) - 1, a))) for a in (alpha / 2, 1 - alpha / 2))
    return Interval(low=math.sqrt(low) * unit, high=math.sqrt(high) * unit, level=round(1 - alpha, 12))


def _combined(value: float, error: float, df: int | None, weights: Floats, unit: float, alpha: float) -> Combined:
    return Combined(
        value=value * unit,
        standard_error=error * unit,
        interval=_interval(value, critical_value(alpha, df=df) * error, unit, alpha),
        p_value=p_value(value / error, df=df),
        df=df,
        weights=tuple((weights / weights.sum()).tolist()),
    )


def _interval(value: float, reach: float, unit: float, alpha: float) -> Interval:
    return Interval(low=(value - reach) * unit, high=(value + reach) * unit, level=round(1 - alpha, 12))
