"""What persons decide on copy: a source for a claim, a waiver, a tick, an approval; each covers an exact text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Literal

from copilot_tools.nearest import nearest
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.wording.plain import shortened
from expcopilot.flow import gates
from expcopilot.flow.copy_standards import Standards, scanned
from expcopilot.flow.steps.review import OpenMark, marks_of
from expcopilot.records.copy import Brief, Evidence, Review
from expcopilot.records.copybook import CopyBook, Reviewed, Sourced
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft
from expcopilot.records.gate import Proposal

__all__ = ["approve", "find_mark", "find_review", "hand_over", "open_places", "source", "waive", "without_open_control"]

_SHORTEST_DIGEST = 8
"""Characters of a digest a person may type: more than enough to tell two texts of one variant apart."""

_REASON_AT_MOST = 2000
_NAME_AT_MOST = 200
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters to Unicode, and blank to everybody else: the fillers of Hangul."""
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def find_review(reviewed: Reviewed, variant: str) -> Review:
    """The review of one variant.

    Raises:
        Refused: There is no such variant.
    """
    for review in reviewed.reviews:
        if review.variant.id == variant:
            return review
    known = [r.variant.id for r in reviewed.reviews]
    close = nearest(variant, known)
    raise Refused.because(
        "copy.no_variant",
        f"{reviewed.brief.id!r} has no variant {variant!r} (it has {', '.join(known) or 'none'}).",
        f"Did you mean {close[0]!r}?" if close else "Choose one of them.",
        name="variant",
        value=variant,
    )


def find_mark(review: Review, label: str) -> OpenMark:
    """The mark a person calls by this name in the exact text reviewed.

    Raises:
        Refused: There is no such mark.
    """
    marks = marks_of(review)
    for mark in marks:
        if mark.label.lower() == label.strip().lower():
            return mark
    raise Refused.because(
        "copy.no_mark",
        f"{review.variant.id} has no mark {label!r} (it has {', '.join(m.label for m in marks) or 'none'}).",
        f"See them with `expcopilot variants {review.variant.brief}`.",
        name="mark",
        value=label,
    )


def waive(
    book: CopyBook, review: Review, label: str, *, actor: str, by: str = "", reason: str, undo: bool = False
) -> tuple[Draft, ...]:
    """A named person waives a claim or ticks an unclassified sentence; or takes that back.

    Args:
        book: The experiment's copy.
        review: The variant as the person saw it.
        label: The mark.
        actor: Who writes it down.
        by: Who decided, where that is somebody else.
        reason: Why, in their words.
        undo: Take an earlier waiver or tick back.

    Raises:
        Refused: There is no such mark, no name, or no reason.
    """
    mark = find_mark(review, label)
    by, said = _name(by, actor), _said(reason)
    what = "Tick this sentence" if mark.place.kind == "unclassified" else "Let this claim stand without a source"
    proposal = Proposal(
        gate="waiver",
        question=f"{what}: “{shortened(mark.words, 120)}”?",
        content={"place": mark.place.to_json(), "words": mark.words},
        author="person",
    )
    return gates.settle(
        book.experiment,
        proposal,
        "reject" if undo else "approve",
        answered=book.answers.get(proposal.digest, (0, "")),
        actor=actor,
        by=by,
        reason=said,
    )


def source(
    book: CopyBook,
    review: Review,
    label: str,
    standards: Standards,
    *,
    source_id: str,
    quotation: str,
    actor: str,
    by: str = "",
) -> tuple[Draft, ...]:
    """A person binds a claim to a quotation. Code decides now whether it carries the claim, and again at every review.

    Raises:
        Refused: There is no such mark or source, the quotation does not stand there word for word, the claim's numbers
            do not stand in it, or the source has expired; or no name.
    """
    by = _name(by, actor)
    mark = find_mark(review, label)
    if mark.place.kind == "unclassified":
        raise Refused.because(
            "copy.not_a_claim",
            f"{label} is a sentence nobody could classify, not a claim: a source does not settle what it is.",
            f"Tick it: `expcopilot mark {review.variant.brief} {review.variant.id} {label} --tick REASON`.",
            name="mark",
            value=label,
        )
    text = next(f.text for f in review.variant.fields if f.name == mark.place.field)
    span = (mark.place.start, mark.place.end)
    found = standards.evidence(text, span, source_id, quotation, review.variant.language)
    if not isinstance(found, Evidence):
        raise Refused.because(
            "copy.not_sourced",
            f"{label}, “{shortened(mark.words, 80)}”, stays without a source: {found}",
            "Quote the source word for word, where it says what the claim says; or change the claim.",
            name="quotation",
            value=quotation[:80],
        )
    record = Sourced(place=mark.place, source=source_id, quotation=quotation, by=by or actor)
    if book.sourced.get(mark.place) == record:
        return ()
    key = f"sourced/{book.experiment}/{digest(record.to_json())}/{book.position}"
    return (Draft(experiment=book.experiment, kind="sourced", actor=actor, payload=record.to_json(), key=key),)


