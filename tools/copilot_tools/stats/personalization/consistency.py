"""Consistency: do time cohorts and model versions show one effect, so that they may be pooled?

A personalization that is retrained while it is tested is several treatments. Versions are compared with each other,
and the cohorts within each version; all tests together share one error rate (Holm). Where they disagree in size or in
sign there is no pooled effect: it would be the effect of nothing anybody can ship.

References:
    As ``heterogeneity``; Hedges & Olkin (1985), Statistical Methods for Meta-Analysis, chapter 7 (between and within).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats import formats
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.personalization.effects import Effect, effect_of
from copilot_tools.stats.personalization.findings import Consistency, Heterogeneity, VersionEffect
from copilot_tools.stats.personalization.given import Cohort
from copilot_tools.stats.personalization.heterogeneity import heterogeneity, qualitative_interaction
from copilot_tools.stats.personalization.parts import Scale

__all__ = ["consistency"]


def consistency(
    cohorts: Sequence[Cohort], *, scale: Scale = "absolute", level: float = 0.01, alpha: float = 0.05
) -> Consistency:
    """Compare versions, and cohorts within versions; pool where nothing speaks against it.

    Args:
        cohorts: One entry a cohort and version, of distinct units.
        scale: "absolute" where a lift is expected to add the same to every cohort, "relative" to multiply it.
        level: Chance that cohorts and versions with one effect are called inconsistent, in (0, 1).
        alpha: Intervals cover 1 - alpha.

    Raises:
        Refused: No cohort, one listed twice, or one without a usable effect (too few units or conversions).
    """
    checks.between("level", level, 0, 1)
    checks.between("alpha", alpha, 0, 1)
    _refuse_repeats(cohorts)
    by_version: dict[str, list[Effect]] = {}
    for c in cohorts:
        name = f"cohort {c.cohort}" + (f", version {c.version}" if c.version else "")
        by_version.setdefault(c.version, []).append(effect_of(c.control, c.treatment, scale, name))
    within = {version: heterogeneity(effects) for version, effects in by_version.items()}
    pooled_versions = [Effect(h.pooled, h.variance, h.df or math.inf) for h in within.values()]
    between = heterogeneity(pooled_versions) if len(within) > 1 else None
    cells = [e for effects in by_version.values() for e in effects]
    opposite = qualitative_interaction([e.z for e in cells]) if len(cells) > 1 else None
    tests = [(f"the cohorts of version {v}" if v else "cohorts", h.p_value) for v, h in within.items() if h.parts > 1]
    if between is not None:
        tests.append(("versions", between.p_value))
    if opposite is not None:
        tests.append(("the signs of the cells", opposite))
    corrected = holm([p for _, p in tests]).tolist() if tests else []
    spoke = [(name, p) for (name, _), p in sorted(zip(tests, corrected, strict=True), key=lambda t: t[1]) if p < level]
    versions = tuple(
        VersionEffect(
            version=version,
            cohorts=h.parts,
            effect=_estimate(h, scale, alpha),
            cohorts_p=h.p_value if h.parts > 1 else None,
        )
        for version, h in within.items()
    )
    whole = heterogeneity(pooled_versions)
    confounded = len(within) > 1 and len({c.cohort for c in cohorts}) == len(cohorts)
    return Consistency(
        consistent=not spoke,
        versions=versions,
        smallest_p=min(corrected) if corrected else None,
        between_versions=between,
        opposite_p=opposite,
        confounded=confounded,
        pooled=_refusal(spoke[0]) if spoke else _estimate(whole, scale, alpha),
        sentence=_sentence(spoke, corrected, len(cells), confounded=confounded),
    )


def _refuse_repeats(cohorts: Sequence[Cohort]) -> None:
    names = [(c.cohort, c.version) for c in cohorts]
    if not names:
        raise Refused.because("parts.none", "There is no cohort.", "Give at least one.", name="cohorts")
    for cohort, version in names:
        if names.count((cohort, version)) > 1:
            raise Refused.because(
                "consistency.cohort_twice",
                f"Cohort {cohort!r} of version {version!r} stands there twice.",
                "Add its figures up, or give the two names of their own.",
                name="cohorts",
                value=cohort,
            )


def _estimate(h: Heterogeneity, scale: Scale, alpha: float) -> Estimate:
    error = math.sqrt(h.variance)
    reach = tails.critical_value(alpha, 2, h.df) * error
    low, value, high = h.pooled - reach, h.pooled, h.pooled + reach
    if scale == "relative":
        low, value, high = math.expm1(low), math.expm1(value), math.expm1(high)
        error *= 1 + value
    return Estimate(
        value=value,
        standard_error=error,
        interval=Interval(low=low, high=high, level=1 - alpha),
        p_value=tails.p_value(h.pooled / math.sqrt(h.variance), "two-sided", h.df),
        statistic=h.pooled / math.sqrt(h.variance),
        df=h.df,
        scale=scale,
        method="precision-weighted" + (" (log ratio)" if scale == "relative" else ""),
    )


def _refusal(spoke: tuple[str, float]) -> Refusal:
    name, p = spoke
    return Refusal(
        code="consistency.not_poolable",
        reason=f"No pooled effect: {name} do not share one effect ({formats.p_value(p)}, corrected).",
        cure="Report versions and cohorts apart, and test the version that is to ship by itself.",
        name="cohorts",
        value=p,
    )


def _sentence(spoke: list[tuple[str, float]], corrected: list[float], cells: int, *, confounded: bool) -> str:
    tail = " Versions share no cohort, so a difference may be the version's or the time's." if confounded else ""
    if not corrected:
        return "There is one cohort of one version, so nothing can be held against anything."
    if spoke:
        listed = ", ".join(f"{name} ({formats.p_value(p)})" for name, p in spoke)
        return f"Not consistent, so not pooled: {listed}.{tail}"
    return (
        f"Over {cells} cells no test of cohorts, versions or signs speaks against one effect (smallest corrected "
        f"{formats.p_value(min(corrected))}); that is no proof that they are the same.{tail}"
    )
