"""A plan on the page: answered, sized while it is answered, written, registered at its gate, sealed, amended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page

from expcopilot.api import Copilot
from expcopilot.flow import gates
from expcopilot.memory import plan_files
from expcopilot.surfaces import typed_answers
from tests_plan import LATENCY, plan, today
from web_markup import Markup
from webbing import Visitor, Web

ANSWERS = {
    "channel": "landing-page",
    "change": "The headline names the price instead of the brand",
    "audience": "New visitors from organic search",
    "because": "In twelve of twenty interviews the price was the first question",
    "metric": "sign-up rate",
    "kind": "share",
    "matters": "+10%",
    "guardrail": "bounce rate: +1 point\r\nrevenue: -2% (number)",
    "baseline": "4%",
    "traffic": "20k",
    "start": f"{today()}",
}
"""Five questions and what sizes the test, as a marketer types them."""


@contextmanager
def at_desk(web: Web) -> Iterator[Copilot]:
    """The same workspace from Python."""
    copilot = web.copilot()
    try:
        yield copilot
    finally:
        copilot.workspace.close()


def written(visitor: Visitor, name: str, **changed: str) -> str:
    """Write a plan through the form; the text of the page that shows it."""
    answer = visitor.post("/plan", {**ANSWERS, "name": name, **changed})
    assert answer.status_code == 200, Markup(answer.text).visible
    assert answer.url.path == f"/e/{name}/plan"
    return Markup(answer.text).visible


def registered(web: Web, name: str, **analysis: object) -> None:
    """Register the checkout plan under a name, from Python."""
    with at_desk(web) as copilot:
        copilot.register(plan(name, **analysis))  # type: ignore[arg-type]


def test_the_whole_way_from_answers_to_a_sealed_plan(web, visitor):
    """Answered, written, checked, registered, approved at the gate: the record holds exactly the plan of the file."""
    shown = written(visitor, "headline")
    assert "Draft of a plan: headline" in shown
    assert "Nothing is left open" in shown or "Better answered, too" in shown
    file = web.folder / "plans" / "headline.yaml"
    drafted = plan_files.load(file)
    assert [g.name for g in drafted.analysis.guardrails] == ["bounce rate", "revenue"]
    assert drafted.design.committed_units is not None

    gate = visitor.submit("/e/headline/plan", "/e/headline/plan/register", "Register this plan")
    assert gate.url.path == "/e/headline"
    asked = gates.pending(web.state("headline"))
    assert asked is not None
    assert asked.record.content == drafted.to_json()
    assert asked.record.digest[:12] in gate.text or drafted.digest[:12] in gate.text
    assert "register" not in {f.action.rpartition("/")[2] for f in visitor.markup("/e/headline/plan").forms}

    with at_desk(web) as copilot:
        copilot.decide("headline", "approve")
    state = web.state("headline")
    assert state.registration is not None
    assert state.registration.record.digest == drafted.digest
    sealed = visitor.markup("/e/headline/plan").visible
    assert "Sealed on" in sealed
    assert drafted.digest[:12] in sealed
    assert "Sealed on" in visitor.markup("/e/headline").visible


def test_a_second_click_on_register_asks_once(web, visitor):
    """Register pressed twice leaves one proposal and one line of the person's."""
    written(visitor, "twice")
    for _ in range(2):
        assert visitor.post("/e/twice/plan/register").status_code == 200
    state = web.state("twice")
    assert len(state.proposals) == 1
    assert [t.record.text for t in state.turns if t.record.text.startswith("/register")] == [
        "/register plans/twice.yaml"
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"looks": "50%"},
        {"channel": "email", "traffic": "", "list": "9,000", "looks": ""},
        {"kind": "number", "baseline": "12.40", "sd": "30", "matters": "+3%"},
        {"matters": "-0.4 points"},
    ],
    ids=["stream", "looks", "list", "number", "fall"],
)
def test_the_live_size_is_that_of_the_plan(web, visitor, changed):
    """What stands beside the form while it is filled in are the numbers of ``Copilot.new``, and nothing is recorded."""
    said = {**ANSWERS, **changed}
    typed = {k: v for k, v in said.items() if k in typed_answers.FIELDS and v}
    typed["guardrail"] = typed["guardrail"].split("\r\n")
    before = web.kinds()
    shown = Markup(visitor.get("/plan/size", params=said).text).visible
    with at_desk(web) as copilot:
        made = copilot.new(channel=said["channel"], **typed_answers.read(typed).fields)
    assert made.size is not None
    assert f"{made.size.total:,}" in shown
    assert all(f"{row.total:,}" in shown for row in made.size.table)
    assert "found with 80%" in shown or made.detectable is not None
    if made.size.runtime is not None:
        assert f"{made.size.runtime.weeks} whole week" in shown
    if made.looking:
        assert made.looking in shown
        assert f"With {made.plan.design.committed_units:,} units, a true effect" in shown
    assert web.kinds() == before
    assert "csrf" not in shown


