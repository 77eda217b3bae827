"""Gates at a real terminal: declined, edited, changed under way, answered twice, left and found again."""

from __future__ import annotations

import sys

from chatting import Chat, plan_text
from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.memory import plan_files
from expcopilot.records.experiment import Experiment


def state(place, name="checkout") -> Experiment:
    with Copilot.open(place).workspace as workspace:
        assert workspace.ledger.verify().sound
        return Experiment.fold(name, workspace.ledger.entries(name))


def write(place, units=20_000):
    path = place / "plans" / "checkout.yaml"
    path.write_text(plan_text(units=units), encoding="utf-8")
    return plan_files.load(path)


def decisions(place):
    return [d.record.action for d in state(place).decisions]


def test_declined_edited_approved_amended(place):
    """Declining changes nothing, editing asks about the new text, approving freezes it, amending shows the change."""
    write(place)
    editor = place / "editor"
    editor.write_text("#!/bin/sh\nsed -i s/20000/30000/ $1\n", encoding="utf-8")
    editor.chmod(0o755)
    with Chat(place, EDITOR=str(editor)) as chat:
        chat.ready()
        assert "committed_units: 20000" in chat.say("/register plans/checkout.yaml")
        assert "waits for a decision first." in chat.say("/close --early no time")
        assert "Nothing was changed" in chat.say("n")
        assert state(place).registration is None

        assert "Nothing waits for a decision" in chat.say("y")
        chat.say("/register")
        edited = chat.say("e")
        assert "committed_units: 30000" in edited
        assert "The file says the same as before" in chat.say("e")
        assert "Registered: checkout" in chat.say("yes")
        assert state(place).registration.record.digest in edited

        write(place, units=40_000)
        assert "an amendment needs" in chat.say("/amend plans/checkout.yaml").lower()
        asked = chat.say("/amend plans/checkout.yaml Traffic didn't come")
        assert "design.committed_units 30000 → 40000" in asked
        assert "Traffic didn't come" in asked
        assert state(place).amendments == ()
        assert "Amended (design.committed_units)" in chat.say("y")

        assert "There is no experiment 'chekout'" in chat.say("/close chekout --early no budget")
        for typed in ('checkout --early --reason "It didn\'t pay"', "--reason It didn't pay --early"):
            asked = chat.say(f"/close {typed}")
            assert "reason: It didn't pay" in asked
            assert "Nothing was changed" in chat.say("n")
        assert chat.leave() == 0
    assert decisions(place) == ["reject", "edit", "approve", "approve", "reject", "reject"]
    assert state(place).amendments[-1].record.reason == "Traffic didn't come"


def test_void_when_the_file_changed(place):
    """A file changed between question and answer voids the approval, says so and asks anew, across a kill, too."""
    shown = write(place)
    with Chat(place) as chat:
        chat.ready()
        chat.say("/register plans/checkout.yaml")
        now = write(place, units=30_000)
        void = chat.say("y")
        assert "Not approved" in void
        assert shown.digest[:12] in void
        assert "committed_units: 30000" in void
        assert state(place).registration is None
        chat.kill()
    with Chat(place) as chat:
        assert "committed_units: 30000" in chat.ready()
        # With no editor set, e waits until the file is saved; a broken one is refused and the question stands.
        assert "save it" in chat.say("e")
        (place / "plans" / "checkout.yaml").write_text("experiment: [", encoding="utf-8")
        assert "cannot be read" in chat.say("")
        assert pending(state(place)) is not None
        again = write(place, units=40_000)
        assert now.digest[:12] in chat.say("y")
        assert "Registered: checkout" in chat.say("y")
        assert chat.leave() == 0
    assert decisions(place) == ["edit", "edit", "approve"]
    assert state(place).registration.record.digest == again.digest


