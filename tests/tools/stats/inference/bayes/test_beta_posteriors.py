"""Beta posteriors against exact sums in decimal arithmetic, scipy and draws, from no success to ten million units."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import integrate, stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.bayes.best import best_of
from copilot_tools.stats.inference.bayes.beta import Beta, BetaEffect, beta_posterior
from copilot_tools.stats.inference.bayes.posterior import central, highest_density


def exact_chance(a, b, c, d):
    """P(Beta(c, d) > Beta(a, b)) for whole numbers: Miller's sum over i < c, in 40 decimal digits."""
    with localcontext() as context:
        context.prec = 40
        # The term at i = 0 is B(a, b + d) / B(a, b), a product of a ratios; each next term by one ratio more.
        term = Decimal(1)
        for k in range(a):
            term *= Decimal(b + k) / Decimal(b + d + k)
        total = Decimal(0)
        for i in range(c):
            total += term
            term *= Decimal(a + i) * Decimal(d + i) / (Decimal(a + b + d + i) * Decimal(1 + i))
        return float(total)


@pytest.mark.parametrize(
    ("a", "b", "c", "d"),
    [
        (1, 1, 1, 1),
        (1, 11, 2, 10),
        (50, 52, 52, 50),
        (3, 2, 400, 9),
        (1, 10_000_000, 4, 9_999_997),
        (31, 9_999_971, 45, 9_999_957),
        (5_000, 9_995_002, 5_180, 9_994_822),
        (2_000, 2_002, 50_000, 49_000),
        (12, 30, 20_000, 60_000),
    ],
)
def test_chance_equals_the_exact_sum(a, b, c, d):
    """Within 1e-12 of the exact sum at every size, either way round."""
    expected = exact_chance(a, b, c, d)
    found = best_of([Beta(a, b), Beta(c, d)]).chance
    assert found[1] == pytest.approx(expected, abs=1e-12, rel=1e-10)
    assert found[0] == pytest.approx(exact_chance(c, d, a, b), abs=1e-12, rel=1e-10)


@pytest.mark.calibrate
@pytest.mark.parametrize(("c", "d"), [(500_000, 500_000), (501_000, 499_000)])
def test_chance_equals_the_exact_sum_at_large_counts(c, d):
    """Within 1e-11 of a sum of half a million terms."""
    assert best_of([Beta(499_900, 500_100), Beta(c, d)]).chance[1] == pytest.approx(
        exact_chance(499_900, 500_100, c, d), abs=1e-11
    )


def test_ten_million_units_are_exact_by_symmetry():
    """At ten million units with equal arms the chance is one half to 1e-13; mirrored rates give mirrored chances."""
    assert best_of([Beta(5e6, 5e6)] * 2).chance[0] == pytest.approx(0.5, abs=1e-13)
    assert best_of([Beta(2.1e5, 9.79e6)] * 4).chance == pytest.approx([0.25] * 4, abs=1e-13)
    up = best_of([Beta(2.1e5, 9.79e6), Beta(2.102e5, 9.7898e6)])
    down = best_of([Beta(9.79e6, 2.1e5), Beta(9.7898e6, 2.102e5)], fewest=True)
    assert up.chance == pytest.approx(down.chance, abs=1e-11)
    assert up.loss == pytest.approx(down.loss, rel=1e-9)


@pytest.mark.parametrize("arms", [((0.5, 10.5), (1.5, 9.5)), ((0.1, 5.1), (0.1, 5.1)), ((3.2, 8), (900.5, 2100))])
def test_fractional_parameters_against_adaptive_quadrature(arms):
    """Jeffreys' and weaker priors, whose densities are unbounded: chance and loss against scipy's quadrature."""
    a, b = (stats.beta(*p) for p in arms)
    # In log odds, where nothing is unbounded.
    chance, loss = (
        integrate.quad(f, -400, 400, points=[-50, -5, 0, 5], limit=2000, epsabs=1e-13)[0]
        for f in (
            lambda t: b.pdf(x(t)) * x(t) * x(-t) * a.cdf(x(t)),
            lambda t: b.cdf(x(t)) * a.sf(x(t)) * x(t) * x(-t),
        )
    )
    found = best_of([Beta(*p) for p in arms])
    assert found.chance[1] == pytest.approx(chance, abs=1e-9)
    assert found.loss[1] == pytest.approx(loss, abs=1e-9)


