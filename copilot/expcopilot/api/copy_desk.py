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
            experiment: Whose copy it is; when not given it is looked up, first under the brief's own name.

        Raises:
            Refused: There is no such brief, or more than one.
        """
        return self._reviewed(self._book(experiment or self._home(brief)), brief, self.standards())

    def standards(self) -> Standards:
        """What copy of this workspace is held against today: channel, brand, and the sources as they are now.

        Raises:
            Refused: The folder of sources or the style guide cannot be read.
        """
        return Standards.of(self.workspace, self.today())

    # --- inside -------------------------------------------------------------------------------------------------

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

    def _reviewed(self, book: CopyBook, brief: str, standards: Standards) -> Reviewed:
        if brief not in book.drafted:
            raise deciding.no_brief(brief)
        return reviewed(book.drafted[brief].brief, book, standards)

    def _decided(
        self,
        command: str,
        brief: str,
        variant: str,
        experiment: str,
        decide: Callable[[CopyBook, Review, Standards], tuple[Draft, ...]],
    ) -> Reviewed:
        """Take down a decision on one variant as it stands at that very moment; refusals are on record."""
        experiment = experiment or self._home(brief)
        with self._recorded(experiment, command):
            while True:
                book, standards = self._book(experiment), self.standards()
                review = deciding.find_review(self._reviewed(book, brief, standards), variant)
                drafts = decide(book, review, standards)
                try:
                    if drafts:
                        book.follow(self.ledger.append_if(book.position, *drafts))
                except Refused as refused:
                    if {r.code for r in refused.refusals} != {"ledger.moved"}:
                        raise
                    continue  # somebody wrote in between: decide upon what stands now, which may be refused
                return self._reviewed(book, brief, standards)
