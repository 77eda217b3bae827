"""The attacks on the claim itself: risk, exaggeration, size, multiplicity, fragility."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import Evidence, Extreme, MetricCell, Quality, SourceInfo, UnitCell
from copilot_tools.stats.inference.false_positive_risk import risk_at_z
from copilot_tools.stats.inference.proportion_pairs import null_z
from copilot_tools.stats.inference.proportions import Counts
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Arm, Effect, Metric
from copilot_tools.stats.validity.exaggeration import design_errors
from copilot_tools.stats.validity.fragility import fragility_index
from tools.stats.validity.planted import CLEAN, case_of, counts, spec_of

VISIT = Metric(name="visit", role="primary", kind="proportion", column="visited")
SPEND = Metric(name="spend", role="primary", kind="mean", column="spent", unit="$")


def _counted(control: tuple[int, int], treatment: tuple[int, int], **changes: object):
    """The case for two arms of counts without strata."""
    spec = spec_of(2, metrics=(VISIT,), **changes)
    return case_of(spec, counts({"control": {"all": control}, "variant b": {"all": treatment}}, "part", "visit"))


def _values(control: list[float], treatment: list[float], metric: Metric = SPEND, **changes: object):
    """The case for two arms of single values."""
    spec = spec_of(2, metrics=(metric,), minimum_effect=Effect(size=0.5, scale="absolute"), **changes)
    rows = {"control": control, "variant b": treatment}
    evidence = Evidence(
        source=SourceInfo(kind="frame", name="made", digest="0" * 64),
        units=tuple(UnitCell(arm=a, units=len(v)) for a, v in rows.items()),
        cells=tuple(
            MetricCell(metric=metric.name, arm=a, moments=Moments.of([[x] for x in v])) for a, v in rows.items()
        ),
        quality=Quality(rows=len(control) + len(treatment)),
        extremes=tuple(
            Extreme(metric=metric.name, arm=a, largest=tuple((x,) for x in sorted(v, reverse=True)[:10]))
            for a, v in rows.items()
        ),
    )
    return case_of(spec, evidence)


def test_a_close_call_is_a_false_positive_risk() -> None:
    """Z = 2.2 with a prior of 20% leaves a risk of about 29%, above the plan's 20%: a note; z = 2 leaves twice it."""
    assert _counted((1000, 10_000), (1087, 10_000))["false-positive-risk"].severity == "serious"
    found = _counted((1000, 10_000), (1096, 10_000))["false-positive-risk"]
    z = (0.1096 - 0.1) / math.sqrt(2 * 0.1048 * 0.8952 / 10_000)
    assert found.severity == "note"
    assert found.value == pytest.approx(risk_at_z(z, 0.2), abs=1e-6)
    assert "29%" in found.sentence or "30%" in found.sentence
    assert "20%" in found.sentence


def test_a_clear_win_is_within_the_bound_and_a_loss_claims_nothing() -> None:
    """A large z is within the bound; a harmful or unclear result has no claim to be false."""
    assert _counted((1000, 10_000), (1200, 10_000))["false-positive-risk"].severity == "none"
    for successes in (1010, 900, 800):
        found = _counted((1000, 10_000), (successes, 10_000))["false-positive-risk"]
        assert found.severity == "none"
        assert "No improvement is claimed" in found.sentence


def test_a_decrease_goal_claims_in_its_own_direction() -> None:
    """Where less is better, a small fall is the close call and a rise claims nothing."""
    fewer = VISIT.model_copy(update={"direction": "decrease"})
    spec = spec_of(2, metrics=(fewer,))
    for successes, severity in [(904, "note"), (1096, "none")]:
        table = {"control": {"all": (1000, 10_000)}, "variant b": {"all": (successes, 10_000)}}
        assert case_of(spec, counts(table, "part", "visit"))["false-positive-risk"].severity == severity


def test_other_goals_have_no_false_positive_risk_or_size() -> None:
    """A non-inferiority or A/A plan is told that these attacks do not apply to it."""
    for changes in (
        {"goal": "aa"},
        {
            "goal": "noninferiority",
            "metrics": (VISIT.model_copy(update={"margin": Effect(size=0.02, scale="absolute")}),),
        },
    ):
        spec = spec_of(2, **({"metrics": (VISIT,)} | changes))
        table = {"control": {"all": (1000, 10_000)}, "variant b": {"all": (1096, 10_000)}}
        case = case_of(spec, counts(table, "part", "visit"))
        assert case["false-positive-risk"].severity == "not assessable"
        assert case["too-small"].severity == "not assessable"


