"""The verdict table of the design: every row, every boundary, every cap, and its precedence."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from copilot_tools.refusals import Refusal
from copilot_tools.results import Objection
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import Verdict, decide
from copilot_tools.stats.spec import Effect
from copilot_tools.stats.verdict_table import classify
from tools.verdict_world import M, comparison, guardrail, reading, spec

INF = math.inf
PLANNED = Circumstances(committed_units=1000)
BLOCK = Objection(id="sample-ratio", title="Sample ratio", severity="blocking", sentence="The split is off.")

# The design's table for superiority, in its order: condition on [L, U] and m; verdict; words of the sentence.
TABLE: list[tuple[Callable[[float, float, float], bool], str, str]] = [
    (lambda lo, hi, m: hi < 0, "refuted: harmful", "harmful side of zero"),  # noqa: ARG005
    (lambda lo, hi, m: lo >= m, "supported: at least what matters", "whole interval reaches what matters"),  # noqa: ARG005
    (lambda lo, hi, m: lo > 0 and hi >= m, "supported: size unresolved", "excludes zero, but both more and less"),
    (lambda lo, hi, m: lo > 0 and hi < m, "real, too small to matter", "also excludes everything that matters"),
    (lambda lo, hi, m: lo <= 0 and hi >= m, "inconclusive", "includes both zero and what matters"),
    (
        lambda lo, hi, m: lo <= 0 and hi < m and lo > -m,
        "refuted: no effect that matters",
        "excludes every effect that matters, in either direction",
    ),
    (
        lambda lo, hi, m: lo <= 0 and hi < m and lo <= -m,
        "the hoped-for gain is ruled out, harm is not",
        "excludes the gain that matters, but not a loss",
    ),
]


def row_of(low: float, high: float, m: float) -> tuple[str, str]:
    """The first row of the design's table that holds: verdict and words."""
    return next((verdict, words) for holds, verdict, words in TABLE if holds(low, high, m))


def verdict(low: float, high: float, circumstances: Circumstances = PLANNED, **changes: object) -> Verdict:
    """The verdict on one treatment arm whose interval in the desired direction is [low, high], far from chance."""
    plan = spec(**changes)
    sign = plan.primary.sign
    ends = (low, high) if sign > 0 else (-high, -low)
    seen = comparison("b", *ends, statistic=6.0 * sign, scale=str(changes.get("scale", "absolute")))
    return decide(plan, circumstances, 1000, reading(seen), ())


BOUNDARIES = [
    (-0.03, -1e-12, "refuted: harmful"),
    (-0.03, 0.0, "the hoped-for gain is ruled out, harm is not"),
    (-0.01, 0.0, "refuted: no effect that matters"),
    (0.0, 0.0, "refuted: no effect that matters"),
    (M, 0.05, "supported: at least what matters"),
    (M, M, "supported: at least what matters"),
    (M - 1e-12, 0.05, "supported: size unresolved"),
    (1e-12, M, "supported: size unresolved"),
    (1e-12, M - 1e-12, "real, too small to matter"),
    (0.0, M - 1e-12, "refuted: no effect that matters"),
    (0.0, M, "inconclusive"),
    (0.0, 0.5, "inconclusive"),
    (-M, M, "inconclusive"),
    (-0.5, 0.5, "inconclusive"),
    (-M + 1e-12, M - 1e-12, "refuted: no effect that matters"),
    (-M, M - 1e-12, "the hoped-for gain is ruled out, harm is not"),
    (-0.5, M - 1e-12, "the hoped-for gain is ruled out, harm is not"),
]


@pytest.mark.parametrize(("low", "high", "phrase"), BOUNDARIES)
def test_each_row_and_each_boundary(low, high, phrase):
    """An end at 0 counts as including 0, at m as reaching it, at -m as not excluding a loss that large."""
    assert verdict(low, high).phrase == phrase


@pytest.mark.parametrize(("low", "high", "phrase"), BOUNDARIES)
def test_a_decrease_goal_mirrors_every_boundary(low, high, phrase):
    """For a metric that should fall the same rows are read from the mirrored interval, and the mirror is reported."""
    found = verdict(low, high, direction="decrease")
    assert found.phrase == phrase
    interval = found.arms[0].interval
    assert interval is not None
    assert (interval.low, interval.high) == (low, high)


