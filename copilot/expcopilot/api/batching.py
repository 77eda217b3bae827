"""The verb for many briefs at once: from a file of briefs to a file of variants, live or in Message Batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from expcopilot.api.desk import Desk
from expcopilot.flow.batch.run import BatchJob, run_batch
from expcopilot.flow.batch.summary import BatchSummary
from expcopilot.flow.batch.work import Progress
from expcopilot.flow.copy_standards import Standards
from expcopilot.language.model.settings import ModelSettings
from expcopilot.memory.request_store import RequestStore

__all__ = ["Batching"]


class Batching(Desk):
    """Many briefs, one run."""

    def variants_of(self, job: BatchJob, *, tell: Callable[[Progress], None] = lambda _: None) -> BatchSummary:
        """Draft the variants of every brief in a file, review them, write them out and record them.

        Started again after a kill it goes on where it was: no request that was answered is sent again, and no batch is
        made twice. What is drafted is recorded in the ledger and waits for persons, as a single brief's variants do.

        Args:
            job: Files, mode, concurrency and budget.
            tell: Called with how far it is.

        Raises:
            Refused: Nothing was written, and why; ModelFailed where the model is not set up or cannot be reached.
        """
        settings = ModelSettings.model_validate(self.workspace.settings.model.model_dump())
        with settings.open():
            pass  # whoever has named no model, or holds no key, is told so before a folder is made for requests
        folder = self.workspace.folder / "batches"
        job = replace(job, briefs=Path(job.briefs), out=Path(job.out))
        with RequestStore(folder / "requests.sqlite") as store:
            return run_batch(
                job,
                store,
                settings,
                Standards.of(self.workspace, self.today()),
                self.ledger,
                actor=self.workspace.actor,
                tell=tell,
            )
