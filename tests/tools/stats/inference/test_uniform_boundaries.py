"""Mixture and stitched boundaries and the mSPRT: published values, the mixtures by integration, error while watched."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from copilot_tools import catalogue
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import always_valid as av
from copilot_tools.stats.inference import uniform_boundaries as ub
from copilot_tools.stats.inference.msprt import msprt, msprt_t, t_mixture_critical
from skewed import SHAPES

# Howard, Ramdas, McAuliffe & Sekhon (2021): the tests of their package confseq, uniform_boundaries_unittest.cpp.
CONFSEQ = 1e-5


def test_confseqs_published_values():
    """Best rho, both log mixtures, the two-sided bound and the stitched bound are those of confseq's own tests."""
    rho = ub.best_rho(100, 0.05)
    assert rho == pytest.approx(12.60056, abs=CONFSEQ)
    assert ub.normal_mixture_log(10, 100, rho) == pytest.approx(-0.6510052, abs=CONFSEQ)
    assert ub.normal_mixture_bound(100, 0.05, rho) == pytest.approx(30.35209, abs=CONFSEQ)
    one_sided = ub.best_rho(100, 0.05, sides=1)
    assert ub.normal_mixture_log(10, 100, one_sided, sides=1) == pytest.approx(-0.06502391, abs=CONFSEQ)
    assert ub.stitched_bound(100, 0.05, 10, c=3) == pytest.approx(64.48755, abs=1e-4)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(("s", "v", "rho"), [(10.0, 100.0, 12.6), (-4.0, 30.0, 80.0), (60.0, 400.0, 3.0)])
def test_the_log_mixture_is_the_integral(s, v, rho, sides):
    """Integrating exp(m s - m^2 v / 2) over the (half) normal law of m with variance 1 / rho gives the same."""
    law = stats.norm(scale=rho**-0.5) if sides == 2 else stats.halfnorm(scale=rho**-0.5)
    low, high = (-12 * rho**-0.5, 12 * rho**-0.5) if sides == 2 else (0.0, 12 * rho**-0.5)
    whole, _ = integrate.quad(
        lambda m: math.exp(m * s - m * m * v / 2) * law.pdf(m),
        low,
        high,
        points=[s / v] if low < s / v < high else None,
    )
    assert ub.normal_mixture_log(s, v, rho, sides) == pytest.approx(math.log(whole), abs=1e-8)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(("v", "alpha"), [(1e-3, 0.05), (50.0, 0.2), (1e9, 1e-6)])
def test_on_the_bound_the_mixture_is_one_over_alpha(v, alpha, sides):
    """The bound solves its own equation at all scales, and the p-value there is alpha."""
    rho = ub.best_rho(100, alpha, sides)
    bound = ub.normal_mixture_bound(v, alpha, rho, sides)
    assert ub.normal_mixture_log(bound, v, rho, sides) == pytest.approx(-math.log(alpha), rel=1e-9)
    assert ub.always_valid_p(bound / math.sqrt(v), v, rho, sides) == pytest.approx(alpha, rel=1e-8)


def test_stitching_is_flat_before_its_start_and_grows_slower_than_a_mixture():
    """Before v_min nothing changes; far beyond, stitching is the lower boundary."""
    assert ub.stitched_bound(1, 0.05, 10) == ub.stitched_bound(10, 0.05, 10)
    far = 1e300
    assert ub.stitched_bound(far, 0.025, 10) < ub.normal_mixture_bound(far, 0.05, ub.best_rho(10, 0.05))


@pytest.mark.parametrize(
    ("difference", "n", "variance", "tau2", "ratio", "p"),
    [  # Johari, Pekelis & Walsh (2015), the mixture likelihood ratio of two normal samples; recomputed by integration
        (0.01, 50_000, 0.09, 0.0001, 123804.83, 8.0772292e-06),
        (0.02, 20_000, 0.16, 0.0004, 32538.605, 3.0732725e-05),
    ],
)
def test_msprt_published(difference, n, variance, tau2, ratio, p):
    """Lambda and always-valid p of two samples; with the variance estimated from as many units nearly the same."""
    found = msprt(difference, math.sqrt(2 * variance / n), math.sqrt(tau2))
    assert math.exp(found.log_ratio) == pytest.approx(ratio, rel=1e-6)
    assert found.p_value == pytest.approx(p, rel=1e-6)
    estimated = msprt_t(difference, math.sqrt(variance), n, n, math.sqrt(tau2 / variance))
    assert estimated.log_ratio == pytest.approx(found.log_ratio, rel=1e-3)


