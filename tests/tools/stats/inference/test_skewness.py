"""Welch's interval under skewness: it never gets narrower, stays as it is where nothing is skewed, and then holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from copilot_tools.results import Estimate
from copilot_tools.stats.inference.compare import compare_arms
from copilot_tools.stats.inference.levels import Level
from copilot_tools.stats.inference.skewness import skewed_pair
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric
from skewed import SHAPES, errors_of, moments_with_thirds

REVENUE = Metric(name="revenue", role="primary", kind="mean", column="y")


def _effect(control, treatment, scale="absolute", **plan):
    moments = {"control": moments_with_thirds(control), "b": moments_with_thirds(treatment)}
    return compare_arms(REVENUE, moments, "control", **plan)[0].effect(scale)


def _plain(moments):
    return moments.model_copy(update={"thirds": None})


@pytest.mark.parametrize("skewness", [-3.0, -0.4, -0.03, 0.03, 0.4, 3.0])
def test_reach_inverts_the_transformation(skewness):
    """At the far end of the reach the transformed statistic is the critical value itself, at every skewness."""
    # A pair whose own and pooled estimates agree: exponential-like values, one arm small.
    n = 40 if skewness > 0 else 4000
    a = Level(4040 - n, 0.0, 0.0, 1 / (4040 - n), 1 / (4040 - n), third=abs(skewness))
    b = Level(n, 0.0, 0.0, 1 / n, 1 / n, third=abs(skewness))
    pair = skewed_pair(a, b)
    if pair is None:
        assert abs(skewness) == 0.03
        return
    for critical in (1.2, 1.959964, 4.5):
        down, up = pair.reach(critical)
        assert min(down, up) >= critical
        assert pair.statistic(down, "greater") == pytest.approx(critical)
        assert pair.statistic(-up, "less") == pytest.approx(-critical)
        assert pair.statistic(down) == pytest.approx(critical)
        assert pair.statistic(-up) == pytest.approx(-critical)


def test_halls_expansion_is_undone():
    """To first order the end moves by k (2 z^2 + 1) / 6, Hall's (1992) polynomial, on the side that errs."""
    a = Level(45_000, 0.0, 0.0, 1 / 45_000, 1 / 45_000, third=2.0)
    b = Level(5_000, 0.0, 0.0, 1 / 5_000, 1 / 5_000, third=2.0)
    k = 2.0 * (1 / 5_000**2 - 1 / 45_000**2) / (1 / 5_000 + 1 / 45_000) ** 1.5
    z = 1.959964
    pair = skewed_pair(a, b)
    assert max(pair.skewness) == pytest.approx(k, rel=1e-4)
    assert pair.reach(z)[1] - z == pytest.approx(k * (2 * z * z + 1) / 6, rel=0.15)
    assert pair.reach(z)[0] == pytest.approx(z, abs=1e-9)


def test_equal_arms_and_symmetric_values_keep_welch():
    """Where no estimate of the difference's skewness matters, the result is that without third moments, bit by bit."""
    rng = np.random.default_rng(3)
    x = rng.lognormal(0, 1, 400)
    for control, treatment in (
        (rng.normal(5, 1, 60_000), rng.normal(5, 2, 20_000)),
        (np.concatenate([x, -x]), np.concatenate([x, -x])[::2]),
        (np.sort(x), np.sort(x)[::-1] + 0.1),
    ):
        moments = {"control": moments_with_thirds(control), "b": moments_with_thirds(treatment)}
        bare = {name: _plain(m) for name, m in moments.items()}
        assert compare_arms(REVENUE, moments, "control") == compare_arms(REVENUE, bare, "control")


def test_equal_arms_keep_their_own_spread_where_a_treatment_widens_it():
    """A campaign that truly brings more and larger orders: its standard error is Welch's to a percent."""
    rng = np.random.default_rng(8)
    control = np.where(rng.random(20_000) < 0.006, rng.lognormal(4.5, 0.8, 20_000), 0.0)
    treatment = np.where(rng.random(20_000) < 0.012, rng.lognormal(4.7, 0.8, 20_000), 0.0)
    welch = math.sqrt(control.var(ddof=1) / control.size + treatment.var(ddof=1) / treatment.size)
    assert treatment.var() > 1.5 * control.var()
    assert _effect(control, treatment).standard_error == pytest.approx(welch, rel=0.01)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("direction", ["increase", "decrease"])
