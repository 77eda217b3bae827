"""Spec + circumstances + estimates + objections -> Verdict. The only place where a verdict is decided.

The table is read from the top. Per treatment arm, [L, U] is the primary effect's interval in the desired direction,
simultaneous across arms, and m the registered minimum effect that matters. An end exactly at 0 counts as including 0;
an end exactly at m counts as reaching it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from copilot_tools import formats
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Interval, Objection
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.inference.false_positive_risk import risk_at_z
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec, Arm

__all__ = ["ArmVerdict", "Caveat", "Row", "Verdict", "classify", "decide"]


class Row(enum.StrEnum):
    """The rows of the verdict table, from the top."""

    INVALID = "invalid"
    HARM = "harm"
    NOT_YET = "not_yet"
    CONTINUE = "continue"
    REFUTED_HARMFUL = "refuted_harmful"
    SUPPORTED = "supported"
    SUPPORTED_SIZE_UNRESOLVED = "supported_size_unresolved"
    TOO_SMALL = "too_small"
    INCONCLUSIVE = "inconclusive"
    REFUTED_NO_EFFECT = "refuted_no_effect"
    GAIN_RULED_OUT = "gain_ruled_out"
    NOT_WORSE = "not_worse"
    NOT_SHOWN_NOT_WORSE = "not_shown_not_worse"
    AA_CLEAN = "aa_clean"
    AA_DIFFERENT = "aa_different"
    EXPLORATORY = "exploratory"
    NOT_ASSESSABLE = "not_assessable"


PHRASES: dict[Row, str] = {
    Row.INVALID: "invalid",
    Row.HARM: "harm: stop",
    Row.NOT_YET: "not yet (blinded)",
    Row.CONTINUE: "continue",
    Row.REFUTED_HARMFUL: "refuted: harmful",
    Row.SUPPORTED: "supported: at least what matters",
    Row.SUPPORTED_SIZE_UNRESOLVED: "supported: size unresolved",
    Row.TOO_SMALL: "real, too small to matter",
    Row.INCONCLUSIVE: "inconclusive",
    Row.REFUTED_NO_EFFECT: "refuted: no effect that matters",
    Row.GAIN_RULED_OUT: "the hoped-for gain is ruled out, harm is not",
    Row.NOT_WORSE: "supported: not worse by the margin",
    Row.NOT_SHOWN_NOT_WORSE: "not shown: could be worse by the margin",
    Row.AA_CLEAN: "A/A: no difference found",
    Row.AA_DIFFERENT: "A/A: a difference where there should be none",
    Row.EXPLORATORY: "exploratory: points the hoped-for way, no conclusion",
    Row.NOT_ASSESSABLE: "cannot be assessed",
}

_WHY: dict[Row, str] = {
    Row.REFUTED_HARMFUL: "the whole interval lies on the harmful side of zero",
    Row.SUPPORTED: "the whole interval reaches what matters",
    Row.SUPPORTED_SIZE_UNRESOLVED: "the interval excludes zero, but both more and less than what matters "
    "remain possible",
    Row.TOO_SMALL: "the interval excludes zero, and also excludes everything that matters",
    Row.INCONCLUSIVE: "the interval includes both zero and what matters",
    Row.REFUTED_NO_EFFECT: "the interval excludes every effect that matters, in either direction",
    Row.GAIN_RULED_OUT: "the interval excludes the gain that matters, but not a loss of the same size",
    Row.NOT_WORSE: "the interval excludes a worsening by the margin",
    Row.NOT_SHOWN_NOT_WORSE: "the interval includes a worsening by the margin",
    Row.AA_CLEAN: "the interval includes zero, as it should",
    Row.AA_DIFFERENT: "the interval excludes zero although the arms are the same",
}

CLAIMS = frozenset({Row.SUPPORTED, Row.SUPPORTED_SIZE_UNRESOLVED, Row.TOO_SMALL, Row.NOT_WORSE})
"""Rows that claim something in favour of the change: what a disqualified reading must never say."""


class Caveat(Frozen):
    """What stands beside a verdict.

    Attributes:
        id: Stable name: "guardrail", "replicate", "unblinded", "attested", "closed_early", "post_hoc", "quick_look".
        sentence: One plain sentence.
        disqualifies: With it the reading is never "supported".
    """

    id: str
    sentence: str
    disqualifies: bool = False


class ArmVerdict(Frozen):
    """The verdict on one treatment arm.

    Attributes:
        arm: The arm's name.
        row: Row of the table.
        phrase: The verdict in a few words, caveats that change it included.
        sentence: Why, with the number and its interval.
        caveats: What stands beside it.
        interval: [L, U] in the desired direction, on the scale of the minimum effect.
        risk: False-positive risk at the observed z, where the row claims an effect.
    """

    arm: str
    row: Row
    phrase: str
    sentence: str
    caveats: tuple[Caveat, ...] = ()
    interval: Interval | None = None
    risk: float | None = None


class Verdict(Frozen):
    """The verdict on an experiment.

    Attributes:
        row: The row all arms share, or that of the first arm when they differ.
        phrase: The verdict in a few words; names the arms when they differ.
        sentence: Why, one sentence an arm.
        arms: Per treatment arm, in the plan's order.
        stamps: What holds for the whole reading (attested, post hoc, quick look, closed early, unblinded).
    """

    row: Row
    phrase: str
    sentence: str
    arms: tuple[ArmVerdict, ...]
    stamps: tuple[Caveat, ...] = ()


def classify(low: float, high: float, m: float) -> Row:
    """The row for an interval in the desired direction: total over every low <= high and m > 0."""
    if high < 0:
        return Row.REFUTED_HARMFUL
    if low >= m:
        return Row.SUPPORTED
    if low > 0:
        return Row.SUPPORTED_SIZE_UNRESOLVED if high >= m else Row.TOO_SMALL
    if high >= m:
        return Row.INCONCLUSIVE
    return Row.REFUTED_NO_EFFECT if low > -m else Row.GAIN_RULED_OUT


def decide(
    spec: AnalysisSpec,
    circumstances: Circumstances,
    units: int,
    reading: Reading,
    objections: Sequence[Objection],
) -> Verdict:
    """Decide from the registered spec; no other input exists that could move it.

    Args:
        spec: What was registered.
        circumstances: How the reading stands in the ledger.
        units: Units analysed over all arms.
        reading: The estimates; while blinded, only guardrail alarms.
        objections: The case for the null; a blocking one makes the reading invalid.
    """
    blocking = [o.sentence for o in objections if o.severity == "blocking"] + list(circumstances.altered)
    if blocking:
        return _for_all(spec, Row.INVALID, "No verdict: " + " ".join(blocking))
    alarms = [f"{g.metric} in {spec.arm(g.arm).text}" for g in reading.guardrails if g.alarm]
    if circumstances.planned and (alarms or circumstances.alarms):
        valid = "by an interval that is valid at every look."
        now = f"Stop: {', '.join(alarms)} is worse than its registered margin, {valid}"
        return _for_all(spec, Row.HARM, now if alarms else " ".join(("Stop.", *circumstances.alarms)))
    shortfall = circumstances.shortfall(units)
    if circumstances.planned and shortfall and not circumstances.closed_early:
        if circumstances.unblinded:
            sentence = f"Outcomes were opened before the committed end; no conclusion is drawn yet: {shortfall}."
            return _for_all(spec, Row.NOT_YET, sentence, phrase="not yet (opened early)", stamps=_stamps(circumstances))
        return _for_all(spec, Row.NOT_YET, f"Outcomes stay closed until the committed end: {shortfall}.")
    stamps = _stamps(circumstances)
    return _summary(tuple(_arm(spec, reading, arm, stamps) for arm in spec.treatments), spec, stamps)


def _for_all(
    spec: AnalysisSpec, row: Row, sentence: str, *, phrase: str = "", stamps: tuple[Caveat, ...] = ()
) -> Verdict:
    phrase = phrase or PHRASES[row]
    arms = tuple(ArmVerdict(arm=a.name, row=row, phrase=phrase, sentence=sentence) for a in spec.treatments)
    return Verdict(row=row, phrase=phrase, sentence=sentence, arms=arms, stamps=stamps)


def _stamps(circumstances: Circumstances) -> tuple[Caveat, ...]:
    found = []
    if not circumstances.planned:
        found.append(
            Caveat(
                id="quick_look",
                sentence="A quick look without a registered plan: exploratory, the start of the next test.",
                disqualifies=True,
            )
        )
    if circumstances.post_hoc:
        found.append(Caveat(id="post_hoc", sentence=f"Post hoc: {circumstances.post_hoc}", disqualifies=True))
    if circumstances.closed_early:
        found.append(
            Caveat(
                id="closed_early",
                sentence=f"Stopped early without a registered rule ({circumstances.closed_early}): "
                "the estimate is shown, but its error rate is not the one registered.",
                disqualifies=True,
            )
        )
    if circumstances.attested:
        found.append(
            Caveat(id="attested", sentence=f"Attested, not registered here before the test: {circumstances.attested}")
        )
    found.extend(Caveat(id="unblinded", sentence=sentence) for sentence in circumstances.unblinded)
    return tuple(found)


def _arm(spec: AnalysisSpec, reading: Reading, arm: Arm, stamps: tuple[Caveat, ...]) -> ArmVerdict:
    metric = spec.primary
    comparison = reading.comparison(metric.name, arm.name)
    scale = spec.minimum_effect.scale
    if spec.goal == "noninferiority" and metric.margin is not None:
        scale = metric.margin.scale
    effect = comparison.effect(scale) if comparison else Refusal(code="reading.absent", reason="It was not estimated.")
    if isinstance(effect, Refusal):
        return ArmVerdict(
            arm=arm.name,
            row=Row.NOT_ASSESSABLE,
            phrase=PHRASES[Row.NOT_ASSESSABLE],
            sentence=f"{arm.text}: {metric.name} cannot be compared, because: {effect}",
        )
    wanted = effect.interval if metric.sign > 0 else effect.interval.mirrored()
    row = _row(spec, wanted)
    risk = None
    caveats = []
    if row in CLAIMS and spec.goal == "superiority" and effect.statistic is not None:
        risk = risk_at_z(effect.statistic * metric.sign, spec.win_rate, spec.alpha, spec.sides, spec.power)
        if risk > spec.max_false_positive_risk:
            caveats.append(
                Caveat(
                    id="replicate",
                    sentence=f"Replicate first: if {formats.share(spec.win_rate, 0)} of such ideas truly work, "
                    f"evidence this weak leaves a chance of {formats.share(risk, 0)} that there is no effect "
                    f"(the bound is {formats.share(spec.max_false_positive_risk, 0)}).",
                )
            )
    caveats.extend(
        Caveat(
            id="guardrail",
            sentence=f"{guardrail.metric} is not shown to be safe: "
            + (
                str(guardrail.effect)
                if isinstance(guardrail.effect, Refusal)
                else "its interval reaches past the registered margin."
            ),
        )
        for guardrail in reading.guardrails
        if guardrail.arm == arm.name and not guardrail.safe
    )
    # Not in the words alone: a script that reads the row must not find "supported" there either.
    allowed = Row.EXPLORATORY if row in CLAIMS and any(c.disqualifies for c in stamps) else row
    return ArmVerdict(
        arm=arm.name,
        row=allowed,
        phrase=_phrase(allowed, (*stamps, *caveats)),
        sentence=_why(spec, arm, effect, row),
        caveats=tuple(caveats),
        interval=wanted,
        risk=risk,
    )


def _row(spec: AnalysisSpec, wanted: Interval) -> Row:
    if spec.goal == "noninferiority" and spec.primary.margin is not None:
        return Row.NOT_WORSE if wanted.low > -spec.primary.margin.size else Row.NOT_SHOWN_NOT_WORSE
    if spec.goal == "aa":
        return Row.AA_CLEAN if wanted.low <= 0 <= wanted.high else Row.AA_DIFFERENT
    return classify(wanted.low, wanted.high, spec.minimum_effect.size)


def _phrase(row: Row, caveats: tuple[Caveat, ...]) -> str:
    phrase = PHRASES[row]
    if row not in CLAIMS:
        return phrase
    words = {"guardrail": "a guardrail is not shown safe", "replicate": "replicate first", "unblinded": "opened early"}
    but = list(dict.fromkeys(words[c.id] for c in caveats if c.id in words))
    return phrase if not but else f"{phrase}, but {' and '.join(but)}"


def _why(spec: AnalysisSpec, arm: Arm, effect: Estimate, row: Row) -> str:
    metric = spec.primary
    reason = _WHY[row]
    if spec.sides == 1 and row is Row.INCONCLUSIVE:
        reason = "the interval includes zero; a one-sided plan cannot tell no effect from harm"
    return (
        f"{arm.text} against {spec.arm(spec.control).text}: {metric.name} {formats.effect(metric, effect)} "
        f"({formats.interval(metric, effect.interval, effect.scale)}); {reason}."
    )


def _summary(arms: tuple[ArmVerdict, ...], spec: AnalysisSpec, stamps: tuple[Caveat, ...]) -> Verdict:
    phrases = dict.fromkeys(a.phrase for a in arms)
    if len(phrases) == 1:
        phrase = arms[0].phrase
    else:
        phrase = "; ".join(
            f"{', '.join(spec.arm(a.arm).text for a in arms if a.phrase == shared)}: {shared}" for shared in phrases
        )
    return Verdict(
        row=arms[0].row, phrase=phrase, sentence=" ".join(a.sentence for a in arms), arms=arms, stamps=stamps
    )
