"""What Bayesian readings promise, by simulation: coverage over the prior, losses as foretold, peeking."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.bayes.bandit import thompson_allocation
from copilot_tools.stats.inference.bayes.best import best_of
from copilot_tools.stats.inference.bayes.beta import Beta, BetaEffect, beta_posterior
from copilot_tools.stats.inference.bayes.effects import posterior_of_effect
from copilot_tools.stats.inference.bayes.history import fit_history
from copilot_tools.stats.inference.bayes.peeking import chance_to_win_false_alarms
from copilot_tools.stats.inference.bayes.posterior import central, highest_density
from copilot_tools.stats.inference.bayes.priors import FlatPrior, MixturePrior, NormalPrior
from sampling import within


def report(row):
    """Show a row of the calibration table."""
    sys.stdout.write(f"{row}\n")


def proportion_misses(prior, n, repetitions, seed):
    """Rates drawn from the prior: misses of level, shortest interval, difference and lift; losses; chances to win."""
    rng = np.random.default_rng(seed)
    misses = np.zeros(4)
    foretold = suffered = wins = promised = 0.0
    for _ in range(repetitions):
        p, q = rng.beta(*prior, 2)
        a = beta_posterior(int(rng.binomial(n, p)), n, prior)
        b = beta_posterior(int(rng.binomial(2 * n, q)), 2 * n, prior)
        asked = [
            (central(b), q),
            (highest_density(b), q),
            (central(BetaEffect(a, b, "absolute")), q - p),
            (central(BetaEffect(a, b, "relative")), q / p - 1),
        ]
        misses += [not ends.low <= truth <= ends.high for ends, truth in asked]
        best = best_of([a, b])
        foretold += best.loss[1]
        suffered += max(p - q, 0)
        wins += q > p
        promised += best.chance[1]
    return misses, foretold / repetitions, suffered / repetitions, wins / repetitions, promised / repetitions


def check_proportions(prior, n, repetitions, seed):
    """Coverage, losses and chances hold over the prior; returns misses as shares."""
    misses, foretold, suffered, wins, promised = proportion_misses(prior, n, repetitions, seed)
    assert all(within(m, repetitions, 0.05) for m in misses)
    sd = 0.5 * Beta(*prior).sd
    assert abs(foretold - suffered) < 4 * sd / repetitions**0.5
    assert abs(wins - promised) < 2 / repetitions**0.5
    return misses / repetitions


def test_proportions_hold_over_their_prior():
    """Beta(3, 60), 40 and 80 units, 40 pairs of rates."""
    check_proportions((3.0, 60.0), 40, 40, 1)


@pytest.mark.calibrate
@pytest.mark.parametrize(
    ("prior", "n"),
    [((1.0, 1.0), 20), ((1.0, 1.0), 1000), ((3.0, 60.0), 100), ((0.5, 0.5), 30), ((20.0, 980.0), 100_000)],
)
def test_proportions_hold_over_their_prior_everywhere(prior, n):
    """Five priors and sizes, 2,000 pairs of rates each."""
    shares = check_proportions(prior, n, 2000, 2)
    report(f"beta{prior} n={n} and {2 * n}: misses of level, HDI, difference, lift: {shares.round(4)}")


def effect_misses(prior, n, repetitions, seed, *, known=False):
    """Effects drawn from the prior, normal values in unequal arms: misses of the interval of the effect."""
    rng = np.random.default_rng(seed)
    misses = 0
    for _ in range(repetitions):
        null = rng.random() < getattr(prior, "null_share", 0.0)
        effect = 0.0 if null else rng.normal(prior.mean, prior.sd)
        a, b = rng.normal(10, 1, n), rng.normal(10 + effect, 2, n)
        u, v = a.var(ddof=1) / n, b.var(ddof=1) / n
        df = None if known else (u + v) ** 2 / (u * u + v * v) * (n - 1)
        ends = central(posterior_of_effect(float(b.mean() - a.mean()), math.sqrt(u + v), prior, df=df))
        misses += not ends.low <= effect <= ends.high
    return misses


def test_means_hold_over_their_prior():
    """A normal prior, 40 units an arm, 250 experiments."""
    assert within(effect_misses(NormalPrior(mean=0.1, sd=0.4, scale="absolute"), 40, 250, 3), 250, 0.05)


@pytest.mark.calibrate
@pytest.mark.parametrize("n", [5, 10, 30, 300])
@pytest.mark.parametrize("null", [0.0, 0.6])
def test_means_hold_over_their_prior_everywhere(n, null):
    """Effects drawn from normal and mixture priors: at most 5% missed with the variance estimated, at every size.

    An atom makes a central interval cover more than it says (its end sits on the atom), never less.
    """
    options = {"mean": 0.1, "sd": 1.0, "scale": "absolute"}
    prior = MixturePrior(null_share=null, **options) if null else NormalPrior(**options)
    estimated = effect_misses(prior, n, 2000, 4) / 2000
    known = effect_misses(prior, n, 2000, 4, known=True) / 2000
    report(f"n={n}, nulls {null}: missed {estimated:.4f} with the variance estimated, {known:.4f} taken as known")
    assert estimated <= 0.05 + 4 * (0.05 * 0.95 / 2000) ** 0.5 + (0.005 if n < 10 else 0)


def fitted_misses(experiments, repetitions, seed, shape="normal"):
    """The next experiment's effect under a prior fitted to a history: interval misses, and histories used."""
    rng = np.random.default_rng(seed)
    misses = used = 0
    null = 0.6 if shape == "mixture" else 0.0
    for _ in range(repetitions):
        effects = np.where(rng.random(experiments + 20) < null, 0.0, rng.normal(0.005, 0.02, experiments + 20))
        se = 0.01 * rng.uniform(0.5, 2, experiments + 20)
        y = rng.normal(effects, se)
        try:
            prior = fit_history(y[:experiments], se[:experiments], shape=shape).prior
        except Refused:
            continue
        used += 1
        for k in range(experiments, experiments + 20):
            ends = central(posterior_of_effect(float(y[k]), float(se[k]), prior))
            misses += not ends.low <= effects[k] <= ends.high
    return misses / (20 * max(used, 1)), used