def x(t):
    """Inverse log odds."""
    return np.exp(-np.logaddexp(0, -t))


def test_loss_less_gain_is_the_difference_of_means():
    """E max(d, 0) - E max(-d, 0) = E d, where the smaller is many orders below the larger."""
    a, b = Beta(5_000, 95_000), Beta(5_600, 94_400)
    found = best_of([a, b])
    assert found.loss[0] - found.loss[1] == pytest.approx(b.mean - a.mean, rel=1e-10)
    assert 0 < found.loss[1] < 1e-11
    assert found.loss[1] == pytest.approx(
        integrate.quad(
            lambda p: stats.beta.cdf(p, b.a, b.b) * stats.beta.sf(p, a.a, a.b), 0.045, 0.06, points=[0.053], epsabs=0
        )[0],
        rel=1e-6,
    )


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("arms", [((17, 485), (26, 476)), ((1.5, 10), (0.5, 20)), ((50, 52), (5e4, 4.8e4))])
def test_difference_and_lift_against_draws(arms, scale):
    """Distribution function, quantiles and density of difference and lift against a million draws of each arm."""
    rng = np.random.default_rng(5)
    p, q = (rng.beta(*a, size=1_000_000) for a in arms)
    draws = q - p if scale == "absolute" else q / p - 1
    effect = BetaEffect(Beta(*arms[0]), Beta(*arms[1]), scale)
    for share in (0.025, 0.2, 0.5, 0.9, 0.975):
        at = effect.quantile(share)
        assert effect.cdf(at) == pytest.approx(share, abs=1e-10)
        assert float((draws <= at).mean()) == pytest.approx(share, abs=4 * (share * (1 - share) / 1e6) ** 0.5)
        step = min(1e-4 * (effect.quantile(0.9) - effect.quantile(0.1)), 1e-3 * (at + 1))
        slope = (effect.cdf(at + step) - effect.cdf(at - step)) / (2 * step)
        assert effect.pdf(at) == pytest.approx(slope, rel=2e-4)


@pytest.mark.parametrize(
    "posterior", [Beta(50, 52), Beta(2.5, 40), BetaEffect(Beta(17, 485), Beta(26, 476), "absolute")]
)
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_highest_density_is_the_shortest(posterior, level):
    """Right coverage, equal densities at both ends, and shorter than any of many intervals with the same coverage."""
    found = highest_density(posterior, level)
    assert posterior.cdf(found.high) - posterior.cdf(found.low) == pytest.approx(level, abs=1e-8)
    assert posterior.pdf(found.low) == pytest.approx(posterior.pdf(found.high), rel=1e-4)
    lengths = [
        posterior.quantile(float(p) + level) - posterior.quantile(float(p))
        for p in np.linspace(1e-6, 1 - level - 1e-6, 15)
    ]
    assert found.high - found.low <= min(lengths) * (1 + 1e-9)
    even = central(posterior, level)
    assert (posterior.cdf(even.low), posterior.cdf(even.high)) == pytest.approx(
        ((1 - level) / 2, (1 + level) / 2), abs=1e-9
    )


def test_highest_density_of_a_falling_density_starts_at_its_end():
    """With no success the shortest interval starts at 0, with no failure it ends at 1."""
    assert highest_density(Beta(1, 11)).low == 0.0
    assert highest_density(Beta(1, 11)).high == pytest.approx(1 - 0.05 ** (1 / 11), rel=1e-12)
    assert highest_density(Beta(11, 1)).high == pytest.approx(1.0, abs=1e-12)
    assert highest_density(Beta(11, 1)).low == pytest.approx(0.05 ** (1 / 11), rel=1e-9)


@pytest.mark.parametrize(
    ("given", "name"),
    [((5, 3), "successes"), ((0, 0), "n"), ((1.5, 3), "successes"), ((float("nan"), 3), "successes")],
)
def test_bad_counts_are_refused(given, name):
    """More successes than units, no units, parts of units, NaN."""
    with pytest.raises(Refused) as refused:
        beta_posterior(*given)
    assert refused.value.refusals[0].name == name


@pytest.mark.parametrize("prior", [(0.0, 1.0), (1.0, 1e-9), (1.0, float("inf")), (1e12, 1.0)])
def test_bad_priors_are_refused(prior):
    """An improper, vanishing, infinite or overwhelming beta prior."""
    with pytest.raises(Refused, match="prior_"):
        beta_posterior(1, 3, prior)
