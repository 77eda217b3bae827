"""Post-stratification: arms compared within strata, put together by the strata's shares of all units.

Chance gives the arms different mixes of strata (countries, new and returning users); within strata that noise is gone.
Strata must be known before assignment. With shares known from outside, the result speaks for that population. With
shares taken from the units of both arms together, that these are a sample adds the multinomial variance of the shares.
CUPED works within strata: each stratum has its own slope, pooled over its arms (never over arms with different
slopes: what differs between arms is the effect), where it has the units for one.

References:
    Miratrix, Sekhon & Yu (2013), Adjusting treatment effect estimates by post-stratification in randomized experiments,
    JRSS B 75. Deng, Xu, Kohavi & Walker (2013), WSDM '13, section 3.2. Holt & Smith (1979), Post stratification, JRSS A
    142. Satterthwaite (1946), Biometrics 2 (degrees of freedom).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.results import ArmResult
from copilot_tools.stats.inference.arms import prepare
from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.means import mean_level
from copilot_tools.stats.inference.pair_estimates import pair_estimates
from copilot_tools.stats.inference.pair_results import AdjustedPair
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric

__all__ = ["post_stratified"]


class _Part(NamedTuple):
    share: float
    control: Level
    treatment: Level


def post_stratified(
    metric: Metric,
    strata: Mapping[str, Mapping[str, Moments]],
    control: str,
    treatment: str,
    *,
    shares: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    sides: int = 2,
) -> AdjustedPair:
    """Compare two arms within strata and put the strata together.

    Use it where a few strata known before assignment explain much of a mean or a proportion. Not for cuts by anything
    measured after assignment.

    Args:
        metric: A mean or a proportion; with a covariate, CUPED within each stratum.
        strata: Stratum -> arm -> moments of the metric's columns.
        control: Name of the control arm.
        treatment: Name of the treatment arm.
        shares: Stratum -> its known share of the population, relative to the others, above 0; None: the strata's
            shares of the units of both arms together, whose own uncertainty is then counted.
        alpha: Error rate, in (0, 0.5).
        sides: 2, or 1 in the metric's desired direction.

    Raises:
        Refused: A ratio (its strata do not add up by shares of units); a stratum without two units in each arm; shares
            that do not name the strata; or nothing varies.
    """
    checks.between("alpha", alpha, 0, 0.5)
    if metric.kind == "ratio":
        raise Refused.because(
            "strata.ratio",
            f"{metric.name} is a ratio of sums, which is no average over strata of the strata's ratios.",
            "Post-stratify its numerator as a mean, or compare the ratio with a covariate (CUPED) instead.",
            name="metric.kind",
            value="ratio",
        )
    refuse_if_any(_problems(strata, (control, treatment), shares))
    units = sum(m[arm].n for m in strata.values() for arm in (control, treatment))
    weighed = {
        name: float(shares[name]) if shares else (m[control].n + m[treatment].n) / units for name, m in strata.items()
    }
    whole = math.fsum(weighed.values())
    parts, adjusted = [], 0
    for name, m in strata.items():
        ready = prepare(metric, {arm: m[arm] for arm in (control, treatment)}, control)
        levels = [ready.levels[arm] for arm in (control, treatment)]
        bad = [level for level in levels if isinstance(level, Refusal)]
        if bad:
            raise Refused(*(r.model_copy(update={"reason": f"Stratum {name}: {r.reason}"}) for r in bad))
        parts.append(
            _Part(weighed[name] / whole, *(_sampled(level, metric) for level in levels if isinstance(level, Level)))
        )
        adjusted += ready.adjusted
    drawn = units if shares is None else None
    together = _together(parts, "control", drawn), _together(parts, "treatment", drawn)
    method = f"post-stratified over {len(strata)} strata ({'known' if shares else 'pooled'} shares)"
    if adjusted:
        method += ", CUPED" if adjusted == len(parts) else f", CUPED in {adjusted} of them"
    found = pair_estimates(*together, _df(parts), method, alpha=alpha, sides=sides, sign=metric.sign)
    plain = [
        mean_level(Moments.sum((m[arm] for m in strata.values()), len(metric.columns))) for arm in (control, treatment)
    ]
    before = plain[0].variance + plain[1].variance
    return AdjustedPair(
        control=_arm(control, plain[0]),
        treatment=_arm(treatment, plain[1]),
        absolute=found.absolute,
        relative=found.relative,
        relative_delta=found.delta,
        variance_reduction=1 - (together[0].variance + together[1].variance) / before if before > 0 else None,
        method=method,
    )


def _sampled(level: Level, metric: Metric) -> Level:
    """A proportion's variance with divisor n - 1: within small strata the difference counts."""
    if metric.kind != "proportion" or metric.covariate is not None:
        return level
    variance = level.variance * level.n / (level.n - 1)
    return Level(n=level.n, observed=level.observed, value=level.value, variance=variance, observed_variance=variance)


