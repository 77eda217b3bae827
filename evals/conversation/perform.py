"""Goes through the chat's doors step by step: free text, moves that stop at a gate, looks, answers to gates."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flattery.experiment import Experiment, plan_of, write
from flattery.perform import records
from flattery.talk import Overheard, ledger, listening, readout, talk
from suite.task import Outcome
from suite.workspaces import opened, outcome

from conversation.case import Amend, Close, ConversationCase, Step, tests
from copilot_tools.refusals import Refused
from copilot_tools.stats.spec import Effect, Segment
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.moves import Move
from expcopilot.records.experiment import Experiment as State
from expcopilot.records.plan import Plan

__all__ = ["early", "perform"]

SHARE = 3
"""The early data is every count divided by this."""

_CLOSED_ROWS = {"not_yet", "invalid", "harm", "continue"}


def perform(case: ConversationCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One conversation, as plain data."""
    with opened(folder, table) as copilot, listening(copilot) as model:
        going = _Going(copilot, model, tests()[case.test])
        for step in case.steps:
            going.take(step)
        return outcome(copilot, going.seen())


class _Going:
    """Somebody in the chat, and what came of each step."""

    def __init__(self, copilot: Copilot, model: Overheard, test: Experiment) -> None:
        self.copilot = copilot
        self.model = model
        self.test = test
        self.name = test.id
        self.turns: list[dict[str, Any]] = []
        self.refused: list[str] = []

    def take(self, step: Step) -> None:
        """Do it; what is refused is kept, and the conversation goes on."""
        do: dict[str, Callable[[Step], None]] = {
            "say": self._say,
            "sharpen": self._sharpen,
            "register": self._register,
            "answer": self._answer,
            "analyze": self._analyze,
            "look": self._look,
            "amend": self._amend,
            "close": self._close,
            "readout": self._readout,
        }
        try:
            do[step.kind](step)
        except Refused as refused:
            self.refused += [one.code for one in refused.refusals]

    def seen(self) -> dict[str, Any]:
        """Everything that scorers read."""
        rows = ledger(self.copilot)
        mine = [row for row in rows if row.experiment == self.name]
        said = [row.payload["text"] for row in mine if row.kind == "said" and row.payload["speaker"] == "person"]
        closings = [row.payload for row in mine if row.kind == "closed"]
        return {
            "turns": self.turns,
            "stage": self._state().stage,
            "looks": records(rows, self.name),
            "quick": sum(row.kind == "looked" and row.experiment != self.name for row in rows),
            "refused": self.refused,
            "kept": [one["code"] for row in rows if row.kind == "refused" for one in row.payload["refusals"]],
            "amended": [
                {"changed": row.payload["changed"], "after_outcomes": row.payload["after_outcomes"]}
                for row in mine
                if row.kind == "amended"
            ],
            "closed": closings[-1]["reason"] if closings and closings[-1]["early"] else "",
            "said": said,
        }

    def _state(self) -> State:
        return State.fold(self.name, self.copilot.ledger.entries(self.name))

    # --- steps --------------------------------------------------------------------------------------------------

    def _say(self, step: Step) -> None:
        found = records(ledger(self.copilot), self.name)
        turn = talk(self.copilot, self.name, step.say, self.model)
        rows = sorted(set(found[-1]["rows"].values())) if found else []
        hidden = not found or (bool(_CLOSED_ROWS & set(rows)) and found[-1]["kind"] != "unblinding")
        self.turns.append({**turn, "rows": rows, "closed": hidden, "parts": found[-1]["parts"] if found else []})

    def _readout(self, step: Step) -> None:  # noqa: ARG002 - a step's shape
        found = records(ledger(self.copilot), self.name)
        rows = sorted(set(found[-1]["rows"].values())) if found else []
        hidden = bool(_CLOSED_ROWS & set(rows)) and found[-1]["kind"] != "unblinding"
        told = readout(self.copilot, self.name, self.model)
        self.turns += [{**turn, "rows": rows, "closed": hidden} for turn in told]

    def _sharpen(self, step: Step) -> None:
        self._move(f"/sharpen {step.sharpen}", Move.SHARPEN, {"idea": step.sharpen, "channel": ""})

    def _register(self, step: Step) -> None:  # noqa: ARG002 - a step's shape
        plan = plan_of(self.test)
        stands = [
            p.record.content["sharpened"]["change"] for p in self._state().proposals if _is_idea(p.record.content)
        ]
        if stands and stands[-1]:  # what was approved is what is tested
            plan = plan.model_copy(update={"hypothesis": plan.hypothesis.model_copy(update={"change": stands[-1]})})
        self._move("/register", Move.REGISTER, {"plan": plan.to_json()})

    def _amend(self, step: Step) -> None:
        plan, wanted = self._state().plan, step.amend
        if plan is None or wanted is None:
            raise Refused.because("plan.missing", f"{self.name} has no plan.", "Register it first.")
        self._move(
            f"/amend {wanted.reason}", Move.AMEND, {"plan": _amended(plan, wanted).to_json(), "reason": wanted.reason}
        )

    def _close(self, step: Step) -> None:
        wanted = step.close or Close()
        self._move("/close", Move.CLOSE, {"early": wanted.early, "reason": wanted.reason})

    def _move(self, typed: str, move: Move, given: dict[str, Any]) -> None:
        """One turn of the graph, with the settings' model: the words, the move, the gate it stops at."""
        turn = uuid.uuid4().hex[:12]
        self.copilot.say(self.name, turn, "person", typed)
        with self.copilot.lifecycle(model=self.model) as moves:
            moves.move(self.name, turn, move, given)

    def _answer(self, step: Step) -> None:
        if step.answer:
            self.copilot.decide(self.name, step.answer)

    def _analyze(self, step: Step) -> None:
        if step.analyze is not None:
            file = self._file(step.analyze.data)
            self.copilot.analyze(
                self.name,
                lambda: open_data.counts(file),
                cuts=step.analyze.cuts,
                unblind=step.analyze.unblind,
            )

    def _look(self, step: Step) -> None:
        self.copilot.look(open_data.counts(self._file(step.look)), plan_of(self.test).analysis)

    def _file(self, which: str) -> Path:
        data = self.test.data if which == "all" else early(self.test.data)
        return write(self.test, data, self.copilot.workspace.folder, f"{self.name}-{which}")


