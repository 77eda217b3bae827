"""The tool that adjusts a comparison by what was known before assignment: CUPED, from summary figures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen, Label, Named
from copilot_tools.stats import formats
from copilot_tools.stats.inference.pair_results import AdjustedPair
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import EXPLORATORY, PairQuestion

__all__ = ["TOOLS"]

Row = Annotated[tuple[float, ...], Field(min_length=2, max_length=42)]


class CovariateArm(Named):
    """One arm's moments: means and covariances (divisor n - 1) of the metric first, then of each covariate."""

    n: Annotated[int, Field(ge=2, le=10**12, description="Units.")]
    means: Annotated[Row, Field(description="Metric, covariates in order; for a ratio numerator, denominator of each.")]
    covariances: Annotated[tuple[Row, ...], Field(min_length=2, max_length=42, description="Square and symmetric.")]

    @model_validator(mode="after")
    def _fits(self) -> CovariateArm:
        d, c = len(self.means), self.covariances
        if len(c) != d or any(len(row) != d for row in c):
            raise ValueError(f"{d} means need a {d} x {d} table of covariances")
        for i in range(d):
            if c[i][i] < 0:
                raise ValueError(f"the variance of column {i + 1} is {c[i][i]:g}, but no variance is negative")
            for j in range(i):
                if abs(c[i][j] - c[j][i]) > 1e-9 * (abs(c[i][j]) + abs(c[j][i])):
                    raise ValueError(f"covariances {i + 1}, {j + 1} differ from {j + 1}, {i + 1}: not symmetric")
                if c[i][j] ** 2 > c[i][i] * c[j][j] * (1 + 1e-9):
                    raise ValueError(f"columns {i + 1} and {j + 1} would be correlated beyond 1")
        return self

    def moments(self) -> Moments:
        """As moments."""
        k = self.n - 1
        return Moments(
            n=self.n, mean=self.means, comoments=tuple(tuple(v * k for v in row) for row in self.covariances)
        )


class AdjustedArguments(PairQuestion[CovariateArm]):
    """Two arms with a metric and columns measured before assignment."""

    covariates: Annotated[
        tuple[Label, ...],
        Field(min_length=1, max_length=20, description="Names of the covariates, in the order of the columns."),
    ]
    kind: Annotated[Literal["mean", "ratio"], Field(description="A ratio takes two columns for everything.")] = "mean"


class AdjustedReading(Frozen):
    """Two arms compared with covariates.

    Attributes:
        result: Levels as observed, adjusted difference and relative lift, slopes, variance removed.
        sentence: The same in plain words.
        standing: What these figures are not.
    """

    result: AdjustedPair
    sentence: str
    standing: str = EXPLORATORY


def _read(a: AdjustedArguments) -> AdjustedReading:
    from copilot_tools.stats.inference.cuped_several import adjusted_pair  # noqa: PLC0415 - scipy, only when run

    found = adjusted_pair(
        a.control.moments(),
        a.treatment.moments(),
        a.covariates,
        ratio=a.kind == "ratio",
        names=(a.control.name, a.treatment.name),
        alpha=a.alpha,
        sides=a.sides,
        sign=a.sign,
    )
    metric = Metric(name=a.metric, kind="mean", column="value", direction=a.direction)
    p = "" if found.absolute.p_value is None else f", {formats.p_value(found.absolute.p_value)}"
    removed = "" if found.variance_reduction is None else f" The covariates removed {found.variance_reduction:.0%} of "
    return AdjustedReading(
        result=found,
        sentence=(
            f"{a.treatment.name} against {a.control.name}, adjusted: {formats.effect(metric, found.absolute)} on "
            f"{metric.name} ({formats.interval(metric, found.absolute.interval, 'absolute')}{p})."
            + (f"{removed}the variance." if removed else "")
        ),
    )


TOOLS = (
    Tool(
        name="adjusted_comparison",
        summary="Difference of two means or ratios adjusted by covariates measured before assignment (CUPED).",
        when="To take noise out of a comparison with what was known of each unit before the test, such as last "
        "month's spend or revenue (CUPED): from means and covariances. Never with anything measured after "
        "assignment; not where only the outcome is known (compare_means).",
        arguments=AdjustedArguments,
        result=AdjustedReading,
        function=_read,
        examples=(
            {
                "control": {
                    "name": "control",
                    "n": 5000,
                    "means": [20.1, 18.9, 3.2],
                    "covariances": [[3000.0, 1500.0, 40.0], [1500.0, 2500.0, 30.0], [40.0, 30.0, 4.0]],
                },
                "treatment": {
                    "name": "b",
                    "n": 5020,
                    "means": [22.0, 19.1, 3.25],
                    "covariances": [[3100.0, 1520.0, 41.0], [1520.0, 2480.0, 31.0], [41.0, 31.0, 4.1]],
                },
                "covariates": ["revenue before", "visits before"],
                "metric": "revenue a user",
            },
        ),
    ),
)