@pytest.mark.parametrize("phrase", [words for _, words, _ in TABLE])
def test_every_row_of_the_design_stands_among_the_boundaries(phrase):
    """The boundary cases leave no row of the table out."""
    assert phrase in {expected for _, _, expected in BOUNDARIES}


def test_the_scale_of_the_minimum_effect_is_the_one_that_is_read():
    """A relative minimum effect is compared with the relative interval, never with the absolute one."""
    assert verdict(0.03, 0.05, scale="relative").phrase == "supported: at least what matters"
    assert verdict(0.03, 0.05).phrase == "supported: at least what matters"


@pytest.mark.parametrize(
    ("low", "phrase"),
    [
        (M, "supported: at least what matters"),
        (1e-12, "supported: size unresolved"),
        (0.0, "inconclusive"),
        (-0.5, "inconclusive"),
    ],
)
@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_one_sided_plans(low, phrase, direction):
    """An interval open towards the good side never refutes and never establishes harm."""
    found = verdict(low, INF, sides=1, direction=direction)
    assert found.phrase == phrase
    if phrase == "inconclusive":
        assert "one-sided plan cannot tell no effect from harm" in found.sentence


@pytest.mark.parametrize(
    ("low", "phrase"),
    [
        (-0.01 + 1e-12, "supported: not worse by the margin"),
        (-0.01, "not shown: could be worse by the margin"),
        (-0.05, "not shown: could be worse by the margin"),
        (0.001, "supported: not worse by the margin"),
    ],
)
@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_noninferiority_has_two_rows(low, phrase, direction):
    """L strictly above minus the margin, or not; an end exactly at the margin is not above it."""
    assert verdict(low, 0.02, goal="noninferiority", margin=0.01, direction=direction).phrase == phrase


def test_noninferiority_reads_the_margins_scale():
    """A margin on the relative scale is compared with the relative interval, whatever scale m is on."""
    plan = spec(
        goal="noninferiority",
        margin=0.01,
        scale="relative",
        minimum_effect=Effect(size=M, scale="absolute"),
    )
    found = decide(plan, PLANNED, 1000, reading(comparison("b", -0.005, 0.02, scale="relative")), ())
    assert found.phrase == "supported: not worse by the margin"


@pytest.mark.parametrize(
    ("low", "high", "phrase"),
    [
        (-0.01, 0.01, "A/A: no difference found"),
        (0.0, 0.02, "A/A: no difference found"),
        (-0.02, 0.0, "A/A: no difference found"),
        (1e-9, 0.02, "A/A: a difference where there should be none"),
        (-0.02, -1e-9, "A/A: a difference where there should be none"),
    ],
)
def test_an_a_a_plan_asks_only_whether_zero_is_inside(low, high, phrase):
    """In an A/A test a difference in either direction means a broken pipeline, never a win or a loss."""
    assert verdict(low, high, goal="aa").phrase == phrase


def test_several_arms_are_each_judged_and_named():
    """Arms that differ are named with their verdicts; arms that agree share one phrase."""
    plan = spec(arms=("control", "b", "c", "d"))
    mixed = reading(comparison("b", 0.03, 0.05), comparison("c", -0.05, -0.01), comparison("d", 0.03, 0.04))
    found = decide(plan, PLANNED, 1000, mixed, ())
    assert found.phrase == "b, d: supported: at least what matters; c: refuted: harmful"
    assert [a.arm for a in found.arms] == ["b", "c", "d"]
    alike = decide(plan, PLANNED, 1000, reading(*(comparison(a, -0.5, 0.5) for a in "bcd")), ())
    assert alike.phrase == "inconclusive"


def test_a_guardrail_not_shown_safe_caps_the_arm_it_concerns():
    """The words "supported, but ..." stand in the arm whose guardrail reaches past its margin, in no other."""
    plan = spec(arms=("control", "b", "c"))
    found = decide(
        plan,
        PLANNED,
        1000,
        reading(
            comparison("b", 0.03, 0.05),
            comparison("c", 0.03, 0.05),
            guardrails=(guardrail("b", safe=False), guardrail("c")),
        ),
        (),
    )
    capped, free = found.arms
    assert capped.phrase == "supported: at least what matters, but a guardrail is not shown safe"
    assert free.phrase == "supported: at least what matters"


