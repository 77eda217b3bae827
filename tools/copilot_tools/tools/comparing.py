"""Tools that compare arms from summary figures. Exploratory: no registered plan stands behind them."""

from __future__ import annotations

import math
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, model_validator

from copilot_tools.base import Frozen, Named
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Comparison
from copilot_tools.stats import formats
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import EXPLORATORY, ArmsQuestion

__all__ = ["TOOLS"]

Count = Annotated[int, Field(ge=0, le=10**12)]
Spread = Annotated[float, Field(ge=0)]


class CountArm(Named):
    """One arm's units and how many of them converted."""

    n: Annotated[int, Field(ge=1, le=10**12, description="Units.")]
    successes: Annotated[int, Field(ge=0, description="Units that converted.")]

    @model_validator(mode="after")
    def _no_more_than_n(self) -> CountArm:
        if self.successes > self.n:
            raise ValueError(f"successes is {self.successes}, more than the {self.n} units it is counted among")
        return self

    def moments(self) -> Moments:
        """As moments."""
        return Moments.of_proportion(self.n, self.successes)


class MeanArm(Named):
    """One arm's units, mean and standard deviation (divisor n - 1), and skewness where it is known."""

    n: Annotated[int, Field(ge=2, le=10**12, description="Units.")]
    mean: float
    sd: Spread
    skewness: Annotated[
        float | None,
        Field(
            description="Of single units: mean cubed distance from the mean over the cubed standard deviation. Widens "
            "the interval where arms are unequal and values skewed (revenue); both arms of a comparison need it."
        ),
    ] = None

    @model_validator(mode="after")
    def _possible_skewness(self) -> MeanArm:
        # n - 1 equal values and one apart are as skewed as n values can be.
        most = (self.n - 2) / math.sqrt(self.n - 1)
        if self.skewness is not None and abs(self.skewness) > most * (1 + 1e-9):
            raise ValueError(f"skewness is {self.skewness:g}, but {self.n} values have at most {most:g}")
        return self

    def moments(self) -> Moments:
        """As moments."""
        squares = self.sd**2 * (self.n - 1)
        deviation = math.sqrt(squares / self.n)
        thirds = None if self.skewness is None else (self.skewness * deviation * deviation * deviation * self.n,)
        return Moments(n=self.n, mean=(self.mean,), comoments=((squares,),), thirds=thirds)


class RatioArm(Named):
    """One arm's units, and per unit the numerator and the denominator (standard deviations with divisor n - 1)."""

    n: Annotated[int, Field(ge=2, le=10**12, description="Units of randomization.")]
    numerator_mean: float
    numerator_sd: Spread
    denominator_mean: Annotated[float, Field(gt=0)]
    denominator_sd: Spread
    correlation: Annotated[float, Field(ge=-1, le=1, description="Of numerator and denominator over units.")]

    def moments(self) -> Moments:
        """As moments."""
        k = self.n - 1
        cross = self.correlation * self.numerator_sd * self.denominator_sd * k
        return Moments(
            n=self.n,
            mean=(self.numerator_mean, self.denominator_mean),
            comoments=((self.numerator_sd**2 * k, cross), (cross, self.denominator_sd**2 * k)),
        )


A = TypeVar("A", bound=CountArm | MeanArm | RatioArm)


class _Question(ArmsQuestion[A], Generic[A]):
    adjustment: Annotated[
        Literal["dunnett", "bonferroni", "none"], Field(description="How intervals hold jointly over treatment arms.")
    ] = "dunnett"


class ProportionsArguments(_Question[CountArm]):
    """Arms with counts."""

    method: Annotated[
        Literal["auto", "score", "exact", "miettinen-nurminen", "newcombe", "agresti-caffo"],
        Field(
            description='"auto": the score method; exact up to about 100 units an arm and where fewer than 5 of an '
            "outcome are expected; corrected for skewness where arms are very unequal. The last two have no lift."
        ),
    ] = "auto"


class MeansArguments(_Question[MeanArm]):
    """Arms with means and standard deviations."""

    unit: Annotated[str, Field(max_length=20, description="What a value is: $, minutes, ...")] = ""


class RatiosArguments(_Question[RatioArm]):
    """Arms with numerators and denominators per unit of randomization."""

    unit: Annotated[str, Field(max_length=20, description="What a ratio is: $, clicks a view, ...")] = ""


class Comparisons(Frozen):
    """Every treatment arm against control.

    Attributes:
        comparisons: Levels, effects on both scales, intervals; a refusal where there is no estimate.
        sentences: The same in plain words, one a treatment arm.
        standing: What these figures are not.
    """

    comparisons: tuple[Comparison, ...]
    sentences: tuple[str, ...]
    standing: str = EXPLORATORY


