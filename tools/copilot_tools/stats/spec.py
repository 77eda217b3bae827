"""What is to be analysed: arms, metrics, minimum effect, error rates, policies. The plan embeds it, frozen.

Nothing here looks at data. ``AnalysisSpec`` refuses what contradicts itself; what is merely missing or vague is the
plan check's business.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from copilot_tools.base import Frozen, said
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Scale

__all__ = [
    "OUTCOME_AS_COVARIATE",
    "AnalysisSpec",
    "Arm",
    "Cap",
    "Clusters",
    "DataPolicy",
    "Dialect",
    "Effect",
    "Exposure",
    "Looks",
    "Metric",
    "Segment",
]

OUTCOME_AS_COVARIATE = (
    "is named as measured before assignment, but a metric of this test is made of it: adjusting by an outcome takes "
    "out part of the effect."
)
"""What is wrong with each of ``outcomes_as_covariates``."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Effect(Frozen):
    """A size of effect, always positive; the direction is the metric's.

    Attributes:
        size: Share of control when relative (0.05 is five percent), metric units when absolute (for a proportion a
            share: 0.01 is one percentage point).
        scale: "relative" or "absolute".
    """

    size: Annotated[float, Field(gt=0)]
    scale: Scale


class Arm(Frozen):
    """One arm.

    Attributes:
        name: The value that stands in the data's arm column.
        label: What people read; the name when not given.
        weight: Configured share of units, relative to the other arms' weights.
    """

    name: Name
    label: str | None = None
    weight: Annotated[float, Field(gt=0)] = 1.0

    @property
    def text(self) -> str:
        """Label if there is one, else name."""
        return self.label or self.name


