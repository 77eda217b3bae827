"""Tools that ask whether the arms can be compared: is the split right, does the effect hold within strata?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen, Label
from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats import formats
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]

Alpha = Annotated[float, Field(gt=0, lt=0.5, description="Type I error rate of the test.")]
Units = Annotated[int, Field(ge=0, le=10**12)]


class SplitArm(Frozen):
    """One arm's units and its configured share relative to the others."""

    name: Label
    units: Units
    weight: Annotated[float, Field(gt=0, le=1e9)] = 1.0


class SampleRatioArguments(Frozen):
    """Units by arm against the configured split."""

    arms: Annotated[tuple[SplitArm, ...], Field(min_length=2, max_length=100)]


class SampleRatio(Frozen):
    """The sample-ratio check.

    Attributes:
        p_value: Chance of a split at least this uneven under the configured weights.
        severity: "blocking" below .001, "serious" below .01, else "none".
        expected: Units expected per arm, in the order given.
        sentence: The finding in plain words.
    """

    p_value: float
    severity: Literal["none", "serious", "blocking"]
    expected: tuple[float, ...]
    sentence: str


def _sample_ratio(a: SampleRatioArguments) -> SampleRatio:
    from copilot_tools.stats.inference.goodness import counts_against_weights  # noqa: PLC0415 - scipy, only when run
    from copilot_tools.stats.validity.levels import LEVELS  # noqa: PLC0415

    counts, weights = [arm.units for arm in a.arms], [arm.weight for arm in a.arms]
    p = counts_against_weights(counts, weights)
    level = LEVELS["sample-ratio"]
    severity: Literal["none", "serious", "blocking"] = "none"
    if level.serious is not None and p < level.serious:
        severity = "serious"
    if level.blocking is not None and p < level.blocking:
        severity = "blocking"
    expected = tuple(sum(counts) * w / sum(weights) for w in weights)
    split = ", ".join(
        f"{arm.name} {formats.count(arm.units)} (expected {formats.count(e)})"
        for arm, e in zip(a.arms, expected, strict=True)
    )
    said = {
        "none": "The arms have about the units their configured split leads one to expect",
        "serious": "The split is off, by more than chance readily explains",
        "blocking": "The split is broken: no result of this test can be trusted until the cause is found",
    }
    return SampleRatio(
        p_value=p, severity=severity, expected=expected, sentence=f"{said[severity]}: {split}; {formats.p_value(p)}."
    )


class StratumArm(Frozen):
    """Units of one arm in one stratum, and how many of them converted."""

    n: Annotated[int, Field(ge=1, le=10**12)]
    successes: Units

    @model_validator(mode="after")
    def _no_more_than_n(self) -> StratumArm:
        if self.successes > self.n:
            raise ValueError(f"successes is {self.successes}, more than the {self.n} units it is counted among")
        return self


class StratumCounts(Frozen):
    """Both arms in one stratum."""

    name: Label
    control: StratumArm
    treatment: StratumArm


class StrataArguments(Frozen):
    """Two arms, counted within strata."""

    strata: Annotated[tuple[StratumCounts, ...], Field(min_length=1, max_length=10_000)]
    alpha: Alpha = 0.05


class WithinStrata(Frozen):
    """The effect over everyone against the effect within strata.

    Attributes:
        overall_difference: Treatment minus control over everyone, as a share.
        within: Common difference within strata (Mantel-Haenszel), as a share; or why there is none.
        odds_ratio: Common odds ratio, treatment over control; or why there is none.
        odds_ratio_interval: On the odds-ratio scale; or why there is none.
        p_value: Cochran-Mantel-Haenszel test of no association within strata (with continuity correction).
        reversed: The two differences point opposite ways (Simpson's paradox).
        against: Strata whose own difference points the other way from the overall one.
        sentence: In plain words.
    """

    overall_difference: float
    within: Estimate | Refusal
    odds_ratio: float | Refusal
    odds_ratio_interval: Interval | Refusal
    p_value: float
    reversed: bool
    against: tuple[str, ...]
    sentence: str


def _strata(a: StrataArguments) -> WithinStrata:
    from copilot_tools.stats.inference.strata import Stratum, mantel_haenszel  # noqa: PLC0415 - numpy, only when run

    common = mantel_haenszel(
        [
            Stratum(
                level=s.name,
                treatment_successes=s.treatment.successes,
                treatment_n=s.treatment.n,
                control_successes=s.control.successes,
                control_n=s.control.n,
            )
            for s in a.strata
        ],
        alpha=a.alpha,
    )
    overall = sum(s.treatment.successes for s in a.strata) / sum(s.treatment.n for s in a.strata) - sum(
        s.control.successes for s in a.strata
    ) / sum(s.control.n for s in a.strata)
    own = {s.name: s.treatment.successes / s.treatment.n - s.control.successes / s.control.n for s in a.strata}
    against = tuple(name for name, difference in own.items() if difference * overall < 0)
    turned = not isinstance(common.difference, Refusal) and common.difference.value * overall < 0
    sentence = f"Over everyone treatment stands at {formats.signed(overall * 100, 2)} points against control"
    if isinstance(common.difference, Refusal):
        sentence += f"; within strata: {common.difference}"
    else:
        within = formats.signed(common.difference.value * 100, 2)
        sentence += f", within strata at {within} points ({formats.p_value(common.test.p_value)})."
    if turned:
        sentence += " The result turns round once like is compared with like: the figure over everyone misleads."
    return WithinStrata(
        overall_difference=overall,
        within=common.difference,
        odds_ratio=common.odds_ratio,
        odds_ratio_interval=common.odds_ratio_interval,
        p_value=common.test.p_value,
        reversed=turned,
        against=against,
        sentence=sentence,
    )


TOOLS = (
    Tool(
        name="sample_ratio",
        summary="Do the arms have the units they were configured to have?",
        when="Before believing any result: do the counts of the groups fit the configured split, such as "
        "fifty-fifty? A small gap can mean broken assignment or tracking, and broken data. Not to test a list"
        " of ids before launch (assign_units), nor to compare outcomes.",
        arguments=SampleRatioArguments,
        result=SampleRatio,
        function=_sample_ratio,
        examples=({"arms": [{"name": "control", "units": 821588}, {"name": "b", "units": 815482}]},),
    ),
    Tool(
        name="compare_within_strata",
        summary="Effect over everyone against the effect within strata: does it turn round (Simpson's paradox)?",
        when="When a variant wins in each segment but loses in total, or the other way round (Simpson's paradox), "
        "or when arms may be mixed differently by segment, device, day or department. Not to find the segment"
        " that carries the lift (lift_concentration).",
        arguments=StrataArguments,
        result=WithinStrata,
        function=_strata,
        examples=(
            {
                "strata": [
                    {"name": "small", "control": {"n": 270, "successes": 234}, "treatment": {"n": 87, "successes": 81}},
                    {"name": "large", "control": {"n": 80, "successes": 55}, "treatment": {"n": 263, "successes": 192}},
                ]
            },
        ),
    ),
)
