"""Events per unit of exposure (orders a user-week, errors a thousand requests): the ratio of two rates.

Counts are Poisson only where events come singly and units are alike. Told how counts vary between units, the variance
is the one observed (quasi-Poisson, each arm with its own dispersion): that also covers negative binomial counts, whose
variance depends on the mean. Told nothing, Poisson is taken for granted, and the result says so.

References:
    Przyborowski & Wilenski (1940), Homogeneity of results in testing samples from Poisson series, Biometrika 31
    (conditional test). Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28. Gu, Ng, Tang &
    Schucany (2008), Testing the ratio of two Poisson rates, Biometrical Journal 50 (score). Böhning (1994), A note on a
    test for Poisson overdispersion, Biometrika 81. McCullagh & Nelder (1989), Generalized Linear Models, section 6.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Interval
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference._roots import root
from copilot_tools.stats.inference.proportions import Counts, wilson
from copilot_tools.stats.inference.single_proportion import clopper_pearson
from copilot_tools.stats.inference.tails import Alternative

__all__ = ["Dispersion", "Events", "RateMethod", "RateRatio", "dispersion", "rate_interval", "rate_ratio"]

RateMethod = Literal["auto", "exact", "score", "quasi-poisson"]

FEWEST_EXPECTED = 5
MOST_SKEWED = 0.1
FEWEST_UNITS = 10
"""Units per arm from which their spread may stand for the dispersion."""
OVERDISPERSED = 0.05
"""Level of the test that counts vary more than Poisson."""


class Events(NamedTuple):
    """One arm's events.

    Attributes:
        events: How many there were.
        exposure: Units, or time at risk, or any base that events are counted on; above 0.
        units: Units of randomization, where the counts of single units are known; else None.
        sd: Standard deviation (divisor n - 1) of events per unit over those units; else None.
    """

    events: int
    exposure: float
    units: int | None = None
    sd: float | None = None

    @property
    def rate(self) -> float:
        """Events per exposure."""
        return self.events / self.exposure

    @classmethod
    def checked(cls, events: float, exposure: float, units: float | None = None, sd: float | None = None) -> Events:
        """Events typed by a person.

        Raises:
            Refused: ``events`` is no count, ``exposure`` not above 0, or only one of ``units`` and ``sd`` is given.
        """
        if (units is None) != (sd is None):
            raise Refused.because(
                "counts.units_and_sd",
                "The number of units and the standard deviation of events per unit belong together: one is missing.",
                "Give both, or neither.",
                name="sd" if sd is None else "units",
            )
        found = cls(checks.count("events", events), checks.positive("exposure", exposure))
        if units is None or sd is None:
            return found
        if checks.finite("sd", sd) < 0:
            raise Refused.because("parameter.negative", f"sd is {sd}, but must be at least 0.", name="sd", value=sd)
        return found._replace(units=checks.count("units", units, at_least=2), sd=float(sd))


class Dispersion(NamedTuple):
    """How much counts of units vary, against Poisson.

    Attributes:
        factor: Variance over mean; 1 for Poisson.
        z: Böhning's statistic, standard normal for Poisson counts.
        p_value: One-sided, against varying more.
    """

    factor: float
    z: float
    p_value: float


class RateRatio(NamedTuple):
    """The ratio of two rates, treatment / control.

    Attributes:
        ratio: As observed, or why there is none.
        interval: Around the ratio.
        p_value: Of equal rates.
        statistic: Standard normal (or t) equivalent, positive when treatment is above.
        df: Degrees of freedom of a t; None for z.
        method: The field's name of the method.
        assumes_poisson: Whether the spread was taken from the Poisson distribution, not from the units.
    """

    ratio: float | Refusal
    interval: Interval
    p_value: float
    statistic: float
    df: float | None
    method: str
    assumes_poisson: bool


def dispersion(arm: Events) -> Dispersion | None:
    """Variance of events per unit over their mean, with Böhning's test; None where the units are not known.

    Example:
        >>> found = dispersion(Events(events=500, exposure=1000, units=1000, sd=0.9))
        >>> round(found.factor, 2), round(found.z, 1)
        (1.62, 13.9)
    """
    if arm.units is None or arm.sd is None or arm.events == 0:
        return None
    factor = arm.sd**2 / (arm.events / arm.units)
    z = math.sqrt((arm.units - 1) / 2) * (factor - 1)
    return Dispersion(factor, z, tails.p_value(z, "greater"))


def rate_interval(arm: Events, *, alpha: float = 0.05) -> Interval:
    """Garwood's exact interval for one Poisson rate, in events per exposure; covers at least 1 - ``alpha``.

    Raises:
        Refused: ``alpha`` is not between 0 and 1.

    Example:
        >>> found = rate_interval(Events(events=10, exposure=1))
        >>> round(found.low, 3), round(found.high, 3)
        (4.795, 18.39)
    """
    tail = checks.between("alpha", alpha, 0, 1) / 2
    low = 0.0 if arm.events == 0 else float(special.gammaincinv(arm.events, tail))
    high = float(special.gammainccinv(arm.events + 1, tail))
    return Interval(low=low / arm.exposure, high=high / arm.exposure, level=round(1 - alpha, 12))


def rate_ratio(
    control: Events,
    treatment: Events,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    method: RateMethod = "auto",
) -> RateRatio:
    """Compare two rates: their ratio, its interval, and the test that agrees with it.

    Use it where one unit can have several events; for yes/no outcomes ``compare_arms`` with a proportion.

    Args:
        control: Events and exposure, with the units' spread where it is known.
        treatment: The same.
        alpha: 1 - coverage, in (0, 1).
        alternative: Which ends are bounded, and the sides of the p-value.
        method: "exact" (conditional on the total) and "score" take Poisson for granted; "quasi-poisson" takes the
            variance from the units. "auto": quasi-Poisson where the units' counts vary more than Poisson in either arm
            (5% test); else exact where fewer than 5 events are expected in an arm or the statistic is skewed; else
            score.

    Raises:
        Refused: No events at all; a Poisson method is asked for although counts vary more than that; quasi-Poisson
            without the units' spread, or with too few units or events to judge by.

    Example:
        Boice and Monson: breast cancer and X-rays, 41 cases in 28,010 woman-years against 15 in 19,017.

        >>> found = rate_ratio(Events(15, 19017), Events(41, 28010), method="exact")
        >>> round(found.ratio, 3), round(found.interval.low, 3), round(found.interval.high, 3)
        (1.856, 1.006, 3.609)
    """
    checks.between("alpha", alpha, 0, 1)
    total = control.events + treatment.events
    if total == 0:
        raise Refused.because(
            "counts.no_events",
            "There is no event in either arm, so the ratio of the rates is not determined.",
            "Wait for events, or read each arm's own interval.",
            name="events",
            value=0,
        )
    found = [dispersion(a) for a in (control, treatment)]
    over = [d for d in found if d is not None and d.p_value < OVERDISPERSED]
    if method in {"exact", "score"} and over:
        raise Refused.because(
            "counts.overdispersed",
            f"Events vary more between units than Poisson allows (variance {max(d.factor for d in over):.2f} times the "
            f'mean), so the method "{method}" would understate the error.',
            'Use the method "quasi-poisson".',
            name="method",
            value=method,
        )
    if method == "quasi-poisson" or (method == "auto" and over):
        return _quasi(control, treatment, alpha, alternative)
    share = treatment.exposure / (control.exposure + treatment.exposure)
    if method == "auto":
        skewness = abs(1 - 2 * share) / math.sqrt(total * share * (1 - share))
        few = total * min(share, 1 - share) < FEWEST_EXPECTED
        method = "exact" if few or skewness > MOST_SKEWED else "score"
    return _conditional(control, treatment, share, alpha, alternative, exact=method == "exact")


def _conditional(
    control: Events, treatment: Events, share: float, alpha: float, alternative: Alternative, *, exact: bool
) -> RateRatio:
    """Given the total, treatment's events are binomial: exact tails, or the score test (Wilson's interval)."""
    total = control.events + treatment.events
    arm = Counts(treatment.events, total)
    critical = tails.critical_value(alpha, 2 if alternative == "two-sided" else 1)
    if exact:
        above = 1.0 if arm.successes == 0 else float(special.betainc(arm.successes, control.events + 1, share))
        below = 1.0 if control.events == 0 else float(special.betaincc(arm.successes + 1, control.events, share))
        z = max(0.0, -float(special.ndtri(above))) if above <= below else min(0.0, float(special.ndtri(below)))
        one = above if alternative == "greater" else below
        p = min(1.0, 2 * min(above, below)) if alternative == "two-sided" else one
        ends = clopper_pearson(arm, float(special.ndtr(-critical)))
    else:
        z = (arm.successes - total * share) / math.sqrt(total * share * (1 - share))
        p = tails.p_value(z, alternative)
        ends = wilson(arm, critical)
    base = control.exposure / treatment.exposure
    low, high = (math.inf if end >= 1 else end / (1 - end) * base for end in ends)
    return RateRatio(
        ratio=_observed(control, treatment),
        interval=_bounded(low, high, alpha, alternative),
        p_value=p,
        statistic=z,
        df=None,
        method="Poisson, exact conditional" if exact else "Poisson, score",
        assumes_poisson=True,
    )


def _quasi(control: Events, treatment: Events, alpha: float, alternative: Alternative) -> RateRatio:
    """The score test with each arm's variance multiplied by its dispersion (at least 1), against Student's t."""
    found = [dispersion(a) for a in (control, treatment)]
    spread = []
    for arm, d, name in zip((control, treatment), found, ("control", "treatment"), strict=True):
        if d is None or arm.units is None or arm.units < FEWEST_UNITS:
            raise Refused.because(
                "counts.dispersion_unknown",
                f"How much events vary between the units of {name} is not known: it takes at least one event and the "
                f"standard deviation over at least {FEWEST_UNITS} units.",
                "Give units and sd of each arm, or wait for more units.",
                name=name,
                value=arm.units,
            )
        spread.append((max(1.0, d.factor), arm.units))
    (f0, n0), (f1, n1) = spread
    share = treatment.exposure / (control.exposure + treatment.exposure)
    total = control.events + treatment.events
    effective = min(total * share / f1, total * (1 - share) / f0)
    if effective < FEWEST_EXPECTED:
        raise Refused.because(
            "counts.too_few_events",
            f"The events expected in an arm, {effective:.1f} after dividing by how much more than Poisson they vary, "
            f"are fewer than {FEWEST_EXPECTED}: neither the Poisson nor the large-sample method holds.",
            "Wait for more events.",
            name="events",
            value=total,
        )
    t0, t1 = control.exposure, treatment.exposure
    v0, v1 = f0 / t0, f1 / t1
    df = (v0 + v1) ** 2 / (v0**2 / (n0 - 1) + v1**2 / (n1 - 1))
    critical = tails.critical_value(alpha, 2 if alternative == "two-sided" else 1, df)

    def score(log_ratio: float) -> float:
        r = math.exp(log_ratio)
        rate = total / (t0 + r * t1)
        return (treatment.rate - r * control.rate) / math.sqrt(r * rate * (f1 / t1 + r * f0 / t0))

    t = score(0.0)
    low = 0.0 if treatment.events == 0 else math.exp(_where(score, critical))
    high = math.inf if control.events == 0 else math.exp(_where(score, -critical))
    return RateRatio(
        ratio=_observed(control, treatment),
        interval=_bounded(low, high, alpha, alternative),
        p_value=tails.p_value(t, alternative, df),
        statistic=t,
        df=df,
        method="quasi-Poisson, score, dispersion by arm",
        assumes_poisson=False,
    )


def _where(score: Callable[[float], float], level: float) -> float:
    """The log ratio at which the score, falling as the ratio grows, is ``level``; 60 away at most."""
    low, high = -1.0, 1.0
    while score(low) < level and low > -60:
        low *= 2
    while score(high) > level and high < 60:
        high *= 2
    # "Equal rates" is weighed first, so that the end lies on the side of it that the test says.
    low, high = (0.0, high) if score(0.0) >= level else (low, 0.0)
    return root(lambda v: score(v) - level, low, high, tolerance=1e-13)


def _observed(control: Events, treatment: Events) -> float | Refusal:
    if control.events:
        return treatment.rate / control.rate
    return Refusal(
        code="relative.control_zero",
        reason="Control has no event, so the ratio of the rates has no size.",
        cure="Read the lower end of the interval, or wait until control has events.",
        name="control",
        value=0,
    )


def _bounded(low: float, high: float, alpha: float, alternative: Alternative) -> Interval:
    return Interval(
        low=0.0 if alternative == "less" else low,
        high=math.inf if alternative == "greater" else high,
        level=round(1 - alpha, 12),
    )