def approve(
    book: CopyBook,
    review: Review,
    seen: str,
    action: Literal["approve", "reject"],
    *,
    actor: str,
    by: str = "",
    reason: str = "",
) -> tuple[Draft, ...]:
    """A named person approves, or rejects, one variant's exact text.

    Args:
        book: The experiment's copy.
        review: The variant as it stands now.
        seen: Digest of the text the person saw, or its first eight characters or more.
        action: What they decided.
        actor: Who writes it down.
        by: Who decided, where that is somebody else.
        reason: In their words.

    Raises:
        Refused: The text has changed since they saw it; of an approval, something in it is still open; or no name, or
            a reason that says nothing.
    """
    variant = review.variant
    by, said = _name(by, actor), _said(reason) if reason.split() else ""
    if len(seen) < _SHORTEST_DIGEST or not review.digest.startswith(seen.lower()):
        raise Refused.because(
            "copy.changed",
            f"{variant.id} of {variant.brief} is no longer the text that was seen: its digest is "
            f"{review.digest[:12]}, not {seen[:12] or 'what was given'}.",
            f"Read it again (`expcopilot variants {variant.brief}`), then decide.",
            name="digest",
            value=seen[:64],
        )
    if action == "approve":
        refuse_if_any(_open_marks(review))
    content = {
        "brief": variant.brief,
        "variant": variant.id,
        "mechanism": variant.mechanism,
        "digest": review.digest,
        "basis": review.basis,
        "fields": [f.to_json() for f in variant.fields],
    }
    question = f"Approve exactly this text of {variant.id}?"
    proposal = Proposal(gate="variants", question=question, content=content, author=variant.author)
    # An approval of the same text stands behind a later one of another text: it is given anew, not found.
    last = book.approval(variant.brief, variant.id)
    count, before = book.answers.get(proposal.digest, (0, ""))
    stands = last is not None and (last.digest, last.basis) == (review.digest, review.basis)
    return gates.settle(
        book.experiment,
        proposal,
        action,
        answered=(count, before if stands else ""),
        actor=actor,
        by=by,
        reason=said,
    )


def hand_over(reviewed: Reviewed) -> tuple[Review, ...]:
    """The variants that may leave: all that were not rejected, if nothing in any of them is open.

    Raises:
        Refused: Naming every place that is open; or there is nothing to hand over.
    """
    refuse_if_any(open_places(reviewed))
    leaving = tuple(r for r in reviewed.reviews if r.standing == "approved")
    if not leaving:
        raise Refused.because(
            "export.nothing",
            f"{reviewed.brief.id!r} has no approved variant.",
            f"Approve one: `expcopilot approve {reviewed.brief.id} VARIANT`.",
            name="brief",
            value=reviewed.brief.id,
        )
    return leaving


def without_open_control(brief: Brief) -> tuple[Brief, tuple[str, ...]]:
    """Today's copy leaves with the variants only where nothing in it is open: nobody sourced, ticked or approved it.

    Returns:
        The brief to hand over, and why its control stayed.
    """
    for field in brief.control:
        found = scanned(field.text, brief.language)
        if found.claims or any(s.mark == "unclassified" for s in found.sentences):
            note = (
                f"Not in it: today's copy, because its {field.name} holds a claim or a sentence nobody could classify, "
                "and nobody approved it; the receiving tool serves its own."
            )
            return brief.model_copy(update={"control": ()}), (note,)
    return brief, ()


