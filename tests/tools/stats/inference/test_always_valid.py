"""The confidence sequence: published boundaries, and coverage at every look."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import always_valid as av
from copilot_tools.stats.inference import tails

CONFSEQ_RHO = 12.60056
"""Howard, Ramdas, McAuliffe & Sekhon (2021), confseq's uniform_boundaries tests: best rho at v = 100, alpha = .05."""


def test_best_mixture_is_confseqs_approximation_made_exact():
    """The closed form confseq uses for the best mixture is close to ours, and no tighter at the horizon."""
    rho = 1 / av.rho_squared(100, 0.05)
    assert 100 / (2 * math.log(20) + math.log(1 + 2 * math.log(20))) == pytest.approx(CONFSEQ_RHO, abs=1e-5)
    assert rho == pytest.approx(CONFSEQ_RHO, rel=0.04)
    assert av.always_valid_critical(100, 100, 0.05) * 10 <= 30.35209


def test_boundary_matches_confseq():
    """With confseq's own mixture the two-sided boundary at v = 100 is the 30.35209 of its tests."""
    horizon = CONFSEQ_RHO * av.rho_squared(1, 0.05)
    assert 1 / av.rho_squared(horizon, 0.05) == pytest.approx(CONFSEQ_RHO)
    assert av.always_valid_critical(100, horizon, 0.05) * 10 == pytest.approx(30.35209, abs=1e-5)


@pytest.mark.parametrize("units", [5, 100, 3000])
def test_two_sided_boundary_solves_the_mixture(units):
    """On the boundary the normal mixture martingale equals 1 / alpha: Ville's inequality does the rest."""
    rho = 1 / av.rho_squared(400, 0.05)
    s = av.always_valid_critical(units, 400, 0.05) * math.sqrt(units)
    mixture = math.sqrt(rho / (units + rho)) * math.exp(s * s / (2 * (units + rho)))
    assert mixture == pytest.approx(1 / 0.05)


@pytest.mark.parametrize("units", [5, 100, 3000])
def test_one_sided_boundary_lies_on_or_outside_the_exact_one(units):
    """On the one-sided boundary the one-sided mixture has at least reached 1 / alpha, and not by much."""
    rho = 1 / av.rho_squared(400, 0.05)
    s = av.always_valid_critical(units, 400, 0.05, sides=1) * math.sqrt(units)
    root = math.sqrt(units + rho)
    mixture = 2 * math.sqrt(rho) / root * math.exp(s * s / (2 * root * root)) * special.ndtr(s / root)
    assert 1 <= mixture * 0.05 < 1.3


def test_sequence_is_tightest_at_its_horizon():
    """Of all horizons, the one that equals the units at hand gives the smallest value."""
    values = {h: av.always_valid_critical(1000, h, 0.05) for h in (100, 500, 1000, 2000, 10_000)}
    assert min(values, key=values.__getitem__) == 1000


def test_price_against_a_fixed_sample():
    """At the horizon the interval is about 1.55 times a fixed 95% interval, and one-sided costs less."""
    both, one = (av.always_valid_critical(5000, 5000, 0.05, sides) for sides in (2, 1))
    assert both / tails.critical_value(0.05) == pytest.approx(1.55, abs=0.01)
    assert tails.critical_value(0.05, 1) < one < both


@pytest.mark.parametrize(("units", "horizon", "alpha"), [(0, 10, 0.05), (10, 0, 0.05), (10, 10, 1.0)])
def test_impossible_parameters_are_refused(units, horizon, alpha):
    """No units, no horizon, no error rate: refused."""
    with pytest.raises(Refused):
        av.always_valid_critical(units, horizon, alpha)


def test_too_few_units_are_refused_by_arm():
    """Below the least number of units the refusal names the arm and both numbers."""
    with pytest.raises(Refused, match="at least 30 units in each arm, but b has 29"):
        av.require_enough(29, "b")
    av.require_enough(30, "b")


def _ever_crossed(draw, *, repetitions, seed, sides=2, horizon=2000, last=2000, every=10):
    """Share of experiments without effect in which the interval at any look from 30 units an arm excludes 0."""
    rng = np.random.default_rng(seed)
    looks = np.arange(30, last + 1, every)
    critical = np.array([av.always_valid_critical(int(2 * n), horizon, 0.05, sides) for n in looks])
    crossed = fixed = 0
    for _ in range(repetitions // 100):
        means, variances = [], []
        for _arm in range(2):
            x = draw(rng, (100, last))
            mean = np.cumsum(x, axis=1)[:, looks - 1] / looks
            square = np.cumsum(x * x, axis=1)[:, looks - 1] / looks
            means.append(mean)
            variances.append((square - mean**2) / (looks - 1))
        total = variances[0] + variances[1]
        usable = total > 1e-12
        total = np.where(usable, total, 1.0)
        df = np.where(usable, total**2 / np.maximum((variances[0] ** 2 + variances[1] ** 2) / (looks - 1), 1e-300), 1.0)
        t = np.where(usable, (means[1] - means[0]) / np.sqrt(total), 0.0)
        t = np.abs(t) if sides == 2 else t
        crossed += int((t > -special.stdtrit(df, special.ndtr(-critical))).any(axis=1).sum())
        fixed += int((t > 1.96).any(axis=1).sum())
    return crossed / repetitions, fixed / repetitions


LAWS = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "skewed": lambda rng, size: np.exp(1.5 * rng.standard_normal(size)),
    "rare": lambda rng, size: (rng.random(size) < 0.02).astype(float),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("repetitions", [1000, pytest.param(5000, marks=pytest.mark.calibrate)])
def test_peeking_at_every_look_keeps_the_error_rate(law, sides, repetitions):
    """Looking 198 times, a true null is left in fewer than 5% of experiments; a fixed interval loses far more."""
    crossed, fixed = _ever_crossed(LAWS[law], repetitions=repetitions, seed=11, sides=sides)
    assert crossed <= 0.05
    assert fixed > 0.15
