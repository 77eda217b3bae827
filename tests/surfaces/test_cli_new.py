"""Five questions: answered by options, and by a person at a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expcopilot.memory import plan_files

OPTIONS = (
    "new", "--channel", "email", "--change", "The subject line asks a question", "--audience",
    "Customers of the last twelve months", "--because", "Questions brought more replies in three surveys",
    "--metric", "visit rate", "--matters", "+5%", "--guardrail", "unsubscribe rate: +0.1 points",
)  # fmt: skip
READY = "\x1b[?2004h"
"""What a terminal is told when a line may be typed: text that is pasted comes in brackets."""

COMMAND = str(Path(sys.executable).with_name("expcopilot"))


class Terminal:
    """A person at a terminal: waits for a question, types, and reads what appears."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.seen, self.at = "", 0
        self.screen, keyboard = pty.openpty()
        self.process = subprocess.Popen(
            [COMMAND, *words],
            cwd=folder,
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "100", "LINES": "40"},
        )
        os.close(keyboard)

    def wait(self, for_what: str, seconds: float = 60) -> str:
        """Read until this stands after what was last waited for; everything up to it."""
        end = time.monotonic() + seconds
        while (found := self.seen.find(for_what, self.at)) < 0:
            assert time.monotonic() < end, f"{for_what!r} did not come; saw {self.seen[-2000:]!r}"
            if select.select([self.screen], [], [], 1)[0]:
                assert self.read(), f"{for_what!r} did not come before the end; saw {self.seen[-2000:]!r}"
        start, self.at = self.at, found + len(for_what)
        return self.seen[start : self.at]

    def read(self) -> bool:
        """Read what is there; False at the end."""
        try:
            got = os.read(self.screen, 65536)
        except OSError:  # how Linux says that the other end has closed
            return False
        self.seen += got.decode(errors="replace")
        return bool(got)

    def answer(self, text: str, *, then: str) -> str:
        """Type a line and wait for what follows."""
        os.write(self.screen, f"{text}\r".encode())
        return self.wait(then)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self.read():
            pass
        os.close(self.screen)
        return self.process.wait(timeout=60)


def test_options_answer_everything(run, place):
    """A script's options make a plan file that reads back and is sized by its list."""
    result = run(*OPTIONS, "--baseline", "10%", "--list", "64,000", "--name", "subject", "--json")
    assert result.exit_code == 0, result.stderr
    made = json.loads(result.stdout)
    plan = plan_files.load(place / "plans" / "subject.yaml")
    assert made["file"] == str(place / "plans" / "subject.yaml")
    assert made["plan"] == plan.to_json()
    assert plan.design.committed_units == 64000
    assert (plan.analysis.primary.name, plan.analysis.minimum_effect.size) == ("visit rate", 0.05)
    assert plan.analysis.guardrails[0].direction == "decrease"
    assert made["size"]["total"] > 64000
    assert "shorter than" in made["warning"]
    assert made["detectable"]["relative"] > 0.05


def test_people_get_the_size_and_what_is_open(run, place):
    """In words: the size, the questions still open, and what to type next."""
    text = run(*OPTIONS, "--baseline", "10%", "--traffic", "20k").stdout
    assert "6 whole weeks" in text
    assert "design.first_exposure" in text
    assert "expcopilot plan check plans/the-subject-line-asks-a-question.yaml" in text
    assert (place / "plans" / "the-subject-line-asks-a-question.yaml").exists()


@pytest.mark.usefixtures("place")
def test_everything_missing_is_named_at_once(run):
    """Without a terminal every missing or unreadable answer is refused together, and nothing is written."""
    result = run("new", "--guardrail", "x", "--baseline", "4", "--json")
    assert result.exit_code == 2
    refused = json.loads(result.stdout)["refused"]
    assert [r["name"] for r in refused if r["code"] == "new.missing"] == [
        *("change", "audience", "because", "metric", "matters")
    ]
    assert {"input.guardrail", "input.not_a_share"} <= {r["code"] for r in refused}


def test_a_plan_is_never_overwritten(run, place):
    """A second plan of the same name is refused and the first one stands."""
    assert run(*OPTIONS, "--name", "one").exit_code == 0
    before = (place / "plans" / "one.yaml").read_bytes()
    assert run(*OPTIONS, "--name", "one", "--baseline", "10%").exit_code == 2
    assert (place / "plans" / "one.yaml").read_bytes() == before


def test_no_workspace_is_said_before_the_first_question(run):
    """Without a workspace nobody answers five questions in vain; --out needs none."""
    assert "expcopilot init" in run("new").stderr
    assert run(*OPTIONS, "--out", "somewhere.yaml").exit_code == 0
    assert Path("somewhere.yaml").exists()