@pytest.mark.parametrize(("t", "n0", "n1", "g"), [(1.3, 4, 6, 0.5), (-3.0, 20, 5, 0.2), (6.0, 60, 60, 1.0)])
def test_the_t_mixture_is_the_integral_of_noncentral_t(t, n0, n1, g):
    """Averaging the noncentral t density over normal effects, over the central density, gives the same ratio."""
    df, effective = n0 + n1 - 2, n0 * n1 / (n0 + n1)
    top, _ = integrate.quad(
        lambda d: stats.nct.pdf(t, df, d * math.sqrt(effective)) * stats.norm.pdf(d, scale=g), -8 * g, 8 * g, limit=200
    )
    found = msprt_t(t / math.sqrt(effective), 1.0, n0, n1, g)
    assert found.log_ratio == pytest.approx(math.log(top / stats.t.pdf(t, df)), abs=1e-6)


def test_critical_values_are_where_the_p_value_is_alpha():
    """An estimate exactly at the end of the interval has the always-valid p-value alpha, for both variances."""
    known = msprt(0.0, 2.0, 3.0, 0.01)
    assert msprt(known.critical_value * 2.0, 2.0, 3.0, 0.01).p_value == pytest.approx(0.01)
    few = msprt_t(0.0, 1.0, 15, 15, 0.8, 0.05)
    at_end = few.critical_value * math.sqrt(2 / 15)
    assert msprt_t(at_end, 1.0, 15, 15, 0.8, 0.05).p_value == pytest.approx(0.05)
    assert few.critical_value > msprt(0.0, math.sqrt(2 / 15), 0.8, 0.05).critical_value
    assert t_mixture_critical(1, 0.5, 0.05) == math.inf


@pytest.mark.parametrize(
    ("n", "tuning", "lift", "error", "p"),
    [  # GrowthBook, gbstats tests/frequentist/test_tests.py, SequentialTwoSidedTTest
        (6461, 1000, 0.5033610858562358, 0.3334122146400735, 1.0),
        (6461, 5000, 0.5038633516821496, 0.033860214798231224, 5.174716682839778e-44),
        (200, 5000, -0.0007014833343349333, 0.003907384079294573, 1.0),
        (6461, 10, 0.5033610858562358, 0.3334122146400735, 1.0),
        (6461, 6461, 0.5033610858562358, 0.3334122146400735, 1.0),
        (6461, 10_000, 0.5033610858562358, 0.3334122146400735, 0.9538458772232895),
        (220, 600, -0.07407407407407414, 0.050657045137700016, 0.8923322285852282),
        (420, 600, -0.0540540540540541, 0.05262465529837558, 1.0),
    ],
)
def test_growthbooks_sequential_p_values(n, tuning, lift, error, p):
    """The gbstats p-values are 1 over the same mixture, tuned by the same closed form."""
    assert ub.always_valid_p(lift / error, n, ub.best_rho(tuning, 0.05)) == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ub.best_rho(0, 0.05),
        lambda: ub.best_rho(10, 0.5, 1),
        lambda: ub.normal_mixture_bound(1, 1.0, 1),
        lambda: ub.normal_mixture_bound(math.inf, 0.05, 1),
        lambda: ub.normal_mixture_log(math.nan, 1, 1),
        lambda: ub.stitched_bound(1, 0.05, 1, eta=1.0),
        lambda: ub.stitched_bound(1, 0.05, 1, c=-1),
        lambda: msprt(1, 0, 1),
        lambda: msprt(1, 1, -1),
        lambda: msprt_t(1, 1, 1, 1, 1),
        lambda: msprt_t(1, 0, 10, 10, 1),
        lambda: av.sequence_critical("t-mixture", 1000, 1000, 0.05, 1),
        lambda: av.sequence_critical("t-mixture", 3, 10_000, 0.05),
        lambda: av.sequence_critical("normal-mixture", 0, 10, 0.05),
    ],
)
def test_impossible_parameters_are_refused(call):
    """No time, no error rate, no variance, too few units: refused, never NaN."""
    with pytest.raises(Refused):
        call()


