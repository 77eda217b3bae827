"""Spec + circumstances + estimates + objections -> Verdict. The only place where a verdict is decided.

What comes before the interval is asked first (blocking objections, alarms, the committed end); then each treatment arm
gets the row of the verdict table its interval falls into.
"""

from __future__ import annotations

from collections.abc import Sequence

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate, Interval, Objection
from copilot_tools.stats import formats
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.inference.false_positive_risk import risk_at_z
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec, Arm
from copilot_tools.stats.verdict_table import CLAIMS, PHRASES, REASONS, Row, row_of

__all__ = ["ArmVerdict", "Caveat", "Verdict", "decide"]


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
        interval: [L, U] in the desired direction, on the deciding scale.
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
    effect = (
        comparison.effect(spec.deciding_scale)
        if comparison
        else Refusal(code="reading.absent", reason="It was not estimated.")
    )
    if isinstance(effect, Refusal):
        return ArmVerdict(
            arm=arm.name,
            row=Row.NOT_ASSESSABLE,
            phrase=PHRASES[Row.NOT_ASSESSABLE],
            sentence=f"{arm.text}: {metric.name} cannot be compared, because: {effect}",
        )
    wanted = effect.interval.toward(metric.sign)
    row = row_of(spec, wanted)
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


def _phrase(row: Row, caveats: tuple[Caveat, ...]) -> str:
    phrase = PHRASES[row]
    if row not in CLAIMS:
        return phrase
    words = {"guardrail": "a guardrail is not shown safe", "replicate": "replicate first", "unblinded": "opened early"}
    but = list(dict.fromkeys(words[c.id] for c in caveats if c.id in words))
    return phrase if not but else f"{phrase}, but {' and '.join(but)}"


def _why(spec: AnalysisSpec, arm: Arm, effect: Estimate, row: Row) -> str:
    metric = spec.primary
    reason = REASONS[row]
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
