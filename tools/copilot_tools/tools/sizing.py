"""Tools for before the test: how many units, how long, how small an effect."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.results import Scale
from copilot_tools.stats.planning.contrast import Direction
from copilot_tools.stats.planning.design import Cluster, TrialDesign
from copilot_tools.stats.planning.detectable import DetectableEffect, Power, minimum_detectable_effect, power_at
from copilot_tools.stats.planning.outcomes import Outcome
from copilot_tools.stats.planning.rules import design_effect
from copilot_tools.stats.planning.runtime import Runtime, runtime
from copilot_tools.stats.planning.size import LARGEST, SampleSize, sample_size
from copilot_tools.stats.spec import Effect
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]

Units = Annotated[int, Field(ge=2, le=LARGEST, description="Units over all arms.")]
PerWeek = Annotated[float, Field(gt=0, le=1e12, description="New units a week that enter the test, all arms together.")]
Wanted = Annotated[float, Field(gt=0, lt=1, description="Chance of finding the effect, such as 0.8.")]
EffectOrNone = Annotated[
    Effect | None, Field(description="True effect in the desired direction; leave out with a margin: no difference.")
]
Margin = Annotated[
    Effect | None,
    Field(description="Tolerated worsening: a non-inferiority question. With equivalence: tolerated either way."),
]
Equivalence = Annotated[
    bool, Field(description="The margin bounds both sides: two one-sided tests, each at alpha (TOST).")
]


class _Question(Frozen):
    outcome: Annotated[Outcome, Field(description="The metric today: kind, level and spread.")]
    direction: Annotated[Direction, Field(description="Which way is better.")] = "increase"
    design: Annotated[
        TrialDesign,
        Field(
            description="Arms (weights, control first), error rates, number of primary metrics, covariate, clusters."
        ),
    ] = TrialDesign()


class SampleSizeArguments(_Question):
    """How many units, for an effect worth finding."""

    effect: EffectOrNone = None
    margin: Margin = None
    equivalence: Equivalence = False
    power: Wanted = 0.8
    units_per_week: Annotated[PerWeek | None, Field(description="Traffic, for the runtime in whole weeks.")] = None


class PowerArguments(_Question):
    """The chance of finding an effect with given units."""

    units: Units
    effect: EffectOrNone = None
    margin: Margin = None
    equivalence: Equivalence = False


class DetectableArguments(_Question):
    """The smallest effect that given units (a fixed list), or given weeks of traffic, can find."""

    units: Units | None = None
    units_per_week: PerWeek | None = None
    weeks: Annotated[int, Field(ge=1, le=520, description="Whole weeks of traffic.")] | None = None
    power: Wanted = 0.8
    noninferiority: Annotated[bool, Field(description="Ask for the tightest margin instead of an effect.")] = False
    equivalence: Annotated[
        bool, Field(description="Ask for the tightest margin on both sides instead of an effect (TOST).")
    ] = False
    scale: Annotated[Scale, Field(description="Scale on which the margin is tested.")] = "absolute"

    @model_validator(mode="after")
    def _one_source(self) -> DetectableArguments:
        by_list = self.units is not None and self.units_per_week is None and self.weeks is None
        by_traffic = self.units is None and self.units_per_week is not None and self.weeks is not None
        if not by_list and not by_traffic:
            raise ValueError("give either units (a fixed list), or units_per_week together with weeks")
        if self.noninferiority and self.equivalence:
            raise ValueError("ask for one margin: noninferiority (one side) or equivalence (both sides)")
        return self


class DesignEffectArguments(Frozen):
    """What assigning whole clusters (shops, regions, households, accounts) costs."""

    cluster: Annotated[Cluster, Field(description="Mean size, intra-cluster correlation, spread of the sizes.")]
    units: Annotated[
        int | None, Field(ge=2, le=LARGEST, description="Units over all arms, to be told what they are worth.")
    ] = None


class DesignEffect(Frozen):
    """What assigning whole clusters costs.

    Attributes:
        design_effect: Factor on the variance, and on the units needed: 1 + ((1 + cv^2) m - 1) icc.
        standard_error_factor: Factor on standard errors and on the smallest detectable effect: its square root.
        effective_units: Independent units that ``units`` are worth; None where no units were given.
        clusters: Clusters that ``units`` make; None likewise. Below about 40 over two arms count degrees of freedom in
            clusters (sizing by method t does).
        most_effective_units: Independent units that so many clusters are worth at the most, however many units each
            holds: more units in the same clusters cannot pass it. None likewise, and where units are independent.
    """

    design_effect: float
    standard_error_factor: float
    effective_units: float | None
    clusters: float | None
    most_effective_units: float | None


class RuntimeArguments(Frozen):
    """How long until the units have come in."""

    units: Annotated[int, Field(ge=1, le=LARGEST, description="Units over all arms.")]
    units_per_week: PerWeek


def _size(a: SampleSizeArguments) -> SampleSize:
    return sample_size(
        a.outcome,
        a.effect,
        power=a.power,
        direction=a.direction,
        margin=a.margin,
        equivalence=a.equivalence,
        design=a.design,
        units_per_week=a.units_per_week,
    )


def _power(a: PowerArguments) -> Power:
    return power_at(
        a.outcome,
        a.units,
        a.effect,
        direction=a.direction,
        margin=a.margin,
        equivalence=a.equivalence,
        design=a.design,
    )


def _detectable(a: DetectableArguments) -> DetectableEffect:
    units = a.units if a.units is not None else int((a.units_per_week or 0) * (a.weeks or 0))
    return minimum_detectable_effect(
        a.outcome,
        units,
        power=a.power,
        direction=a.direction,
        noninferiority=a.noninferiority,
        equivalence=a.equivalence,
        scale=a.scale,
        design=a.design,
        weeks_of=a.units_per_week,
    )


def _runtime(a: RuntimeArguments) -> Runtime:
    return runtime(a.units, a.units_per_week)


def _design_effect(a: DesignEffectArguments) -> DesignEffect:
    c = a.cluster
    factor = design_effect(c.size, c.icc, c.size_cv)
    clusters = None if a.units is None else a.units / c.size
    most = None if clusters is None or c.icc == 0 else clusters / ((1 + c.size_cv**2) * c.icc)
    return DesignEffect(
        design_effect=factor,
        standard_error_factor=math.sqrt(factor),
        effective_units=None if a.units is None else a.units / factor,
        clusters=clusters,
        most_effective_units=most,
    )


TOOLS = (
    Tool(
        name="sample_size",
        summary="Units per arm, and whole weeks, to find an effect worth finding.",
        when="Before a test, to learn how many visitors, users or sends each group needs to find the smallest "
        "improvement that matters. Not when the number of units is fixed already (power, "
        "minimum_detectable_effect), nor for factors crossed with each other (factorial_size).",
        arguments=SampleSizeArguments,
        result=SampleSize,
        function=_size,
        examples=(
            {
                "outcome": {"kind": "proportion", "baseline": 0.05},
                "effect": {"size": 0.1, "scale": "relative"},
                "units_per_week": 20000,
            },
            {
                "outcome": {"kind": "mean", "baseline": 20, "sd": 55},
                "margin": {"size": 0.02, "scale": "relative"},
                "design": {"weights": [1, 1, 1], "covariate_correlation": 0.6},
            },
            {
                "outcome": {"kind": "proportion", "baseline": 0.3},
                "margin": {"size": 0.02, "scale": "absolute"},
                "equivalence": True,
            },
            {
                "outcome": {"kind": "mean", "baseline": 20, "sd": 55},
                "effect": {"size": 0.05, "scale": "relative"},
                "design": {"metrics": 3, "metrics_rule": "holm"},
            },
        ),
    ),
    Tool(
        name="power",
        summary="Chance of finding an effect with given units.",
        when="Before a test, when both the number of units and the effect are given: how likely is it that the "
        "test notices such an effect? Not to find the number of units (sample_size), and not afterwards with "
        "the effect that was seen, which only says the p-value again.",
        arguments=PowerArguments,
        result=Power,
        function=_power,
        examples=(
            {
                "outcome": {"kind": "proportion", "baseline": 0.05},
                "units": 20000,
                "effect": {"size": 0.01, "scale": "absolute"},
            },
        ),
    ),
    Tool(
        name="minimum_detectable_effect",
        summary="Smallest effect that a fixed list, or so many weeks of traffic, can find.",
        when="When the number of units is fixed (a mailing list, so many weeks of traffic), to learn how small an "
        "improvement can be found with them, also of a test that found nothing. Not when units can be added "
        "until they suffice (sample_size).",
        arguments=DetectableArguments,
        result=DetectableEffect,
        function=_detectable,
        examples=(
            {"outcome": {"kind": "proportion", "baseline": 0.05}, "units": 20000},
            {"outcome": {"kind": "mean", "baseline": 20, "sd": 55}, "units_per_week": 5000, "weeks": 4},
        ),
    ),
    Tool(
        name="design_effect",
        summary="What assigning whole clusters instead of single units costs in variance and units.",
        when="Before a test, when shops, stores, regions, households or accounts are assigned but the customers or"
        " users in them, who behave alike, are counted: how many times more units does it cost? To size such "
        "a test give the cluster to sample_size; not to read one (compare_clusters).",
        arguments=DesignEffectArguments,
        result=DesignEffect,
        function=_design_effect,
        examples=(
            {"cluster": {"size": 100, "icc": 0.01}},
            {"cluster": {"size": 40, "icc": 0.02, "size_cv": 0.6}, "units": 20000},
        ),
    ),
    Tool(
        name="runtime",
        summary="Whole weeks until so many units have come in.",
        when="When the number of units needed and the visitors a week are known, and the question is how long the "
        "test takes until it is finished. Not to find the units needed (sample_size).",
        arguments=RuntimeArguments,
        result=Runtime,
        function=_runtime,
        examples=({"units": 62468, "units_per_week": 20000},),
    ),
)