def test_a_guardrail_that_cannot_be_estimated_caps_as_well():
    """Not assessable is not safe: the reason stands in the caveat."""
    blind = guardrail("b", safe=False).model_copy(update={"effect": Refusal(code="x", reason="Two units only.")})
    found = decide(spec(), PLANNED, 1000, reading(comparison("b", 0.03, 0.05), guardrails=(blind,)), ())
    assert "but a guardrail is not shown safe" in found.phrase
    assert "Two units only." in found.arms[0].caveats[0].sentence


def risk(z: float, win_rate: float, alpha: float, sides: int, power: float) -> float:
    """Posterior probability of no effect at z, by the two densities themselves."""
    delta = norm.isf(alpha / sides) + norm.ppf(power)
    null, effect = (1 - win_rate) * norm.pdf(z), win_rate * norm.pdf(z, loc=delta)
    return float(null / (null + effect))


@pytest.mark.parametrize("z", [2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 4.0])
@pytest.mark.parametrize("direction", ["increase", "decrease"])
def test_replicate_first_above_the_plans_false_positive_risk(z, direction):
    """The cap stands exactly where the risk at the observed z, with the plan's prior, passes the plan's bound."""
    sign = 1 if direction == "increase" else -1
    ends = sorted((sign * 0.001, sign * 0.05))
    seen = comparison("b", *ends, statistic=sign * z)
    found = decide(spec(direction=direction), PLANNED, 1000, reading(seen), ()).arms[0]
    expected = risk(z, 0.2, 0.05, 2, 0.8)
    assert found.risk == pytest.approx(expected, rel=1e-9)
    assert ("replicate first" in found.phrase) == (expected > 0.2)


def test_caps_are_named_together():
    """A verdict with several caps names each of them once."""
    opened = PLANNED.model_copy(update={"unblinded": ("Opened at 300 units.", "Opened at 400 units.")})
    seen = reading(comparison("b", 0.001, 0.05, statistic=2.0), guardrails=(guardrail(safe=False),))
    found = decide(spec(), opened, 1000, seen, ())
    head, _, caps = found.phrase.partition(", but ")
    assert head == "supported: size unresolved"
    assert sorted(caps.split(" and ")) == ["a guardrail is not shown safe", "opened early", "replicate first"]


DISQUALIFIED = {
    "closed_early": PLANNED.model_copy(update={"closed_early": "budget"}),
    "post_hoc": PLANNED.model_copy(update={"post_hoc": "registered after the data was seen."}),
    "quick_look": Circumstances(planned=False),
}


@pytest.mark.parametrize("stamp", list(DISQUALIFIED))
@pytest.mark.parametrize(("low", "high", "phrase"), BOUNDARIES)
def test_a_disqualified_reading_never_says_supported(stamp, low, high, phrase):
    """Closed early, post hoc and quick looks show the estimate, carry their stamp, and never support anything."""
    found = verdict(low, high, DISQUALIFIED[stamp])
    assert "supported" not in found.model_dump_json()
    assert [s.id for s in found.stamps] == [stamp]
    if not phrase.startswith(("supported", "real")):
        assert found.phrase == phrase


def test_a_disqualified_noninferiority_reading_never_says_supported():
    """The ban covers the non-inferiority row as well."""
    for circumstances in DISQUALIFIED.values():
        found = verdict(-0.001, 0.02, circumstances, goal="noninferiority", margin=0.01)
        assert "supported" not in found.phrase
        assert "supported" not in found.sentence


def test_an_attested_plan_is_stamped_and_still_decides():
    """Attested beforehand elsewhere: the row stands, the stamp says so."""
    found = verdict(0.03, 0.05, PLANNED.model_copy(update={"attested": "decided 2024-01-01 by Ada."}))
    assert found.phrase == "supported: at least what matters"
    assert [s.id for s in found.stamps] == ["attested"]


def test_opened_early_is_a_cap_on_supported_only():
    """A look at outcomes before the end is named beside "supported", and stamped on every verdict."""
    opened = PLANNED.model_copy(update={"unblinded": ("Opened at 300 units.",)})
    assert verdict(0.03, 0.05, opened).phrase == "supported: at least what matters, but opened early"
    refuted = verdict(-0.05, -0.01, opened)
    assert refuted.phrase == "refuted: harmful"
    assert [s.id for s in refuted.stamps] == ["unblinded"]


SMALL = 999
"""One unit short of the committed size."""


