"""Gates as cards: the exact text, answered once, by a person, whatever is clicked twice, late or by two at once."""

from __future__ import annotations

import threading

import pytest

from expcopilot.flow.gates import pending
from expcopilot.flow.moves import Move
from expcopilot.memory import plan_files
from expcopilot.records.plan import Plan
from tests_plan import plan
from web_markup import Form, Markup
from webbing import ADA, GRACE, Web, workspace_for_web


@pytest.fixture(scope="module")
def made() -> Plan:
    """A plan that leaves nothing open."""
    return plan()


@pytest.fixture
def asked(web: Web, made: Plan, request: pytest.FixtureRequest):
    """An experiment of this test's own whose plan waits at its gate; its name."""
    name = request.node.name.replace("_", "-").lower()
    _ask(web, made.model_copy(update={"experiment": name}))
    return name


def _ask(web: Web, made: Plan, move: Move = Move.REGISTER, **given: object) -> None:
    copilot = web.copilot()
    with copilot.lifecycle() as moves:
        turn = f"{move}-{made.experiment}-{len(web.kinds())}"
        moves.move(made.experiment, turn, move, {"plan": made.to_json(), **given})
    copilot.workspace.close()


def _form(visitor, name: str) -> Form:
    return visitor.form(f"/e/{name}", f"/e/{name}/gate")


def test_the_card_shows_exactly_what_is_frozen(web, visitor, made, asked):
    """The whole plan file, its digest, the question, and who decides; approving freezes that digest."""
    page = visitor.markup(f"/e/{asked}")
    (card,) = page.all("section", id="gate")
    waiting = pending(web.state(asked))
    text = next(e.text for e in card.all("pre"))
    shown = plan_files.parse(text)
    assert shown == made.model_copy(update={"experiment": asked})
    assert shown.digest[:12] in card.text
    assert waiting.record.question in card.text
    assert f"You decide as {ADA}." in " ".join(card.text.split())
    visitor.submit(f"/e/{asked}", f"/e/{asked}/gate", "Approve", reason="Everybody has read it.")
    state = web.state(asked)
    assert state.registration.record.digest == shown.digest
    assert [(d.record.action, d.actor, d.record.reason) for d in state.decisions] == [
        ("approve", ADA, "Everybody has read it.")
    ]


def test_a_double_click_approves_once(web, visitor, asked):
    """Two identical answers at the same moment are one decision and one registration, and neither is an error."""
    form = _form(visitor, asked)
    sent = {**form.values, **form.pressed("Approve")}
    answers: list[int] = []
    ready = threading.Barrier(2)

    def click() -> None:
        with web.enter() as again:
            ready.wait()
            values = {**sent, "csrf": again.csrf}
            answers.append(again.client.post(form.action, data=values).status_code)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert answers == [200, 200]
    kinds = web.kinds(asked)
    assert (kinds.count("decided"), kinds.count("registered")) == (1, 1)


def test_two_people_at_once_one_answer_stands(web, asked):
    """Ada approves while Grace rejects: one of them decides, and the other is told who did."""
    with web.enter(ADA) as ada, web.enter(GRACE) as grace:
        forms = {person: _form(who, asked) for person, who in ((ADA, ada), (GRACE, grace))}
        answers: dict[str, object] = {}
        ready = threading.Barrier(2)

        def answer(who, press: str) -> None:
            form = forms[who.person]
            ready.wait()
            answers[who.person] = who.client.post(form.action, data={**form.values, **form.pressed(press)})

        both = [threading.Thread(target=answer, args=given) for given in ((ada, "Approve"), (grace, "Reject"))]
        for one in both:
            one.start()
        for one in both:
            one.join()
    state = web.state(asked)
    (decided,) = state.decisions
    loser = GRACE if decided.actor == ADA else ADA
    refused = answers[loser]
    assert refused.status_code == 422
    said = f"It was answered already by {decided.actor.partition(' <')[0]} ({decided.record.action})"
    assert said in Markup(refused.text).visible
    assert (state.registration is not None) == (decided.record.action == "approve")


def test_a_stale_or_forged_answer_reaches_nothing(web, visitor, asked, made):
    """An answer to a text that was changed, to another gate, or to none decides nothing; an unknown word neither."""
    form = _form(visitor, asked)
    old = {**form.values, **form.pressed("Approve")}
    unknown = visitor.client.post(form.action, data={**form.values, "action": "waive"})
    assert (unknown.status_code, "No answer was given" in unknown.text) == (422, True)

    copilot = web.copilot()
    copilot.decide(asked, "edit")
    copilot.workspace.close()
    changed = made.model_copy(update={"experiment": asked, "question": "Does the short form bring more orders at all?"})
    _ask(web, changed)
    late = visitor.client.post(form.action, data=old)
    assert (late.status_code, "answered already by you (edit)" in late.text) == (422, True)
    new = _form(visitor, asked).values
    for field, value in (("digest", old["digest"]), ("asked", old["asked"]), ("digest", "0" * 64), ("asked", "")):
        forged = visitor.client.post(form.action, data={**new, "action": "approve", field: value})
        assert forged.status_code == 422, (field, value)
    assert web.state(asked).registration is None
    assert pending(web.state(asked)) is not None


