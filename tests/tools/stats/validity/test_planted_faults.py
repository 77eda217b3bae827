"""Each fault that is planted in sound units is caught by its attack, and by a sentence with the number."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec, Effect, Metric
from tools.stats.validity.planted import CLEAN, Units, case_of, draw, evidence_of, spec_of

SPEND_FIRST = (
    Metric(name="spend", role="primary", kind="mean", column="spent", unit="$"),
    Metric(name="visit", kind="proportion", column="visited"),
)


@pytest.fixture
def units() -> Units:
    """Ten thousand units of a sound test without effect."""
    return draw(np.random.default_rng(20))


@pytest.fixture
def spec() -> AnalysisSpec:
    return spec_of()


def test_the_sound_test_raises_nothing_serious(spec, units) -> None:
    """The units the faults are planted in are clean by every attack."""
    case = case_of(spec, evidence_of(spec, units))
    assert {o.severity for o in case.values()} <= {"none", "note", "not assessable"}
    assert all(o.value is not None for o in case.values() if o.severity != "not assessable")


@pytest.mark.parametrize(("kept", "severity"), [(0.93, "blocking"), (0.945, "serious")])
def test_lost_units_in_one_arm_break_the_sample_ratio(spec, units, kept, severity) -> None:
    """Losing 7% of one arm blocks the verdict, a little less is serious; both name the counts expected."""
    rng = np.random.default_rng(1)
    lost = (units.arm == 1) & (rng.random(len(units.arm)) > kept)
    found = case_of(spec, evidence_of(spec, units.kept(~lost)))["sample-ratio"]
    assert found.severity == severity
    assert found.unit == "p"
    assert "were to be expected" in found.sentence


def test_units_lost_in_one_segment_alone_are_found_there(spec, units) -> None:
    """Units lost on desktop in one arm, made up for on mobile, leave the whole even but not the segments."""
    rng = np.random.default_rng(2)
    draws = rng.random(len(units.arm))
    lost = np.where(units.device == 1, (units.arm == 1) & (draws < 0.20), (units.arm == 0) & (draws < 0.107))
    found = case_of(spec, evidence_of(spec, units.kept(~lost)))["sample-ratio"]
    assert found.value is not None
    assert found.value > 0.01
    assert found.severity == "serious"
    assert "device = desktop" in found.sentence
    assert "corrected for 16 parts" in found.sentence


def test_units_lost_on_one_day_are_found_on_that_day(spec, units) -> None:
    """A day on which most of one arm was lost is named."""
    rng = np.random.default_rng(3)
    lost = (units.day == 5) & (units.arm == 0) & (rng.random(len(units.arm)) < 0.45)
    back = (units.day != 5) & (units.arm == 1) & (rng.random(len(units.arm)) < 0.035)
    found = case_of(spec, evidence_of(spec, units.kept(~lost & ~back)))["sample-ratio"]
    assert found.severity == "serious"
    assert "day = 2026-03-07" in found.sentence


def test_units_lost_by_the_policy_or_activation_are_found(spec, units) -> None:
    """Even as found but uneven as analysed: blocking, because what is analysed is what is compared."""
    rng = np.random.default_rng(4)
    gone = (units.arm == 1) & (rng.random(len(units.arm)) < 0.3)
    before = {name: int((units.arm == i).sum()) for i, name in enumerate(spec.arm_names)}
    evidence = evidence_of(spec, units.kept(~gone), units_before_policy=before)
    found = case_of(spec, evidence)["sample-ratio"]
    assert found.severity == "blocking"
    assert "After the plan's policy" in found.details[0]


def test_uneven_weights_are_the_plans_and_not_equal(units) -> None:
    """A 90:10 split is clean under 90:10 and blocking under equal weights."""
    rng = np.random.default_rng(5)
    units.arm = (rng.random(len(units.arm)) < 0.1).astype(np.int64)
    equal = spec_of()
    uneven = equal.model_copy(
        update={"arms": tuple(a.model_copy(update={"weight": w}) for a, w in zip(equal.arms, (9, 1), strict=True))}
    )
    assert case_of(uneven, evidence_of(uneven, units))["sample-ratio"].severity == "none"
    assert case_of(equal, evidence_of(equal, units))["sample-ratio"].severity == "blocking"


def test_values_missing_by_arm_are_found_while_even_loss_is_a_note(spec, units) -> None:
    """Two percent missing in one arm only is serious; eight percent missing everywhere a note."""
    rng = np.random.default_rng(6)
    coin = rng.random(len(units.arm))
    whole = units.columns["spent"].copy()
    units.columns["spent"] = np.where((units.arm == 1) & (coin < 0.02), np.nan, whole)
    found = case_of(spec, evidence_of(spec, units))["missing-by-arm"]
    assert found.severity == "serious"
    assert "spend is missing unevenly" in found.sentence
    assert "0.00% of control" in found.sentence
    units.columns["spent"] = np.where(coin < 0.08, np.nan, whole)
    evenly = case_of(spec, evidence_of(spec, units))["missing-by-arm"]
    assert evenly.severity == "note"
    assert "% of spend is missing" in evenly.sentence


def test_an_arm_that_was_different_before_is_found(spec, units) -> None:
    """A tenth of a standard deviation in age before exposure is serious among 10,000 units."""
    units.columns["age"] = units.columns["age"] + 1.2 * (units.arm == 1)
    found = case_of(spec, evidence_of(spec, units))["balance"]
    assert found.severity == "serious"
    assert "age averages control" in found.sentence
    assert "2 columns" in found.sentence


def test_one_arm_of_three_that_was_different_before_is_found() -> None:
    """Balance compares all arms at once: the third arm alone is off."""
    spec, units = spec_of(3), draw(np.random.default_rng(7), 12_000, 3)
    assert case_of(spec, evidence_of(spec, units))["balance"].severity == "none"
    units.columns["age"] = units.columns["age"] + 1.2 * (units.arm == 2)
    assert case_of(spec, evidence_of(spec, units))["balance"].severity == "serious"


@pytest.mark.parametrize(("metrics", "severity"), [(SPEND_FIRST, "serious"), (None, "note")])
def test_one_huge_value_dominates_an_average(units, metrics, severity) -> None:
    """One unit far out holds most of the variation: serious for the primary, a note for a secondary metric."""
    spec = spec_of(**({"metrics": metrics} if metrics else {}))
    units.columns["spent"][np.flatnonzero(units.arm == 0)[0]] = 5000.0
    found = case_of(spec, evidence_of(spec, units))["outliers"]
    assert found.severity == severity
    assert "$5,000" in found.sentence
    assert found.value is not None
    assert found.value > 0.9
    assert "with it" in found.details[0]
    assert "without" in found.details[0]


@pytest.mark.parametrize("metrics", [None, SPEND_FIRST])
def test_an_effect_that_wears_off_is_found(metrics) -> None:
    """An effect that starts high and is gone at the end is serious, for a proportion and for an average."""
    rng = np.random.default_rng(9)
    units = draw(rng, 20_000, effect=0.05, fade=0.16)
    fading = units.columns["spent"] * (1 + 0.9 * (units.arm == 1) * (1 - units.day / 13))
    units.columns["spent"] = fading
    spec = spec_of(**({"metrics": metrics} if metrics else {}))
    found = case_of(spec, evidence_of(spec, units))["novelty"]
    assert found.severity == "serious"
    assert "wears off" in found.sentence
    assert "14 days" in found.sentence


def test_an_effect_that_grows_and_one_that_jumps_are_told_apart(spec) -> None:
    """A growing effect is called growing; one that jumps between days without a trend is a note."""
    grows = draw(np.random.default_rng(10), 20_000, fade=-0.2)
    assert "grows with the day of entry" in case_of(spec, evidence_of(spec, grows))["novelty"].sentence
    jumps = draw(np.random.default_rng(11), 20_000)
    rng = np.random.default_rng(12)
    shift = (jumps.arm == 1) * (jumps.day % 2 == 0) * (rng.random(len(jumps.arm)) < 0.25)
    jumps.columns["visited"] = np.maximum(jumps.columns["visited"], shift.astype(float))
    found = case_of(spec, evidence_of(spec, jumps))["novelty"]
    assert found.severity == "note"
    assert "differs between days" in found.sentence


def test_too_few_days_are_not_assessable(spec) -> None:
    """Three days hold no trend, and it says how many are needed."""
    found = case_of(spec, evidence_of(spec, draw(np.random.default_rng(13), days=3)))["novelty"]
    assert found.severity == "not assessable"
    assert "fewer than 4 days" in found.sentence
    timeless = spec_of(time_column=None)
    evidence = evidence_of(timeless, draw(np.random.default_rng(13)))
    assert case_of(timeless, evidence)["novelty"].severity == "not assessable"


def test_a_cut_by_something_measured_after_assignment_is_marked(units) -> None:
    """A cut by a declared column, or by a metric's own column, is serious; its uneven parts do not alarm as split."""
    for column, spec in [("clicks", spec_of(after_assignment=("clicks",))), ("spent", spec_of())]:
        moved = np.where(units.arm == 1, 1, np.arange(len(units.arm)) % 2).astype(np.int64)
        case = case_of(spec, evidence_of(spec, units, extra=[(column, moved)]))
        assert case["post-assignment"].severity == "serious"
        assert f"the cut by {column}" in case["post-assignment"].sentence.replace("The", "the")
        assert case["sample-ratio"].severity == "none"


