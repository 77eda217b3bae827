"""Simpson's reversal: does the effect turn round once like is compared with like?

For each segment (and for days) the effect within parts is averaged with the weights of Mantel and Haenszel and
compared with the effect over everyone. Under sound randomization the two agree; they part when the arms are mixed
differently, as after a ramp-up or without randomization.

Alarm levels: serious where the two have opposite signs and that is not chance: one of them is significant at the plan's
alpha, or the mix of parts differs between the arms below p = .001 (Bonferroni over segments). A note where single
parts, not the whole, point the other way below p = .01 (Holm over all parts). Parts defined by something measured
after assignment are left out.

References:
    Mantel & Haenszel (1959), Statistical aspects of the analysis of data from retrospective studies, JNCI 22.
    Bickel, Hammel & O'Connell (1975), Sex bias in graduate admissions: data from Berkeley, Science 187.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.results import Objection, Slice
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.inference.tails import p_value
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import AnalysisSpec, Arm, Metric
from copilot_tools.stats.validity._attack import Attack, listed, plural
from copilot_tools.stats.validity._contrast import Contrast, difference
from copilot_tools.stats.validity._contrast import level as level_of
from copilot_tools.stats.validity.post_assignment import dimensions_before_assignment

__all__ = ["ATTACK", "simpson"]

ATTACK = Attack("simpson", "Reversal in parts")


class _Part(NamedTuple):
    level: str
    control: Moments
    treatment: Moments
    contrast: Contrast


class _Stratified(NamedTuple):
    """One dimension, one treatment arm."""

    arm: Arm
    dimension: str
    whole: Contrast
    adjusted: Contrast
    p_mix: float
    parts: tuple[_Part, ...]

    @property
    def turned(self) -> tuple[_Part, ...]:
        """Parts whose effect has the other sign than the whole."""
        return tuple(p for p in self.parts if p.contrast.effect * self.whole.effect < 0)


def simpson(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Compare the primary effect over everyone with the effect within parts, for every segment and arm."""
    dimensions = dimensions_before_assignment(spec, evidence)
    if not dimensions:
        return ATTACK.cannot("there is no segment known before assignment to compare within")
    found = [s for d in dimensions for arm in spec.treatments if (s := _stratified(spec, evidence, d, arm)) is not None]
    if not found:
        return ATTACK.cannot(f"no part by {listed(dimensions)} has {spec.primary.name} varying in both arms")
    reversals = [s for s in found if _reversed(spec, s, len(found))]
    units = min(p.control.n + p.treatment.n for s in found for p in s.parts)
    if reversals:
        worst = max(reversals, key=lambda s: len(s.turned) / len(s.parts))
        return ATTACK.finds(
            "serious",
            _named(spec, worst),
            value=worst.adjusted.effect,
            unit="effect within parts",
            details=tuple(_line(spec, worst, p) for p in worst.parts[:12]),
            units=units,
        )
    return _single_parts(spec, found, units)


def _stratified(spec: AnalysisSpec, evidence: Evidence, dimension: str, arm: Arm) -> _Stratified | None:
    metric = spec.primary
    parts, pairs = [], []
    for name in evidence.levels(dimension):
        part = Slice(dimension=dimension, level=name)
        control, treatment = (evidence.moments_of(metric.name, a, part) for a in (spec.control, arm.name))
        pairs.append((control.n if control else 0, treatment.n if treatment else 0))
        if control is None or treatment is None or not control.n or not treatment.n:
            continue
        try:
            parts.append(_Part(name, control, treatment, difference(metric, control, treatment)))
        except Refused:
            continue  # a part that does not vary says nothing about a difference; its units still count in the mix
    control, treatment = (evidence.moments_of(metric.name, a) for a in (spec.control, arm.name))
    if len(parts) < 2 or control is None or treatment is None:
        return None
    weights = [p.control.n * p.treatment.n / (p.control.n + p.treatment.n) for p in parts]
    total = math.fsum(weights)
    effect = math.fsum(w * p.contrast.effect for w, p in zip(weights, parts, strict=True)) / total
    variance = math.fsum(w * w * p.contrast.variance for w, p in zip(weights, parts, strict=True)) / total**2
    return _Stratified(
        arm=arm,
        dimension=dimension,
        whole=difference(metric, control, treatment),
        adjusted=Contrast(effect, variance),
        p_mix=_same_mix(pairs),
        parts=tuple(parts),
    )


