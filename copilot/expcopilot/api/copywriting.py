"""The verbs of copy: variants drafted or brought, their claims settled by persons, approved, and handed over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from copilot_tools.refusals import Refused
from expcopilot.api.wording import Wording
from expcopilot.flow.batch.review_texts import refuse_if_edited
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.refusals import refusal_draft
from expcopilot.flow.speech import Speech
from expcopilot.flow.steps import approve_copy as deciding
from expcopilot.flow.steps import hand_over as handing
from expcopilot.flow.steps import variants as writing
from expcopilot.flow.steps.hand_over import Form, Handed
from expcopilot.flow.steps.review import reviewed
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.flow.worded import Chosen
from expcopilot.language.model.protocol import ModelFailed
from expcopilot.memory import brief_files, variant_files
from expcopilot.memory.review_files import ReviewRow
from expcopilot.records.copy import Brief, Variant
from expcopilot.records.copybook import CopyBook, Drafted, Reviewed
from expcopilot.records.entry import Draft

__all__ = ["Copywriting"]


class Copywriting(Wording):
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
        return variant_files.load(Path(path), brief, self._standards().field_names(brief))

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
            book, standards = self._book(experiment), self._standards()
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
            book, standards = self._book(experiment), self._standards()
            standards.check(brief)
            record = writing.imported(brief, variants, book, standards)
            self.ledger.append(*writing.drafted_draft(book, record, actor=self.workspace.actor))
            return self._checked(brief, speech, standards)

    def copy(self, brief: str, *, experiment: str = "") -> Reviewed:
        """Where the copy of a brief stands today, against the text and the sources as they are now.

        Args:
            brief: The brief's id.
            experiment: Whose copy it is; when not given it is looked up, first under the brief's own name.

        Raises:
            Refused: There is no such brief, or more than one.
        """
        return self._reviewed(self._book(experiment or self._home(brief)), brief, self._standards())

    def waive(
        self,
        brief: str,
        variant: str,
        mark: str,
        *,
        reason: str,
        by: str = "",
        undo: bool = False,
        experiment: str = "",
    ) -> Reviewed:
        """A named person lets a claim stand without a source.

        Args:
            brief: The brief's id.
            variant: The variant's id.
            mark: The claim, such as "C2".
            reason: Why; it stands beside their name.
            by: Who, where that is not the person the workspace knows.
            undo: Take an earlier waiver back.
            experiment: As ``copy``.

        Raises:
            Refused: There is no such brief, variant or mark; or no reason.
        """
        experiment = experiment or self._home(brief)
        with self._recorded(experiment, "waive"):
            stands = self.copy(brief, experiment=experiment)
            review = deciding.find_review(stands, variant)
            book, actor = self._book(experiment), self.workspace.actor
            drafts = deciding.waive(book, review, mark, actor=actor, by=by, reason=reason, undo=undo)
            return self._kept(brief, experiment, drafts)

    def tick(
        self,
        brief: str,
        variant: str,
        mark: str,
        *,
        reason: str,
        by: str = "",
        undo: bool = False,
        experiment: str = "",
    ) -> Reviewed:
        """A named person says what an unclassified sentence is; as ``waive``, with a sentence such as "S1"."""
        return self.waive(brief, variant, mark, reason=reason, by=by, undo=undo, experiment=experiment)

    def source_claim(
        self, brief: str, variant: str, mark: str, *, source: str, quotation: str, by: str = "", experiment: str = ""
    ) -> Reviewed:
        """Bind a claim to a quotation; code decides whether it stands there and carries the claim's numbers.

        Args:
            brief: The brief's id.
            variant: The variant's id.
            mark: The claim, such as "C2".
            source: Id of the source.
            quotation: The words, exactly as they stand there.
            by: Who proposes it.
            experiment: As ``copy``.

        Raises:
            Refused: It does not, and why.
        """
        experiment = experiment or self._home(brief)
        with self._recorded(experiment, "source"):
            stands = self.copy(brief, experiment=experiment)
            review = deciding.find_review(stands, variant)
            drafts = deciding.source(
                self._book(experiment),
                review,
                mark,
                self._standards(),
                source_id=source,
                quotation=quotation,
                actor=self.workspace.actor,
                by=by,
            )
            return self._kept(brief, experiment, drafts)

    def approve_variant(
        self,
        brief: str,
        variant: str,
        digest: str,
        action: Literal["approve", "reject"] = "approve",
        by: str = "",
        reason: str = "",
        *,
        experiment: str = "",
    ) -> Reviewed:
        """A named person approves, or rejects, exactly the text they saw.

        Args:
            brief: The brief's id.
            variant: The variant's id.
            digest: Of the text they saw, or its first eight characters or more.
            action: What they decided.
            by: Who, where that is not the person the workspace knows.
            reason: In their words.
            experiment: As ``copy``.

        Raises:
            Refused: It is another text by now; or, of an approval, something in it is open: every place by name.
        """
        experiment = experiment or self._home(brief)
        with self._recorded(experiment, "approve"):
            stands = self.copy(brief, experiment=experiment)
            review = deciding.find_review(stands, variant)
            book, actor = self._book(experiment), self.workspace.actor
            drafts = deciding.approve(book, review, digest, action, actor=actor, by=by, reason=reason)
            return self._kept(brief, experiment, drafts)

    def approve_reviewed(
        self, rows: Iterable[ReviewRow]
    ) -> tuple[tuple[ReviewRow, ...], tuple[tuple[ReviewRow, Refused], ...]]:
        """Decisions of a review file, each for exactly the text its digest names; a refused row never stops the rest.

        Args:
            rows: Such as ``review_files.load`` returns.

        Returns:
            The rows that count now, and those refused, each with why.
        """
        done: list[ReviewRow] = []
        refused: list[tuple[ReviewRow, Refused]] = []
        books: dict[str, CopyBook] = {}
        fresh: set[tuple[str, str]] = set()
        standards, actor = self._standards(), self.workspace.actor
        homes: dict[str, tuple[str, ...]] | None = None
        for row in rows:
            experiment = row.experiment or row.brief
            if experiment not in books:
                books[experiment] = self._book(experiment)
            if not row.experiment and row.brief not in books[experiment].drafted:
                # Rare, and the whole ledger is read for it: once a file.
                homes = writing.homes(self.ledger.entries()) if homes is None else homes
                try:
                    experiment = writing.home_of(row.brief, homes)
                except Refused as failure:
                    refused.append((row, failure))
                    continue
            if experiment not in books or (row.brief, row.variant) in fresh:
                books[experiment] = self._book(experiment)
            try:
                with self._recorded(experiment, "approve"):
                    review = deciding.find_review(self._reviewed(books[experiment], row.brief, standards), row.variant)
                    refuse_if_edited(review.variant, row)
                    self.ledger.append(
                        *deciding.approve(
                            books[experiment], review, row.digest, row.action, actor=actor, by=row.by, reason=row.reason
                        )
                    )
            except Refused as failure:
                if any(r.code.startswith("ledger.") for r in failure.refusals):
                    raise
                refused.append((row, failure))
            else:
                done.append(row)
                fresh.add((row.brief, row.variant))
        return tuple(done), tuple(refused)

    def export(self, brief: str, form: Form, *, folder: Path | None = None, experiment: str = "") -> Handed:
        """Hand approved copy over as files for a sending tool, a flag platform, or people.

        Args:
            brief: The brief's id.
            form: Which files.
            folder: Where; the workspace's ``handover`` folder by default.
            experiment: As ``copy``.

        Raises:
            Refused: Something is open in a variant that was not rejected, every place by name; or nothing is approved.
        """
        experiment = experiment or self._home(brief)
        with self._recorded(experiment, "export"):
            stands = self.copy(brief, experiment=experiment)
            leaving = deciding.hand_over(stands)
            name = writing.experiment_of(stands.brief)
            leaves, notes = deciding.without_open_control(stands.brief)
            handover = handing.handover_of(leaves, name, leaving, model=self._generator(name))
            target = folder or self.workspace.folder / "handover" / handover.key
            files = handing.written(handover, form, target)
            rejected = tuple(r.variant.id for r in stands.reviews if r.standing == "rejected")
            record = handing.exported(handover, form, files)
            self.ledger.append(handing.exported_draft(record, name, self._book(name), actor=self.workspace.actor))
            return Handed(folder=str(target), record=record, rejected=rejected, notes=notes)

    # --- inside -------------------------------------------------------------------------------------------------

    def _standards(self) -> Standards:
        return Standards.of(self.workspace, self._today())

    def _book(self, experiment: str) -> CopyBook:
        return CopyBook.fold(experiment, self.ledger.entries(experiment))

    def _home(self, brief: str) -> str:
        """The experiment a brief's copy belongs to; the brief's own name where there is no such copy.

        Raises:
            Refused: ``copy.which_experiment``: more than one experiment has a brief of that name.
        """
        if brief in self._book(brief).drafted:
            return brief
        return writing.home_of(brief, writing.homes(self.ledger.entries()))

    def _generator(self, experiment: str) -> str:
        """The model that drafted last, as it names itself; "" where none did."""
        answers = [e.payload for e in self.ledger.entries(experiment) if e.kind == "answered"]
        return next((str(a["model"]) for a in reversed(answers) if a["role"] == "generator"), "")

    def _reviewed(self, book: CopyBook, brief: str, standards: Standards) -> Reviewed:
        if brief not in book.drafted:
            raise Refused.because(
                "experiment.unknown_brief",
                f"There is no copy for a brief {brief!r} in this workspace.",
                "Draft it from a file: `expcopilot variants BRIEF.txt`.",
                name="brief",
                value=brief,
            )
        return reviewed(book.drafted[brief].brief, book, standards)

    def _kept(self, brief: str, experiment: str, drafts: tuple[Draft, ...]) -> Reviewed:
        if drafts:
            self.ledger.append(*drafts)
        return self.copy(brief, experiment=experiment)

    def _checked(self, brief: Brief, speech: Speech | None, standards: Standards) -> Reviewed:
        """Every variant read by the claim checker, where there is a model; each answer kept as it comes."""
        experiment = writing.experiment_of(brief)
        notes: tuple[str, ...] = ()
        book = self._book(experiment)
        for variant in book.drafted[brief.id].variants if speech else ():
            if speech is None or (variant.brief, variant.id, variant.digest) in book.checked:
                continue
            actor = self.workspace.actor
            try:
                self.ledger.append(writing.checked_draft(variant, experiment, speech, standards, actor=actor))
            except ModelFailed as failure:
                self.ledger.append(refusal_draft(experiment, "check", failure, actor=actor))
                reason = failure.refusals[0].reason
                notes = (f"The scanner has read every text; no model has read {variant.id} beside it: {reason}",)
                break
        return reviewed(brief, self._book(experiment), standards, notes=notes)


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
        f"{len(stands.variants)} variants stand for {stands.brief.id!r} already, and this brief says something else.",
        "Draft afresh with --again, which puts new variants in their place; or give the brief another id.",
        name="brief",
        value=stands.brief.id,
    )