def test_an_activation_filter_measured_after_assignment_is_marked(units) -> None:
    """Analysing only units chosen by something after assignment is serious."""
    spec = spec_of(activation="opened", after_assignment=("opened",))
    found = case_of(spec, evidence_of(spec, units))["post-assignment"]
    assert found.severity == "serious"
    assert "only units with opened" in found.sentence.replace("Only", "only")


def test_ramped_weights_turn_a_result_round(spec) -> None:
    """Treatment ramped up in the bad week: it loses over everyone, wins within days, and is named as a reversal."""
    rng = np.random.default_rng(14)
    units = draw(rng, 40_000)
    late = units.day >= 7
    units.arm = (rng.random(40_000) < np.where(late, 0.9, 0.1)).astype(np.int64)
    rate = np.where(late, 0.15, 0.4) + 0.04 * units.arm
    units.columns["visited"] = (rng.random(40_000) < rate).astype(float)
    found = case_of(spec, evidence_of(spec, units))["simpson"]
    assert found.severity == "serious"
    assert "turns round by day" in found.sentence


def test_circumstances_speak(spec, units) -> None:
    """Peeking, early opening and other experiments on the same units are serious, and listed."""
    standing = Circumstances(
        outcome_looks=(2000, 4000, 6000, 8000, 10_000),
        metrics_looked=2,
        unblinded=("Opened at 2,000 units by Ada.",),
        shared_units=("spring-banner was read on the same units.",),
    )
    case = case_of(spec, evidence_of(spec, units), standing)
    for attack in ("looks", "unblinded", "shared-units"):
        assert case[attack].severity == "serious"
    assert case["unblinded"].sentence.startswith("1 look at outcomes came")
    assert case["unblinded"].details == standing.unblinded
    assert case["shared-units"].sentence.startswith("1 other experiment was")


