"""Tools for tests of personalization and models: is the assignment what it should be, and what does it bring?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.stats.assignment.split import Split
from copilot_tools.stats.personalization.findings import Activation, EffectByAge, HoldoutLift, RoutingAudit
from copilot_tools.stats.personalization.given import ActivationArm
from copilot_tools.stats.personalization.parts import Label, Outcome
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import Direction, MetricName, Sides

__all__ = ["TOOLS"]

Alpha = Annotated[float, Field(gt=0, lt=0.5, description="Each interval covers 1 - alpha.")]
Unit = Annotated[str, Field(min_length=1, max_length=1000, description="A unit's id, exactly as it was hashed.")]


class LoggedUnit(Frozen):
    """One entry of the log: a unit, the arm it was served by, and the model version that served it."""

    unit: Unit
    arm: Label
    version: Annotated[str, Field(max_length=200, description="Model version; empty where there is one.")] = ""


class BeforeColumn(Frozen):
    """A column measured before exposure: one number for each entry of the log, in its order."""

    name: Label
    values: Annotated[tuple[float, ...], Field(min_length=1, max_length=100_000)]


class AuditArguments(Split):
    """A split (seed, arms with weights, coverage, namespace), the log, and columns measured before exposure."""

    log: Annotated[tuple[LoggedUnit, ...], Field(min_length=1, max_length=100_000)]
    before: Annotated[tuple[BeforeColumn, ...], Field(max_length=50)] = ()


def _audit(a: AuditArguments) -> RoutingAudit:
    from copilot_tools.refusals import Refused  # noqa: PLC0415
    from copilot_tools.stats.personalization.routing import routing_audit  # noqa: PLC0415 - scipy, only when run

    columns = {c.name: c.values for c in a.before}
    if len(columns) < len(a.before):
        raise Refused.because(
            "audit.column_twice", "Two columns share a name.", "Give each a name of its own.", name="before"
        )
    split = Split(seed=a.seed, arms=a.arms, coverage=a.coverage, namespace=a.namespace)
    return routing_audit(split, [e.unit for e in a.log], [e.arm for e in a.log], [e.version for e in a.log], columns)


class ActivationArguments(Frozen):
    """Arms with activated units; control first."""

    arms: Annotated[tuple[ActivationArm, ...], Field(min_length=2, max_length=20)]
    alpha: Alpha = 0.05


def _activation(a: ActivationArguments) -> Activation:
    from copilot_tools.stats.personalization.activation import activation  # noqa: PLC0415 - scipy, only when run

    return activation(a.arms, alpha=a.alpha)


class HoldoutArguments(Frozen):
    """A holdout and everybody else, as assigned."""

    holdout: Outcome
    personalized: Outcome
    holdout_share: Annotated[float, Field(gt=0, lt=1, description="Configured share of the holdout.")]
    leaked: Annotated[int, Field(ge=0, le=10**12, description="Holdout units that were personalized after all.")] = 0
    metric: MetricName = "the metric"
    direction: Direction = "increase"
    alpha: Alpha = 0.05
    sides: Sides = 2


def _holdout(a: HoldoutArguments) -> HoldoutLift:
    from copilot_tools.stats.personalization.holdout import holdout_lift  # noqa: PLC0415 - scipy, only when run

    return holdout_lift(
        a.holdout,
        a.personalized,
        holdout_share=a.holdout_share,
        leaked=a.leaked,
        metric=a.metric,
        direction=a.direction,
        alpha=a.alpha,
        sides=a.sides,
    )


class AgeArguments(Frozen):
    """Observations of units at several ages, as columns: one entry an observation, in one order."""

    units: Annotated[tuple[Unit, ...], Field(min_length=1, max_length=200_000)]
    arms: Annotated[tuple[Label, ...], Field(min_length=1, max_length=200_000)]
    ages: Annotated[
        tuple[Annotated[float, Field(ge=0, le=10_000)], ...],
        Field(min_length=1, max_length=200_000, description="Days since the unit's first exposure."),
    ]
    values: Annotated[
        tuple[float, ...], Field(min_length=1, max_length=200_000, description="The metric on that day, for that unit.")
    ]
    control: Label
    direction: Direction = "increase"
    level: Annotated[
        float, Field(gt=0, lt=0.5, description="Chance that a constant effect is called novelty or primacy.")
    ] = 0.01
    alpha: Alpha = 0.05


def _by_age(a: AgeArguments) -> EffectByAge:
    from copilot_tools.stats.personalization.aging import effect_by_age  # noqa: PLC0415 - scipy, only when run

    return effect_by_age(
        a.units,
        a.arms,
        a.ages,
        a.values,
        control=a.control,
        direction=a.direction,
        level=a.level,
        alpha=a.alpha,
    )


TOOLS = (
    Tool(
        name="audit_assignment",
        summary="Was every unit served by the arm its hash gives, by model version? Were arms alike before exposure?",
        when="Before reading a test of personalization, recommendations or a model: was everybody served what "
        "assignment gave them, or did routing, caches, defaults and fallbacks break it? From a log of units. "
        "Not to see where units fall (assign_units), nor for counts alone (sample_ratio).",
        arguments=AuditArguments,
        result=RoutingAudit,
        function=_audit,
        examples=(
            {
                "seed": "expcopilot/spring",
                "arms": [{"name": "control", "weight": 1}, {"name": "v1", "weight": 1}],
                "log": [
                    {"unit": "user-1", "arm": "v1", "version": "2026-02"},
                    {"unit": "user-2", "arm": "v1", "version": "2026-02"},
                    {"unit": "user-3", "arm": "v1", "version": "2026-03"},
                ],
                "before": [{"name": "orders before", "values": [2, 0, 1]}],
            },
        ),
    ),
    Tool(
        name="activation_analysis",
        summary="Effect among units that could be affected, diluted to everyone, with checks of the trigger.",
        when="When only some visitors reached what was changed (scrolled down to it, opened the page) and the rest"
        " dilutes the effect: the effect among those only, if that cut is safe, and over everyone. Not where "
        "the trigger is part of the treatment: such a cut compares units the treatment has chosen.",
        arguments=ActivationArguments,
        result=Activation,
        function=_activation,
        examples=(
            {
                "arms": [
                    {
                        "name": "control",
                        "assigned": 50000,
                        "activated": {"n": 10080, "successes": 1010},
                        "others": {"n": 39920, "successes": 1201},
                    },
                    {
                        "name": "model",
                        "assigned": 50100,
                        "activated": {"n": 10011, "successes": 1190},
                        "others": {"n": 40089, "successes": 1189},
                    },
                ]
            },
        ),
    ),
    Tool(
        name="holdout_lift",
        summary="What personalization as a whole brings, against a holdout that gets none of it.",
        when="When a share of customers was held out of all personalization, to learn what everything tailored is "
        "worth together. Not for two versions against each other (compare_proportions, compare_means), nor to"
        " draw the holdout (assign_outside_holdout).",
        arguments=HoldoutArguments,
        result=HoldoutLift,
        function=_holdout,
        examples=(
            {
                "holdout": {"n": 5020, "successes": 402},
                "personalized": {"n": 94980, "successes": 8519},
                "holdout_share": 0.05,
                "leaked": 100,
                "metric": "conversion",
            },
            {
                "holdout": {"n": 980, "mean": 12.1, "sd": 31.0},
                "personalized": {"n": 9020, "mean": 14.9, "sd": 36.5},
                "holdout_share": 0.1,
                "sides": 1,
            },
        ),
    ),
    Tool(
        name="effect_by_age",
        summary="Does the effect wear off (novelty) or grow (primacy) with the age of the unit, not of the calendar?",
        when="When the effect jumps in the first days or week and then fades, or grows: are people only curious "
        "because it is new (novelty), or still learning (primacy)? By the age of the unit, not the calendar. "
        "Needs rows by unit and day, and 20 units an arm seen at two ages. Not for change between calendar "
        "weeks or model versions (check_consistency).",
        arguments=AgeArguments,
        result=EffectByAge,
        function=_by_age,
        examples=(
            {
                "units": [f"{arm}-{u}" for arm in ("control", "model") for u in range(20) for _ in range(2)],
                "arms": [arm for arm in ("control", "model") for _ in range(40)],
                "ages": [0, 7] * 40,
                "values": [x for fade in (0, 1) for u in range(20) for x in (3 + u % 3 + fade, 3 + (7 * u) % 4)],
                "control": "control",
            },
        ),
    ),
)
