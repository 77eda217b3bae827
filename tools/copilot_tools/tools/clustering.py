"""The tool that compares arms when whole clusters were assigned and single units measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.stats import formats
from copilot_tools.stats.inference.clusters import ClusteredArm, compare_clusters
from copilot_tools.stats.inference.pair_results import AdjustedPair
from copilot_tools.stats.spec import Metric
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]


class ClustersArguments(Frozen):
    """Two arms, cluster by cluster: units and sum of the metric."""

    control: ClusteredArm
    treatment: ClusteredArm
    alpha: Annotated[float, Field(gt=0, lt=0.5, description="Error rate.")] = 0.05
    sides: Annotated[Literal[1, 2], Field(description="2, or 1 in the desired direction only.")] = 2
    metric: Annotated[str, Field(min_length=1, max_length=200, description="What it is called in sentences.")] = (
        "the metric"
    )
    direction: Annotated[Literal["increase", "decrease"], Field(description="Which way is better.")] = "increase"

    @model_validator(mode="after")
    def _distinct_names(self) -> ClustersArguments:
        if self.control.name == self.treatment.name:
            raise ValueError(f"the two arms share a name: {self.control.name}")
        return self


class ClustersReading(Frozen):
    """Two arms compared by their clusters.

    Attributes:
        result: Levels, difference and relative lift, with cluster-robust errors.
        sentence: The same in plain words.
        standing: What these figures are not.
    """

    result: AdjustedPair
    sentence: str
    standing: str = (
        "Exploratory: computed from typed figures, without a registered plan and without checks of the data."
    )


def _read(a: ClustersArguments) -> ClustersReading:
    found = compare_clusters(
        a.control, a.treatment, alpha=a.alpha, sides=a.sides, sign=1 if a.direction == "increase" else -1
    )
    metric = Metric(name=a.metric, kind="mean", column="value", direction=a.direction)
    p = "" if found.absolute.p_value is None else f", {formats.p_value(found.absolute.p_value)}"
    return ClustersReading(
        result=found,
        sentence=(
            f"{a.treatment.name} against {a.control.name}: {formats.effect(metric, found.absolute)} on {metric.name} "
            f"({formats.interval(metric, found.absolute.interval, 'absolute')}{p}), judged by "
            f"{len(a.control.sizes):,} and {len(a.treatment.sizes):,} clusters, not by their units."
        ),
    )


TOOLS = (
    Tool(
        name="compare_clusters",
        summary="Difference of means per unit where whole clusters were assigned (cluster-robust, even if few).",
        when="When accounts, shops or regions were randomized but users or orders are counted, or users were "
        "randomized and their sessions counted: from each cluster's units and sum.",
        arguments=ClustersArguments,
        result=ClustersReading,
        function=_read,
        examples=(
            {
                "control": {"name": "control", "sizes": [12, 30, 7, 18, 22], "sums": [25.0, 57.5, 16.0, 33.0, 47.5]},
                "treatment": {"name": "b", "sizes": [15, 9, 26, 31, 14], "sums": [36.5, 20.0, 60.5, 71.0, 35.0]},
                "metric": "orders a user",
            },
        ),
    ),
)
