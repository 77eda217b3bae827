"""Everything known about one variant's exact text: its marks and what became of them, its findings, what is near.

Nothing here is stored: the scanner reads the text, the quotations are held against the sources as they are today, and
what persons said is taken from the ledger. A changed text or source therefore re-opens what it touches by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot_tools.base import Frozen
from copilot_tools.wording.claims.marks import Claim, Sentence
from expcopilot.flow.copy_standards import Standards, apart, scanned, whole
from expcopilot.records.copy import (
    Brief,
    ClaimState,
    Evidence,
    FieldMarks,
    FieldText,
    Review,
    Standing,
    Variant,
    VariantApproval,
)
from expcopilot.records.copybook import CopyBook, Place, Reviewed, place_of
from expcopilot.records.digest import digest

__all__ = ["OpenMark", "basis_of", "marks_of", "one_of_several", "review", "reviewed"]


class OpenMark(Frozen):
    """A mark by the name a person calls it: "C1" the first claim of a variant, "S1" its first unclassified sentence.

    Attributes:
        label: Its name, valid for this exact text.
        place: Where it stands.
        words: The text there.
        why: Why it needs something.
        status: "unsourced", "sourced", "waived"; of a sentence "unclassified" or "ticked".
        reason: Why the evidence proposed does not do, or what settled it.
    """

    label: str
    place: Place
    words: str
    why: str
    status: str
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still stops the copy."""
        return self.status in {"unsourced", "unclassified"}


def reviewed(
    brief: Brief, book: CopyBook, standards: Standards, *, notes: tuple[str, ...] = (), shared: tuple[str, ...] = ()
) -> Reviewed:
    """Where the copy of a brief stands: a review of every variant.

    Args:
        brief: The brief.
        book: The copy of its experiment.
        standards: Channel, brand, and the sources as they are today.
        notes: What else must be known.
        shared: Other experiments that have a brief of this id; then it is said whose copy this is.
    """
    stands = book.drafted[brief.id]
    whose = book.experiment if shared else ""
    reviews = tuple(
        review(v, stands.brief, standards, book=book, others=stands.variants, whose=whose) for v in stands.variants
    )
    said = (stands.missing, one_of_several(brief.id, whose, shared), *notes)
    return Reviewed(
        brief=stands.brief,
        reviews=reviews,
        refused=stands.refused,
        notes=tuple(note for note in said if note),
        experiment=book.experiment,
        shared=shared,
    )


def one_of_several(brief: str, whose: str, shared: Sequence[str]) -> str:
    """Whose copy it is that stands here, where other experiments have a brief of this id; "" where none has."""
    listed = ", ".join(map(repr, shared[:8])) + (" and others" if len(shared) > 8 else "")
    have = "has" if len(shared) == 1 else "have"
    return f"This is the copy of {whose!r}; {listed} {have} a brief {brief!r}, too." if shared else ""


def review(
    variant: Variant,
    brief: Brief,
    standards: Standards,
    *,
    book: CopyBook | None = None,
    others: Sequence[Variant] = (),
    whose: str = "",
) -> Review:
    """Review one variant's exact text.

    Args:
        variant: The variant.
        brief: What was asked for.
        standards: Channel, brand, and the sources as they are today.
        book: What persons and the claim checker said of it; none for copy nobody has seen yet.
        others: Variants it stands beside; itself among them is left out.
        whose: The experiment, where it must be said whose copy is meant.
    """
    checked = book.checked.get((variant.brief, variant.id, variant.text_digest)) if book else None
    added = checked.added if checked else ()
    marks = tuple(
        _marks(variant, field, [claim for name, claim in added if name == field.name], standards, book)
        for field in variant.fields
    )
    basis = basis_of(marks, variant.mechanism)
    approval = book.approval(variant.brief, variant.id) if book else None
    return Review(
        variant=variant,
        digest=variant.digest,
        marks=marks,
        findings=standards.findings(variant),
        nearest=tuple(sorted(_distances(variant, brief, others), key=lambda pair: pair[1])),
        checked=checked is not None,
        basis=basis,
        approval=approval,
        standing=_standing(variant, basis, approval),
        whose=whose,
    )


