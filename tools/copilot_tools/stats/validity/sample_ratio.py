"""Sample ratio: do the arms have the units they were configured to have?

A mismatch means that units were lost or added by arm, so the arms no longer differ by the treatment alone.

Alarm levels: everyone, as found: blocking below p = .001, serious below .01. The units analysed after policy and
activation: blocking below .001. Segments and days: serious below .001, a note below .01, after Holm's correction over
all of them; parts defined by something measured after assignment are left out, because the treatment may move them.

References:
    Fabijan et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments, KDD '19.
"""

from __future__ import annotations

from copilot_tools.refusals import Refused
from copilot_tools.results import Objection, Severity, Slice
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.goodness import counts_against_weights
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, listed, plural
from copilot_tools.stats.validity.levels import LEVELS
from copilot_tools.stats.validity.post_assignment import dimensions_before_assignment

__all__ = ["ATTACK", "sample_ratio"]

ATTACK = Attack("sample-ratio", "Sample ratio")

_ORDER: tuple[Severity, ...] = ("none", "note", "serious", "blocking")


def sample_ratio(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Compare units by arm with the configured weights: everyone, the units analysed, each segment and each day.

    Raises:
        Refused: There are no units.
    """
    weights = [a.weight for a in spec.arms]
    analysed = [evidence.units_of(a.name) for a in spec.arms]
    before = evidence.quality.units_before_policy
    found = [before.get(a.name, 0) for a in spec.arms] if before else analysed
    p = counts_against_weights(found, weights)
    severity = ATTACK.level.severity(p)
    details = []
    units = sum(found)
    if found != analysed and any(analysed):
        p_analysed = counts_against_weights(analysed, weights)
        details.append(
            f"After the plan's policy and activation rule: {_counts(spec, analysed)} ({formats.p_value(p_analysed)})."
        )
        if ATTACK.level.severity(p_analysed) == "blocking":
            severity, found, p = "blocking", analysed, min(p, p_analysed)
    slice_severity, slice_details, smallest = _slices(spec, evidence)
    sentence = _sentence(spec, found, p, severity)
    if _ORDER.index(slice_severity) > _ORDER.index(severity):
        severity = slice_severity
        sentence = f"{sentence} But not in every part: {slice_details[0]}"
        units = min(units, smallest)
    return ATTACK.finds(severity, sentence, value=p, unit="p", details=(*details, *slice_details), units=units)


def _counts(spec: AnalysisSpec, counts: list[int]) -> str:
    return ", ".join(f"{arm.text} {formats.count(n)}" for arm, n in zip(spec.arms, counts, strict=True))


def _sentence(spec: AnalysisSpec, counts: list[int], p: float, severity: Severity) -> str:
    total, weight = sum(counts), sum(a.weight for a in spec.arms)
    expected = [formats.count(total * arm.weight / weight) for arm in spec.arms]
    split = (
        f"{expected[0]} each"
        if len(set(expected)) == 1
        else ", ".join(f"{arm.text} {n}" for arm, n in zip(spec.arms, expected, strict=True))
    )
    if severity == "none":
        shown = f"{_counts(spec, counts)}; {formats.p_value(p)}"
        return f"The arms have the units that the configured split leads one to expect ({shown})."
    often = "less than 0.01%" if p < 1e-4 else formats.share(p, 2)
    return (
        f"The split is off: {_counts(spec, counts)}, where {split} were to be expected. Chance alone splits so "
        f"unevenly {often} of the time ({formats.p_value(p)}), so units were probably lost or added in one arm."
    )


def _slices(spec: AnalysisSpec, evidence: Evidence) -> tuple[Severity, tuple[str, ...], int]:
    """Severity, sentences (worst first) and the units of the worst part, over all segments and days together."""
    level = LEVELS["sample-ratio-slices"]
    weights = [a.weight for a in spec.arms]
    parts: list[tuple[float, Slice, list[int]]] = []
    refused = 0
    for dimension in dimensions_before_assignment(spec, evidence):
        for name in evidence.levels(dimension):
            part = Slice(dimension=dimension, level=name)
            counts = [evidence.units_of(a.name, part) for a in spec.arms]
            if not sum(counts):
                continue
            try:
                parts.append((counts_against_weights(counts, weights), part, counts))
            except Refused:
                refused += 1
    skipped = (f"{plural(refused, 'part is', 'parts are')} too small to be checked.",) if refused else ()
    if not parts:
        return "none", skipped, 0
    corrected = holm([p for p, _, _ in parts]).tolist()
    ranked = sorted(zip(corrected, parts, strict=True), key=lambda pair: (pair[0], pair[1][0]))
    bad = [(p, part, counts) for p, (_, part, counts) in ranked if level.severity(p) != "none"]
    if not bad:
        p, (_, part, _) = ranked[0]
        names = listed(list(dict.fromkeys(part.dimension for _, part, _ in parts)))
        looked = (
            f"Looked into {plural(len(parts), 'part')} by {names}: the most uneven is {part} "
            f"({formats.p_value(p)} corrected for all of them)."
        )
        return "none", (looked, *skipped), 0
    lines = tuple(
        f"In {part}: {_counts(spec, counts)} ({formats.p_value(p)} corrected for {plural(len(parts), 'part')})."
        for p, part, counts in bad[:5]
    )
    more = (f"{plural(len(bad) - 5, 'further part is', 'further parts are')} off as well.",) if len(bad) > 5 else ()
    return level.severity(bad[0][0]), (*lines, *more, *skipped), sum(bad[0][2])