def test_the_size_needs_no_words(visitor):
    """While change, audience and reason are still missing, what is typed is sized; what is missing is said."""
    bare = {"kind": "share", "matters": "+10%", "baseline": "4%"}
    assert "units" in Markup(visitor.get("/plan/size", params=bare).text).visible
    assert "Not sized yet" in visitor.get("/plan/size", params={"kind": "share"}).text
    unknown = Markup(visitor.get("/plan/size", params={"kind": "share", "matters": "+10%"}).text).visible
    assert "without the level of the deciding number today" in unknown
    assert "expcopilot" not in unknown


def test_refusals_stand_in_place_and_keep_what_was_typed(web, visitor):
    """A form that is refused says all that is wrong; sized without JavaScript it stands as it was filled in."""
    wrong = {**ANSWERS, "matters": "5", "baseline": "4", "audience": ""}
    answer = visitor.post("/plan", {**wrong, "name": "wrong"}, headers={"hx-request": "true"})
    assert answer.status_code == 422
    refused = Markup(answer.text).visible
    assert "leaves open of what" in refused
    assert "must lie between 0 and 100%" in refused
    assert "Not answered yet: Who can see the change?" in refused
    assert not (web.folder / "plans" / "wrong.yaml").exists()
    again = visitor.get("/plan", params=wrong)
    (form,) = (f for f in Markup(again.text).forms if f.action == "/plan")
    kept = form.values
    assert {k: kept[k] for k in ("change", "because", "matters", "baseline", "traffic")} == {
        k: wrong[k] for k in ("change", "because", "matters", "baseline", "traffic")
    }
    assert "leaves open of what" in Markup(again.text).visible


def test_what_stops_a_registration_is_asked(visitor):
    """Without a day and a size the draft is kept, its questions stand on it, and it cannot be registered."""
    shown = written(visitor, "bare", start="", baseline="")
    assert "These stop a registration" in shown
    assert "On which day can the first person see the change?" in shown
    assert "Register this plan" not in shown
    assert visitor.post("/e/bare/plan/register").status_code == 422


def test_answers_are_kept_for_later_and_for_the_terminal(web, visitor):
    """Kept answers come back on the page, in the very file with which `expcopilot new --resume` goes on."""
    visitor.post("/plan/keep", {**ANSWERS, "audience": "  ", "matters": "five"})
    typed, channel = typed_answers.load_draft(web.folder / "plans" / typed_answers.DRAFT)
    assert channel == "landing-page"
    assert typed["guardrail"] == ["bounce rate: +1 point", "revenue: -2% (number)"]
    assert "Go on with them" in visitor.markup("/plan").visible
    (form,) = (f for f in visitor.markup("/plan?resume=yes").forms if f.action == "/plan")
    assert form.values["matters"] == "five"
    answer = visitor.post("/plan", {**form.values, "audience": "New visitors", "matters": "+10%", "name": "resumed"})
    assert answer.url.path == "/e/resumed/plan"
    assert not (web.folder / "plans" / typed_answers.DRAFT).exists()


def test_answers_are_changed_and_a_hand_edit_is_never_lost_silently(web, visitor):
    """The form of a draft begins with what was typed; a file that somebody edited since is not overwritten."""
    written(visitor, "again")
    page = visitor.markup("/e/again/plan/answers")
    (form,) = (f for f in page.forms if f.action == "/e/again/plan/answers")
    assert form.values["baseline"] == "4%"
    file = web.folder / "plans" / "again.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "notes: by hand\n", encoding="utf-8")
    refused = visitor.post("/e/again/plan/answers", {**form.values, "matters": "+20%"})
    assert refused.status_code == 422
    assert "was changed since you opened it" in refused.text
    assert "notes: by hand" in file.read_text(encoding="utf-8")
    page = visitor.markup("/e/again/plan/answers")
    assert "Writing the plan here replaces it" in page.visible
    (form,) = (f for f in page.forms if f.action == "/e/again/plan/answers")
    assert form.values["matters"] == "+20%"
    assert visitor.post("/e/again/plan/answers", form.values).url.path == "/e/again/plan"
    assert plan_files.load(file).analysis.minimum_effect.size == pytest.approx(0.2)


