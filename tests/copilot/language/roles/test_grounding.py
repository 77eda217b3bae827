"""The sharpener's guard: what nobody said is taken out and asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expcopilot.language.roles.grounding import grounded
from expcopilot.language.roles.sharpener import (
    Answered,
    GuardrailIdea,
    OpenQuestion,
    PastExperiment,
    Sharpened,
    SharpenerInputs,
)

IDEA = (
    "Shorten the sign-up form from 7 fields to 3 for visitors from our ads; we think people give up at the phone "
    "number. Sign-up rate should go up by 5%, bounce rate must not get worse by more than half a point within 2 weeks."
)


def said(idea=IDEA, **more):
    """What a person said."""
    return SharpenerInputs(idea=idea, people="visitors", **more)


def after(inputs=None, **fields):
    """The draft after the guard."""
    return grounded(Sharpened(**fields), inputs or said())


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("change", "The sign-up form has 3 fields in place of 7"),
        ("change", "The sign-up form has three fields in place of seven"),
        ("audience", "visitors from our ads"),
        ("audience", "Visitors who come from the ads"),
        ("because", "People give up at the phone number"),
        ("metric", "sign-up rate"),
        ("metric", "Sign-Up Rate"),
        ("size", "5%"),
        ("size", "+5 percent"),
        ("falsifier", "The sign-up rate does not rise by 5% within two weeks"),
        ("north_star", "A sign-up is the first step to a customer"),
    ],
)
def test_what_was_said_stays(field, text):
    """A field in the person's words, numbers and names passes, in whatever spelling."""
    found = after(**{field: text, **({"metric": "sign-up rate"} if field == "direction" else {})})
    assert getattr(found.draft, field) == text
    assert found.removed == ()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("change", "The form has 4 fields"),
        ("change", "The form has 3 fields and loads in 2 seconds"),
        ("audience", "mobile visitors"),
        ("audience", "new visitors from our ads"),
        ("audience", "visitors from search"),
        ("audience", "customers"),
        ("audience", "30% of visitors from our ads"),
        ("because", "In 12 of 20 interviews people gave up at the phone number"),
        ("because", "Most of the visitors leave at the phone number"),
        ("because", "Fewer fields double completion"),
        ("because", "Shorter forms raise conversion"),
        ("metric", "revenue per visitor"),
        ("metric", "sign-ups per session"),
        ("metric", "engagement"),
        ("size", "3%"),
        ("size", "5 points"),
        ("size", "5"),
        ("size", "3"),
        ("size", "a bit"),
        ("size", "٦%"),
        ("size", "five to ten percent"),
        ("falsifier", "The sign-up rate rises by less than 4%"),
        ("falsifier", "Retention does not rise"),
        ("north_star", "More sign-ups grow revenue"),
        ("north_star", "Serves the goal Q3growth2027 and mrr"),
    ],
)
def test_what_nobody_said_becomes_a_question(field, text):
    """A number, a metric or an audience the model brought along leaves a hole, a question and a record of why."""
    found = after(**{field: text})
    assert getattr(found.draft, field) is None
    assert [removed.field for removed in found.removed] == [field]
    assert found.removed[0].text == text
    assert field in {question.field for question in found.draft.questions}


def test_only_the_sentence_that_brings_something_along_is_taken_out():
    """The rest of a field stays."""
    found = after(because="People give up at the phone number. Each field costs 10% of visitors.")
    assert found.draft.because == "People give up at the phone number."
    assert found.removed[0].text == "Each field costs 10% of visitors."


def test_a_field_is_asked_about_once_however_much_is_taken_out_of_it():
    """Two sentences taken out of one field leave two records and one question."""
    found = after(because="It costs 10% of visitors. It takes 40 seconds.")
    assert len(found.removed) == 2
    assert [q.field for q in found.draft.questions].count("because") == 1


def test_a_metric_that_exists_takes_its_own_spelling():
    """A name from the workspace stands as it is spelled there."""
    inputs = said("a shorter form", metrics=("signup_rate", "7-day retention"))
    assert after(inputs, metric="Signup rate").draft.metric == "signup_rate"
    found = after(inputs, metric="7-day retention", falsifier="7-day retention does not rise")
    assert found.draft.metric == "7-day retention"
    assert found.draft.falsifier == "7-day retention does not rise"
    assert found.removed == ()


def test_a_direction_without_a_metric_does_not_stand():
    """Which way is better means nothing before it is said of what."""
    assert after(metric="revenue", direction="increase").draft.direction is None
    assert after(metric="sign-up rate", direction="increase").draft.direction == "increase"


