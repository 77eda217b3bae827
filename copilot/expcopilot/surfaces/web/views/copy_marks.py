"""Marks in a variant's exact text: the text cut where marks begin and end, and what each mark rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup, escape

from copilot_tools.wording.plain import exact
from expcopilot.flow.steps.review import OpenMark, marks_of
from expcopilot.memory.sources import SourceLibrary
from expcopilot.records.copy import ClaimState, Evidence, FieldText, Review, Waiver

__all__ = ["KINDS", "LEGEND", "Field", "Mark", "Piece", "Quoted", "as_it_stands", "fields_of", "marks_on"]

KINDS = {"before_after": "before and after", "unclassified": "unclassified sentence"}
"""Kinds whose name is not the word people use."""

LEGEND: tuple[tuple[str, str, str], ...] = (
    ("open", "needs a source or a person", "A claim without a source, or a sentence nobody could classify: it stops."),
    ("sourced", "sourced", "A quotation stands word for word in a source that counts today."),
    ("settled", "settled by a person", "Waived or ticked, with name and reason."),
    ("puffery", "puffery", "Praise that claims no fact: it needs nothing."),
)
"""How a mark looks -> what it is called -> what that means."""

_BESIDE = 140
"""Characters of a source shown before and after the words that are quoted."""


class Quoted(NamedTuple):
    """A quotation in its source.

    Attributes:
        source: The source's id.
        title: What people call it; "" where it has no title.
        before: What stands before the words.
        words: The words.
        after: What stands after them.
        start: Where they begin, counted from 1.
        end: Where they end.
        expires: Last day on which the source counts, or "".
    """

    source: str
    title: str
    before: Markup
    words: Markup
    after: Markup
    start: int
    end: int
    expires: str


class Mark(NamedTuple):
    """A mark as a person meets it.

    Attributes:
        label: Its name in this exact text, such as "C1".
        at: Its place on the page.
        field: The field it stands in.
        kind: Its kind, in words.
        look: How it is drawn; see ``LEGEND``.
        status: "unsourced", "sourced", "waived", "unclassified" or "ticked".
        words: The words marked.
        why: Why it needs something.
        reason: Why the evidence proposed does not do; "" where none was, or where it does.
        is_sentence: Whether it is a sentence to be ticked, not a claim.
        is_open: Whether it stops the copy.
        quoted: What it rests on, where it is sourced.
        by: Who waived or ticked it, and when and why.
        found_by: "model" where the claim checker added it.
    """

    label: str
    at: str
    field: str
    kind: str
    look: str
    status: str
    words: str
    why: str
    reason: str
    is_sentence: bool
    is_open: bool
    quoted: Quoted | None
    by: Waiver | None
    found_by: str


class Piece(NamedTuple):
    """A stretch of text between two places where a mark begins or ends.

    Attributes:
        text: The words.
        look: How it is drawn: as the most urgent of the marks over it; "" where none is.
        kinds: What they are, in words, for whoever does not see them.
        ends: The marks that end with it.
    """

    text: Markup
    look: str
    kinds: str
    ends: tuple[Mark, ...]


class Field(NamedTuple):
    """A field's exact text, as it is edited and in pieces."""

    name: str
    text: Markup
    pieces: tuple[Piece, ...]


def as_it_stands(text: str) -> Markup:
    """A text to be read exactly: its blanks and lines stay, what hides in it is shown, everything is escaped."""
    return escape(exact(text))


def marks_on(review: Review, library: SourceLibrary, at: str) -> tuple[Mark, ...]:
    """Every mark of a variant, in order.

    Args:
        review: The variant as it stands.
        library: The sources as they are today.
        at: The variant's place on the page.
    """
    states = iter([state for field in review.marks for state in field.claims])
    ticks = {field.name: dict(field.ticked) for field in review.marks}
    found = []
    for mark in marks_of(review):
        if mark.place.kind == "unclassified":
            tick = ticks[mark.place.field].get(mark.place.start)
            found.append(_mark(mark, at, settled=tick))
        else:
            state = _state_of(mark, states)
            quoted = _quoted(state.evidence, library) if state.status == "sourced" else None
            waiver = state.waiver if state.status == "waived" else None
            reason = state.reason if state.status == "unsourced" else ""
            found.append(_mark(mark, at, settled=waiver, quoted=quoted, reason=reason, found_by=state.found_by))
    return tuple(found)


