"""Tools that count false alarms: how sure is a win, how often was it looked at, how much was tried?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.stats import formats
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]

Alpha = Annotated[float, Field(gt=0, lt=0.5, description="Type I error rate of the test.")]
Sides = Annotated[Literal[1, 2], Field(description="2, or 1 (upwards only).")]


class RiskArguments(Frozen):
    """How sure a significant result is, given how many ideas truly work."""

    win_rate: Annotated[float, Field(gt=0, lt=1, description="Share of ideas like this one that truly work.")] = 0.2
    z: Annotated[float | None, Field(ge=-40, le=40, description="Observed z in the hoped-for direction.")] = None
    alpha: Alpha = 0.05
    sides: Sides = 2
    power: Annotated[float, Field(gt=0.05, lt=1, description="Power the test was sized for.")] = 0.8


class Risk(Frozen):
    """False-positive risk, by two conventions that answer different questions.

    Attributes:
        of_rule: Share of false positives among all tests that such a rule declares winners.
        at_z: Chance that there is no effect at the observed z; None where no z was given.
        sentence: In plain words, naming the convention.
    """

    of_rule: float
    at_z: float | None
    sentence: str


def _risk(a: RiskArguments) -> Risk:
    from copilot_tools.stats.inference.false_positive_risk import risk_at_z, risk_of_rule  # noqa: PLC0415

    rule = risk_of_rule(a.win_rate, a.alpha / a.sides, a.power)
    at_z = None if a.z is None else risk_at_z(a.z, a.win_rate, a.alpha, a.sides, a.power)
    sentence = (
        f"If {formats.share(a.win_rate, 0)} of ideas truly work, {formats.share(rule)} of the winners such tests "
        "declare are false."
    )
    if at_z is not None:
        sentence += f" At the z observed here, {a.z:.2f}, the chance that there is no effect is {formats.share(at_z)}."
    return Risk(of_rule=rule, at_z=at_z, sentence=sentence)


class PeekingArguments(Frozen):
    """Looks at a running test, each testing at the plain level."""

    looks: Annotated[int | None, Field(ge=1, le=1000, description="Number of equally spaced looks.")] = None
    units_at_looks: Annotated[
        tuple[Annotated[int, Field(ge=1, le=10**12)], ...] | None,
        Field(
            min_length=1, max_length=1000, description="Units seen at each look, where they were not equally spaced."
        ),
    ] = None
    alpha: Alpha = 0.05
    sides: Sides = 2

    @model_validator(mode="after")
    def _one(self) -> PeekingArguments:
        if (self.looks is None) == (self.units_at_looks is None):
            raise ValueError("give either looks (a number) or units_at_looks (a list), not both or neither")
        return self


class Peeking(Frozen):
    """What repeated looks cost.

    Attributes:
        rate: Chance that a test of no effect is called significant at one look or another.
        factor: That chance over ``alpha``.
        sentence: In plain words.
    """

    rate: float
    factor: float
    sentence: str


def _peeking(a: PeekingArguments) -> Peeking:
    from copilot_tools.stats.planning.critical import critical_z  # noqa: PLC0415
    from copilot_tools.stats.validity.looks import repeated_testing_rate  # noqa: PLC0415 - numpy, only when run

    units = a.units_at_looks or tuple(range(1, (a.looks or 0) + 1))
    rate = repeated_testing_rate([u / max(units) for u in units], critical_z(a.alpha, a.sides), a.sides)
    looks = f"{len(units)} look{'s' if len(units) != 1 else ''}"
    return Peeking(
        rate=rate,
        factor=rate / a.alpha,
        sentence=f"With {looks}, each judged at {formats.share(a.alpha)}, a test of no effect is called significant "
        f"{formats.share(rate)} of the time.",
    )


class AdjustArguments(Frozen):
    """Many p-values."""

    p_values: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=1, max_length=100_000)]
    method: Annotated[
        Literal["bonferroni", "holm", "hochberg", "benjamini-hochberg", "benjamini-yekutieli"],
        Field(description="The first three hold the chance of any false rejection, the last two the share of them."),
    ] = "holm"
    alpha: Alpha = 0.05


class Adjusted(Frozen):
    """Adjusted p-values.

    Attributes:
        adjusted: In the order given.
        significant: Which are at most ``alpha``, in the order given.
        before: How many were at most ``alpha`` before.
        after: How many are after.
        any_false_alarm: Chance of at least one p-value at most ``alpha`` among as many independent tests of nothing.
        method: As named.
        sentence: In plain words.
    """

    adjusted: tuple[float, ...]
    significant: tuple[bool, ...]
    before: int
    after: int
    any_false_alarm: float
    method: str
    sentence: str


def _adjusted(a: AdjustArguments) -> Adjusted:
    from copilot_tools.stats.inference.multiplicity import adjust, family_wise_error_rate  # noqa: PLC0415 - numpy

    adjusted = tuple(float(p) for p in adjust(a.p_values, a.method))
    before, after = (sum(p <= a.alpha for p in ps) for ps in (a.p_values, adjusted))
    chance = family_wise_error_rate(a.alpha, len(adjusted))
    return Adjusted(
        adjusted=adjusted,
        significant=tuple(p <= a.alpha for p in adjusted),
        before=before,
        after=after,
        any_false_alarm=chance,
        method=a.method,
        sentence=f"Of {len(adjusted)} p-values {before} reach {a.alpha:g} by themselves and {after} after {a.method}; "
        f"as many independent tests of nothing would show at least one with chance {formats.share(chance)}.",
    )


TOOLS = (
    Tool(
        name="false_positive_risk",
        summary="Chance that a significant result is a false positive.",
        when="When somebody reads p < .05 or p = .03 as 95% or 97% sure that it works: how often is a significant "
        "result false? Not to correct for many metrics (adjust_p_values) or many looks (peeking).",
        arguments=RiskArguments,
        result=Risk,
        function=_risk,
        examples=({"win_rate": 0.1}, {"win_rate": 0.2, "z": 2.1}),
    ),
    Tool(
        name="peeking",
        summary="False-positive rate of looking at a running test again and again.",
        when="When a dashboard of a running test was, or is to be, watched daily and the test stopped as soon as "
        "it is significant: how often is that wrong? Not to read a result in spite of looking "
        "(sequential_test, always_valid_interval), nor to plan looks (group_sequential_design).",
        arguments=PeekingArguments,
        result=Peeking,
        function=_peeking,
        examples=({"looks": 5}, {"units_at_looks": [1000, 1500, 10000], "sides": 1}),
    ),
    Tool(
        name="adjust_p_values",
        summary="P-values adjusted for how many there are.",
        when="When several metrics, KPIs, segments or tests were looked at and the best one is to be reported: its"
        " p-value, corrected for how many there were. Not for several looks at one metric (peeking, "
        "sequential_test).",
        arguments=AdjustArguments,
        result=Adjusted,
        function=_adjusted,
        examples=({"p_values": [0.003, 0.02, 0.04, 0.2], "method": "holm"},),
    ),
)
