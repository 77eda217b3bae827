"""Too small: an effect is claimed, but it may be below what the plan said would matter.

Alarm level: a note where an effect is claimed and the estimate lies below the minimum effect. Never more: the verdict
itself tells "real" from "large enough".
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack
from copilot_tools.stats.validity._primary import primary_effects

__all__ = ["ATTACK", "too_small"]

ATTACK = Attack("too-small", "Below what matters")


def too_small(spec: AnalysisSpec, reading: Reading) -> Objection:
    """Compare the primary estimate with the minimum effect, per treatment arm."""
    if spec.goal != "superiority":
        return ATTACK.cannot("the plan is not after an improvement, so no size was promised")
    effects, missing = primary_effects(spec, reading)
    if not effects:
        return ATTACK.cannot(missing)
    smallest = spec.minimum_effect
    claimed = [e for e in effects if e.claims]
    shown = min(claimed, key=lambda e: e.value) if claimed else max(effects, key=lambda e: e.value)
    factor = shown.value / smallest.size
    wanted = formats.effect_size(spec.primary, smallest.size * spec.primary.sign, smallest.scale)
    seen = f"{shown.arm.text} changes {spec.primary.name} by {formats.effect(spec.primary, shown.effect)}"
    units = min(e.comparison.control.n + e.comparison.treatment.n for e in effects)
    small = bool(claimed) and ATTACK.level.severity(factor) == "note"
    if small:
        sentence = f"{seen}, less than the {wanted} the plan says would matter"
        sentence += (
            "; the whole interval is below it." if shown.high < smallest.size else "; the interval leaves more open."
        )
    elif claimed:
        sentence = f"{seen}, at least the {wanted} the plan says would matter."
    else:
        sentence = f"No improvement is claimed: {seen}, where {wanted} would matter."
    return ATTACK.finds("note" if small else "none", sentence, value=factor, unit="factor", units=units)