class Cap(Frozen):
    """Outlier policy: values above are set to the cap (winsorized), never dropped.

    Attributes:
        at: Cap in metric units; or
        quantile: Quantile over all arms pooled, such as 0.999.
    """

    at: float | None = None
    quantile: Annotated[float, Field(gt=0.5, lt=1)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Cap:
        if (self.at is None) == (self.quantile is None):
            raise ValueError("a cap needs either `at` (a value) or `quantile` (such as 0.999), not both or neither")
        return self


class Metric(Frozen):
    """One metric.

    Attributes:
        name: How it is called everywhere.
        role: primary (decides), secondary (reported) or guardrail (must not get worse by its margin).
        kind: proportion (0/1 or true/false a unit), mean (a number a unit), ratio (sum of column over sum of
            denominator, the unit being the unit of randomization).
        column: Column of the value, or of the ratio's numerator.
        denominator: Column of the ratio's denominator.
        direction: "increase" or "decrease": which way is better.
        margin: How much worse is tolerated. Guardrails need one; the primary of a non-inferiority plan too.
        covariate: Column measured before assignment, for CUPED; for a ratio its pre-period numerator.
        covariate_denominator: Pre-period denominator of a ratio's covariate.
        nulls: What an empty cell means: "refuse" (stop and ask), "drop" (unit leaves this metric), "zero".
        cap: Outlier policy, or None to leave values as they are.
        unit: What a value is, for people: "%", "$", "rounds".
        window_days: Days after exposure that count, as documentation of how the column was made.
    """

    name: Name
    role: Literal["primary", "secondary", "guardrail"] = "secondary"
    kind: Literal["proportion", "mean", "ratio"]
    column: Name
    denominator: Name | None = None
    direction: Literal["increase", "decrease"] = "increase"
    margin: Effect | None = None
    covariate: Name | None = None
    covariate_denominator: Name | None = None
    nulls: Literal["refuse", "drop", "zero"] = "refuse"
    cap: Cap | None = None
    unit: str = ""
    window_days: Annotated[float, Field(gt=0)] | None = None

    @property
    def sign(self) -> int:
        """+1 when more is better, -1 when less is better: multiply an effect to get it in the desired direction."""
        return 1 if self.direction == "increase" else -1

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of one block of moments, in order: value(s) first, covariate(s) after."""
        wanted = (self.column, self.denominator, self.covariate, self.covariate_denominator)
        return tuple(c for c in wanted if c is not None)

    @model_validator(mode="after")
    def _consistent(self) -> Metric:
        if (self.kind == "ratio") != (self.denominator is not None):
            raise ValueError(f"metric {self.name!r}: a ratio needs a denominator, and only a ratio has one")
        if self.covariate_denominator is not None and (self.kind != "ratio" or self.covariate is None):
            raise ValueError(f"metric {self.name!r}: covariate_denominator needs a ratio with a covariate")
        if self.kind == "ratio" and self.covariate is not None and self.covariate_denominator is None:
            raise ValueError(f"metric {self.name!r}: a ratio's covariate needs its own covariate_denominator")
        if self.kind == "proportion" and self.cap is not None:
            raise ValueError(f"metric {self.name!r}: a proportion has no outliers to cap")
        if self.role == "guardrail" and self.margin is None:
            raise ValueError(f"guardrail {self.name!r} needs a margin: how much worse would still be acceptable")
        return self


class Segment(Frozen):
    """A planned cut.

    Attributes:
        column: Column of the segment.
        predicted: What the hypothesis predicts for it, in words; empty when only reported.
        versions: Its levels are versions of the model (or page, or offer) under test, in control as well, where they
            say which version would have been served: pooling over them needs them to share one effect.
    """

    column: Name
    predicted: str = ""
    versions: bool = False

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return said(handler(self), "versions")


class Clusters(Frozen):
    """Groups of units that may affect each other or move together: households, teams, accounts, shops.

    Attributes:
        column: Column naming each unit's cluster.
        assigned: What was assigned at random. "units": each by itself, so that most clusters hold units of several
            arms; then a unit's outcome should not go with its neighbours' arms. "clusters": each as a whole, so the
            data must hold one row a cluster (a finer row needs errors that follow the clusters).
    """

    column: Name
    assigned: Literal["units", "clusters"] = "units"


class Exposure(Frozen):
    """Which content each arm should have been shown, to find rows that contradict their arm.

    Attributes:
        column: Column of what was really shown.
        expected: Arm name -> the value that should stand there.
    """

    column: Name
    expected: dict[str, str]


class DataPolicy(Frozen):
    """What to do with data that breaks the assumptions. "refuse" blocks the verdict and asks.

    Attributes:
        duplicates: The same unit several times in one arm: "refuse", or keep the "first" row.
        two_arms: A unit in more than one arm: "refuse", or "drop" the unit.
        two_arms_tolerance: Share of units in two arms that is tolerated (dropped) without blocking.
        contradictions: A row whose exposure contradicts its arm: "refuse", or "drop" the row.
        missing_arm: A row with an empty arm: "refuse" or "drop".
    """

    duplicates: Literal["refuse", "first"] = "refuse"
    two_arms: Literal["refuse", "drop"] = "refuse"
    two_arms_tolerance: Annotated[float, Field(ge=0, lt=0.05)] = 0.0
    contradictions: Literal["refuse", "drop"] = "refuse"
    missing_arm: Literal["refuse", "drop"] = "refuse"


class Dialect(Frozen):
    """How the file writes things: declared, never guessed.

    Attributes:
        delimiter: Column separator of a CSV.
        decimal: Decimal mark of numbers in a CSV.
        encoding: Text encoding of a CSV.
        timezone: IANA name in which time stamps are turned into days.
        currency: ISO 4217 code of money columns, or None.
    """

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    timezone: str = "UTC"
    currency: str | None = None


class Looks(Frozen):
    """Looks at the outcomes that are registered beforehand: at a boundary crossed the test stops, else it goes on.

    Each look's boundary is found anew at the units there really are, so a look may come late; what it may not do is
    follow the effects seen. Over all looks together, the end included, an error is no likelier than ``alpha``.

    Attributes:
        shares: Shares of the committed units at which outcomes are looked at, increasing, each in (0, 1) and at least
            .001 from its neighbours and from both ends. The committed end is the last look and is not listed.
        spending: How the error rate is spent. "obrien_fleming": early stops for striking results alone, the end almost
            as without looks (Lan-DeMets, alpha/2 on each side, as gsDesign and rpact). "pocock": early stops are
            easier, the end is harder. "hwang_shih_decani": by ``gamma``.
        gamma: Of Hwang, Shih and DeCani, in [-40, 40]: -4 is near O'Brien-Fleming, 1 near Pocock; else None.
        futility: "none"; or "nonbinding": a look also says when what the plan was sized for has become unlikely. It
            advises, moves no verdict and costs no error rate.
    """

    shares: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=1, max_length=200)]
    spending: Literal["obrien_fleming", "pocock", "hwang_shih_decani"] = "obrien_fleming"
    gamma: Annotated[float, Field(ge=-40, le=40)] | None = None
    futility: Literal["none", "nonbinding"] = "none"

    @model_validator(mode="after")
    def _consistent(self) -> Looks:
        for before, share in pairwise((0.0, *self.shares, 1.0)):
            if share - before < 0.001 - 1e-12:
                raise ValueError(
                    f"looks must come in order and at least .001 of the units apart, but {share:g} follows {before:g} "
                    "(0 is the start, 1 the committed end, which is always looked at)"
                )
        if (self.spending == "hwang_shih_decani") != (self.gamma is not None):
            raise ValueError("gamma belongs to hwang_shih_decani spending, and only there (-4 is a usual choice)")
        return self


class AnalysisSpec(Frozen):
    """Everything the tools need to turn data into estimates and a verdict.

    Attributes:
        unit: Column identifying the unit of randomization; None for summary counts.
        arm_column: Column holding the arm's name.
        arms: All arms, with configured weights.
        control: Name of the control arm.
        metrics: Exactly one primary; any number of others.
        goal: "superiority" (better by at least ``minimum_effect``), or "noninferiority" (not worse than the primary's
            margin), or "aa" (arms are the same on purpose; a difference means the pipeline is broken).
        minimum_effect: m, the smallest effect of the primary metric that matters.
        alpha: Type I error rate over all treatment arms together.
        sides: 2, or 1 (in the desired direction only: then harm can never be established; not in an A/A plan).
        adjustment: How intervals are made simultaneous across treatment arms.
        segments: Planned cuts.
        time_column: Date or time stamp of first exposure, for days.
        covariates: Further columns measured before assignment, for the balance check.
        after_assignment: Columns measured after assignment: a cut by one of them is conditioned on the outcome.
        activation: Column (true/false, measured without knowledge of the arm) that says who could be affected; only
            activated units are analysed.
        exposure: What each arm should have been shown.
        policy: What to do with data that breaks the assumptions.
        dialect: How the file writes things.
        power: Chance the plan wants of finding the minimum effect; sizes the test and the false-positive risk.
        win_rate: Prior share of ideas like this one that truly work, for the false-positive risk; frozen here.
        max_false_positive_risk: Above this risk "supported" becomes "supported, but replicate first".
        min_units: k: no fact about fewer units ever reaches a model.
        looks: Looks at the outcomes before the committed end; None for one look, at the end.
        clusters: Groups of units that may affect each other, and whether units or whole groups were assigned.
    """

    unit: Name | None = None
    arm_column: Name | None = None
    arms: Annotated[tuple[Arm, ...], Field(min_length=2)]
    control: Name
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1)]
    goal: Literal["superiority", "noninferiority", "aa"] = "superiority"
    minimum_effect: Effect
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    sides: Literal[1, 2] = 2
    adjustment: Literal["dunnett", "bonferroni"] = "dunnett"
    segments: tuple[Segment, ...] = ()
    time_column: Name | None = None
    covariates: tuple[Name, ...] = ()
    after_assignment: tuple[Name, ...] = ()
    activation: Name | None = None
    exposure: Exposure | None = None
    policy: DataPolicy = DataPolicy()
    dialect: Dialect = Dialect()
    power: Annotated[float, Field(gt=0.5, lt=1)] = 0.8
    win_rate: Annotated[float, Field(gt=0, lt=1)] = 0.2
    max_false_positive_risk: Annotated[float, Field(gt=0, lt=1)] = 0.2
    min_units: Annotated[int, Field(ge=1)] = 20
    looks: Looks | None = None
    clusters: Clusters | None = None

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A plan without registered looks, or clusters, keeps the digest it had before there were any.
        return said(handler(self), "looks", "clusters")

    @property
    def treatments(self) -> tuple[Arm, ...]:
        """All arms but control, in the plan's order."""
        return tuple(a for a in self.arms if a.name != self.control)

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of all arms, in the plan's order."""
        return tuple(a.name for a in self.arms)

    @property
    def primary(self) -> Metric:
        """The one metric that decides."""
        return next(m for m in self.metrics if m.role == "primary")

    @property
    def guardrails(self) -> tuple[Metric, ...]:
        """Metrics that must not get worse by their margin."""
        return tuple(m for m in self.metrics if m.role == "guardrail")

    @property
    def outcomes_as_covariates(self) -> tuple[str, ...]:
        """Columns named as measured before assignment although a metric of this test is made of them, each once."""
        outcomes = {c for m in self.metrics for c in (m.column, m.denominator)}
        of_metrics = (c for m in self.metrics for c in (m.covariate, m.covariate_denominator))
        return tuple(dict.fromkeys(c for c in (*self.covariates, *of_metrics) if c is not None and c in outcomes))

    @property
    def tolerated(self) -> Effect | None:
        """The worsening of the primary a non-inferiority plan tolerates; None for every other plan."""
        return self.primary.margin if self.goal == "noninferiority" else None

    @property
    def deciding_scale(self) -> Scale:
        """The scale the verdict is decided on: that of the minimum effect, or of what is tolerated."""
        return (self.tolerated or self.minimum_effect).scale

    def arm(self, name: str) -> Arm:
        """The arm called ``name``; refused when there is none."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise Refused(
            Refusal(
                code="spec.unknown_arm",
                reason=f"There is no arm {name!r}; the arms are {', '.join(self.arm_names)}.",
                name="arm",
                value=name,
            )
        )

    def metric(self, name: str) -> Metric:
        """The metric called ``name``; refused when there is none."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise Refused(
            Refusal(
                code="spec.unknown_metric",
                reason=f"There is no metric {name!r}; the metrics are {', '.join(m.name for m in self.metrics)}.",
                name="metric",
                value=name,
            )
        )

    @model_validator(mode="after")
    def _consistent(self) -> AnalysisSpec:
        names = self.arm_names
        if len(set(names)) != len(names):
            raise ValueError(f"two arms share a name: {', '.join(sorted(n for n in set(names) if names.count(n) > 1))}")
        if self.control not in names:
            raise ValueError(f"control is {self.control!r}, but the arms are {', '.join(names)}")
        metrics = [m.name for m in self.metrics]
        if len(set(metrics)) != len(metrics):
            raise ValueError(
                f"two metrics share a name: {', '.join(sorted({n for n in metrics if metrics.count(n) > 1}))}"
            )
        primaries = [m.name for m in self.metrics if m.role == "primary"]
        if len(primaries) != 1:
            raise ValueError(
                f"exactly one metric decides (role: primary), but {len(primaries)} do"
                + (f": {', '.join(primaries)}" if primaries else "")
            )
        if self.goal == "noninferiority" and self.primary.margin is None:
            raise ValueError("a non-inferiority plan needs a margin on its primary metric")
        if self.goal == "aa" and self.sides == 1:
            raise ValueError("an A/A plan looks for any difference, so it is two-sided: sides must be 2")
        if self.looks is not None and self.goal == "aa":
            raise ValueError("an A/A plan has no registered looks: it looks for no effect that could stop it")
        if self.exposure is not None and (unknown := sorted(set(self.exposure.expected) - set(names))):
            raise ValueError(f"exposure.expected names unknown arms: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _known_before(self) -> AnalysisSpec:
        after = set(self.after_assignment)
        before = [m.covariate for m in self.metrics if m.covariate] + list(self.covariates)
        if clash := sorted(after.intersection(before)):
            raise ValueError(f"measured after assignment, so no covariate: {', '.join(clash)}")
        if self.clusters is not None and self.clusters.column in after:
            raise ValueError(f"clusters must be known before assignment: {self.clusters.column}")
        if self.clusters is not None and self.clusters.column in {self.unit, *(s.column for s in self.segments)}:
            raise ValueError(
                f"clusters group units, so their column is neither the unit nor a segment: {self.clusters.column}"
            )
        if clash := sorted({s.column for s in self.segments} & after):
            raise ValueError(f"a planned segment must be known before assignment: {', '.join(clash)}")
        return self
