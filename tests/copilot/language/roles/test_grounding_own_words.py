"""The sharpener's guard: a thought of the model's own is not put into a mouth, and no direction is turned round."""

from __future__ import annotations

import pytest

from expcopilot.language.roles.directions import said_of
from expcopilot.language.roles.grounding import grounded
from expcopilot.language.roles.quantities import quantities
from expcopilot.language.roles.sharpener import OpenQuestion, Sharpened, SharpenerInputs

IDEA = (
    "Green buton on the basket page. Support hears every day that people do not find it. "
    "Refunds should fall by a third."
)


def after(idea=IDEA, **fields):
    """The draft after the guard."""
    return grounded(Sharpened(**fields), SharpenerInputs(idea=idea, channel="Landing page", people="visitors"))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("because", "Neuroscience proves that dopamine loops drive habits."),
        ("because", "Green buttons signal safety and raise trust"),
        ("change", "Launch a loyalty widget with surprise rewards"),
        ("falsifier", "Competitors overtake us"),
    ],
)
def test_a_thought_nobody_had_is_taken_out_and_asked_for(field, text):
    """Even without a number or a metric in it; the question may offer it, so that a person can say yes."""
    found = after(**{field: text})
    assert getattr(found.draft, field) is None
    assert [(r.field, r.text) for r in found.removed] == [(field, text)]
    (question,) = [q.question for q in found.draft.questions if q.field == field]
    assert text.rstrip(".") in question


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("change", "A green button on the basket page"),
        ("because", "Support hears every day that people do not find the button"),
        ("falsifier", "Refunds do not fall by a third"),
        ("falsifier", "Refunds drop by less than a third"),
    ],
)
def test_a_paraphrase_and_a_mended_slip_of_the_pen_stay(field, text):
    """The person's words in another order, another form or the right spelling are still the person's."""
    found = after(**{field: text})
    assert getattr(found.draft, field) == text
    assert found.removed == ()


def test_of_two_sentences_the_persons_own_stays():
    """What the model added beside it goes."""
    found = after(because="People do not find it. Neuroscience proves that dopamine loops drive habits.")
    assert found.draft.because == "People do not find it."


def test_a_direction_is_not_turned_round():
    """What should fall is not registered as what should rise."""
    turned = after(metric="refunds", direction="increase")
    assert turned.draft.direction is None
    assert "direction" in {q.field for q in turned.draft.questions}
    assert after(metric="refunds", direction="decrease").draft.direction == "decrease"


@pytest.mark.parametrize(
    ("metric", "text", "ways"),
    [
        ("churn", "a pause should reduce churn", {"decrease"}),
        ("waiting time", "the waiting time on the hotline should go down", {"decrease"}),
        ("tickets", 'so we get fewer "where is my order" tickets', {"decrease"}),
        ("sign-ups", "cut the price and get sign-ups", set()),
        ("orders", "orders must not fall", set()),
        ("reply rate", "reply rate has to double or we drop it", {"increase"}),
        ("Abbruchquote", "Die Abbruchquote soll sinken", {"decrease"}),
        ("absences", "un rappel devrait réduire les absences d'au moins 5 points", {"decrease"}),
        ("reservas", "las reservas deben subir al menos un 5 %", {"increase"}),
        ("clicks", "", set()),
    ],
)
def test_directions_are_read_beside_the_name(metric, text, ways):
    """In four languages; what is negated, quoted or said of something else is no direction of this number."""
    assert said_of(metric, [text]) == ways


@pytest.mark.parametrize(
    ("text", "values", "unit"),
    [("fall by a third.", {1 / 3}, ""), ("two thirds", {2 / 3}, ""), ("it has to double or we drop it", {2}, "times")],
)
def test_shares_and_multiples_are_amounts(text, values, unit):
    """At the end of a clause, too; a multiple counts nothing that follows it."""
    (found,) = quantities(text)
    assert found.values == values
    assert (found.unit, found.noun) == (unit, "")


def test_an_ordinal_is_no_share():
    """The third e-mail is not a third of anything."""
    assert quantities("the third e-mail, a third party") == ()


def test_nothing_leads_away_from_the_gate():
    """An address or markup that the person did not type stands in no field and in no question."""
    change = "Green button on the basket page, see https://collect.example/form"
    asked = OpenQuestion(field="north_star", question="Please confirm at www.collect.example first?")
    found = after(change=change, questions=(asked,))
    assert found.draft.change is None
    assert not any("collect" in q.question for q in found.draft.questions)
    typed = after(idea=f"{IDEA} As on https://our.example/shop", change="Green button as on https://our.example/shop")
    assert typed.draft.change is not None


def test_a_short_word_is_no_slip_of_the_pen():
    """That "all" was said does not make "call" a word of the person."""
    assert after(idea="All open points are answered", because="Stakeholders agreed on a call").draft.because is None
