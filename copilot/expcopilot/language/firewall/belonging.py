"""Slots that stand together belong together: the same metric, arm and part, named by the words they stand with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from expcopilot.language.firewall.clauses import RESULTS, Segment, facts_in, judges, segments
from expcopilot.language.firewall.lexicon import Lexicon
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Section

__all__ = ["Analysis", "faults", "out_of_section"]

_EFFECTS = RESULTS - {"level"}


@dataclass(frozen=True)
class Analysis:
    """What a sheet of facts says about the experiment as a whole.

    Attributes:
        treatments: Arms with an effect of their own.
        controls: Other arms, where there is any treatment.
        primary: The metric of the facts whose id begins with "primary.", or None.
    """

    treatments: frozenset[str]
    controls: frozenset[str]
    primary: str | None

    @classmethod
    def of(cls, facts: Mapping[str, Fact]) -> Analysis:
        """Read it off the facts."""
        treatments = {f.arm for f in facts.values() if f.arm and f.kind in _EFFECTS}
        others = {f.arm for f in facts.values() if f.arm} - treatments
        primaries = {f.metric for f in facts.values() if f.metric and f.id.startswith("primary.")}
        measured = {f.metric for f in facts.values() if f.metric and f.kind in RESULTS}
        only = primaries if len(primaries) == 1 else measured
        return cls(
            frozenset(treatments),
            frozenset(others) if treatments else frozenset(),
            next(iter(only)) if len(only) == 1 else None,
        )


def out_of_section(found: Sequence[Fact], section: Section) -> Iterator[str]:
    """Facts the plan did not ask for, outside the sections that may hold them."""
    if section not in {"exploratory", "next"}:
        for fact in found:
            if not fact.planned:
                yield f"{{{fact.id}}} was not planned; it stands only among the exploratory or as a next question."


def faults(
    tokens: Sequence[Token], facts: Mapping[str, Fact], analysis: Analysis, words: Lexicon, related: frozenset[str]
) -> Iterator[str]:
    """Why the slots of a whole statement do not belong to what they stand with."""
    found = tuple(facts_in(tokens, facts))
    if not any(f.kind in RESULTS for f in found):
        return
    parts = segments(tokens, words)
    for number, segment in enumerate(parts):
        for fact in _results(segment, facts):
            yield from _arm(fact, number, parts, facts, analysis, words)
            yield from _metric(fact, number, parts, facts, analysis, related)
            yield from _part(fact, number, parts, facts, related)
        yield from _control_in_its_place(segment, facts, analysis, words)
    yield from _named_without_result(found, analysis)
    yield from _units(found)


def _results(segment: Segment, facts: Mapping[str, Fact]) -> list[Fact]:
    return [f for f in facts_in(segment.tokens, facts) if f.kind in RESULTS]


def _names(segment: Segment, facts: Mapping[str, Fact], of: str) -> set[str]:
    return {getattr(f, of) for f in facts_in(segment.tokens, facts) if f.kind == "name" and getattr(f, of)}


def _governing(number: int, parts: Sequence[Segment], facts: Mapping[str, Fact], of: str) -> set[str]:
    """What the words name for the slots of segment ``number``: there, else nearest before, else nearest after."""
    order = [number, *range(number - 1, -1, -1), *range(number + 1, len(parts))]
    for at in order:
        if at != number and parts[at].compared:
            continue
        named = _names(parts[at], facts, of)
        if named:
            return named
    return set()


def _arm(
    fact: Fact,
    number: int,
    parts: Sequence[Segment],
    facts: Mapping[str, Fact],
    analysis: Analysis,
    words: Lexicon,
) -> Iterator[str]:
    named = _governing(number, parts, facts, "arm")
    if parts[number].compared and fact.arm in analysis.treatments and named <= analysis.controls:
        # "{arm.b} against {arm.control} shows ...": the control is only what it is compared with.
        named = _governing(number - 1, parts, facts, "arm") if number else set()
    own = _names(parts[number], facts, "arm")
    if fact.arm is None:
        yield from _of_no_arm(fact, named, own, analysis, compared=parts[number].compared)
    elif named:
        if named != {fact.arm}:
            yield f"{{{fact.id}}} belongs to another arm than the one named with it."
    elif fact.arm in analysis.controls:
        spoken = {word for t in parts[number].tokens if t.kind in {"word", "phrase"} for word in t.text.split("_")}
        if not spoken & words.places["controls"]:
            yield f"{{{fact.id}}} is the control's; name the arm it belongs to."
    elif len(analysis.treatments) > 1:
        yield f"{{{fact.id}}} belongs to one of several arms; name it."


def _of_no_arm(fact: Fact, named: set[str], own: set[str], analysis: Analysis, *, compared: bool) -> Iterator[str]:
    if fact.kind == "verdict":
        if named and (len(analysis.treatments) > 1 or named & analysis.controls):
            yield f"{{{fact.id}}} is about the whole experiment, but stands with the name of an arm."
    elif own and fact.metric is not None and not compared:
        yield f"{{{fact.id}}} belongs to no arm, but stands with the name of one."


def _metric(
    fact: Fact,
    number: int,
    parts: Sequence[Segment],
    facts: Mapping[str, Fact],
    analysis: Analysis,
    related: frozenset[str],
) -> Iterator[str]:
    metric = fact.metric or (analysis.primary if fact.kind == "verdict" else None)
    if fact.kind == "verdict":  # the plan's: what another sentence was about does not take it over
        parts = [p if p.sentence == parts[number].sentence else Segment((), compared=False) for p in parts]
    named = _governing(number, parts, facts, "metric")
    if named:
        if metric is not None and named != {metric}:
            yield f"{{{fact.id}}} belongs to another metric than the one named with it."
    elif metric is not None and metric != analysis.primary and not _called(metric, parts, related):
        yield f"{{{fact.id}}} is not the primary metric's; name the metric it belongs to."


def _called(text: str, parts: Sequence[Segment], related: frozenset[str]) -> bool:
    wanted = {w for w in "".join(c if c.isalpha() else " " for c in text.lower()).split() if len(w) > 2} & related
    spoken = {t.text for p in parts for t in p.tokens if t.kind == "word"}
    return any(w in spoken or w + "s" in spoken or w.removesuffix("s") in spoken for w in wanted)


def _part(
    fact: Fact, number: int, parts: Sequence[Segment], facts: Mapping[str, Fact], related: frozenset[str]
) -> Iterator[str]:
    named = _governing(number, parts, facts, "part")
    if named:
        if named != {fact.part}:
            yield f"{{{fact.id}}} is about {fact.part or 'everyone'}, not about the part named with it."
    elif fact.part and not _called(fact.part, parts, related):
        yield f"{{{fact.id}}} is about a part only ({fact.part}); name it."


def _control_in_its_place(
    segment: Segment, facts: Mapping[str, Fact], analysis: Analysis, words: Lexicon
) -> Iterator[str]:
    results = _results(segment, facts)
    levels = any(f.kind == "level" and f.arm in analysis.controls for f in results)
    names = _names(segment, facts, "arm")
    said = {t.text for t in segment.tokens if t.kind == "word"}
    if segment.compared and not results and names - analysis.controls and analysis.controls:
        yield "A treatment stands where the control belongs; it turns the comparison round."
    treated = any(f.kind in _EFFECTS and f.arm for f in results) and not segment.compared
    if treated and (names & analysis.controls or said & words.places["controls"]):
        yield "The control stands where the treatment belongs; it turns the comparison round."
    if levels and said & words.places["treatments"]:
        yield "The control's level stands with a word for the treatment."


def _named_without_result(found: Sequence[Fact], analysis: Analysis) -> Iterator[str]:
    judged = {f.arm for f in found if judges(f) and f.arm}
    if judged:
        for fact in found:
            if fact.kind == "name" and fact.arm in analysis.treatments and fact.arm not in judged:
                yield f"{{{fact.id}}} stands with results of another arm and none of its own."
    metrics = {f.metric or (analysis.primary if f.kind == "verdict" else None) for f in found if judges(f)}
    for fact in found:
        if fact.kind == "name" and fact.metric and not fact.arm and metrics - {None} and fact.metric not in metrics:
            yield f"{{{fact.id}}} stands with results of another metric and none of its own."


def _units(found: Sequence[Fact]) -> Iterator[str]:
    last: Fact | None = None
    for fact in found:
        if fact.kind == "effect":
            last = fact
        elif fact.kind == "interval" and last is not None and _same_reading(fact, last) and fact.unit != last.unit:
            yield f"{{{fact.id}}} is in {fact.unit}, {{{last.id}}} in {last.unit}; they are not one reading."


def _same_reading(one: Fact, other: Fact) -> bool:
    same = (one.metric, one.arm, one.part) == (other.metric, other.arm, other.part)
    return same and bool(one.unit and other.unit)
