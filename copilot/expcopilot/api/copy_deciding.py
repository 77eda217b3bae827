"""The verbs of persons on copy: its claims settled, each exact text approved or rejected, approved copy handed over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol

from copilot_tools.refusals import Refused
from expcopilot.api.copy_desk import CopyDesk
from expcopilot.flow.batch.review_decisions import decide_rows
from expcopilot.flow.steps import approve_copy as deciding
from expcopilot.flow.steps import hand_over as handing
from expcopilot.flow.steps import leaving
from expcopilot.flow.steps.hand_over import Form, Handed
from expcopilot.flow.steps.review import one_of_several
from expcopilot.flow.steps.variants import experiment_of
from expcopilot.memory.review_files import ReviewRow
from expcopilot.records.copy import Review
from expcopilot.records.copybook import CopyBook, Reviewed
from expcopilot.records.entry import Draft

__all__ = ["CopyDeciding"]


class _Settle(Protocol):
    """A step that settles a mark of the exact text a person saw, or takes back what settles it."""

    def __call__(
        self, book: CopyBook, review: Review, label: str, seen: str, *, actor: str, by: str, reason: str
    ) -> tuple[Draft, ...]: ...


class CopyDeciding(CopyDesk):
    """Decisions on copy: each names the exact text it was taken on, and stands beside a person's name."""

    def waive(
        self, brief: str, variant: str, mark: str, digest: str, *, reason: str, by: str = "", experiment: str = ""
    ) -> Reviewed:
        """A named person lets a claim stand without a source.

        Args:
            brief: The brief's id.
            variant: The variant's id.
            mark: The claim, such as "C2", as it is called in the text the person saw.
            digest: Of the variant they saw, or its first eight characters or more.
            reason: Why; it stands beside their name.
            by: Who, where that is not the person the workspace knows.
            experiment: As ``copy``.

        Raises:
            Refused: The variant has changed since they saw it; there is no such brief, variant or claim; or no reason.
        """
        on = brief, variant, experiment
        return self._settled("waive", deciding.waive, on, mark, digest, reason=reason, by=by)

    def tick(
        self, brief: str, variant: str, mark: str, digest: str, *, reason: str, by: str = "", experiment: str = ""
    ) -> Reviewed:
        """A named person says what an unclassified sentence is; as ``waive``, with a sentence such as "S1"."""
        on = brief, variant, experiment
        return self._settled("tick", deciding.tick, on, mark, digest, reason=reason, by=by)

    def undo_mark(
        self, brief: str, variant: str, mark: str, digest: str, *, reason: str, by: str = "", experiment: str = ""
    ) -> Reviewed:
        """Take back what settles a mark: its waiver or tick, else the quotation somebody gave; as ``waive``.

        Raises:
            Refused: As ``waive``; or nobody settled it.
        """
        on = brief, variant, experiment
        return self._settled("undo", deciding.take_back, on, mark, digest, reason=reason, by=by)

    def source_claim(
        self,
        brief: str,
        variant: str,
        mark: str,
        digest: str,
        *,
        source: str,
        quotation: str,
        by: str = "",
        experiment: str = "",
    ) -> Reviewed:
        """Bind a claim to a quotation; code decides whether it stands there and carries the claim's numbers.

        Args:
            brief: The brief's id.
            variant: The variant's id.
            mark: The claim, such as "C2".
            digest: As ``waive``.
            source: Id of the source.
            quotation: The words, exactly as they stand there.
            by: Who proposes it.
            experiment: As ``copy``.

        Raises:
            Refused: It does not, and why; or the variant has changed since it was seen.
        """
        said = {"source_id": source, "quotation": quotation, "actor": self.workspace.actor, "by": by}
        return self._decided(
            "source", brief, variant, experiment,
            lambda book, review, standards: deciding.source(book, review, mark, digest, standards, **said),
            label=mark,
        )  # fmt: skip

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
        """A named person approves, or rejects, exactly the text they saw, and the mechanism it is named by.

        Args:
            brief: The brief's id.
            variant: The variant's id.
            digest: Of the variant they saw, or its first eight characters or more.
            action: What they decided.
            by: Who, where that is not the person the workspace knows.
            reason: In their words.
            experiment: As ``copy``.

        Raises:
            Refused: It is another by now; or, of an approval, something in it is open: every place by name.
        """
        said = {"actor": self.workspace.actor, "by": by, "reason": reason}
        return self._decided(
            "approve", brief, variant, experiment,
            lambda book, review, _: deciding.approve(book, review, digest, action, **said),
        )  # fmt: skip

    def approve_reviewed(
        self, rows: Iterable[ReviewRow]
    ) -> tuple[tuple[ReviewRow, ...], tuple[tuple[ReviewRow, Refused], ...]]:
        """Decisions of a review file, each for exactly the text its digest names; a refused row never stops the rest.

        Args:
            rows: Such as ``review_files.load`` returns.

        Returns:
            The rows that count now, and those refused, each with why. The ledger keeps each reason once, with its rows.
        """
        return decide_rows(rows, self.ledger, self.standards(), actor=self.workspace.actor)

    def export(self, brief: str, form: Form, *, folder: Path | None = None, experiment: str = "") -> Handed:
        """Hand approved copy over as files for a sending tool, a flag platform, or people.

        It is on record before a file has its name: killed in between, a record may name files that are not there, and
        the same command writes them; no file is there that no record names.

        Args:
            brief: The brief's id.
            form: Which files.
            folder: Where; by default ``handover/EXPERIMENT`` in the workspace, and ``handover/EXPERIMENT/BRIEF`` where
                the brief has a name of its own.
            experiment: As ``copy``.

        Raises:
            Refused: Something is open in a variant that was not rejected, every place by name; or nothing is approved.
        """
        home = self._home(brief, experiment)
        with self._recorded(home, "export"):
            book = self._book(home)
            stands = self._reviewed(book, brief, self.standards(), named=experiment)
            return self._handed(book, stands, form, folder, model=self._generator(home))

    def _settled(
        self,
        command: str,
        settle: _Settle,
        on: tuple[str, str, str],
        mark: str,
        digest: str,
        *,
        reason: str,
        by: str,
    ) -> Reviewed:
        """Take down what settles a mark, or no longer does; ``on`` names brief, variant and experiment."""
        actor = self.workspace.actor
        return self._decided(
            command, *on, lambda book, review, _: settle(book, review, mark, digest, actor=actor, by=by, reason=reason),
            label=mark,
        )  # fmt: skip

    def _handed(self, book: CopyBook, stands: Reviewed, form: Form, folder: Path | None, *, model: str) -> Handed:
        """Hand over a brief's copy as it stands in the book, which follows."""
        ready = leaving.hand_over(stands)
        name = experiment_of(stands.brief)
        leaves, notes = leaving.without_open_control(stands.brief)
        handover = handing.handover_of(leaves, name, ready, model=model)
        target = folder or self.workspace.folder / "handover" / handover.place
        with handing.staged(handover, form, target) as files:
            record = handing.exported(handover, form, files.digests)
            draft = handing.exported_draft(record, name, book, actor=self.workspace.actor)
            book.follow(self.ledger.append_if(book.position, draft))
            files.publish()
        rejected = tuple(r.variant.id for r in stands.reviews if r.standing == "rejected")
        shared = filter(None, [one_of_several(stands.brief.id, name, stands.shared)])
        return Handed(folder=str(target), record=record, rejected=rejected, notes=(*shared, *notes))

    def _generator(self, experiment: str) -> str:
        """The model that drafted last, as it names itself; "" where none did."""
        answers = [e.payload for e in self.ledger.entries(experiment) if e.kind == "answered"]
        return next((str(a["model"]) for a in reversed(answers) if a["role"] == "generator"), "")