def test_a_file_written_by_hand_is_shown_checked_edited_and_kept_to_the_letter(web, visitor):
    """A plan file from an editor is a draft on the page; its comments survive, and what is no plan is refused."""
    file = web.folder / "plans" / "by-hand.yaml"
    text = "# our own words  \n" + plan_files.render(plan("by-hand"))
    file.write_text(text, encoding="utf-8")
    assert "Does the short form bring more orders?" in visitor.markup("/e/by-hand/plan").visible
    form = visitor.form("/e/by-hand/plan/file", "/e/by-hand/plan/file")
    assert form.values["text"] == text.removesuffix("\n") or form.values["text"] == text
    bad = visitor.post("/e/by-hand/plan/file", {**form.values, "text": "experiment: [", "seen": form.values["seen"]})
    assert bad.status_code == 422
    assert file.read_text(encoding="utf-8") == text
    changed = text.replace("20000", "24000")
    done = visitor.post("/e/by-hand/plan/file", {**form.values, "text": changed.replace("\n", "\r\n")})
    assert done.url.path == "/e/by-hand/plan"
    assert file.read_text(encoding="utf-8") == changed
    other = visitor.post("/e/by-hand/plan/file", {"text": plan_files.render(plan("other")), "seen": "x"})
    assert "This is the plan of &#39;other&#39;" in other.text
    assert visitor.get("/e/by-hand/plan.yaml").text == changed


def test_a_broken_file_is_shown_with_what_is_wrong(web, visitor):
    """A file that holds no plan leads to a page that says why and lets it be mended."""
    (web.folder / "plans" / "broken.yaml").write_text("experiment: broken\nquestion: 1\n", encoding="utf-8")
    page = visitor.markup("/e/broken/plan")
    assert page.all(class_="refused-reason")
    assert visitor.form("/e/broken/plan/file", "/e/broken/plan/file").values["text"].startswith("experiment: broken")
    assert visitor.post("/e/broken/plan/register").status_code == 422


def test_a_plan_is_brought_as_a_file_or_as_text(web, visitor):
    """A YAML file from elsewhere becomes the draft of its experiment; a second of that name is refused."""
    text = plan_files.render(plan("brought"))
    brought = visitor.post("/plan/file", {}, files={"file": ("any name.yaml", text.encode())})
    assert brought.url.path == "/e/brought/plan"
    assert (web.folder / "plans" / "brought.yaml").read_text(encoding="utf-8") == text
    assert "already a plan file" in visitor.post("/plan/file", {"text": text}).text
    for evil in ("../evil", "a/b", "x" * 81):
        refused = visitor.post("/plan/file", {"text": text.replace("experiment: brought", f"experiment: {evil}")})
        assert refused.status_code == 422
    assert {p.name for p in web.folder.parent.iterdir()} == {"lab", "lab-said"}


def test_an_approved_hypothesis_begins_the_plan(web, visitor):
    """The form of an experiment with an approved hypothesis holds its answers, and what it leaves open is said."""
    with at_desk(web) as copilot:
        said = {"audience": "New visitors", "metric": "sign-up rate", "size": "+5%", "guardrails": "bounce rate"}
        answers = [{"field": f, "question": f, "answer": a} for f, a in said.items()]
        copilot.sharpen("price", "Name the price in the headline, because everybody asks", answers=answers, model=None)
        waits = visitor.markup("/e/price").visible
        assert "waits for a decision" in waits
        assert "Name the price in the headline, because everybody asks" in waits
        copilot.decide("price", "approve")
    card = visitor.markup("/e/price")
    assert card.all(id="hypothesis")
    assert "Still open" in card.visible
    page = visitor.markup("/e/price/plan/answers")
    (form,) = (f for f in page.forms if f.action == "/e/price/plan/answers")
    assert (form.values["audience"], form.values["matters"]) == ("New visitors", "+5%")
    assert "leaves open by how much it may get worse" in page.visible
    told = {**form.values, "change": "Name the price", "because": "Everybody asks for it on the phone"}
    done = visitor.post("/e/price/plan/answers", {**told, "baseline": "4%", "traffic": "20k"})
    assert done.url.path == "/e/price/plan"
    assert plan_files.load(web.folder / "plans" / "price.yaml").hypothesis.audience == "New visitors"


def test_an_attested_plan_says_so(web, visitor):
    """Decided elsewhere before the test: written into the file, registered with it, and stamped."""
    written(visitor, "attested")
    missing = visitor.submit("/e/attested/plan", "/e/attested/plan/attest", where="The wiki page", by="")
    assert missing.status_code == 422
    said = {"where": "The wiki page", "when": f"{today()}", "by": "Grace"}
    visitor.submit("/e/attested/plan", "/e/attested/plan/attest", **said)
    visitor.post("/e/attested/plan/register")
    with at_desk(web) as copilot:
        copilot.decide("attested", "approve")
    sealed = visitor.markup("/e/attested").visible
    assert "Attested" in sealed
    assert "recorded in The wiki page" in sealed


