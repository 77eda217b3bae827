"""The verbs after the data: the readout as data and documents, why the verdict is what it is, the check of it all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from copilot_tools.refusals import Refused
from expcopilot.api.wording import Wording
from expcopilot.flow.open_data import reopen
from expcopilot.flow.plain_answers import plain_answer
from expcopilot.flow.steps import readout as readouts
from expcopilot.flow.verification import verify
from expcopilot.flow.why import Why, explain
from expcopilot.flow.worded import Chosen
from expcopilot.memory.kept_heads import heads_on
from expcopilot.outputs.report import documents
from expcopilot.records.readout import Readout
from expcopilot.records.verification import Verification

__all__ = ["Reporting"]


class Reporting(Wording):
    """What is told of an experiment, and whether it still holds."""

    def readout(self, name: str, *, look: int | None = None) -> Readout:
        """The readout of an experiment's last look (or of another one) as data.

        Raises:
            Refused: No such experiment or look.
        """
        state = self.experiment(name)
        number = readouts.pick(state, look).record.number
        entry = [e for e in self.ledger.entries(name) if e.kind == "looked"][number - 1]
        return readouts.assemble(state, entry, number=number)

    def write_readout(
        self, name: str, *, look: int | None = None, folder: Path | None = None, model: Chosen = "configured"
    ) -> tuple[Path, ...]:
        """Write the readout's documents (HTML, Markdown, JSON) and record that they left the house.

        Args:
            name: The experiment.
            look: Which look; the last by default.
            folder: Where; the workspace's folder of readouts by default.
            model: Who words the finding and the case for the null; a model that fails leaves a readout without prose,
                which says so.

        Raises:
            Refused: No such experiment or look, or the folder cannot be written.
        """
        with self._recorded(name, "readout"):
            self.write(name, look=look, model=model)
            readout = self.readout(name, look=look)
            target = folder or self.workspace.readouts / name
            files = documents.write(readout, target, organisation=self.workspace.settings.organisation.name)
            draft = readouts.made(readout, tuple(f.name for f in files), actor=self.workspace.actor)
            self.ledger.append(draft)
            return files

    def verify(self, known: Mapping[int, str] | None = None) -> Verification:
        """Re-read the chain, recompute every look and readout, read the data again where it still is.

        Args:
            known: Ledger position -> digest kept elsewhere, such as the head printed on a readout somebody was handed.
                The heads in the workspace's own folder of readouts are always compared.
        """
        report = self.ledger.verify({**heads_on(self.workspace.readouts), **(known or {})})
        faults = tuple(fault.sentence for fault in report.faults)
        try:
            entries = tuple(self.ledger.entries())
        except Refused as refused:
            return Verification(
                entries=report.entries,
                head=report.head,
                looks=0,
                sources=0,
                readouts=0,
                faults=(*faults, *(str(r) for r in refused.refusals)),
            )
        return verify(entries, faults, reopen)

    def plain_answer(self, name: str, question: str) -> tuple[str, ...]:
        """What the record says to a question, without a model, in whole sentences; none where it says nothing to it.

        Raises:
            Refused: No such experiment.
        """
        return plain_answer(self.experiment(name), question)

    def why(self, name: str, *, look: int | None = None) -> Why:
        """Why the verdict of a look is what it is, and what would change it.

        Raises:
            Refused: No such experiment or look.
        """
        return explain(readouts.pick(self.experiment(name), look).record)
