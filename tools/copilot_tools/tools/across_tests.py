"""Tools that look across tests: repeated tests combined, A/A suites on own data, one treated market among many."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen, Label
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.stats.across.results import MetaAnalysis, Replication
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]

Alpha = Annotated[float, Field(gt=1e-9, lt=0.5, description="Error rate of each interval.")]
Values = Annotated[tuple[float, ...], Field(min_length=2, max_length=100_000)]


class TestArguments(Frozen):
    """One test's effect."""

    name: Label
    estimate: Annotated[float, Field(description="In a unit and direction common to all; log scale for ratios.")]
    standard_error: Annotated[float, Field(gt=0, description="Of the estimate, in its unit.")]


class CombineArguments(Frozen):
    """All tests of one idea, in the order in which they were run."""

    tests: Annotated[tuple[TestArguments, ...], Field(min_length=2, max_length=10_000)]
    method: Annotated[
        Literal["paule-mandel", "dersimonian-laird"], Field(description="How the variance between tests is estimated.")
    ] = "paule-mandel"
    alpha: Alpha = 0.05

    @model_validator(mode="after")
    def _distinct_names(self) -> CombineArguments:
        names = [test.name for test in self.tests]
        if len(set(names)) < len(names):
            raise ValueError(f"two tests share a name: {next(n for n in names if names.count(n) > 1)}")
        return self


class CombinedTests(Frozen):
    """Repeated tests, combined.

    Attributes:
        combined: Common effect, random effects, disagreement, prediction.
        replication: Whether what the first test found showed again in the later ones; or why that cannot be said.
        sentence: In plain words.
    """

    combined: MetaAnalysis
    replication: Replication | Refusal
    sentence: str


def _combine(a: CombineArguments) -> CombinedTests:
    from copilot_tools.stats.across.meta_analysis import meta_analysis  # noqa: PLC0415 - numpy, only when run
    from copilot_tools.stats.across.replication import replication  # noqa: PLC0415 - numpy, only when run

    pairs = [(t.estimate, t.standard_error) for t in a.tests]
    found = meta_analysis([e for e, _ in pairs], [s for _, s in pairs], alpha=a.alpha, method=a.method)
    try:
        again: Replication | Refusal = replication(pairs[0], pairs[1:], alpha=a.alpha)
    except Refused as refused:
        again = refused.refusals[0]
    mean = found.random
    sentence = (
        f"Over {found.tests} tests the effect is {mean.value:.4g} on average ({formats.bare_interval(mean.interval)}, "
        f"{formats.p_value(mean.p_value)}); {formats.share(found.i_squared, 0)} of the spread between them is not "
        "chance."
    )
    if found.prediction is not None:
        sentence += f" One more such test would have its true effect in the {formats.bare_interval(found.prediction)}."
    if isinstance(again, Replication):
        sentence += f" What the first test found was {again.verdict} by the later ones."
    return CombinedTests(combined=found, replication=again, sentence=sentence)


class Bucket(Frozen):
    """Sums over one bucket of hashed units."""

    n: Annotated[int, Field(ge=1, le=10**12, description="Rows.")]
    sum: Annotated[float, Field(description="Of the rows' values.")]
    sum_of_squares: Annotated[float, Field(ge=0, description="Of the rows' squared values.")]


class AAArguments(Frozen):
    """One's own data, from before any test; and how experiments on it are run."""

    values: Annotated[Values | None, Field(description="One a row.")] = None
    units: Annotated[
        tuple[str, ...] | None,
        Field(max_length=100_000, description="The unit each row belongs to, where units have several rows."),
    ] = None
    buckets: Annotated[
        tuple[Bucket, ...] | None, Field(max_length=100_000, description="Instead of values: sums by bucket.")
    ] = None
    splits: Annotated[int, Field(ge=100, le=10_000, description="Random splits.")] = 1000
    share: Annotated[float, Field(gt=0, lt=1, description="Of the units that go to treatment.")] = 0.5
    alpha: Annotated[float, Field(gt=0, lt=0.5, description="Level of each test.")] = 0.05
    seed: Annotated[int, Field(ge=0, le=2**53, description="The same seed, the same splits.")] = 0

    @model_validator(mode="after")
    def _one_source(self) -> AAArguments:
        if (self.values is None) == (self.buckets is None):
            raise ValueError("give either values or buckets, not both or neither")
        if self.units is not None and self.values is None:
            raise ValueError("units belong to values: buckets have none")
        return self


