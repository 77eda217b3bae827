"""The copy of an experiment as its ledger entries tell it: drafts, checks, quotations, waivers, ticks, approvals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.wording.claims.marks import Claim, ClaimKind
from expcopilot.records.copy import Brief, Review, Variant, VariantApproval, Waiver
from expcopilot.records.digest import digest
from expcopilot.records.entry import Entry
from expcopilot.records.gate import Decision, Proposal

__all__ = [
    "Checked",
    "CopyBook",
    "Drafted",
    "Exported",
    "NearDuplicate",
    "Place",
    "Reviewed",
    "Sourced",
    "place_of",
]


class NearDuplicate(Frozen):
    """A draft that was refused because it says what another text says already.

    Attributes:
        variant: The draft.
        near: What it is too near to, such as "v2" or "control".
        distance: How far apart they are, 0..1.
        why: What they share, one plain sentence.
    """

    variant: Variant
    near: str
    distance: float
    why: str


class Drafted(Frozen):
    """Variants were written by a model or brought by a person; of a brief, the last entry stands.

    Attributes:
        brief: What was asked for.
        variants: Every variant that now stands.
        refused: Near-duplicates that were drafted twice and left out, shown for what they are.
        again: How often a person asked for fresh drafts.
        missing: Why there are fewer variants than asked for, one plain sentence; "" otherwise.
    """

    brief: Brief
    variants: tuple[Variant, ...]
    refused: tuple[NearDuplicate, ...] = ()
    again: int = 0
    missing: str = ""


class Checked(Frozen):
    """A model read a variant's exact text for claims the scanner had missed; it can only add.

    Attributes:
        brief: Id of the brief.
        variant: Id of the variant.
        digest: Of the text it read (``Variant.text_digest``); for another text it says nothing.
        added: What it added: (field, claim), at places in the field's text.
    """

    brief: str
    variant: str
    digest: str
    added: tuple[tuple[str, Claim], ...] = ()


class Place(Frozen):
    """Where a mark stands: a span of the exact text of one field. The same words elsewhere are another place.

    Attributes:
        brief: Id of the brief.
        variant: Id of the variant.
        field: The field.
        text: Digest of the field's exact text, its language and its channel.
        start: First code point.
        end: One past its last.
        kind: The kind of claim, or "unclassified" for a sentence nobody could classify.
    """

    brief: str
    variant: str
    field: str
    text: str
    start: int
    end: int
    kind: ClaimKind | Literal["unclassified"]


class Sourced(Frozen):
    """A person proposed a quotation for a claim, or took theirs back; what it carries code decides, at every review.

    Attributes:
        place: The claim.
        source: Id of the source; "" where the quotation was taken back.
        quotation: The words quoted; "" where they were taken back.
        by: Who.
        reason: Why it was taken back, in their words.
    """

    place: Place
    source: str
    quotation: str
    by: str
    reason: str = ""


class Exported(Frozen):
    """Approved copy left the house.

    Attributes:
        brief: Id of the brief.
        format: In which form.
        variants: (id, digest of its text) of each variant handed over.
        files: (file name, SHA-256 of its bytes) of each file written.
    """

    brief: str
    format: str
    variants: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]


class Reviewed(Frozen):
    """Where the copy of one brief stands: what a person reads before they decide.

    Attributes:
        brief: What was asked for.
        reviews: One a variant, in order.
        refused: Near-duplicates that were left out.
        notes: What did not go as wished, or what else must be known, one plain sentence each.
        experiment: Whose copy it is.
        shared: Other experiments that have a brief of this id.
        already: Why the decision just given added nothing: it had been taken before; "" otherwise.
    """

    brief: Brief
    reviews: tuple[Review, ...]
    refused: tuple[NearDuplicate, ...] = ()
    notes: tuple[str, ...] = ()
    experiment: str = ""
    shared: tuple[str, ...] = ()
    already: str = ""

    @property
    def whose(self) -> str:
        """The experiment, where it must be said whose copy is meant; "" where the brief's id says it alone."""
        return self.experiment if self.shared else ""