def test_a_person_stops_and_goes_on(place):
    """At a terminal: `?` explains, a vague answer is questioned once, Ctrl-C keeps the answers, --resume goes on."""
    first = Terminal(place, "new", "--channel", "email")
    first.wait(READY)
    assert "The treatment: the one thing" in first.answer("?", then=READY)
    first.answer("The subject line asks a question", then="2 of 5")
    first.wait(READY)
    assert "Who exactly is in" in first.answer("all", then=READY)
    first.answer("all", then="3 of 5")
    first.wait(READY)
    os.write(first.screen, b"\x03")
    assert first.end() == 130
    draft = place / "plans" / "new-plan.draft.json"
    assert str(draft) in first.seen
    assert "expcopilot new --resume" in first.seen
    assert "What was recorded stays recorded." in first.seen
    assert json.loads(draft.read_text(encoding="utf-8"))["answers"]["audience"] == "all"

    unasked = Terminal(place, "new")
    assert unasked.end() == 2
    assert draft.exists()

    second = Terminal(place, "new", "--resume")
    assert "1 of 5" not in second.wait("3 of 5")
    second.wait(READY)
    second.answer("Questions brought more replies in three surveys", then="4 of 5")
    second.wait(READY)
    second.answer("visit rate", then="yes or no")
    second.wait(READY)
    second.answer("", then="How big")
    second.wait(READY)
    assert "leaves open of what" in second.answer("5", then=READY)
    second.answer("+5%", then="5 of 5")
    second.wait(READY)
    assert "Is there really nothing" in second.answer("", then=READY)
    assert "does not say which way hurts" in second.answer("unsubscribe rate: 0.1 points", then=READY)
    second.answer("unsubscribe rate: +0.1 points", then=READY)
    second.answer("", then="What is visit rate today?")
    second.wait(READY)
    second.answer("10%", then="on the list?")
    second.wait(READY)
    second.answer("64,000", then="On which day")
    assert "has to stand in the plan file before" in " ".join(second.wait(READY).split())
    os.write(second.screen, b"2100-01-01\r")
    assert second.end() == 0, second.seen
    assert "64,000 units" in second.seen
    assert not draft.exists()
    (written,) = (place / "plans").glob("*.yaml")
    plan = plan_files.load(written)
    assert plan.hypothesis.audience == "all"
    assert plan.design.committed_units == 64000
    assert re.search(r"register \S*" + written.name, second.seen)


def test_ctrl_c_before_any_answer(place):
    """Stopping before the first answer leaves nothing behind; a channel may be named as the question shows it."""
    terminal = Terminal(place, "new")
    terminal.wait(READY)
    assert "only suggests" in terminal.answer("?", then=READY)
    assert "number from 1 to 5" in terminal.answer("9", then=READY)
    assert "1 of 5" in terminal.answer("landing page", then=READY)
    os.write(terminal.screen, b"\x03")
    assert terminal.end() == 130
    assert list((place / "plans").iterdir()) == []


def test_a_broken_draft_is_refused(run, place):
    """A draft that holds no answers is refused by name, not read as something else."""
    draft = place / "plans" / "new-plan.draft.json"
    for text in ("{", "[]", '{"answers": {"no_such": "x"}, "channel": "email"}', '{"answers": {"change": 3}}'):
        draft.write_text(text, encoding="utf-8")
        result = run("new", "--resume", "--json")
        assert result.exit_code == 2
        assert json.loads(result.stdout)["refused"][0]["code"] == "new.bad_draft"
        assert draft.read_text(encoding="utf-8") == text
    draft.unlink()
    assert json.loads(run("new", "--resume", "--json").stdout)["refused"][0]["code"] == "new.no_draft"


def test_nothing_is_frozen_while_a_question_that_must_be_answered_is_open(run, place):
    """The steps named end with the check; once the day is given, freezing comes next."""
    still = run(*OPTIONS, "--name", "open")
    assert "✕ design.first_exposure" in still.stdout
    assert "Answer in the file what is marked ✕" in still.stdout
    assert "register" not in still.stdout
    whole = run(*OPTIONS, "--name", "whole", "--start", "2030-01-01", "--baseline", "10%", "--list", "64000")
    assert "✕" not in whole.stdout
    assert "expcopilot register plans/whole.yaml" in whole.stdout
    assert place.is_dir()


@pytest.mark.parametrize(
    ("looks", "says"),
    [
        ("50%, 25%", "25% follows 50%: shares of the units are given in order, each once."),
        ("50%, 25%", 'What to do: Write them like "25%, 50%".'),
        ("25%, 25%, 50%", "25% stands there twice"),
        ("25%, 25.01%", "less than 0.1% of the units from 25%"),
        ("99.99%", "less than 0.1% of the units from 99.99%"),
    ],
)
def test_looks_that_cannot_be_registered_say_how_to_write_them(run, place, looks, says):
    """Out of order, twice, or too near: the option is named with the cure, and no plan is written."""
    refused = run(*OPTIONS, "--looks", looks)
    assert refused.exit_code == 2
    assert says in " ".join(refused.stderr.replace("│", " ").split())
    assert "in the input" not in refused.stderr
    assert list((place / "plans").iterdir()) == []
