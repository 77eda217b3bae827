"""The conversation on the page: an idea becomes a hypothesis, questions are answered, all of it in the one record."""

from __future__ import annotations

import re
import sqlite3

import pytest

from expcopilot.flow.gates import pending
from expcopilot.flow.said_so_far import drafted
from expcopilot.flow.steps.sharpen import approved_hypothesis
from speaking import IDEA, canaries, read, registered
from web_markup import Markup
from webbing import GRACE


def begun(visitor, idea=IDEA) -> str:
    """An idea said on the board; the name of its experiment."""
    answer = visitor.submit("/", "/ideas", idea=idea)
    assert answer.status_code == 200, answer.text[:600]
    return answer.url.path.removeprefix("/e/")


def looked(web) -> None:
    """The checkout experiment, registered and read once."""
    copilot = web.copilot()
    registered(copilot)
    read(copilot, canaries(web.folder))
    copilot.workspace.close()


@pytest.fixture(scope="module")
def checkout(web):
    """The module's server with one experiment that was read."""
    looked(web)
    return web


def test_an_idea_is_sharpened_answered_and_approved(web, visitor):
    """Said on the board, its holes are fields; what is answered is kept at once and the hypothesis put anew."""
    name = begun(visitor)
    assert name.startswith("the-checkout-form-is-too-long")
    page = visitor.markup(f"/e/{name}")
    assert {"metric", "size", "guardrails"} <= {n for form in page.forms for n in form.values}
    before = pending(web.state(name))
    sent = visitor.submit(f"/e/{name}", f"/e/{name}/sharpen", "these answers", metric="orders", size="5%\r\nat least")
    assert sent.status_code == 200
    state = web.state(name)
    after = pending(state)
    assert [t.record.text for t in state.turns if t.record.speaker == "person"] == [
        f"/sharpen {IDEA}",
        "/sharpen metric=orders",
        "/sharpen size=5%\nat least",
        "/sharpen",
    ]
    assert (after.record.content["sharpened"]["metric"], after.position > before.position) == ("orders", True)
    assert (state.decisions[-1].record.action, state.decisions[-1].record.reason) == ("edit", "More was said.")
    answer = visitor.submit(f"/e/{name}", f"/e/{name}/gate", "Approve")
    assert answer.status_code == 200
    assert "You approved the hypothesis." in Markup(answer.text).visible
    assert approved_hypothesis(web.state(name)).metric == "orders"
    assert web.state(name).decisions[-1].actor == visitor.person


def test_a_second_idea_of_the_same_words_is_an_experiment_of_its_own(web, visitor):
    """No idea lands in another experiment, and none is lost: names are made free."""
    first, second = begun(visitor, "A blue button sells more"), begun(visitor, "A blue button sells more")
    assert second == f"{first}-2"
    assert drafted(web.state(first)).record.content["idea"] == drafted(web.state(second)).record.content["idea"]


def test_a_field_is_said_anew_and_an_unchanged_form_is_refused(web, visitor):
    """Edit changes the fields that differ and no other; sending what stands there already says so."""
    name = begun(visitor, "Longer subject lines for the newsletter bring more readers")
    form = visitor.form(f"/e/{name}", f"/e/{name}/sharpen", "changed")
    same = visitor.client.post(form.action, data=form.values)
    assert (same.status_code, "does not stand there already" in same.text) == (422, True)
    channel = visitor.client.post(form.action, data={**form.values, "channel": "carrier pigeon"})
    assert (channel.status_code, "There is no channel" in channel.text) == (422, True)
    visitor.client.post(form.action, data={**form.values, "audience": "Everybody on the list", "channel": "email"})
    content = pending(web.state(name)).record.content
    assert (content["channel"], content["sharpened"]["audience"]) == ("email", "Everybody on the list")
    stale = visitor.client.post(form.action, data={**form.values, "audience": "Nobody"})
    assert (stale.status_code, "no longer the one that stands" in stale.text) == (422, True)
    assert pending(web.state(name)).record.content == content


def test_a_draft_put_aside_comes_back(web, visitor):
    """Killed between two questions, or left in the terminal: what was said is kept, and one button puts it anew."""
    name = begun(visitor, "Free delivery above forty euros brings larger baskets")
    copilot = web.copilot()
    copilot.decide(name, "edit")
    copilot.say(name, "t1", "person", "/sharpen metric=basket value")
    copilot.workspace.close()
    page = visitor.markup(f"/e/{name}")
    assert "You were editing the hypothesis" in page.visible
    assert "was not answered" not in page.visible
    visitor.submit(f"/e/{name}", f"/e/{name}/sharpen", "as it is now")
    assert pending(web.state(name)).record.content["sharpened"]["metric"] == "basket value"


