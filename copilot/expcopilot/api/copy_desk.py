"""The desk of copy: whose copy a brief's is, how it stands today, and how a decision on it is taken down."""

from __future__ import annotations

from collections.abc import Callable

from copilot_tools.refusals import Refused
from expcopilot.api.wording import Wording
from expcopilot.flow.copy_standards import Standards
from expcopilot.flow.steps import approve_copy as deciding
from expcopilot.flow.steps import variants as writing
from expcopilot.flow.steps.review import reviewed
from expcopilot.records.copy import Review
from expcopilot.records.copybook import CopyBook, Reviewed
from expcopilot.records.entry import Draft

__all__ = ["CopyDesk"]


class CopyDesk(Wording):
    """Copy as it stands today: the fold of its entries, the texts, and the sources as they are now."""

    def copy(self, brief: str, *, experiment: str = "") -> Reviewed:
        """Where the copy of a brief stands today, against the text and the sources as they are now.

        Args:
            brief: The brief's id.
            experiment: Whose copy it is; when not given it is looked up, first under the brief's own name. Where more
                than one has such a brief, the notes say whose this is.

        Raises:
            Refused: There is no such experiment or brief, or more than one brief and none under its own name.
        """
        return self._reviewed(self._book(self._home(brief, experiment)), brief, self.standards(), named=experiment)

    def standards(self) -> Standards:
        """What copy of this workspace is held against today: channel, brand, and the sources as they are now.

        Raises:
            Refused: The folder of sources or the style guide cannot be read.
        """
        return Standards.of(self.workspace, self.today())

    # --- inside -------------------------------------------------------------------------------------------------

    def _book(self, experiment: str) -> CopyBook:
        return CopyBook.fold(experiment, self.ledger.entries(experiment))

    def _home(self, brief: str, experiment: str = "") -> str:
        """The experiment a brief's copy belongs to; the brief's own name where there is no such copy.

        Args:
            brief: The brief's id.
            experiment: As somebody named it, or "".

        Raises:
            Refused: ``copy.which_experiment``: more than one experiment has a brief of that name; or
                ``experiment.unknown``: there is none of the name given.
        """
        if experiment:
            if experiment not in self.ledger.experiments():
                homes = self._homes()
                holding = homes.get(brief) or dict.fromkeys(name for names in homes.values() for name in names)
                raise deciding.no_experiment(experiment, holding)
            return experiment
        if brief in self._book(brief).drafted:
            return brief
        return writing.home_of(brief, self._homes())

    def _homes(self) -> dict[str, tuple[str, ...]]:
        """Brief's id -> the experiments that hold copy for it."""
        return writing.homes(self.ledger.entries())

    def _shared(self, brief: str, experiment: str) -> tuple[str, ...]:
        """The other experiments that have a brief of this id."""
        if len(self.ledger.experiments()) < 2:
            return ()  # most workspaces begin so, and need no reading of the whole ledger
        return tuple(name for name in self._homes().get(brief, ()) if name != experiment)

    def _reviewed(self, book: CopyBook, brief: str, standards: Standards, *, named: str = "") -> Reviewed:
        shared = self._beside(book, brief, named)
        return reviewed(book.drafted[brief].brief, book, standards, shared=shared)

    def _beside(self, book: CopyBook, brief: str, named: str) -> tuple[str, ...]:
        """The other experiments that have a brief of this id, which this one must have.

        Raises:
            Refused: ``experiment.unknown_brief``: it has not.
        """
        if brief not in book.drafted:
            raise deciding.no_brief(brief, named, book.drafted if named else self._homes())
        return self._shared(brief, book.experiment)

    def _decided(
        self,
        command: str,
        brief: str,
        variant: str,
        experiment: str,
        decide: Callable[[CopyBook, Review, Standards], tuple[Draft, ...]],
        *,
        label: str = "",
    ) -> Reviewed:
        """Take down a decision on one variant as it stands at that very moment; refusals are on record.

        A decision that was taken before adds nothing, and the answer says so; ``label`` is the mark decided upon.
        """
        home = self._home(brief, experiment)
        with self._recorded(home, command):
            while True:
                book, standards = self._book(home), self.standards()
                shared = self._beside(book, brief, experiment)
                review = deciding.review_of(book, brief, variant, standards, whose=home if shared else "")
                drafts = decide(book, review, standards)
                already = "" if drafts else deciding.already(review, label)
                try:
                    if drafts:
                        book.follow(self.ledger.append_if(book.position, *drafts))
                except Refused as refused:
                    if {r.code for r in refused.refusals} != {"ledger.moved"}:
                        raise
                    continue  # somebody wrote in between: decide upon what stands now, which may be refused
                stands = reviewed(book.drafted[brief].brief, book, standards, shared=shared)
                return stands.model_copy(update={"already": already})
