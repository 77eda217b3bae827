"""Tools for counts: one proportion's interval, a table of outcomes by arm, and events per exposure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from copilot_tools.base import Frozen, Label, Named
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.tool import Tool
from copilot_tools.tools.questions import EXPLORATORY, ArmsQuestion

if TYPE_CHECKING:
    from copilot_tools.stats.inference.event_rates import Events

__all__ = ["TOOLS"]

Alpha = Annotated[float, Field(gt=0, lt=0.5, description="1 - coverage of the interval; error rate of the test.")]
Count = Annotated[int, Field(ge=0, le=10**12)]


class ProportionArguments(Frozen):
    """Successes among units."""

    n: Annotated[int, Field(ge=1, le=10**12, description="Units.")]
    successes: Annotated[int, Field(ge=0, description="Units that did.")]
    alpha: Alpha = 0.05
    method: Annotated[
        Literal["wilson", "clopper-pearson", "jeffreys"],
        Field(description="Wilson is close to its level; Clopper-Pearson never below it; Jeffreys for small n."),
    ] = "wilson"

    @model_validator(mode="after")
    def _no_more_than_n(self) -> ProportionArguments:
        if self.successes > self.n:
            raise ValueError(f"successes is {self.successes}, more than the {self.n} units it is counted among")
        return self


class Proportion(Frozen):
    """One proportion.

    Attributes:
        value: Successes over units, a share.
        interval: Around it, a share.
        method: As named.
        sentence: In plain words.
    """

    value: float
    interval: Interval
    method: str
    sentence: str


def _proportion(a: ProportionArguments) -> Proportion:
    from copilot_tools.stats.inference.single_proportion import proportion_interval  # noqa: PLC0415 - scipy

    found = proportion_interval(a.successes, a.n, alpha=a.alpha, method=a.method)
    value = a.successes / a.n
    return Proportion(
        value=value,
        interval=found,
        method=a.method,
        sentence=f"{formats.count(a.successes)} of {formats.count(a.n)} is {formats.share(value, 2)} "
        f"({formats.percent(1 - a.alpha)} interval {formats.share(found.low, 2)} to {formats.share(found.high, 2)}).",
    )


Row = Annotated[tuple[Count, ...], Field(min_length=2, max_length=50)]


class TableArguments(Frozen):
    """A table of counts."""

    table: Annotated[
        tuple[Row, ...], Field(min_length=2, max_length=50, description="One row an arm, one column an outcome.")
    ]
    method: Annotated[
        Literal["auto", "pearson", "yates", "g", "g-yates", "exact"],
        Field(description='"auto": Pearson\'s chi-square where every expected count reaches 5, else exact.'),
    ] = "auto"
    alpha: Alpha = 0.05
    odds_ratio_method: Annotated[
        Literal["exact", "baptista-pike"],
        Field(description="Of a 2 x 2 table: equal tails (Cornfield), or narrower, by likelihood (Baptista-Pike)."),
    ] = "exact"


class TableOdds(Frozen):
    """The odds ratio of a 2 x 2 table: odds of the first column, second row over first.

    Attributes:
        estimate: Cross-product of the table; or why there is none.
        conditional: Conditional maximum likelihood estimate; or why it is no number.
        interval: Exact, on the odds-ratio scale; infinite where open.
        p_value: Two-sided, of the test this interval inverts.
        method: The field's name.
    """

    estimate: float | Refusal
    conditional: float | Refusal
    interval: Interval
    p_value: float
    method: str


class TableResult(Frozen):
    """Rows against columns.

    Attributes:
        statistic: Chi-square or G; None for an exact test.
        df: Degrees of freedom; None for an exact test.
        p_value: Of independence.
        smallest_expected: Smallest expected count.
        cramers_v: Strength of association, 0 to 1.
        method: The field's name of the test.
        standard_error: Of the p-value, where tables were drawn at random; else None.
        odds_ratio: Of a 2 x 2 table, or why there is none; None for a larger table.
        sentence: In plain words.
    """

    statistic: float | None
    df: int | None
    p_value: float
    smallest_expected: float
    cramers_v: float
    method: str
    standard_error: float | None
    odds_ratio: TableOdds | Refusal | None
    sentence: str


def _table(a: TableArguments) -> TableResult:
    from copilot_tools.stats.inference.contingency import independence  # noqa: PLC0415 - numpy, only when run

    found = independence(a.table, method=a.method)
    odds = _odds(a) if len(a.table) == len(a.table[0]) == 2 else None
    differ = "differ" if found.p_value <= a.alpha else "are not shown to differ"
    return TableResult(
        statistic=found.statistic,
        df=found.df,
        p_value=found.p_value,
        smallest_expected=found.smallest_expected,
        cramers_v=found.cramers_v,
        method=found.method,
        standard_error=found.standard_error,
        odds_ratio=odds,
        sentence=f"The rows {differ} in how they spread over the columns ({found.method}: "
        f"{formats.p_value(found.p_value)}; smallest expected count {found.smallest_expected:,.1f}).",
    )


def _odds(a: TableArguments) -> TableOdds | Refusal:
    from copilot_tools.stats.inference.odds_ratio import odds_ratio  # noqa: PLC0415 - numpy, only when run
    from copilot_tools.stats.inference.proportions import Counts  # noqa: PLC0415

    first, second = (Counts(row[0], sum(row)) for row in a.table)
    try:
        found = odds_ratio(first, second, alpha=a.alpha, method=a.odds_ratio_method)
    except Refused as refused:
        return refused.refusals[0]
    edge = Refusal(
        code="odds_ratio.infinite",
        reason="The odds ratio of the table is infinite: a count it is divided by is 0.",
        cure="Read the lower end of its interval.",
        name="table",
    )
    return TableOdds(
        estimate=found.sample,
        conditional=edge if found.conditional == float("inf") else found.conditional,
        interval=Interval(low=found.low, high=found.high, level=round(1 - a.alpha, 12)),
        p_value=found.p_value,
        method=found.method,
    )


class EventArm(Named):
    """One arm's events and what they are counted on."""

    events: Annotated[Count, Field(description="Events, repeated ones of one unit included.")]
    exposure: Annotated[float, Field(gt=0, le=1e15, description="Units, user-weeks, thousand requests: any base.")]
    units: Annotated[
        int | None, Field(ge=2, le=10**12, description="Units of randomization; goes together with sd.")
    ] = None
    sd: Annotated[
        float | None, Field(ge=0, le=1e12, description="Standard deviation of events per unit (divisor n - 1).")
    ] = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> EventArm:
        if (self.units is None) != (self.sd is None):
            raise ValueError("units and sd belong together: give both or neither")
        return self

    def counted(self) -> Events:
        """As the statistics take it."""
        from copilot_tools.stats.inference.event_rates import Events  # noqa: PLC0415 - scipy, only when run

        return Events.checked(self.events, self.exposure, self.units, self.sd)


