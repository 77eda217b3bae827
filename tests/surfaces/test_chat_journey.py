"""A conversation at a real terminal, without key or model: from an idea to a finished readout by slash commands."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from chatting import READY, Chat
from expcopilot.api import Copilot
from expcopilot.memory import plan_files
from expcopilot.records.plan import Plan

ANSWERS = (
    ("", "Where does it run?"),
    ("email", "1 of 5"),
    ("The subject line asks a question", "2 of 5"),
    ("Customers of the last twelve months", "3 of 5"),
    ("Questions brought more replies in three surveys", "4 of 5"),
    ("visit rate", "yes or no"),
    ("share", "How big"),
    ("+5%", "5 of 5"),
    ("unsubscribe rate: +3 points", ""),
    ("", "What is visit rate today?"),
    ("10%", "on the list?"),
    ("6,000", "On which day"),
)


def results(plan: Plan, path: Path) -> None:
    """One row a unit in the columns the plan names: visits at 10% and 14%, nobody much unsubscribes."""
    chance = random.Random(5)  # noqa: S311 - made-up customers
    spec = plan.analysis
    columns = [spec.unit, spec.arm_column, *(m.column for m in spec.metrics)]
    rows = [",".join(str(c) for c in columns)]
    for unit in range(6000):
        arm = spec.arm_names[unit % 2]
        visited = chance.random() < (0.14 if arm != spec.control else 0.10)
        rows.append(f"u{unit},{arm},{int(visited)},{int(chance.random() < 0.002)}")
    path.write_text("\n".join(rows), encoding="utf-8")


def test_from_an_idea_to_a_readout(place):
    """New experiment, plan, gate, data, verdict, why, the case for the null, readout, close: all by slash commands."""
    with Chat(place) as chat:
        assert "No experiment is talked about yet" in chat.ready()
        chat.keys("/new\r")
        for answer, asked in ANSWERS:
            if answer or not asked.startswith("Where"):
                chat.keys(f"{answer}\r")
            assert asked in chat.ready()
        tomorrow = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=1)
        made = chat.say(tomorrow.isoformat())
        assert "/register plans/the-subject-line-asks-a-question.yaml" in made
        assert "expcopilot" not in made

        (file,) = (place / "plans").glob("*.yaml")
        plan = plan_files.load(file)
        assert "can be registered" in chat.say("/check")
        asked = chat.say("/register")
        assert "because: Questions brought more replies in three surveys" in asked
        assert plan.digest in asked
        assert "You decide as Ada" in asked
        assert "Registered: the-subject-line" in chat.say("y")

        results(plan, place / "my results.csv")
        read = chat.say('/analyze "my results.csv"')
        assert "Supported" in read
        why = chat.say("/why")
        assert "The row of the verdict table" in why
        assert "m = +5.0%" in why
        assert "What would change it" in why
        assert "false-positive" in chat.say("/case").lower()
        assert "Every look taken" in chat.say("/readout")
        assert "Closed: the-subject-line" in chat.say("/close")
        assert "closed" in chat.say("/status")
        assert "Sound: no difference found" in chat.say("/verify")
        assert chat.leave() == 0

    with Copilot.open(place).workspace as workspace:
        state = Copilot(workspace, workspace.ledger).experiment(plan.experiment)
        assert state.stage == "closed"
        assert [d.record.action for d in state.decisions] == ["approve"]
        said = [(t.record.speaker, t.record.text) for t in state.turns]
        assert ("person", '/analyze "my results.csv"') in said
        assert any(s == "code" and t.startswith("Look 1: supported") for s, t in said)
        (page,) = (workspace.readouts / plan.experiment).glob("*.html")
        assert "Supported" in page.read_text(encoding="utf-8")


def test_typing(place):
    """Unknown commands name the nearest, paragraphs stay whole, Ctrl-C drops a line or a question, twice leaves."""
    (place / "results of may.csv").write_text("a\n", encoding="utf-8")
    with Chat(place) as chat:
        chat.ready()
        assert "Did you mean /register?" in chat.say("/regster plans/x.yaml")
        assert "no language model is set up here" in chat.say("Did B win on mobile?")
        chat.keys("\x1b[200~two\nlines, it's \x1b[201~\r")
        assert "no language model" in chat.ready()
        chat.keys("/new --channel email\r")
        assert "1 of 5" in chat.ready()
        assert "2 of 5" in chat.say("The subject line asks a question")
        chat.keys("\x03")
        stopped = chat.ready()
        assert "/new --resume" in stopped
        assert "What was recorded stays recorded." in stopped
        chat.keys("/new --resume\r")
        resumed = chat.ready()
        assert "2 of 5" in resumed
        assert "1 of 5" not in resumed
        chat.keys("\x03")
        chat.ready()
        chat.keys("half a thou")
        chat.keys("\x03")
        assert "leaves. Nothing is lost." in chat.ready()
        chat.keys("/check resu\t")
        chat.until(" results of may.csv")
        chat.keys("\t")
        chat.until('"results of may.csv"')
        chat.keys("\r")
        assert "no plan" in chat.ready()
        chat.keys("\x03")
        chat.ready()
        chat.keys("\x03")
        assert chat.end() == 0
        assert READY in chat.raw
        history = (place / "chat-history").read_text(encoding="utf-8")
        assert "+/regster plans/x.yaml" in history
    with Copilot.open(place).workspace as workspace:
        said = [e.payload for e in workspace.ledger.entries() if e.kind == "said"]
        assert [s["text"] for s in said if s["speaker"] == "person"][:2] == ["Did B win on mobile?", "two\nlines, it's"]
        assert {e.experiment for e in workspace.ledger.entries()} == {""}
