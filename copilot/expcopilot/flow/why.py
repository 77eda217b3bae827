"""Why a verdict is what it is, and what would change it: from the verdict table, the interval and what matters alone.

The rows within reach are found by asking the table itself: each end of the interval is moved across each boundary in
turn, the other end left where it is, and ``classify`` says which row that would be.
"""

from __future__ import annotations

from collections.abc import Iterator

from copilot_tools.base import Frozen
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.stats.decision import ArmVerdict
from copilot_tools.stats.spec import AnalysisSpec, Effect
from copilot_tools.stats.verdict_table import PHRASES, Row, classify
from expcopilot.records.look import Look

__all__ = ["ArmWhy", "Why", "explain"]

RULES: dict[Row, str] = {
    Row.INVALID: "a blocking check failed, so nothing is read from the numbers",
    Row.HARM: "the always-valid interval of a registered guardrail lies wholly past its margin",
    Row.NOT_YET: "the committed end is not reached",
    Row.CONTINUE: "a registered look before the end, whose boundary is not crossed",
    Row.REFUTED_HARMFUL: "U < 0",
    Row.SUPPORTED: "m ≤ L",
    Row.SUPPORTED_SIZE_UNRESOLVED: "0 < L < m ≤ U",
    Row.TOO_SMALL: "0 < L and U < m",
    Row.INCONCLUSIVE: "L ≤ 0 and m ≤ U",
    Row.REFUTED_NO_EFFECT: "−m < L ≤ 0 ≤ U < m",
    Row.GAIN_RULED_OUT: "L ≤ −m and 0 ≤ U < m",
    Row.NOT_WORSE: "−m < L, with m the registered margin",
    Row.NOT_SHOWN_NOT_WORSE: "L ≤ −m, with m the registered margin",
    Row.AA_CLEAN: "L ≤ 0 ≤ U, as it should be between arms that are the same",
    Row.AA_DIFFERENT: "0 lies outside of L to U, though the arms are the same",
    Row.EXPLORATORY: "the interval points the hoped-for way, but a stamp rules every conclusion out",
    Row.NOT_ASSESSABLE: "the primary metric could not be compared",
}
"""Each row's condition; [L, U] is the interval in the hoped-for direction, m what matters."""


class ArmWhy(Frozen):
    """Why one arm got its verdict.

    Attributes:
        arm: The arm, as people call it.
        row: Row of the verdict table.
        phrase: The verdict in a few words.
        rule: The row's condition.
        ends: The interval and what matters, in the letters of the rule; "" where no interval decided.
        changes: What would have to be otherwise for another verdict, one sentence each.
    """

    arm: str
    row: Row
    phrase: str
    rule: str
    ends: str
    changes: tuple[str, ...]


class Why(Frozen):
    """Why a look's verdict is what it is.

    Attributes:
        look: Number of the look.
        phrase: The verdict in a few words.
        sentence: Why, as the readout says it.
        arms: Per treatment arm.
        stamps: What holds for the whole reading.
        closing: What does not move it.
    """

    look: int
    phrase: str
    sentence: str
    arms: tuple[ArmWhy, ...]
    stamps: tuple[str, ...]
    closing: str


def explain(look: Look) -> Why:
    """Explain a look's verdict; nothing is computed that the verdict did not rest on."""
    return Why(
        look=look.number,
        phrase=look.verdict.phrase,
        sentence=look.verdict.sentence,
        arms=tuple(_arm(look, arm) for arm in look.verdict.arms),
        stamps=tuple(stamp.sentence for stamp in look.verdict.stamps),
        closing="The verdict follows from the registered plan and the data by this table; no wording moves it. "
        + (
            "A plan changed now is changed in the open, and once outcomes were seen nothing read under it is supported."
            if look.plan_digest
            else "A quick look has no registered plan, so it is where the next test begins."
        ),
    )


def _arm(look: Look, verdict: ArmVerdict) -> ArmWhy:
    spec, interval = look.spec, verdict.interval
    m = _what_matters(spec)
    return ArmWhy(
        arm=spec.arm(verdict.arm).text,
        row=verdict.row,
        phrase=verdict.phrase,
        rule=RULES[verdict.row],
        ends="" if interval is None else _ends(spec, interval, m),
        changes=tuple(_changes(look, verdict, m)),
    )


def _what_matters(spec: AnalysisSpec) -> Effect:
    """What the row compares the interval with: the minimum effect, or the margin of a non-inferiority plan."""
    margin = spec.primary.margin
    return margin if spec.goal == "noninferiority" and margin is not None else spec.minimum_effect


