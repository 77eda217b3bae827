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
UP_DOWN = "conversion up, session time down"
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
    ("question", "subject"),
    [
        (STOP, "stop"),
        (NOW, "conflict"),
        (UP_DOWN, "conflict"),
        ("did B win?", "verdict"),
        ("did it win on mobile?", "cut"),
        ("hello there", ""),
    ],
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
        cut = copilot.plain_answer("checkout", "did it win on mobile?")
        told[-1] += [said.replace(f"look {len(told)} is", "look N is") for said in cut]
        path.unlink()
    assert told[0] == told[1]
    whole = " ".join(told[0])
    assert "6,000 of the 20,000 committed units are in" in whole
    assert "Guardrails are watched all the while" in whole
    assert "watches session time (by " in whole
    assert "The outcomes are closed" in whole
    assert "The last look raised no alarm: session time is not past the margin" in whole
    assert "mobile was not read apart" in whole
    assert "While the outcomes are closed" in whole


def test_up_and_down_at_once_is_told_by_verdict_and_guardrail(copilot: Copilot, tmp_path: Path) -> None:
    """The verdict first, then the guardrail's state, then that people weigh."""
    guarded(copilot)
    copilot.analyze("checkout", open_data.rows(rows(tmp_path, 20_000, treated=0.13, seconds=1)))
    whole = " ".join(copilot.plain_answer("checkout", NOW))
    phrase = copilot.experiment("checkout").looks[-1].record.verdict.phrase
    assert f"The verdict of look 1 is {phrase}" in whole
    assert "session time in b is shown not to be worse by its margin (−" in whole
    assert "tolerated is a worsening by 2" in whole
    assert "a decision of people" in whole
    for asked in (UP_DOWN, "and session time?"):
        assert " ".join(copilot.plain_answer("checkout", asked)) == whole


def test_a_part_of_the_units_is_told_as_read_or_not_read(copilot: Copilot, tmp_path: Path) -> None:
    """Not cut: said so, with the command that would; cut: where it stands, and that it concludes nothing."""
    guarded(copilot)
    path = rows(tmp_path, 20_000, treated=0.13, seconds=0)
    lines = path.read_text(encoding="utf-8").splitlines()
    device = (f"{line},{'mobile' if n % 3 else 'desktop'}" for n, line in enumerate(lines[1:]))
    path.write_text("\n".join([f"{lines[0]},device", *device]), encoding="utf-8")
    copilot.analyze("checkout", open_data.rows(path))
    looks = len(copilot.experiment("checkout").looks)
    whole = " ".join(copilot.plain_answer("checkout", "did it win on mobile?"))
    assert "The verdict of look 1 is" in whole
    assert "mobile was not read apart: the plan names no segment, and the last look was cut by nothing." in whole
    assert "`expcopilot analyze checkout DATA --cut COLUMN`. The data has device." in whole
    assert "--cut device`" in " ".join(copilot.plain_answer("checkout", "and by device?"))
    assert len(copilot.experiment("checkout").looks) == looks
    copilot.analyze("checkout", open_data.rows(path), cuts=("device",))
    whole = " ".join(copilot.plain_answer("checkout", "did it win on mobile?"))
    assert "mobile was read apart: the readout shows the primary number by device, as an exploratory cut" in whole
    assert "not read" not in whole


def test_a_guardrail_past_its_margin_and_a_broken_split_go_before_everything(copilot: Copilot, tmp_path: Path) -> None:
    """Harm is called harm; where the split is broken, more of the same data is no cure."""
    guarded(copilot)
    copilot.analyze("checkout", open_data.rows(rows(tmp_path, 20_000, treated=0.13, seconds=9)))
    assert "harm" in " ".join(copilot.plain_answer("checkout", NOW))
    copilot.analyze("checkout", open_data.rows(rows(tmp_path, 20_000, treated=0.13, seconds=0, share=0.4)))
    whole = " ".join(copilot.plain_answer("checkout", STOP))
    assert "invalid" in whole
    assert "does not mend that" in whole
