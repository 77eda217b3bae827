"""The bootstrap: against scipy's, from buckets as from units, the same twice; trimmed means against Yuen's test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.locations import trimmed_level, trimmed_mean, weighted_mean
from copilot_tools.stats.inference.means import welch
from copilot_tools.stats.inference.resampling import Sample, bootstrap_difference, seed_of

RNG = np.random.default_rng(12)
CONTROL, TREATMENT = RNG.lognormal(0, 1, 400), RNG.lognormal(0.1, 1, 300)
ARMS = Sample.of(CONTROL, "control"), Sample.of(TREATMENT, "treatment")


def _statistic(trim, scale):
    def of(c, t, axis=-1):
        c, t = (stats.trim_mean(x, trim, axis=axis) if trim else x.mean(axis=axis) for x in (c, t))
        return t / c - 1 if scale == "relative" else t - c

    return of


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("trim", [0.0, 0.1])
@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_ends_and_error_are_scipys(method, trim, scale):
    """Ends and standard error are those of scipy.stats.bootstrap, up to what 9,999 resamples leave to chance."""
    found = bootstrap_difference(*ARMS, method=method, trim=trim, scale=scale, resamples=9999)
    oracle = stats.bootstrap(
        (CONTROL, TREATMENT),
        _statistic(trim, scale),
        method="BCa" if method == "bca" else "percentile",
        n_resamples=9999,
        rng=np.random.default_rng(3),
        batch=500,
    )
    assert found.value == pytest.approx(_statistic(trim, scale)(CONTROL, TREATMENT))
    assert found.standard_error == pytest.approx(oracle.standard_error, rel=0.03)
    slack = 0.1 * oracle.standard_error
    assert found.low == pytest.approx(oracle.confidence_interval.low, abs=slack)
    assert found.high == pytest.approx(oracle.confidence_interval.high, abs=slack)


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_studentized_by_plain_loops(scale):
    """The studentised ends are those of a bootstrap-t written as loops over the definition."""
    found = bootstrap_difference(*ARMS, method="studentized", scale=scale, resamples=5000)
    rng = np.random.default_rng(5)

    def effect(c, t):
        vc, vt = c.var(ddof=1) / len(c), t.var(ddof=1) / len(t)
        if scale == "absolute":
            return t.mean() - c.mean(), math.sqrt(vc + vt)
        r = t.mean() / c.mean()
        return r - 1, math.sqrt(vt + r * r * vc) / c.mean()

    value, error = effect(CONTROL, TREATMENT)
    t = []
    for _ in range(5000):
        again, its = effect(rng.choice(CONTROL, len(CONTROL)), rng.choice(TREATMENT, len(TREATMENT)))
        t.append((again - value) / its)
    low, high = value - error * np.quantile(t, 0.975), value - error * np.quantile(t, 0.025)
    assert found.value == pytest.approx(value)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.12 * error)


@pytest.mark.parametrize("method", ["percentile", "bca", "studentized"])
def test_the_same_figures_give_the_same_interval(method):
    """Bit by bit, without a seed given; another seed or other data gives another."""
    one = bootstrap_difference(*ARMS, method=method)
    assert one == bootstrap_difference(*ARMS, method=method)
    assert one == bootstrap_difference(*ARMS, method=method, seed=one.seed)
    assert one.low != bootstrap_difference(*ARMS, method=method, seed=one.seed + 1).low
    moved = Sample.of(CONTROL + 1e-9, "control")
    assert bootstrap_difference(moved, ARMS[1], method=method).seed != one.seed


def test_seeds_are_kept_for_ever():
    """A seed is a published function of the data: these stay what they are on every machine and in every version."""
    assert seed_of(np.array([1.0, 2.0]), "mean", 0.05, None) == 5477174829447531
    assert seed_of(np.array([1.0]), np.array([2.0])) != seed_of(np.array([1.0, 2.0]))


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("method", ["percentile", "bca", "studentized"])
def test_sums_by_bucket_are_enough(method, scale):
    """Two hundred buckets of hashed units give the interval of the units themselves, nearly."""
    rng = np.random.default_rng(20)
    arms, buckets = [], []
    for n, mean in ((20_000, 1.0), (15_000, 1.03)):
        x = rng.gamma(0.5, 2 * mean, n)
        bucket = rng.integers(0, 200, n)
        arms.append(Sample.of(x, "arm"))
        sums, counts = np.bincount(bucket, weights=x, minlength=200), np.bincount(bucket, minlength=200)
        buckets.append(Sample.of_buckets(sums, counts, "arm"))
    units = bootstrap_difference(*arms, method=method, scale=scale, resamples=1000)
    found = bootstrap_difference(*buckets, method=method, scale=scale, resamples=4000)
    assert found.value == pytest.approx(units.value, rel=1e-9)
    # A variance from 200 buckets is known to a twentieth or so (two arms, two standard errors).
    assert found.standard_error == pytest.approx(units.standard_error, rel=0.2)
    assert found.low == pytest.approx(units.low, abs=0.5 * units.standard_error)
    assert found.high == pytest.approx(units.high, abs=0.5 * units.standard_error)


def test_large_means_keep_their_spread():
    """A mean of 1e9 with standard deviation 1 has the interval of one with mean 0, moved."""
    x, y = np.random.default_rng(1).standard_normal((2, 500))
    plain = bootstrap_difference(Sample.of(x, "c"), Sample.of(y, "t"), method="studentized", seed=1)
    moved = bootstrap_difference(Sample.of(x + 1e9, "c"), Sample.of(y + 1e9, "t"), method="studentized", seed=1)
    assert (moved.low, moved.high) == pytest.approx((plain.low, plain.high), abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.45])
def test_trimmed_means_are_yuens(share, seed):
    """Difference, df and p of two trimmed means are those of scipy's trimmed t test (Yuen)."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_t(2, rng.integers(30, 90)), rng.standard_t(2, rng.integers(30, 90)) + 0.3
    found = welch(trimmed_level(a, share), trimmed_level(b, share))
    oracle = stats.ttest_ind(b, a, equal_var=False, trim=share)
    assert (found.statistic, found.df) == pytest.approx((oracle.statistic, oracle.df))
    assert found.p_value() == pytest.approx(oracle.pvalue)