class CountsArguments(ArmsQuestion[EventArm]):
    """Arms with events per exposure."""

    metric: Annotated[Label, Field(description="What the events are called in sentences.")] = "events"
    adjustment: Annotated[
        Literal["bonferroni", "none"], Field(description="How intervals hold jointly over treatment arms.")
    ] = "bonferroni"
    method: Annotated[
        Literal["auto", "exact", "score", "quasi-poisson"],
        Field(description='"auto" checks for overdispersion where units and sd are given.'),
    ] = "auto"


class EventRate(Frozen):
    """One arm's rate.

    Attributes:
        arm: Its name.
        rate: Events per exposure.
        dispersion: Variance over mean of events per unit, 1 for Poisson; None where not known.
        overdispersed: Whether they vary more than Poisson allows (5% test); None where not known.
    """

    arm: str
    rate: float
    dispersion: float | None
    overdispersed: bool | None


class RateComparison(Frozen):
    """One treatment arm against control.

    Attributes:
        treatment: The arm.
        ratio: Its rate over control's; or why there is none.
        interval: Around the ratio; holds jointly over the arms where adjusted.
        p_value: Of equal rates, not corrected for several arms.
        statistic: Standard normal (or t) equivalent, positive when treatment is above control.
        df: Degrees of freedom of a t; None for z.
        method: The field's name.
    """

    treatment: EventRate
    ratio: float | Refusal
    interval: Interval
    p_value: float
    statistic: float
    df: float | None
    method: str


class RateComparisons(Frozen):
    """Every treatment arm against control.

    Attributes:
        control: Control's rate.
        comparisons: One a treatment arm.
        assumption: What is taken for granted about how events vary.
        sentences: In plain words, one a treatment arm.
        standing: What these figures are not.
    """

    control: EventRate
    comparisons: tuple[RateComparison, ...]
    assumption: str
    sentences: tuple[str, ...]
    standing: str = EXPLORATORY