def test_without_a_model_the_record_answers(checkout, visitor):
    """A question is answered by code, with what helps by its button; that there is no model is said once."""
    page = Markup(visitor.post("/e/checkout/say", {"text": "Did the short form win?"}).text)
    assert "The verdict of look 1 is" in page.visible
    assert "What helps here: “Why”" in page.visible
    assert page.visible.count("No language model is set up") == 1
    said = [t.record for t in checkout.state("checkout").turns]
    assert [(s.speaker, s.text) for s in said[-2:-1]] == [("person", "Did the short form win?")]
    assert (said[-1].speaker, said[-1].turn) == ("code", said[-2].turn)


def test_commands_that_show_are_answered_and_others_name_their_button(checkout, visitor):
    """/why and /case are kept as the terminal keeps them, /status and /cost show; the rest is refused kindly."""
    before = len(checkout.state("checkout").turns)
    why = visitor.post("/e/checkout/say", {"text": "/why"})
    assert why.url.params["show"] == "why"
    assert "What would change it:" in Markup(why.text).visible
    case = Markup(visitor.post("/e/checkout/say", {"text": "/case"}).text)
    assert "The strongest case that this result is noise" in case.text
    kept = [(t.record.speaker, t.record.text) for t in checkout.state("checkout").turns[before:]]
    assert [text for speaker, text in kept if speaker == "person"] == ["/why", "/case"]
    assert kept[1][1].startswith("Look 1: ")
    entries = checkout.kinds()
    assert "Looks so far" in Markup(visitor.post("/e/checkout/say", {"text": "/status"}).text).visible
    assert "no language model is set up" in Markup(visitor.post("/e/checkout/say", {"text": "/cost"}).text).visible
    for text, said in (
        ("/analyze data.csv", "“Read data”"),
        ("/regster", "Did you mean /register?"),
        ("/sharpen another idea", "an experiment of its own"),
        ("y" * 4001, "4,000 are read at most"),
        ("  ", "Nothing was said"),
    ):
        refused = visitor.post("/e/checkout/say", {"text": text})
        assert (refused.status_code, said in Markup(refused.text).visible) == (422, True), text
    assert checkout.kinds() == entries


def test_looking_changes_nothing(checkout, visitor):
    """No page that is only looked at writes to the ledger, whatever its address asks to be shown."""
    name = begun(visitor, "Looking at an idea changes nothing")
    entries = checkout.kinds()
    for path in (f"/e/{name}", "/e/checkout"):
        for show in ("", "why", "case", "status", "cost", "help", "<script>", "why&lines=all"):
            assert visitor.get(f"{path}?show={show}").status_code == 200
    assert visitor.get(f"/e/{name}/turns/none").text.strip().endswith("data: done")
    assert checkout.kinds() == entries


def test_an_open_line_is_asked_again(checkout, visitor):
    """A line that nobody answered says that it changed nothing; asked again, it is answered in its own turn, once."""
    copilot = checkout.copilot()
    copilot.say("checkout", "open-1", "person", "Why should we wait?")
    copilot.workspace.close()
    page = visitor.markup("/e/checkout")
    assert "Your last line was not answered; it changed nothing." in page.visible
    answer = visitor.submit("/e/checkout", "/e/checkout/again")
    assert "was not answered" not in Markup(answer.text).visible
    said = checkout.state("checkout").turns
    assert [t.record.speaker for t in said if t.record.turn == "open-1"] == ["person", "code"]
    late = visitor.post("/e/checkout/again", {"turn": "open-1"})
    assert (late.status_code, "answered already" in late.text) == (422, True)


@pytest.mark.usefixtures("checkout")
def test_hostile_words_are_inert(visitor):
    """Markup, control characters and bidi marks in a line are shown for what they are, there and on reload."""
    text = "<img src=x onerror=alert(1)> {{7*7}} \u202etxt </textarea><script>alert(2)</script>"
    page = visitor.post("/e/checkout/say", {"text": text})
    assert "<img src=x" not in page.text
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert "{{7*7}}" in Markup(page.text).visible


def test_another_person_reads_who_said_what(checkout, visitor):
    """Grace sees Ada's lines under Ada's name, her own as hers."""
    visitor.post("/e/checkout/say", {"text": "Ada asks: did it win?"})
    with checkout.enter(GRACE) as grace:
        page = grace.post("/e/checkout/say", {"text": "Grace asks: what does it mean?"}).text
    lines = re.findall(r'class="who">(\S+) <time.*?class="words">(.*?)</p>', page, re.DOTALL)
    assert ("Ada", "Ada asks: did it win?") in lines
    assert ("You", "Grace asks: what does it mean?") in lines


def test_a_lost_checkpoint_loses_no_gate(web, visitor):
    """With the graph's checkpoints gone the gate is still there, and its card still answers it."""
    name = begun(visitor, "A gate stands in the ledger and nowhere else")
    form = visitor.form(f"/e/{name}", f"/e/{name}/gate", "Approve")
    with sqlite3.connect(web.folder / "conversations.sqlite") as checkpoints:
        checkpoints.executescript("DELETE FROM checkpoints; DELETE FROM writes;")
    checkpoints.close()
    assert visitor.client.post(form.action, data={**form.values, **form.pressed("Approve")}).status_code == 200
    assert web.state(name).decisions[-1].record.action == "approve"
