"""Several arms at once, and two arms over several strata.

``equal_proportions`` asks whether any of k arms differs from the others; ``mantel_haenszel`` compares two arms within
strata and pools what is common, which is what stands against Simpson's reversal.

References:
    Fleiss (1981), Statistical Methods for Rates and Proportions, 2nd ed., chapter 9.
    Mantel & Haenszel (1959), Statistical aspects of the analysis of data from retrospective studies, JNCI 22.
    Robins, Breslow & Greenland (1986), Estimators of the Mantel-Haenszel variance, Biometrics 42.
    Sato (1989), On the variance estimator for the Mantel-Haenszel risk difference, Biometrics 45.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, erfc

from copilot_tools import checks
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.results import Estimate, Interval, Slice
from copilot_tools.stats.evidence import Evidence

__all__ = [
    "ChiSquare",
    "CommonEffect",
    "Stratum",
    "equal_proportions",
    "equal_proportions_by",
    "mantel_haenszel",
    "strata_of",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


class ChiSquare(Frozen):
    """A chi-square test.

    Attributes:
        statistic: Chi-square.
        df: Degrees of freedom.
        p_value: Chance of a statistic at least this large when nothing differs.
        smallest_expected: Smallest expected count of the table; below 5 the approximation is rough.
        method: The field's name of the test.
    """

    statistic: float
    df: int
    p_value: float
    smallest_expected: float
    method: str


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


def equal_proportions(successes: Sequence[int], n: Sequence[int]) -> ChiSquare:
    """Pearson's chi-square test that k arms share one proportion (no continuity correction).

    Args:
        successes: Successes per arm.
        n: Units per arm, each above 0.

    Raises:
        Refused: Fewer than two arms, an arm without units, counts that are none, or no arm (or every unit) succeeded,
            so that there is nothing to compare.

    Example:
        >>> test = equal_proportions([83, 90, 129, 70], [86, 93, 136, 82])  # Fleiss (1981): smokers among patients
        >>> round(test.statistic, 4), test.df, round(test.p_value, 6)
        (12.6004, 3, 0.005585)
    """
    if len(successes) != len(n) or len(n) < 2:
        raise Refused.because(
            "omnibus.too_few_arms",
            f"There are {len(successes)} counts of successes for {len(n)} arms, but at least 2 arms are needed.",
            "Give one count of successes and one of units per arm, for two arms or more.",
            name="n",
            value=len(n),
        )
    problems: list[Refusal] = []
    for i, (x, size) in enumerate(zip(successes, n, strict=True), start=1):
        try:
            checks.successes(f"successes of arm {i}", x, checks.count(f"n of arm {i}", size, at_least=1))
        except Refused as refused:
            problems.extend(refused.refusals)
    refuse_if_any(problems)
    total, units = sum(successes), sum(n)
    if total in {0, units}:
        raise _no_variation("No unit in any arm" if total == 0 else "Every unit in every arm", total)
    statistic, df, p_value, expected = equal_proportions_by(
        np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64), np.zeros(len(n), dtype=np.intp), 1
    )
    return ChiSquare(
        statistic=float(statistic[0]),
        df=int(df[0]),
        p_value=float(p_value[0]),
        smallest_expected=float(expected[0]),
        method="Pearson chi-square test of equal proportions",
    )


def equal_proportions_by(
    successes: Floats, n: Floats, group: Codes, groups: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """The same test for many groups of arms at once, as arrays.

    Args:
        successes: Successes per arm, all groups one after the other.
        n: Units per arm, each above 0.
        group: Per arm, the number (from 0) of its group.
        groups: How many groups there are.

    Returns:
        Per group: chi-square, degrees of freedom, p-value, smallest expected count. The first and third are NaN where
        the group cannot be tested (fewer than two arms; no success or nothing but successes): callers turn NaN into a
        refusal, never into a number.
    """
    df = np.bincount(group, minlength=groups).astype(np.float64) - 1
    units = np.bincount(group, weights=n, minlength=groups)
    total = np.bincount(group, weights=successes, minlength=groups)
    testable = (df >= 1) & (total > 0) & (total < units)
    pooled = np.divide(total, units, out=np.full(groups, np.nan), where=testable)
    share = pooled[group]
    squares = (successes - n * share) ** 2 / (n * share * (1 - share))
    statistic = np.bincount(group, weights=squares, minlength=groups).astype(np.float64)
    expected = np.full(groups, np.inf)
    with np.errstate(invalid="ignore"):  # NaN marks a group that cannot be tested
        np.minimum.at(expected, group, n * np.minimum(share, 1 - share))
    p_value = np.full(groups, np.nan)
    p_value[testable] = chdtrc(df[testable], statistic[testable])
    return statistic, df, p_value, expected


def strata_of(evidence: Evidence, metric: str, treatment: str, control: str, dimension: str) -> tuple[Stratum, ...]:
    """The two arms' counts of a proportion in every level of one dimension, from evidence.

    A level in which one of the arms has no units is left out: it compares nothing.

    Raises:
        Refused: No level holds both arms.
    """
    found = []
    for level in evidence.levels(dimension):
        part = Slice(dimension=dimension, level=level)
        a, b = evidence.moments_of(metric, treatment, part), evidence.moments_of(metric, control, part)
        if a is None or b is None or not a.n or not b.n:
            continue
        found.append(
            Stratum(
                level=level,
                treatment_successes=round(a.mean[0] * a.n),
                treatment_n=a.n,
                control_successes=round(b.mean[0] * b.n),
                control_n=b.n,
            )
        )
    if not found:
        raise Refused.because(
            "omnibus.no_strata",
            f"No level of {dimension!r} holds units of both {treatment!r} and {control!r}.",
            "Check the name of the stratum, or compare the arms as a whole.",
            name="dimension",
            value=dimension,
        )
    return tuple(found)


def mantel_haenszel(strata: Iterable[Stratum], *, alpha: float = 0.05, correction: bool = True) -> CommonEffect:
    """Compare two arms within strata: Cochran-Mantel-Haenszel test, common odds ratio and common difference.

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
        raise _no_variation("In every stratum all units or none", int(total.sum()))
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
            code="omnibus.no_odds_ratio",
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
            code="omnibus.no_variance",
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
            code="omnibus.no_strata",
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


def _no_variation(who: str, total: int) -> Refused:
    return Refused.because(
        "omnibus.no_variation",
        f"{who} succeeded, so there is nothing to compare.",
        "Wait for more units, or check the column of successes.",
        name="successes",
        value=total,
    )
