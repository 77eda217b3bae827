"""Answers by code: to why not stop and what now, from plan, look and verdict, with nothing of what is closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_tools.stats.spec import Effect, Metric
from expcopilot.api import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.plain_answers import about
from expcopilot.memory.workspace import Workspace
from tests_plan import plan

NOW = "conversion is up but session time is down, what now?"
STOP = "why not just stop now?"


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


def rows(folder: Path, n: int, *, treated: float, seconds: float, share: float = 0.5) -> Path:
    """Units whose session time falls by ``seconds`` in b, while a share of ``treated`` of them convert."""
    lines = ["user,arm,converted,time"]
    for unit in range(n):
        b = (unit * 0.618034) % 1 < share
        converted = (unit * 0.754877) % 1 < (treated if b else 0.10)
        lines.append(f"u{unit},{'b' if b else 'control'},{int(converted)},{100 + unit % 21 - (seconds if b else 0)}")
    path = folder / f"{n}-{seconds}-{share}.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def guarded(copilot: Copilot) -> None:
    """The plan with session time as its guardrail."""
    made = plan()
    margin = Effect(size=2, scale="absolute")
    time = Metric(name="session time", role="guardrail", kind="mean", column="time", margin=margin)
    analysis = made.analysis.model_copy(update={"metrics": (*made.analysis.metrics, time)})
    copilot.register(made.model_copy(update={"analysis": analysis}))


@pytest.mark.parametrize(
    ("question", "subject"), [(STOP, "stop"), (NOW, "conflict"), ("did B win?", "verdict"), ("hello there", "")]
)
def test_what_a_question_is_about(question: str, subject: str) -> None:
    """Its words decide, and a question of another kind gets no answer made up."""
    assert about(question) == subject


def test_while_closed_the_way_to_the_end_is_told_and_no_outcome(copilot: Copilot, tmp_path: Path) -> None:
    """How much is missing and why it matters; nothing that differs between two data sets that differ in outcomes."""
    guarded(copilot)
    told = []
    for treated in (0.05, 0.20):
        path = rows(tmp_path, 6_000, treated=treated, seconds=0)
        copilot.analyze("checkout", open_data.rows(path))
        told.append([*copilot.plain_answer("checkout", STOP), *copilot.plain_answer("checkout", NOW)])
        path.unlink()
    assert told[0] == told[1]
    whole = " ".join(told[0])
    assert "6,000 of the 20,000 committed units are in" in whole
    assert "Guardrails are watched all the while" in whole
    assert "watches session time (by " in whole
    assert "The outcomes are closed" in whole


def test_up_and_down_at_once_is_told_by_verdict_and_guardrail(copilot: Copilot, tmp_path: Path) -> None:
    """The verdict first, then the guardrail's state, then that people weigh."""
    guarded(copilot)
    copilot.analyze("checkout", open_data.rows(rows(tmp_path, 20_000, treated=0.13, seconds=1)))
    whole = " ".join(copilot.plain_answer("checkout", NOW))
    phrase = copilot.experiment("checkout").looks[-1].record.verdict.phrase
    assert f"The verdict of look 1 is {phrase}" in whole
    assert "session time in b is shown not to be worse by its margin" in whole
    assert "a decision of people" in whole


def test_a_guardrail_past_its_margin_and_a_broken_split_go_before_everything(copilot: Copilot, tmp_path: Path) -> None:
    """Harm is called harm; where the split is broken, more of the same data is no cure."""
    guarded(copilot)
    copilot.analyze("checkout", open_data.rows(rows(tmp_path, 20_000, treated=0.13, seconds=9)))
    assert "harm" in " ".join(copilot.plain_answer("checkout", NOW))
    copilot.analyze("checkout", open_data.rows(rows(tmp_path, 20_000, treated=0.13, seconds=0, share=0.4)))
    whole = " ".join(copilot.plain_answer("checkout", STOP))
    assert "invalid" in whole
    assert "does not mend that" in whole
