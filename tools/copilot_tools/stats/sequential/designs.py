"""A group-sequential design before its test: boundaries, the size it needs, and the size it may expect to need.

References:
    Jennison & Turnbull (2000), Group Sequential Methods with Applications to Clinical Trials, chapters 2 to 4 and 7.
    Wassmer & Brannath (2016), Group Sequential and Confirmatory Adaptive Designs in Clinical Trials, chapters 2 and 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import model_validator
from scipy import special

from copilot_tools import checks
from copilot_tools.base import Bound, Frozen
from copilot_tools.refusals import Refused
from copilot_tools.stats.roots import root
from copilot_tools.stats.sequential.boundaries import Boundaries, by_spending, check_times, classical, with_futility
from copilot_tools.stats.sequential.spending import Spending

__all__ = ["Futility", "GroupSequential", "LookPlan", "Rule", "Shape", "group_sequential"]


class Shape(Frozen):
    """A classical boundary shape, fixed for its looks.

    Attributes:
        name: "pocock" (one critical value at all looks), "obrien-fleming" (falling with one over the root of the
            information), or "wang-tsiatis" (in between, by ``delta``).
        delta: Of Wang and Tsiatis, in [-1, 1]: 0 is O'Brien-Fleming, 0.5 Pocock; None for the other two.
    """

    name: Literal["pocock", "obrien-fleming", "wang-tsiatis"]
    delta: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> Shape:
        if (self.name == "wang-tsiatis") != (self.delta is not None):
            raise ValueError("delta belongs to wang-tsiatis, and only there")
        if self.delta is not None and not -1 <= self.delta <= 1:
            raise ValueError(f"delta is {self.delta:g}, not between -1 and 1")
        return self

    @property
    def power(self) -> float:
        """Wang and Tsiatis's delta."""
        return {"pocock": 0.5, "obrien-fleming": 0.0}.get(self.name, self.delta or 0.0)


Rule = Spending | Shape


class Futility(Frozen):
    """Stops for futility, by spending the type II error.

    Attributes:
        spending: How the type II error is spent.
        binding: Whether the rule must be obeyed: only then does it pay in efficacy boundaries, and only then does the
            type I error depend on obedience. Non-binding rules may be overruled.
    """

    spending: Spending = Spending(family="hwang-shih-decani", parameter=-2.0)
    binding: bool = False


class LookPlan(Frozen):
    """One planned look.

    Attributes:
        information: Share of the planned information seen by then, in (0, 1].
        efficacy_z: z from which the test stops for efficacy; infinite where this look cannot stop.
        nominal_p: The p-value (with the design's sides) that this z stands for.
        futility_z: z below which it stops for futility (two-sided: abs(z)); None without a futility rule, minus
            infinity (two-sided: 0) where this look cannot stop for it.
        alpha_spent: Type I error used up by then, over all sides.
        beta_spent: Type II error used up by then for futility; None without a futility rule.
        units: Units over all arms at this look per unit of a fixed test with the same power.
        stop_null: Chance to stop at this look if there is no effect.
        stop_effect: Chance to stop at this look if the effect is as planned.
        power: Chance to have been stopped for efficacy in the effect's direction by then, the effect as planned.
    """

    information: float
    efficacy_z: Bound
    nominal_p: float
    futility_z: Bound | None
    alpha_spent: float
    beta_spent: float | None
    units: float
    stop_null: float
    stop_effect: float
    power: float


