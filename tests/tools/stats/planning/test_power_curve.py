"""The power curve: the same numbers as power at one effect, in order, and only effects that a metric can have."""

from __future__ import annotations

from itertools import pairwise

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.planning.curve import STEPS, power_curve
from copilot_tools.stats.planning.design import TrialDesign
from copilot_tools.stats.planning.detectable import power_at
from copilot_tools.stats.planning.outcomes import Mean, Proportion
from copilot_tools.stats.spec import Effect

RISE = Effect(size=0.1, scale="relative")


@pytest.mark.parametrize(
    ("outcome", "effect", "direction", "design"),
    [
        (Proportion(baseline=0.05), RISE, "increase", TrialDesign()),
        (Proportion(baseline=0.3), Effect(size=0.02, scale="absolute"), "decrease", TrialDesign(sides=1)),
        (Mean(baseline=12.0, sd=30.0), RISE, "increase", TrialDesign(weights=(2.0, 1.0, 1.0))),
    ],
    ids=["share", "fall of a share", "three arms"],
)
def test_each_point_is_the_power_at_its_effect(outcome, effect, direction, design):
    """A curve says nothing that the power at one effect would not say; more effect is never found less often."""
    curve = power_curve(outcome, 20_000, effect, direction=direction, design=design, reach=3)
    for point in curve.points[:: STEPS // 2]:
        alone = power_at(outcome, 20_000, point.effect, direction=direction, design=design)
        assert point.power == pytest.approx(alone.power, rel=1e-12)
    assert all(a.effect.size < b.effect.size and a.power <= b.power for a, b in pairwise(curve.points))
    assert curve.points[STEPS - 1].effect.size == pytest.approx(effect.size)
    assert curve.points[STEPS - 1].power == curve.power
    assert curve.points[-1].effect.size == pytest.approx(3 * effect.size)


def test_no_point_beyond_what_a_share_can_be():
    """A share of 80% cannot rise by 40% of itself: the curve ends before."""
    curve = power_curve(Proportion(baseline=0.8), 2000, Effect(size=0.2, scale="relative"))
    assert curve.points[-1].effect.size * 0.8 + 0.8 < 1
    assert len(curve.points) >= STEPS


def test_an_effect_that_cannot_be_is_refused():
    """An effect that no share of this level can have, units below two an arm, and a reach of nothing are refused."""
    with pytest.raises(Refused):
        power_curve(Proportion(baseline=0.8), 2000, Effect(size=0.5, scale="relative"))
    with pytest.raises(Refused):
        power_curve(Proportion(baseline=0.05), 3, RISE)
    with pytest.raises(Refused):
        power_curve(Proportion(baseline=0.05), 2000, RISE, reach=1.0)
