"""Boundaries and exit probabilities: published tables, an independent integration, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.sequential.boundaries import by_spending, classical, with_futility
from copilot_tools.stats.sequential.crossing import Crossing
from copilot_tools.stats.sequential.spending import Spending


def even(k):
    """Equally spaced looks."""
    return [(i + 1) / k for i in range(k)]


def spending(times, function, alpha=0.05, sides=2):
    """Efficacy boundaries by a spending function."""
    return by_spending(times, [function.spent(t, alpha, sides) for t in times], sides).efficacy


@pytest.mark.parametrize(("k", "constant"), [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413)])
def test_pocock_constants(k, constant):
    """Jennison & Turnbull (2000), table 2.1."""
    assert classical(even(k), 0.05, delta=0.5).efficacy == pytest.approx([constant] * k, abs=5e-4)


@pytest.mark.parametrize(("k", "constant"), [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040)])
def test_obrien_fleming_constants(k, constant):
    """Jennison & Turnbull (2000), table 2.3."""
    assert classical(even(k), 0.05).efficacy[-1] == pytest.approx(constant, abs=5e-4)


@pytest.mark.parametrize(
    "bounds",
    [
        (2.7965, 1.9774),
        (3.4711, 2.4544, 2.0040),
        (4.0486, 2.8628, 2.3375, 2.0243),
        (4.5617, 3.2256, 2.6337, 2.2809, 2.0401),
    ],
)
def test_obrien_fleming_boundaries(bounds):
    """Jennison & Turnbull (2000), table 2.3, as boundaries; gsDesign's test.Deming.OFbound."""
    assert classical(even(len(bounds)), 0.05).efficacy == pytest.approx(bounds, abs=1e-3)


@pytest.mark.parametrize("bounds", [(2.963, 1.969), (3.710, 2.511, 1.993), (4.333, 2.963, 2.359, 2.014)])
def test_lan_demets_obrien_fleming_per_side(bounds):
    """Reboussin, DeMets, Kim & Lan (2000); the convention of ldbounds, gsDesign and rpact."""
    assert spending(even(len(bounds)), Spending()) == pytest.approx(bounds, abs=6e-4)


@pytest.mark.parametrize("bounds", [(2.157, 2.201), (2.279, 2.295, 2.296), (2.368, 2.368, 2.358, 2.350)])
def test_lan_demets_pocock(bounds):
    """Lan & DeMets (1983), as in the documentation of ldbounds and gsDesign."""
    assert spending(even(len(bounds)), Spending(family="pocock")) == pytest.approx(bounds, abs=6e-4)


@pytest.mark.parametrize("bounds", [(2.7718, 1.9793), (4.3826, 3.0997, 2.5534, 2.2538, 2.0635)])
def test_lan_demets_obrien_fleming_two_sided(bounds):
    """Jennison & Turnbull (2000), chapter 7: the other convention, not interchangeable."""
    function = Spending(family="obrien-fleming-two-sided")
    assert spending(even(len(bounds)), function) == pytest.approx(bounds, abs=1e-3)


@pytest.mark.parametrize(("k", "rate"), [(1, 0.05), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142)])
def test_naive_peeking_inflates(k, rate):
    """Armitage, McPherson & Rowe (1969), table 2; half of it on each side, as gsDesign's test.Deming.gsProb."""
    exits = Crossing(even(k), [-1.959964] * k, [1.959964] * k).exits(0.0)
    assert float((exits.upper + exits.lower).sum()) == pytest.approx(rate, abs=5e-4)
    assert exits.upper == pytest.approx(exits.lower)


PLANS = [
    ((0.1, 0.35, 1.0), (-math.inf,) * 3, (2.4, 2.1, 1.8)),
    ((0.5, 0.55, 1.0), (-2.5, -2.2, -1.5), (2.1, 2.6, 2.0)),
    ((0.2, 0.21, 1.4), (-0.5, 0.0, 1.7), (3.0, 2.5, 1.7)),
]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("drift", [-2.0, 0.0, 3.1])
def test_exits_against_multivariate_normal(plan, drift):
    """Staying inside has the probability of a box under the joint normal law of the z's, by another algorithm."""
    times, lower, upper = plan
    exits = Crossing(times, lower, upper).exits(drift)
    t = np.array(times)
    law = stats.multivariate_normal(
        drift * np.sqrt(t), np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t)), abseps=1e-6, releps=1e-6
    )
    inside = law.cdf(np.array(upper), lower_limit=np.array(lower), rng=np.random.default_rng(1))
    assert 1 - float((exits.upper + exits.lower).sum()) == pytest.approx(inside, abs=5e-6)


def _grid_exit(times, lower, upper, drift, points=2401):
    """The same by a plain sum over a grid, without panels and without tilting."""
    s = np.linspace(-14, 14, points)
    width, before, found = s[1] - s[0], 0.0, []
    kept, mass = np.zeros(1), np.ones(1)
    for time, low, high in zip(times, lower, upper, strict=True):
        gap, root = time - before, math.sqrt(time)
        arrived = stats.norm.pdf(s[:, None], kept + drift * gap, math.sqrt(gap)) @ mass * width
        found.append(float(arrived[s > high * root].sum()))
        inside = (s >= max(low * root, -14)) & (s <= high * root)
        kept, mass, before = s[inside], arrived[inside], time
    return found


