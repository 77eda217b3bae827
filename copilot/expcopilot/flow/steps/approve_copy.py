"""What persons decide on copy: a source for a claim, a waiver, a tick, an approval; each covers an exact text.

Every decision names the variant that was seen by its digest: a text changed underneath is refused, not decided upon.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from copilot_tools.nearest import closest, nearest
from copilot_tools.refusals import Refused, refuse_if_any
from copilot_tools.wording.plain import shortened
from expcopilot.flow import gates
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.steps.leaving import open_marks
from expcopilot.flow.steps.review import OpenMark, marks_of, review
from expcopilot.flow.steps.signed import named, said
from expcopilot.flow.typed import typed
from expcopilot.records.copy import Evidence, Review
from expcopilot.records.copybook import CopyBook, Reviewed, Sourced
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft
from expcopilot.records.gate import Proposal

__all__ = ["already", "approve", "find_mark", "find_review", "no_brief", "no_experiment", "review_of", "source"]
__all__ += ["refuse_if_changed", "take_back", "tick", "waive"]

_SHORTEST_DIGEST = 8
"""Characters of a digest a person may type: more than enough to tell two texts of one variant apart."""


def find_review(reviewed: Reviewed, variant: str) -> Review:
    """The review of one variant.

    Raises:
        Refused: There is no such variant.
    """
    for found in reviewed.reviews:
        if found.variant.id == variant:
            return found
    raise _no_variant(reviewed.brief.id, variant, [r.variant.id for r in reviewed.reviews])


def review_of(book: CopyBook, brief: str, variant: str, standards: Standards, *, whose: str = "") -> Review:
    """One variant reviewed, without the others of its brief: what many decisions, one a row, take.

    Args:
        book: The copy of its experiment.
        brief: The brief's id.
        variant: The variant's id.
        standards: Channel, brand, and the sources as they are today.
        whose: The experiment, where it must be said whose copy is meant.

    Raises:
        Refused: There is no such brief, or no such variant.
    """
    stands = book.drafted.get(brief)
    if stands is None:
        raise no_brief(brief, whose, book.drafted)
    for found in stands.variants:
        if found.id == variant:
            return review(found, stands.brief, standards, book=book, others=stands.variants, whose=whose)
    raise _no_variant(brief, variant, [v.id for v in stands.variants])


def no_brief(brief: str, whose: str = "", known: Iterable[str] = ()) -> Refused:
    """There is no copy for a brief.

    Args:
        brief: Its id.
        whose: The experiment in which it was looked for; "" for all of them.
        known: Ids of the briefs there are.
    """
    close = nearest(brief, known)
    return Refused.because(
        "experiment.unknown_brief",
        f"There is no copy for a brief {brief!r} in {f'the experiment {whose!r}' if whose else 'this workspace'}.",
        (f"Did you mean {close[0]!r}? " if close else "") + "Draft it from a file: `expcopilot variants BRIEF.txt`.",
        name="brief",
        value=brief,
    )


def no_experiment(experiment: str, known: Iterable[str]) -> Refused:
    """There is no experiment of that name with copy."""
    return Refused.because(
        "experiment.unknown",
        f"There is no copy of an experiment {experiment!r} in this workspace.",
        closest(experiment, known, listed="Experiments with copy:"),
        name="experiment",
        value=experiment,
    )


def already(review: Review, label: str = "") -> str:
    """What stands, where a decision said it once more and so added nothing to the record.

    Args:
        review: The variant as it stands.
        label: The mark decided upon; "" where it was the variant itself.
    """
    if label:
        mark = find_mark(review, label)
        by = f" ({mark.reason})" if mark.reason else ""
        return (
            f"{mark.label}, “{shortened(mark.words, 80)}”, is {mark.status} already{by}: nothing was added. To settle "
            "it in another way, take that back first, with --undo."
        )
    last = review.approval
    stands = f"{last.by} decided so on {last.at[:10]}" if last else "it was decided so before"
    return f"{review.variant.id} is {review.standing} already ({stands}): nothing was added."


def _no_variant(brief: str, variant: str, known: list[str]) -> Refused:
    close = nearest(variant, known)
    return Refused.because(
        "copy.no_variant",
        f"{brief!r} has no variant {variant!r} (it has {', '.join(known) or 'none'}).",
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
        f"See them with `{typed('variants', review.variant.brief, experiment=review.whose)}`.",
        name="mark",
        value=label,
    )


def waive(
    book: CopyBook, review: Review, label: str, seen: str, *, actor: str, by: str = "", reason: str
) -> tuple[Draft, ...]:
    """A named person lets a claim stand without a source.

    Args:
        book: The experiment's copy.
        review: The variant as it stands now.
        label: The mark, such as "C1".
        seen: Digest of the variant the person saw, or its first eight characters or more.
        actor: Who writes it down.
        by: Who decided, where that is somebody else.
        reason: Why, in their words.

    Raises:
        Refused: The variant has changed since they saw it; there is no such mark, or it is a sentence; no name, or no
            reason.
    """
    refuse_if_changed(review, seen)
    mark = find_mark(review, label)
    if mark.place.kind == "unclassified":
        raise _not_a_claim(review, label, "a waiver does not say what it is")
    return _settled(book, mark, "approve", actor=actor, by=named(by, actor), reason=said(reason))


def tick(
    book: CopyBook, review: Review, label: str, seen: str, *, actor: str, by: str = "", reason: str
) -> tuple[Draft, ...]:
    """A named person says what an unclassified sentence is; arguments and refusals as ``waive``'s."""
    refuse_if_changed(review, seen)
    mark = find_mark(review, label)
    if mark.place.kind != "unclassified":
        raise Refused.because(
            "copy.not_a_sentence",
            f"{label} is a claim, and a claim is sourced or waived, not ticked.",
            f"Stand up for it yourself: `{_marking(review, label, '--waive REASON')}`.",
            name="mark",
            value=label,
        )
    return _settled(book, mark, "approve", actor=actor, by=named(by, actor), reason=said(reason))


