"""What a look may show, and what stands over all of it: the one place where the report decides to withhold numbers."""

from __future__ import annotations

import enum

from copilot_tools.results import Objection
from copilot_tools.stats.decision import ArmVerdict, Caveat, Verdict
from copilot_tools.stats.verdict_table import Row
from expcopilot.outputs.report.content import Stamp, Tone
from expcopilot.records.look import Look

__all__ = ["OUTCOME_FREE", "Showing", "arm_tone", "held_back", "showing", "shown_objections", "stamps", "tone"]


class Showing(enum.Enum):
    """How much of the outcomes a page may show."""

    OPEN = "open"
    CLOSED = "closed"
    SET_ASIDE = "set aside"


OUTCOME_FREE = frozenset(
    {
        "sample-ratio",
        "two-arms",
        "duplicates",
        "contradictions",
        "missing-by-arm",
        "balance",
        "clusters",
        "looks",
        "multiplicity",
        "post-assignment",
        "shared-units",
        "unblinded",
    }
)
"""Objections whose sentences hold no outcome by arm: all that stands in the open beside an invalid verdict."""

_TONES: dict[Row, Tone] = {
    Row.INVALID: Tone.INVALID,
    Row.HARM: Tone.HARM,
    Row.NOT_YET: Tone.WAITING,
    Row.CONTINUE: Tone.WAITING,
    Row.REFUTED_HARMFUL: Tone.HARM,
    Row.SUPPORTED: Tone.FOR,
    Row.SUPPORTED_SIZE_UNRESOLVED: Tone.FOR,
    Row.TOO_SMALL: Tone.AGAINST,
    Row.INCONCLUSIVE: Tone.OPEN,
    Row.REFUTED_NO_EFFECT: Tone.AGAINST,
    Row.GAIN_RULED_OUT: Tone.AGAINST,
    Row.NOT_WORSE: Tone.FOR,
    Row.NOT_SHOWN_NOT_WORSE: Tone.OPEN,
    Row.AA_CLEAN: Tone.FOR,
    Row.AA_DIFFERENT: Tone.INVALID,
    Row.EXPLORATORY: Tone.OPEN,
    Row.NOT_ASSESSABLE: Tone.INVALID,
}

_LABELS = {
    "quick_look": "Quick look: exploratory",
    "post_hoc": "Post hoc",
    "closed_early": "Stopped early",
    "attested": "Attested",
    "unblinded": "Opened early",
    "registered_look": "Registered looks",
}


def showing(look: Look) -> Showing:
    """What the page may show of this look's outcomes."""
    row = look.verdict.row
    if look.kind == "blinded" or not look.reading.comparisons or row in {Row.NOT_YET, Row.CONTINUE}:
        return Showing.CLOSED
    return Showing.SET_ASIDE if row in {Row.INVALID, Row.HARM} else Showing.OPEN


def held_back(look: Look) -> tuple[Objection, ...]:
    """Objections whose sentences may hold outcomes that do not stand in the open: for the last section, if any."""
    if showing(look) is Showing.OPEN:
        return ()
    return tuple(o for o in look.objections if o.id not in OUTCOME_FREE and o.severity != "blocking")


def shown_objections(look: Look) -> tuple[Objection, ...]:
    """Objections as they may stand in the open; while outcomes are closed, one that needs them says only that."""
    held = held_back(look)
    if showing(look) is not Showing.CLOSED:
        return tuple(o for o in look.objections if o not in held)
    return tuple(
        Objection(
            id=o.id,
            title=o.title,
            severity="not assessable",
            sentence="Withheld: it needs the outcomes, which stay closed.",
        )
        if o in held
        else o
        for o in look.objections
    )


def tone(verdict: Verdict) -> Tone:
    """Kind of the whole verdict; open where the arms are of different kinds."""
    if not verdict.arms:
        return _TONES[verdict.row]
    kinds = {arm_tone(arm, verdict.stamps) for arm in verdict.arms}
    return kinds.pop() if len(kinds) == 1 else Tone.OPEN


def arm_tone(arm: ArmVerdict, stamped: tuple[Caveat, ...]) -> Tone:
    """Kind of one arm's verdict: never "for" without reservation where anything stands beside it."""
    kind = _TONES[arm.row]
    if kind is Tone.AGAINST and arm.row is not Row.TOO_SMALL:
        return kind
    if kind not in {Tone.FOR, Tone.AGAINST}:
        return kind
    if any(c.disqualifies for c in (*stamped, *arm.caveats)):
        return Tone.OPEN
    reserved = bool(arm.caveats) or any(c.id == "unblinded" for c in stamped)
    return Tone.RESERVED if reserved and kind is Tone.FOR else kind


def stamps(look: Look) -> tuple[Stamp, ...]:
    """What holds for the whole reading: the verdict's stamps, and the standing a verdict without stamps leaves out."""
    found = [(c.id, c.sentence) for c in look.verdict.stamps]
    known = {i for i, _ in found}
    standing = look.circumstances
    if "quick_look" not in known and (look.kind == "quick" or not standing.planned):
        found.insert(
            0,
            ("quick_look", "A quick look without a registered plan: exploratory, the start of the next test."),
        )
    if "post_hoc" not in known and standing.post_hoc:
        found.append(("post_hoc", f"Post hoc: {standing.post_hoc}"))
    if "closed_early" not in known and standing.closed_early:
        found.append(("closed_early", f"Stopped early without a registered rule ({standing.closed_early})."))
    if "attested" not in known and standing.attested:
        found.append(("attested", f"Attested, not registered here before the test: {standing.attested}"))
    if "unblinded" not in known:
        found.extend(("unblinded", sentence) for sentence in standing.unblinded)
        if not standing.unblinded and look.kind == "unblinding" and not standing.closed_early:
            why = f": {look.reason}" if look.reason else "."
            found.append(("unblinded", f"Outcomes were opened before the committed end{why}"))
    return tuple(_stamp(_LABELS.get(i, i.replace("_", " ").capitalize()), sentence) for i, sentence in found)


def _stamp(label: str, sentence: str) -> Stamp:
    """The label need not be said twice."""
    rest = sentence[len(label) :].lstrip(" ,:") if sentence.lower().startswith(label.lower()) else sentence
    return Stamp(label=label, sentence=rest[:1].upper() + rest[1:])