def _compared(
    question: ProportionsArguments | MeansArguments | RatiosArguments, kind: Literal["proportion", "mean", "ratio"]
) -> Comparisons:
    from copilot_tools.stats.inference.compare import compare_arms  # noqa: PLC0415 - scipy, only when run

    metric = Metric(
        name=question.metric,
        role="primary",
        kind=kind,
        column="value",
        denominator="denominator" if kind == "ratio" else None,
        direction=question.direction,
        unit="" if isinstance(question, ProportionsArguments) else question.unit,
    )
    found = compare_arms(
        metric,
        {arm.name: arm.moments() for arm in question.arms},
        question.control.name,
        alpha=question.alpha,
        sides=question.sides,
        adjustment=question.adjustment,
        method=question.method if isinstance(question, ProportionsArguments) else "auto",
    )
    refused = [c.absolute for c in found if isinstance(c.absolute, Refusal) and isinstance(c.relative, Refusal)]
    if len(refused) == len(found):
        raise Refused(*dict.fromkeys(refused))
    return Comparisons(comparisons=found, sentences=tuple(_sentence(metric, c) for c in found))


def _sentence(metric: Metric, found: Comparison) -> str:
    head = (
        f"{found.treatment.arm} against {found.control.arm}: {metric.name} "
        f"{formats.level(metric, found.treatment.value)} against {formats.level(metric, found.control.value)}"
    )
    if isinstance(found.absolute, Refusal):
        return f"{head}. {found.absolute}"
    p = "" if found.absolute.p_value is None else f", {formats.p_value(found.absolute.p_value)}"
    relative = (
        f" relative: {found.relative}"
        if isinstance(found.relative, Refusal)
        else f" {formats.effect(metric, found.relative)} of control "
        f"({formats.interval(metric, found.relative.interval, 'relative')})."
    )
    return (
        f"{head}, {formats.effect(metric, found.absolute)} "
        f"({formats.interval(metric, found.absolute.interval, 'absolute')}{p});{relative}"
    )


TOOLS = (
    Tool(
        name="compare_proportions",
        summary="Difference and relative lift of proportions, with intervals that hold over all arms.",
        when="To compare conversion, click, open or purchase rates of two or more groups from counts that are "
        "already at hand: is the difference real or chance? Overlapping intervals do not answer that; this "
        "does. Outside a registered experiment. Not for averages (compare_means), for several events a unit "
        "or clicks per view (compare_counts, compare_ratios), nor to show that two are equal "
        "(equivalence_test).",
        arguments=ProportionsArguments,
        result=Comparisons,
        function=lambda a: _compared(a, "proportion"),
        examples=(
            {
                "control": {"name": "control", "n": 10000, "successes": 520},
                "treatments": [{"name": "b", "n": 10100, "successes": 581}],
                "metric": "signup",
            },
        ),
    ),
    Tool(
        name="compare_means",
        summary="Difference and relative lift of means (Welch), with intervals that hold over all arms.",
        when="To compare averages such as revenue a user, order value or minutes, from n, mean and standard "
        "deviation: is the difference real or luck? Give the skewness too where arms are unequal and values "
        "skewed. Not for yes/no outcomes (compare_proportions), for medians (compare_quantiles), nor where "
        "rows are not the units that were randomized (compare_clusters, compare_ratios).",
        arguments=MeansArguments,
        result=Comparisons,
        function=lambda a: _compared(a, "mean"),
        examples=(
            {
                "control": {"name": "control", "n": 5000, "mean": 20.1, "sd": 55.2},
                "treatments": [
                    {"name": "b", "n": 5020, "mean": 22.4, "sd": 57.0},
                    {"name": "c", "n": 4980, "mean": 20.9, "sd": 54.1},
                ],
                "metric": "revenue a user",
                "unit": "$",
            },
            {
                "control": {"name": "control", "n": 18000, "mean": 1.52, "sd": 14.8, "skewness": 24.0},
                "treatments": [{"name": "b", "n": 2000, "mean": 0.96, "sd": 9.1, "skewness": 15.5}],
                "metric": "revenue a user",
                "unit": "$",
            },
        ),
    ),
    Tool(
        name="compare_ratios",
        summary="Difference and relative lift of ratios of sums (delta method).",
        when="To compare a ratio whose denominator is not the unit of randomization: clicks an impression or page "
        "view, revenue an order, where people were split and each has many of them. Not where every unit "
        "counts once, as yes or no (compare_proportions).",
        arguments=RatiosArguments,
        result=Comparisons,
        function=lambda a: _compared(a, "ratio"),
        examples=(
            {
                "control": {
                    "name": "control",
                    "n": 4000,
                    "numerator_mean": 1.2,
                    "numerator_sd": 1.9,
                    "denominator_mean": 6.0,
                    "denominator_sd": 4.5,
                    "correlation": 0.55,
                },
                "treatments": [
                    {
                        "name": "b",
                        "n": 4010,
                        "numerator_mean": 1.31,
                        "numerator_sd": 2.0,
                        "denominator_mean": 6.1,
                        "denominator_sd": 4.4,
                        "correlation": 0.56,
                    }
                ],
                "metric": "clicks a page view",
            },
        ),
    ),
)
