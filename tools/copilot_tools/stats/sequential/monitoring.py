"""Reading a group-sequential test at a look: continue, or stop and why; boundaries at the information there really is.

Spending is re-evaluated at the actual looks, so they may come earlier, later or more often than planned, provided
their timing does not follow the effects seen. Information beyond the plan (an overrun) makes a look the last one, with
all error spent; a test that ends short of its plan spends the rest at its last look (``final``). After the last look
there is no further one: it would have no error to spend.

Classical boundaries belong to their planned looks. At others the error they imply, straight from look to look, is
spent: at the planned looks that gives the classical boundaries back.

References:
    Lan & DeMets (1989), Changing frequency of interim analysis in sequential monitoring, Biometrics 45.
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapters 7 to 9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from copilot_tools import checks
from copilot_tools.base import Bound, Frozen
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Interval
from copilot_tools.stats.sequential.after_stop import after_stop, repeated_interval, without_futility_at
from copilot_tools.stats.sequential.boundaries import Boundaries, by_spending, check_times, with_futility
from copilot_tools.stats.sequential.designs import GroupSequential
from copilot_tools.stats.sequential.spending import WHOLE

__all__ = ["Action", "Estimated", "LookRead", "Reading", "SeenLook", "read"]

Action = Literal["continue", "stop: efficacy", "stop: opposite direction", "stop: futility", "end: no effect shown"]


class SeenLook(Frozen):
    """One look that was taken.

    Attributes:
        information: Share of the planned information seen by then (units so far over units planned); above 1 is an
            overrun.
        z: Estimate over its standard error, all data so far, positive when treatment is above control.
        standard_error: Of the estimate, in the metric's unit; 1 gives effects in standard errors of this look.
    """

    information: float = Field(gt=0, le=100)
    z: float = Field(ge=-1000, le=1000)
    standard_error: float = Field(default=1.0, gt=0)


class LookRead(Frozen):
    """A look as it was to be judged.

    Attributes:
        information: As given.
        z: As given.
        efficacy_z: z from which it stops for efficacy; infinite where it cannot.
        futility_z: z below which it stops for futility (two-sided: abs(z)); None where no rule applies.
        alpha_spent: Type I error used up by then.
        interval: The repeated interval at this look, in the metric's unit: holds at all looks together.
    """

    information: float
    z: float
    efficacy_z: Bound
    futility_z: Bound | None
    alpha_spent: float
    interval: Interval


class Estimated(Frozen):
    """The effect after the stop, by stage-wise ordering, in the metric's unit.

    Attributes:
        p_value: Of no effect, with the design's sides.
        median_unbiased: The estimate: as likely too high as too low.
        interval: Covers with 1 - alpha; no upper end with one side.
        plain: The plain estimate at the stop, for comparison: biased by the stop.
    """

    p_value: float
    median_unbiased: float
    interval: Interval
    plain: float


class Reading(Frozen):
    """What the looks so far mean.

    Attributes:
        action: Continue, or stop and why. An efficacy boundary once crossed stands, whatever came after.
        stopped_at: Number of the look that stopped the test, from 1; None while it goes on.
        overruled: Numbers of the looks whose non-binding futility boundary was crossed and passed over.
        final: Whether the last look given is the test's last.
        looks: Each look as it was to be judged.
        estimated: The effect after the stop; None while the test goes on, or a refusal where there is no ordering.
    """

    action: Action
    stopped_at: int | None
    overruled: tuple[int, ...]
    final: bool
    looks: tuple[LookRead, ...]
    estimated: Estimated | Refusal | None


def read(design: GroupSequential, seen: Sequence[SeenLook], *, final: bool = False) -> Reading:
    """Judge a running test by its design.

    Use it at each look of a design set before the data. Not for a design chosen afterwards: that protects nothing.

    Args:
        design: As fixed before the first unit entered.
        seen: All looks taken so far, in order, the present one last.
        final: The present look is the last one although the information is short of its plan: the rest of the error
            is spent here. Must have been decided without knowledge of the effect.

    Raises:
        Refused: The looks are out of order or too close, or one follows the last.
    """
    times = check_times([look.information for look in seen])
    for number, time in enumerate(times[:-1], start=1):
        if time >= WHOLE:
            raise Refused.because(
                "sequential.look_too_many",
                f"Look {number}, at {time:.6g} of the information, was the last: all error is spent there.",
                "Leave out the looks after it, and read the test at that look.",
                name="information",
                value=times[number],
            )
    for look in seen:
        checks.finite("z", look.z)
    last = final or times[-1] >= WHOLE
    spent = design.spending.spent_by(times, design.alpha, design.sides, last=last)
    bounds = _bounds(design, times, spent, last=last)
    action, stop, overruled = _judged(design, bounds, seen, last=last)
    return Reading(
        action=action,
        stopped_at=None if stop is None else stop + 1,
        overruled=tuple(k + 1 for k in overruled),
        final=last,
        looks=tuple(_row(design, bounds, spent[k], seen[k], k, last=last) for k in range(len(seen))),
        estimated=None
        if stop is None
        else _estimated(design, bounds, seen[stop], stop, overruled, futile=action == "stop: futility"),
    )


def _bounds(design: GroupSequential, times: tuple[float, ...], spent: tuple[float, ...], *, last: bool) -> Boundaries:
    if design.futility is None:
        return by_spending(times, spent, design.sides)
    error = 1 - design.target_power
    beta = design.futility.spending.spent_by(times, error)
    binding = design.futility.binding
    return with_futility(times, spent, beta, design.drift, design.sides, binding=binding, ends=last)[0]


def _judged(
    design: GroupSequential, bounds: Boundaries, seen: Sequence[SeenLook], *, last: bool
) -> tuple[Action, int | None, frozenset[int]]:
    overruled: set[int] = set()
    for k, look in enumerate(seen):
        present = k + 1 == len(seen)
        if look.z >= bounds.efficacy[k]:
            return "stop: efficacy", k, frozenset(overruled)
        if design.sides == 2 and look.z <= -bounds.efficacy[k]:
            return "stop: opposite direction", k, frozenset(overruled)
        if present and last:
            return "end: no effect shown", k, frozenset(overruled)
        if _futile(bounds, look.z, k):
            if present or (design.futility is not None and design.futility.binding):
                return "stop: futility", k, frozenset(overruled)
            overruled.add(k)
    return "continue", None, frozenset(overruled)


def _futile(bounds: Boundaries, z: float, k: int) -> bool:
    return bounds.futility is not None and (z if bounds.sides == 1 else abs(z)) < bounds.futility[k]


def _row(design: GroupSequential, bounds: Boundaries, spent: float, look: SeenLook, k: int, *, last: bool) -> LookRead:
    ends = last and k + 1 == len(bounds.times)
    return LookRead(
        information=look.information,
        z=look.z,
        efficacy_z=bounds.efficacy[k],
        futility_z=None if bounds.futility is None or ends else bounds.futility[k],
        alpha_spent=spent,
        interval=repeated_interval(look.z, bounds.efficacy[k], design.alpha, design.sides, look.standard_error),
    )


def _estimated(
    design: GroupSequential, bounds: Boundaries, look: SeenLook, stop: int, overruled: frozenset[int], *, futile: bool
) -> Estimated | Refusal:
    until = Boundaries(
        bounds.times[: stop + 1],
        bounds.sides,
        bounds.efficacy[: stop + 1],
        None if bounds.futility is None else bounds.futility[: stop + 1],
    )
    binding = design.futility is not None and design.futility.binding
    try:
        found = after_stop(without_futility_at(until, overruled), look.z, design.alpha, binding=binding, futile=futile)
    except Refused as refused:
        return refused.refusals[0]
    unit = look.standard_error * math.sqrt(look.information)
    return Estimated(
        p_value=found.p_value,
        median_unbiased=found.median_unbiased * unit,
        interval=Interval(low=found.low * unit, high=found.high * unit, level=round(1 - design.alpha, 12)),
        plain=look.z * look.standard_error,
    )
