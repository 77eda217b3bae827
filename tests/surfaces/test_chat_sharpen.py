"""From an idea to a registered plan in one conversation, under one name: sharpened, approved, planned, frozen."""

from __future__ import annotations

import pytest

from chatting import Chat
from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.memory import plan_files
from loopback.server import Loopback
from speaking import canaries, on_the_wire, read, registered

IDEA = "A shorter checkout should bring more orders"
ANSWERS = (
    "Checkout takes one page instead of three",
    "Everybody who opens the checkout",
    "A third of all carts are left on the second page",
    "orders",
    "it should rise",
    "half a point",
    "Orders do not rise by half a point",
    "Orders are what the company lives on",
    "returns: +0.2 points",
)


def of(folder, name):
    with Copilot.open(folder).workspace as workspace:
        return Copilot(workspace, workspace.ledger).experiment(name)


def test_one_name_from_the_idea_to_the_registered_plan(place):
    """Holes are questions, killed between two of them nothing is asked again, and /new asks only what is left."""
    with Chat(place) as chat:
        assert "/sharpen IDEA" in chat.ready()
        chat.keys(f"/sharpen --name checkout --channel landing-page {IDEA}\r")
        assert "What exactly changes" in chat.ready()
        for answer, asks in zip(ANSWERS[:3], ("For whom", "Why should it work", "Which one number"), strict=True):
            assert asks in chat.say(answer)
        chat.kill()
    with Chat(place) as chat:
        assert "Is this the hypothesis?" in chat.ready()
        chat.keys("/sharpen\r")
        asked = chat.ready()
        assert "Which one number" in asked
        assert "What exactly changes" not in asked
        for answer in ANSWERS[3:-1]:
            chat.say(answer)
        shown = chat.say(ANSWERS[-1])
        assert "checkout: your decision" in shown
        assert all(answer in shown for answer in (*ANSWERS[:4], ANSWERS[5]))
        assert "Still open" not in shown
        assert "/new" in chat.say("y")
        asked = chat.say("/new")
        assert "From the approved hypothesis of checkout" in asked
        assert "matters: +0.5 points" in asked
        assert "What is orders today?" in asked
        assert "of 5" not in asked
        chat.say("4%")
        chat.say("20,000")
        assert "Look early?" in chat.say("2100-01-01")
        assert "plans/checkout.yaml" in chat.say("25%, 50%")
        assert "digest" in chat.say("/register").lower()
        assert "Registered: checkout" in chat.say("y")
        assert chat.leave() == 0
    plan = plan_files.load(place / "plans" / "checkout.yaml")
    assert plan.hypothesis.falsifier == ANSWERS[6]
    assert plan.north_star == ANSWERS[7]
    assert plan.analysis.looks is not None
    assert plan.analysis.looks.shares == (0.25, 0.5)
    assert (plan.analysis.primary.name, plan.analysis.primary.direction) == ("orders", "increase")
    assert (plan.analysis.minimum_effect.size, plan.analysis.minimum_effect.scale) == (0.005, "absolute")
    (returns,) = plan.analysis.guardrails
    assert (returns.name, returns.direction, returns.margin.size) == ("returns", "decrease", pytest.approx(0.002))
    state = of(place, "checkout")
    assert state.plan == plan
    assert [d.record.gate for d in state.decisions if d.record.action == "approve"] == ["hypothesis", "plan"]


def test_stopped_while_asking_what_was_answered_is_kept(place):
    """Ctrl-C ends the questions, the answers given stand in the text at the gate, and e asks the rest."""
    with Chat(place) as chat:
        chat.ready()
        chat.keys(f"/sharpen {IDEA}\r")
        assert "a-shorter-checkout" in chat.ready()
        assert "For whom" in chat.say(ANSWERS[0])
        chat.keys("\x03")
        shown = chat.ready()
        assert "what you answered is kept" in shown
        assert ANSWERS[0] in shown
        assert "your decision" in shown
        chat.say("e")
        assert "For whom" in chat.say("")
        chat.keys("\x03")
        assert "your decision" in chat.ready()
        assert "e changes a field, or answers what is open" in chat.text
        assert "with fewer fields" in chat.say("/sharpen and with fewer fields")
        assert "Approved" in chat.say("y")
        assert chat.leave() == 0
    (name,) = {e.name for e in of_all(place)}
    state = of(place, name)
    stands = approved_hypothesis(state)
    assert stands.change == ANSWERS[0]
    assert pending(state) is None