def test_an_amendment_names_what_changes_and_why(web, visitor):
    """An edited plan waits at its gate with its reason; approved, both plans stand on record."""
    registered(web, "amended", metrics=(plan().analysis.primary, LATENCY))
    form = visitor.form("/e/amended/plan/file", "/e/amended/plan/amend")
    changed = str(form.values["text"]).replace("20000", "16000")
    assert visitor.post(form.action, {**form.values, "text": changed}).status_code == 422  # no reason
    form = visitor.form("/e/amended/plan/file", "/e/amended/plan/amend")
    gate = visitor.post(form.action, {**form.values, "text": changed, "reason": "Less traffic than we thought"})
    assert gate.url.path == "/e/amended"
    asked = gates.pending(web.state("amended"))
    assert asked is not None
    assert asked.record.content["changed"] == ["design.committed_units"]
    with at_desk(web) as copilot:
        copilot.decide("amended", "approve")
    shown = visitor.markup("/e/amended/plan").visible
    assert "Less traffic than we thought" in shown
    assert "one amendment since" in shown
    assert "amended: design.committed_units" in shown


def test_stopping_early_needs_a_reason_and_a_decision(web, visitor):
    """An early end waits at its gate; without a reason nothing is asked."""
    registered(web, "stopped")
    assert visitor.submit("/e/stopped", "/e/stopped/close", "Stop").status_code == 422
    assert gates.pending(web.state("stopped")) is None
    visitor.submit("/e/stopped", "/e/stopped/close", "Stop", reason="The payment provider was down")
    asked = gates.pending(web.state("stopped"))
    assert asked is not None
    assert asked.record.gate == "early_close"
    with at_desk(web) as copilot:
        copilot.decide("stopped", "approve")
    assert web.state("stopped").stage == "closed"
    assert visitor.get("/e/stopped/plan/file").status_code == 422  # its plan cannot change any more


def test_a_registered_plan_is_not_written_anew(web, visitor):
    """Once sealed, neither the form nor a file replaces a plan, and the refusal is on the page."""
    registered(web, "sealed")
    assert visitor.get("/e/sealed/plan/answers").status_code == 422
    assert visitor.post("/plan", {**ANSWERS, "name": "sealed"}).status_code == 422
    assert visitor.post("/plan/file", {"text": plan_files.render(plan("sealed"))}).status_code == 422
    assert not (web.folder / "plans" / "sealed.yaml").exists()


def test_the_curve_lives_in_a_browser(browsing: Callable[..., Page], web: Web):
    """Typed into, the form's size and curve follow without a click; the plan is written, and its gate is reached."""
    page = browsing(web)
    page.goto(f"{web.base}/plan")
    page.get_by_label("How big a change would matter").fill("+10%")
    page.get_by_label("What is it today?").fill("4%")
    heading = page.locator("#sizing .size-heading")
    heading.filter(has_text=re.compile(r"^[\d,]+ units$")).wait_for()
    first = heading.inner_text()
    assert page.locator("#sizing .curve").count() == 1
    page.get_by_label("How big a change would matter").fill("+20%")
    page.wait_for_function("old => document.querySelector('#sizing .size-heading').innerText !== old", arg=first)
    assert str(page.locator("#sizing .mark-label").text_content()).startswith("what matters: +20.0%")
    page.get_by_label("How big a change would matter").fill("20")
    page.locator("#sizing .refused").wait_for()
    page.get_by_label("How big a change would matter").fill("+20%")
    page.get_by_role("button", name="Write the plan").click()
    page.locator("#refusal .refused").first.wait_for()  # the words are missing; what was typed stays
    assert page.get_by_label("What is it today?").input_value() == "4%"
    for field in ("change", "audience", "because", "metric"):
        page.locator(f"#field-{field}").fill(ANSWERS[field])
    page.locator("#field-start").fill(ANSWERS["start"])
    page.locator("#field-name").fill("in-browser")
    page.get_by_role("button", name="Write the plan").click()
    page.get_by_role("heading", name="Draft of a plan: in-browser").wait_for()
    grid = page.locator(".sizing .grid").first.evaluate("e => e.getBoundingClientRect().width")
    assert grid > 100  # drawn anew after the swap, not only in the document
    page.get_by_role("button", name="Register this plan").click()
    page.locator("#gate").wait_for()
    assert not page.locator("#refusal .refused").count()