class AARead(Frozen):
    """What tests find on data in which nothing differs.

    Attributes:
        splits: Random splits tested.
        units: What was assigned as one: units, or buckets.
        false_alarms: Share of splits that were significant: the true error rate.
        interval: Around it.
        upward: Share that show a false gain.
        downward: Share that show a false loss.
        uniformity_p: Chance that p-values lie at least this far from uniform if all is well.
        deciles: Share of p-values in each tenth from 0 to 1; a tenth each if all is well.
        holds: Whether the error rate is no higher than promised, as far as the splits can tell.
        test: "welch", or "pooled z" where all values are 0 or 1.
        sentence: In plain words.
    """

    splits: int
    units: int
    false_alarms: float
    interval: Interval
    upward: float
    downward: float
    uniformity_p: float
    deciles: tuple[float, ...]
    holds: bool
    test: str
    sentence: str


def _aa(a: AAArguments) -> AARead:
    from copilot_tools.stats.across.aa_suite import aa_suite, buckets_of, buckets_of_sums  # noqa: PLC0415 - numpy

    if a.buckets is not None:
        data = buckets_of_sums(
            [b.n for b in a.buckets], [b.sum for b in a.buckets], [b.sum_of_squares for b in a.buckets]
        )
    else:
        data = buckets_of(a.values or (), a.units)
    found = aa_suite(data, splits=a.splits, share=a.share, alpha=a.alpha, seed=a.seed)
    tenths = [0] * 10
    for p in found.p_values:
        tenths[min(int(p * 10), 9)] += 1
    verdict = (
        "as promised or fewer"
        if found.holds
        else "more than promised: look for several rows a unit, or a heavy tail in a small arm"
    )
    return AARead(
        splits=found.splits,
        units=found.units,
        false_alarms=found.false_alarms,
        interval=found.interval,
        upward=found.upward,
        downward=found.downward,
        uniformity_p=found.uniformity_p,
        deciles=tuple(t / found.splits for t in tenths),
        holds=found.holds,
        test=found.test,
        sentence=f"Of {formats.count(found.splits)} random splits without any difference "
        f"{formats.share(found.false_alarms)} were significant at {a.alpha:g} "
        f"({formats.bare_interval(found.interval)}): {verdict}.",
    )


class Series(Frozen):
    """One unit's outcome, a period after the other."""

    name: Label
    values: Annotated[tuple[float, ...], Field(min_length=3, max_length=2_000, description="One a period.")]


class SyntheticArguments(Frozen):
    """A unit that got the change, and units that never did."""

    treated: Series
    untreated: Annotated[tuple[Series, ...], Field(min_length=3, max_length=300)]
    before: Annotated[int, Field(ge=2, le=2_000, description="Periods before the change.")]


class SyntheticRead(Frozen):
    """The effect on one treated unit.

    Attributes:
        effect: Synthetic control: mean of treated minus synthetic after the change, in the outcome's unit.
        did: Difference-in-differences against the mean of all untreated units.
        p_value: Of the synthetic control's effect, among placebos.
        did_p_value: Of the difference-in-differences, among placebos.
        smallest_p: The smallest p-value that so many units allow.
        fit: Root mean squared gap before the change, in the outcome's unit.
        follows: Whether the synthetic control follows the treated unit before; if not, do not trust the effect.
        gaps: Treated minus synthetic, period by period.
        weights: Untreated units and their weights, the heaviest first, those above .1%.
        sentence: In plain words.
        standing: What these figures are not.
    """

    effect: float
    did: float
    p_value: float
    did_p_value: float
    smallest_p: float
    fit: float
    follows: bool
    gaps: tuple[float, ...]
    weights: tuple[tuple[str, float], ...]
    sentence: str
    standing: str = "Observational: nothing was randomized, and the units may have differed for other reasons."