def test_any_field_is_said_anew_at_the_gate_and_nothing_is_glued_to_the_idea(place):
    """The fields stand numbered; a number replaces what stood there, the idea too, and only it; the rest stays."""
    with Chat(place) as chat:
        chat.ready()
        chat.keys(f"/sharpen --name checkout {IDEA}\r")
        chat.ready()
        for answer in ANSWERS:
            chat.say(answer)
        shown = chat.say("e")
        assert "1 idea" in shown
        assert f"4 audience {ANSWERS[1]}" in shown
        assert f"6 metric {ANSWERS[3]}" in shown
        assert "11 guardrails returns: +0.2 points" in shown
        assert "a number from 1 to 11" in chat.say("everybody but staff")
        chat.say("4")
        chat.say("New customers")
        chat.say("north star")
        chat.say("Sales")
        chat.say("1")
        assert "read as a command" in chat.say("/stauts")
        chat.say("2")
        assert "no channel 'fax'" in chat.say("fax")
        chat.say("1")
        chat.say("One page should sell more")
        shown = chat.say("")
        assert "your decision" in shown
        assert "New customers" in shown
        assert ANSWERS[1] not in shown
        assert IDEA not in shown
        assert "everybody but staff" not in shown
        assert "Approved" in chat.say("y")
        assert chat.leave() == 0
    stands = approved_hypothesis(of(place, "checkout"))
    assert (stands.change, stands.audience, stands.north_star) == (ANSWERS[0], "New customers", "Sales")
    assert of(place, "checkout").proposals[-1].record.content["idea"] == "One page should sell more"


def test_a_slip_where_an_idea_is_asked_begins_nothing(place):
    """A mistyped command is no idea: the nearest is named, no experiment comes of it, and none sticks to the prompt."""
    with Chat(place) as chat:
        chat.ready()
        chat.keys("/sharpen\r")
        chat.ready()
        chat.until("Your idea")
        assert "Did you mean /status?" in chat.say("/statsu")
        assert "Did you mean /status?" in chat.say("/sharpen /statsu")
        chat.say("/sharpen")
        assert "Type /experiments by itself" in chat.say("/experiments")
        assert "no channel 'fax'" in chat.say("/sharpen --channel fax A shorter checkout")
        assert "There is no experiment yet" in chat.say("/experiments")
        assert "No experiment is talked about yet" in chat.say("/status")
        assert chat.leave() == 0
    assert not of_all(place)


def of_all(folder):
    with Copilot.open(folder).workspace as workspace:
        return Copilot(workspace, workspace.ledger).experiments()


def test_with_a_model_the_role_at_work_and_the_cost_are_shown(place, monkeypatch):
    """Who is asked stands before the answer, what it cost after it; what was learned before comes first."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with Loopback(on_the_wire()) as server:
        settings = place / "expcopilot.toml"
        with Copilot.open(place).workspace as workspace:
            copilot = Copilot(workspace, workspace.ledger)
            registered(copilot)
            read(copilot, canaries(place))
        settings.write_text(
            settings.read_text() + f'\n[model]\nname = "claude-sonnet-5-5"\nbase_url = "{server.url}"\n'
        )
        with Chat(place, "checkout") as chat:
            chat.ready()
            answered = chat.say("conversion is up but session time is down, what now?")
            assert answered.index("The guide is at work") < answered.index("The verdict is inconclusive.")
            assert "guide: 1 answer" in answered
            assert "US$" in answered
            asked = chat.say("/sharpen --name short A short form at the checkout should bring more orders")
            assert "Similar experiments that were read before" in asked
            assert "inconclusive" in asked
            assert "The sharpener is at work" in asked
            chat.keys("\x03")  # no Enter behind it: the prompt that follows would take it for a line
            assert "sharpener: 1 answer" in chat.ready()
            assert chat.leave() == 0
        assert server.sent_twice() == []


def test_without_a_model_the_record_answers(place):
    """What now, and why not stop: the verdict, the guardrails and the committed end, in whole sentences."""
    with Copilot.open(place).workspace as workspace:
        copilot = Copilot(workspace, workspace.ledger)
        registered(copilot)
        read(copilot, canaries(place, n=8_000))
    with Chat(place, "checkout") as chat:
        chat.ready()
        stop = chat.say("why not just stop now?")
        assert "8,000 of the 20,000 committed units are in" in stop
        assert "never counts as supported" in stop
        assert "/close --early REASON" in stop
        closed = chat.say("conversion is up but session time is down, what now?")
        assert "The outcomes are closed" in closed
        assert "no language model is set up here" in closed
    with Copilot.open(place).workspace as workspace:
        read(Copilot(workspace, workspace.ledger), canaries(place, n=20_000))
    with Chat(place, "checkout") as chat:
        chat.ready()
        opened = chat.say("conversion is up but session time is down, what now?")
        assert "The plan decides by conversion" in opened
        assert "The verdict of look 2 is" in opened
        assert "cannot overrule it afterwards" in opened