def test_exits_against_a_plain_grid():
    """Upper exits look by look agree with a crude but independent integration, to the width of its grid."""
    for times, lower, upper in PLANS:
        exits = Crossing(times, lower, upper).exits(1.3)
        assert exits.upper == pytest.approx(_grid_exit(times, lower, upper, 1.3), abs=5e-3)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(
    "times", [even(3), (0.05, 0.06, 0.5, 1.0), (0.3, 0.9, 1.2), even(28), [0.001 + 0.999 * x for x in even(60)]]
)
@pytest.mark.parametrize("function", [Spending(), Spending(family="pocock"), Spending(family="power", parameter=9)])
def test_spending_is_met_at_every_look(times, sides, function):
    """Crossing probabilities under no effect return the cumulative error they were solved for."""
    spent = [function.spent(t, 0.03, sides) for t in times]
    exits = by_spending(times, spent, sides).crossing().exits(0.0)
    total = exits.upper + (exits.lower if sides == 2 else 0)
    assert np.cumsum(total) == pytest.approx(spent, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("delta", [-0.5, 0.1, 0.25, 0.7])
@pytest.mark.parametrize("sides", [1, 2])
def test_wang_tsiatis_has_its_shape_and_its_error(delta, sides):
    """Boundaries follow t**(delta - 1/2) and cross with exactly alpha."""
    times = (0.2, 0.5, 0.7, 1.0)
    bounds = classical(times, 0.02, sides, delta)
    assert np.array(bounds.efficacy) / bounds.efficacy[-1] == pytest.approx(np.array(times) ** (delta - 0.5))
    exits = bounds.crossing().exits(0.0)
    assert float(exits.upper.sum()) * sides == pytest.approx(0.02, abs=1e-10)


def test_wang_tsiatis_published():
    """Jennison & Turnbull (2000), table 2.9: delta .25, five looks, two-sided 5%: C = 2.136."""
    assert classical(even(5), 0.05, delta=0.25).efficacy[-1] == pytest.approx(2.136, abs=5e-4)


def test_a_look_with_nothing_to_spend_has_no_boundary():
    """So early that the spending function has spent nothing a float could hold: infinite, and the rest unharmed."""
    early = spending((1e-3, 0.5, 1.0), Spending())
    assert early[0] == math.inf
    assert early[1:] == pytest.approx(spending((0.5, 1.0), Spending()), abs=1e-9)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("binding", [True, False])
def test_futility_by_simulation(sides, binding):
    """Stops for futility and for efficacy happen as often as reckoned, under the planned effect and under none."""
    times = (0.3, 0.6, 1.0)
    alpha = [Spending().spent(t, 0.05, sides) for t in times]
    beta = [Spending(family="power", parameter=2).spent(t, 0.2) for t in times]
    bounds, missed = with_futility(times, alpha, beta, 2.9, sides, binding=binding)
    rng = np.random.default_rng(7)
    steps = np.sqrt(np.diff((0, *times)))
    for drift in (0.0, 2.9):
        z = (np.cumsum(rng.standard_normal((60_000, 3)) * steps, axis=1) + drift * np.array(times)) / np.sqrt(times)
        alive, wins, futile = np.ones(len(z), bool), np.zeros(3), np.zeros(3)
        for k in range(3):
            size = np.abs(z[:, k]) if sides == 2 else z[:, k]
            win = alive & (size >= bounds.efficacy[k])
            stop = alive & ~win & (size < bounds.futility[k])
            wins[k], futile[k] = win.mean(), stop.mean()
            alive &= ~win & ~stop
        exits = bounds.crossing().exits(drift)
        reckoned = exits.upper + (exits.lower if sides == 2 else 0)
        given_up = exits.inner if sides == 2 else exits.lower
        assert np.all(np.abs(wins - reckoned) < 4.5 * np.sqrt(reckoned / 60_000) + 1e-4)
        assert np.all(np.abs(futile - given_up)[:-1] < 4.5 * np.sqrt(given_up[:-1] / 60_000) + 1e-4)
    assert 1 - missed == pytest.approx(float(exits.upper.sum()), abs=1e-9)
    assert given_up[:-1].cumsum() == pytest.approx(beta[:-1], abs=1e-9)
    if not binding:
        assert bounds.efficacy == by_spending(times, alpha, sides).efficacy


@pytest.mark.parametrize("times", [(), (0.5, 0.5), (0.5, 0.4, 1), (0, 1), (0.5, 0.50001), (float("nan"), 1), even(501)])
def test_impossible_looks_are_refused(times):
    """No looks, too many, out of order, or twice the same data."""
    with pytest.raises(Refused):
        classical(times, 0.05)


@pytest.mark.parametrize("spent", [(0.1,), (0.02, 0.01), (-0.1, 0.05), (0.5, 1.0)])
def test_impossible_spending_is_refused(spent):
    """Errors that fall, are negative, reach 1 or are too few."""
    with pytest.raises(Refused):
        by_spending((0.5, 1.0), spent)


@pytest.mark.parametrize("delta", [-1.5, 2.0, float("inf")])
def test_impossible_shapes_are_refused(delta):
    """Delta beyond the family."""
    with pytest.raises(Refused):
        classical((0.5, 1.0), 0.05, delta=delta)
