"""Five answers become a plan: whole, sized where it can be, and honest about what it leaves open."""

from __future__ import annotations

import datetime as dt

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.planning.outcomes import Mean, Proportion
from copilot_tools.stats.planning.size import sample_size
from copilot_tools.stats.spec import Effect
from expcopilot.flow.steps.check_plan import check_plan
from expcopilot.flow.steps.new_plan import (
    CHANNELS,
    Answers,
    GuardrailAnswer,
    channel,
    draft_plan,
    name_of,
    questions,
)
from expcopilot.memory import plan_files
from expcopilot.surfaces import parsing

FIVE = Effect(size=0.05, scale="relative")


def answers(**more):
    said = {
        "channel": "landing-page",
        "change": "The headline names the price instead of the brand.",
        "audience": "New visitors from organic search",
        "because": "In twelve of twenty interviews the price was the first question",
        "metric": "sign-up rate",
        "matters": FIVE,
    }
    return Answers.model_validate({**said, **more})


def test_stream_is_sized_in_whole_weeks():
    """With baseline and traffic the plan commits to the tool's size and to whole weeks."""
    made = draft_plan(answers(baseline=0.04, traffic_per_week=50000))
    expected = sample_size(Proportion(baseline=0.04), FIVE, units_per_week=50000)
    assert made.size == expected
    assert made.plan.design.committed_units == expected.total
    assert made.plan.design.committed_days == expected.runtime.days
    assert made.plan.design.committed_days % 7 == 0
    assert made.plan.design.traffic_per_month == pytest.approx(50000 * 365.25 / 84, abs=1)


def test_list_is_the_whole_size():
    """A fixed list commits to all of it, says what it can show, and warns when that is too little."""
    short = draft_plan(answers(channel="email", baseline=0.1, list_size=64000))
    assert short.plan.design.committed_units == 64000
    assert short.plan.design.committed_days is None
    assert short.detectable.relative > 0.05
    assert "shorter than" in short.warning
    assert draft_plan(answers(channel="email", baseline=0.1, list_size=200000)).warning == ""


def test_amount_is_sized_by_its_spread():
    """An amount a unit needs mean and standard deviation."""
    made = draft_plan(answers(kind="mean", metric="revenue", baseline=12.4, sd=30.0))
    assert made.size.total == sample_size(Mean(baseline=12.4, sd=30.0), FIVE).total


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({}, "the level of sign-up rate today"),
        ({"kind": "mean", "baseline": 3.0}, "the standard deviation"),
        ({"kind": "mean", "sd": 3.0}, "the level of sign-up rate today"),
        ({"traffic_per_week": 1000}, "the level of sign-up rate today"),
    ],
)
def test_unsized_says_why(more, missing):
    """Without what sizing needs there is no size, the reason is named, and the plan asks for it."""
    made = draft_plan(answers(**more))
    assert made.size is None
    assert missing in made.unsized
    assert made.plan.design.committed_units is None
    assert "design.committed_units" in {q.field for q in made.open if q.weight == "must"}


def test_open_questions_are_the_plan_checks():
    """What is left open is exactly what the plan check asks."""
    made = draft_plan(answers(baseline=0.04, start=dt.date(2100, 1, 1)))
    assert made.open == check_plan(made.plan)
    assert not [q for q in made.open if q.weight == "must"]


def test_decrease_turns_every_sentence():
    """A number that should fall reads that way in question, falsifier and metric."""
    plan = draft_plan(answers(metric="bounce rate", direction="decrease", baseline=0.5)).plan
    assert plan.question.endswith(": does that lower bounce rate by at least 5%?")
    assert "does not fall by 5%" in plan.hypothesis.falsifier
    assert plan.analysis.primary.direction == "decrease"


@pytest.mark.parametrize(
    ("effect", "kind", "words"),
    [
        (Effect(size=0.005, scale="absolute"), "proportion", "0.5 percentage points"),
        (Effect(size=0.3, scale="absolute"), "mean", "0.3"),
    ],
)
def test_what_matters_in_words(effect, kind, words):
    """What matters is worded on its own scale."""
    assert f"by at least {words}?" in draft_plan(answers(matters=effect, kind=kind)).plan.question


def test_guardrails_keep_their_direction():
    """A guardrail's margin and better direction reach the plan."""
    rail = GuardrailAnswer(
        name="Refund rate", kind="proportion", margin=Effect(size=0.002, scale="absolute"), direction="decrease"
    )
    (metric,) = draft_plan(answers(guardrails=(rail,))).plan.analysis.guardrails
    assert (metric.column, metric.direction, metric.margin.size) == ("refund_rate", "decrease", 0.002)


@pytest.mark.parametrize(
    "more",
    [
        {"guardrails": (GuardrailAnswer(name="sign-up rate", kind="mean", margin=FIVE, direction="increase"),)},
        {"name": "No Such Name!"},
        {"baseline": 1.5},
    ],
)
def test_contradictions_are_refused(more):
    """Answers that contradict each other are refused, not repaired."""
    with pytest.raises(Refused):
        draft_plan(answers(**more))


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_is_whole(name):
    """Each channel's template fills every question, its example guardrail can be read, and its plan round-trips."""
    template = channel(name)
    asked = questions(template, metric="the metric")
    assert [q.field for q in asked][:3] == ["change", "audience", "because"]
    for question in asked:
        assert question.ask
        assert question.explain
        assert "{" not in question.ask + question.example + question.explain
        assert "\n" not in question.explain
    assert parsing.guardrail("guardrail", template.guardrail).margin.size > 0
    plan = draft_plan(answers(channel=name)).plan
    assert plan_files.parse(plan_files.render(plan)) == plan


def test_unknown_channel_is_refused():
    """A channel nobody knows is answered with those that are known."""
    with pytest.raises(Refused, match="landing-page"):
        channel("fax")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("The headline names the price, not the brand!", "the-headline-names-the-price-not-the"),
        ("=cmd()", "cmd"),
        ("изменить", "email-test"),
        ("x" * 200, "email-test"),
    ],
)
def test_names(change, name):
    """A name is short, in the characters a plan allows, and never empty."""
    assert name_of(change, "email") == name


def test_a_window_that_nobody_can_check_is_a_question():
    """Days after exposure count only where something says when exposure was; with a date column nothing is asked."""
    plan = draft_plan(answers()).plan
    asked = {q.field: q for q in check_plan(plan)}
    assert asked["analysis.time_column"].weight == "should"
    assert "The first 7 days after exposure" in asked["analysis.time_column"].question
    dated = plan.model_copy(update={"analysis": plan.analysis.model_copy(update={"time_column": "first_seen"})})
    assert "analysis.time_column" not in {q.field for q in check_plan(dated)}
    metrics = tuple(m.model_copy(update={"window_days": None}) for m in plan.analysis.metrics)
    bare = plan.model_copy(update={"analysis": plan.analysis.model_copy(update={"metrics": metrics})})
    assert "analysis.time_column" not in {q.field for q in check_plan(bare)}