def _synthetic(a: SyntheticArguments) -> SyntheticRead:
    from copilot_tools.stats.across.synthetic_control import synthetic_control  # noqa: PLC0415 - numpy

    found = synthetic_control(a.treated.values, [u.values for u in a.untreated], a.before)
    named = sorted(zip((u.name for u in a.untreated), found.weights, strict=True), key=lambda pair: -pair[1])
    trust = (
        "" if found.inside else " It does not follow the unit before the change, so the effect is not to be trusted."
    )
    return SyntheticRead(
        effect=found.effect,
        did=found.did,
        p_value=found.placebos.p_value,
        did_p_value=found.did_placebos.p_value,
        smallest_p=found.placebos.smallest_p,
        fit=found.fit,
        follows=found.inside,
        gaps=found.gaps,
        weights=tuple((name, weight) for name, weight in named if weight > 1e-3),
        sentence=f"{a.treated.name} was {found.effect:.4g} from its synthetic control on average after the change "
        f"(placebo {formats.p_value(found.placebos.p_value)}; so many units allow no less than "
        f"{found.placebos.smallest_p:.2g}); difference-in-differences says {found.did:.4g}.{trust}",
    )


TOOLS = (
    Tool(
        name="combine_tests",
        summary="Repeated tests of one idea combined (meta-analysis): mean effect, heterogeneity, replication verdict.",
        when="When the same idea was tried several times, in several countries, seasons or brands, with mixed "
        "results: does it work all in all, did the first win replicate, what will the next show? Give every "
        "test that was run. Not for several metrics of one test (adjust_p_values).",
        arguments=CombineArguments,
        result=CombinedTests,
        function=_combine,
        examples=(
            {
                "tests": [
                    {"name": "Germany", "estimate": 0.031, "standard_error": 0.01},
                    {"name": "France", "estimate": 0.012, "standard_error": 0.009},
                    {"name": "Spain", "estimate": 0.017, "standard_error": 0.012},
                ]
            },
        ),
    ),
    Tool(
        name="aa_suite",
        summary="True error rate of tests on your own data: many random A/A splits, each tested.",
        when="Before p-values on a metric or a testing setup are trusted: past data without any test is split at "
        "random into identical groups many times, to see how often there is a false alarm. Shows rows of one "
        "user counted as independent, and tails too heavy for a small arm. Not to read a real test.",
        arguments=AAArguments,
        result=AARead,
        function=_aa,
        examples=(
            {"values": [float((7 * i) % 23) for i in range(60)], "splits": 200},
            {
                "buckets": [
                    {"n": 50 + i % 7, "sum": 110.0 + 3 * (i % 5), "sum_of_squares": 900.0 + 11 * (i % 9)}
                    for i in range(24)
                ],
                "splits": 100,
            },
        ),
    ),
    Tool(
        name="synthetic_control",
        summary="Effect on one treated market from untreated ones: synthetic control and difference-in-differences.",
        when="When a campaign (TV, posters, a price) ran in one region, state or market only and could not be "
        "randomized: what did it bring, with other regions showing what happened without it? Before against "
        "after alone is no answer. Not where a randomized test is possible.",
        arguments=SyntheticArguments,
        result=SyntheticRead,
        function=_synthetic,
        examples=(
            {
                "treated": {"name": "North", "values": [10.0, 11.0, 12.5, 13.0, 17.5, 18.0]},
                "untreated": [
                    {"name": "South", "values": [9.0, 10.2, 11.0, 12.1, 13.0, 14.2]},
                    {"name": "East", "values": [12.0, 12.8, 14.1, 14.6, 15.5, 16.0]},
                    {"name": "West", "values": [7.5, 8.1, 9.9, 10.0, 11.2, 12.3]},
                ],
                "before": 4,
            },
        ),
    ),
)
