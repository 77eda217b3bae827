"""Holdout lift and activation analysis: coverage, their own sample-ratio checks, and planted faults."""

from __future__ import annotations

import numpy as np
import pytest

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.personalization.activation import activation
from copilot_tools.stats.personalization.given import ActivationArm
from copilot_tools.stats.personalization.holdout import holdout_lift
from copilot_tools.stats.personalization.parts import Outcome


@pytest.mark.parametrize("kind", ["proportion", "mean"])
def test_a_small_holdout_is_covered_and_alarms_seldom(kind):
    """A 5% holdout: 95% intervals hold the true lift, and a sound split is refused in about .1% of tests."""
    rng = np.random.default_rng(2)
    held = refused = 0
    for _ in range(400):
        k = int(rng.binomial(40_000, 0.05))
        if kind == "proportion":
            arms = [Outcome(n=n, successes=int(rng.binomial(n, p))) for n, p in ((k, 0.1), (40_000 - k, 0.115))]
            truth = 0.015
        else:
            arms = [
                Outcome(n=n, mean=m + rng.standard_normal() * s / n**0.5, sd=s)
                for n, m, s in ((k, 10.0, 20.0), (40_000 - k, 10.5, 30.0))
            ]
            truth = 0.5
        try:
            found = holdout_lift(*arms, holdout_share=0.05).comparison.absolute
        except Refused:
            refused += 1
            continue
        assert isinstance(found, Estimate)
        held += found.interval.low <= truth <= found.interval.high
    assert refused <= 4
    assert held / (400 - refused) == pytest.approx(0.95, abs=0.035)


def test_a_broken_holdout_is_refused():
    """A tenth of the holdout lost, half of it leaked, kinds mixed: no lift but the reason."""
    most = Outcome(n=95_000, successes=9000)
    with pytest.raises(Refused, match="audit_assignment"):
        holdout_lift(Outcome(n=4500, successes=400), most, holdout_share=0.05)
    with pytest.raises(Refused, match="half or more"):
        holdout_lift(Outcome(n=5000, successes=400), most, holdout_share=0.05, leaked=2500)
    with pytest.raises(Refused, match="the other a mean"):
        holdout_lift(Outcome(n=5000, mean=1.0, sd=1.0), most, holdout_share=0.05)
    with pytest.raises(Refused, match="leaked is 6000"):
        holdout_lift(Outcome(n=5000, successes=400), most, holdout_share=0.05, leaked=6000)


def test_what_is_added_and_what_leaks_hide():
    """The increment is lift times personalized units; a leak of a fifth divides the lift by four fifths."""
    found = holdout_lift(
        Outcome(n=10_000, successes=1000), Outcome(n=90_000, successes=9900), holdout_share=0.1, leaked=2000
    )
    assert isinstance(found.increment, Estimate)
    assert found.increment.value == pytest.approx(900)
    assert found.without_leaks is not None
    assert found.without_leaks.value == pytest.approx(0.01 / 0.8)
    one_sided = holdout_lift(
        Outcome(n=10_000, successes=1000), Outcome(n=90_000, successes=9900), holdout_share=0.1, sides=1
    )
    assert isinstance(one_sided.increment, Estimate)
    assert one_sided.increment.interval.high == float("inf")


def world(rng, *, trigger=(0.2, 0.2), lift=0.03, spill=0.0, n=30_000):
    """Two arms; the trigger fires with a chance of its own in each; the lift is among activated units."""
    k = int(rng.binomial(2 * n, 0.5))
    arms = []
    for name, size, rate, a, o in (
        ("control", k, trigger[0], 0.1, 0.03),
        ("model", 2 * n - k, trigger[1], 0.1 + lift, 0.03 + spill),
    ):
        m = int(rng.binomial(size, rate))
        arms.append(
            ActivationArm(
                name=name,
                assigned=size,
                activated=Outcome(n=m, successes=int(rng.binomial(m, a))),
                others=Outcome(n=size - m, successes=int(rng.binomial(size - m, o))),
            )
        )
    return arms


def test_a_clean_trigger_is_believed_and_covered():
    """Alarms in under 5% of clean tests; both intervals hold their truth: .03 where activated, .006 over everyone."""
    rng = np.random.default_rng(3)
    alarms, among, everyone = 0, 0, 0
    for _ in range(400):
        found = activation(world(rng))
        alarms += found.severity != "none"
        effect = found.effects[0]
        assert isinstance(effect.activated, Estimate)
        assert isinstance(effect.everyone, Estimate)
        among += effect.activated.interval.low <= 0.03 <= effect.activated.interval.high
        everyone += effect.everyone.interval.low <= 0.006 <= effect.everyone.interval.high
    assert alarms / 400 <= 0.03
    assert among / 400 == pytest.approx(0.95, abs=0.035)
    assert everyone / 400 == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize("fault", [{"trigger": (0.2, 0.22)}, {"spill": 0.008}])
def test_a_trigger_that_depends_on_the_arm_is_found(fault):
    """A trigger that fires more often under treatment, and an effect where there can be none: at least 95 of 100."""
    rng = np.random.default_rng(4)
    found = [activation(world(rng, **fault)) for _ in range(150)]
    assert np.mean([f.severity != "none" for f in found]) >= 0.95
    blocked = next(f for f in found if f.severity == "blocking")
    assert isinstance(blocked.effects[0].activated, Refusal)
    assert "No effect can be read" in blocked.sentence


def test_activation_sharpens_as_reading_everyone_would_not():
    """The interval over everyone is narrower by the factor stated, held against the plain comparison of all units."""
    arms = world(np.random.default_rng(5))
    found = activation(arms).effects[0]
    assert isinstance(found.everyone, Estimate)
    plain = 0.0
    for arm in arms:
        assert arm.others is not None
        p = ((arm.activated.successes or 0) + (arm.others.successes or 0)) / arm.assigned
        plain += p * (1 - p) / arm.assigned
    assert found.sharpened == pytest.approx(plain**0.5 / found.everyone.standard_error, rel=1e-6)
    assert found.sharpened > 1


def test_arms_that_do_not_add_up_are_refused():
    """One arm, a name twice, activated and others that do not sum to the assigned, kinds mixed."""
    a, b = world(np.random.default_rng(6))
    for given in ([a], [a, a]):
        with pytest.raises(Refused, match="at least two"):
            activation(given)
    with pytest.raises(Refused, match="others a mean"):
        activation([a, b.model_copy(update={"others": Outcome(n=5, mean=1.0, sd=1.0)})])
    with pytest.raises(ValueError, match="do not add up"):
        ActivationArm.model_validate({**a.model_dump(), "assigned": a.assigned + 1})
