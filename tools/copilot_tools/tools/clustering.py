"""The tool that compares arms when whole clusters were assigned and single units measured."""

from __future__ import annotations

from copilot_tools.base import Frozen
from copilot_tools.stats import formats
from copilot_tools.stats.inference.clusters import ClusteredArm, compare_clusters
from copilot_tools.stats.inference.pair_results import AdjustedPair
from copilot_tools.stats.spec import Metric
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import EXPLORATORY, PairQuestion

__all__ = ["TOOLS"]


class ClustersArguments(PairQuestion[ClusteredArm]):
    """Two arms, cluster by cluster: units and sum of the metric."""


class ClustersReading(Frozen):
    """Two arms compared by their clusters.

    Attributes:
        result: Levels, difference and relative lift, with cluster-robust errors.
        sentence: The same in plain words.
        standing: What these figures are not.
    """

    result: AdjustedPair
    sentence: str
    standing: str = EXPLORATORY


def _read(a: ClustersArguments) -> ClustersReading:
    found = compare_clusters(a.control, a.treatment, alpha=a.alpha, sides=a.sides, sign=a.sign)
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
        "randomized and the rows are their sessions: rows are then not independent, and plain tests find too "
        "much. From each cluster's units and sum. Not to plan such a test (design_effect, sample_size).",
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