def marks_of(review: Review) -> tuple[OpenMark, ...]:
    """Every claim and every unclassified sentence of a variant, in order, by the name a person calls it."""
    found: list[OpenMark] = []
    claims = sentences = 0
    for field, marks in zip(review.variant.fields, review.marks, strict=True):
        for state in marks.claims:
            claims += 1
            place = place_of(review.variant, field.name, state.claim.start, state.claim.end, state.claim.kind)
            words = field.text[state.claim.start : state.claim.end]
            found.append(
                OpenMark(
                    label=f"C{claims}",
                    place=place,
                    words=words,
                    why=state.claim.why,
                    status=state.status,
                    reason=_settled_by(state),
                )
            )
        ticked = dict(marks.ticked)
        for sentence in marks.sentences:
            if sentence.mark == "unclassified":
                sentences += 1
                place = place_of(review.variant, field.name, sentence.start, sentence.end, "unclassified")
                tick = ticked.get(sentence.start)
                found.append(
                    OpenMark(
                        label=f"S{sentences}",
                        place=place,
                        words=field.text[sentence.start : sentence.end],
                        why=sentence.why or "Nobody could say what kind of sentence this is; a person must.",
                        status="ticked" if tick else "unclassified",
                        reason=f"{tick.by}: {tick.reason}" if tick else "",
                    )
                )
    return tuple(found)


def basis_of(marks: Sequence[FieldMarks], mechanism: str) -> str:
    """Digest of everything an approval leans on beside the text itself; the mechanism leaves with the text."""
    return digest({"marks": [field.to_json() for field in marks], "mechanism": mechanism})


def _settled_by(state: ClaimState) -> str:
    if state.waiver and state.status == "waived":
        return f"{state.waiver.by}: {state.waiver.reason}"
    if state.evidence and state.status == "sourced":
        return f"{state.evidence.source}: “{state.evidence.quotation}”"
    return state.reason


def _marks(
    variant: Variant, field: FieldText, added: Sequence[Claim], standards: Standards, book: CopyBook | None
) -> FieldMarks:
    found = scanned(field.text, variant.language)
    own = {(c.start, c.end, c.kind) for c in found.claims}
    more = [c for c in added if (c.start, c.end, c.kind) not in own]
    states = [
        *(_state(variant, field, claim, standards, book) for claim in found.claims),
        *(_state(variant, field, claim, standards, book).model_copy(update={"found_by": "model"}) for claim in more),
    ]
    states.sort(key=lambda s: (s.claim.start, s.claim.end, s.claim.kind))
    settled = book.settled if book else {}
    ticked = tuple(
        (s.start, settled[place])
        for s in found.sentences
        if s.mark == "unclassified"
        and (place := place_of(variant, field.name, s.start, s.end, "unclassified")) in settled
    )
    sentences = tuple(_with_claims(s, more) for s in found.sentences)
    return FieldMarks(name=field.name, sentences=sentences, claims=tuple(states), ticked=ticked)


def _with_claims(sentence: Sentence, added: Sequence[Claim]) -> Sentence:
    """A sentence in which the checker found a claim is one; an unclassified one stays open beside it: never less."""
    holds = any(sentence.start <= c.start < sentence.end for c in added)
    if holds and sentence.mark in {"plain", "puffery"}:
        return sentence.model_copy(update={"mark": "claim", "why": ""})
    return sentence


def _state(variant: Variant, field: FieldText, claim: Claim, standards: Standards, book: CopyBook | None) -> ClaimState:
    place = place_of(variant, field.name, claim.start, claim.end, claim.kind)
    if book and (waiver := book.settled.get(place)):
        return ClaimState(claim=claim, status="waived", waiver=waiver)
    span = (claim.start, claim.end)
    proposed = book.sourced.get(place) if book else None
    if proposed is not None:
        found = standards.evidence(field.text, span, proposed.source, proposed.quotation, variant.language)
        if isinstance(found, Evidence):
            return ClaimState(claim=claim, status="sourced", evidence=found)
        return ClaimState(claim=claim, reason=found)
    reason = ""
    for fact in variant.facts:
        found = standards.evidence_of_fact(field.text, span, fact, variant.language)
        if isinstance(found, Evidence):
            return ClaimState(claim=claim, status="sourced", evidence=found)
        reason = reason or found
    return ClaimState(claim=claim, reason=reason)


def _distances(variant: Variant, brief: Brief, others: Sequence[Variant]) -> Iterator[tuple[str, float]]:
    text = whole(variant)
    if brief.control:
        yield "control", apart(text, " \n".join(f.text for f in brief.control), brief.language).distance
    for number, earlier in enumerate(brief.keep_away, 1):
        yield f"earlier copy {number}", apart(text, earlier, brief.language).distance
    for other in others:
        if other.id != variant.id:
            yield other.id, apart(text, whole(other), brief.language).distance


def _standing(variant: Variant, basis: str, approval: VariantApproval | None) -> Standing:
    if approval is None:
        return "undecided"
    # The digest of the text alone: so approvals were kept while only their basis covered the mechanism.
    if approval.digest not in {variant.digest, variant.text_digest}:
        return "edited" if approval.action == "approve" else "undecided"
    if approval.action == "reject":
        return "rejected"
    return "approved" if approval.basis == basis else "reopened"
