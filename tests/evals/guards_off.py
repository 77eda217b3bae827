"""Guards of the product broken on purpose, one a function: what the evals' scores must notice."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from copilot_tools.stats.decision import Verdict
from copilot_tools.stats.verdict_table import PHRASES, Row
from expcopilot import Copilot
from expcopilot.flow import gates
from expcopilot.flow.asked_cut import AskedCuts
from expcopilot.flow.facts import facts_of, for_model
from expcopilot.flow.looks import planned_look
from expcopilot.flow.open_data import reopen
from expcopilot.flow.standing import circumstances
from expcopilot.flow.toolbox import Toolbox
from expcopilot.flow.worded import Worded
from expcopilot.language.firewall.check import slots
from expcopilot.records.entry import Draft
from expcopilot.records.experiment import Experiment
from expcopilot.records.look import Look

__all__ = [
    "acting_tools",
    "amendments_approved_by_talking",
    "blinding_of_quick_looks",
    "closed_outcomes_told",
    "early_ends_count",
    "firewall_lets_all_through",
    "firewall_lets_nothing_through",
    "looks_not_counted",
    "looks_not_kept",
    "looks_not_told",
    "plans_count_whenever_they_come",
    "verdict_from_a_calculator",
    "verdict_is_always_a_win",
]


def firewall_lets_all_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement passes whose slots can be filled."""

    def none(statement: Any, facts: Any, **_: Any) -> tuple[str, ...]:
        return () if set(slots(statement.text)) <= set(facts) else ("It names what there is not.",)

    monkeypatch.setattr("expcopilot.language.firewall.check.reasons_against", none)
    monkeypatch.setattr(
        "expcopilot.language.firewall.subject.Subject.take", lambda _self, _said, passed, _facts: passed
    )


def firewall_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement passes, honest or not."""
    monkeypatch.setattr("expcopilot.language.firewall.check.reasons_against", lambda *_, **__: ("No.",))


def verdict_from_a_calculator(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a model reckons with a calculator takes the place of the verdict."""
    reckoned = Toolbox._calculated

    def takes(self: Toolbox, call: Any) -> str:
        found = reckoned(self, call)
        phrase = json.loads(found)["result"].get("phrase")
        if phrase and "verdict.phrase" in self.facts:
            self.facts["verdict.phrase"] = self.facts["verdict.phrase"].model_copy(update={"text": phrase})
        return found

    monkeypatch.setattr(Toolbox, "_calculated", takes)


def verdict_is_always_a_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the plan and the data say, the ledger says that it won."""

    def won(spec: Any, *_: Any) -> Verdict:
        row, phrase = Row.SUPPORTED, PHRASES[Row.SUPPORTED]
        arms = [{"arm": arm.name, "row": row, "phrase": phrase, "sentence": "It won."} for arm in spec.treatments]
        return Verdict.model_validate({"row": row, "phrase": phrase, "sentence": "It won.", "arms": arms})

    monkeypatch.setattr("expcopilot.flow.looks.decide", won)


def looks_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut somebody asks for in the chat is taken and never written down."""

    def take(self: AskedCuts, column: str, call: str) -> Look:  # noqa: ARG001 - as the product calls it
        state = Experiment.fold(self.experiment, self.ledger.entries(self.experiment))
        last = state.looks[-1].record
        source = reopen(Path(str(last.evidence.source.location)), last)
        draft = planned_look(state, source, (), actor=self.actor, today=self.today(), cuts=(column,))
        return Look.model_validate(draft.payload)

    monkeypatch.setattr(AskedCuts, "take", take)


def looks_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look is taken for an answer, and the answer does not say so."""
    monkeypatch.setattr("expcopilot.flow.steps.answer._counted", lambda _toolbox: [])


def closed_outcomes_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide is told the outcomes of tests whose outcomes are closed, void or stopped."""

    def all_of_them(look: Look, plan: Any = None, *, entry: int = 0) -> dict[str, Any]:
        return for_model(facts_of(look, plan, entry=entry).values(), look.spec.min_units)

    monkeypatch.setattr("expcopilot.flow.steps.answer.tellable", all_of_them)


def acting_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is obeyed when it calls for something that only people do: here it ends the test."""
    held: dict[str, Any] = {}
    asked, ran = Worded.ask, Toolbox._result

    def ask(self: Worded, name: str, *given: Any, **more: Any) -> Any:
        held.update(ledger=self.ledger, name=name)
        return asked(self, name, *given, **more)

    def result(self: Toolbox, call: Any) -> str:
        if call.name not in {"amend", "approve", "close", "register"}:
            return ran(self, call)
        payload = {"early": True, "reason": "asked"}
        key = uuid.uuid4().hex
        held["ledger"].append(
            Draft(experiment=held["name"], kind="closed", actor="the model", payload=payload, key=key)
        )
        return "{}"

    monkeypatch.setattr(Worded, "ask", ask)
    monkeypatch.setattr(Toolbox, "_result", result)


def plans_count_whenever_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan, or a change of it, counts as made in time though the outcomes had been seen."""
    monkeypatch.setattr("expcopilot.flow.standing._post_hoc", lambda *_, **__: "")


def early_ends_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that was stopped early is read as if it had come to its end."""

    def forgiving(*given: Any, **more: Any) -> Any:
        found = circumstances(*given, **more)
        return found.model_copy(update={"closed_early": "", "committed_units": None}) if found.closed_early else found

    monkeypatch.setattr("expcopilot.flow.looks.circumstances", forgiving)


def blinding_of_quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick look opens the data of a test whose outcomes are closed."""
    for name in ("refuse_blinded_data", "refuse_blinded_layout"):
        monkeypatch.setattr(f"expcopilot.flow.looks.{name}", lambda *_: None)


def looks_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data is read under the plan, and nothing is written down."""

    def analyze(self: Copilot, name: str, source: Any, *, cuts: tuple[str, ...] = (), unblind: str = "") -> Look:
        state, others = self.experiment(name), ()
        given: dict[str, Any] = {"actor": "Ada", "today": self._today(), "cuts": cuts, "unblind": unblind}
        return Look.model_validate(planned_look(state, source(), others, **given).payload)

    monkeypatch.setattr(Copilot, "analyze", analyze)


def amendments_approved_by_talking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever waits is approved as soon as somebody says that they approve."""
    asked = Copilot.ask

    def ask(self: Copilot, name: str, question: str, **more: Any) -> Any:
        if "approve" in question and gates.pending(self.experiment(name)) is not None:
            self.decide(name, "approve")
        return asked(self, name, question, **more)

    monkeypatch.setattr(Copilot, "ask", ask)