def test_a_fitted_prior_holds_for_the_next_experiment():
    """Fitted to 100 experiments: the next effects are missed in 5%, 60 histories of 20 more each."""
    missed, used = fitted_misses(100, 60, 5)
    assert used == 60
    assert missed == pytest.approx(0.05, abs=0.03)


@pytest.mark.calibrate
@pytest.mark.parametrize(("experiments", "most"), [(10, 0.11), (20, 0.08), (30, 0.075), (100, 0.06)])
def test_fitted_priors_by_length_of_history(experiments, most):
    """A short history's plug-in prior misses more than it says; from 100 on what it says."""
    missed, used = fitted_misses(experiments, 1500, 6)
    report(f"normal prior from {experiments} experiments: {missed:.4f} missed, {used}/1500 histories used")
    assert 0.04 < missed < most


@pytest.mark.calibrate
@pytest.mark.parametrize(("experiments", "most"), [(50, 0.1), (200, 0.07)])
def test_fitted_mixtures_by_length_of_history(experiments, most):
    """Mixtures fitted to 50 experiments miss more of the next effects than they say, as their caution says."""
    missed, used = fitted_misses(experiments, 150, 7, "mixture")
    report(f"mixture from {experiments} experiments: {missed:.4f} missed, {used}/150 histories used")
    assert missed < most


def z_paths(looks, effects, rng):
    """Paths of z at equally spaced looks, for an effect in standard errors of the last look."""
    steps = rng.normal(size=(len(effects), looks)) * (1 / looks) ** 0.5
    times = np.arange(1, looks + 1) / looks
    return (steps.cumsum(axis=1) + effects[:, None] * times) / times**0.5, times


def simulated_false_alarms(looks, repetitions, seed, prior_sd=None, prior_mean=0.0, threshold=0.95):
    """Share of paths without effect on which the chance to win passes the threshold for either side, by posteriors."""
    z, times = z_paths(looks, np.zeros(repetitions), np.random.default_rng(seed))
    error = times**-0.5
    if prior_sd is None:
        chance = stats.norm.cdf(z)
    else:
        precision = 1 / prior_sd**2 + times
        chance = stats.norm.cdf((prior_mean / prior_sd**2 + z / error) / precision**0.5)
    return int(((chance > threshold) | (chance < 1 - threshold)).any(axis=1).sum())


