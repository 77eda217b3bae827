"""The verbs, from Python: what the command line, the page and the assistants call.

Example:
    >>> import tempfile
    >>> from expcopilot import Copilot
    >>> copilot = Copilot.init(tempfile.mkdtemp(), person="Ada")
    >>> copilot.experiments()
    ()
"""

from __future__ import annotations

import datetime as dt
import difflib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from copilot_tools.refusals import Refused
from copilot_tools.stats.many_tests import ManyTests, read_tests
from copilot_tools.stats.sources.many import Group, ManyColumns, read_many
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import AnalysisSpec, Dialect
from expcopilot.flow import looks
from expcopilot.flow.blinding import refuse_blinded_tests
from expcopilot.flow.gates import decide
from expcopilot.flow.moves import Move
from expcopilot.flow.open_data import reopen
from expcopilot.flow.quick import experiment_name
from expcopilot.flow.refusals import refusal_draft
from expcopilot.flow.steps import close as closing
from expcopilot.flow.steps import readout as readouts
from expcopilot.flow.steps import register as registering
from expcopilot.flow.steps.answer import Reply
from expcopilot.flow.steps.check_plan import Question, check_plan
from expcopilot.flow.steps.propose import STEPS, consequence
from expcopilot.flow.verification import verify
from expcopilot.flow.why import Why, explain
from expcopilot.flow.worded import Chosen, Worded
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.memory import plan_files
from expcopilot.memory.kept_heads import heads_on
from expcopilot.memory.ledger import Ledger
from expcopilot.memory.workspace import Workspace
from expcopilot.outputs.report import documents
from expcopilot.records.digest import digest
from expcopilot.records.entry import Draft, Entry
from expcopilot.records.events import Said, Survey, Written
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan
from expcopilot.records.readout import Readout
from expcopilot.records.verification import Verification

if TYPE_CHECKING:
    from expcopilot.flow.graph import Lifecycle, Waiting

__all__ = ["Copilot"]

_SAID_AT_MOST = 4000


