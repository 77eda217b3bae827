"""The verbs that open data: one look under a plan, a quick look without one, many experiments in one file."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from copilot_tools.refusals import Refused
from copilot_tools.stats.many_tests import ManyTests, read_tests
from copilot_tools.stats.sources.many import Group, ManyColumns, read_many
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import AnalysisSpec, Dialect
from expcopilot.api.desk import Desk
from expcopilot.flow import data_in_view, looks
from expcopilot.flow.blinding import refuse_blinded_tests
from expcopilot.flow.data_in_view import InView
from expcopilot.flow.quick import experiment_name
from expcopilot.memory import plan_files
from expcopilot.records.entry import Draft
from expcopilot.records.events import Survey
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look

__all__ = ["Looking"]


class Looking(Desk):
    """Looks at data, each of them counted."""

    def in_view(self, name: str, source: Source) -> InView:
        """Hold data against the plan of an experiment, before any look: nothing of its outcomes is read or counted.

        Raises:
            Refused: No such experiment, no plan, or data that was changed or is damaged.
        """
        return data_in_view.in_view(self.experiment(name), source, self._others(name), today=self._today())

    def analyze(
        self,
        name: str | Path,
        source: Source | Callable[[], Source],
        *,
        cuts: tuple[str, ...] = (),
        unblind: str = "",
        attempt: str = "",
    ) -> Look:
        """Take one look under the registered plan; blinded until the committed end.

        Args:
            name: The experiment, or its plan file, which must still be the registered plan.
            source: The data, or what opens it: then a refusal to open is on record, too.
            cuts: Further columns to slice by: exploratory, and counted.
            unblind: Why outcomes must be opened before the committed end; stamped on every readout.
            attempt: A name of this very request: sent twice, as by a double click, it is one look.

        Raises:
            Refused: Not registered, closed, plan altered, or data that cannot be read; every problem together.
        """
        plan = plan_files.load(name) if isinstance(name, Path) else None
        experiment = plan.experiment if plan else str(name)
        with self._recorded(experiment, "analyze"):
            state = self.experiment(experiment)
            if plan is not None and state.plan is not None and plan.digest != state.plan.digest:
                raise Refused.because(
                    "plan.altered",
                    f"The plan file {Path(name).name!r} is no longer the registered plan of {experiment!r} (digest "
                    f"{plan.digest[:12]}, registered {state.plan.digest[:12]}).",
                    "Undo the edit, or make it in the open: `expcopilot register --amend --reason ...`.",
                    name="plan",
                    value=str(name),
                )
            if (taken := self._taken(state, attempt)) is not None:
                return taken
            draft = looks.planned_look(
                state,
                source() if callable(source) else source,
                self._others(experiment),
                actor=self.workspace.actor,
                today=self._today(),
                cuts=cuts,
                unblind=unblind,
            )
            return self._counted(state, draft, attempt)

    def look(self, source: Source, spec: AnalysisSpec, *, cuts: tuple[str, ...] = (), attempt: str = "") -> Look:
        """Take a quick look without a plan: exploratory, counted, and refused on a blinded experiment's data.

        Args:
            source: The data.
            spec: What is compared.
            cuts: Further columns to slice by.
            attempt: As for ``analyze``.

        Raises:
            Refused: The data belongs to a blinded experiment, or cannot be read.
        """
        name = experiment_name(source.describe().name)
        try:
            with self._recorded(name, "look"):
                state = self._fold(name)
                if (taken := self._taken(state, attempt)) is not None:
                    return taken
                draft = looks.quick_look(
                    state,
                    spec,
                    source,
                    self._others(name),
                    actor=self.workspace.actor,
                    today=self._today(),
                    cuts=cuts,
                )
                return self._counted(state, draft, attempt)
        except Refused as refused:
            self._record_blinded(refused)
            raise

    def look_many(
        self,
        path: str | Path,
        columns: ManyColumns,
        *,
        group: Group | None = None,
        alpha: float = 0.05,
        dialect: Dialect | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> ManyTests:
        """Read many experiments in one file, one row an arm, and count it.

        Args:
            path: CSV, Parquet or Excel.
            columns: Which column is what.
            group: A range that sets some experiments apart.
            alpha: Level of a win.
            dialect: How a CSV writes things.
            progress: Called with (experiments done, experiments in all).

        Raises:
            Refused: The file cannot be read, not one experiment in it can be, or one of them is still blinded.
        """
        arms = read_many(path, columns, group=group, dialect=dialect)
        try:
            refuse_blinded_tests(arms, self.experiments(), self._today())
        except Refused as refused:
            self._record_blinded(refused)
            raise
        found = read_tests(arms, group=group, alpha=alpha, progress=progress)
        metric = f"{columns.successes} of {columns.n}"
        self.survey(found.source, found.digest, by=columns.by, tests=found.read, metric=metric)
        return found

    def survey(self, source_name: str, digest: str, *, by: str, tests: int, metric: str) -> None:
        """Count the reading of many experiments in one file."""
        record = Survey(source=source_name, digest=digest, by=by, tests=tests, metric=metric)
        key = f"survey/{uuid.uuid4().hex}"
        self.ledger.append(
            Draft(experiment="", kind="surveyed", actor=self.workspace.actor, payload=record.to_json(), key=key)
        )

    # --- inside -------------------------------------------------------------------------------------------------

    def _counted(self, state: Experiment, draft: Draft, attempt: str) -> Look:
        """The look, on record; where the same request came twice at once, the one that was recorded first."""
        if not attempt:
            return self._append(state, draft).looks[-1].record
        try:
            return self._append(state, draft.model_copy(update={"key": _key(state, attempt)})).looks[-1].record
        except Refused:
            taken = self._taken(self._fold(state.name), attempt)
            if taken is None:
                raise
            return taken

    def _taken(self, state: Experiment, attempt: str) -> Look | None:
        """The look this request took already."""
        entry = self.ledger.find(_key(state, attempt)) if attempt else None
        return None if entry is None else next((s.record for s in state.looks if s.position == entry.position), None)


def _key(state: Experiment, attempt: str) -> str:
    return f"look/{state.name}/attempt/{attempt}"