@pytest.mark.parametrize("prior", [(None, 0.0), (1.0, 0.0), (2.0, 1.0)])
@pytest.mark.parametrize("looks", [1, 5, 28])
def test_false_alarms_under_peeking(looks, prior):
    """The computed rate against 40,000 simulated tests whose posterior is looked at: flat and normal priors."""
    found = chance_to_win_false_alarms(looks, prior_sd=prior[0], prior_mean=prior[1])
    assert within(simulated_false_alarms(looks, 40_000, 8, *prior), 40_000, found)


def test_looks_at_other_times_and_thresholds():
    """Looks at the shares given; a higher threshold alarms less; one look at .975 is 5%."""
    assert chance_to_win_false_alarms([1.0], 0.975) == pytest.approx(0.05, abs=1e-9)
    assert chance_to_win_false_alarms([0.25, 0.5, 0.75, 1.0]) == pytest.approx(chance_to_win_false_alarms(4), abs=1e-12)
    assert chance_to_win_false_alarms([0.9, 1.0]) < chance_to_win_false_alarms(2)


@pytest.mark.parametrize("looks", [0, 1001, [], [0.5, 0.5], [0.5, 1.2], [0.0, 1.0], [math.nan]])
def test_looks_that_are_none_are_refused(looks):
    """No look, too many, repeated, beyond the end, before the start."""
    with pytest.raises(Refused):
        chance_to_win_false_alarms(looks)


@pytest.mark.parametrize(("chances", "least"), [([1.0], 0.0), ([0.5, 0.6], 0.0), ([0.5, 0.5], 0.6), ([0.5, 0.5], -0.1)])
def test_impossible_allocations_are_refused(chances, least):
    """One arm, chances that do not add up, a share no arm can keep."""
    with pytest.raises(Refused):
        thompson_allocation(chances, least)


def stopped_coverage(looks, repetitions, seed, prior_sd=2.0):
    """Effects drawn from the prior, tests stopped at the first chance to win above 95%: wins promised and kept."""
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, prior_sd, repetitions)
    z, times = z_paths(looks, effects, rng)
    precision = 1 / prior_sd**2 + times
    chance = stats.norm.cdf(z * times**0.5 / precision**0.5)
    stopped = (chance > 0.95).any(axis=1)
    first = (chance > 0.95).argmax(axis=1)[stopped]
    return float(chance[stopped, first].mean()), float((effects[stopped] > 0).mean()), int(stopped.sum())


def test_stopping_keeps_the_chance_to_win_true_over_the_prior():
    """If effects do come from the prior, winners of a peeked rule win as often as said: the other side of the coin."""
    promised, kept, winners = stopped_coverage(28, 40_000, 9)
    assert abs(promised - kept) < 4 * (promised * (1 - promised) / winners) ** 0.5


@pytest.mark.calibrate
def test_the_table_of_peeking():
    """Looks against false alarms, computed and by 400,000 simulated tests; flat prior and one of 2 errors."""
    for looks in (1, 2, 5, 10, 20, 28):
        row = [f"{looks}"]
        for sd in (None, 2.0):
            found = chance_to_win_false_alarms(looks, prior_sd=sd)
            seen = simulated_false_alarms(looks, 400_000, 11, sd)
            assert within(seen, 400_000, found)
            row += [f"{found:.4f}", f"{seen / 400_000:.4f}"]
        strict = chance_to_win_false_alarms(looks, 0.975)
        promised, kept, _ = stopped_coverage(looks, 400_000, 12)
        report("| " + " | ".join([*row, f"{strict:.4f}", f"{promised:.4f}", f"{kept:.4f}"]) + " |")


def test_flat_prior_coverage_at_fixed_rates():
    """At fixed rates (not drawn from any prior) the difference's 95% interval under a flat prior covers 95%."""
    rng = np.random.default_rng(13)
    n, p, q = 400, 0.1, 0.13
    misses = 0
    for x, y in zip(rng.binomial(n, p, 80).tolist(), rng.binomial(n, q, 80).tolist(), strict=True):
        ends = central(BetaEffect(Beta(1 + x, 1 + n - x), Beta(1 + y, 1 + n - y), "absolute"))
        misses += not ends.low <= q - p <= ends.high
    assert within(misses, 80, 0.05)
    flat = posterior_of_effect(0.03, 0.02, FlatPrior())
    assert 1 - flat.cdf(0) == pytest.approx(stats.norm.cdf(1.5), abs=1e-12)
