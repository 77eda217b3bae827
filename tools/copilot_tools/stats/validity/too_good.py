"""Too good to be true: any figure that looks interesting or different is usually wrong (Twyman's law).

Read from the near end of the interval, so that chance alone does not trip it, and in either direction.

Alarm level: serious where even the near end lies more than 5 minimum effects from zero, or, for a proportion, more
than 50% of control from zero (for a gain, more than 2 minimum effects where the plan hopes for more than a quarter).

References:
    Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, chapter 3.
"""

from __future__ import annotations

from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Objection
from copilot_tools.stats import formats
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack
from copilot_tools.stats.validity._primary import Primary, primary_effects
from copilot_tools.stats.validity.levels import LEVELS

__all__ = ["ATTACK", "too_good"]

ATTACK = Attack("too-good", "Too large to be true")


_HOPED = 2.0
"""Minimum effects that even the near end passes in almost no sound test of that effect."""


def _near(estimate: Estimate) -> float:
    """Distance from zero of the interval's near end; 0 where it holds zero."""
    return max(estimate.interval.low, -estimate.interval.high, 0.0)


def too_good(spec: AnalysisSpec, reading: Reading) -> Objection:
    """Compare the near end of the primary interval with what is plausible, per treatment arm."""
    effects, missing = primary_effects(spec, reading)
    if not effects:
        return ATTACK.cannot(missing)
    rated = [(_excess(spec, e), e) for e in effects]
    excess, worst = max(rated, key=lambda pair: pair[0])
    units = min(e.comparison.control.n + e.comparison.treatment.n for e in effects)
    smallest = formats.effect_size(
        spec.primary, spec.minimum_effect.size * spec.primary.sign, spec.minimum_effect.scale
    )
    limits = f"{ATTACK.level.serious:g} times what matters ({smallest})"
    if (limit := _limit(spec, worst)) is not None:
        limits += f" or {formats.share(limit, 0)} of control"
    if excess <= 1:
        sentence = f"The effect is not implausibly large: even the near end of its interval stays within {limits}."
        return ATTACK.finds("none", sentence, value=excess, unit="share of the limit", units=units)
    sentence = (
        f"{worst.arm.text} changes {spec.primary.name} by {formats.effect(spec.primary, worst.effect)} "
        f"({formats.interval(spec.primary, worst.effect.interval, worst.effect.scale)}): even the near end is beyond "
        f"{limits}. "
        "Effects of this size are usually a fault in tracking or assignment: check those first."
    )
    return ATTACK.finds("serious", sentence, value=excess, unit="share of the limit", units=units)


def _limit(spec: AnalysisSpec, primary: Primary) -> float | None:
    """The largest plausible relative change of a proportion, as a share of control; None where there is no limit."""
    limit, control = LEVELS["too-good-conversion"].serious, primary.comparison.control.value
    if spec.primary.kind != "proportion" or limit is None or not control:
        return None
    hoped = spec.minimum_effect.size / (1 if spec.minimum_effect.scale == "relative" else control)
    return max(limit, _HOPED * hoped) if primary.value > 0 else limit


def _excess(spec: AnalysisSpec, primary: Primary) -> float:
    """Near end over the limit: above 1 it is past one of the limits."""
    shares = [0.0]
    on_minimum = primary.comparison.effect(spec.minimum_effect.scale)
    if not isinstance(on_minimum, Refusal) and ATTACK.level.serious:
        shares.append(_near(on_minimum) / spec.minimum_effect.size / ATTACK.level.serious)
    relative = primary.comparison.effect("relative")
    limit = _limit(spec, primary)
    if limit is not None and not isinstance(relative, Refusal):
        shares.append(_near(relative) / limit)
    return max(shares)
