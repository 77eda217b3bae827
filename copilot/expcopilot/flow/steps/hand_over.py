"""Approved copy as files: what leaves, in which form, recorded with the digest of each text and each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from copilot_tools.base import Frozen
from expcopilot.outputs.handover.files import Form, staged
from expcopilot.outputs.handover.handover import ApprovedVariant, Handover
from expcopilot.records.copy import Brief, Review
from expcopilot.records.copybook import CopyBook, Exported
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft

__all__ = ["Form", "Handed", "exported", "exported_draft", "handover_of", "staged"]


class Handed(Frozen):
    """What was handed over.

    Attributes:
        folder: Where the files are.
        record: What the ledger keeps of it: form, texts and files with their digests.
        rejected: Variants that stayed because a person rejected them.
        notes: What else stayed, and why, one plain sentence each.
    """

    folder: str
    record: Exported
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[tuple[str, str], ...]:
        """(id, digest of its text) of each variant in the files."""
        return self.record.variants


def handover_of(brief: Brief, experiment: str, leaving: Sequence[Review], *, model: str) -> Handover:
    """What exporters read: the approved variants, each with who approved it.

    Args:
        brief: The brief; its control is the arm with today's copy.
        experiment: The experiment's name, which seeds the split.
        leaving: Approved variants, as ``leaving.hand_over`` returns them.
        model: The model that drafted those a model drafted.
    """
    variants = tuple(
        ApprovedVariant(
            id=r.variant.id,
            mechanism=r.variant.mechanism,
            fields=r.variant.fields,
            digest=r.digest,
            approved_by=r.approval.by,
            approved_at=r.approval.at,
            model=model if r.variant.author == "model" else "",
        )
        for r in leaving
        if r.approval is not None
    )
    return Handover(
        experiment=experiment,
        brief=brief.id,
        channel=brief.channel,
        language=brief.language,
        variants=variants,
        control=brief.control,
    )


def exported(handover: Handover, form: Form, files: Mapping[str, str]) -> Exported:
    """What the ledger keeps of a hand-over."""
    return Exported(
        brief=handover.brief,
        format=form,
        variants=tuple((v.id, v.digest) for v in handover.variants),
        files=tuple(files.items()),
    )


def exported_draft(record: Exported, experiment: str, book: CopyBook, *, actor: str) -> Draft:
    """The entry that keeps a hand-over; each one counts, the same files twice, too."""
    key = f"exported/{experiment}/{digest(record.to_json())}/{len(book.exported)}"
    return Draft(experiment=experiment, kind="exported", actor=actor, payload=record.to_json(), key=key)