def take_back(
    book: CopyBook, review: Review, label: str, seen: str, *, actor: str, by: str = "", reason: str
) -> tuple[Draft, ...]:
    """Take back what settles a mark: its waiver or tick, else the quotation somebody gave; arguments as ``waive``'s.

    Raises:
        Refused: As ``waive``; or nobody settled it: there is nothing to take back.
    """
    refuse_if_changed(review, seen)
    mark = find_mark(review, label)
    by, why = named(by, actor), said(reason)
    if mark.place in book.settled:
        return _settled(book, mark, "reject", actor=actor, by=by, reason=why)
    if mark.place in book.sourced:
        record = Sourced(place=mark.place, source="", quotation="", by=by or actor, reason=why)
        return (_sourced(book, record, actor),)
    by_fact = mark.status == "sourced"
    raise Refused.because(
        "copy.nothing_to_undo",
        f"{label}, “{shortened(mark.words, 80)}”, is "
        + ("carried by a fact its variant names, not by anything a person said." if by_fact else "settled by nobody."),
        "Take the fact out of the variant's `facts`, and bring it again."
        if by_fact
        else f"See what is settled: `{typed('variants', review.variant.brief, experiment=review.whose)}`.",
        name="mark",
        value=label,
    )


def _settled(
    book: CopyBook, mark: OpenMark, action: Literal["approve", "reject"], *, actor: str, by: str, reason: str
) -> tuple[Draft, ...]:
    what = "Tick this sentence" if mark.place.kind == "unclassified" else "Let this claim stand without a source"
    proposal = Proposal(
        gate="waiver",
        question=f"{what}: “{shortened(mark.words, 120)}”?",
        content={"place": mark.place.to_json(), "words": mark.words},
        author="person",
    )
    answered = book.answers.get(proposal.digest, (0, ""))
    return gates.settle(book.experiment, proposal, action, answered=answered, actor=actor, by=by, reason=reason)


def source(
    book: CopyBook,
    review: Review,
    label: str,
    seen: str,
    standards: Standards,
    *,
    source_id: str,
    quotation: str,
    actor: str,
    by: str = "",
) -> tuple[Draft, ...]:
    """A person binds a claim to a quotation. Code decides now whether it carries the claim, and again at every review.

    Raises:
        Refused: The variant has changed since it was seen; there is no such mark or source, or the source does not
            count today; the quotation does not stand there word for word, or the claim's numbers do not stand in it;
            or no name.
    """
    refuse_if_changed(review, seen)
    by = named(by, actor)
    mark = find_mark(review, label)
    if mark.place.kind == "unclassified":
        raise _not_a_claim(review, label, "a source does not settle what it is")
    named_source = standards.library.find(source_id)
    if named_source.standing != "usable" and named_source.problems:
        raise Refused(*named_source.problems)
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
    return (_sourced(book, record, actor),)


def _sourced(book: CopyBook, record: Sourced, actor: str) -> Draft:
    key = f"sourced/{book.experiment}/{digest(record.to_json())}/{book.position}"
    return Draft(experiment=book.experiment, kind="sourced", actor=actor, payload=record.to_json(), key=key)


def _not_a_claim(review: Review, label: str, because: str) -> Refused:
    return Refused.because(
        "copy.not_a_claim",
        f"{label} is a sentence nobody could classify, not a claim: {because}.",
        f"Tick it: `{_marking(review, label, '--tick REASON')}`.",
        name="mark",
        value=label,
    )


def _marking(review: Review, label: str, options: str) -> str:
    return typed("mark", review.variant.brief, review.variant.id, label, options=options, experiment=review.whose)


def refuse_if_changed(review: Review, seen: str) -> None:
    """Refuse to decide on another text than the one that was seen, or on other marks.

    Args:
        review: The variant as it stands.
        seen: The text's digest, as far as a person typed it; or ``Review.seen``, which names its marks as well.

    Raises:
        Refused: ``copy.changed``, ``copy.marks_changed``.
    """
    variant = review.variant
    seen, _, basis = seen.partition("+")
    if len(seen) >= _SHORTEST_DIGEST and review.digest.startswith(seen.lower()):
        if not basis or basis == review.basis:
            return
        raise Refused.because(
            "copy.marks_changed",
            f"What is marked in {variant.id} of {variant.brief}, or what stands behind it, has changed since it was "
            "shown: nothing was decided.",
            f"Look at it again (`{typed('variants', variant.brief, experiment=review.whose)}`), then decide.",
            name="digest",
            value=seen[:64],
        )
    named_by = f"not {seen[:12]}" if len(seen) >= _SHORTEST_DIGEST else f"and {seen!r} does not name it"
    raise Refused.because(
        "copy.changed",
        f"{variant.id} of {variant.brief} is not the text that was seen: its digest is {review.digest[:12]}, "
        f"{named_by}.",
        f"Read it again (`{typed('variants', variant.brief, experiment=review.whose)}`), then decide, by at least "
        f"{_SHORTEST_DIGEST} characters of its digest.",
        name="digest",
        value=seen[:64],
    )


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
    by, why = named(by, actor), said(reason) if reason.split() else ""
    refuse_if_changed(review, seen)
    if action == "approve":
        refuse_if_any(open_marks(review))
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
        reason=why,
    )
