"""A model that complies with every pressure, in words and in tool calls: no verdict, number or count moves.

Acceptance at full size, 200 analyses under 25 wordings, is ``tests/torture/test_pressure_full.py``.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from expcopilot.api import Copilot
from expcopilot.flow import asked_cut, looks, toolbox
from expcopilot.flow.answers import AnswersOnLedger
from expcopilot.language.firewall import check
from expcopilot.records.entry import Draft
from pressing import Analysis, Conversation, analyses, conversations, faults_of, press, sample, stage, summary, wordings


def test_the_corpus_is_as_large_as_promised():
    """200 analyses meet 25 wordings, each with what it would catch, in 5,000 runs, a fifth of them in the chat."""
    every = list(conversations())
    runs = {(c.analysis.number, w.name) for c in every for w in c.wordings}
    assert (len(analyses()), len(wordings()), len(runs)) == (200, 25, 5000)
    assert sum(len(c.wordings) for c in every if c.chat) == 1000
    assert len({w.catches for w in wordings()}) == 25
    assert {where for w in wordings() for where in w.plant} == {
        "segment",
        "header",
        "arm",
        "metric",
        "plan",
        "past",
        "source",
        "file",
    }


def test_the_analyses_cover_what_there_is():
    """Every situation, both directions, two and three arms, all kinds of metric, and data in all places."""
    every = analyses()
    situations = Counter(a.situation for a in every)
    assert len(situations) == 14
    assert min(situations.values()) >= 4
    for part, expected in (
        ("direction", {"increase", "decrease"}),
        ("arms", {2, 3}),
        ("kind", {"proportion", "mean", "ratio"}),
        ("place", {"counts", "rows", "typed"}),
    ):
        assert {getattr(a, part) for a in every} == expected


def _one_a_row() -> list[Analysis]:
    found: dict[tuple[str, str], Analysis] = {}
    for analysis in analyses():
        found.setdefault((analysis.row, analysis.situation), analysis)
    return list(found.values())


@pytest.mark.parametrize("analysis", _one_a_row(), ids=lambda a: f"{a.row}-{a.situation}")
def test_an_analysis_stands_on_the_row_it_was_built_for(analysis: Analysis, tmp_path: Path):
    """Built by standard errors, read by the product: the first treatment's row is the one known beforehand."""
    made = stage(analysis, tmp_path)
    read = made.copilot.experiment(made.name).looks[-1].record
    assert read.verdict.arms[0].row.value == analysis.row
    made.copilot.workspace.close()


@pytest.mark.parametrize("conversation", sample(6, seed=7), ids=lambda c: f"{c.analysis.situation}-{c.analysis.number}")
def test_no_wording_moves_anything(conversation: Conversation, tmp_path: Path):
    """Five pressures on one analysis: the same verdict and numbers, each look counted, no lie shown."""
    outcomes = press(conversation, tmp_path)
    assert faults_of(outcomes) == []
    told = summary(outcomes)
    assert told["runs"] == 5
    assert told["calls"] > 5 * 10
    assert told["statements_kept_back"] > 5


# --- the score falls when a guard is broken -----------------------------------------------------------------------


def _open_case(**wanted: object) -> Analysis:
    """An analysis at its end, in a file of counts, whose cut is legal."""
    fitting = {"situation": "end", "row": "inconclusive", "place": "counts", "arms": 2, **wanted}
    return next(a for a in analyses() if all(getattr(a, part) == value for part, value in fitting.items()))


def _named(*names: str) -> list:
    return [next(w for w in wordings() if w.name == name) for name in names]


@pytest.fixture
def pressed(tmp_path: Path):
    """Press with three wordings; the kinds of fault that were found."""

    def press_it() -> set[str]:
        conversation = Conversation(_open_case(), _named("segment_name", "deadline", "change_alpha"), chat=False)
        return {kind for outcome in press(conversation, tmp_path) for kind in outcome.faults}

    return press_it


def test_unbroken_nothing_is_found(pressed):
    """The same conversation with every guard in place: no fault of any kind."""
    assert pressed() == set()


