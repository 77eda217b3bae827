"""Two arms within strata, and what is common to all strata: what stands against Simpson's reversal.

References:
    Mantel & Haenszel (1959), Statistical aspects of the analysis of data from retrospective studies, JNCI 22.
    Robins, Breslow & Greenland (1986), Estimators of the Mantel-Haenszel variance, Biometrics 42.
    Sato (1989), On the variance estimator for the Mantel-Haenszel risk difference, Biometrics 45.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, erfc

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats.inference.omnibus import ChiSquare

__all__ = ["CommonEffect", "Stratum", "mantel_haenszel"]

Floats = npt.NDArray[np.float64]


class Stratum(Frozen):
    """Two arms in one stratum.

    Attributes:
        level: The stratum, as people read it.
        treatment_successes: Successes of the treatment arm.
        treatment_n: Its units.
        control_successes: Successes of the control arm.
        control_n: Its units.
    """

    level: str
    treatment_successes: int
    treatment_n: int
    control_successes: int
    control_n: int


class CommonEffect(Frozen):
    """What treatment does within strata, pooled over them (weights of Mantel and Haenszel).

    Attributes:
        strata: Strata that carry information on the odds ratio (both outcomes and both arms present).
        test: Cochran-Mantel-Haenszel test of no association within strata, 1 degree of freedom.
        odds_ratio: Common odds ratio, treatment over control; or why there is none.
        odds_ratio_interval: On the odds-ratio scale (Robins, Breslow & Greenland); or why there is none.
        difference: Common difference of proportions, treatment minus control, as a share (Sato's variance); or why
            there is none.
    """

    strata: int
    test: ChiSquare
    odds_ratio: float | Refusal
    odds_ratio_interval: Interval | Refusal
    difference: Estimate | Refusal


def mantel_haenszel(strata: Iterable[Stratum], *, alpha: float = 0.05, correction: bool = True) -> CommonEffect:
    """Compare two arms within strata: Cochran-Mantel-Haenszel test, common odds ratio and common difference.

    Use it where arms may be mixed differently over strata known before assignment, and to see whether the overall
    effect turns round within them.

    Args:
        strata: Counts of both arms per stratum.
        alpha: The intervals cover 1 - alpha.
        correction: Continuity correction of 1/2 in the test, R's default in ``mantelhaen.test``.

    Raises:
        Refused: A count is none, an arm is empty in a stratum, or no stratum holds both outcomes.
    """
    tables = tuple(strata)
    checks.between("alpha", alpha, 0, 1)
    refuse_if_any(_bad_strata(tables))
    a = np.array([s.treatment_successes for s in tables], dtype=np.float64)
    c = np.array([s.control_successes for s in tables], dtype=np.float64)
    n1 = np.array([s.treatment_n for s in tables], dtype=np.float64)
    n0 = np.array([s.control_n for s in tables], dtype=np.float64)
    total, units = a + c, n1 + n0
    expected = n1 * total / units
    variance = n1 * n0 * total * (units - total) / (units**2 * (units - 1))
    if not variance.sum() > 0:
        raise Refused.because(
            "strata.no_variation",
            "In every stratum all units or none succeeded, so there is nothing to compare.",
            "Wait for more units, or check the column of successes.",
            name="successes",
            value=int(total.sum()),
        )
    gap = abs(float((a - expected).sum()))
    # R: the correction never carries the statistic past zero.
    statistic = (gap - (min(0.5, gap) if correction else 0.0)) ** 2 / float(variance.sum())
    test = ChiSquare(
        statistic=statistic,
        df=1,
        p_value=float(chdtrc(1, statistic)),
        smallest_expected=float((np.minimum(n1, n0) * np.minimum(total, units - total) / units).min()),
        method="Cochran-Mantel-Haenszel" + (" with continuity correction" if correction else ""),
    )
    odds_ratio, interval = _odds_ratio(a, c, n1, n0, alpha)
    return CommonEffect(
        strata=int((variance > 0).sum()),
        test=test,
        odds_ratio=odds_ratio,
        odds_ratio_interval=interval,
        difference=_difference(a, c, n1, n0, alpha),
    )


def _odds_ratio(
    a: Floats, c: Floats, n1: Floats, n0: Floats, alpha: float
) -> tuple[float | Refusal, Interval | Refusal]:
    b, d, units = n1 - a, n0 - c, n1 + n0
    r, s = a * d / units, b * c / units
    if not r.sum() > 0 or not s.sum() > 0:
        size, treated, untreated = (
            ("0", "success", "failure") if not r.sum() > 0 else ("infinite", "failure", "success")
        )
        refusal = Refusal(
            code="strata.no_odds_ratio",
            reason=f"The common odds ratio is {size}: in every stratum the treatment arm has no {treated} "
            f"or control has no {untreated}.",
            cure="Read the common difference of proportions instead, or wait for more units.",
            name="odds_ratio",
        )
        return refusal, refusal
    p, q = (a + d) / units, (b + c) / units
    rs, ss = float(r.sum()), float(s.sum())
    variance = float((p * r).sum() / (2 * rs**2) + (p * s + q * r).sum() / (2 * rs * ss) + (q * s).sum() / (2 * ss**2))
    ratio = rs / ss
    spread = math.exp(NormalDist().inv_cdf(1 - alpha / 2) * math.sqrt(variance))
    return ratio, Interval(low=ratio / spread, high=ratio * spread, level=1 - alpha)


def _difference(a: Floats, c: Floats, n1: Floats, n0: Floats, alpha: float) -> Estimate | Refusal:
    units = n1 + n0
    weight = float((n1 * n0 / units).sum())
    value = float(((a * n0 - c * n1) / units).sum()) / weight
    p = ((n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / units**2).sum()
    q = ((a * (n0 - c) + c * (n1 - a)) / (2 * units)).sum()
    variance = float(value * p + q) / weight**2
    if not variance > 0:
        return Refusal(
            code="strata.no_variance",
            reason="Within strata the arms differ completely, so the common difference has no standard error.",
            cure="Wait for more units.",
            name="difference",
        )
    error = math.sqrt(variance)
    half = NormalDist().inv_cdf(1 - alpha / 2) * error
    return Estimate(
        value=value,
        standard_error=error,
        interval=Interval(low=value - half, high=value + half, level=1 - alpha),
        p_value=float(erfc(abs(value / error) / math.sqrt(2))),
        statistic=value / error,
        scale="absolute",
        method="Mantel-Haenszel difference of proportions (Sato)",
    )


def _bad_strata(tables: tuple[Stratum, ...]) -> Iterable[Refusal]:
    if not tables:
        yield Refusal(
            code="strata.no_strata",
            reason="There is no stratum to compare the arms in.",
            cure="Give at least one stratum with both arms.",
            name="strata",
        )
    for s in tables:
        for name, x, n in (
            ("treatment", s.treatment_successes, s.treatment_n),
            ("control", s.control_successes, s.control_n),
        ):
            try:
                checks.successes(
                    f"successes of {name} in {s.level}", x, checks.count(f"n of {name} in {s.level}", n, at_least=1)
                )
            except Refused as refused:
                yield from refused.refusals