def _together(parts: list[_Part], side: str, units: int | None) -> Level:
    """One arm over all strata; ``shared`` is its covariance with the other arm."""
    mine = [p.control if side == "control" else p.treatment for p in parts]
    means = [
        math.fsum(p.share * level.value for p, level in zip(parts, levels, strict=True)) for levels in _both(parts)
    ]
    value = means[0] if side == "control" else means[1]
    own = math.fsum(p.share**2 * level.variance for p, level in zip(parts, mine, strict=True))
    shared = math.fsum(p.share**2 * level.shared for p, level in zip(parts, mine, strict=True))
    if units is not None:
        # Shares drawn with the units: multinomial, the same draw for both arms.
        spread = math.fsum(p.share * (level.value - value) ** 2 for p, level in zip(parts, mine, strict=True)) / units
        common = (
            math.fsum(p.share * (p.control.value - means[0]) * (p.treatment.value - means[1]) for p in parts) / units
        )
        own, shared = own + spread - common, shared + common
    observed = math.fsum(p.share * level.observed for p, level in zip(parts, mine, strict=True))
    return Level(
        n=sum(level.n for level in mine),
        observed=observed,
        value=value,
        variance=own,
        observed_variance=own + shared,
        shared=shared,
    )


def _both(parts: list[_Part]) -> tuple[list[Level], list[Level]]:
    return [p.control for p in parts], [p.treatment for p in parts]


def _df(parts: list[_Part]) -> float:
    terms = [(p.share**2 * level.variance, level.n - 1) for p in parts for level in (p.control, p.treatment)]
    total = math.fsum(v for v, _ in terms)
    return 1 / math.fsum((v / total) ** 2 / df for v, df in terms) if total > 0 else 1.0


def _arm(name: str, level: Level) -> ArmResult:
    return ArmResult(arm=name, n=level.n, value=level.observed, standard_error=math.sqrt(level.variance) or None)


def _problems(
    strata: Mapping[str, Mapping[str, Moments]], arms: tuple[str, str], shares: Mapping[str, float] | None
) -> list[Refusal]:
    found = []
    if not strata:
        found.append(Refusal(code="strata.no_strata", reason="There is no stratum.", cure="Give at least one."))
    for name, m in strata.items():
        for arm in arms:
            n = m[arm].n if arm in m else 0
            if n < 2:
                found.append(
                    Refusal(
                        code="strata.too_few_units",
                        reason=f"Stratum {name} has {n} units in {arm}, but needs at least 2 in each arm.",
                        cure="Merge it with a stratum like it. Leaving it out changes whom the result speaks for.",
                        name=name,
                        value=n,
                    )
                )
    if shares is not None:
        if set(shares) != set(strata):
            found.append(
                Refusal(
                    code="strata.shares",
                    reason=f"Shares are given for {', '.join(sorted(shares))}, but the strata are "
                    f"{', '.join(sorted(strata))}.",
                    cure="Give one share for each stratum.",
                    name="shares",
                )
            )
        for name, share in shares.items():
            if not (math.isfinite(share) and share > 0):
                found.append(
                    Refusal(
                        code="parameter.not_positive",
                        reason=f"The share of {name} is {share}, but must be above 0.",
                        cure="Leave out strata that are not part of the population, with their units.",
                        name="shares",
                        value=str(share),
                    )
                )
    return found
