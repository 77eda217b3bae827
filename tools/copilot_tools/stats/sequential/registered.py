"""A registered look of a running test: which one it is, and the boundary it is judged by.

The error rate is shared evenly among the treatment arms (Bonferroni), and each arm's share is spent over the looks by
the registered spending function, at the units there really are. So every arm's interval at its look's boundary, the
repeated confidence interval, holds over all looks and all arms together, whether or not anything stops.

References:
    Lan & DeMets (1989), Changing frequency of interim analysis in sequential monitoring, Biometrics 45.
    Jennison & Turnbull (1989), Interim analyses: the repeated confidence interval approach, JRSS B 51.
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapters 7 to 9.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

from scipy import special

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.sequential.after_stop import after_stop
from copilot_tools.stats.sequential.boundaries import Boundaries, by_spending, with_futility
from copilot_tools.stats.sequential.designs import Futility, GroupSequential, group_sequential
from copilot_tools.stats.sequential.spending import Spending
from copilot_tools.stats.spec import AnalysisSpec, Looks

__all__ = [
    "RegisteredLook",
    "StageWise",
    "design_of_looks",
    "next_look",
    "registered_look",
    "spending_of",
    "stage_wise",
    "units_at",
    "z_toward",
]

_FARTHEST = 8.0
"""A boundary farther out is taken here: the error of that is below 1e-14 a look, and 8 standard errors have a name."""


class RegisteredLook(Frozen):
    """A registered look as it is judged.

    Attributes:
        place: Which of the registered looks this is, from 1: the last one whose share of the units is in.
        of: How many are registered, the committed end included.
        last: Whether it is the test's last: all of the error rate is spent here.
        information: Shares of the committed units at the registered looks taken, this one last; above 1 for an overrun.
        boundaries: The boundary at each of them, in standard errors.
        alpha: Error rate of one treatment arm over all looks and sides.
        spent: Error rate spent by now, over all treatment arms.
        futility: z in the desired direction (two-sided: abs(z)) below which what the plan was sized for has become
            unlikely; None where no such rule is registered, or at the last look.
        convention: The spending function in a line.
    """

    place: int
    of: int
    last: bool
    information: tuple[float, ...]
    boundaries: tuple[float, ...]
    alpha: float
    spent: float
    futility: float | None = None
    convention: str

    @property
    def boundary(self) -> float:
        """This look's boundary, in standard errors."""
        return self.boundaries[-1]


class StageWise(Frozen):
    """The primary effect of one treatment arm after the test has ended, with the looks reckoned in.

    Attributes:
        arm: The treatment arm.
        scale: "absolute" or "relative".
        value: Median-unbiased estimate, treatment against control, on ``scale``; None where there is none.
        interval: By stage-wise ordering of the outcomes, on ``scale``; None likewise.
        p_value: Of no effect (non-inferiority: of a worsening by the margin), over all looks; None likewise.
        plain: The plain estimate, for comparison.
        refused: Why there is none.
    """

    arm: str
    scale: Literal["absolute", "relative"]
    value: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    plain: float
    refused: Refusal | None = None


def spending_of(looks: Looks) -> Spending:
    """The registered spending function, with its convention.

    Example:
        >>> spending_of(Looks(shares=(0.5,))).convention[:42]
        "Lan-DeMets O'Brien-Fleming-like spending, "
    """
    if looks.spending == "obrien_fleming":
        return Spending(family="obrien-fleming-per-side")
    if looks.spending == "pocock":
        return Spending(family="pocock")
    return Spending(family="hwang-shih-decani", parameter=looks.gamma)


def units_at(share: float, committed: int) -> int:
    """Units over all arms from which a registered look at this share is due: rounded up to whole units.

    Args:
        share: Of the committed units, in (0, 1].
        committed: Units over all arms that the plan commits to, at least 1.
    """
    return math.ceil(share * committed - 1e-9 * committed)


def next_look(looks: Looks, committed: int, information: tuple[float, ...]) -> int:
    """Units over all arms at the next registered look after those taken; the committed size where none is left.

    A look uses up every share it has reached: one that came late is not made up for by another at the same units.

    Args:
        looks: As registered.
        committed: Units over all arms that the plan commits to, at least 1.
        information: Share of them at each look taken so far, increasing.

    Example:
        >>> next_look(Looks(shares=(0.25, 0.5)), 1000, (0.3,))
        500
    """
    seen = information[-1] if information else 0.0
    # Nothing new to speak of has come in within .001 of the units.
    left = [s for s in looks.shares if units_at(s, committed) > seen * committed + 1e-6 and s - seen >= 0.001 - 1e-9]
    return units_at(left[0], committed) if left else committed


def design_of_looks(spec: AnalysisSpec) -> GroupSequential:
    """The design that the registered looks amount to, for one treatment arm: boundaries, inflation, expected size.

    Raises:
        Refused: The power planned for is out of reach with these looks.
    """
    if spec.looks is None:
        raise ValueError("the spec registers no looks")
    return _design(spec.looks, spec.alpha / len(spec.treatments), spec.sides, spec.power)


@lru_cache(maxsize=64)
def _design(looks: Looks, alpha: float, sides: Literal[1, 2], power: float) -> GroupSequential:
    return group_sequential(
        (*looks.shares, 1.0),
        spending_of(looks),
        alpha=alpha,
        sides=sides,
        power=power,
        futility=Futility() if looks.futility == "nonbinding" else None,
    )


