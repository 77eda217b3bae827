"""Roles asked through the scripted model: prose is mended once, claims only added, copy kept within its limits."""

from __future__ import annotations

import dataclasses
import json

import pytest
from pydantic import ValidationError

from copilot.language.roles.prompt_examples import facts, good
from expcopilot.language.ask import ask, converse
from expcopilot.language.model.budget import Budget
from expcopilot.language.model.protocol import Answer, ModelFailed, ToolOffer
from expcopilot.language.model.scripted import ScriptedModel
from expcopilot.language.roles.claim_checker import CLAIM_CHECKER, AddedClaim, AddedClaims, usable
from expcopilot.language.roles.generator import GENERATOR, DraftVariant, FieldText, GeneratorInputs
from expcopilot.language.roles.grounding import grounded
from expcopilot.language.roles.guide import GUIDE, GuideInputs, complaints_with
from expcopilot.language.roles.narrator import NARRATOR, Narration, NarratorInputs
from expcopilot.language.roles.sharpener import SHARPENER, Sharpened
from expcopilot.language.roles.skeptic import SKEPTIC, SkepticInputs
from expcopilot.records.answer import ToolCall, Usage
from expcopilot.records.fact import Fact
from expcopilot.records.prose import Statement


class Memory:
    """Keeps answers for one test."""

    def __init__(self):
        self.kept = {}

    def find(self, request_digest):
        return self.kept.get(request_digest)

    def keep(self, answered):
        self.kept[answered.request] = answered


def said(question, *answers):
    """What comes of a question answered by these, in order, and what was sent."""
    model = ScriptedModel({question.role: [json.dumps(answer) for answer in answers]})
    return ask(question, model, Memory(), Budget()), model.requests


def narration():
    """The narrator's first example."""
    return good("narrator")[0].inputs


def test_a_statement_that_does_not_pass_is_sent_back_with_the_reason_and_mended():
    """The firewall's reason reaches the model, and the mended narration is taken."""
    question = NARRATOR.question(narration())
    answer, requests = said(
        question, {"finding": ["B clearly won."]}, {"finding": ["The verdict is {verdict.phrase}."]}
    )
    assert answer == Narration(finding=("The verdict is {verdict.phrase}.",))
    assert len(requests) == 2
    assert "'clearly' is not in the vocabulary" in requests[1].messages[-1].text


def test_a_narration_that_stays_blocked_is_returned_for_code_to_stand_in():
    """After one repair the better answer comes back, still to be checked by the firewall; nothing raises."""
    answer, requests = said(
        NARRATOR.question(narration()),
        {"finding": ["B clearly won.", "B won."]},
        {"finding": ["B clearly won."]},
    )
    assert answer.finding == ("B clearly won.",)
    assert len(requests) == 2


def test_statements_stand_in_the_section_they_were_written_for():
    """A narration's lists become statements in the order of the page."""
    spoken = Narration(finding=("a",), exploratory=("b",), next=("c", "d")).spoken()
    assert spoken == (
        Statement(text="a", section="finding"),
        Statement(text="b", section="exploratory"),
        Statement(text="c", section="next"),
        Statement(text="d", section="next"),
    )


def test_an_unplanned_cut_among_the_findings_is_a_complaint():
    """The narrator is told where an unplanned fact belongs."""
    complaints = NARRATOR.question(narration()).complaints
    text = "Among {segment.device_mobile}, the estimate for {arm.b} is {cut.device_mobile.b.effect}."
    assert any("was not planned" in c for c in complaints(Narration(finding=(text,))))
    assert complaints(Narration(exploratory=(text,))) == ()


@pytest.mark.parametrize("role", [NARRATOR, SKEPTIC, GUIDE], ids=lambda role: role.name)
def test_saying_nothing_is_no_answer(role):
    """An empty answer is complained about, so that silence never passes for prose."""
    complaints = role.question(good(role.name)[0].inputs).complaints
    assert any(
        "Nothing is said" in c
        for c in complaints(role.answer.model_validate_json("{}" if role is NARRATOR else '{"statements": []}'))
    )


def test_what_a_model_sees_of_a_fact_is_how_it_reads_and_what_it_is_about():
    """Neither the unrounded value nor the tool nor the ledger entry is sent."""
    fact = Fact(
        id="primary.b.effect",
        kind="effect",
        text="+0.6 points",
        value=0.0055217,
        unit="points",
        metric="signup",
        arm="b",
        units=20_100,
        tool="read",
        entry=41,
    )
    (line,) = NARRATOR.question(NarratorInputs(facts=(fact,))).variables["facts"].splitlines()
    assert json.loads(line) == {
        "id": "primary.b.effect",
        "kind": "effect",
        "reads": "+0.6 points",
        "metric": "signup",
        "arm": "b",
    }


@pytest.mark.parametrize("kind", ["level", "effect", "interval", "direction", "comparison", "verdict"])
def test_the_skeptic_cannot_be_shown_a_result(kind):
    """Its inputs refuse every kind of fact that says how the test came out."""
    fact = Fact(id="primary.b.x", kind=kind, text="higher")
    with pytest.raises(ValidationError, match=r"must not see results: primary\.b\.x"):
        SkepticInputs(question="Does it?", facts=(fact,))


def test_the_skeptics_request_holds_the_objections_and_no_result():
    """What is sent names every objection in the order given."""
    inputs = good("skeptic")[0].inputs
    _, requests = said(SKEPTIC.question(inputs), good("skeptic")[0].answer.to_json())
    user = requests[0].messages[-1].text
    places = [user.index(f'"{name}"') for name in inputs.objections]
    assert places == sorted(places)
    assert len(places) == 3


