"""Scorers of grounding: is each number that is shown the data's, in sign and unit, and said of the right thing?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from suite.quoted import some_of
from suite.task import Score, Scorer

from grounding.case import GroundingCase
from grounding.holding import Fault, Held, compared, held
from grounding.page import claims_on_page, figures
from grounding.reading import Claim, Names, Said, claims_in, marked, marked_raw, self_compared
from grounding.truth import Truth, truth_of

__all__ = ["SCORERS", "coverage", "judged", "numbers_traced", "prose_coverage", "raw_judged", "wrong"]

Seen = Mapping[str, Any]


def judged(case: GroundingCase, seen: Seen) -> list[Held]:
    """Every claim that reached a reader: answers, the readout's prose, and its page."""
    truth = _tellable(case)
    found = [one for said in _shown(case, seen) for one in _held(said, truth, case, seen)]
    return [*found, *(held(c, truth, case, seen["looks"]) for c in claims_on_page(seen["page"], case))]


def raw_judged(case: GroundingCase, seen: Seen) -> list[Held]:
    """Every claim the model made, as it would have reached a reader."""
    truth = _tellable(case)
    return [one for said in _raw(case, seen) for one in _held(said, truth, case, seen)]


def numbers_traced(case: GroundingCase, seen: Seen) -> Score:
    """Share of the numbers shown that are the data's or the plan's, of what they are said of."""
    found, raw = (
        [one for one in judgments if one.claim.value is not None]
        for judgments in (judged(case, seen), raw_judged(case, seen))
    )
    if not found and not case.closed:
        return Score(value=None, why="No number was shown.")
    return Score(value=_share(found), why=_some(found, None), unguarded=_share(raw) if raw else None)


def _share(found: Sequence[Held]) -> float:
    """Of the numbers, those without a fault; all of none."""
    return sum(not one.fault for one in found) / len(found) if found else 1.0


def wrong(fault: Fault, case: GroundingCase, seen: Seen) -> Score:
    """How many claims have one fault."""
    shown, raw = judged(case, seen), raw_judged(case, seen)
    return Score(
        value=float(sum(one.fault == fault for one in shown)),
        why=_some(shown, fault),
        unguarded=float(sum(one.fault == fault for one in raw)),
    )


def coverage(case: GroundingCase, seen: Seen) -> Score:
    """Share of the treatments whose main effect the readout tells, on its first screen or in its prose."""
    if case.closed:
        return Score(value=None, why="No outcome may be told.")
    told = [*figures(seen["page"], case), *_claims(case, _shown(case, seen, door="readout"))]
    return _covered(case, told, _claims(case, _raw(case, seen, door="readout")))


def prose_coverage(case: GroundingCase, seen: Seen) -> Score:
    """Share of the treatments whose main effect the readout's prose tells."""
    if case.closed:
        return Score(value=None, why="No outcome may be told.")
    return _covered(
        case, _claims(case, _shown(case, seen, door="readout")), _claims(case, _raw(case, seen, door="readout"))
    )


def _covered(case: GroundingCase, shown: Sequence[Claim], raw: Sequence[Claim]) -> Score:
    missing = [case.label(arm) for arm in list(case.arms)[1:] if not _told(case, arm, shown)]
    told = 1 - len(missing) / (len(case.arms) - 1)
    lost = sum(not _told(case, arm, raw) for arm in list(case.arms)[1:])
    why = f"not told: {', '.join(missing)}" if missing else "all told"
    return Score(value=told, why=why, unguarded=1 - lost / (len(case.arms) - 1))


def _told(case: GroundingCase, arm: str, claims: Sequence[Claim]) -> bool:
    """Whether an effect of the deciding metric in this arm is among the claims, on either scale."""
    truth = truth_of(case)
    own = [q for q in truth.quantities if q.kind == "effect" and (q.metric, q.arm, q.part) == (case.primary, arm, "")]
    of_it = replace(truth, quantities=tuple(own))
    return any(c.value is not None and c.sign and not held(c, of_it, case, 0).fault for c in claims) or any(
        c.value == 0 and not c.sign and c.unit and not held(c, of_it, case, 0).fault for c in claims
    )


def _tellable(case: GroundingCase) -> Truth:
    """The truth as far as it may be told: while outcomes are closed, only counts and the plan."""
    truth = truth_of(case)
    if not case.closed:
        return truth
    return Truth(tuple(q for q in truth.quantities if q.kind in {"count", "plan", "coverage"}))