def _ends(spec: AnalysisSpec, interval: Interval, m: Effect) -> str:
    low, high, matters = (_size(spec, value, m) for value in (interval.low, interval.high, m.size))
    turned = "" if spec.primary.sign > 0 else f", positive where {spec.primary.name} falls"
    return f"L = {low}, U = {high}, m = {matters}{turned}"


def _size(spec: AnalysisSpec, value: float, m: Effect) -> str:
    return formats.effect_size(spec.primary, value, m.scale)


def _changes(look: Look, verdict: ArmVerdict, m: Effect) -> Iterator[str]:
    if verdict.interval is not None and verdict.row not in {Row.EXPLORATORY, Row.CONTINUE}:
        yield from _other_rows(look.spec, verdict.row, verdict.interval, m)
    else:
        yield from _settled_before(look, verdict)
    for caveat in verdict.caveats:
        if caveat.id == "guardrail":
            yield f"{caveat.sentence} The reservation goes when the whole interval lies within the registered margin."
        elif caveat.id == "replicate":
            yield "'Replicate first' goes when a second registered test finds the effect again."


def _settled_before(look: Look, verdict: ArmVerdict) -> Iterator[str]:
    """What stands before any interval is read."""
    match verdict.row:
        case Row.INVALID:
            for objection in look.objections:
                if objection.severity == "blocking":
                    yield f"This must be settled first, in the data or by a policy in the plan: {objection.title}."
            if look.circumstances.altered:
                yield "The data must be again what was read before, or the difference explained in a new experiment."
        case Row.HARM:
            yield "No result of the primary metric: a guardrail's alarm comes before it."
        case Row.NOT_YET:
            missing = look.circumstances.shortfall(look.evidence.total_units)
            where = "the committed end" if look.spec.looks is None else "the next registered look or the committed end"
            yield f"Only reaching {where} ({missing})."
        case Row.CONTINUE:
            at = look.reading.registered
            boundary = "" if at is None else f" of {at.boundary:.3f} standard errors"
            yield (
                f"Nothing at these units: the interval, at this look's boundary{boundary}, settles nothing yet. Only "
                "the next registered look or the committed end, each by its own boundary."
            )
        case Row.EXPLORATORY:
            yield "No data read in this way. A new test can answer it, when its plan is registered before its data."
        case Row.NOT_ASSESSABLE:
            yield verdict.sentence


def _other_rows(spec: AnalysisSpec, row: Row, interval: Interval, m: Effect) -> Iterator[str]:
    """Every other row that one end of the interval alone could reach."""
    low, high, size = interval.low, interval.high, m.size
    it_is_low, it_is_high = f"it is {_size(spec, low, m)}", f"it is {_size(spec, high, m)}"
    at = _size(spec, size, m)
    below = _size(spec, -size, m)
    if spec.goal == "noninferiority":
        other = Row.NOT_SHOWN_NOT_WORSE if row is Row.NOT_WORSE else Row.NOT_WORSE
        yield _if(other, "L", f"{'at or below' if other is Row.NOT_SHOWN_NOT_WORSE else 'above'} {below}", it_is_low)
        return
    if spec.goal == "aa":
        other = Row.AA_CLEAN if row is Row.AA_DIFFERENT else Row.AA_DIFFERENT
        inside = "inside" if other is Row.AA_CLEAN else "outside of"
        yield f"{PHRASES[other]}: if 0 lay {inside} L to U (L {it_is_low}, U {it_is_high})."
        return
    # Whether an end can lie there with the other where it is, a place there, and the words for it.
    lows: tuple[tuple[bool, float, str], ...] = (
        (True, min(-size, high), f"at {below} or below"),
        (high >= 0, 0.0, f"above {below} and not above 0"),
        (high > 0, min(size / 2, high), f"above 0 and below {at}"),
        (high >= size, size, f"at {at} or above"),
    )
    highs = (
        (low < 0, low, "below 0"),
        (low < size, max(low, 0.0), f"at 0 or above, and below {at}"),
        (True, max(low, size), f"at {at} or above"),
    )
    if high >= 0 and classify(lows[0][1], high, size) is classify(0.0, high, size):
        lows = ((True, 0.0, "at 0 or below"), *lows[2:])  # below the minimum and up to 0 it is one row
    found = {row}
    for possible, place, words in lows:
        if possible and (there := classify(place, high, size)) not in found:
            found.add(there)
            yield _if(there, "L", words, it_is_low)
    for possible, place, words in highs:
        if possible and (there := classify(low, place, size)) not in found:
            found.add(there)
            yield _if(there, "U", words, it_is_high)


def _if(row: Row, end: str, words: str, now: str) -> str:
    return f"{PHRASES[row]}: if {end} were {words} ({now})."
