"""What the statistics of personalization return. Light, so that a catalogue can name it: no numpy, no scipy."""

from __future__ import annotations

from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Comparison, Estimate, Interval

Severity = Literal["none", "note", "serious", "blocking"]
Standing = Literal["more than the rest", "less than the rest", "not told from the rest"]

__all__ = [
    "ActivatedEffect",
    "Activation",
    "ActivationCheck",
    "AgeTrend",
    "BalanceBefore",
    "Concentration",
    "Consistency",
    "Crossing",
    "EffectByAge",
    "GuardedCell",
    "Heterogeneity",
    "HoldoutLift",
    "RoutingAudit",
    "SegmentGuardrails",
    "SegmentLift",
    "Severity",
    "Standing",
    "VersionAudit",
    "VersionEffect",
]


class Heterogeneity(Frozen):
    """How far several effects differ.

    Attributes:
        parts: How many there are.
        q: Cochran's Q: squared distances from the common effect, in their own variances.
        p_value: Of parts that share one effect (chi-square, or Welch's F where variances are estimated).
        i_squared: Share of the variation between parts that chance does not explain, 0 to 1.
        tau: Standard deviation of the true effects between parts (DerSimonian-Laird), in the effects' unit.
        pooled: The common effect, weighted by precision.
        variance: Of ``pooled``, if there is one common effect.
        df: Degrees of freedom of ``pooled`` (Satterthwaite); None for z.
    """

    parts: int
    q: float
    p_value: float
    i_squared: float
    tau: float
    pooled: float
    variance: float
    df: float | None


class Crossing(Frozen):
    """Units whose hash gives one arm and whose log says another."""

    assigned: str
    logged: str
    units: int


class VersionAudit(Frozen):
    """One model version.

    Attributes:
        version: Its name; "" where none was logged.
        units: Units it served.
        mismatches: Of them, whose logged arm is not their hash's.
        rate: ``mismatches`` over ``units``.
        shares_p: That its units come in the configured shares, corrected over versions (Holm); None where it served
            some arms only, or too few units.
    """

    version: str
    units: int
    mismatches: int
    rate: float
    shares_p: float | None


class BalanceBefore(Frozen):
    """A column measured before exposure: p-value of equal means in all arms, corrected over columns."""

    column: str
    p_value: float
    severity: Literal["none", "note", "serious"]


class RoutingAudit(Frozen):
    """What the audit found.

    Attributes:
        units: Log entries held against the hash, one a unit and version.
        mismatches: Whose logged arm is not the one recomputed.
        rate: ``mismatches`` over ``units``.
        chance_rate: Rate of mismatches had the log nothing to do with this hash.
        unrelated: The log does not agree with the hash beyond chance: another seed, id, hash version or set of weights.
        crossings: Which arm became which, most units first.
        versions: By model version, worst rate first.
        several_arms: Units logged in more than one arm.
        shares_p: That all units, by their recomputed arm, come in the configured shares; corrected with the versions'.
            None where nobody takes part.
        balance: Columns measured before exposure, by recomputed arm.
        severity: The worst of all.
        sentence: In plain words.
    """

    units: int
    mismatches: int
    rate: float
    chance_rate: float
    unrelated: bool
    crossings: tuple[Crossing, ...]
    versions: tuple[VersionAudit, ...]
    several_arms: int
    shares_p: float | None
    balance: tuple[BalanceBefore, ...]
    severity: Severity
    sentence: str


class ActivationCheck(Frozen):
    """One check.

    Attributes:
        name: "assigned units", "activated units", "activation rate" or "units not activated".
        arm: The treatment arm it is about; "" where about all.
        p_value: Corrected over all checks (Holm).
        severity: "blocking" below .001, "serious" below .01, else "none".
    """

    name: str
    arm: str
    p_value: float
    severity: Literal["none", "serious", "blocking"]


class ActivatedEffect(Frozen):
    """One treatment arm against control.

    Attributes:
        arm: Its name.
        activated: Effect among activated units, absolute; or why there is none.
        everyone: The same diluted to all units assigned: effect times the activation rate (Deng & Hu).
        sharpened: Factor by which activation narrowed the interval over everyone; None without the others' outcomes.
    """

    arm: str
    activated: Estimate | Refusal
    everyone: Estimate | Refusal
    sharpened: float | None


class Activation(Frozen):
    """An activation analysis.

    Attributes:
        checks: All of them.
        severity: The worst.
        effects: One a treatment arm.
        sentence: In plain words.
    """

    checks: tuple[ActivationCheck, ...]
    severity: Literal["none", "serious", "blocking"]
    effects: tuple[ActivatedEffect, ...]
    sentence: str


class HoldoutLift(Frozen):
    """Personalized units against the holdout.

    Attributes:
        comparison: Levels, difference and relative lift with intervals, as assigned.
        split_p: Of the holdout's configured share.
        increment: Outcomes that personalization added over all personalized units: difference times their number, in
            the metric's unit (proportions: conversions); or why there is none.
        without_leaks: Lift had no holdout unit been personalized (Bloom); None where none was.
        sentence: In plain words.
    """

    comparison: Comparison
    split_p: float
    increment: Estimate | Refusal
    without_leaks: Estimate | None
    sentence: str


