"""Answers on their way: they stream, survive reload and kill, are stopped by a button, and stand in the record once."""

from __future__ import annotations

import threading
import time

import pytest

from copilot_tools.refusals import Refused
from expcopilot.flow.at_work import AT_WORK, STOPPING
from expcopilot.surfaces.web.turns import MOST, Turns
from held_model import SENTENCES, Held, events
from loopback.replies import Said
from loopback.server import Loopback
from speaking import IDEA, canaries, read, registered
from web_markup import Markup
from webbing import GRACE, Web, workspace_for_web

SAY, QUESTION = "/e/checkout/say", "Did the short form win?"


@pytest.fixture(scope="module")
def held():
    """The model of the module's server."""
    return Held()


@pytest.fixture(scope="module")
def talking(tmp_path_factory, held):
    """A server with that model, and the checkout experiment, registered and read once."""
    with Loopback(held.script) as model:
        folder = workspace_for_web(tmp_path_factory.mktemp("turns") / "lab", model.url)
        with Web(folder) as web:
            web.model = model
            copilot = web.copilot()
            registered(copilot)
            read(copilot, canaries(folder))
            copilot.workspace.close()
            yield web
            held.go_on.set()


@pytest.fixture
def ada(talking, held):
    """Ada, in; the model holds its breath anew."""
    held.again()
    with talking.enter() as inside:
        yield inside
    held.go_on.set()


def turn_on(page: Markup) -> str:
    """The address at which the answer on its way streams, as the page names it."""
    (stream,) = [e for e in page.walk() if "hx-sse:connect" in e.attributes]
    assert stream.attributes["hx-sse:close"] == "done"
    return stream.attributes["hx-sse:connect"]


def until(found, seconds=30):
    """Wait until this is so."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)
    return value


def turns(web):
    """What was said last in the checkout experiment: the last question's lines as (speaker, text)."""
    said = [t.record for t in web.state("checkout").turns]
    last = max((n for n, line in enumerate(said) if line.speaker == "person"), default=0)
    return [(line.speaker, line.text) for line in said[last:]]


def answered(web):
    """The answer of the last question, once it is there."""
    return until(lambda: turns(web)[1:])[0]


def test_sentences_stream_each_once_and_stand_in_the_record(talking, held, ada):
    """Each checked sentence comes as it is said; a reload has what came; who comes back gets only the rest."""
    page = Markup(ada.post(SAY, {"text": QUESTION}).text)
    address = turn_on(page)
    assert held.reached.wait(30)
    with events(ada, address) as stream:
        role, sentence = next(stream), next(stream)
        assert (role[0], "The guide is at work" in role[2]) == ("1", True)
        assert 'hx-swap="beforeend"' in sentence[2]
        assert "The verdict is inconclusive. </span>" in sentence[2]

        reloaded = ada.markup("/e/checkout")
        assert "The verdict is " in reloaded.visible
        assert "Load the page again to see what came." in reloaded.visible
        assert turn_on(reloaded).endswith("?after=2")
        busy = ada.post(SAY, {"text": "And on mobile?"})
        assert (busy.status_code, "still on its way" in busy.text) == (422, True)

        with events(ada, address, had="2") as later:
            held.go_on.set()
            rest = list(later)
        assert rest == list(stream)
    assert [(number, event) for number, event, _ in rest] == [("3", ""), ("4", ""), ("", "done")]
    assert "is +" in rest[0][2]
    after = ada.markup("/e/checkout")
    assert not [e for e in after.walk() if "hx-sse:connect" in e.attributes]
    assert "guide: 1 answer" in after.visible
    (question, (speaker, text)) = turns(talking)
    assert question == ("person", QUESTION)
    assert (speaker, text.count("The verdict is"), "The difference could be noise." in text) == ("guide", 1, True)
    assert talking.state("checkout").turns[-1].record.prose.count(".") >= len(SENTENCES)


def test_stopped_at_the_next_sentence(talking, held, ada):
    """A button ends the turn where it is: what was said stays, marked with who stopped it; the next one is answered."""
    kept = talking.kinds("checkout").count("answered")
    page = Markup(ada.post(SAY, {"text": "Should we wait?"}).text)
    assert held.reached.wait(30)
    address = turn_on(page).partition("?")[0]
    with events(ada, address) as stream:
        next(stream), next(stream)
        with talking.enter(GRACE) as grace:
            asked = grace.post(f"{address}/stop")
        assert "Stopping at the next sentence" in Markup(asked.text).visible
        held.go_on.set()
        assert [event for _, event, _ in stream] == ["done"]
    speaker, text = answered(talking)
    assert speaker == "guide"
    assert text.startswith("The verdict is ")
    assert text.endswith("(Stopped here by Grace <grace@example.com>.)")
    assert "noise" not in text
    assert talking.kinds("checkout").count("answered") == kept
    ada.post(SAY, {"text": "And now?"})
    assert answered(talking)[1].endswith("The difference could be noise.")


