"""A plan that begins with its hypothesis: what was approved is taken as it stands, what is open is asked."""

from __future__ import annotations

import json

import pytest

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow.steps.sharpen import sharpened
from expcopilot.language.roles.sharpener import Answered, SharpenerInputs
from expcopilot.memory.workspace import Workspace
from speaking import scripted

SAID = {
    "change": "One page instead of three",
    "audience": "Everybody who opens the checkout",
    "because": "A third of all carts are left on page two",
    "metric": "orders",
    "direction": "it should rise",
    "size": "5%",
}


@pytest.fixture
def copilot(workspace: Workspace) -> Copilot:
    return Copilot(workspace, workspace.ledger)


def approved(copilot: Copilot, **answers: str) -> None:
    told = [{"field": f, "question": f, "answer": text} for f, text in {**SAID, **answers}.items()]
    copilot.sharpen("checkout", "A shorter checkout", channel="email", model=None, answers=told)
    copilot.decide("checkout", "approve")


@pytest.mark.parametrize(
    ("size", "way", "found"),
    [
        ("5%", "rise", (0.05, "relative", "increase")),
        ("half a point", "fall", (0.005, "absolute", "decrease")),
        ("50 basis points", "rise", (0.005, "absolute", "increase")),
        ("4% to 5%", "rise", None),
        ("twice", "rise", None),
        ("1,500", "rise", None),
        ("a lot", "rise", None),
        ("5%", "no idea", None),
    ],
)
def test_one_size_and_one_direction_or_it_is_asked(copilot: Copilot, size: str, way: str, found: tuple | None) -> None:
    """What names one size and a way is taken; anything else is a question, with what was said beside it."""
    approved(copilot, size=size, direction=way)
    begun = copilot.begun("checkout")
    assert begun is not None
    if found is None:
        assert "matters" not in begun.answers
        assert repr(size) in begun.unread["matters"][0]
    else:
        matters = begun.answers["matters"]
        assert (matters.size, matters.scale, begun.answers["direction"]) == (pytest.approx(found[0]), *found[1:])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("unsubscribe rate: +0.1 points", ("unsubscribe rate", "proportion", "decrease")),
        ("revenue: may fall by 2% (number)", ("revenue", "mean", "increase")),
        ("revenue: 2%", None),
        ("complaints", None),
    ],
)
def test_a_guardrail_is_taken_when_it_is_whole(copilot: Copilot, said: str, found: tuple | None) -> None:
    """Margin, harmful way and kind, or it is asked; nobody's guardrail is lost in silence."""
    approved(copilot, guardrails=said)
    begun = copilot.begun("checkout")
    assert begun is not None
    plan = copilot.new("checkout", baseline=0.1, list_size=64_000).plan
    if found is None:
        assert "guardrails" not in begun.answers
        assert said.partition(":")[0] in plan.notes
    else:
        (guardrail,) = begun.answers["guardrails"]
        assert (guardrail.name, guardrail.kind, guardrail.direction) == found
        assert plan.notes == ""
        assert [m.name for m in plan.analysis.metrics] == ["orders", found[0]]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("session time: -2%", "whether it is a share of units or a number a unit"),
        ("session time: may fall by 2%", "whether it is a share of units or a number a unit"),
        ("session time: at most -2%", "whether it is a share of units or a number a unit"),
        ("returns: 2% (share)", "whether a rise (+) or a fall (-) hurts"),
        ("returns: 0.2 points", "whether a rise (+) or a fall (-) hurts"),
        ("complaints: (share)", "by how much it may get worse and whether a rise (+) or a fall (-) hurts"),
    ],
)
def test_only_what_is_missing_of_a_guardrail_is_called_missing(copilot: Copilot, said: str, left: str) -> None:
    """A margin that was given is never asked for again."""
    approved(copilot, guardrails=said)
    (sentence,) = copilot.begun("checkout").unread["guardrails"]
    assert sentence.endswith(f"and leaves open {left}.")


def test_what_is_given_goes_before_the_hypothesis_and_what_is_missing_is_named(copilot: Copilot) -> None:
    """An option overrides; a hole that nobody fills is refused by name."""
    approved(copilot, audience="", falsifier="Orders stay where they are")
    with pytest.raises(Refused) as refused:
        copilot.new("checkout")
    assert [r.name for r in refused.value.refusals] == ["audience"]
    plan = copilot.new("checkout", audience="New customers", metric="sales").plan
    assert (plan.experiment, plan.hypothesis.audience, plan.analysis.primary.name) == (
        "checkout",
        "New customers",
        "sales",
    )
    assert plan.hypothesis.falsifier == "Orders stay where they are"
    assert plan.hypothesis.change == SAID["change"]


def test_an_answer_stands_in_the_persons_words_whatever_a_model_makes_of_it(copilot: Copilot) -> None:
    """A field said anew is not worded over; what nobody answered is the model's to draft."""
    drafted = json.dumps({"audience": "Everybody who buys", "metric": "orders", "change": "One page"})
    told = [{"field": "audience", "question": "For whom?", "answer": "New customers"}]
    idea = "One page for everybody who buys should bring orders"
    waiting = copilot.sharpen("checkout", idea, model=scripted(sharpener=lambda _: drafted), answers=told)
    assert waiting is not None
    said = waiting.content["sharpened"]
    assert (said["audience"], said["change"], said["metric"]) == ("New customers", "One page", "orders")


def test_nothing_begins_while_the_hypothesis_waits_or_once_a_plan_is_frozen(copilot: Copilot) -> None:
    """Decide first; and a registered plan is amended, not written anew."""
    copilot.sharpen("checkout", "A shorter checkout", model=None)
    with pytest.raises(Refused, match="waits for a decision first"):
        copilot.new("checkout")
    copilot.decide("checkout", "reject")
    assert copilot.begun("checkout") is None
    assert copilot.begun("another") is None


def test_none_names_no_guardrail():
    """Whoever answers that nothing must not get worse is not given a guardrail called "none", and not asked again."""
    for text in ("none", "None.", "nothing", "N/A"):
        said = Answered(field="guardrails", question="What must not get worse?", answer=text)
        found = sharpened(SharpenerInputs(idea="A shorter form", answers=(said,)))
        assert found.guardrails == ()
        assert "guardrails" not in {q.field for q in found.questions}
    said = Answered(field="guardrails", question="?", answer="returns: +0.2 points; none")
    assert [g.metric for g in sharpened(SharpenerInputs(idea="x", answers=(said,))).guardrails] == ["returns"]