def test_two_terminals_one_answer(run, place):
    """A gate answered in a second terminal, or overtaken by the command line, counts once, and the first is told."""
    write(place)
    with Chat(place) as first, Chat(place) as second:
        first.ready()
        second.ready()
        first.say("/register plans/checkout.yaml")
        assert "your decision" in second.say("/use checkout")
        assert "Registered: checkout" in second.say("y")
        assert "answered already" in first.say("y")
        assert "registered" in first.say("/status")
        assert decisions(place) == ["approve"]

        (place / "plans" / "other.yaml").write_text(plan_text("other"), encoding="utf-8")
        first.say("/register plans/other.yaml")
        assert run("register", "plans/other.yaml").exit_code == 0
        assert "was registered on" in first.say("y")
        assert "Waits for you nothing" in first.say("/status")
        assert "your decision" not in second.say("/use other")
        assert (first.leave(), second.leave()) == (0, 0)
    refused = [e.record.refusals[0].code for e in state(place, "other").refused]
    assert refused == ["plan.registered"]


def test_hostile_words_are_inert(place):
    """Escapes in a plan's words and in what is pasted neither colour nor move anything, at the gate or in the log."""
    path = place / "plans" / "checkout.yaml"
    hostile = plan_text().replace("Everybody who opens the checkout.", '"\\e[31m[bold]\\u202eAll <b>{{7*7}}"')
    path.write_text(hostile, encoding="utf-8")
    with Chat(place) as chat:
        chat.ready()
        asked = chat.say("/register plans/checkout.yaml")
        assert "[31m[bold]" in asked
        assert "All <b>{{7*7}}" in asked
        assert "no language model" in chat.say("\x1b[200~see \x1b[31mred\u202e [bold]x\x1b[201~")
        assert "[31mred" in chat.say("/log")
        assert chat.leave() == 0
    assert "\x1b[31m" not in chat.raw
    assert "\u202e" not in chat.raw


TALKER = """
from expcopilot.api import Copilot
from expcopilot.records.answer import Answered, Usage
from expcopilot.records.entry import Draft
from expcopilot.surfaces.chat.loop import converse
from expcopilot.surfaces.chat.speaker import Spoken
from copilot_tools.refusals import Refused

def reply(copilot, experiment, text, on_text):
    if "fail" in text:
        on_text("Half a sen")
        raise Refused.because("model.unreachable", "The model cannot be reached.", "Ask again later.")
    answered = Answered(request="r", role="narrator", prompt="narrator/v1", prompt_digest="d", model="m", text=text,
                        stop="end", usage=Usage(input_tokens=1200, output_tokens=30), cost=0.0041, prices="2026-01-01")
    payload = answered.to_json()
    copilot.ledger.append(Draft(experiment=experiment, kind="answered", actor="Ada", payload=payload, key=text))
    for piece in ("B is ", "read\\x1b[31", "m later."):
        on_text(piece)
    return Spoken("narrator", "B is read later.")

copilot = Copilot.open()
converse(copilot, reply=reply)
"""


def test_a_speaker_streams_is_kept_and_its_cost_is_shown(place):
    """Whoever answers free text is shown as it comes, inert, with role and cost; a failure is said, and not the end."""
    write(place)
    with Chat(place, program=(sys.executable, "-c", TALKER)) as chat:
        chat.ready()
        chat.say("/use checkout")
        said = chat.say("did B win?")
        assert "B is read\ufffd[31m later." in said
        assert "narrator: 1 answer, 1,200 tokens read, 30 written, US$ 0.0041" in said
        failed = chat.say("/ask and fail")
        assert "Half a sen" in failed
        assert "The model cannot be reached." in failed
        assert "narrator" in chat.say("/cost")
        chat.keys("/quit\r")
        assert chat.end() == 0
    said = [(t.record.speaker, t.record.text) for t in state(place).turns]
    assert said == [
        ("person", "did B win?"),
        ("narrator", "B is read later."),
        ("person", "and fail"),
        ("code", "Refused: The model cannot be reached."),
    ]