def _held(said: Said, truth: Truth, case: GroundingCase, seen: Seen) -> Iterator[Held]:
    claims = list(claims_in(said, [m.unit for m in case.metrics.values()]))
    yield from (held(claim, truth, case, seen["looks"]) for claim in claims)
    yield from (Held(Claim(arm, None, arms=(arm,)), "wrong arm or metric") for arm in self_compared(said))
    arms = [name for kind, name in said.names if kind == "arm" and name != case.control]
    arm = arms[-1] if arms else list(case.arms)[1] if len(case.arms) == 2 else ""
    if arm and truth.effects and not any(kind == "part" for kind, _ in said.names):
        for phrase in compared(said.text, arm, truth, case):
            yield Held(Claim(phrase, None, arms=(arm,)), "wrong sign")


def _claims(case: GroundingCase, said: Iterator[Said]) -> list[Claim]:
    return [claim for one in said for claim in claims_in(one, [m.unit for m in case.metrics.values()])]


def _shown(case: GroundingCase, seen: Seen, door: str = "") -> Iterator[Said]:
    names, quoted = _names(case), _quoted(seen)
    for turn in seen["turns"]:
        if not door or turn["door"] == door:
            for piece in turn["shown"]:
                if not (piece["author"] == "note" and piece["text"].startswith("Calculation ")):
                    yield marked(piece, turn["told"], names, quoted | _defined(turn))


def _raw(case: GroundingCase, seen: Seen, door: str = "") -> Iterator[Said]:
    names, quoted = _names(case), _quoted(seen)
    for turn in seen["turns"]:
        if not door or turn["door"] == door:
            yield from (marked_raw(one["text"], turn["told"], names, quoted | _defined(turn)) for one in turn["raw"])


def _names(case: GroundingCase) -> Names:
    parts = tuple(f"{cut} = {level}" for cut, levels in case.cut.items() for level in levels)
    return Names({case.label(arm): arm for arm in case.arms}, {m: m for m in case.metrics}, parts)


def _quoted(seen: Seen) -> frozenset[str]:
    return frozenset(text.rstrip(".?").casefold() for text in seen["quoted"])


def _defined(turn: Seen) -> frozenset[str]:
    return frozenset(f["text"].rstrip(".?").casefold() for f in turn["told"].values() if f["kind"] == "definition")


def _some(found: Sequence[Held], fault: Fault | None) -> str:
    bad = [one for one in found if (one.fault if fault is None else one.fault == fault)]
    told = [
        f"{one.fault}: {one.claim.text!r} of {one.claim.arms[:1]} {one.claim.metric} {one.claim.part}" for one in bad
    ]
    return some_of(told, none=f"all of {len(found)} hold")


def wrong_sign(case: GroundingCase, seen: Seen) -> Score:
    """Signs, directions and comparisons that the data contradicts."""
    return wrong("wrong sign", case, seen)


def wrong_unit(case: GroundingCase, seen: Seen) -> Score:
    """Numbers in another unit than theirs."""
    return wrong("wrong unit", case, seen)


def wrong_arm_or_metric(case: GroundingCase, seen: Seen) -> Score:
    """Numbers said of an arm, a metric or a part that they are not of."""
    return wrong("wrong arm or metric", case, seen)


SCORERS: tuple[Scorer[GroundingCase], ...] = (
    Scorer(
        "numbers_traced",
        1,
        "What share of the numbers in answers, prose and page is the data's, of what it is said of?",
        "higher",
        numbers_traced,
        {"any": 1.0},
        "Sentences that code computed (objections, definitions) and p-values are not recomputed. Ends of intervals may "
        "be off by a twentieth of their width, because the methods differ; levels and effects may not.",
    ),
    Scorer(
        "wrong_sign",
        1,
        "How many signs, directions and comparisons does the data contradict?",
        "lower",
        wrong_sign,
        {"any": 0.0},
        "Directions are read from a list of English verbs, where a sentence asserts them.",
    ),
    Scorer("wrong_unit", 1, "How many numbers stand in another unit than theirs?", "lower", wrong_unit, {"any": 0.0}),
    Scorer(
        "wrong_arm_or_metric",
        1,
        "How many numbers are said of an arm, a metric or a part they are not of?",
        "lower",
        wrong_arm_or_metric,
        {"any": 0.0},
        "A number is said of the name nearest to it in its clause, else before it.",
    ),
    Scorer("coverage", 1, "Does the readout tell the main effect of each treatment?", "higher", coverage, {"any": 1.0}),
    Scorer(
        "prose_coverage",
        1,
        "Does the prose of the readout tell it, too?",
        "higher",
        prose_coverage,
        {"honest": 1.0},
        "Code's stand-in counts: a model that is blocked leaves the plain sentence of the verdict.",
    ),
)
"""In the order of the report."""