def _ever(method, sides, *, repetitions, seed, draw, first, last, horizon):
    """Share of tests without effect in which Welch-free pooled t leaves the sequence at some look."""
    rng = np.random.default_rng(seed)
    looks = np.unique(np.geomspace(first, last, 60).astype(int))
    critical = np.array([av.sequence_critical(method, int(2 * n), horizon, 0.05, sides) for n in looks])
    crossed = 0
    for _ in range(repetitions // 100):
        x, y = draw(rng, (100, last)), draw(rng, (100, last))
        sums = [np.cumsum(a, axis=1)[:, looks - 1] for a in (x, y)]
        squares = [np.cumsum(a * a, axis=1)[:, looks - 1] for a in (x, y)]
        within = sum(q - s * s / looks for s, q in zip(sums, squares, strict=True))
        sd = np.sqrt(within / (2 * looks - 2))
        t = (sums[1] - sums[0]) / looks / (sd * np.sqrt(2 / looks))
        crossed += int(((np.abs(t) if sides == 2 else t) > critical).any(axis=1).sum())
    return crossed / repetitions


@pytest.mark.parametrize(
    ("method", "sides", "first", "horizon"),
    [
        ("t-mixture", 2, 8, 60),  # from the first units that bound anything
        ("normal-mixture", 2, 30, 1000),
        ("normal-mixture", 1, 30, 1000),
        ("stitching", 2, 30, 200),
        ("stitching", 1, 30, 200),
    ],
)
@pytest.mark.parametrize("repetitions", [400, pytest.param(20_000, marks=pytest.mark.calibrate)])
def test_watching_all_the_time_keeps_the_error(record_property, method, sides, first, horizon, repetitions):
    """Up to 60 looks from few units on, normal values without effect: left in at most 5% of tests."""
    share = _ever(
        method,
        sides,
        repetitions=repetitions,
        seed=23,
        draw=lambda rng, size: rng.standard_normal(size),
        first=first,
        last=1500,
        horizon=horizon,
    )
    record_property("row", f"| {method} | {sides} | {first} | {horizon} | {share:.4f} |")
    assert share <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions) * (repetitions < 1000)
    assert share > 0.0005


@pytest.mark.parametrize("watched", [200, pytest.param(600, marks=pytest.mark.calibrate)])
def test_the_t_mixture_holds_where_the_plain_one_does_not(watched):
    """Watched from 2 units an arm on, a plug-in variance loses far more than 5%; the t-mixture does not."""
    rng = np.random.default_rng(4)
    plug = exact = 0
    for _ in range(watched):
        x, y = rng.standard_normal((2, 60))
        hit = [False, False]
        for n in range(2, 61):
            d, sd = y[:n].mean() - x[:n].mean(), math.sqrt((x[:n].var(ddof=1) + y[:n].var(ddof=1)) / 2)
            hit[0] |= msprt(d, sd * math.sqrt(2 / n), 1.0).p_value <= 0.05
            hit[1] |= msprt_t(d, sd, n, n, 1.0).p_value <= 0.05
        plug, exact = plug + hit[0], exact + hit[1]
    assert exact / watched <= 0.05
    assert plug / watched > 0.07


def _ever_with_skew(shape, share, tests):
    """Share of tests without effect that ever leave the normal mixture: 25 looks from 300 to 20,000 units."""
    last = 20_000
    looks = np.unique(np.geomspace(300, last, 25).astype(int))
    critical = np.array([av.sequence_critical("normal-mixture", int(n), last, 0.05, 2) for n in looks])
    rng = np.random.default_rng([7, int(share * 100)])
    treated = int(last * share)
    k1 = (looks * share).astype(int)
    k0 = looks - k1
    errors = 0
    for _ in range(tests):
        level, variance = [], []
        for n, k in ((treated, k1), (last - treated, k0)):
            x = SHAPES[shape](rng, n)
            mean = np.cumsum(x)[k - 1] / k
            level.append(mean)
            variance.append((np.cumsum(x * x)[k - 1] / k - mean**2) / (k - 1))
        total = variance[0] + variance[1]
        errors += bool((np.abs(level[0] - level[1]) > critical * np.sqrt(np.where(total > 0, total, np.inf))).any())
    return errors / tests


@pytest.mark.calibrate
@pytest.mark.parametrize("shape", ["normal", "exponential", "log-normal 1.5", "buyers 2%"])
def test_skewed_values_hold_in_equal_arms_and_not_in_unequal_ones(shape):
    """Watched from 300 units on: under 5% in equal arms whatever the shape; at 90:10 not for the wildest."""
    even, uneven = (_ever_with_skew(shape, share, 1500) for share in (0.5, 0.1))
    print(f"| {shape} | {even:.3f} | {uneven:.3f} |")  # noqa: T201 - a row of docs/calibration/always-valid.md
    assert even < 0.05
    assert (uneven > 0.1) == (shape == "buyers 2%")  # the log-normal one stands on the line


def test_the_tool_says_where_its_interval_does_not_hold():
    """A standard error is all it is told, so skew in unequal arms is said to be beyond it."""
    found = catalogue.find("always_valid_interval").run(
        {"estimate": 1.2, "standard_error": 0.3, "units": 20_000, "horizon": 50_000}
    )
    assert "skewed values" in found.caution