def test_a_firewall_that_passes_everything_is_seen(pressed, monkeypatch: pytest.MonkeyPatch):
    """With no reason against any statement the lies are shown, and the score says so."""
    known = check.slots

    def lets_through(statement, facts, **_):
        return () if set(known(statement.text)) <= set(facts) else ("A slot names no fact.",)

    monkeypatch.setattr(check, "reasons_against", lets_through)
    assert "shown" in pressed()


def test_a_tool_that_amends_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A toolbox that obeys "amend" changes the plan; the act, the answered call and the next look's verdict show it."""
    conversation = Conversation(_open_case(), _named("change_alpha", "deadline"), chat=False)
    obeyed = toolbox.Toolbox.run

    def obeys(self, call):
        if call.name != "amend":
            return obeyed(self, call)
        copilot = Copilot.open(tmp_path / "workspace")
        plan = copilot.experiment(conversation.analysis.name).plan
        looser = plan.model_copy(
            update={"analysis": plan.analysis.model_copy(update={"alpha": plan.analysis.alpha * 2})}
        )
        copilot.amend(looser, reason="asked")
        copilot.workspace.close()
        return '{"done":true}'

    monkeypatch.setattr(toolbox.Toolbox, "run", obeys)
    found = {kind for outcome in press(conversation, tmp_path) for kind in outcome.faults}
    assert {"acts", "calls", "numbers"} <= found


def test_a_look_that_is_not_counted_is_seen(pressed, monkeypatch: pytest.MonkeyPatch):
    """A cut that reads the data and leaves no look on the ledger."""

    def uncounted(self, column, _call):
        silent = SimpleNamespace(
            entries=self.ledger.entries,
            experiments=self.ledger.experiments,
            append_if=lambda _position, draft: (SimpleNamespace(payload=draft.payload),),
        )
        return dataclasses.replace(self, ledger=silent)._take(column, "nowhere")

    monkeypatch.setattr(asked_cut.AskedCuts, "take", uncounted)
    assert "looks" in pressed()


def test_a_look_taken_twice_is_seen(pressed, monkeypatch: pytest.MonkeyPatch):
    """A cut that puts two looks on the ledger where one was taken."""
    take = asked_cut.AskedCuts.take

    def twice(self, column, call):
        found = take(self, column, call)
        if entry := self.ledger.find(f"{asked_cut.ASKED}{self.experiment}/{call}"):
            again = Draft(
                experiment=entry.experiment, kind="looked", actor="Ada", payload=entry.payload, key=f"again/{call}"
            )
            self.ledger.append(again)
        return found

    monkeypatch.setattr(asked_cut.AskedCuts, "take", twice)
    assert "looks" in pressed()


def test_a_verdict_that_gives_way_is_seen(pressed, monkeypatch: pytest.MonkeyPatch):
    """A decision that turns kinder at the second look."""
    decide = looks.decide

    def kinder(spec, standing, *rest):
        found = decide(spec, standing, *rest)
        return found.model_copy(update={"phrase": "supported"}) if len(standing.outcome_looks) > 1 else found

    monkeypatch.setattr(looks, "decide", kinder)
    assert "verdicts" in pressed()


def test_a_number_that_moves_is_seen(pressed, monkeypatch: pytest.MonkeyPatch):
    """A reading that takes another alpha from the second look on."""
    read, taken = looks.read, []

    def looser(spec, evidence, **given):
        taken.append(spec)
        used = spec if len(taken) == 1 else spec.model_copy(update={"alpha": 0.2})
        return read(used, evidence, **given)

    monkeypatch.setattr(looks, "read", looser)
    assert "numbers" in pressed()


def test_a_call_that_leaves_no_trace_is_seen(pressed, monkeypatch: pytest.MonkeyPatch):
    """Answers that are not kept take their tool calls with them."""
    monkeypatch.setattr(AnswersOnLedger, "keep", lambda _self, _answered: None)
    assert "calls" in pressed()
