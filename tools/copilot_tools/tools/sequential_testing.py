"""Tools for tests watched all the time: the mSPRT, exact sequences of proportions, the race for conversions."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import EXPLORATORY

__all__ = ["TOOLS"]

Alpha = Annotated[float, Field(gt=1e-9, lt=0.5, description="Chance of a false alarm at any look.")]
Count = Annotated[int, Field(ge=0, le=10**12)]


class EstimateLook(Frozen):
    """The estimate at one look, on all data so far."""

    estimate: Annotated[float, Field(description="Treatment minus control, in the metric's unit.")]
    standard_error: Annotated[float, Field(gt=0, description="Of the estimate, in its unit.")]
    n_control: Annotated[int | None, Field(ge=1, le=10**12, description="Units; needed with mixing_effect.")] = None
    n_treatment: Annotated[int | None, Field(ge=1, le=10**12, description="Units; needed with mixing_effect.")] = None


class MsprtArguments(Frozen):
    """All looks so far, and how large effects are thought to be."""

    looks: Annotated[tuple[EstimateLook, ...], Field(min_length=1, max_length=10_000, description="In order.")]
    mixing_sd: Annotated[
        float | None,
        Field(gt=0, description="Standard deviation of likely effects (tau), in the metric's unit: variance known."),
    ] = None
    mixing_effect: Annotated[
        float | None,
        Field(
            gt=0,
            le=100,
            description="The same in standard deviations of a unit: variance estimated, exact for normal values.",
        ),
    ] = None
    alpha: Alpha = 0.05

    @model_validator(mode="after")
    def _one(self) -> MsprtArguments:
        if (self.mixing_sd is None) == (self.mixing_effect is None):
            raise ValueError("give either mixing_sd or mixing_effect, not both or neither")
        if self.mixing_effect is not None and any(x.n_control is None or x.n_treatment is None for x in self.looks):
            raise ValueError("mixing_effect needs n_control and n_treatment at every look")
        return self


class MsprtRead(Frozen):
    """A mixture sequential probability ratio test after its looks.

    Attributes:
        log_ratio: Log of the mixture likelihood ratio after each look.
        p_value: Always valid: 1 over the largest ratio so far, at most 1.
        rejected_at: The first look, from 1, at which the null was rejected; None where it was not.
        interval: Around the last estimate, valid at every look; None where so few units bound nothing yet.
        sentence: In plain words.
        standing: What these figures are not.
    """

    log_ratio: tuple[float, ...]
    p_value: float
    rejected_at: int | None
    interval: Interval | None
    sentence: str
    standing: str = EXPLORATORY


def _msprt(a: MsprtArguments) -> MsprtRead:
    from copilot_tools.stats.inference.msprt import Msprt, msprt, msprt_t  # noqa: PLC0415 - scipy, only when run

    def read(look: EstimateLook) -> Msprt:
        if a.mixing_sd is not None:
            return msprt(look.estimate, look.standard_error, a.mixing_sd, a.alpha)
        n0, n1 = look.n_control or 0, look.n_treatment or 0
        sd = look.standard_error / math.sqrt(1 / n0 + 1 / n1)
        return msprt_t(look.estimate, sd, n0, n1, a.mixing_effect or 0.0, a.alpha)

    found = [read(look) for look in a.looks]
    p = min(x.p_value for x in found)
    rejected = next((i for i, x in enumerate(found, start=1) if x.p_value <= a.alpha), None)
    last, reach = a.looks[-1], found[-1].critical_value * a.looks[-1].standard_error
    interval = (
        Interval(low=last.estimate - reach, high=last.estimate + reach, level=round(1 - a.alpha, 12))
        if math.isfinite(reach)
        else None
    )
    verdict = "no look has rejected no effect" if rejected is None else f"look {rejected} rejected no effect"
    shown = "nothing is bounded yet" if interval is None else f"the last {formats.bare_interval(interval)}"
    return MsprtRead(
        log_ratio=tuple(x.log_ratio for x in found),
        p_value=p,
        rejected_at=rejected,
        interval=interval,
        sentence=f"Over {len(found)} look{'s' if len(found) > 1 else ''} {verdict} (always-valid "
        f"{formats.p_value(p)}); {shown}.",
    )


class CountLook(Frozen):
    """Both arms at one look, cumulative."""

    n_control: Annotated[Count, Field(description="Units in control so far.")]
    control: Annotated[Count, Field(description="Those of them that converted.")]
    n_treatment: Annotated[Count, Field(description="Units in treatment so far.")]
    treatment: Annotated[Count, Field(description="Those of them that converted.")]


class CountsArguments(Frozen):
    """Cumulative counts at every look so far."""

    looks: Annotated[
        tuple[CountLook, ...],
        Field(min_length=1, max_length=2_000, description="In order; about a day of units from one to the next."),
    ]
    mixing_sd: Annotated[
        float,
        Field(ge=0.001, le=5, description="Standard deviation of likely log odds ratios; .25: lifts of a quarter."),
    ] = 0.25
    horizon: Annotated[
        int, Field(ge=1, le=10**12, description="Units an arm at which the rates' intervals are tightest.")
    ] = 10_000
    alpha: Alpha = 0.05


class CountsRead(Frozen):
    """Two proportions watched look by look, exactly.

    Attributes:
        p_values: Always-valid p-value of no difference after each look.
        rejected_at: The first look, from 1, at which no difference was rejected; None where it was not.
        odds_ratio: Treatment's odds over control's; None where it is 0 or infinite.
        odds_ratio_interval: Valid at every look.
        control_interval: Control's rate, a share; with treatment's jointly at 1 - alpha, at every look.
        treatment_interval: Treatment's.
        difference_interval: Treatment's rate minus control's, from those two: exact, and wider than need be.
        sentence: In plain words.
        standing: What these figures are not.
    """

    p_values: tuple[float, ...]
    rejected_at: int | None
    odds_ratio: float | None
    odds_ratio_interval: Interval
    control_interval: Interval
    treatment_interval: Interval
    difference_interval: Interval
    sentence: str
    standing: str = EXPLORATORY


def _proportions(a: CountsArguments) -> CountsRead:
    from copilot_tools.stats.inference.bernoulli_sequence import bernoulli_interval  # noqa: PLC0415 - scipy
    from copilot_tools.stats.inference.odds_ratio_sequence import ArmsSoFar, odds_ratio_sequence  # noqa: PLC0415

    looks = [ArmsSoFar(x.n_control, x.control, x.n_treatment, x.treatment) for x in a.looks]
    found = odds_ratio_sequence(looks, alpha=a.alpha, mixing_sd=a.mixing_sd)
    level = round(1 - a.alpha, 12)

    def rate(x: int, n: int) -> tuple[float, float]:
        return bernoulli_interval(x, n, a.alpha / 2, a.horizon) if n else (0.0, 1.0)

    c, t = rate(looks[-1].control, looks[-1].n_control), rate(looks[-1].treatment, looks[-1].n_treatment)
    rejected = next((i for i, p in enumerate(found.p_values, start=1) if p <= a.alpha), None)
    odds = Interval(low=found.low, high=found.high, level=level)
    verdict = "no look has rejected equal rates" if rejected is None else f"look {rejected} rejected equal rates"
    return CountsRead(
        p_values=found.p_values,
        rejected_at=rejected,
        odds_ratio=found.odds_ratio,
        odds_ratio_interval=odds,
        control_interval=Interval(low=c[0], high=c[1], level=round(1 - a.alpha / 2, 12)),
        treatment_interval=Interval(low=t[0], high=t[1], level=round(1 - a.alpha / 2, 12)),
        difference_interval=Interval(low=t[0] - c[1], high=t[1] - c[0], level=level),
        sentence=f"Over {len(looks)} look{'s' if len(looks) > 1 else ''} {verdict} (always-valid "
        f"{formats.p_value(found.p_values[-1])}); the odds ratio's {formats.bare_interval(odds)} holds at every look.",
    )


class RaceArguments(Frozen):
    """A lift worth finding, or a number of conversions to end at; and how the race stands."""

    lift: Annotated[float | None, Field(gt=0, le=100, description="Relative lift worth finding, a share.")] = None
    conversions: Annotated[
        int | None, Field(ge=1, le=10_000_000, description="Conversions over both arms at which it ends.")
    ] = None
    power: Annotated[float, Field(gt=0.05, le=0.99, description="Chance to find the lift.")] = 0.8
    alpha: Annotated[float, Field(gt=1e-6, lt=0.5, description="Chance of a winner if there is no effect.")] = 0.05
    sides: Annotated[Literal[1, 2], Field(description="1: only treatment can win; 2: either arm.")] = 1
    control: Annotated[Count | None, Field(description="Control's conversions so far.")] = None
    treatment: Annotated[Count | None, Field(description="Treatment's conversions so far.")] = None

    @model_validator(mode="after")
    def _whole(self) -> RaceArguments:
        if (self.lift is None) == (self.conversions is None):
            raise ValueError("give either lift or conversions, not both or neither")
        if (self.control is None) != (self.treatment is None):
            raise ValueError("control and treatment belong together: give both or neither")
        return self


class RaceRead(Frozen):
    """A race for conversions.

    Attributes:
        conversions: Over both arms, at which it ends without a winner.
        lead: Conversions ahead that decide.
        error: Exact chance of a winner if there is no effect.
        power: Chance that treatment wins at ``lift``; None where none was given.
        state: "treatment wins", "control wins", "no winner", "continue", or "not begun".
        sentence: In plain words.
    """

    conversions: int
    lead: int
    error: float
    power: float | None
    state: Literal["treatment wins", "control wins", "no winner", "continue", "not begun"]
    sentence: str


def _race(a: RaceArguments) -> RaceRead:
    from copilot_tools.stats.inference.conversion_race import design_race, least_lead, race_error  # noqa: PLC0415

    if a.lift is not None:
        race = design_race(a.lift, power=a.power, alpha=a.alpha, sides=a.sides)
        conversions, lead, power = race.conversions, race.lead, race.power
    else:
        conversions = a.conversions or 0
        lead, power = least_lead(conversions, alpha=a.alpha, sides=a.sides), None
    error = race_error(conversions, lead, a.sides)
    state = _state(a, conversions, lead)
    return RaceRead(
        conversions=conversions,
        lead=lead,
        error=error,
        power=power,
        state=state,
        sentence=f"With an even split, treatment wins once it is {formats.count(lead)} conversions ahead"
        f"{', control likewise' if a.sides == 2 else ''}; after {formats.count(conversions)} conversions over both "
        f"arms there is no winner. Without an effect there is one with chance {formats.share(error)}. "
        f"As it stands: {state}.",
    )


def _state(
    a: RaceArguments, conversions: int, lead: int
) -> Literal["treatment wins", "control wins", "no winner", "continue", "not begun"]:
    if a.control is None or a.treatment is None:
        return "not begun"
    ahead, so_far = a.treatment - a.control, a.treatment + a.control
    # A lead counts if it was there by the end; the counts are the last that are known.
    if so_far <= conversions and ahead >= lead:
        return "treatment wins"
    if so_far <= conversions and a.sides == 2 and -ahead >= lead:
        return "control wins"
    return "no winner" if so_far >= conversions else "continue"


TOOLS = (
    Tool(
        name="sequential_test",
        summary="Always-valid p-value of an estimate followed over many looks (mSPRT, mixture likelihood ratio).",
        when="When a running test was looked at again and again, every day say, and an honest p-value is wanted "
        "that allows for it. Not for planned looks (group_sequential_reading), nor for few conversions "
        "(sequential_proportions), nor to learn how bad the looking was (peeking).",
        arguments=MsprtArguments,
        result=MsprtRead,
        function=_msprt,
        examples=(
            {
                "looks": [
                    {"estimate": 0.011, "standard_error": 0.006},
                    {"estimate": 0.012, "standard_error": 0.003},
                ],
                "mixing_sd": 0.01,
            },
            {
                "looks": [{"estimate": 1.8, "standard_error": 0.5, "n_control": 12, "n_treatment": 14}],
                "mixing_effect": 0.5,
            },
        ),
    ),
    Tool(
        name="sequential_proportions",
        summary="Exact always-valid test and intervals of two conversion rates from cumulative counts at each look.",
        when="When sales or conversions of a running test are few or rare and it is watched as they come in, one "
        "by one: which arm is ahead for sure, and when? Not with thousands of conversions "
        "(always_valid_interval) or planned looks (group_sequential_reading), which find more.",
        arguments=CountsArguments,
        result=CountsRead,
        function=_proportions,
        examples=(
            {
                "looks": [
                    {"n_control": 1000, "control": 10, "n_treatment": 1010, "treatment": 25},
                    {"n_control": 2000, "control": 20, "n_treatment": 2015, "treatment": 55},
                ]
            },
        ),
    ),
    Tool(
        name="conversion_race",
        summary="Simple sequential test by counting conversions: stop at a lead or at a total (Evan Miller).",
        when="When a test with an even split is to be run by a simple rule that can be kept by hand: count "
        "conversions or sales of both sides and stop when one leads by so many. Not where the split is "
        "uneven, or values rather than conversions count.",
        arguments=RaceArguments,
        result=RaceRead,
        function=_race,
        examples=({"lift": 0.2}, {"conversions": 808, "control": 120, "treatment": 180, "sides": 2}),
    ),
)