class GroupSequential(Frozen):
    """A design: what is fixed before the first unit enters.

    Attributes:
        rule: The efficacy rule as asked for.
        spending: What is re-evaluated when looks come at other times than planned; for a classical shape the spending
            its boundaries imply.
        convention: The rule in a line, naming the convention.
        alpha: Type I error over all looks and sides.
        sides: 1 or 2.
        target_power: Chance to find the effect planned for, in its direction.
        futility: The futility rule, or None.
        drift: Expected z at the end of a test of full size if the effect is as planned.
        looks: The planned looks.
        inflation: Size at the last look over the size of a fixed test with the same alpha and power.
        expected_null: Expected size if there is no effect, over the fixed size.
        expected_effect: Expected size if the effect is as planned, over the fixed size.
        error_ignoring_futility: Chance of any stop for efficacy if there is no effect and futility is never obeyed:
            alpha, or more where futility is binding.
    """

    rule: Spending | Shape
    spending: Spending
    convention: str
    alpha: float
    sides: Literal[1, 2]
    target_power: float
    futility: Futility | None
    drift: float
    looks: tuple[LookPlan, ...]
    inflation: float
    expected_null: float
    expected_effect: float
    error_ignoring_futility: float

    @property
    def times(self) -> tuple[float, ...]:
        """Information at the planned looks."""
        return tuple(look.information for look in self.looks)


def group_sequential(
    looks: int | Sequence[float],
    rule: Rule | None = None,
    *,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    power: float = 0.8,
    futility: Futility | None = None,
) -> GroupSequential:
    """A group-sequential design. Use it where a test is looked at at planned times and has an end.

    Where the end is open, use a confidence sequence instead (always_valid): it never runs out of looks.

    Args:
        looks: How many, equally spaced, or the shares of information at each, increasing to 1 (at most 500 looks).
        rule: Error spending or a classical shape; by default O'Brien-Fleming-like spending, per side.
        alpha: Type I error over all looks and sides, in (1e-6, 0.5).
        sides: 2, or 1 (upwards).
        power: Chance to find the effect planned for, above alpha and at most 0.9999.
        futility: Stops for futility, or None.

    Raises:
        Refused: A parameter is out of its range, or power is no higher than what no effect reaches.

    Example:
        >>> design = group_sequential(5, Shape(name="obrien-fleming"))
        >>> [round(look.efficacy_z, 2) for look in design.looks], round(design.inflation, 3)
        ([4.56, 3.23, 2.63, 2.28, 2.04], 1.028)
    """
    rule = Spending() if rule is None else rule
    times = _planned(looks)
    checks.between("alpha", alpha, 1e-6, 0.5)
    checks.between("power", power, alpha, 0.9999 + 1e-12)
    efficacy = (
        by_spending(times, [rule.spent(t, alpha, sides) for t in times], sides)
        if isinstance(rule, Spending)
        else classical(times, alpha, sides, rule.power)
    )
    exits = efficacy.crossing().exits(0.0)
    alpha_spent = [float(x) for x in (exits.upper + exits.lower if sides == 2 else exits.upper).cumsum()]
    alpha_spent[-1] = alpha
    beta_spent = None if futility is None else [futility.spending.spent(t, 1 - power) for t in times]
    if futility is None or beta_spent is None:
        bounds, drift = efficacy, _drift(efficacy, power)
    else:
        bounds, drift = _sized_with_futility(times, alpha_spent, beta_spent, sides, power, binding=futility.binding)
    return _described(rule, bounds, efficacy, alpha_spent, beta_spent, drift, alpha, sides, power, futility)


def _planned(looks: int | Sequence[float]) -> tuple[float, ...]:
    if isinstance(looks, int):
        checks.count("looks", looks, at_least=1)
        times: Sequence[float] = [(k + 1) / looks for k in range(looks)] if looks <= 10_000 else [1.0] * 10_000
    else:
        times = looks
    found = check_times(times)
    if abs(found[-1] - 1) > 1e-9:
        raise Refused.because(
            "sequential.last_look",
            f"The last look is planned at {found[-1]:.6g} of the information, but the last look has all of it: 1.",
            "Give looks as shares of the units the test is planned to have at its end.",
            name="times",
            value=found[-1],
        )
    return found


def _drift(bounds: Boundaries, power: float) -> float:
    crossing = bounds.crossing()

    def excess(drift: float) -> float:
        return float(crossing.exits(drift).upper.sum()) - power

    return _rising_root(excess, power)


