"""Gates at a real terminal: declined, edited, changed under way, answered twice, left and found again."""

from __future__ import annotations

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


def test_a_declined_plan_is_not_registered(place):
    """n registers nothing, says so, and the plan may be asked about again."""
    write(place)
    with Chat(place) as chat:
        chat.ready()
        assert "your decision" in chat.say("/register plans/checkout.yaml")
        assert "no move now (first decide" in chat.say("/close --early no time")
        assert "Nothing was changed" in chat.say("n")
        assert state(place).registration is None
        assert "your decision" in chat.say("/register")
        assert "Registered: checkout" in chat.say("yes")
        assert chat.leave() == 0
    assert decisions(place) == ["reject", "approve"]
    assert state(place).registration is not None


def test_an_edit_comes_back_with_the_new_text(place):
    """e opens the file, and what it says afterwards is asked about anew; unchanged, the same question stands."""
    write(place)
    editor = place / "editor"
    editor.write_text("#!/bin/sh\nsed -i s/20000/30000/ $1\n", encoding="utf-8")
    editor.chmod(0o755)
    with Chat(place, EDITOR=str(editor)) as chat:
        chat.ready()
        first = chat.say("/register plans/checkout.yaml")
        second = chat.say("e")
        assert "committed_units: 20000" in first
        assert "committed_units: 30000" in second
        assert "The file says the same as before" in chat.say("e")
        chat.say("y")
        assert chat.leave() == 0
    assert decisions(place) == ["edit", "approve"]
    registered = state(place).registration.record
    assert registered.plan.design.committed_units == 30_000
    assert registered.digest in second.replace(" ", "")


def test_without_an_editor_the_file_is_edited_elsewhere(place):
    """With no editor set, e waits until the file is saved; a broken file is refused and the question stands."""
    write(place)
    with Chat(place) as chat:
        chat.ready()
        chat.say("/register plans/checkout.yaml")
        assert "save it" in chat.say("e")
        (place / "plans" / "checkout.yaml").write_text("experiment: [", encoding="utf-8")
        assert "cannot be read" in chat.say("")
        assert pending(state(place)) is not None
        write(place, units=30_000)
        assert "save it" in chat.say("e")
        assert "committed_units: 30000" in chat.say("")
        chat.say("n")
        assert chat.leave() == 0
    assert decisions(place) == ["edit", "reject"]


def test_an_approval_of_a_file_that_changed_is_void(place):
    """The file changes between question and answer: y registers nothing, says so, and asks about the new text."""
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
        # Across a new start, too: the file behind the question is found from the record.
        chat.kill()
    with Chat(place) as chat:
        assert "committed_units: 30000" in chat.ready()
        again = write(place, units=40_000)
        assert now.digest[:12] in chat.say("y")
        assert "Registered: checkout" in chat.say("y")
        assert chat.leave() == 0
    assert decisions(place) == ["edit", "edit", "approve"]
    assert state(place).registration.record.digest == again.digest


def test_two_terminals_one_answer(place):
    """A gate answered in a second terminal counts once; the first is told, and both go on."""
    write(place)
    with Chat(place) as first, Chat(place) as second:
        first.ready()
        second.ready()
        first.say("/register plans/checkout.yaml")
        assert "your decision" in second.say("/use checkout")
        assert "Registered: checkout" in second.say("y")
        late = first.say("y")
        assert "answered already" in late
        assert "y / n / e" not in late
        assert "registered" in first.say("/status")
        assert (first.leave(), second.leave()) == (0, 0)
    assert decisions(place) == ["approve"]


def test_a_plan_registered_elsewhere_closes_its_gate(run, place):
    """Registered on the command line while it waits in the chat: the approval is told why it came late, and is over."""
    write(place)
    with Chat(place) as chat:
        chat.ready()
        chat.say("/register plans/checkout.yaml")
        assert run("register", "plans/checkout.yaml").exit_code == 0
        assert "was registered on" in chat.say("y")
        assert "Waits for you nothing" in chat.say("/status")
        assert chat.leave() == 0
    with Chat(place) as chat:
        assert "your decision" not in chat.ready()
        assert chat.leave() == 0
    assert len([e for e in state(place).refused if e.record.refusals[0].code == "plan.registered"]) == 1


def test_amending_shows_the_change_and_the_reason(place):
    """/amend shows what changes from what to what, and why, before anything changes."""
    write(place)
    with Chat(place) as chat:
        chat.ready()
        chat.say("/register plans/checkout.yaml")
        chat.say("y")
        write(place, units=30_000)
        asked = chat.say("/amend plans/checkout.yaml Traffic didn't come")
        assert "design.committed_units 20000 → 30000" in asked
        assert "Traffic didn't come" in asked
        assert state(place).amendments == ()
        assert "Amended (design.committed_units)" in chat.say("y")
        assert "an amendment needs" in chat.say("/amend plans/checkout.yaml").lower()
        assert chat.leave() == 0
    assert state(place).amendments[-1].record.reason == "Traffic didn't come"


def test_hostile_words_at_a_gate_are_inert(place):
    """Escapes in a plan's words and in what is typed neither colour nor move anything."""
    path = place / "plans" / "checkout.yaml"
    hostile = plan_text().replace("Everybody who opens the checkout.", '"\\e[31m[bold]\\u202eAll <b>{{7*7}}"')
    path.write_text(hostile, encoding="utf-8")
    with Chat(place) as chat:
        chat.ready()
        asked = chat.say("/register plans/checkout.yaml")
        assert "\ufffd[31m[bold]\ufffdAll <b>{{7*7}}" in asked
        assert "no language model" in chat.say("\x1b[200~see \x1b[31mred\u202e [bold]x\x1b[201~")
        log = chat.say("/log")
        assert "[31mred" in log
        assert chat.leave() == 0
    assert "\x1b[31m" not in chat.raw
    assert "\u202e" not in chat.raw