@pytest.mark.parametrize("seed", range(12))
def test_test_and_both_intervals_agree(seed, direction, sides):
    """A p-value is below alpha exactly where both intervals exclude 0, and neither is narrower than Welch's."""
    rng = np.random.default_rng([seed, 11])
    n, m = (int(k) for k in rng.integers(8, 400, 2))
    shape = list(SHAPES.values())[seed % len(SHAPES)]
    control, treatment = shape(rng, n) + 0.3, (shape(rng, m) + 0.3) * rng.uniform(0.3, 3)
    metric = REVENUE.model_copy(update={"direction": direction})
    moments = {"control": moments_with_thirds(control), "b": moments_with_thirds(treatment)}
    found = compare_arms(metric, moments, "control", alpha=0.1, sides=sides)[0]
    plain = compare_arms(metric, {a: _plain(x) for a, x in moments.items()}, "control", alpha=0.1, sides=sides)[0]
    assert isinstance(found.absolute, Estimate)
    interval = found.absolute.interval
    assert (found.absolute.p_value < 0.1) == (interval.low > 0 or interval.high < 0)
    assert interval.low <= found.absolute.value <= interval.high
    if isinstance(found.relative, Estimate):
        relative = found.relative.interval
        assert (relative.low > 0, relative.high < 0) == (interval.low > 0, interval.high < 0)
    assert interval.low <= plain.absolute.interval.low + 1e-12
    assert interval.high >= plain.absolute.interval.high - 1e-12
    if plain.absolute.p_value < 0.5:
        assert found.absolute.p_value >= plain.absolute.p_value - 1e-12


def test_turning_values_round_turns_the_interval_round():
    """Losses are as skewed as gains: with the sign of every value changed the interval is mirrored."""
    rng = np.random.default_rng(8)
    control, treatment = rng.lognormal(0, 1.5, 900), rng.lognormal(0, 1.5, 100)
    there, back = _effect(control, treatment), _effect(-control, -treatment)
    assert (there.interval.low, there.interval.high) == pytest.approx((-back.interval.high, -back.interval.low))
    assert there.method == "Welch, skewness-corrected"


@pytest.mark.parametrize("factor", [1e-60, 1e-5, 1e60, 1e101])
def test_units_of_measurement_do_not_matter(factor):
    """Cents or millions: the interval scales with the values, as far as cubes are numbers."""
    rng = np.random.default_rng(9)
    control, treatment = rng.lognormal(0, 1, 900), rng.lognormal(0, 1, 100)
    one, other = _effect(control, treatment), _effect(control * factor, treatment * factor)
    assert other.interval.low / factor == pytest.approx(one.interval.low)
    assert other.interval.high / factor == pytest.approx(one.interval.high)
    assert other.p_value == pytest.approx(one.p_value)


def test_published_values_of_small_equal_arms_stand():
    """Rosetta Code's Welch example, 6 + 6 values with one far out: p is 0.0907733, third moments or not."""
    x = [30.02, 29.99, 30.11, 29.97, 30.01, 29.99]
    y = [29.89, 29.93, 29.72, 29.98, 30.02, 29.98]
    found = _effect(x, y)
    assert (found.method, found.p_value) == ("Welch", pytest.approx(0.090773324285671, abs=1e-9))


def test_a_small_arm_without_any_buyer_is_no_loss():
    """200 units without a single sale beside 1,800 with a few: Welch is sure of a loss, the truth is not known."""
    control = np.zeros(1800)
    control[:36] = np.random.default_rng(4).lognormal(3, 1, 36)
    treatment = np.zeros(200)
    treatment[0] = 0.01
    moments = {"control": moments_with_thirds(control), "b": moments_with_thirds(treatment)}
    bare = compare_arms(REVENUE, {a: _plain(m) for a, m in moments.items()}, "control")[0].absolute
    assert bare.p_value < 0.001
    assert _effect(control, treatment).p_value > 0.05


def test_several_arms_and_adjusted_means_are_corrected_too():
    """Dunnett's critical value is what is bent; with a covariate it is the adjusted values whose skewness counts."""
    rng = np.random.default_rng(5)
    x = rng.lognormal(0, 1, 2600)
    y = x + 0.3 * rng.standard_exponential(2600)
    metric = REVENUE.model_copy(update={"covariate": "x"})
    parts = {"control": slice(0, 2200), "b": slice(2200, 2400), "c": slice(2400, 2600)}
    moments = {a: moments_with_thirds(y[s], x[s]) for a, s in parts.items()}
    adjusted = compare_arms(metric, moments, "control")
    raw = compare_arms(REVENUE, {a: m.only(0) for a, m in moments.items()}, "control")
    for found, plain in zip(adjusted, raw, strict=True):
        assert "skewness-corrected" in found.absolute.method
        assert "CUPED" in found.absolute.method
        bent = (found.absolute.interval.high - found.absolute.value) / found.absolute.standard_error
        more = (plain.absolute.interval.high - plain.absolute.value) / plain.absolute.standard_error
        # What is left after the covariate is exponential: skewed, but less than the values themselves.
        assert found.critical_value < bent < more