class AgeTrend(Frozen):
    """One treatment arm's effect over the age of its units.

    Attributes:
        arm: Its name.
        slope: Change of the effect a day of age, in the metric's unit.
        interval: Around ``slope``.
        p_value: Of no change, corrected over treatment arms (Holm).
        first: Fitted effect at the youngest age seen, in the metric's unit.
        last: Fitted effect at the oldest age seen.
        finding: "novelty" (the gain wears off), "primacy" (it grows, as people learn) or "none".
        leaving_p: That as many units are seen at two ages or more as in control, corrected over arms.
    """

    arm: str
    slope: float
    interval: Interval
    p_value: float
    first: float
    last: float
    finding: Literal["novelty", "primacy", "none"]
    leaving_p: float


class EffectByAge(Frozen):
    """Every treatment arm's trend.

    Attributes:
        youngest: Youngest age seen, days.
        oldest: Oldest age seen, days.
        trends: One a treatment arm, in order of appearance.
        leaves_by_arm: Units leave one arm sooner than control (p < .001), so old units may no longer be alike.
        sentence: In plain words.
    """

    youngest: float
    oldest: float
    trends: tuple[AgeTrend, ...]
    leaves_by_arm: bool
    sentence: str


class VersionEffect(Frozen):
    """One version's effect over its cohorts.

    Attributes:
        version: Its name.
        cohorts: How many were pooled.
        effect: Pooled over its cohorts.
        cohorts_p: That its cohorts share one effect (uncorrected); None with one cohort.
    """

    version: str
    cohorts: int
    effect: Estimate
    cohorts_p: float | None


class Consistency(Frozen):
    """Whether cohorts and versions may be pooled.

    Attributes:
        consistent: No test spoke up.
        versions: Each version's effect.
        smallest_p: The smallest p-value over all tests, corrected (Holm); None where there was one part only.
        between_versions: Versions against each other; None with one version.
        opposite_p: That true effects of cells lie on both sides of 0 (Gail & Simon); None where there was one part.
        confounded: Versions share no cohort, so version and time cannot be told apart.
        pooled: The effect over everything, or the refusal to pool.
        sentence: In plain words.
    """

    consistent: bool
    versions: tuple[VersionEffect, ...]
    smallest_p: float | None
    between_versions: Heterogeneity | None
    opposite_p: float | None
    confounded: bool
    pooled: Estimate | Refusal
    sentence: str


class SegmentLift(Frozen):
    """What one segment adds to the lift over everyone.

    Attributes:
        name: The segment.
        planned: As given.
        share_of_units: 0 to 1.
        effect: As observed, in the metric's unit.
        shrunk: Towards the common effect, by as much as chance explains.
        share_of_lift: By the shrunk effects; negative where the segment takes away; None where the lift is not sure.
        observed_share: The same by observed effects.
        p_value: Of no difference from all other segments together, corrected within planned or found ones.
        standing: Against all other segments, at ``alpha``: larger in the direction of the lift, smaller, or not told.
    """

    name: str
    planned: bool
    share_of_units: float
    effect: float
    shrunk: float
    share_of_lift: float | None
    observed_share: float | None
    p_value: float
    standing: Standing


class Concentration(Frozen):
    """Where the lift comes from.

    Attributes:
        lift: Over everyone, weighted by units, in the metric's unit.
        standard_error: Of ``lift``.
        p_value: Of no lift.
        heterogeneity: Cochran's Q over all segments.
        segments: In the order given.
        concentrated: Segments with more of the lift than the rest, largest share first.
        shares: Why there are no shares of the lift; None where there are.
        sentence: In plain words.
    """

    lift: float
    standard_error: float
    p_value: float
    heterogeneity: Heterogeneity
    segments: tuple[SegmentLift, ...]
    concentrated: tuple[str, ...]
    shares: Refusal | None
    sentence: str


class GuardedCell(Frozen):
    """One guardrail in one segment, read.

    Attributes:
        segment: Its name.
        guardrail: The metric.
        effect: In the direction that is better (negative is worse), in the metric's unit; None where not assessable.
        interval: Joint over all cells; one-sided from below. None where not assessable.
        p_harm: That it is not worse at all, corrected over all cells; None where not assessable.
        standing: "harmed": worse beyond chance. "safe": worse by the margin is ruled out. Both can be true of a small
            harm, which is then "harmed within the margin". "open": neither. Or "not assessable".
        reason: Why it is not assessable; "" where it is.
    """

    segment: str
    guardrail: str
    effect: float | None
    interval: Interval | None
    p_harm: float | None
    standing: Literal["harmed", "harmed within the margin", "safe", "open", "not assessable"]
    reason: str = ""


class SegmentGuardrails(Frozen):
    """All guardrails in all segments.

    Attributes:
        cells: In the order given.
        harmed: "guardrail in segment", each beyond chance after correction, worst first.
        all_safe: In every cell worsening by the margin is ruled out.
        sentence: In plain words.
    """

    cells: tuple[GuardedCell, ...]
    harmed: tuple[str, ...]
    all_safe: bool
    sentence: str