@pytest.mark.parametrize("place", [weighted_mean(), trimmed_mean(0.1)], ids=["mean", "trimmed"])
def test_influence_is_the_derivative(place):
    """What each value pulls is the change of the average when that value gets a little more weight."""
    x = np.random.default_rng(2).lognormal(0, 1, 60)
    pull = place.observed(x, None).influence
    assert pull.sum() == pytest.approx(0, abs=1e-12)
    # Sixty copies of the data with ten values more: a weight raised by about a sixth of a value.
    many = np.repeat(x, 60)
    base = place.observed(many, None).value
    # Where the cut falls between two values of the sixty, the cap is either: hence the tolerance.
    for i in (0, 7, int(x.argmax()), int(x.argmin())):
        moved = place.observed(np.append(many, np.repeat(x[i], 10)), None).value
        assert (moved - base) * (len(many) + 10) / 10 / 60 == pytest.approx(pull[i], abs=2e-3, rel=0.2)


def _coverage(method, draws, n, m, repetitions):
    """Share of intervals that miss, and of tests refused because nothing varies, which say nothing."""
    missed = refused = 0
    for seed in range(repetitions):
        rng = np.random.default_rng([seed, n, m])
        arms = Sample.of(draws(rng, n), "control"), Sample.of(draws(rng, m), "treatment")
        try:
            found = bootstrap_difference(*arms, method=method, resamples=500)
        except Refused:
            refused += 1
            continue
        missed += not found.low <= 0 <= found.high
    return missed / repetitions, refused / repetitions


@pytest.mark.parametrize("method", ["percentile", "bca", "studentized"])
@pytest.mark.parametrize("runs", [120, pytest.param(300, marks=pytest.mark.calibrate)])
def test_coverage_in_arms_of_one_size(method, runs):
    """Exponential values, 100 units an arm: each method misses in about 5%."""
    missed, refused = _coverage(method, lambda rng, n: rng.standard_exponential(n), 100, 100, runs)
    assert refused == 0
    assert missed < 0.05 + 0.015 + 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.calibrate
