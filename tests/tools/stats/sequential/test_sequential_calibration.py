"""Promises kept, by seeded simulation: error rates over all looks, coverage and median unbiasedness after the stop."""

from __future__ import annotations

import math

import numpy as np
import pytest

from copilot_tools.stats.inference.always_valid import always_valid_critical
from copilot_tools.stats.sequential.after_stop import Ordering
from copilot_tools.stats.sequential.boundaries import Boundaries, by_spending
from copilot_tools.stats.sequential.designs import Futility, Shape, group_sequential
from copilot_tools.stats.sequential.spending import Spending

RULES = {
    "O'Brien-Fleming-like, per side": Spending(),
    "O'Brien-Fleming-like, two-sided": Spending(family="obrien-fleming-two-sided"),
    "Pocock-like": Spending(family="pocock"),
    "Hwang-Shih-DeCani -4": Spending(family="hwang-shih-decani", parameter=-4),
    "power 3": Spending(family="power", parameter=3),
    "Pocock": Shape(name="pocock"),
    "O'Brien-Fleming": Shape(name="obrien-fleming"),
    "Wang-Tsiatis 0.25": Shape(name="wang-tsiatis", delta=0.25),
}
SIZES = [20_000, pytest.param(400_000, marks=pytest.mark.calibrate)]


def paths(rng, repetitions, times, drift=0.0):
    """The z's of tests with independent normal increments."""
    t = np.array(times)
    steps = rng.standard_normal((repetitions, len(t))) * np.sqrt(np.diff(np.concatenate([[0], t])))
    return (np.cumsum(steps, axis=1) + drift * t) / np.sqrt(t)


def uneven(rng, k):
    """Looks at irregular information, the last at all of it."""
    inner = np.sort(rng.uniform(0.02, 0.98, k - 1)) + 1e-3 * np.arange(k - 1)
    return (*(inner / max(1.0, inner.max() + 1e-3) if k > 1 else ()), 1.0)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("repetitions", SIZES)
def test_error_over_all_looks_is_alpha(name, repetitions):
    """With 2 to 28 looks, evenly spaced or not, one- or two-sided: alpha, within Monte-Carlo error."""
    rng = np.random.default_rng(len(name))
    worst = 0.0
    for k, sides, even, alpha in ((2, 2, True, 0.05), (5, 1, False, 0.025), (12, 2, False, 0.1), (28, 1, True, 0.05)):
        looks = k if even else uneven(rng, k)
        design = group_sequential(looks, RULES[name], alpha=alpha, sides=sides)
        z = paths(rng, repetitions, design.times)
        bound = np.array([look.efficacy_z for look in design.looks])
        rate = float(((np.abs(z) if sides == 2 else z) >= bound).any(axis=1).mean())
        deviation = (rate - alpha) / math.sqrt(alpha * (1 - alpha) / repetitions)
        print(f"| {name} | {k} | {sides} | {'even' if even else 'uneven'} | {alpha:g} | {rate:.4f} |")  # noqa: T201 - a row of the table in docs/calibration
        worst = max(worst, abs(deviation))
    assert worst < 4


