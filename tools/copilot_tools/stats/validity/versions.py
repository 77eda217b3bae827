"""Versions: does the effect of a model (or page, or offer) that was changed during the test stay the same?

A treatment that is retrained or re-released while it is tested is several treatments. The primary effect is taken
within each version, against the control units that entered while that version was served, and the versions are held
against each other (Cochran's Q). Where they disagree, the effect over everyone is that of nothing anybody can ship.

Alarm levels: serious below p = .001, a note below .01, after Holm's correction over treatment arms and version columns.
Needs 20 units in each arm of at least two versions. Versions that follow each other in time cannot be told from a
season or a novelty that wears off.

References:
    Cochran (1954), The combination of estimates from different experiments, Biometrics 10.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.spec import AnalysisSpec, Arm
from copilot_tools.stats.validity._attack import Attack, listed, plural
from copilot_tools.stats.validity._by_part import FEWEST_UNITS, PartEffect, effects_by_part

__all__ = ["ATTACK", "versions"]

ATTACK = Attack("versions", "Versions that differ")


class _Compared(NamedTuple):
    arm: Arm
    column: str
    versions: tuple[PartEffect, ...]
    p: float


def versions(spec: AnalysisSpec, evidence: Evidence) -> Objection:
    """Hold the effects of the versions against each other, per treatment arm and column of versions."""
    columns = [s.column for s in spec.segments if s.versions]
    if not columns:
        return ATTACK.cannot("the plan names no column with the version that was served")
    found = [c for column in columns for arm in spec.treatments if (c := _compared(spec, evidence, column, arm))]
    if not found:
        return ATTACK.cannot(
            f"fewer than two versions by {listed(columns)} have {FEWEST_UNITS} units with {spec.primary.name} in "
            "control and in a treatment arm"
        )
    corrected = holm([c.p for c in found]).tolist()
    p, worst = min(zip(corrected, found, strict=True), key=lambda pair: pair[0])
    severity = ATTACK.level.severity(p)
    ranked = sorted(worst.versions, key=lambda v: v.effect)
    ends = [
        f"{formats.effect_size(spec.primary, v.effect, 'absolute')} under {v.name}" for v in (ranked[0], ranked[-1])
    ]
    over = f"over {plural(len(worst.versions), 'version')} by {worst.column}"
    if severity == "none":
        sentence = (
            f"No sign that versions differ: the effect of {worst.arm.text} goes from {ends[0]} to {ends[1]}, {over} "
            f"({formats.p_value(p)})."
        )
    else:
        sentence = (
            f"The effect of {worst.arm.text} is not one: from {ends[0]} to {ends[1]}, {over} ({formats.p_value(p)}). "
            "What ships is one version; read it by itself."
        )
    details = tuple(
        f"{v.name}: {formats.effect_size(spec.primary, v.effect, 'absolute')}, {plural(v.units, 'unit')}."
        for v in worst.versions[:12]
    )
    return ATTACK.finds(
        severity, sentence, value=p, unit="p", details=details, units=min(v.units for c in found for v in c.versions)
    )


def _compared(spec: AnalysisSpec, evidence: Evidence, column: str, arm: Arm) -> _Compared | None:
    parts = effects_by_part(spec, evidence, column, arm)
    if len(parts) < 2:
        return None
    weights = [1 / v.variance for v in parts]
    mean = math.fsum(w * v.effect for w, v in zip(weights, parts, strict=True)) / math.fsum(weights)
    q = math.fsum(w * (v.effect - mean) ** 2 for w, v in zip(weights, parts, strict=True))
    return _Compared(arm, column, tuple(parts), float(special.chdtrc(len(parts) - 1, q)))