def test_edit_leads_to_the_plan_and_keeps_its_text(web, visitor, asked, made):
    """Edit puts the text aside and opens the plan's form, on a file that holds exactly what was put aside."""
    form = _form(visitor, asked)
    answer = visitor.client.post(form.action, data={**form.values, **form.pressed("Edit")}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/e/{asked}/plan")
    assert pending(web.state(asked)) is None
    assert plan_files.load(web.folder / "plans" / f"{asked}.yaml") == made.model_copy(update={"experiment": asked})


def test_a_file_changed_meanwhile_is_said_on_the_card(web, visitor, asked, made):
    """Where the plan file says something else by now the card says so; what is approved is the text on the card."""
    assert "says something else by now" not in visitor.markup(f"/e/{asked}").visible
    file = web.folder / "plans" / f"{asked}.yaml"
    plan_files.save(made.model_copy(update={"experiment": asked, "question": "Another question entirely?"}), file)
    assert "says something else by now" in visitor.markup(f"/e/{asked}").visible
    file.write_text("experiment: [", encoding="utf-8")
    assert "says something else by now" in visitor.markup(f"/e/{asked}").visible
    visitor.submit(f"/e/{asked}", f"/e/{asked}/gate", "Approve")
    assert web.state(asked).plan.question == made.question


def test_an_amendment_shows_what_changes_and_an_early_end_its_reason(web, visitor, asked, made):
    """An amendment's card lists old and new; an early end asks anew with another reason, and closes when approved."""
    visitor.submit(f"/e/{asked}", f"/e/{asked}/gate", "Approve")
    units = (made.design.committed_units or 0) + 10_000
    design = made.design.model_copy(update={"committed_units": units})
    _ask(web, made.model_copy(update={"experiment": asked, "design": design}), Move.AMEND, reason="Traffic halved.")
    card = visitor.markup(f"/e/{asked}").visible
    assert f"design.committed_units {made.design.committed_units} → {units}" in card
    assert "reason Traffic halved." in card
    visitor.submit(f"/e/{asked}", f"/e/{asked}/gate", "Approve")
    assert web.state(asked).amendments[-1].record.reason == "Traffic halved."

    copilot = web.copilot()
    with copilot.lifecycle() as moves:
        moves.move(asked, "close-1", Move.CLOSE, {"early": True, "reason": "The bank holiday"})
    copilot.workspace.close()
    visitor.submit(f"/e/{asked}", f"/e/{asked}/gate", "Edit", reason="The payment provider was down for a week")
    card = visitor.markup(f"/e/{asked}").visible
    assert "reason: The payment provider was down for a week" in card
    visitor.submit(f"/e/{asked}", f"/e/{asked}/gate", "Approve")
    state = web.state(asked)
    assert state.closing.record.reason == "The payment provider was down for a week"
    assert [d.record.action for d in state.decisions] == ["approve", "approve", "edit", "approve"]


def test_what_was_approved_and_can_no_longer_be_done_is_said(web, visitor, asked, made):
    """Registered elsewhere while its gate waited: the approval is kept, refused with a reason, the gate closed."""
    copilot = web.copilot()
    copilot.register(made.model_copy(update={"experiment": asked}))
    copilot.workspace.close()
    answer = visitor.submit(f"/e/{asked}", f"/e/{asked}/gate", "Approve")
    assert (answer.status_code, "was registered on" in answer.text) == (422, True)
    assert pending(web.state(asked)) is None
    assert web.kinds(asked).count("registered") == 1


@pytest.mark.torture
def test_killed_at_the_gate_it_still_waits(tmp_path, made):
    """SIGKILL while a gate waits, and the same card stands again after the start; its answer counts once."""
    with Web(workspace_for_web(tmp_path / "lab")) as web:
        _ask(web, made)
        with web.enter() as ada:
            form = _form(ada, made.experiment)
            web.restart()
            assert _form(ada, made.experiment).values["digest"] == form.values["digest"]
            ada.client.post(form.action, data={**form.values, **form.pressed("Approve")})
        assert web.kinds(made.experiment).count("registered") == 1