def test_design_errors_agree_with_simulated_estimates() -> None:
    """Power, type S and type M agree with two million seeded estimates, one- and two-sided."""
    rng = np.random.default_rng(3)
    for effect, error, sides in [(2.0, 8.1, 2), (0.3, 0.2, 2), (0.3, 0.2, 1)]:
        drawn = rng.normal(effect, error, 2_000_000) / error
        hit = drawn[(np.abs(drawn) if sides == 2 else drawn) > 1.96] * error
        found = design_errors(effect, error, 1.96, sides)
        assert found.power == pytest.approx(len(hit) / 2_000_000, abs=0.001)
        assert found.type_s == pytest.approx((hit < 0).mean(), abs=0.005)
        assert found.type_m == pytest.approx(np.abs(hit).mean() / effect, rel=0.01)


def test_design_errors_reproduce_the_published_example_and_refuse_nonsense() -> None:
    """Gelman & Carlin (2014), D = 2, s = 8.1: power 6%, type S 24%, exaggeration about 9.5."""
    power, type_s, type_m = design_errors(2, 8.1, 1.959964)
    assert (round(power, 2), round(type_s, 2)) == (0.06, 0.24)
    assert type_m == pytest.approx(9.6, abs=0.15)
    with pytest.raises(Refused):
        design_errors(0, 8.1, 1.96)
    with pytest.raises(Refused):
        design_errors(2, 0, 1.96)


def test_a_lucky_win_of_a_weak_test_is_exaggerated() -> None:
    """A claim from a test with little power at the minimum effect is a serious objection; with full power none."""
    weak = _counted((30, 300), (52, 300))["exaggeration"]
    assert weak.severity == "serious"
    assert weak.value is not None
    assert weak.value > 2
    strong = _counted((3000, 30_000), (3600, 30_000))["exaggeration"]
    assert strong.severity == "none"
    assert strong.value == pytest.approx(1.0, abs=0.01)


def test_below_what_matters_is_a_note_only_where_claimed() -> None:
    """A significant half point against a minimum of two is a note naming both; an insignificant one is none."""
    found = _counted((30_000, 100_000), (30_600, 100_000))["too-small"]
    assert found.severity == "note"
    assert found.value == pytest.approx(0.3)
    assert "+0.60 points" in found.sentence
    assert "+2.00 points" in found.sentence
    assert _counted((3000, 10_000), (3010, 10_000))["too-small"].severity == "none"
    assert _counted((3000, 10_000), (3300, 10_000))["too-small"].severity == "none"


def test_an_effect_too_large_to_be_true_is_serious_in_either_direction() -> None:
    """Conversion doubled, or halved, is first of all a fault in tracking; a moderate gain is not."""
    for treatment in (2300, 430):
        found = _counted((1000, 10_000), (treatment, 10_000), minimum_effect=Effect(size=0.05, scale="absolute"))
        assert found["too-good"].severity == "serious"
        assert "check those first" in found["too-good"].sentence
    assert _counted((1000, 10_000), (1150, 10_000))["too-good"].severity == "none"
    five_times = _counted((3000, 10_000), (3600, 10_000), minimum_effect=Effect(size=0.005, scale="absolute"))
    assert five_times["too-good"].severity == "serious"


@pytest.mark.parametrize(("planned", "severity"), [(True, "note"), (False, "serious")])
def test_many_metrics_and_cuts_are_counted(planned, severity) -> None:
    """Eight metrics and four earlier cuts make 16 comparisons, 56%: serious only where no plan governs."""
    spec = spec_of(2, metrics=(VISIT,))
    evidence = counts({a: {"all": (100, 1000)} for a in spec.arm_names}, "part", "visit")
    evidence = evidence.model_copy(update={"units": evidence.units[::2], "cells": evidence.cells[::2]})
    standing = Circumstances(planned=planned, metrics_looked=8, cuts_looked=4, outcome_looks=(2000,))
    found = case_of(spec, evidence, standing)["multiplicity"]
    assert found.severity == severity
    assert found.value == pytest.approx(1 - 0.95**16)
    assert "16 comparisons" in found.sentence
    assert "56.0%" in found.sentence


def test_one_metric_is_no_multiplicity() -> None:
    """One metric, one treatment, no cut: one comparison at the plan's alpha."""
    spec = spec_of(2, metrics=(VISIT,), segments=())
    evidence = counts({a: {"all": (100, 1000)} for a in spec.arm_names}, "part", "visit")
    evidence = evidence.model_copy(update={"units": evidence.units[::2], "cells": evidence.cells[::2]})
    found = case_of(spec, evidence, Circumstances(metrics_looked=1, outcome_looks=(2000,)))["multiplicity"]
    assert (found.severity, found.value) == ("none", pytest.approx(0.05))
    assert found.sentence.startswith("1 metric makes 1 comparison: if nothing had any effect, it would still")


