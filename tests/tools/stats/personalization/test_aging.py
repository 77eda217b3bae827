"""Novelty and primacy by the unit's age: planted trends found, seasons and leaving units not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.personalization.aging import effect_by_age

DAYS = 14


def world(rng, *, at_first=0.5, at_last=0.5, users=150, stay=1.0):
    """Units that enter on any day of a season, are seen on some days, differ from each other, and may leave."""
    units, arms, ages, values = [], [], [], []
    for u in range(2 * users):
        arm = "model" if u % 2 else "control"
        own, entered = rng.normal(5, 2), rng.integers(0, 14)
        for age in range(DAYS):
            if rng.random() > 0.6 or (arm == "model" and age > 6 and u / (2 * users) > stay):
                continue
            effect = at_first + (at_last - at_first) * age / (DAYS - 1) if arm == "model" else 0.0
            season = np.sin((entered + age) / 3.0) + 0.1 * age
            units.append(f"{u}")
            arms.append(arm)
            ages.append(float(age))
            values.append(float(own + season + effect + rng.normal(0, 1)))
    return units, arms, ages, values


def test_novelty_and_primacy_are_found_and_named():
    """An effect that fades from two to nothing and one that grows, under a season: at least 95 of 100 each."""
    rng = np.random.default_rng(1)
    found = [effect_by_age(*world(rng, at_first=2.0, at_last=0.0, users=200), control="control") for _ in range(15)]
    assert np.mean([f.trends[0].finding == "novelty" for f in found]) >= 0.95
    assert "wears off" in found[0].sentence
    assert np.mean([f.trends[0].first for f in found]) == pytest.approx(2.0, abs=0.15)
    assert np.mean([f.trends[0].last for f in found]) == pytest.approx(0.0, abs=0.15)
    grows = [effect_by_age(*world(rng, at_first=0.0, at_last=2.0, users=200), control="control") for _ in range(10)]
    assert np.mean([g.trends[0].finding == "primacy" for g in grows]) >= 0.95
    less = effect_by_age(*world(rng, at_first=0.0, at_last=2.0, users=200), control="control", direction="decrease")
    assert less.trends[0].finding == "novelty"


def test_a_constant_effect_is_no_trend():
    """Season, ageing, and different units: a constant effect is called a trend at 1%, its slope covered at 95%."""
    rng = np.random.default_rng(2)
    found = [effect_by_age(*world(rng, users=40), control="control").trends[0] for _ in range(120)]
    assert np.mean([t.finding != "none" for t in found]) <= 0.05
    assert np.mean([t.interval.low <= 0 <= t.interval.high for t in found]) == pytest.approx(0.95, abs=0.06)


@pytest.mark.calibrate
def test_many_constant_effects():
    """1,000 constant effects: the level of 1% is kept to Monte-Carlo error, and coverage is that stated."""
    rng = np.random.default_rng(20)
    found = [effect_by_age(*world(rng, users=60), control="control").trends[0] for _ in range(1000)]
    alarms = np.mean([t.finding != "none" for t in found])
    covered = np.mean([t.interval.low <= 0 <= t.interval.high for t in found])
    print(f"| effect by age | {alarms:.4f} | {covered:.4f} |")  # noqa: T201 - a row of the table
    assert alarms <= 0.01 + 3 * 0.0032
    assert covered == pytest.approx(0.95, abs=0.022)


def test_the_slope_is_that_of_a_regression_with_a_mean_for_each_unit():
    """One arm's slope difference equals least squares with unit effects, computed by brute force."""
    units, arms, ages, values = world(np.random.default_rng(3), users=25)
    names = list(dict.fromkeys(units))
    treated = np.array([a == "model" for a in arms], dtype=float)
    own = np.array([[u == n for n in names] for u in units], dtype=float)
    age = np.array(ages)
    design = np.column_stack([own, age, age * treated])
    expected = np.linalg.lstsq(design, np.array(values), rcond=None)[0][-1]
    assert effect_by_age(units, arms, ages, values, control="control").trends[0].slope == pytest.approx(expected)


def test_units_that_leave_one_arm_are_told():
    """Units of one arm seen but once: the trend is given, with the warning."""
    rng = np.random.default_rng(4)
    units = [f"{arm}{i}" for arm in ("control", "model") for i in range(200) for _ in range(2)]
    arms = ["control"] * 400 + ["model"] * 400
    ages = [0.0, 5.0] * 200 + [x for i in range(200) for x in ((0.0, 5.0) if i < 120 else (0.0, 0.0))]
    found = effect_by_age(units, arms, ages, rng.normal(size=800).tolist(), control="control")
    assert found.leaves_by_arm
    assert "read with care" in found.sentence


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"arms": ["a"]}, "1 entries"),
        ({"ages": [-1.0, 1.0]}, "age is -1"),
        ({"values": [float("nan"), 1.0]}, "not a finite number"),
        ({"arms": ["control", "model"]}, "in two arms"),
        ({"units": ["u", "v"], "arms": ["control", "model"]}, "at two ages or more"),
        ({"arms": ["b", "c"]}, "control 'control'"),
    ],
)
def test_observations_that_cannot_be_read_are_refused(change, word):
    """Lengths, ages, numbers, units in two arms, too few units, no control."""
    given = {"units": ["u", "u"], "arms": ["control", "model"], "ages": [0.0, 1.0], "values": [1.0, 2.0], **change}
    with pytest.raises(Refused, match=word):
        effect_by_age(given["units"], given["arms"], given["ages"], given["values"], control="control")
