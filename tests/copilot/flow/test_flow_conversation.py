"""What both conversations share: a stopped turn, costs, what helps, what a gate shows, what was said so far."""

from __future__ import annotations

import json
import threading

import pytest

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow import sharpening
from expcopilot.flow.at_work import AT_WORK, STOPPING, Announced, Stopped
from expcopilot.flow.costs import by_role, cost_line
from expcopilot.flow.gate_text import changes, lines, plan_in, turn_of
from expcopilot.flow.gates import pending
from expcopilot.flow.helps import Help, helps
from expcopilot.flow.moves import Move
from expcopilot.flow.said_so_far import drafted, rows, so_far
from expcopilot.flow.spoken import stopped
from expcopilot.language.model.protocol import Request
from expcopilot.records.answer import Answered, Usage
from speaking import IDEA, canaries, read, registered, scripted
from tests_plan import plan


@pytest.fixture
def copilot(workspace):
    """The workspace's verbs."""
    return Copilot(workspace, workspace.ledger)


@pytest.fixture
def stopping():
    """Whether the turn is stopped, as a test says."""
    flag = threading.Event()
    before = STOPPING.set(flag.is_set)
    yield flag
    STOPPING.reset(before)


def test_a_stopped_turn_sends_nothing_more_and_hears_no_further_piece(stopping):
    """Stopped before a request it is not sent; stopped in a streamed answer, the next piece ends it."""
    heard: list[str] = []
    sent: list[str] = []
    model = Announced(scripted(guide=lambda _: json.dumps({"statements": ["one", "two", "three"]})))
    request = Request(role="guide", system=(), messages=())

    def hear(piece: str) -> None:
        heard.append(piece)
        stopping.set()

    before = AT_WORK.set(sent.append)
    try:
        with pytest.raises(Stopped):
            model.answer(request, on_text=hear)
        assert (len(heard), sent) == (1, ["guide"])
        with pytest.raises(Stopped):
            model.answer(request)
        assert sent == ["guide"]
        stopping.clear()
        assert "three" in model.answer(request).text
    finally:
        AT_WORK.reset(before)


def test_a_stopped_question_keeps_no_answer_and_is_asked_anew(copilot, tmp_path, stopping):
    """Stopped after its first sentence, nothing of the answer is kept; asked again, it is answered in full."""
    registered(copilot)
    read(copilot, canaries(tmp_path))
    told: list[str] = []

    def hear(text: str) -> None:
        told.append(text)
        stopping.set()

    texts = ["The verdict is {verdict.phrase}.", "The difference could be noise."]
    model = scripted(guide=lambda _: json.dumps({"statements": texts}))
    with pytest.raises(Stopped):
        copilot.ask("checkout", "Did it win?", model=model, on_text=hear)
    assert len(told) == 1
    assert copilot.experiment("checkout").answers == ()
    stopping.clear()
    assert copilot.ask("checkout", "Did it win?", model=model).text.endswith("could be noise.")


def test_a_stopped_sharpening_does_not_come_back(copilot, stopping):
    """An idea whose sharpening was stopped is over: the lifecycle does not go on with it, and takes the next one."""
    model = scripted()
    stopping.set()
    with copilot.lifecycle(model=model) as moves:
        with pytest.raises(Stopped):
            sharpening.begin(moves, "checkout", "t1", IDEA)
        stopping.clear()
        assert moves.resume("checkout") is None
        assert sharpening.begin(moves, "checkout", "t2", "Another idea").content["idea"] == "Another idea"


def test_put_anew_with_what_was_said_since(copilot):
    """An answer on record is in the hypothesis that is put anew, and the one before it is answered as edited."""
    with copilot.lifecycle(model=None) as moves:
        first = sharpening.begin(moves, "checkout", "t1", IDEA)
        copilot.say("checkout", "t2", "person", "/sharpen metric=orders")
        state = copilot.experiment("checkout")
        second = sharpening.put_anew(moves, "checkout", "t3", so_far(state, drafted(state)))
        assert ("metric", "orders") in rows(second.content)
        assert ("metric", "orders") not in rows(first.content)
        state = copilot.experiment("checkout")
        assert [d.record.reason for d in state.decisions] == ["More was said."]
        assert turn_of(state) == "t3"
        sharpening.require_open(state)
        moves.answer(second, "approve")
        made = plan()
        moves.move("checkout", "t4", Move.REGISTER, {"plan": made.to_json()})
        with pytest.raises(Refused, match="waits for a decision first"):
            sharpening.require_open(copilot.experiment("checkout"))


def test_a_gates_text(copilot):
    """A plan's gate holds that plan; an amendment's lists old and new of what changed, and its reason."""
    made = plan()
    units = (made.design.committed_units or 0) + 1000
    more = made.model_copy(update={"design": made.design.model_copy(update={"committed_units": units})})
    with copilot.lifecycle(model=None) as moves:
        waiting = moves.move("checkout", "t1", Move.REGISTER, {"plan": made.to_json()})
        assert plan_in(waiting.gate, waiting.content) == made
        moves.answer(waiting, "approve")
        waiting = moves.move("checkout", "t2", Move.AMEND, {"plan": more.to_json(), "reason": "Traffic grew."})
    assert plan_in(waiting.gate, waiting.content) == more
    assert changes(made, waiting.content) == (
        ("design.committed_units", f"{made.design.committed_units} → {units}"),
        ("reason", "Traffic grew."),
    )
    assert pending(copilot.experiment("checkout")).record.gate == "amendment"
    assert lines({"early": True, "why": ["a", {"b": 1}], "none": []}) == (
        "early: True\nwhy:\n  - a\n  -\n    b: 1\nnone: []"
    )


def test_costs_in_a_line_and_by_role():
    """Answers, tokens and dollars of each role and of all; what has no price is said to have none."""

    def kept(role: str, cost: float | None) -> Answered:
        usage = Usage(input_tokens=1000, cache_read_tokens=200, output_tokens=30)
        return Answered(request=role, role=role, prompt="p", prompt_digest="d", model="m", text="", stop="end",
                        usage=usage, cost=cost)  # fmt: skip

    used = (kept("guide", 0.5), kept("guide", 0.25), kept("skeptic", None))
    assert cost_line(()) == ""
    assert cost_line(used[:1]) == "guide: 1 answer, 1,200 tokens read, 30 written, US$ 0.5000"
    assert cost_line(used) == "guide, skeptic: 3 answers, 3,600 tokens read, 90 written, US$ 0.7500 and more, unpriced"
    assert [tuple(row) for row in by_role(used)] == [
        ("guide", "2", "2,400", "60", "0.7500"),
        ("skeptic", "1", "1,200", "30", "not priced"),
        ("all", "3", "3,600", "90", "0.7500 and more, unpriced"),
    ]
    assert by_role(()) == ()


def test_what_helps_with_a_question():
    """By its words, at most three; where they say nothing, by whether there is data to speak of."""
    assert helps("Why did it win, is it chance, and on mobile in the plan?", looked=True) == (
        Help.WHY,
        Help.CASE,
        Help.CUT,
    )
    assert helps("hm", looked=True) == (Help.WHY, Help.CASE)
    assert helps("hm", looked=False) == (Help.PLAN, Help.STATUS)


def test_what_is_kept_of_a_stopped_answer():
    """What was shown, marked, and never told again as the role's own words; code's where nothing was shown."""
    kept = stopped(" The verdict is open. ", "guide", "Ada")
    assert (kept.speaker, kept.text, kept.prose) == ("guide", "The verdict is open. (Stopped here by Ada.)", "")
    assert stopped("  ", "guide", "Ada").speaker == "code"
