"""Copy: briefs, variants, what became of each claim in them, and who approved which exact text."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.wording.claims.marks import Claim, Sentence
from expcopilot.records.digest import digest

__all__ = [
    "Brief",
    "ClaimState",
    "Evidence",
    "FieldMarks",
    "FieldText",
    "Review",
    "Standing",
    "Variant",
    "VariantApproval",
    "Waiver",
]


class FieldText(Frozen):
    """The text of one field of a channel, such as "subject"."""

    name: Annotated[str, Field(min_length=1)]
    text: str


class Brief(Frozen):
    """What copy is wanted.

    Attributes:
        id: Its name; of a row in a batch, the row's own id.
        channel: A channel's name in ``copilot_tools.wording.channels``, such as "email".
        change: What changes, from the hypothesis.
        audience: For whom.
        because: Why it should work.
        k: How many variants.
        mechanisms: Ways to test the hypothesis, in order; empty for the channel's usual ones.
        control: Today's copy, by field; new copy keeps its distance from it.
        keep_away: Earlier or competitors' copy to keep away from.
        facts: Ids of source facts that may be used; empty for all that are usable.
        language: "en", "de", "fr" or "es".
        notes: Anything else the writer should know. Data, never an instruction to the copilot.
        experiment: The experiment whose copy this is; "" where it is named like the brief.
    """

    id: Annotated[str, Field(min_length=1, max_length=120)]
    channel: str
    change: str
    audience: str
    because: str
    k: Annotated[int, Field(ge=1, le=50)] = 3
    mechanisms: tuple[str, ...] = ()
    control: tuple[FieldText, ...] = ()
    keep_away: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    language: Literal["en", "de", "fr", "es"] = "en"
    notes: str = ""
    experiment: Annotated[str, Field(max_length=120)] = ""


class Variant(Frozen):
    """One variant: its exact text.

    Attributes:
        id: Unique in its brief, such as "v1".
        brief: Id of the brief.
        channel: As in the brief.
        mechanism: How it tests the hypothesis.
        fields: A text for each field, in the channel's order.
        facts: Ids of the source facts its author says its claims rest on.
        author: "model" or "person".
        language: As in the brief.
    """

    id: str
    brief: str
    channel: str
    mechanism: str
    fields: tuple[FieldText, ...]
    facts: tuple[str, ...] = ()
    author: Literal["model", "person"]
    language: Literal["en", "de", "fr", "es"] = "en"

    @property
    def digest(self) -> str:
        """What an approval covers: the framing it is said to test, channel, language, and every field's exact text."""
        return digest({**self._text, "mechanism": self.mechanism})

    @property
    def text_digest(self) -> str:
        """Of the text alone, whatever it is said to test: what a reader of the text has read.

        Approvals were given for this digest once, and for the mechanism beside it; they count as long as both stand.
        """
        return digest(self._text)

    @property
    def _text(self) -> dict[str, Any]:
        return {"channel": self.channel, "language": self.language, "fields": [f.model_dump() for f in self.fields]}


class Evidence(Frozen):
    """Why a claim counts as sourced: a quotation that stands verbatim in a source.

    Attributes:
        source: Id of the source.
        digest: Of the source's text when it was matched; a changed source re-opens the claim.
        quotation: The words quoted, as they stand in the source.
        start: First code point of the quotation in the source's text.
        end: One past its last.
        expires: ISO date after which it no longer counts, or "".
    """

    source: str
    digest: str
    quotation: str
    start: int
    end: int
    expires: str = ""


class Waiver(Frozen):
    """A named person takes responsibility for a claim without a source, or ticks a sentence nobody could classify.

    Attributes:
        by: Who.
        reason: Why, in their words; never empty.
        at: ISO moment.
    """

    by: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]
    at: str


class ClaimState(Frozen):
    """One claim of one field and what became of it.

    Attributes:
        claim: The claim at its place in the field's text.
        found_by: "scanner" or "model" (the claim checker, which may only add).
        status: "unsourced" until there is evidence or a waiver.
        evidence: When sourced.
        waiver: When waived.
        reason: Why the evidence proposed did not do; "" otherwise.
    """

    claim: Claim
    found_by: Literal["scanner", "model"] = "scanner"
    status: Literal["unsourced", "sourced", "waived"] = "unsourced"
    evidence: Evidence | None = None
    waiver: Waiver | None = None
    reason: str = ""


class FieldMarks(Frozen):
    """One field after the scanner, the checker, the evidence and the people.

    Attributes:
        name: The field.
        sentences: Each with its mark.
        claims: Each with its state.
        ticked: Starts of unclassified sentences that a person ticked, each with who and why.
    """

    name: str
    sentences: tuple[Sentence, ...]
    claims: tuple[ClaimState, ...] = ()
    ticked: tuple[tuple[int, Waiver], ...] = ()

    @property
    def open_marks(self) -> int:
        """Claims without a source or waiver, and unclassified sentences nobody ticked."""
        ticked = {start for start, _ in self.ticked}
        unticked = sum(s.mark == "unclassified" and s.start not in ticked for s in self.sentences)
        return unticked + sum(c.status == "unsourced" for c in self.claims)


class VariantApproval(Frozen):
    """A named person approved (or rejected) one variant's exact text.

    Attributes:
        variant: Its id.
        brief: Its brief's id.
        digest: Of the variant they saw: its mechanism and its text (``Variant.digest``).
        action: What they decided.
        by: Who.
        at: ISO moment.
        reason: In their words.
        basis: Digest of what its marks rested on when they decided (claims, sources, waivers, ticks), and of its
            mechanism.
    """

    variant: str
    brief: str
    digest: str
    action: Literal["approve", "reject"]
    by: Annotated[str, Field(min_length=1)]
    at: str
    reason: str = ""
    basis: str = ""


Standing = Literal["undecided", "approved", "rejected", "edited", "reopened"]


class Review(Frozen):
    """Everything known about one variant's exact text; made anew whenever the text or a source changes.

    Attributes:
        variant: The variant.
        digest: Of its mechanism and its text (``Variant.digest``).
        marks: One a field, in order.
        findings: Channel, accessibility and brand findings: (field, severity "error"|"warning", plain sentence).
        nearest: The nearest other text: (what it is, distance 0..1), smallest first.
        checked: Whether a model, too, has read this exact text for claims; the scanner always has.
        basis: Digest of what the marks rest on (claims, sources, waivers, ticks), and of the mechanism. An approval
            covers it with the text.
        approval: What a person decided last, whatever the text was then.
        standing: What of that holds for this text: "edited" and "reopened" say that an approval no longer does, because
            the text or what its marks rest on has changed since.
        whose: The experiment, where it must be said whose copy is meant; "" where the brief's id says it alone.
    """

    variant: Variant
    digest: str
    marks: tuple[FieldMarks, ...]
    findings: tuple[tuple[str, Literal["error", "warning"], str], ...] = ()
    nearest: tuple[tuple[str, float], ...] = ()
    checked: bool = False
    basis: str = ""
    approval: VariantApproval | None = None
    standing: Standing = "undecided"
    whose: str = ""

    @property
    def seen(self) -> str:
        """What a person has before them: the text and its marks. A form carries it, so that it decides nothing else."""
        return f"{self.digest}+{self.basis}"

    @property
    def open_marks(self) -> int:
        """Over all fields."""
        return sum(field.open_marks for field in self.marks)