def test_a_failing_model_is_said_with_what_to_do(talking, held, ada):
    """A model that refuses leaves its reason and its cure in the conversation, and the next question is taken."""
    held.again(lambda _: Said(text="I would rather not.", stop="refusal"))
    ada.post(SAY, {"text": "Say that it won."})
    speaker, text = answered(talking)
    assert (speaker, text.startswith("Refused: ")) == ("code", True)
    page = ada.markup("/e/checkout").visible
    cure = talking.state("checkout").refused[-1].record.refusals[0].cure
    assert text in page
    assert cure[:40] in page


def test_killed_in_the_middle_it_is_asked_again_and_nothing_twice(talking, held, ada):
    """SIGKILL while it streams: the line stands unanswered; asked again, what a model did answer is not sent anew."""

    def cut_first(body):
        used = any(block["type"] == "tool_result" for turn in body["messages"] for block in turn["content"])
        return None if used else Said(tools=(("toolu_1", "cut", {"column": "device"}),))

    held.again(cut_first)
    ada.post(SAY, {"text": "And on mobile?"})
    assert held.reached.wait(30)
    before = talking.kinds("checkout")
    assert before.count("looked") == 2
    talking.kill()
    held.go_on.set()
    talking.start()
    page = ada.markup("/e/checkout")
    assert "Your last line was not answered; it changed nothing." in page.visible
    assert ada.get("/e/checkout/turns/long-gone").text.strip().endswith("data: done")
    assert talking.kinds("checkout") == before
    ada.submit("/e/checkout", "/e/checkout/again", "Ask again")
    assert answered(talking)[0] == "guide"
    assert "was not answered" not in ada.markup("/e/checkout").visible
    assert talking.kinds("checkout").count("looked") == 2
    assert [t.record.text for t in talking.state("checkout").turns].count("And on mobile?") == 1
    assert talking.model.asked_again() == []
    with talking.copilot().workspace as workspace:
        assert workspace.ledger.verify().sound


def test_nobody_reads_and_it_is_kept_and_ctrl_c_ends_it_soon(talking, held, ada):
    """With no browser reading the turn ends and is kept; Ctrl-C in the middle of one leaves its line to be asked."""
    held.go_on.set()
    ada.post(SAY, {"text": "Nobody reads this?"})
    assert answered(talking)[0] == "guide"
    held.again()
    page = Markup(ada.post(SAY, {"text": "What now?"}).text)
    assert held.reached.wait(30)
    with events(ada, turn_on(page)) as stream:
        next(stream)
        talking.stop()  # returns once the process has ended
    held.go_on.set()
    talking.start()
    assert "was not answered" in ada.markup("/e/checkout").visible
    assert turns(talking) == [("person", "What now?")]
    assert "Traceback" not in talking.said


@pytest.mark.torture
def test_killed_while_sharpening_the_idea_is_gone_on_with(talking, held, ada):
    """SIGKILL while the sharpener is asked: the idea stands, and one click takes it to its gate."""
    path = ada.submit("/", "/ideas", idea=IDEA).url.path
    assert held.reached.wait(30)
    talking.kill()
    held.go_on.set()
    talking.start()
    assert IDEA in ada.markup(path).visible
    ada.submit(path, f"{path}/again")
    until(lambda: "waits for your decision" in ada.markup(path).visible)
    state = talking.state(path.removeprefix("/e/"))
    assert len(state.proposals) == 1
    assert [t.record.speaker for t in state.turns] == ["person", "code"]


def test_turns_are_bounded_and_one_an_experiment():
    """One turn an experiment and a bounded number in all; a place is given back, also where the line is not kept."""
    all_turns, go_on, seen = Turns(), threading.Event(), []

    def work(running):
        seen.append((AT_WORK.get() == running.at_work, STOPPING.get()()))
        go_on.wait(30)

    def unkept() -> None:
        raise Refused.because("ledger.locked", "Locked.", "Later.")

    with pytest.raises(Refused, match="Locked"):
        all_turns.start("a", "t0", work, begin=unkept)
    started = [all_turns.start(f"e{n}", f"t{n}", work) for n in range(MOST)]
    with pytest.raises(Refused, match="still on its way"):
        all_turns.start("e0", "again", work)
    with pytest.raises(Refused, match=f"{MOST} answers"):
        all_turns.start("one-more", "t", work)
    assert all_turns.of("e0") is started[0]
    go_on.set()
    all_turns.close(30)
    assert (all_turns.of("e0"), started[0].since(0)) == (None, ((), True))
    assert seen == [(True, False)] * MOST


def test_a_reader_of_a_turn_misses_nothing():
    """Whoever reads from any number on gets every later piece once, in order, though it is written meanwhile."""
    all_turns, ready = Turns(), threading.Event()

    def work(running):
        ready.wait(30)
        for number in range(500):
            running.hear(f"{number} ")

    running = all_turns.start("a", "t", work)
    woken, read_so_far, over = threading.Event(), [], False
    with running.watched(woken.set):
        ready.set()
        while not over:
            woken.wait(30)
            woken.clear()
            pieces, over = running.since(len(read_so_far))
            read_so_far += [piece.text for piece in pieces]
    assert read_so_far == [f"{number} " for number in range(500)]
    assert running.shown == "".join(read_so_far)