def _counts(a: CountsArguments) -> RateComparisons:
    from copilot_tools.stats.inference.event_rates import rate_ratio  # noqa: PLC0415 - scipy, only when run

    alpha = a.alpha / len(a.treatments) if a.adjustment == "bonferroni" else a.alpha
    better: Literal["greater", "less"] = "greater" if a.direction == "increase" else "less"
    compared, poisson = [], False
    for arm in a.treatments:
        found = rate_ratio(
            a.control.counted(),
            arm.counted(),
            alpha=alpha,
            alternative="two-sided" if a.sides == 2 else better,
            method=a.method,
        )
        poisson |= found.assumes_poisson
        compared.append(
            RateComparison(
                treatment=_rate(arm),
                ratio=found.ratio,
                interval=found.interval,
                p_value=found.p_value,
                statistic=found.statistic,
                df=found.df,
                method=found.method,
            )
        )
    known = all(arm.sd is not None for arm in (a.control, *a.treatments))
    assumption = "The spread is the one observed between units."
    if poisson and known:
        assumption = "Events vary between units no more than Poisson allows, as far as a test can tell."
    elif poisson:
        assumption = (
            "Events are taken to be Poisson: single, independent, units alike. Where one unit can have many, give "
            "units and sd of each arm; else the intervals are too narrow."
        )
    control = _rate(a.control)
    return RateComparisons(
        control=control,
        comparisons=tuple(compared),
        assumption=assumption,
        sentences=tuple(_said(a, control, c) for c in compared),
    )


def _rate(arm: EventArm) -> EventRate:
    from copilot_tools.stats.inference.event_rates import OVERDISPERSED, dispersion  # noqa: PLC0415

    counted = arm.counted()
    found = dispersion(counted)
    return EventRate(
        arm=arm.name,
        rate=counted.rate,
        dispersion=None if found is None else found.factor,
        overdispersed=None if found is None else found.p_value < OVERDISPERSED,
    )


def _said(a: CountsArguments, control: EventRate, c: RateComparison) -> str:
    head = f"{c.treatment.arm} against {control.arm}: {c.treatment.rate:.4g} against {control.rate:.4g} {a.metric}"
    size = "" if isinstance(c.ratio, Refusal) else f", {c.ratio:.3g} times as many"
    low = f"{c.interval.low:.3g}"
    high = "no upper limit" if c.interval.high == float("inf") else f"{c.interval.high:.3g}"
    return (
        f"{head} per exposure{size} ({formats.percent(c.interval.level)} interval of the ratio {low} to {high}, "
        f"{formats.p_value(c.p_value)}; {c.method})."
    )


TOOLS = (
    Tool(
        name="proportion_interval",
        summary="One proportion with its interval: Wilson, Clopper-Pearson or Jeffreys.",
        when="To say how sure one rate is (its margin of error), in one arm, in a survey or poll, or in no "
        "experiment. Not to compare arms: overlapping intervals are no test (compare_proportions).",
        arguments=ProportionArguments,
        result=Proportion,
        function=_proportion,
        examples=({"n": 263, "successes": 81}, {"n": 20, "successes": 0, "method": "clopper-pearson"}),
    ),
    Tool(
        name="contingency_table",
        summary="Do arms differ in how their units spread over several outcomes? Chi-square, G, or exact.",
        when="For outcomes of more than two kinds (which plan, product or answer was chosen): did the mix shift "
        "between arms? Also for an odds ratio. Not for the effect on a yes/no outcome (compare_proportions), "
        "nor for arm sizes against the configured split (sample_ratio).",
        arguments=TableArguments,
        result=TableResult,
        function=_table,
        examples=({"table": [[420, 61, 19], [395, 70, 40]]}, {"table": [[1, 3], [3, 1]]}),
    ),
    Tool(
        name="compare_counts",
        summary="Ratio of events per exposure between arms (Poisson, or quasi-Poisson where events cluster).",
        when="When one unit can have several events (orders a user, tickets or calls a customer, errors a thousand"
        " requests): did their number per unit rise or drop, beyond noise? Not for yes/no outcomes "
        "(compare_proportions), nor for amounts (compare_means).",
        arguments=CountsArguments,
        result=RateComparisons,
        function=_counts,
        examples=(
            {
                "control": {"name": "control", "events": 15, "exposure": 19017.0},
                "treatments": [{"name": "b", "events": 41, "exposure": 28010.0}],
                "direction": "decrease",
            },
            {
                "control": {"name": "control", "events": 2100, "exposure": 5000.0, "units": 5000, "sd": 1.1},
                "treatments": [{"name": "b", "events": 2290, "exposure": 5020.0, "units": 5020, "sd": 1.2}],
                "metric": "orders",
            },
        ),
    ),
)
