"""Exaggeration: were the true effect just the minimum that matters, how much would a significant estimate overstate it?

Type M is the factor by which significant estimates exceed the true effect on average, type S the chance that they have
the wrong sign, both at the minimum effect m and the standard error this test really reached.

A registered look that stops a test early finds large effects by design: its plain estimate overstates on average,
and the stage-wise one is median-unbiased. There the test is judged by the precision it was to reach at its committed
end, and the overstatement itself (the plain estimate over the median-unbiased one) is told, and never more than a note.

Alarm levels: a note from a factor of 1.25 on (a power of about two thirds), serious from 2 on where an effect is
claimed. A test powered at 80% has a factor of 1.13; no chance is involved in one that was.

References:
    Gelman & Carlin (2014), Beyond power calculations: assessing type S and type M errors, Persp. Psych. Science 9.
    Lu, Qiu & Deng (2019), A note on type S/M errors in hypothesis testing, Br. J. Math. Stat. Psychol. 72.
    Emerson & Fleming (1990), Parameter estimation following group sequential hypothesis testing, Biometrika 77.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

from copilot_tools import checks
from copilot_tools.refusals import Refused
from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.inference.tails import critical_value
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.sequential.registered import RegisteredLook
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack
from copilot_tools.stats.validity._primary import Primary, critical, primary_effects

__all__ = ["ATTACK", "DesignErrors", "design_errors", "exaggeration"]

ATTACK = Attack("exaggeration", "Exaggeration")


class DesignErrors(NamedTuple):
    """What a test with this precision does when the effect is of this size.

    Attributes:
        power: Chance of significance.
        type_s: Chance that a significant estimate has the wrong sign.
        type_m: Mean absolute significant estimate over the true effect, a factor of at least 1.
    """

    power: float
    type_s: float
    type_m: float


def design_errors(effect: float, standard_error: float, critical_value: float, sides: int = 2) -> DesignErrors:
    """Power, type S and type M of a normal estimate.

    Args:
        effect: Assumed true effect, above 0.
        standard_error: Of the estimate, above 0, in the unit of ``effect``.
        critical_value: Standard errors from zero at which an estimate counts as significant, above 0.
        sides: 2, or 1 (upwards only: then the sign cannot be wrong).

    Raises:
        Refused: A parameter is not a positive number; or significance is out of reach, so that nothing can be said of
            significant estimates.

    Example:
        >>> errors = design_errors(2.0, 8.1, 1.959964)  # Gelman & Carlin (2014), by simulation: 24%, 9.5
        >>> round(errors.type_s, 2), round(errors.type_m, 1)
        (0.24, 9.5)
    """
    shift = checks.positive("effect", effect) / checks.positive("standard_error", standard_error)
    z = checks.positive("critical_value", critical_value)
    above = float(special.ndtr(shift - z))
    size = shift * above + _phi(z - shift)
    under = 0.0
    if sides == 2:
        under = float(special.ndtr(-shift - z))
        size += _phi(z + shift) - shift * under
    power = above + under
    if power <= 0:
        raise Refused.because(
            "exaggeration.out_of_reach",
            f"An effect {shift:g} standard errors in size never reaches significance at {z:g} standard errors.",
            "Wait for more units.",
            name="critical_value",
            value=z,
        )
    return DesignErrors(power=power, type_s=under / power, type_m=size / power / shift)


def _phi(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def exaggeration(spec: AnalysisSpec, reading: Reading) -> Objection:
    """Type M and S of the primary comparison at the minimum effect, per treatment arm."""
    effects, missing = primary_effects(spec, reading)
    effects = tuple(e for e in effects if e.effect.standard_error > 0)
    if not effects:
        return ATTACK.cannot(missing or "the primary effect comes without a standard error")
    if spec.goal == "aa":
        return ATTACK.cannot("the arms are the same on purpose, so no effect is expected that could be overstated")
    if spec.goal == "noninferiority" and effects[0].effect.scale != spec.minimum_effect.scale:
        return ATTACK.cannot("the plan gives its margin and its minimum effect on different scales")
    early = reading.registered if reading.registered is not None and not reading.registered.last else None
    rated = [(_errors(spec, e, early), e) for e in effects]
    errors, worst = max(rated, key=lambda pair: (pair[1].claims, pair[0].type_m))
    severity = ATTACK.level.severity(errors.type_m, "serious" if worst.claims else "note")
    smallest = formats.effect_size(
        spec.primary, spec.minimum_effect.size * spec.primary.sign, spec.minimum_effect.scale
    )
    sentence = (
        f"Were the true effect of {worst.arm.text} {smallest}, the least that matters, a test "
        f"{'as precise as this one at its committed end' if early else 'this precise'} would find "
        f"it {formats.share(errors.power, 0)} of the time, and its significant estimates would overstate it "
        f"{errors.type_m:,.2f} times on average"
    )
    sentence += (
        f" and point the wrong way in {formats.share(errors.type_s)} of cases." if errors.type_s >= 5e-4 else "."
    )
    stopped = [s for e in effects if (s := _overstated(reading, e)) is not None]
    if severity == "none" and any(ATTACK.level.severity(s.factor) != "none" for s in stopped):
        severity = "note"
    details = tuple(
        f"{s.primary.arm.text} crossed its boundary early, where estimates run high on average: "
        f"{formats.effect_size(spec.primary, s.plain, s.primary.effect.scale)} as read, "
        f"{formats.effect_size(spec.primary, s.unbiased, s.primary.effect.scale)} by the stage-wise median-unbiased "
        "estimate."
        for s in stopped
    )
    units = min(e.comparison.control.n + e.comparison.treatment.n for _, e in rated)
    return ATTACK.finds(severity, sentence, value=errors.type_m, unit="factor", details=details, units=units)


class _Overstated(NamedTuple):
    primary: Primary
    plain: float
    unbiased: float

    @property
    def factor(self) -> float:
        """The plain estimate over the median-unbiased one; infinite where that is none, or on the other side."""
        return self.plain / self.unbiased if self.plain * self.unbiased > 0 else math.inf


def _overstated(reading: Reading, effect: Primary) -> _Overstated | None:
    """What a registered look that stopped early makes of an arm's estimate; None where it did not, or cannot say."""
    if reading.registered is None or reading.registered.last:
        return None
    after = next((s for s in reading.stage_wise if s.arm == effect.arm.name and s.value is not None), None)
    return None if after is None or after.value is None else _Overstated(effect, after.plain, after.value)


def _errors(spec: AnalysisSpec, effect: Primary, early: RegisteredLook | None) -> DesignErrors:
    error, bound = effect.effect.standard_error, critical(spec, effect.comparison)
    if early is not None:
        # The boundary of an early look is far out, and the one at the end near that of a test without looks.
        error *= math.sqrt(min(early.information[-1], 1.0))
        bound = critical_value(spec.alpha / len(spec.treatments), spec.sides)
    return design_errors(spec.minimum_effect.size, error, bound, spec.sides)