@pytest.mark.parametrize("repetitions", SIZES)
@pytest.mark.parametrize("sides", [1, 2])
def test_looks_at_other_times_than_planned_keep_alpha(sides, repetitions):
    """Looks drawn anew for every test, in any number, an overrun included: spending at true information holds alpha."""
    rng = np.random.default_rng(5)
    plan, hits, batches = Spending(), 0, 20
    for _ in range(batches):
        times = [*uneven(rng, int(rng.integers(1, 15)))]
        times[-1] = float(rng.uniform(1.0, 1.3))
        spent = [plan.spent(t, 0.05, sides) for t in times]
        bound = np.array(by_spending(times, spent, sides).efficacy)
        z = paths(rng, repetitions // batches, times)
        hits += int(((np.abs(z) if sides == 2 else z) >= bound).any(axis=1).sum())
    assert abs(hits / repetitions - 0.05) < 4 * math.sqrt(0.05 * 0.95 / repetitions)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("binding", [True, False])
@pytest.mark.parametrize("repetitions", SIZES)
def test_futility_keeps_the_error_and_power(sides, binding, repetitions):
    """Obeyed futility leaves error at most alpha (binding: exactly), and power as planned."""
    rng = np.random.default_rng(9)
    futility = Futility(binding=binding)
    design = group_sequential((0.2, 0.5, 0.8, 1.0), sides=sides, power=0.9, futility=futility)
    upper = np.array([look.efficacy_z for look in design.looks])
    inner = np.array([look.futility_z for look in design.looks])
    for drift, wanted in ((0.0, 0.05), (design.drift, 0.9)):
        z = paths(rng, repetitions, design.times, drift)
        size = np.abs(z) if sides == 2 else z
        stops = np.where(size >= upper, 1, np.where(size < inner, -1, 0))
        first = np.argmax(stops != 0, axis=1)
        rate = float((stops[np.arange(len(z)), first] == 1).mean())
        noise = 4 * math.sqrt(wanted * (1 - wanted) / repetitions)
        assert rate < wanted + noise
        if binding or drift > 0:
            assert rate > wanted - noise


def _stopped(z, bounds):
    """Per test the look (from 0) it stops at."""
    upper = np.array(bounds.efficacy)
    out = z >= upper if bounds.sides == 1 else np.abs(z) >= upper
    if bounds.futility is not None:
        out |= z < np.array(bounds.futility)
    out[:, -1] = True
    return np.argmax(out, axis=1)


DESIGNS = {
    "O'Brien-Fleming-like, 5 looks": (5, Spending(), 2, None),
    "Pocock, 4 looks": (4, Shape(name="pocock"), 2, None),
    "Pocock-like, uneven": ((0.1, 0.15, 0.6, 1.0), Spending(family="pocock"), 2, None),
    "one-sided, binding futility": ((0.3, 0.7, 1.0), Spending(), 1, Futility(binding=True)),
    "O'Brien-Fleming-like, 28 looks": (28, Spending(), 2, None),
}


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("repetitions", [600, pytest.param(10_000, marks=pytest.mark.calibrate)])
def test_coverage_and_median_after_the_stop(name, repetitions):
    """Whatever the effect, the interval after the stop covers with 95% and the estimate is as often high as low.

    The true drift lies in the interval exactly where an outcome at least as high has a chance between alpha/2 and
    1 - alpha/2 under it, and below the estimate where that chance is below 1/2.
    """
    looks, rule, sides, futility = DESIGNS[name]
    design = group_sequential(looks, rule, sides=sides, futility=futility)
    futile = None if futility is None else tuple(look.futility_z for look in design.looks)
    whole = Boundaries(design.times, sides, tuple(look.efficacy_z for look in design.looks), futile)
    rng = np.random.default_rng(3)
    for drift in (0.0, 1.5, design.drift):
        z = paths(rng, repetitions, whole.times, drift)
        chances, plain, last = [], [], _stopped(z, whole)
        for k in range(len(whole.times)):
            cut = None if futile is None else futile[: k + 1]
            until = Boundaries(whole.times[: k + 1], sides, whole.efficacy[: k + 1], cut)
            order = Ordering(until, 0.0)
            for value in z[last == k, k]:
                order.z = float(value)
                chances.append(order.tails(drift)[0])
                plain.append(abs(value / math.sqrt(whole.times[k]) - drift) * math.sqrt(whole.times[k]) <= 1.959964)
        found = np.array(chances)
        covered = float(((found > 0.025) & (found < 0.975)).mean())
        low = float((found < 0.5).mean())
        print(f"| {name} | {drift:.2f} | {covered:.3f} | {np.mean(plain):.3f} | {low:.3f} |")  # noqa: T201 - a row of the table in docs/calibration
        assert abs(covered - 0.95) < 4 * math.sqrt(0.95 * 0.05 / repetitions)
        assert abs(low - 0.5) < 4 * math.sqrt(0.25 / repetitions)


@pytest.mark.parametrize("repetitions", [4000, pytest.param(100_000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_28_daily_peeks_at_a_true_null(rate, repetitions):
    """Two arms of conversions, a look a day for 28 days: registered methods stay at 5% or below."""
    rng = np.random.default_rng(28)
    daily, days = 800, 28
    n = daily * np.arange(1, days + 1)
    rules = {name: group_sequential(days, rule) for name, rule in RULES.items()}
    bounds = {name: np.array([look.efficacy_z for look in d.looks]) for name, d in rules.items()}
    horizon = 2 * daily * days
    bounds["always-valid sequence"] = np.array([always_valid_critical(2 * int(x), horizon, 0.05) for x in n])
    bounds["naive, 1.96 a day"] = np.full(days, 1.959964)
    hits = dict.fromkeys(bounds, 0)
    for _ in range(repetitions // 1000):
        a, b = (np.cumsum(rng.binomial(daily, rate, (1000, days)), axis=1) / n for _ in range(2))
        pooled = (a + b) / 2
        z = np.abs(b - a) / np.sqrt(np.maximum(2 * pooled * (1 - pooled) / n, 1e-300))
        for name, bound in bounds.items():
            hits[name] += int((z >= bound).any(axis=1).sum())
    for name, count in hits.items():
        print(f"| {name} | {rate:g} | {count / repetitions:.4f} |")  # noqa: T201 - a row of the table in docs/calibration
    noise = 3.5 * math.sqrt(0.05 * 0.95 / repetitions)
    assert hits.pop("naive, 1.96 a day") / repetitions > 0.25
    assert max(hits.values()) / repetitions < 0.05 + noise
    assert hits["always-valid sequence"] / repetitions < 0.05