def test_invalid_comes_before_everything():
    """A blocking check outranks a guardrail alarm, a missing size and any interval."""
    alarming = reading(comparison("b", 0.03, 0.05), guardrails=(guardrail(alarm=True, safe=False),))
    found = decide(spec(), PLANNED, SMALL, alarming, (BLOCK,))
    assert found.phrase == "invalid"
    assert "The split is off." in found.sentence
    altered = PLANNED.model_copy(update={"altered": ("The plan is not the one registered.",)})
    assert decide(spec(), altered, 1000, alarming, ()).phrase == "invalid"


def test_harm_comes_before_not_yet():
    """A guardrail alarm stops the test at any size; without one the outcomes stay closed."""
    alarming = reading(comparison("b", 0.03, 0.05), guardrails=(guardrail(alarm=True, safe=False),))
    found = decide(spec(), PLANNED, SMALL, alarming, ())
    assert found.phrase == "harm: stop"
    assert "refunds in b" in found.sentence
    quiet = decide(spec(), PLANNED, SMALL, reading(comparison("b", 0.03, 0.05)), ())
    assert quiet.phrase == "not yet (blinded)"


def test_not_yet_shows_no_outcome():
    """While blinded the verdict holds no interval, no risk and no number of the effect."""
    found = decide(spec(), PLANNED, SMALL, reading(comparison("b", 0.0317, 0.0517)), ())
    assert found.arms[0].interval is None
    assert found.arms[0].risk is None
    assert "3.17" not in found.model_dump_json()
    assert "999 of the 1,000 committed units" in found.sentence


def test_the_committed_size_itself_opens_the_outcomes():
    """Exactly the committed units are enough; days are counted as well where the plan commits to them."""
    seen = reading(comparison("b", 0.03, 0.05))
    assert decide(spec(), PLANNED, 1000, seen, ()).phrase == "supported: at least what matters"
    days = Circumstances(committed_days=14, days_run=13.5)
    assert decide(spec(), days, 10**6, seen, ()).phrase == "not yet (blinded)"
    unknown = Circumstances(committed_days=14, days_run=None)
    assert decide(spec(), unknown, 10**6, seen, ()).phrase == "not yet (blinded)"
    assert decide(spec(), Circumstances(committed_days=14, days_run=14), 2, seen, ()).phrase.startswith("supported")


def test_an_effect_that_cannot_be_estimated_is_not_assessable():
    """A refusal in place of the estimate, or no estimate at all, is said; it is never a neutral-looking row."""
    seen = comparison("b", 0.03, 0.05).model_copy(update={"absolute": Refusal(code="x", reason="Nothing varies.")})
    found = decide(spec(), PLANNED, 1000, reading(seen), ())
    assert found.phrase == "cannot be assessed"
    assert "Nothing varies." in found.sentence
    assert decide(spec(), PLANNED, 1000, reading(), ()).phrase == "cannot be assessed"


@settings(derandomize=True, deadline=None)
@given(st.floats(-1, 1), st.floats(0, 2), st.floats(1e-6, 1))
def test_the_table_is_total_and_its_rows_exclude_each_other(low, width, m):
    """Any interval meets a row, the row the design's table gives, and no later row's condition matters."""
    high = low + width
    expected = row_of(low, high, m)[0]
    from copilot_tools.stats.verdict_table import PHRASES  # noqa: PLC0415 - the names of rows, not their conditions

    assert PHRASES[classify(low, high, m)] == expected


ENDS = (-INF, -0.5, -M - 1e-9, -M, -M + 1e-9, -0.01, -1e-12, 0.0, 1e-12, 0.01, M - 1e-9, M, M + 1e-9, 0.5, INF)


def test_two_thousand_random_experiments_match_an_independent_table():
    """Over 2,000 seeded experiments every verdict and sentence is the one the design's table gives."""
    dice = random.Random(20250701)  # noqa: S311 - a seed, not a secret
    phrases: set[str] = set()
    for _ in range(2000):
        phrases |= _one_random_experiment(dice)
    for _, phrase, _ in TABLE:
        assert any(p.startswith(phrase) for p in phrases), phrase
    for phrase in (
        "invalid",
        "harm: stop",
        "not yet (blinded)",
        "exploratory: points the hoped-for way, no conclusion",
    ):
        assert phrase in phrases