@dataclass
class CopyBook:
    """All copy of one experiment: a fold of its entries, nothing that is stored.

    Only ``fold`` and ``follow`` write in it, in dictionaries that grow: ten thousand briefs in one experiment stay
    linear.

    Attributes:
        experiment: Its name.
        position: Ledger position of the experiment's last entry; 0 before the first.
        drafted: Brief's id -> what stands for it.
        drafts: Brief's id -> how many entries its variants have had.
        checked: (brief, variant, digest of the text alone) -> what the claim checker said.
        sourced: Place -> the quotation proposed last, unless it was taken back.
        settled: Place -> the waiver or tick that stands.
        decisions: (brief, variant) -> what persons decided, in order.
        answers: Digest of a proposal -> how often it was decided upon, and how last.
        exported: What left, in order.
    """

    experiment: str
    position: int = 0
    drafted: dict[str, Drafted] = field(default_factory=dict)
    drafts: dict[str, int] = field(default_factory=dict)
    checked: dict[tuple[str, str, str], Checked] = field(default_factory=dict)
    sourced: dict[Place, Sourced] = field(default_factory=dict)
    settled: dict[Place, Waiver] = field(default_factory=dict)
    decisions: dict[tuple[str, str], list[VariantApproval]] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    exported: list[Exported] = field(default_factory=list)
    _asked: dict[str, Proposal] = field(default_factory=dict, repr=False)

    @classmethod
    def fold(cls, name: str, entries: Iterable[Entry]) -> CopyBook:
        """Build it from the experiment's entries, in ledger order."""
        book = cls(name)
        book.follow(entries)
        return book

    def follow(self, entries: Iterable[Entry]) -> None:
        """Take in entries that were appended since, in ledger order; those of other experiments are left alone."""
        for entry in entries:
            if entry.experiment == self.experiment:
                self.position = entry.position
                self._take(entry)

    def approval(self, brief: str, variant: str) -> VariantApproval | None:
        """What a person decided last on a variant, whatever its text was then."""
        decided = self.decisions.get((brief, variant), ())
        return decided[-1] if decided else None

    def _take(self, entry: Entry) -> None:
        match entry.kind:
            case "drafted":
                drafted = Drafted.model_validate(entry.payload)
                self.drafted[drafted.brief.id] = drafted
                self.drafts[drafted.brief.id] = self.drafts.get(drafted.brief.id, 0) + 1
            case "checked":
                checked = Checked.model_validate(entry.payload)
                self.checked[checked.brief, checked.variant, checked.digest] = checked
            case "sourced":
                sourced = Sourced.model_validate(entry.payload)
                self.sourced.pop(sourced.place, None)
                if sourced.source:
                    self.sourced[sourced.place] = sourced
            case "exported":
                self.exported.append(Exported.model_validate(entry.payload))
            case "proposed" if entry.payload.get("gate") in {"variants", "waiver"}:
                asked = Proposal.model_validate(entry.payload)
                self._asked[asked.digest] = asked
            case "decided" if entry.payload.get("digest") in self._asked:
                self._decide(entry, Decision.model_validate(entry.payload))
            case _:
                pass

    def _decide(self, entry: Entry, decision: Decision) -> None:
        asked = self._asked[decision.digest]
        count, _ = self.answers.get(decision.digest, (0, ""))
        self.answers[decision.digest] = (count + 1, decision.action)
        by = decision.by or entry.actor
        if asked.gate == "waiver":
            place = Place.model_validate(asked.content["place"])
            self.settled.pop(place, None)
            if decision.action == "approve":
                self.settled[place] = Waiver(by=by, reason=decision.reason, at=entry.time)
            return
        content = asked.content
        approval = VariantApproval(
            variant=content["variant"],
            brief=content["brief"],
            digest=content["digest"],
            action="approve" if decision.action == "approve" else "reject",
            by=by,
            at=entry.time,
            reason=decision.reason,
            basis=content["basis"],
        )
        self.decisions.setdefault((approval.brief, approval.variant), []).append(approval)


def place_of(variant: Variant, field: str, start: int, end: int, kind: ClaimKind | Literal["unclassified"]) -> Place:
    """The place of a mark in a variant's exact text."""
    text = next(f.text for f in variant.fields if f.name == field)
    return Place(
        brief=variant.brief,
        variant=variant.id,
        field=field,
        text=digest({"channel": variant.channel, "language": variant.language, "text": text}),
        start=start,
        end=end,
        kind=kind,
    )