def test_summary_counts_leave_much_not_assessable(spec, units) -> None:
    """Counts alone cannot show duplicates, missing cells or outliers: each says what is missing."""
    made = evidence_of(spec, units, duplicate_rows=None, two_arms=None, missing=None)
    whole = Evidence(
        source=made.source.model_copy(update={"sketch": ()}),
        units=tuple(u for u in made.units if u.slice.whole),
        cells=tuple(c for c in made.cells if c.slice.whole and c.metric in {"visit", "spend"}),
        quality=made.quality,
    )
    case = case_of(spec, whole, CLEAN)
    silent = {i for i, o in case.items() if o.severity == "not assessable"}
    assert silent >= {
        "two-arms",
        "duplicates",
        "contradictions",
        "missing-by-arm",
        "balance",
        "novelty",
        "outliers",
        "simpson",
        "shared-units",
    }
    assert all(case[i].sentence.startswith("Not assessable with this data, because") for i in silent)
    assert case["sample-ratio"].severity == "none"


def test_a_decrease_goal_that_fades_is_said_to_wear_off() -> None:
    """Where less is better, an effect that goes back up wears off."""
    fewer = Metric(name="visit", role="primary", kind="proportion", column="visited", direction="decrease")
    spec = spec_of(metrics=(fewer,), minimum_effect=Effect(size=0.02, scale="absolute"))
    units = draw(np.random.default_rng(15), 20_000, effect=-0.05, fade=-0.2)
    assert "wears off" in case_of(spec, evidence_of(spec, units))["novelty"].sentence
