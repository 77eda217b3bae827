"""Consistency of cohorts and versions: planted differences are found, clean tests are pooled, and rightly."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.personalization.consistency import consistency
from copilot_tools.stats.personalization.given import Cohort
from copilot_tools.stats.personalization.parts import Outcome

N = 20_000


def cohort(rng, name, version, lift, base=0.1, n=N):
    """One cohort with a true lift in points over a base rate."""
    return Cohort(
        cohort=name,
        version=version,
        control=Outcome(n=n, successes=int(rng.binomial(n, base))),
        treatment=Outcome(n=n, successes=int(rng.binomial(n, base + lift))),
    )


def clean(rng, scale="absolute"):
    """Two versions over six weeks with different bases and one lift."""
    bases = (0.08, 0.1, 0.12, 0.1, 0.09, 0.11)
    return [
        cohort(rng, f"w{i}", "a" if i < 3 else "b", 0.01 if scale == "absolute" else base * 0.1, base)
        for i, base in enumerate(bases)
    ]


def recall(plant, seed, reps):
    """Share of seeded tests in which the planted fault stops the pooling."""
    rng = np.random.default_rng(seed)
    return np.mean([not consistency(plant(rng)).consistent for _ in range(reps)])


def drifted(rng):
    """A new version that takes away what the old one gave."""
    return [cohort(rng, f"w{i}", "a" if i < 3 else "b", 0.015 if i < 3 else -0.002) for i in range(6)]


def one_bad_week(rng):
    """One version, and one week with five times the lift of the others."""
    return [cohort(rng, f"w{i}", "", 0.03 if i == 4 else 0.006) for i in range(6)]


@pytest.mark.parametrize("plant", [drifted, one_bad_week])
def test_planted_differences_stop_the_pooling(plant):
    """Version drift and a week apart are found in at least 95 of 100 tests at detectable sizes."""
    assert recall(plant, 3, 150) >= 0.95


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_clean_tests_are_pooled_and_covered(scale):
    """One effect: stopped in under 5% of tests, and the pooled 95% interval holds the truth where it is given."""
    rng = np.random.default_rng(5)
    truth, held, pooled = 0.01 if scale == "absolute" else 0.1, 0, 0
    for _ in range(400):
        found = consistency(clean(rng, scale), scale=scale)
        if isinstance(found.pooled, Estimate):
            pooled += 1
            held += found.pooled.interval.low <= truth <= found.pooled.interval.high
    assert pooled >= 0.95 * 400
    assert held / pooled == pytest.approx(0.95, abs=0.035)


@pytest.mark.calibrate
def test_many_clean_and_planted_tests():
    """2,000 clean tests: alarms at most 1% plus error; 2,000 of each plant: recall at least 95%."""
    rng = np.random.default_rng(50)
    alarms = np.mean([not consistency(clean(rng)).consistent for _ in range(2000)])
    found = recall(drifted, 6, 2000), recall(one_bad_week, 7, 2000)
    print(f"| consistency | {alarms:.4f} | {found[0]:.4f} | {found[1]:.4f} |")  # noqa: T201 - a row of the table
    assert alarms <= 0.01 + 3 * 0.0022
    assert min(found) >= 0.95


def test_versions_that_differ_are_not_pooled_but_reported_apart():
    """The refusal names the cause and the cure; each version keeps its own effect; version and time are confounded."""
    found = consistency(drifted(np.random.default_rng(1)))
    assert isinstance(found.pooled, Refusal)
    assert found.pooled.code == "consistency.not_poolable"
    assert [v.version for v in found.versions] == ["a", "b"]
    assert found.versions[0].effect.value > 0.01 > found.versions[1].effect.value
    assert found.confounded
    assert "may be the version's or the time's" in found.sentence


def test_opposite_signs_stop_the_pooling():
    """Two weeks up and two weeks down: the signs speak by themselves."""
    rng = np.random.default_rng(2)
    found = consistency([cohort(rng, f"w{i}", "", 0.012 * (-1) ** i) for i in range(4)])
    assert found.opposite_p is not None
    assert found.opposite_p < 0.001
    assert not found.consistent


def test_one_cohort_is_its_own_effect():
    """Nothing to compare: the effect is the plain difference, and nothing is called consistent by a test."""
    one = Cohort(cohort="w", control=Outcome(n=1000, successes=100), treatment=Outcome(n=1000, successes=130))
    found = consistency([one])
    assert found.smallest_p is None
    assert found.between_versions is None
    assert isinstance(found.pooled, Estimate)
    assert found.pooled.value == pytest.approx(0.03)


def test_bad_cohorts_are_refused():
    """None, one twice, too few conversions: refused with the name."""
    one = Cohort(cohort="w", control=Outcome(n=1000, successes=100), treatment=Outcome(n=1000, successes=130))
    few = Cohort(cohort="v", control=Outcome(n=1000, successes=3), treatment=Outcome(n=1000, successes=130))
    for given, word in (([], "no cohort"), ([one, one], "twice"), ([one, few], "cohort v")):
        with pytest.raises(Refused, match=word):
            consistency(given)
