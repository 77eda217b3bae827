"""The mixture sequential probability ratio test (mSPRT): likelihood ratio, always-valid p-value, interval.

The effect under the alternative is drawn from a normal law around 0. With a known variance (or one estimated from many
units) the ratio is that of the estimate; with an estimated variance it is that of Student's t statistic, whose mixture
over standardised effects is exact for normal values at any number of units.

References:
    Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math. Statist. 41.
    Johari, Koomen, Pekelis & Walsh (2022), Always valid inference: continuous monitoring of A/B tests, Operations
    Research 70, equation 8 (known variance).
    Gonen, Johnson, Lu & Westfall (2005), The Bayesian two-sample t test, American Statistician 59; Perez-Ortiz, Lardy,
    de Heide & Grunwald (2024), E-statistics, group invariance and anytime-valid testing, Annals of Statistics 52
    (estimated variance: the ratio of t statistics is a martingale under normal values of equal variance).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from copilot_tools import checks

__all__ = ["Msprt", "msprt", "msprt_t", "t_mixture_critical"]


class Msprt(NamedTuple):
    """One look of an mSPRT.

    Attributes:
        log_ratio: Log of the mixture likelihood ratio.
        p_value: 1 over the ratio, at most 1: always valid; over several looks the smallest stands.
        critical_value: Standard errors from the estimate to an end of the interval that holds at every look; infinity
            where so few units bound nothing yet.
    """

    log_ratio: float
    p_value: float
    critical_value: float


def msprt(estimate: float, standard_error: float, mixing_sd: float, alpha: float = 0.05) -> Msprt:
    """The mSPRT of an estimate that is normal with a known standard error, against no effect.

    Use it for an estimate that is followed over many looks. Not for few units (``msprt_t``) or few conversions
    (``odds_ratio_sequence``).

    Args:
        estimate: Treatment minus control, in any unit.
        standard_error: Of the estimate, in its unit, above 0.
        mixing_sd: Standard deviation of the effects thought likely (tau), in the same unit; fixed before the data.
        alpha: Chance of ever rejecting a true null, in (0, 1).

    Raises:
        Refused: A parameter is out of range.

    Example:
        >>> round(msprt(0.01, math.sqrt(2 * 0.09 / 50_000), 0.01).p_value, 11)
        8.07723e-06
    """
    z = checks.finite("estimate", estimate) / checks.positive("standard_error", standard_error)
    spread = (checks.positive("mixing_sd", mixing_sd) / standard_error) ** 2
    log = -math.log(checks.between("alpha", alpha, 0, 1))
    share = spread / (1 + spread)
    log_ratio = -0.5 * math.log1p(spread) + 0.5 * z * z * share
    critical = math.sqrt((2 * log + math.log1p(spread)) / share) if share > 0 else math.inf
    return Msprt(log_ratio, math.exp(min(0.0, -log_ratio)), critical)


def msprt_t(
    difference: float, pooled_sd: float, n_control: int, n_treatment: int, mixing_effect: float, alpha: float = 0.05
) -> Msprt:
    """The mSPRT of two means with an estimated common variance: exact for normal values at every number of units.

    Use it for few units; where there are many, ``msprt`` with the estimate's standard error is the same and asks for no
    common variance.

    Args:
        difference: Treatment mean minus control mean, in the metric's unit.
        pooled_sd: Standard deviation pooled over both arms (divisor units minus 2), above 0.
        n_control: Units, at least 1; both arms together at least 3.
        n_treatment: Units, at least 1.
        mixing_effect: Standard deviation of the effects thought likely, in standard deviations of a unit; fixed before
            the data.
        alpha: Chance of ever rejecting a true null, in (0, 1).

    Returns:
        The look; the critical value is in standard errors ``pooled_sd * sqrt(1/n_control + 1/n_treatment)``.

    Raises:
        Refused: A parameter is out of range.
    """
    checks.count("n_control", n_control, at_least=1)
    checks.count("n_treatment", n_treatment, at_least=1)
    df = checks.count("units", n_control + n_treatment, at_least=3) - 2
    error = checks.positive("pooled_sd", pooled_sd) * math.sqrt(1 / n_control + 1 / n_treatment)
    t = checks.finite("difference", difference) / error
    effective = n_control / (n_control + n_treatment) * n_treatment
    spread = effective * checks.positive("mixing_effect", mixing_effect) ** 2
    gain = math.log1p(t * t / df) - math.log1p(t * t / df / (1 + spread))
    log_ratio = -0.5 * math.log1p(spread) + 0.5 * (df + 1) * gain
    return Msprt(log_ratio, math.exp(min(0.0, -log_ratio)), t_mixture_critical(df, spread, alpha))


def t_mixture_critical(df: float, spread: float, alpha: float) -> float:
    """Standard errors at which the mixture of t statistics reaches 1/alpha.

    Args:
        df: Degrees of freedom of t, above 0.
        spread: Variance of the mixture over the variance of the estimate, above 0: grows with the units.
        alpha: Chance of ever crossing, in (0, 1).

    Returns:
        A critical value; infinity where no t, however large, is enough yet.

    Raises:
        Refused: A parameter is out of range.
    """
    checks.positive("df", df)
    log = -math.log(checks.between("alpha", alpha, 0, 1))
    growth = math.log1p(checks.positive("spread", spread))
    # On the boundary (1 + t^2/df) / (1 + t^2/df/(1 + spread)) = exp(needed); the left side stays below 1 + spread.
    needed = (2 * log + growth) / (df + 1)
    if needed >= growth:
        return math.inf
    return math.sqrt(df * math.expm1(needed) / -math.expm1(needed - growth))