def fields_of(review: Review, marks: tuple[Mark, ...]) -> tuple[Field, ...]:
    """Every field of a variant, its text in pieces."""
    named = {mark.label: mark for mark in marks}
    spans: dict[str, list[tuple[int, int, Mark]]] = {}
    for found in marks_of(review):
        spans.setdefault(found.place.field, []).append((found.place.start, found.place.end, named[found.label]))
    puffery = {f.name: [(s.start, s.end) for s in f.sentences if s.mark == "puffery"] for f in review.marks}
    return tuple(
        Field(f.name, escape(f.text), tuple(_pieces(f, spans.get(f.name, []), puffery[f.name])))
        for f in review.variant.fields
    )


def _pieces(field: FieldText, spans: list[tuple[int, int, Mark]], quiet: list[tuple[int, int]]) -> Iterator[Piece]:
    cuts = sorted({0, len(field.text), *(p for s in spans for p in s[:2]), *(p for span in quiet for p in span)})
    for start, end in pairwise(cuts):
        over = [mark for a, b, mark in spans if a <= start and end <= b]
        looks = {mark.look for mark in over} or (
            {"puffery"} if any(a <= start and end <= b for a, b in quiet) else {""}
        )
        look = next(one for one in ("open", "settled", "sourced", "puffery", "") if one in looks)
        ends = tuple(mark for _, b, mark in spans if b == end)
        yield Piece(as_it_stands(field.text[start:end]), look, ", ".join(f"{m.label} {m.kind}" for m in over), ends)


def _state_of(mark: OpenMark, states: Iterator[ClaimState]) -> ClaimState:
    """The claim a mark is about: both stand in the order of the text."""
    for state in states:
        if (state.claim.start, state.claim.end, state.claim.kind) == (
            mark.place.start,
            mark.place.end,
            mark.place.kind,
        ):
            return state
    raise AssertionError(f"no claim for {mark.label}")


def _mark(
    mark: OpenMark,
    at: str,
    *,
    settled: Waiver | None = None,
    quoted: Quoted | None = None,
    reason: str = "",
    found_by: str = "scanner",
) -> Mark:
    kind = str(mark.place.kind)
    return Mark(
        label=mark.label,
        at=f"{at}-{mark.label}",
        field=mark.place.field,
        kind=KINDS.get(kind, kind),
        look="open" if mark.is_open else "sourced" if mark.status == "sourced" else "settled",
        status=mark.status,
        words=mark.words,
        why=mark.why,
        reason=reason,
        is_sentence=kind == "unclassified",
        is_open=mark.is_open,
        quoted=quoted,
        by=settled,
        found_by=found_by,
    )


def _quoted(evidence: Evidence | None, library: SourceLibrary) -> Quoted | None:
    if evidence is None:
        return None
    text = library.text(evidence.source)
    titles: Mapping[str, str] = {s.id: s.card.title for s in library.sources if s.card}
    before, after = text[max(evidence.start - _BESIDE, 0) : evidence.start], text[evidence.end :][:_BESIDE]
    return Quoted(
        source=evidence.source,
        title=titles.get(evidence.source, ""),
        before=as_it_stands(("…" if evidence.start > _BESIDE else "") + before),
        words=as_it_stands(evidence.quotation),
        after=as_it_stands(after + ("…" if len(text) > evidence.end + _BESIDE else "")),
        start=evidence.start + 1,
        end=evidence.end,
        expires=evidence.expires,
    )