def _one_random_experiment(dice: random.Random) -> set[str]:
    direction = dice.choice(["increase", "decrease"])
    goal = dice.choice(["superiority", "superiority", "superiority", "noninferiority", "aa"])
    arms = ("control", "b", "c", "d")[: dice.choice([2, 2, 3, 4])]
    scale = dice.choice(["absolute", "relative"])
    sides = 2 if goal == "aa" else dice.choice([1, 2])  # an A/A plan is refused with one
    margin = 0.01 if goal == "noninferiority" else None
    plan = spec(direction=direction, goal=goal, arms=arms, scale=scale, sides=sides, margin=margin)
    wanted, rails, seen = {}, {}, []
    for arm in arms[1:]:
        low, high = sorted(dice.sample(ENDS[1:-1], 2))
        if sides == 1:
            high = INF
        z = dice.choice([1.0, 2.0, 2.5, 3.5, 6.0])
        wanted[arm] = (low, high, z)
        rails[arm] = guardrail(arm, alarm=dice.random() < 0.03, safe=dice.random() < 0.7)
        ends, statistic = ((low, high), z) if direction == "increase" else ((-high, -low), -z)
        seen.append(comparison(arm, *ends, statistic=statistic, scale=scale))
    objections = [BLOCK] if dice.random() < 0.05 else []
    objections.append(BLOCK.model_copy(update={"severity": dice.choice(["none", "note", "serious", "not assessable"])}))
    circumstances = Circumstances(
        planned=dice.random() < 0.85,
        committed_units=1000,
        altered=("The data is not what it was.",) if dice.random() < 0.03 else (),
        closed_early="budget" if dice.random() < 0.1 else "",
        post_hoc="too late." if dice.random() < 0.1 else "",
        unblinded=("Opened.",) if dice.random() < 0.1 else (),
    )
    units = dice.choice([10, 999, 1000, 1001])
    found = decide(plan, circumstances, units, reading(*seen, guardrails=tuple(rails.values())), objections)

    whole = _phrase_for_all(circumstances, units, objections, [r.alarm for r in rails.values()])
    for verdict_of_arm in found.arms:
        low, high, z = wanted[verdict_of_arm.arm]
        if whole:
            assert verdict_of_arm.phrase == whole
            assert verdict_of_arm.interval is None
            continue
        phrase, words = _row_for_goal(goal, low, high)
        if sides == 1 and phrase == "inconclusive":
            words = "one-sided plan cannot tell no effect from harm"
        assert words in verdict_of_arm.sentence
        favourable = phrase.startswith(("supported", "real"))
        doubtful = favourable and goal == "superiority" and risk(z, 0.2, 0.05, sides, 0.8) > 0.2
        assert ("replicate" in {c.id for c in verdict_of_arm.caveats}) == doubtful
        assert (verdict_of_arm.risk is not None) == (favourable and goal == "superiority")
        if favourable and (circumstances.closed_early or circumstances.post_hoc or not circumstances.planned):
            phrase = "exploratory: points the hoped-for way, no conclusion"
        elif favourable:
            caps = {"opened early"} if circumstances.unblinded else set()
            if not rails[verdict_of_arm.arm].safe:
                caps.add("a guardrail is not shown safe")
            if doubtful:
                caps.add("replicate first")
            head, _, tail = verdict_of_arm.phrase.partition(", but ")
            assert head == phrase
            assert set(filter(None, tail.split(" and "))) == caps
            continue
        assert verdict_of_arm.phrase == phrase
    return {a.phrase for a in found.arms}


def _phrase_for_all(
    circumstances: Circumstances, units: int, objections: list[Objection], alarms: list[bool]
) -> str | None:
    if circumstances.altered or any(o.severity == "blocking" for o in objections):
        return "invalid"
    if circumstances.planned and any(alarms):
        return "harm: stop"
    if circumstances.planned and units < 1000 and not circumstances.closed_early:
        return "not yet (opened early)" if circumstances.unblinded else "not yet (blinded)"
    return None


def _row_for_goal(goal: str, low: float, high: float) -> tuple[str, str]:
    if goal == "noninferiority":
        if low > -0.01:
            return "supported: not worse by the margin", "excludes a worsening by the margin"
        return "not shown: could be worse by the margin", "includes a worsening by the margin"
    if goal == "aa":
        if low <= 0 <= high:
            return "A/A: no difference found", "includes zero, as it should"
        return "A/A: a difference where there should be none", "excludes zero although the arms are the same"
    return row_of(low, high, M)