def _rising_root(excess: Callable[[float], float], power: float) -> float:
    """Where a rising function of the drift crosses 0, outwards from a fixed test's drift."""
    low, high = 0.0, 2.5 + max(float(special.ndtri(power)), 0.0)
    if excess(low) >= 0:
        raise Refused.because(
            "sequential.power_too_low",
            f"Without any effect the design already stops for efficacy with chance {power:g} or more.",
            "Ask for more power.",
            name="power",
            value=power,
        )
    while excess(high) < 0:
        low, high = high, high * 1.5
        if high > 200:
            raise Refused.because(
                "sequential.power_out_of_reach",
                f"No size of test reaches a power of {power:g} with these looks and this futility rule.",
                "Spend less type II error early, or ask for less power.",
                name="power",
                value=power,
            )
    return root(excess, low, high, tolerance=1e-10)


def _sized_with_futility(
    times: Sequence[float],
    alpha_spent: Sequence[float],
    beta_spent: Sequence[float],
    sides: Literal[1, 2],
    power: float,
    *,
    binding: bool,
) -> tuple[Boundaries, float]:
    def bounds(drift: float) -> tuple[Boundaries, float]:
        return with_futility(times, alpha_spent, beta_spent, drift, sides, binding=binding)

    drift = _rising_root(lambda d: 1 - power - bounds(d)[1], power)
    return bounds(drift)[0], drift


def _described(
    rule: Rule,
    bounds: Boundaries,
    efficacy: Boundaries,
    alpha_spent: Sequence[float],
    beta_spent: Sequence[float] | None,
    drift: float,
    alpha: float,
    sides: Literal[1, 2],
    power: float,
    futility: Futility | None,
) -> GroupSequential:
    times = bounds.times
    crossing = bounds.crossing()
    null, planned = crossing.exits(0.0), crossing.exits(drift)
    fixed = float(special.ndtri(1 - alpha / sides) + special.ndtri(power))
    inflation = (drift / fixed) ** 2
    stop_null, stop_effect = null.stopping(), planned.stopping()
    reached = planned.upper.cumsum()
    free = (bounds if futility is not None and futility.binding else efficacy).crossing(futility=False).exits(0.0)
    looks = tuple(
        LookPlan(
            information=time,
            efficacy_z=bounds.efficacy[k],
            nominal_p=sides * float(special.ndtr(-bounds.efficacy[k])),
            futility_z=None if bounds.futility is None else bounds.futility[k],
            alpha_spent=alpha_spent[k],
            beta_spent=None if beta_spent is None else beta_spent[k],
            units=inflation * time,
            stop_null=float(stop_null[k]),
            stop_effect=float(stop_effect[k]),
            power=float(reached[k]),
        )
        for k, time in enumerate(times)
    )
    shape = None if isinstance(rule, Spending) else rule
    spending = (
        rule
        if isinstance(rule, Spending)
        else Spending(family="implied", knots=tuple((t, a / alpha) for t, a in zip(times, alpha_spent, strict=True)))
    )
    return GroupSequential(
        rule=rule,
        spending=spending,
        convention=spending.convention if shape is None else _named(shape),
        alpha=alpha,
        sides=sides,
        target_power=power,
        futility=futility,
        drift=drift,
        looks=looks,
        inflation=inflation,
        expected_null=inflation * math.fsum(t * p for t, p in zip(times, stop_null, strict=True)),
        expected_effect=inflation * math.fsum(t * p for t, p in zip(times, stop_effect, strict=True)),
        error_ignoring_futility=float(free.upper.sum()) + (float(free.lower.sum()) if sides == 2 else 0.0),
    )


def _named(shape: Shape) -> str:
    title = {"pocock": "Pocock", "obrien-fleming": "O'Brien-Fleming", "wang-tsiatis": "Wang-Tsiatis"}[shape.name]
    return f"classical {title} boundaries" + ("" if shape.delta is None else f", delta = {shape.delta:g}")