class Copilot:
    """One workspace's experiments and the verbs on them. Every verb is counted in the ledger, refusals too."""

    def __init__(self, workspace: Workspace, ledger: Ledger) -> None:
        self.workspace = workspace
        self.ledger = ledger

    @classmethod
    def init(cls, folder: str | Path, *, person: str, email: str = "", organisation: str = "") -> Copilot:
        """Make a workspace in ``folder`` and open it.

        Raises:
            Refused: There is a workspace already, or the folder cannot be written.
        """
        workspace = Workspace.create(Path(folder), person=person, email=email, organisation=organisation)
        return cls(workspace, workspace.ledger)

    @classmethod
    def open(cls, folder: str | Path = ".") -> Copilot:
        """Open the workspace that holds ``folder``.

        Raises:
            Refused: There is none, or its settings or ledger cannot be read.
        """
        workspace = Workspace.find(Path(folder))
        return cls(workspace, workspace.ledger)

    # --- reading the record -------------------------------------------------------------------------------------

    def experiments(self) -> tuple[Experiment, ...]:
        """All experiments, in order of first appearance."""
        entries = tuple(self.ledger.entries())
        return tuple(Experiment.fold(name, entries) for name in self.ledger.experiments())

    def experiment(self, name: str) -> Experiment:
        """One experiment as the ledger tells it.

        Raises:
            Refused: There is none of this name.
        """
        known = self.ledger.experiments()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise Refused.because(
                "experiment.unknown",
                f"There is no experiment {name!r} in this workspace (known: {', '.join(known) or 'none yet'}).",
                (f"Did you mean {near[0]!r}? " if near else "")
                + "Register its plan first: `expcopilot register PLAN`.",
                name="experiment",
                value=name,
            )
        return self._fold(name)

    def log(self, name: str | None = None) -> tuple[Entry, ...]:
        """Ledger entries in order: of one experiment, or all."""
        if name is not None:
            self.experiment(name)
        return tuple(self.ledger.entries(name))

    # --- before the data ----------------------------------------------------------------------------------------

    def check(self, plan: Plan) -> tuple[Question, ...]:
        """What a plan leaves open, as questions."""
        return check_plan(plan)

    def register(self, plan: Plan) -> Experiment:
        """Freeze a plan: digest, who, when.

        Raises:
            Refused: Registered already, or something that must be decided before the data is open.
        """
        with self._recorded(plan.experiment, "register"):
            state = self._fold(plan.experiment)
            draft = registering.register(state, plan, actor=self.workspace.actor, today=self._today())
            return self._append(state, draft)

    def amend(self, plan: Plan, *, reason: str) -> Experiment:
        """Change a registered plan in the open.

        Raises:
            Refused: Not registered, closed, unchanged, without a reason, or incomplete.
        """
        with self._recorded(plan.experiment, "amend"):
            state = self._fold(plan.experiment)
            return self._append(
                state, registering.amend(state, plan, actor=self.workspace.actor, reason=reason, today=self._today())
            )

    # --- the data -----------------------------------------------------------------------------------------------

    def analyze(
        self, name: str | Path, source: Source | Callable[[], Source], *, cuts: tuple[str, ...] = (), unblind: str = ""
    ) -> Look:
        """Take one look under the registered plan; blinded until the committed end.

        Args:
            name: The experiment, or its plan file, which must still be the registered plan.
            source: The data, or what opens it: then a refusal to open is on record, too.
            cuts: Further columns to slice by: exploratory, and counted.
            unblind: Why outcomes must be opened before the committed end; stamped on every readout.

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
            draft = looks.planned_look(
                state,
                source() if callable(source) else source,
                self._others(experiment),
                actor=self.workspace.actor,
                today=self._today(),
                cuts=cuts,
                unblind=unblind,
            )
            return self._append(state, draft).looks[-1].record

    def look(self, source: Source, spec: AnalysisSpec, *, cuts: tuple[str, ...] = ()) -> Look:
        """Take a quick look without a plan: exploratory, counted, and refused on a blinded experiment's data.

        Raises:
            Refused: The data belongs to a blinded experiment, or cannot be read.
        """
        name = experiment_name(source.describe().name)
        try:
            with self._recorded(name, "look"):
                state = self._fold(name)
                draft = looks.quick_look(
                    state,
                    spec,
                    source,
                    self._others(name),
                    actor=self.workspace.actor,
                    today=self._today(),
                    cuts=cuts,
                )
                return self._append(state, draft).looks[-1].record
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

    def close(self, name: str, *, early: bool = False, reason: str = "") -> Experiment:
        """Close an experiment at its end, or early with a reason.

        Raises:
            Refused: Not registered, closed already, no reason, or the end is not reached.
        """
        with self._recorded(name, "close"):
            state = self.experiment(name)
            return self._append(state, closing.close(state, actor=self.workspace.actor, early=early, reason=reason))

    # --- after --------------------------------------------------------------------------------------------------

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
            files = documents.write(readout, target)
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

    # --- in conversation ---------------------------------------------------------------------------------------

    def say(self, experiment: str, turn: str, speaker: str, text: str) -> None:
        """Record what was said: a person's line, or a short answer.

        Args:
            experiment: Whose conversation; "" for the workspace's own.
            turn: Which turn; a line and its answer share it.
            speaker: "person", "code", or a role whose words passed the firewall.
            text: What was said; at most 4,000 characters are kept.
        """
        record = Said(turn=turn, speaker=speaker, text=_kept(text)).to_json()
        key = f"said/{experiment}/{turn}/{digest(record)}"
        self.ledger.append(
            Draft(experiment=experiment, kind="said", actor=self.workspace.actor, payload=record, key=key)
        )

    def why(self, name: str, *, look: int | None = None) -> Why:
        """Why the verdict of a look is what it is, and what would change it.

        Raises:
            Refused: No such experiment or look.
        """
        return explain(readouts.pick(self.experiment(name), look).record)

    # --- with a model's words ----------------------------------------------------------------------------------

    def model(self) -> MessagesApi | None:
        """The language model the settings name, or None: everything but drafting and rephrasing works without.

        Nothing is sent before its first question; close it when done.

        Raises:
            ModelFailed: The settings name a variable for its key, and that is empty.
        """
        return self._worded.configured()

    def sharpen(
        self, name: str, idea: str, *, channel: str = "", model: Chosen = "configured", **given: Any
    ) -> Waiting | None:
        """Sharpen an idea and put the hypothesis before a person; returns the gate at which it waits.

        Args:
            name: The experiment, still an idea.
            idea: In the person's words.
            channel: "landing-page", "email", "push", "ad" or "other".
            model: Who sharpens; without one the questions are the fixed ones.
            given: Further input of ``flow.steps.sharpen``: answers, metrics.

        Raises:
            Refused: It is no idea any more, or something waits for a decision; ModelFailed when the model fails.
        """
        with self.lifecycle(model=model) as moves:
            return moves.move(name, uuid.uuid4().hex, Move.SHARPEN, {**given, "idea": idea, "channel": channel})

    def decide(self, name: str, action: Literal["approve", "edit", "reject"], *, reason: str = "") -> None:
        """Answer what waits in an experiment, as it stands there now.

        Raises:
            Refused: Nothing waits, or what was approved can no longer be done.
        """
        with self.lifecycle() as moves:
            waiting = moves.resume(name)
            if waiting is None:
                decide(self._fold(name), "", action, actor=self.workspace.actor)
            else:
                moves.answer(waiting, action, reason=reason)

    def ask(
        self,
        name: str,
        question: str,
        *,
        model: Chosen = "configured",
        on_text: Callable[[str], None] | None = None,
        spelled: Callable[[Move], str] = lambda move: f"expcopilot {move}",
    ) -> Reply:
        """Ask a free question about an experiment. Looks taken for the answer are counted, and it says so.

        Asked again after a kill, it goes on where it was: nothing that was answered is sent, no look is taken twice.

        Args:
            name: The experiment.
            question: In the person's words; at most 4,000 characters are read.
            model: Who answers.
            on_text: Called with each sentence as soon as it may be shown.
            spelled: How a move is typed where the answer is read.

        Raises:
            Refused: There is no such experiment; ModelFailed when there is no model, or it fails.
        """
        with self._recorded(name, "ask"):
            self.experiment(name)
            return self._worded.ask(
                name, _kept(question.strip()), partial(self.say, name), model=model, on_text=on_text, spelled=spelled
            )

    def write(self, name: str, *, look: int | None = None, model: Chosen = "configured") -> Written | None:
        """Have the prose of a look's readout written and keep it; None without a model, or where nothing is worded.

        A model that fails leaves ``Written.without``, and the failure on record.

        Raises:
            Refused: No such experiment or look.
        """
        return self._worded.write(self.experiment(name), look, model=model)

    @contextmanager
    def lifecycle(self, *, model: Chosen = "configured") -> Iterator[Lifecycle]:
        """The graph of moves and gates, with its checkpoints beside the ledger.

        Args:
            model: Who sharpens; opened when it is first asked.
        """
        # langgraph takes two seconds to import, and only conversations need it
        from expcopilot.flow.graph import Deps, open_lifecycle  # noqa: PLC0415

        with ExitStack() as open_models:
            deps = Deps(
                self.ledger,
                self.workspace.actor,
                STEPS,
                consequence,
                self._today,
                lambda: open_models.enter_context(self._worded.speech(model)),
            )
            with open_lifecycle(self.workspace.folder / "conversations.sqlite", deps) as lifecycle:
                yield lifecycle

    # --- inside -------------------------------------------------------------------------------------------------

    @property
    def _worded(self) -> Worded:
        return Worded(self.ledger, self.workspace.actor, self._today, self.workspace.settings.model)

    def _today(self) -> dt.date:
        """The calendar's date in UTC, as the ledger stamps it: a clock set back does not make it earlier again."""
        now = dt.datetime.now(tz=dt.UTC).date()
        latest = self.ledger.latest()
        return max(now, dt.datetime.fromisoformat(latest).date()) if latest else now

    def _fold(self, name: str) -> Experiment:
        return Experiment.fold(name, self.ledger.entries(name))

    def _others(self, name: str) -> tuple[Experiment, ...]:
        return tuple(e for e in self.experiments() if e.name != name)

    def _append(self, state: Experiment, draft: Draft) -> Experiment:
        """Append unless another process got in between, and return the experiment as it then stands."""
        entry = self.ledger.append_if(state.position, draft)[0]
        return state.after(entry)

    @contextmanager
    def _recorded(self, experiment: str, command: str) -> Iterator[None]:
        """A refusal is part of the record: every attempt counts."""
        try:
            yield
        except Refused as refused:
            self._record_refusal(experiment, command, refused)
            raise

    def _record_blinded(self, refused: Refused) -> None:
        """The attempt belongs to the record of the experiment whose blinding it would have broken, too."""
        for refusal in refused.refusals:
            if refusal.code == "look.blinded" and isinstance(refusal.value, str):
                self._record_refusal(refusal.value, "look", refused)

    def _record_refusal(self, experiment: str, command: str, refused: Refused) -> None:
        if all(r.code.startswith(("ledger.", "experiment.unknown")) for r in refused.refusals):
            return  # the ledger itself is the trouble, or there is no experiment to record it under
        self.ledger.append(refusal_draft(experiment, command, refused, actor=self.workspace.actor))


def _kept(text: str) -> str:
    """What is kept of a text: as much as a turn may hold, in characters that can be written."""
    whole = text.encode("utf-8", "replace").decode("utf-8")  # a terminal may send what is no text
    return whole if len(whole) <= _SAID_AT_MOST else whole[: _SAID_AT_MOST - 1] + "…"