def _flips(control: tuple[int, int], treatment: tuple[int, int], bound: float) -> int:
    """Fewest flips by trying every number of them in both arms, the plain way."""
    (x0, n0), (x1, n1) = control, treatment

    def z(a: int, b: int) -> float:
        return abs(null_z(Counts(a, n0), Counts(b, n1)) or 0.0)

    up = x1 / n1 >= x0 / n0
    for f in itertools.count(1):
        one = (x0, x1 - f) if up else (x0 - f, x1)
        other = (x0 + f, x1) if up else (x0, x1 + f)
        for a, b in (one, other):
            if 0 <= a <= n0 and 0 <= b <= n1 and z(a, b) < bound:
                return f
    raise AssertionError


def test_fragility_index_is_the_fewest_flips_tried_one_by_one() -> None:
    """The bisection finds what trying every number of flips finds, in either direction and unequal arms."""
    rng = np.random.default_rng(8)
    checked = 0
    while checked < 60:
        n0, n1 = (int(n) for n in rng.integers(30, 400, 2))
        x0, x1 = int(rng.integers(0, n0 + 1)), int(rng.integers(0, n1 + 1))
        significant = abs(null_z(Counts(x0, n0), Counts(x1, n1)) or 0.0) >= 1.96
        found = fragility_index((x0, n0), (x1, n1), 1.96)
        if significant:
            assert found == _flips((x0, n0), (x1, n1), 1.96)
            checked += 1
        else:
            assert found == 0


def test_a_win_by_a_hair_is_fragile_and_says_so_in_singular() -> None:
    """Three units fewer undo a claim: serious; a clear win is not; nothing significant has nothing to undo."""
    hair = _counted((100, 1000), (129, 1000))["fragility"]
    assert hair.severity == "serious"
    assert hair.value == _flips((100, 1000), (129, 1000), 1.959964)
    assert f"Had {hair.value:.0f} unit" in hair.sentence
    assert "1 units" not in hair.sentence
    assert _counted((1000, 10_000), (1300, 10_000))["fragility"].severity == "none"
    assert "0 units" in _counted((100, 1000), (101, 1000))["fragility"].sentence


def test_a_mean_that_rests_on_few_large_values_is_fragile() -> None:
    """Six large values make a mean significant; taking out a few of them undoes it: a note, by their number."""
    rng = np.random.default_rng(2)
    control = rng.normal(10, 2, 300)
    treatment = control.copy()
    treatment[:6] = 300 + np.arange(6)
    found = _values([*map(float, control)], [*map(float, treatment)])["fragility"]
    assert found.severity == "note"
    assert found.value is not None
    assert 1 <= found.value <= 6
    assert "largest value" in found.sentence
    steady = _values([*map(float, control)], [*map(float, control + 2)])["fragility"]
    assert steady.severity == "none"
    assert "10 largest values" in steady.sentence


def test_units_set_aside_make_a_result_doubtful() -> None:
    """A result that fewer units overturn than were left out is a note even when they are many."""
    spec = spec_of(2, metrics=(VISIT,), policy={"contradictions": "drop"})
    evidence = counts({"control": {"all": (1000, 10_000)}, "variant b": {"all": (1150, 10_000)}}, "part", "visit")
    assert case_of(spec, evidence)["fragility"].severity == "none"
    quality = evidence.quality.model_copy(update={"contradictions": {"control": 100, "variant b": 80}})
    found = case_of(spec, evidence.model_copy(update={"quality": quality}), CLEAN)["fragility"]
    assert found.severity == "note"
    assert "180 units or rows" in found.details[0]


def test_ratios_and_margins_say_why_they_cannot_be_overturned_by_counting() -> None:
    """Where flips are not defined, the objection names what is missing and holds no number."""
    margin = Effect(size=0.02, scale="absolute")
    found = _counted((1000, 10_000), (1010, 10_000))
    assert found["fragility"].value == 0
    spec = spec_of(2, metrics=(VISIT.model_copy(update={"margin": margin}),), goal="noninferiority")
    evidence = counts({a: {"all": (1000, 10_000)} for a in spec.arm_names}, "part", "visit")
    fragile = case_of(spec, evidence)["fragility"]
    assert (fragile.severity, fragile.value) == ("not assessable", None)
    assert "margin" in fragile.sentence


def test_the_worst_of_several_arms_is_named() -> None:
    """With three arms the arm whose claim is doubtful is the one the sentence names."""
    spec = spec_of(3, metrics=(VISIT,))
    spec = spec.model_copy(update={"arms": (*spec.arms[:2], Arm(name="variant c", label="Blue button"))})
    won = {"control": 1000, "variant b": 1300, "variant c": 1101}
    table = {arm: {"all": (successes, 10_000)} for arm, successes in won.items()}
    found = case_of(spec, counts(table, "part", "visit"))["false-positive-risk"]
    assert found.severity == "note"
    assert found.sentence.startswith("Blue button")
    assert len(found.details) == 3
