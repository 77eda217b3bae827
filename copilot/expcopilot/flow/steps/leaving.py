"""What keeps copy from leaving, each place by name; and which variants may leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.wording.plain import shortened
from expcopilot.flow.copy_standards import scanned
from expcopilot.flow.steps.review import marks_of
from expcopilot.flow.typed import typed
from expcopilot.records.copy import Brief, Review
from expcopilot.records.copybook import Reviewed

__all__ = ["hand_over", "open_marks", "open_places", "without_open_control"]


def hand_over(reviewed: Reviewed) -> tuple[Review, ...]:
    """The variants that may leave: all that were not rejected, if nothing in any of them is open.

    Raises:
        Refused: Naming every place that is open; or there is nothing to hand over.
    """
    refuse_if_any(open_places(reviewed))
    leaving = tuple(r for r in reviewed.reviews if r.standing == "approved")
    if not leaving:
        again = typed("variants", reviewed.brief.id, options="--again", experiment=reviewed.whose)
        decide = typed("approve", reviewed.brief.id, "VARIANT", experiment=reviewed.whose)
        raise Refused.because(
            "export.nothing",
            f"{reviewed.brief.id!r} has no approved variant: "
            + ("all of them were rejected." if reviewed.reviews else "none stands."),
            f"Have others drafted (`{again}`), bring your own with --from"
            + (f", or read one of these again: `{decide}`." if reviewed.reviews else "."),
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
    """Everything that keeps the copy of a brief from leaving, each place by name; rejected variants stay anyway.

    What has one cause is one problem: claims whose source ran out, approvals that fell with it.
    """
    staying = [review for review in reviewed.reviews if review.standing != "rejected"]
    return _together([place for review in staying for place in (*_marks(review), *_unapproved(review))])


def open_marks(review: Review) -> tuple[Refusal, ...]:
    """Every open mark and every error in one variant, each place by name; what has one cause is one problem."""
    return _together(list(_marks(review)))


class _Place(NamedTuple):
    """One thing that is open, and what it shares with others.

    Attributes:
        refusal: It by itself.
        cause: What others may be open for, too; "" where it stands alone.
        named: It in a list of those that share the cause.
        cure: What to do about all of them.
    """

    refusal: Refusal
    cause: str = ""
    named: str = ""
    cure: str = ""


def _together(places: Sequence[_Place]) -> tuple[Refusal, ...]:
    """Each problem by itself, but those of one cause as one, at the place of the first."""
    found: list[Refusal] = []
    for place in places:
        alike = [other for other in places if place.cause and other.cause == place.cause]
        if len(alike) < 2:
            found.append(place.refusal)
        elif place is alike[0]:
            found.append(_joined(alike))
    return tuple(found)


def _joined(alike: Sequence[_Place]) -> Refusal:
    first = alike[0].refusal
    listed = ("; " if first.code == "copy.unsourced" else ", ").join(place.named for place in alike)
    if first.code == "copy.unsourced":
        reason = f"{len(alike)} claims have no source, for one reason. {alike[0].cause} They are: {listed}."
    else:
        reason = f"{listed}: what their approvals rest on has changed since: a source, a waiver or a tick."
    return first.model_copy(update={"reason": reason, "cure": alike[0].cure, "value": len(alike)})


def _marks(review: Review) -> Iterator[_Place]:
    variant = review.variant
    mark_command = partial(typed, "mark", variant.brief, variant.id, experiment=review.whose)
    for mark in marks_of(review):
        if not mark.is_open:
            continue
        where = f"{variant.id}, {mark.place.field}, characters {mark.place.start + 1} to {mark.place.end}"
        words = shortened(mark.words, 80)
        refusal = partial(Refusal, name=f"{variant.id}.{mark.place.field}", value=words)
        if mark.status == "unsourced":
            because = f" {mark.reason}" if mark.reason else ""
            yield _Place(
                refusal(
                    code="copy.unsourced",
                    reason=f"{where}: “{words}” ({mark.place.kind}) has no source.{because}",
                    cure=f"Source it, waive it or change it: `{mark_command(mark.label)}`.",
                ),
                cause=mark.reason,
                named=f"{mark.label} in {where}: “{words}”",
                cure=f"Mend that, or settle each by itself, beginning with: `{mark_command(mark.label)}`.",
            )
        else:
            yield _Place(
                refusal(
                    code="copy.unclassified",
                    reason=f"{where}: “{words}” could not be classified, and nobody has ticked it.",
                    cure=f"Tick it: `{mark_command(mark.label, options='--tick REASON')}`.",
                )
            )
    for field, severity, sentence in review.findings:
        if severity == "error":
            yield _Place(
                Refusal(
                    code="copy.finding",
                    reason=f"{variant.id}, {field or 'as a whole'}: {sentence}",
                    cure="Change the text.",
                    name=f"{variant.id}.{field}",
                )
            )


def _unapproved(review: Review) -> Iterator[_Place]:
    variant, approval = review.variant, review.approval
    cure = f"Read it and decide: `{typed('approve', variant.brief, variant.id, experiment=review.whose)}`."
    by = f"{approval.by} approved it on {approval.at[:10]}" if approval else ""
    sentence = {
        "undecided": f"{variant.id} is not approved by anybody.",
        "edited": f"{variant.id} was edited after {by} ({approval.digest[:12] if approval else ''} then, "
        f"{review.digest[:12]} now); an approval covers the exact text and the mechanism it is named by.",
        "reopened": f"{variant.id}: what its approval rests on has changed since {by}: a source, a waiver or a tick.",
    }.get(review.standing)
    if sentence:
        code = {"undecided": "unapproved", "edited": "edited", "reopened": "reopened"}[review.standing]
        refusal = Refusal(code=f"copy.{code}", reason=sentence, cure=cure, name=variant.id, value=review.digest[:12])
        every = f"Read them and decide: `{typed('approve', variant.brief, experiment=review.whose)}`."
        yield _Place(refusal, cause="reopened" if code == "reopened" else "", named=variant.id, cure=every)