def test_nothing_known_is_nothing_corrected():
    """Without third moments in both arms, or without any variation, there is no pair to correct."""
    known = Level(100, 1.0, 1.0, 0.1, 0.1, third=5.0)
    unknown = Level(10, 1.0, 1.0, 0.1, 0.1)
    constant = Level(10, 1.0, 1.0, 0.0, 0.0, third=0.0)
    assert skewed_pair(known, unknown) is None
    assert skewed_pair(unknown, known) is None
    assert skewed_pair(constant, constant) is None


def test_values_beyond_cubes_fall_back_to_welch():
    """Values so large that their cubes are no numbers still have an interval: the plain one."""
    control, treatment = (Moments.of([[v * 1e120] for v in x]) for x in ([1.0, 2, 3, 9], [2.0, 4, 4, 30]))
    assert control.thirds is None
    found = compare_arms(REVENUE, {"control": control, "b": treatment}, "control")[0].absolute
    assert found.method == "Welch"


@pytest.mark.parametrize(("shape", "n"), [("buyers 2%", 2000), ("log-normal 2", 400), ("Pareto 2.1", 1000)])
def test_no_false_losses_in_small_arms(shape, n):
    """90:10, no effect: Welch finds a false loss far more often than 2.5%, the corrected interval never much more."""
    plain, corrected = errors_of(shape, shape, n, 0.1, repetitions=1500, seed=1)
    assert plain.low > 0.06
    assert corrected.low < 0.025 + 3 * math.sqrt(0.025 * 0.975 / 1500)
    assert corrected.low + corrected.high < 0.05
    assert corrected.high <= plain.high


@pytest.mark.calibrate
@pytest.mark.parametrize("share", [0.5, 0.2, 0.1, 0.05, 0.9])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_error_of_the_corrected_interval(shape, share, record_property):
    """No effect, two-sided 5%: at most 5% at every size from 20 to a million, where each arm has at least 4 units."""
    for n in (20, 40, 200, 1000, 5000, 20_000, 100_000, 1_000_000):
        if min(share, 1 - share) * n < 4:
            continue
        repetitions = int(min(4000, max(200, 3e7 / n)))
        plain, corrected = errors_of(shape, shape, n, share, repetitions=repetitions, seed=n)
        row = f"{shape} | {n:,} | {share:.0%} | {plain.low:.1%} / {plain.high:.1%} | "
        row += f"{corrected.low:.1%} / {corrected.high:.1%}"
        print(row)  # noqa: T201 - a row of docs/calibration/skewness.md
        record_property("row", row)
        assert corrected.low + corrected.high < 0.05 + 3.5 * math.sqrt(0.05 * 0.95 / repetitions), row


@pytest.mark.calibrate
@pytest.mark.parametrize("share", [0.5, 0.2, 0.1, 0.9])
@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        ("buyers 4%", "2 x buyers 2%"),
        ("buyers 2%", "0.5 x buyers 4%"),
        ("log-normal 1", "1.2 x log-normal 1"),
        ("log-normal 1.5", "0.7 x log-normal 1.5"),
        ("exponential", "normal"),
    ],
)
def test_coverage_where_the_arms_differ(control, treatment, share, record_property):
    """A true difference in level, spread or shape: the interval misses it in at most 5%, from 30 units an arm on."""
    for n in (200, 1000, 5000, 20_000):
        if min(share, 1 - share) * n < 30:
            continue
        repetitions = int(min(4000, 3e7 / n))
        plain, corrected = errors_of(control, treatment, n, share, repetitions=repetitions, seed=n)
        row = f"{control} / {treatment} | {n:,} | {share:.0%} | {plain.low:.1%} / {plain.high:.1%} | "
        row += f"{corrected.low:.1%} / {corrected.high:.1%}"
        print(row)  # noqa: T201 - a row of docs/calibration/skewness.md
        record_property("row", row)
        assert corrected.low + corrected.high < 0.05 + 3.5 * math.sqrt(0.05 * 0.95 / repetitions), row