def registered_look(spec: AnalysisSpec, circumstances: Circumstances, *, last: bool) -> RegisteredLook | None:
    """The look at hand, judged by the boundary at the units there are; None where the plan registers no looks.

    Args:
        spec: What was registered.
        circumstances: How the reading stands; its ``information`` ends with this look.
        last: The committed end is reached (or nothing more will be read): the rest of the error rate is spent.

    Raises:
        Refused: The looks taken do not follow each other (only where a record was tampered with).
    """
    if spec.looks is None or not circumstances.information:
        return None
    times = circumstances.information
    arms = len(spec.treatments)
    spending, alpha = spending_of(spec.looks), spec.alpha / arms
    bounds, spent = _bounds(spending, times, alpha, spec.sides, last=last)
    futility = None
    if spec.looks.futility == "nonbinding" and not last:
        futility = _futility(design_of_looks(spec), spending, times)
    reached = sum(share <= times[-1] + 1e-9 for share in spec.looks.shares)
    return RegisteredLook(
        place=len(spec.looks.shares) + 1 if last else max(reached, 1),
        of=len(spec.looks.shares) + 1,
        last=last,
        information=times,
        boundaries=bounds,
        alpha=alpha,
        spent=spent * arms,
        futility=futility,
        convention=spending.convention,
    )


@lru_cache(maxsize=256)
def _bounds(
    spending: Spending, times: tuple[float, ...], alpha: float, sides: int, *, last: bool
) -> tuple[tuple[float, ...], float]:
    spent = spending.spent_by(times, alpha, sides, last=last)
    found = by_spending(times, spent, sides).efficacy
    return tuple(min(z, _FARTHEST) for z in found), spent[-1]


@lru_cache(maxsize=256)
def _futility(design: GroupSequential, spending: Spending, times: tuple[float, ...]) -> float | None:
    if design.futility is None:
        return None
    spent = spending.spent_by(times, design.alpha, design.sides)
    beta = design.futility.spending.spent_by(times, 1 - design.target_power)
    bounds, _ = with_futility(times, spent, beta, design.drift, design.sides, ends=False)
    found = bounds.futility[-1] if bounds.futility else -math.inf
    return found if math.isfinite(found) and (design.sides == 1 or found > 0) else None


def stage_wise(spec: AnalysisSpec, look: RegisteredLook, arm: str, effect: Estimate) -> StageWise:
    """The primary effect of one arm once the test has ended, by stage-wise ordering.

    Where an arm neither crossed its boundary nor was read at the last look (another arm stopped the test, or the
    interval ruled out what matters), its outcomes have no order by stage, and the repeated interval stands alone.

    Args:
        spec: What was registered.
        look: The look at which the test ended.
        arm: The treatment arm.
        effect: Its primary effect on the deciding scale, as estimated.
    """
    sign = spec.primary.sign
    line = spec.tolerated.size if spec.tolerated is not None else 0.0
    wanted = effect.value * sign
    z = _normal(effect, wanted, line, sign)
    found = StageWise(arm=arm, scale=effect.scale, plain=effect.value)
    if z is None:
        reason = "Nothing varies, so there is no statistic to order outcomes by."
        return found.model_copy(update={"refused": Refusal(code="sequential.no_statistic", reason=reason)})
    crossed = z >= look.boundary or (spec.sides == 2 and z <= -look.boundary)
    if not crossed and not look.last:
        reason = (
            f"z is {z:.3f}, inside the boundaries of {look.boundary:.3f}: this arm did not stop the test, and outcomes "
            "inside have no order by stage."
        )
        cure = "Use the repeated interval, which holds at every look."
        refused = Refusal(code="sequential.inner_stop", reason=reason, cure=cure, name="z", value=z)
        return found.model_copy(update={"refused": refused})
    try:
        after = after_stop(Boundaries(look.information, spec.sides, look.boundaries), z, look.alpha)
    except Refused as refused_by:
        return found.model_copy(update={"refused": refused_by.refusals[0]})
    repeated = effect.interval.toward(sign)
    root = math.sqrt(look.information[-1])

    def placed(drift: float) -> float:
        """Where a drift lies on the scale of the effect: by the repeated interval's own reach to that side."""
        steps = drift * root - z
        if not math.isfinite(steps):
            return steps
        reach = (repeated.high - wanted if steps > 0 else wanted - repeated.low) / look.boundary
        return wanted + steps * (reach if 0 < reach < math.inf else effect.standard_error)

    ends = Interval(low=placed(after.low), high=placed(after.high), level=round(1 - look.alpha, 12))
    value = placed(after.median_unbiased) * sign
    return found.model_copy(update={"value": value, "interval": ends.toward(sign), "p_value": after.p_value})


def z_toward(spec: AnalysisSpec, effect: Estimate) -> float | None:
    """The primary effect's statistic in the desired direction, as boundaries are held against it: a normal deviate.

    Against no effect, or in a non-inferiority plan against the margin; None where nothing varies.
    """
    line = spec.tolerated.size if spec.tolerated is not None else 0.0
    return _normal(effect, effect.value * spec.primary.sign, line, spec.primary.sign)


def _normal(effect: Estimate, wanted: float, line: float, sign: int) -> float | None:
    """The statistic in the desired direction, against no effect or the margin, as a z with the same tail."""
    if line:
        statistic = (wanted + line) / effect.standard_error if effect.standard_error > 0 else None
    else:
        statistic = None if effect.statistic is None else effect.statistic * sign
    if statistic is None or effect.df is None:
        return statistic
    tail = float(special.stdtr(effect.df, -abs(statistic)))
    z = -float(special.ndtri(tail)) if tail > 0 else abs(statistic)
    return math.copysign(z, statistic)