def _same_mix(pairs: list[tuple[int, int]]) -> float:
    """P-value that two arms share one mix of parts (Pearson's chi-square on the parts' counts)."""
    pairs = [p for p in pairs if sum(p)]
    n0, n1 = (sum(p[i] for p in pairs) for i in (0, 1))
    statistic = math.fsum(
        (seen - expected) ** 2 / expected
        for a, b in pairs
        for seen, expected in ((a, (a + b) * n0 / (n0 + n1)), (b, (a + b) * n1 / (n0 + n1)))
    )
    return float(special.chdtrc(len(pairs) - 1, statistic))


def _reversed(spec: AnalysisSpec, found: _Stratified, tests: int) -> bool:
    if found.whole.effect * found.adjusted.effect >= 0:
        return False
    level = ATTACK.level.serious or 0.0
    surest = min(p_value(found.whole.z), p_value(found.adjusted.z))
    return surest < spec.alpha / tests or found.p_mix < level / tests


def _named(spec: AnalysisSpec, found: _Stratified) -> str:
    metric = spec.primary
    whole, within = (formats.effect_size(metric, c.effect, "absolute") for c in (found.whole, found.adjusted))
    turned = listed([p.level for p in found.turned], at_most=8) if found.turned else "none by itself"
    return (
        f"The result turns round by {found.dimension}: over everyone {found.arm.text} stands at {whole} against "
        f"{spec.arm(spec.control).text}, but compared within the same {found.dimension} at {within}; "
        f"{len(found.turned)} of {plural(len(found.parts), 'part')} point the other way ({turned}). The arms are mixed "
        f"differently ({formats.p_value(found.p_mix)}), so the figure over everyone misleads."
    )


def _line(spec: AnalysisSpec, found: _Stratified, part: _Part) -> str:
    metric = spec.primary
    return (
        f"{found.dimension} = {part.level}: {found.arm.text} {_level(metric, part.treatment)}, "
        f"{spec.arm(spec.control).text} {_level(metric, part.control)} "
        f"({formats.effect_size(metric, part.contrast.effect, 'absolute')})."
    )


def _level(metric: Metric, moments: Moments) -> str:
    return f"{formats.level(metric, level_of(metric, moments))} of {formats.count(moments.n)}"


def _single_parts(spec: AnalysisSpec, found: list[_Stratified], units: int) -> Objection:
    """No reversal of the whole: say whether single parts point the other way by more than chance."""
    every = [(s, p) for s in found for p in s.parts]
    corrected = holm([p_value(p.contrast.z) for _, p in every]).tolist()
    against = [
        (q, s, p)
        for q, (s, p) in zip(corrected, every, strict=True)
        if p.contrast.effect * s.whole.effect < 0 and ATTACK.level.severity(q, "note") == "note"
    ]
    names = listed(list(dict.fromkeys(s.dimension for s in found)))
    if not against:
        widest = max(found, key=lambda s: abs(s.whole.effect - s.adjusted.effect))
        whole, within = (
            formats.effect_size(spec.primary, c.effect, "absolute") for c in (widest.whole, widest.adjusted)
        )
        sentence = (
            f"No reversal by {names}: {widest.arm.text} stands at {whole} over everyone and at {within} within the "
            f"same {widest.dimension}."
        )
        return ATTACK.finds("none", sentence, value=widest.adjusted.effect, unit="effect within parts", units=units)
    q, stratified, part = min(against, key=lambda a: a[0])
    sentence = (
        f"In {plural(len(against), 'part')} the effect points the other way by more than chance; most clearly "
        f"{_line(spec, stratified, part).rstrip('.')} ({formats.p_value(q)} corrected for "
        f"{plural(len(every), 'part')})."
    )
    return ATTACK.finds(
        "note",
        sentence,
        value=q,
        unit="p",
        details=tuple(_line(spec, s, p) for _, s, p in against[:12]),
        units=part.control.n + part.treatment.n,
    )