def open_places(reviewed: Reviewed) -> tuple[Refusal, ...]:
    """Everything that keeps the copy of a brief from leaving, each place by name; rejected variants stay anyway."""
    found: list[Refusal] = []
    for review in reviewed.reviews:
        if review.standing != "rejected":
            found += [*_open_marks(review), *_unapproved(review)]
    return tuple(found)


def _open_marks(review: Review) -> Iterator[Refusal]:
    variant = review.variant
    for mark in marks_of(review):
        if not mark.is_open:
            continue
        where = f"{variant.id}, {mark.place.field}, characters {mark.place.start + 1} to {mark.place.end}"
        words = shortened(mark.words, 80)
        if mark.status == "unsourced":
            because = f" {mark.reason}" if mark.reason else ""
            yield Refusal(
                code="copy.unsourced",
                reason=f"{where}: “{words}” ({mark.place.kind}) has no source.{because}",
                cure=f"Source it, waive it or change it: `expcopilot mark {variant.brief} {variant.id} {mark.label}`.",
                name=f"{variant.id}.{mark.place.field}",
                value=words,
            )
        else:
            yield Refusal(
                code="copy.unclassified",
                reason=f"{where}: “{words}” could not be classified, and nobody has ticked it.",
                cure=f"Tick it: `expcopilot mark {variant.brief} {variant.id} {mark.label} --tick REASON`.",
                name=f"{variant.id}.{mark.place.field}",
                value=words,
            )
    for field, severity, sentence in review.findings:
        if severity == "error":
            yield Refusal(
                code="copy.finding",
                reason=f"{variant.id}, {field or 'as a whole'}: {sentence}",
                cure="Change the text.",
                name=f"{variant.id}.{field}",
            )


def _unapproved(review: Review) -> Iterator[Refusal]:
    variant, approval = review.variant, review.approval
    cure = f"Read it and decide: `expcopilot approve {variant.brief} {variant.id}`."
    by = f"{approval.by} approved it on {approval.at[:10]}" if approval else ""
    sentence = {
        "undecided": f"{variant.id} is not approved by anybody.",
        "edited": f"{variant.id} was edited after {by} (text {approval.digest[:12] if approval else ''} then, "
        f"{review.digest[:12]} now); an approval covers the exact text.",
        "reopened": f"{variant.id}: what its approval rests on has changed since {by}: a source, a waiver, a "
        "tick, or the mechanism it is named by.",
    }.get(review.standing)
    if sentence:
        code = {"undecided": "unapproved", "edited": "edited", "reopened": "reopened"}[review.standing]
        yield Refusal(code=f"copy.{code}", reason=sentence, cure=cure, name=variant.id, value=review.digest[:12])


def _name(by: str, actor: str) -> str:
    """Who decided, where that is not the actor: one line with a letter or digit that is seen.

    Raises:
        Refused: ``copy.no_name``.
    """
    name = by.strip() or by
    given = name or actor
    if not _visible(given) or len(given) > _NAME_AT_MOST:
        raise Refused.because(
            "copy.no_name",
            f"{given[:60]!r} is nobody's name, and a decision on copy stands beside one.",
            f"Give a name on one line, with a letter or digit, of at most {_NAME_AT_MOST} characters.",
            name="by",
            value=given[:60],
        )
    return name


def _said(reason: str) -> str:
    """A reason on one line.

    Raises:
        Refused: ``copy.no_reason``.
    """
    said = " ".join(reason.split())
    if not _visible(said) or len(said) > _REASON_AT_MOST:
        raise Refused.because(
            "copy.no_reason",
            f"A decision stands beside a reason a person can read; this one has {len(said):,} characters, or no letter "
            "or digit among them, or some that cannot be shown.",
            f"Say why in your own words, in at most {_REASON_AT_MOST:,} characters: it stands beside the name.",
            name="reason",
            value=said[:60],
        )
    return said


def _visible(text: str) -> bool:
    """Whether a text is one line that reads as it is written, with a letter or digit somebody can see."""
    broken = any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _REORDERING for c in text)
    return not broken and any(c.isalnum() and c not in _UNSEEN for c in text)