def test_guardrails_and_margins_are_grounded_one_by_one():
    """A named guardrail stays, an invented one becomes a question, and so does an invented margin."""
    found = after(
        guardrails=(
            GuardrailIdea(metric="bounce rate", margin="half a point"),
            GuardrailIdea(metric="refund rate", margin="1%"),
        )
    )
    assert found.draft.guardrails == (GuardrailIdea(metric="bounce rate", margin="half a point"),)
    assert any("refund rate" in q.question for q in found.draft.questions if q.field == "guardrails")
    invented = after(guardrails=(GuardrailIdea(metric="bounce rate", margin="2%"),))
    assert invented.draft.guardrails == (GuardrailIdea(metric="bounce rate"),)
    assert invented.removed[0].text == "2%"


def test_answers_count_as_said_and_past_experiments_do_not():
    """The person's answers ground a draft; a number from another experiment does not."""
    past = PastExperiment(name="old", question="Does a short form raise sign-ups by 8%?", verdict="inconclusive")
    answer = Answered(field="size", question="How big?", answer="8%")
    assert after(said("a shorter form", similar=(past,)), size="8%").draft.size is None
    assert after(said("a shorter form", answers=(answer,)), size="8%").draft.size == "8%"


@pytest.mark.parametrize("word", ["", "  ", "TBD", "unknown", "None", "n/a", "?", "not stated."])
def test_a_word_for_a_hole_is_a_hole(word):
    """What a model writes in order to write something counts as nothing."""
    found = after(because=word, size=word, metric=word, audience=word)
    assert (found.draft.because, found.draft.size, found.draft.metric, found.draft.audience) == (None,) * 4
    assert found.removed == ()


def test_every_hole_has_exactly_one_question_and_no_filled_field_a_plain_one():
    """An empty draft is asked about in full; a filled field gets no question of code's."""
    fields = [question.field for question in after().draft.questions]
    assert len(fields) == len(set(fields)) == 9
    assert "change" not in {q.field for q in after(change="The form has 3 fields").draft.questions}


def test_the_models_question_is_kept_before_the_plain_one():
    """A question that fits the idea is better than a plain one about the same field."""
    own = OpenQuestion(field="size", question="How many more sign-ups would pay for the work on the form?")
    questions = [q for q in after(questions=(own,)).draft.questions if q.field == "size"]
    assert questions == [own]


@pytest.mark.parametrize("question", ["Is 10% the size that matters?", "   "])
def test_a_question_that_suggests_a_number_is_not_asked(question):
    """The model may not put a number into the person's mouth, nor ask nothing."""
    questions = after(questions=(OpenQuestion(field="size", question=question),)).draft.questions
    assert [q.question for q in questions if q.field == "size"] == ["How big a change would matter, at the least?"]


def test_a_question_repeats_a_suggestion_only_without_a_number():
    """What was taken out comes back as a suggestion, unless that would put a number into the person's mouth."""
    asked = {q.field: q.question for q in after(metric="revenue", audience="mobile visitors").draft.questions}
    assert asked["metric"].startswith("Should revenue decide?")
    assert asked["audience"].endswith("Is it mobile visitors?")
    asked = {q.field: q.question for q in after(metric="30-day revenue", audience="30% of customers").draft.questions}
    assert "30" not in asked["metric"] + asked["audience"]


@pytest.mark.parametrize(
    "idea",
    [
        "Use AI to pick the hero image",
        "An LLM writes the subject line",
        "personalised recommendations on the home page",
        "a chatbot on the pricing page",
    ],
)
def test_ai_features_are_asked_about_holdout_and_assignment(idea):
    """Where a model picks what people see, both questions come, whether the model thought of them or not."""
    fields = {q.field for q in after(said(idea)).draft.questions}
    assert fields >= {"holdout", "assignment"}


@pytest.mark.parametrize(
    "idea", [IDEA, "a fair price on the page", "email the main offer again", "a new pricing model"]
)
def test_other_ideas_are_not(idea):
    """An idea without a model in it is not bothered with them."""
    assert not {q.field for q in after(said(idea)).draft.questions} & {"holdout", "assignment"}


@given(text=st.text(max_size=60), idea=st.text(max_size=60))
def test_whatever_the_texts_nothing_raises_and_a_second_pass_changes_nothing(text, idea):
    """The guard is total, and what it lets through once it lets through again."""
    draft = Sharpened(
        change=text, audience=text, because=text, metric=text, direction="increase", size=text, falsifier=text
    )
    inputs = said(idea or "x")
    once = grounded(draft, inputs)
    again = grounded(once.draft, inputs)
    assert again.removed == ()
    assert again.draft.model_copy(update={"questions": ()}) == once.draft.model_copy(update={"questions": ()})
    assert {q.field for q in again.draft.questions} == {q.field for q in once.draft.questions}