def test_an_objection_left_out_is_asked_for():
    """The skeptic may not pass an objection in silence."""
    example = good("skeptic")[0]
    short = {"statements": ["The strongest objection is this: {objection.sample_ratio}"]}
    answer, requests = said(SKEPTIC.question(example.inputs), short, example.answer.to_json())
    assert answer == example.answer
    assert "{objection.looks} is not spoken" in requests[1].messages[-1].text
    assert "{objection.sample_ratio} is not spoken" not in requests[1].messages[-1].text


def test_the_guides_answer_may_name_what_its_tools_brought():
    """A fact that a tool adds to the known ones passes; without the tool the same words are sent back."""
    known = {"verdict.phrase": Fact(id="verdict.phrase", kind="verdict", text="inconclusive")}
    call = ToolCall(id="t1", name="runtime", input={"units": 1000})
    final = json.dumps({"statements": ["The test counted {units} visitors."]})
    asks = Answer(text="", tool_calls=(call,), stop="tools", usage=Usage(), model="scripted")
    model = ScriptedModel({"guide": [asks, final]})

    def run_tool(asked):
        assert asked == call
        known["units"] = Fact(id="units", kind="count", text="20,100", unit="units")
        return json.dumps({"facts": [{"id": "units", "reads": "20,100"}]})

    inputs = GuideInputs(question="How many?", stage="read", facts=tuple(known.values()))
    question = dataclasses.replace(GUIDE.question(inputs), complaints=complaints_with(known))
    offer = ToolOffer(name="runtime", description="how long", schema_={"type": "object"})
    answer = converse(question, model, Memory(), Budget(), tools=[offer], run_tool=run_tool)
    assert answer.spoken(known) == (Statement(text="The test counted {units} visitors.", section="answer"),)
    assert len(model.requests) == 2
    assert "There is no fact {units}" in " ".join(complaints_with({})(answer))


def test_what_names_an_unplanned_fact_is_exploratory_by_code():
    """The guide cannot put an unplanned cut among the answers: its section is decided from the facts."""
    example = good("guide")[0]
    sections = [s.section for s in example.answer.spoken(facts(example))]
    assert sections == ["exploratory", "exploratory", "answer", "answer", "answer"]


def test_a_claim_can_only_be_added_where_its_words_stand():
    """Claims whose words are not in their sentence, or that are marked already, are sent back and never used."""
    example = good("claim_checker")[0]
    right = example.answer.added[0]
    wrong = (
        right.model_copy(update={"span": "Tools that lose your notes"}),
        right.model_copy(update={"sentence": 9}),
        right.model_copy(update={"span": " "}),
        AddedClaim(sentence=1, span="12,000 teams", kind="testimonial", why="It is a number."),
    )
    answer = AddedClaims(added=(right, *wrong))
    complaints = CLAIM_CHECKER.question(example.inputs).complaints
    assert len(complaints(answer)) == len(wrong)
    assert usable(example.inputs, answer) == (right,)


def variant(mechanism="control", subject="Pick how long", body="Your break, your length.", source=()):
    """A variant for the generator's first example."""
    fields = (FieldText(name="subject", text=subject), FieldText(name="body", text=body))
    return DraftVariant(mechanism=mechanism, fields=fields, facts=tuple(source))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (variant(mechanism="fear"), "none of the mechanisms"),
        (variant(subject="x" * 46), "46 characters; at most 45"),
        (variant(subject=" "), "the field subject is empty"),
        (variant(source=["source.made_up"]), "no fact source.made_up"),
        (variant(body="Take a break when life gets busy"), "stands in earlier copy"),
        (DraftVariant(mechanism="control", fields=(FieldText(name="subject", text="x"),)), "give subject, body"),
    ],
)
def test_copy_that_does_not_fit_its_channel_is_sent_back(changed, complaint):
    """Limits, fields, mechanisms, facts and earlier copy are checked by code."""
    given: GeneratorInputs = good("generator")[0].inputs
    inputs = given.model_copy(
        update={"k": 1, "mechanisms": ("control",), "keep_away": ("When life gets busy, pause.",)}
    )
    complaints = GENERATOR.question(inputs).complaints
    assert complaints(GENERATOR.answer(variants=(variant(),))) == ()
    assert any(complaint in c for c in complaints(GENERATOR.answer(variants=(changed,))))


def test_as_many_variants_as_asked_and_no_two_alike():
    """Too few variants, a mechanism left out and a repeated text are complained about."""
    inputs = good("generator")[0].inputs
    complaints = GENERATOR.question(inputs).complaints(
        GENERATOR.answer(variants=(variant(), variant(subject="PICK how long!")))
    )
    assert "There are 2 variants; write exactly 3." in complaints
    assert "No variant has the mechanism 'curiosity'." in complaints
    assert "Two variants say the same." in complaints


def test_a_draft_is_asked_for_and_grounded():
    """From the idea over the model's draft to what the person said, in the shapes the flow uses."""
    example = good("sharpener")[0]
    answer, requests = said(SHARPENER.question(example.inputs), {"change": "A shorter form", "size": "5%"})
    assert answer == Sharpened(change="A shorter form", size="5%")
    assert grounded(answer, example.inputs).draft.size is None
    assert example.inputs.idea in requests[0].messages[-1].text


def test_an_answer_of_the_wrong_shape_fails_after_one_repair():
    """A role never returns anything but its answer."""
    with pytest.raises(ModelFailed) as failure:
        said(SHARPENER.question(good("sharpener")[0].inputs), {"verdict": "it won"}, {"verdict": "it won"})
    assert failure.value.kind == "malformed"
