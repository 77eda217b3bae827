"""Tools that doubt: is the split right, how often was it looked at, how much was tried, does it hold within strata?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Interval
from copilot_tools.stats import formats
from copilot_tools.tool import Tool

__all__ = ["TOOLS"]

Label = Annotated[str, Field(min_length=1, max_length=200)]
Alpha = Annotated[float, Field(gt=0, lt=0.5, description="Type I error rate of the test.")]
Sides = Annotated[Literal[1, 2], Field(description="2, or 1 (upwards only).")]
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
    from copilot_tools.stats.inference.omnibus import Stratum, mantel_haenszel  # noqa: PLC0415 - numpy, only when run

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
        when="Before believing any result: a broken split means broken data.",
        arguments=SampleRatioArguments,
        result=SampleRatio,
        function=_sample_ratio,
        examples=({"arms": [{"name": "control", "units": 821588}, {"name": "b", "units": 815482}]},),
    ),
    Tool(
        name="false_positive_risk",
        summary="Chance that a significant result is a false positive.",
        when="When somebody reads p < .05 as 95% sure.",
        arguments=RiskArguments,
        result=Risk,
        function=_risk,
        examples=({"win_rate": 0.1}, {"win_rate": 0.2, "z": 2.1}),
    ),
    Tool(
        name="peeking",
        summary="False-positive rate of looking at a running test again and again.",
        when="When a test was, or is to be, watched while it runs and stopped once significant.",
        arguments=PeekingArguments,
        result=Peeking,
        function=_peeking,
        examples=({"looks": 5}, {"units_at_looks": [1000, 1500, 10000], "sides": 1}),
    ),
    Tool(
        name="adjust_p_values",
        summary="P-values adjusted for how many there are.",
        when="When several metrics, segments or tests were looked at and the best is to be reported.",
        arguments=AdjustArguments,
        result=Adjusted,
        function=_adjusted,
        examples=({"p_values": [0.003, 0.02, 0.04, 0.2], "method": "holm"},),
    ),
    Tool(
        name="compare_within_strata",
        summary="Effect over everyone against the effect within strata: does it turn round (Simpson's paradox)?",
        when="When the arms may be mixed differently, by segment, day or department.",
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
