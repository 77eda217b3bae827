"""The verbs that bring copy: a brief read or made, variants drafted or brought, each read for claims."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from copilot_tools.refusals import Refused
from expcopilot.api.copy_desk import CopyDesk
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.refusals import refusal_draft
from expcopilot.flow.speech import Speech
from expcopilot.flow.steps import variants as writing
from expcopilot.flow.steps.review import reviewed
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.flow.worded import Chosen
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.memory import brief_files, variant_files
from expcopilot.records.copy import Brief, Variant
from expcopilot.records.copybook import Drafted, Reviewed

__all__ = ["Copywriting"]


class Copywriting(CopyDesk):
    """Copy: written by whoever writes it, claimed for by nobody but a source or a named person."""

    def read_brief(self, path: Path | str) -> Brief:
        """Read a brief from a YAML, text or Markdown file.

        Raises:
            Refused: It cannot be read, or something in it is missing or unknown; every problem together.
        """
        return brief_files.load(Path(path))

    def brief_of(self, experiment: str, *, channel: str, k: int = 3) -> Brief:
        """A brief made of the hypothesis a person approved.

        Raises:
            Refused: The experiment has none, or it leaves open what changes, for whom or why.
        """
        stands = approved_hypothesis(self._fold(experiment))
        if stands is None or not (stands.change and stands.audience and stands.because):
            raise Refused.because(
                "copy.no_hypothesis",
                f"{experiment!r} has no approved hypothesis that says what changes, for whom and why.",
                f"Write a brief in a text file, or approve one: `expcopilot sharpen {experiment} IDEA`.",
                name="experiment",
                value=experiment,
            )
        said = {"change": stands.change, "audience": stands.audience, "because": stands.because}
        return brief_files.parse_data({"id": experiment, "channel": channel, "k": k, **said})

    def read_variants(self, path: Path | str, brief: Brief) -> tuple[Variant, ...]:
        """Read variants a person wrote, from a CSV file with one column a field.

        Raises:
            Refused: It cannot be read, or does not fit the brief's channel.
        """
        return variant_files.load(Path(path), brief, self.standards().field_names(brief))

    def draft_variants(self, brief: Brief, *, model: Chosen = "configured", again: bool = False) -> Reviewed:
        """Have variants written, checked for claims, and put before persons. Asked again, what stands is returned.

        Args:
            brief: What is wanted.
            model: Who writes.
            again: Draft afresh, in place of what stands.

        Raises:
            Refused: There is no model, or other variants stand for this brief already; ModelFailed when it fails.
        """
        experiment = writing.experiment_of(brief)
        with self._recorded(experiment, "draft"), self._worded.speech(model) as speech:
            book, standards = self._book(experiment), self.standards()
            standards.check(brief)
            stands = book.drafted.get(brief.id)
            if stands is not None and not again and stands.brief != brief:
                raise _stands_already(stands)
            if stands is None or again:
                if speech is None:
                    raise _no_model()
                number = stands.again + 1 if stands else 0
                record = writing.drafted(brief, speech, standards, again=number)
                self.ledger.append(*writing.drafted_draft(book, record, actor=self.workspace.actor))
            return self._checked(brief, speech, standards)

    def import_variants(self, brief: Brief, variants: Iterable[Variant], *, model: Chosen = "configured") -> Reviewed:
        """Take variants a person wrote or edited, by name; what was approved before and is changed is open again.

        Args:
            brief: What was wanted.
            variants: Such as ``read_variants`` returns.
            model: Who reads them for claims the scanner missed; none is needed.

        Raises:
            Refused: The channel is unknown.
        """
        experiment = writing.experiment_of(brief)
        with self._recorded(experiment, "import"), self._worded.speech(model) as speech:
            book, standards = self._book(experiment), self.standards()
            standards.check(brief)
            record = writing.imported(brief, variants, book, standards)
            self.ledger.append(*writing.drafted_draft(book, record, actor=self.workspace.actor))
            return self._checked(brief, speech, standards)

    # --- inside -------------------------------------------------------------------------------------------------

    def _checked(self, brief: Brief, speech: Speech | None, standards: Standards) -> Reviewed:
        """Every variant read by the claim checker, where there is a model; each answer kept as it comes."""
        experiment = writing.experiment_of(brief)
        notes: tuple[str, ...] = ()
        book = self._book(experiment)
        for variant in book.drafted[brief.id].variants if speech else ():
            if speech is None or (variant.brief, variant.id, variant.text_digest) in book.checked:
                continue
            actor = self.workspace.actor
            try:
                self.ledger.append(writing.checked_draft(variant, experiment, speech, standards, actor=actor))
            except ModelFailed as failure:
                self.ledger.append(refusal_draft(experiment, "check", failure, actor=actor))
                reason = failure.refusals[0].reason
                notes = (f"The scanner has read every text; no model has read {variant.id} beside it: {reason}",)
                break
        shared = self._shared(brief.id, experiment)
        return reviewed(brief, self._book(experiment), standards, notes=notes, shared=shared)


def _no_model() -> Refused:
    return Refused.because(
        "copy.no_model",
        "Drafting copy needs a language model, and none is set up.",
        "Write the variants yourself and bring them: `expcopilot variants BRIEF --from VARIANTS.csv`; everything "
        "after drafting works the same. Or name a model under [model] in expcopilot.toml.",
        name="model",
    )


def _stands_already(stands: Drafted) -> Refused:
    return Refused.because(
        "copy.stands",
        f"Variants ({len(stands.variants)}) stand for {stands.brief.id!r} already, and this brief says something else.",
        "Draft afresh with --again, which puts new variants in their place; or give the brief another id.",
        name="brief",
        value=stands.brief.id,
    )