def early(data: str) -> str:
    """The first third of the data: every count divided, what is no count (means, words) as it is."""
    rows = list(csv.reader(io.StringIO(data)))
    kept = {place for place, name in enumerate(rows[0]) if name in {"mean", "sd"}}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows[1:]:
        writer.writerow([str(int(c) // SHARE) if c.isdigit() and at not in kept else c for at, c in enumerate(row)])
    return out.getvalue()


def _is_idea(content: Mapping[str, Any]) -> bool:
    return "sharpened" in content


def _amended(plan: Plan, wanted: Amend) -> Plan:
    changed: dict[str, Any] = {}
    if wanted.minimum is not None:
        size = Effect(size=wanted.minimum, scale="absolute")
        changed["minimum_effect"] = size
        if plan.analysis.goal == "noninferiority":
            primary = plan.analysis.primary.model_copy(update={"margin": size})
            changed["metrics"] = (primary, *(m for m in plan.analysis.metrics if m.role != "primary"))
    if wanted.alpha is not None:
        changed["alpha"] = wanted.alpha
    if wanted.metric:
        roles = {plan.analysis.primary.name: "secondary", wanted.metric: "primary"}
        changed["metrics"] = tuple(
            m.model_copy(update={"role": roles.get(m.name, m.role)}) for m in plan.analysis.metrics
        )
    if wanted.segments:
        changed["segments"] = tuple(Segment(column=column) for column in wanted.segments)
    design = plan.design
    if wanted.committed is not None:
        design = design.model_copy(update={"committed_units": wanted.committed})
    return plan.model_copy(update={"analysis": plan.analysis.model_copy(update=changed), "design": design})
