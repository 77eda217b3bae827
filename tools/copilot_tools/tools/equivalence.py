"""The tool that shows sameness: is an effect within margins stated before? From summary figures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.stats import formats
from copilot_tools.stats.inference.pair_results import Equivalence
from copilot_tools.stats.spec import Effect, Metric
from copilot_tools.tool import Tool
from copilot_tools.tools.comparing import CountArm, MeanArm, RatioArm
from copilot_tools.tools.questions import EXPLORATORY, MetricName, Pair

__all__ = ["TOOLS"]


class EquivalenceArguments(Frozen):
    """Two arms of one kind, and the largest difference that does not matter."""

    proportions: Annotated[Pair[CountArm] | None, Field(description="Two arms with counts.")] = None
    means: Annotated[Pair[MeanArm] | None, Field(description="Two arms with means and standard deviations.")] = None
    ratios: Annotated[Pair[RatioArm] | None, Field(description="Two arms with numerator and denominator.")] = None
    margin: Annotated[
        Effect, Field(description="Largest difference, either way, that does not matter; stated before the data.")
    ]
    upper: Annotated[
        float | None, Field(gt=0, description="The margin upwards, where it differs; margin is then downwards.")
    ] = None
    alpha: Annotated[
        float, Field(gt=0, lt=0.5, description="Error rate of each one-sided test: the interval holds 1 - 2 alpha.")
    ] = 0.05
    metric: MetricName = "the metric"
    direction: Annotated[
        Literal["increase", "decrease"], Field(description="Which way is better: the other way is harm.")
    ] = "increase"

    @model_validator(mode="after")
    def _one_kind(self) -> EquivalenceArguments:
        given = [pair for pair in (self.proportions, self.means, self.ratios) if pair is not None]
        if len(given) != 1:
            raise ValueError("give the two arms once: as proportions, means or ratios")
        return self


def _require_within_reach(kind: str, margin: Effect, upper: float | None) -> None:
    """Refuse margins that nothing oversteps, mostly five percent typed as 5: sameness would always be shown."""
    share = kind == "proportion" and margin.scale == "absolute"
    widest = max(margin.size, upper or 0.0) if share else margin.size
    if widest < 1 or not (share or margin.scale == "relative"):
        return
    raise Refused.because(
        "equivalence.margin_too_wide",
        f"A margin of {widest:g} "
        + ("is no possible change of a share." if share else "of control lets all of control be lost."),
        "Write one percentage point as 0.01."
        if share
        else "Write five percent of control as 0.05; where values go below 0, give the margin in their unit.",
        name="margin",
        value=widest,
    )


class EquivalenceReading(Frozen):
    """What the data show about equality.

    Attributes:
        result: Estimate with its 1 - 2 alpha interval, both p-values, both claims.
        sentence: The same in plain words.
        standing: What these figures are not.
    """

    result: Equivalence
    sentence: str
    standing: str = EXPLORATORY


def _read(a: EquivalenceArguments) -> EquivalenceReading:
    from copilot_tools.stats.inference.equivalence import equivalence  # noqa: PLC0415 - scipy, only when run

    kind: Literal["proportion", "mean", "ratio"]
    arms: tuple[CountArm | MeanArm | RatioArm, ...]
    if a.proportions is not None:
        kind, arms = "proportion", (a.proportions.control, a.proportions.treatment)
    elif a.means is not None:
        kind, arms = "mean", (a.means.control, a.means.treatment)
    elif a.ratios is not None:
        kind, arms = "ratio", (a.ratios.control, a.ratios.treatment)
    else:
        raise AssertionError("the arguments hold one kind of arms")
    _require_within_reach(kind, a.margin, a.upper)
    metric = Metric(
        name=a.metric,
        kind=kind,
        column="value",
        denominator="denominator" if kind == "ratio" else None,
        direction=a.direction,
    )
    control, treatment = arms
    moments = {arm.name: arm.moments() for arm in arms}
    found = equivalence(metric, moments, control.name, treatment.name, a.margin, upper=a.upper, alpha=a.alpha)
    return EquivalenceReading(result=found, sentence=_sentence(metric, control.name, treatment.name, found))


def _sentence(metric: Metric, control: str, treatment: str, found: Equivalence) -> str:
    head = (
        f"{treatment} against {control}: {formats.effect(metric, found.estimate)} on {metric.name} "
        f"({formats.interval(metric, found.estimate.interval, found.estimate.scale)})"
    )
    if found.equivalent:
        return (
            f"{head}. The interval lies within the margins: equivalence is shown "
            f"({formats.p_value(found.p_equivalence)})."
        )
    if found.noninferior:
        return (
            f"{head}. Non-inferiority is shown ({formats.p_value(found.p_noninferiority)}), equivalence is not: "
            "treatment may be better by more than the margin."
        )
    return (
        f"{head}. Neither equivalence ({formats.p_value(found.p_equivalence)}) nor non-inferiority "
        f"({formats.p_value(found.p_noninferiority)}) is shown. That does not show a difference either."
    )


TOOLS = (
    Tool(
        name="equivalence_test",
        summary="Two one-sided tests (TOST): is the effect shown to be too small to matter, or at least not harmful?",
        when="To show that two arms are as good as the same, that the cheaper one performs just as well, or that a"
        " change does no harm beyond a margin. A p-value that is not significant shows no equality; this test"
        " can. Not to find a difference (compare_proportions, compare_means).",
        arguments=EquivalenceArguments,
        result=EquivalenceReading,
        function=_read,
        examples=(
            {
                "proportions": {
                    "control": {"name": "control", "n": 20000, "successes": 1040},
                    "treatment": {"name": "b", "n": 20100, "successes": 1051},
                },
                "margin": {"size": 0.005, "scale": "absolute"},
                "metric": "signup",
            },
            {
                "means": {
                    "control": {"name": "control", "n": 9000, "mean": 20.1, "sd": 25.2},
                    "treatment": {"name": "b", "n": 8900, "mean": 20.3, "sd": 25.9},
                },
                "margin": {"size": 0.05, "scale": "relative"},
                "metric": "load time",
                "direction": "decrease",
            },
        ),
    ),
)
