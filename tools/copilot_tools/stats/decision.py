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
from copilot_tools.stats.sequential.registered import RegisteredLook, next_look, z_toward
from copilot_tools.stats.spec import AnalysisSpec, Arm
from copilot_tools.stats.verdict_table import CLAIMS, PHRASES, REASONS, Row, row_of

__all__ = ["ArmVerdict", "Caveat", "Verdict", "decide"]


class Caveat(Frozen):
    """What stands beside a verdict.

    Attributes:
        id: Stable name: "guardrail", "replicate", "unblinded", "attested", "closed_early", "post_hoc", "quick_look",
            "registered_look", "futility".
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
        stamps: What holds for the whole reading (attested, post hoc, quick look, closed early, unblinded, registered
            look).
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

    A registered look before the committed end stops the test when a treatment arm's repeated interval makes a claim or
    shows harm, or when those of all arms refute the hypothesis; else the verdict is to continue.

    Args:
        spec: What was registered.
        circumstances: How the reading stands in the ledger.
        units: Units analysed over all arms, at least 0.
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
    shortfall, goes_on = circumstances.shortfall(units), circumstances.goes_on(units)
    interim = circumstances.look_due and bool(reading.comparisons) and reading.registered is not None
    if circumstances.planned and goes_on and not interim:
        if circumstances.unblinded:
            sentence = f"Outcomes were opened before the committed end; no conclusion is drawn yet: {shortfall}."
            return _for_all(spec, Row.NOT_YET, sentence, phrase="not yet (opened early)", stamps=_stamps(circumstances))
        return _for_all(spec, Row.NOT_YET, f"Outcomes stay closed until {_opening(spec, circumstances)}: {shortfall}.")
    stamps = _stamps(circumstances)
    look = reading.registered
    if look is not None:
        rows = [_row(spec, reading, arm) for arm in spec.treatments]
        if goes_on and interim and not circumstances.stopped and not _stops(rows):
            return _continue(spec, circumstances, units, reading, look, stamps)
        stamps = (*stamps, _ended(circumstances, look, rows))
    return _summary(tuple(_arm(spec, reading, arm, stamps) for arm in spec.treatments), spec, stamps)


_DECIDED = CLAIMS | {Row.REFUTED_HARMFUL}
"""Rows with which any one treatment arm stops the test at a registered look."""
_OVER = frozenset({Row.REFUTED_NO_EFFECT})
"""Rows with which it stops when every arm has one."""


def _stops(rows: Sequence[Row]) -> bool:
    return any(row in _DECIDED for row in rows) or all(row in _OVER for row in rows)


def _row(spec: AnalysisSpec, reading: Reading, arm: Arm) -> Row:
    """The row an arm's interval falls into, whatever is stamped on it."""
    comparison = reading.comparison(spec.primary.name, arm.name)
    effect = comparison.effect(spec.deciding_scale) if comparison else None
    return row_of(spec, effect.interval.toward(spec.primary.sign)) if isinstance(effect, Estimate) else Row.INVALID


def _opening(spec: AnalysisSpec, circumstances: Circumstances) -> str:
    committed = circumstances.committed_units
    if spec.looks is None or committed is None:
        return "the committed end"
    where, ahead = _next_opening(spec, committed, circumstances.information)
    return f"{where}, at {ahead:,} units" if ahead < committed else f"{where}, with no registered look left before it"


def _next_opening(spec: AnalysisSpec, committed: int, information: tuple[float, ...]) -> tuple[str, int]:
    """Where outcomes are opened next, and the units over all arms there."""
    ahead = committed if spec.looks is None else next_look(spec.looks, committed, information)
    return "the next registered look" if ahead < committed else "the committed end", ahead


def _ended(circumstances: Circumstances, look: RegisteredLook, rows: Sequence[Row]) -> Caveat:
    """How a test with registered looks came to its end."""
    taken = len(look.information)
    counted = f"{taken} of the {look.of} registered {'looks was' if taken == 1 else 'looks were'} taken"
    if circumstances.closed_early:
        what = f"Closed early ({counted}); only the error rate of the looks taken is spent"
    elif circumstances.stopped:
        what = f"A registered look has stopped this test already ({counted}); this reads on from there"
    elif look.last:
        what = f"Read at the end, the last of {look.of} registered looks ({counted})"
    else:
        crossed = "a boundary was crossed" if any(row in _DECIDED for row in rows) else "what matters was ruled out"
        what = f"Stopped at registered look {look.place} of {look.of}, where {crossed} ({counted})"
    return Caveat(
        id="registered_look",
        sentence=f"{what}. The primary metric's interval holds at all looks together; every other metric keeps its "
        "fixed level, as if this had been the only look.",
    )


def _continue(
    spec: AnalysisSpec,
    circumstances: Circumstances,
    units: int,
    reading: Reading,
    look: RegisteredLook,
    stamps: tuple[Caveat, ...],
) -> Verdict:
    committed = circumstances.committed_units or units
    where, ahead = _next_opening(spec, committed, look.information)
    more = f"{ahead - units:,} more until {where} at {ahead:,}" if ahead > units else f"more days until {where}"
    opening = (
        f"Registered look {look.place} of {look.of}, with {units:,} of {committed:,} units: no boundary is crossed, so "
        f"the test goes on, {more}."
    )
    arms = []
    for arm in spec.treatments:
        read = _arm(spec, reading, arm, ())
        said = f"{read.sentence} This interval holds at every registered look."
        advice = _futile(spec, reading, arm, look)
        arms.append(
            ArmVerdict(
                arm=arm.name,
                row=Row.CONTINUE,
                phrase=PHRASES[Row.CONTINUE],
                sentence=" ".join((said, *(c.sentence for c in advice))),
                caveats=advice,
                interval=read.interval,
            )
        )
    return Verdict(
        row=Row.CONTINUE,
        phrase=PHRASES[Row.CONTINUE],
        sentence=" ".join((opening, *(a.sentence for a in arms))),
        arms=tuple(arms),
        stamps=stamps,
    )


def _futile(spec: AnalysisSpec, reading: Reading, arm: Arm, look: RegisteredLook) -> tuple[Caveat, ...]:
    """Advice alone: the boundaries are as wide as if nobody ever followed it."""
    comparison = reading.comparison(spec.primary.name, arm.name)
    effect = comparison.effect(spec.deciding_scale) if comparison else None
    z = z_toward(spec, effect) if isinstance(effect, Estimate) else None
    if look.futility is None or z is None:
        return ()
    if (z if spec.sides == 1 else abs(z)) >= look.futility:
        return ()
    sentence = (
        f"{arm.text} is inside the futility boundary (z = {z:.2f} against {look.futility:.2f}): if the effect the plan "
        "was sized for were there, a result this weak would be rare. This is advice; it moves no verdict, and going on "
        "costs no error rate."
    )
    return (Caveat(id="futility", sentence=sentence),)


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
