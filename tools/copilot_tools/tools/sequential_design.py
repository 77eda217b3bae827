"""The design of a test that is looked at while it runs, at planned looks: boundaries, size, expected size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Bound, Frozen
from copilot_tools.stats import formats
from copilot_tools.tool import Tool

if TYPE_CHECKING:
    from copilot_tools.stats.sequential.designs import GroupSequential
    from copilot_tools.stats.sequential.spending import Spending

__all__ = ["TOOLS", "DesignArguments", "planned"]

Spent = Literal["obrien-fleming-per-side", "obrien-fleming-two-sided", "pocock", "hwang-shih-decani", "power"]
Classical = Literal["classical-obrien-fleming", "classical-pocock", "classical-wang-tsiatis"]
Share = Annotated[float, Field(gt=0, le=1)]
_PARAMETERS = {"hwang-shih-decani": (-40, 40), "power": (0.01, 20), "classical-wang-tsiatis": (-1, 1)}


def _check_parameter(rule: str, parameter: float | None) -> None:
    bounds = _PARAMETERS.get(rule)
    if bounds is None and parameter is not None:
        raise ValueError(f"{rule} takes no parameter")
    if bounds is not None and (parameter is None or not bounds[0] <= parameter <= bounds[1]):
        raise ValueError(f"{rule} needs a parameter from {bounds[0]:g} to {bounds[1]:g}, not {parameter}")


class FutilityArguments(Frozen):
    """Stops for futility."""

    spending: Annotated[Spent, Field(description="How the type II error is spent.")] = "hwang-shih-decani"
    parameter: Annotated[float | None, Field(description="Gamma of hwang-shih-decani, or rho of power.")] = -2.0
    binding: Annotated[
        bool, Field(description="Must be obeyed, else alpha does not hold; non-binding may be overruled.")
    ] = False

    @model_validator(mode="after")
    def _fits(self) -> FutilityArguments:
        _check_parameter(self.spending, self.parameter)
        return self


class DesignArguments(Frozen):
    """What is fixed before the first unit enters."""

    looks: Annotated[int | None, Field(ge=1, le=200, description="Number of equally spaced looks.")] = None
    information: Annotated[
        tuple[Share, ...] | None,
        Field(min_length=1, max_length=200, description="Share of the planned units at each look, up to 1."),
    ] = None
    rule: Annotated[
        Spent | Classical,
        Field(
            description="Efficacy rule. Spending (first five) allows looks at other times than planned; the two "
            "conventions of O'Brien-Fleming-like spending differ: per-side is that of gsDesign and rpact."
        ),
    ] = "obrien-fleming-per-side"
    parameter: Annotated[
        float | None,
        Field(
            description="Gamma of hwang-shih-decani (-40..40), rho of power (.01..20), delta of wang-tsiatis (-1..1)."
        ),
    ] = None
    alpha: Annotated[float, Field(gt=1e-6, lt=0.5, description="Type I error over all looks and sides.")] = 0.05
    sides: Annotated[Literal[1, 2], Field(description="2, or 1: the desired direction only.")] = 2
    power: Annotated[float, Field(gt=0.05, le=0.9999, description="Chance to find the effect planned for.")] = 0.8
    futility: Annotated[FutilityArguments | None, Field(description="Stops for futility; none if left out.")] = None
    fixed_units: Annotated[
        int | None,
        Field(ge=2, le=10**12, description="Units over all arms of a test with one look (the sample_size tool)."),
    ] = None

    @model_validator(mode="after")
    def _fits(self) -> DesignArguments:
        if (self.looks is None) == (self.information is None):
            raise ValueError("give either looks (a number) or information (a list), not both or neither")
        _check_parameter(self.rule, self.parameter)
        return self


class DesignLook(Frozen):
    """One planned look.

    Attributes:
        information: Share of the planned units seen by then.
        units: Units over all arms by then, rounded up; None where fixed_units was not given.
        efficacy_z: z from which the test stops for efficacy; "inf" where this look cannot stop.
        nominal_p: The p-value that this z stands for, with the design's sides.
        futility_z: z below which it stops for futility (two-sided: abs(z)); None without such a rule or at the last.
        alpha_spent: Type I error used up by then, over all sides.
        stop_null: Chance to stop here if there is no effect.
        stop_effect: Chance to stop here if the effect is as planned.
    """

    information: float
    units: int | None
    efficacy_z: Bound
    nominal_p: float
    futility_z: Bound | None
    alpha_spent: float
    stop_null: float
    stop_effect: float


class Design(Frozen):
    """A group-sequential design.

    Attributes:
        convention: The rule by name, with the convention it follows.
        looks: Boundaries and chances at each look.
        inflation: Largest size over the size of a test with one look, the same alpha and power.
        expected_null: Expected size if there is no effect, over that size.
        expected_effect: Expected size if the effect is as planned, over that size.
        largest_units: Units over all arms at the last look; None where fixed_units was not given.
        naive_error: Chance of a false alarm if all looks were judged at the plain alpha instead.
        sentence: In plain words.
    """

    convention: str
    looks: tuple[DesignLook, ...]
    inflation: float
    expected_null: float
    expected_effect: float
    largest_units: int | None
    naive_error: float
    sentence: str


def _spending(family: Spent, parameter: float | None) -> Spending:
    from copilot_tools.stats.sequential.spending import Spending  # noqa: PLC0415 - scipy, only when run

    return Spending(family=family, parameter=parameter)


def planned(a: DesignArguments) -> GroupSequential:
    """The design asked for."""
    from copilot_tools.stats.sequential.designs import Futility, Shape, group_sequential  # noqa: PLC0415 - scipy

    if a.rule == "classical-pocock":
        rule: Spending | Shape = Shape(name="pocock")
    elif a.rule == "classical-obrien-fleming":
        rule = Shape(name="obrien-fleming")
    elif a.rule == "classical-wang-tsiatis":
        rule = Shape(name="wang-tsiatis", delta=a.parameter)
    else:
        rule = _spending(a.rule, a.parameter)
    futility = (
        None
        if a.futility is None
        else Futility(spending=_spending(a.futility.spending, a.futility.parameter), binding=a.futility.binding)
    )
    looks = a.looks if a.looks is not None else (a.information or ())
    return group_sequential(looks, rule, alpha=a.alpha, sides=a.sides, power=a.power, futility=futility)


def _design(a: DesignArguments) -> Design:
    from copilot_tools.stats.planning.critical import critical_z  # noqa: PLC0415 - only when run
    from copilot_tools.stats.validity.looks import repeated_testing_rate  # noqa: PLC0415 - numpy, only when run

    d = planned(a)
    naive = repeated_testing_rate(d.times, critical_z(a.alpha, a.sides), a.sides)

    def units(share: float) -> int | None:
        return None if a.fixed_units is None else math.ceil(a.fixed_units * d.inflation * share - 1e-9)

    largest = units(1.0)
    size = (
        "" if largest is None else f" ({formats.count(largest)} units instead of {formats.count(a.fixed_units or 0)})"
    )
    number = "1 look" if len(d.looks) == 1 else f"{len(d.looks)} looks"
    return Design(
        convention=d.convention,
        looks=tuple(
            DesignLook(
                information=look.information,
                units=units(look.information),
                efficacy_z=look.efficacy_z,
                nominal_p=look.nominal_p,
                futility_z=None if k + 1 == len(d.looks) else look.futility_z,
                alpha_spent=look.alpha_spent,
                stop_null=look.stop_null,
                stop_effect=look.stop_effect,
            )
            for k, look in enumerate(d.looks)
        ),
        inflation=d.inflation,
        expected_null=d.expected_null,
        expected_effect=d.expected_effect,
        largest_units=largest,
        naive_error=naive,
        sentence=f"With {number} by {d.convention}, the chance of a false alarm over all of them is "
        f"{formats.percent(a.alpha)} (judging each at {formats.percent(a.alpha)} it would be {formats.share(naive)}). "
        f"The test is planned {formats.share(d.inflation - 1)} larger than one with a single look{size}, and stops on "
        f"average at {formats.share(d.expected_effect)} of that single-look size if the effect is as planned, at "
        f"{formats.share(d.expected_null)} if there is none.",
    )


TOOLS = (
    Tool(
        name="group_sequential_design",
        summary="Boundaries, size and expected size of a test with planned looks (group-sequential).",
        when="Before a test that is to be checked a known number of times (weekly, say) and may stop early: how "
        "high the bar is at each check, and what that costs in units. Not for a test without a planned end "
        "(always_valid_interval), or for looks already taken at the plain level (peeking).",
        arguments=DesignArguments,
        result=Design,
        function=_design,
        examples=(
            {"looks": 5, "fixed_units": 62468},
            {
                "information": [0.3, 0.6, 1.0],
                "rule": "hwang-shih-decani",
                "parameter": -4,
                "alpha": 0.025,
                "sides": 1,
                "power": 0.9,
                "futility": {"binding": False},
            },
        ),
    ),
)
