"""Repeated tests combined, against statsmodels, and by simulation; replication verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from copilot_tools.refusals import Refused
from copilot_tools.stats.across.meta_analysis import meta_analysis
from copilot_tools.stats.across.replication import replication

WORLDS = [
    ([0.02, 0.05, 0.01], [0.01, 0.02, 0.01]),
    ([0.061, -0.02, 0.031, 0.11, 0.002], [0.01, 0.013, 0.02, 0.03, 0.008]),
    ([3.0, 5.0, 9.0, -2.0], [1.0, 2.0, 1.5, 0.5]),
]


@pytest.mark.parametrize("method", ["paule-mandel", "dersimonian-laird"])
@pytest.mark.parametrize(("estimates", "errors"), WORLDS)
def test_against_statsmodels(estimates, errors, method):
    """Common and random effects, tau, Q, I squared and Hartung-Knapp agree with combine_effects."""
    found = meta_analysis(estimates, errors, method=method)
    oracle = combine_effects(
        np.array(estimates),
        np.array(errors) ** 2,
        method_re="iterated" if method == "paule-mandel" else "chi2",
        **({"atol": 1e-12, "maxiter": 200} if method == "paule-mandel" else {}),
    )
    assert found.common.value == pytest.approx(oracle.mean_effect_fe, rel=1e-9)
    assert found.common.standard_error == pytest.approx(oracle.sd_eff_w_fe, rel=1e-9)
    assert found.q == pytest.approx(oracle.q, rel=1e-6)
    assert found.i_squared == pytest.approx(max(0.0, oracle.i2), rel=1e-6)
    assert found.tau**2 == pytest.approx(oracle.tau2, rel=1e-4, abs=1e-12)
    assert found.random.value == pytest.approx(oracle.mean_effect_re, rel=1e-6)
    larger = max(oracle.sd_eff_w_re_hksj, oracle.sd_eff_w_re)
    assert found.random.standard_error == pytest.approx(larger, rel=1e-5)
    assert found.q_p_value == pytest.approx(stats.chi2.sf(oracle.q, len(estimates) - 1), rel=1e-6)


def test_the_level_costs_no_digits():
    """A billion added to every estimate moves the means and nothing else."""
    estimates, errors = WORLDS[2]
    near, far = meta_analysis(estimates, errors), meta_analysis([1e9 + e for e in estimates], errors)
    assert far.common.value - 1e9 == pytest.approx(near.common.value, abs=1e-6)
    assert (far.q, far.tau, far.random.standard_error) == pytest.approx(
        (near.q, near.tau, near.random.standard_error), rel=1e-6
    )


def test_equal_tests_agree_entirely():
    """Three equal results: no heterogeneity, and random effects are as wide as t on two degrees makes them."""
    found = meta_analysis([0.1] * 3, [0.02] * 3)
    assert (found.tau, found.q, found.i_squared) == (0, pytest.approx(0, abs=1e-20), 0)
    assert found.random.standard_error == pytest.approx(0.02 / 3**0.5)
    assert found.random.interval.high - 0.1 == pytest.approx(stats.t.ppf(0.975, 2) * 0.02 / 3**0.5)
    assert found.tau_interval.low == 0


def _coverage(tests, tau, *, repetitions, seed):
    rng = np.random.default_rng(seed)
    hit = np.zeros(4)
    for _ in range(repetitions):
        errors = rng.uniform(0.5, 2.0, tests)
        effects = rng.normal(1.0, tau, tests)
        found = meta_analysis(effects + errors * rng.standard_normal(tests), errors)
        one_more = rng.normal(1.0, tau)
        prediction = found.prediction
        hit += [
            found.common.interval.low <= 1 <= found.common.interval.high,
            found.random.interval.low <= 1 <= found.random.interval.high,
            found.tau_interval.low <= tau <= found.tau_interval.high,
            prediction is None or prediction.low <= one_more <= prediction.high,
        ]
    return hit / repetitions


@pytest.mark.parametrize(("tests", "tau"), [(3, 0.0), (5, 1.0), (10, 2.0)])
@pytest.mark.parametrize("repetitions", [300, pytest.param(5000, marks=pytest.mark.calibrate)])
def test_coverage(record_property, tests, tau, repetitions):
    """Random effects, tau and prediction cover as promised with few tests; a common effect does not."""
    common, random, spread, prediction = _coverage(tests, tau, repetitions=repetitions, seed=7)
    record_property("row", f"| {tests} | {tau} | {common:.3f} | {random:.3f} | {spread:.3f} | {prediction:.3f} |")
    slack = 4 * (0.05 * 0.95 / repetitions) ** 0.5
    assert random >= 0.945 - slack
    assert abs(spread - 0.95) <= slack + 0.03 * (tau == 0)
    assert prediction >= 0.92 - slack
    if tau:
        assert common < 0.9


@pytest.mark.parametrize(
    ("later", "verdict", "consistent"),
    [
        ([(0.03, 0.01)], "shown again", True),
        ([(0.0, 0.02)], "not shown again", True),
        ([(-0.05, 0.01)], "reversed", False),
        ([(0.031, 0.01), (0.028, 0.011), (0.033, 0.009), (0.03, 0.01)], "shown again", True),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_replication_verdicts(later, verdict, consistent, sign):
    """The later tests' interval against 0 on the first effect's side decides, for gains and for losses alike."""
    found = replication((0.04 * sign, 0.01), [(e * sign, s) for e, s in later])
    assert (found.verdict, found.consistent) == (verdict, consistent)
    assert found.consistent == (found.p_differ >= 0.05)
    assert found.share_left == pytest.approx(sum(e for e, _ in later) / len(later) / 0.04, rel=0.05, abs=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: meta_analysis([1.0], [1.0]),
        lambda: meta_analysis([1.0, 2.0], [1.0]),
        lambda: meta_analysis([1.0, 2.0], [1.0, 0.0]),
        lambda: meta_analysis([1.0, float("nan")], [1.0, 1.0]),
        lambda: meta_analysis([1.0, 2.0], [1.0, 1.0], alpha=1.5),
        lambda: replication((0.01, 0.01), [(0.1, 0.1)]),
        lambda: replication((1.0, 0.01), []),
    ],
)
def test_what_cannot_be_combined_is_refused(call):
    """One test, lists that do not match, no error, NaN, a finding that found nothing: refused."""
    with pytest.raises(Refused):
        call()