@pytest.mark.parametrize("method", ["percentile", "bca", "studentized"])
@pytest.mark.parametrize("shape", ["normal", "exponential", "log-normal 1", "buyers 4%"])
def test_coverage_by_method_and_shape(method, shape, record_property):
    """What the bootstrap misses and refuses, balanced and 90:10: rows of the table. Balanced it stays below 11%."""
    from skewed import SHAPES  # noqa: PLC0415 - heavy, for this one

    for n, m in ((50, 50), (500, 500), (450, 50), (4500, 500)):
        missed, refused = _coverage(method, SHAPES[shape], n, m, 400)
        row = f"{method} | {shape} | {n:,} + {m:,} | {missed:.1%} | {refused:.1%}"
        print(row)  # noqa: T201 - a row of docs/calibration/skewness.md
        record_property("row", row)
        if n == m:
            most = 0.08 if n >= 500 and shape != "buyers 4%" else 0.11
            assert missed < most + 3 * math.sqrt(most / 400), row


def test_what_cannot_be_answered_is_refused():
    """Few values, few buckets, constants, wrong arguments, too much work: each by its own code."""

    def code(call):
        with pytest.raises(Refused) as refused:
            call()
        return refused.value.refusals[0].code

    constant = Sample.of([2.0] * 20, "control")
    even = Sample.of_buckets([2.0] * 60, [1] * 60, "control")
    lonely = Sample.of_buckets([2.0] * 59 + [3.0], [1] * 60, "treatment")
    buckets = Sample.of_buckets([1.0, 2.0] * 30, [3, 4] * 30, "treatment")
    mostly_empty = Sample.of_buckets([0.0] * 59 + [5.0], [0] * 59 + [3], "control")
    big = Sample.of(np.arange(100_001.0), "control")
    around_zero = Sample.of(np.linspace(-1, 1.1, 50), "control")
    assert code(lambda: Sample.of([1.0] * 9, "x")) == "data.too_few_units"
    assert code(lambda: Sample.of([1.0] * 9 + [math.inf], "x")) == "data.not_finite"
    assert code(lambda: Sample.of_buckets([1.0] * 49, [1] * 49, "x")) == "data.too_few_units"
    assert code(lambda: Sample.of_buckets([1.0] * 60, [1] * 59, "x")) == "bootstrap.buckets_do_not_match"
    assert code(lambda: Sample.of_buckets([1.0] * 60, [0] * 60, "x")) == "bootstrap.buckets_do_not_match"
    assert code(lambda: Sample.of_buckets([1.0] * 60, [-1] * 60, "x")) == "bootstrap.buckets_do_not_match"
    assert code(lambda: bootstrap_difference(constant, constant)) == "data.no_variance"
    buyers = Sample.of([0.0] * 191 + list(range(1, 10)), "treatment")
    assert code(lambda: bootstrap_difference(ARMS[0], buyers)) == "bootstrap.too_few_varying"
    assert code(lambda: bootstrap_difference(buyers, ARMS[1])) == "bootstrap.too_few_varying"
    assert code(lambda: bootstrap_difference(*ARMS, trim=0.5)) == "parameter.out_of_range"
    assert code(lambda: bootstrap_difference(*ARMS, alpha=1)) == "parameter.out_of_range"
    assert code(lambda: bootstrap_difference(*ARMS, resamples=100)) == "bootstrap.resamples"
    assert code(lambda: bootstrap_difference(*ARMS, resamples=500, alpha=0.001)) == "bootstrap.resamples"
    assert code(lambda: bootstrap_difference(*ARMS, seed=-1)) == "parameter.not_a_count"
    assert code(lambda: bootstrap_difference(ARMS[0], buckets, trim=0.1)) == "bootstrap.trim_needs_values"
    assert code(lambda: bootstrap_difference(big, ARMS[1], resamples=20_000)) == "bootstrap.too_much_work"
    assert code(lambda: bootstrap_difference(around_zero, ARMS[1], scale="relative")) == "relative.control_near_zero"
    assert code(lambda: bootstrap_difference(even, lonely, method="studentized")) == (
        "bootstrap.too_many_constant_resamples"
    )
    assert code(lambda: bootstrap_difference(mostly_empty, buckets)) == "bootstrap.empty_resample"
    assert code(lambda: trimmed_level(np.arange(5.0), 0.4)) == "trimmed.too_few_left"
    assert code(lambda: trimmed_level(np.arange(5.0), -0.1)) == "trimmed.too_few_left"
