"""Priors fitted to past experiments: against published meta-analyses, brute-force likelihoods and planted histories."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from scipy import optimize, stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.bayes.history import fit_history, fit_normal
from copilot_tools.stats.inference.bayes.mixture import fit_mixture
from copilot_tools.stats.inference.bayes.priors import FlatPrior, MixturePrior, NormalPrior, on_scale, said
from sampling import within

# Colditz et al. (1994), BCG vaccine trials: cases and non-cases, vaccinated then control.
BCG = np.array([
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232),
    (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
], dtype=float)  # fmt: skip
# Rubin (1981), eight schools.
SCHOOLS = np.array([28, 8, -3, 7, -1, 1, 18, 12.0]), np.array([15, 10, 16, 11, 9, 11, 10, 18.0])


def bcg():
    """Log risk ratios and their standard errors."""
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def history(n, *, null=0.0, mean=0.004, sd=0.02, seed=1):
    """Past experiments: estimates and standard errors."""
    rng = np.random.default_rng(seed)
    se = 0.01 * rng.uniform(0.5, 2, n)
    effects = np.where(rng.random(n) < null, 0.0, rng.normal(mean, sd, n))
    return rng.normal(effects, se), se


def test_bcg_trials_as_metafor_reads_them():
    """Viechtbauer (2010), metafor: tau^2 = .3132 by REML, mean -.7145."""
    found = fit_normal(*bcg())
    assert found.sd**2 == pytest.approx(0.3132, abs=5e-5)
    assert found.mean == pytest.approx(-0.7145, abs=5e-5)


def restricted(variance, y, se, free_mean):
    """The log restricted likelihood, written out."""
    w = 1 / (se**2 + variance)
    mean = (w @ y) / w.sum() if free_mean else 0.0
    found = stats.norm.logpdf(y, mean, w**-0.5).sum()
    return found - 0.5 * math.log(w.sum()) if free_mean else found


@pytest.mark.parametrize("free_mean", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_normal_fit_is_the_peak_and_its_interval_the_profile(free_mean, seed):
    """The sd against scipy's own search, and ends of the interval 1.92 below the peak of the log likelihood."""
    y, se = history(25, seed=seed)
    found = fit_normal(y, se, free_mean=free_mean)
    search = optimize.minimize_scalar(
        lambda s: -restricted(math.exp(2 * s), y, se, free_mean), bounds=(-9, 0), options={"xatol": 1e-10}
    )
    assert found.sd == pytest.approx(math.exp(search.x), rel=1e-5)
    for end in (found.sd_low, found.sd_high):
        if end > 0:
            assert -search.fun - restricted(end**2, y, se, free_mean) == pytest.approx(1.9207, abs=1e-4)
    assert found.sd_low < found.sd < found.sd_high


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e7])
def test_the_unit_does_not_matter(scale):
    """The same history in another unit gives the same prior in that unit."""
    y, se = history(80, null=0.6, sd=0.04)
    one, other = (fit_mixture(y * k, se * k) for k in (1.0, scale))
    assert other.sd == pytest.approx(one.sd * scale, rel=1e-4)
    assert other.null_share == pytest.approx(one.null_share, abs=1e-4)
    assert fit_normal(y * scale, se * scale).sd == pytest.approx(fit_normal(y, se).sd * scale, rel=1e-9)


def test_mixture_fit_is_the_peak_and_its_interval_the_profile():
    """The likelihood written out: no point near the fit is higher, its value is as stated, ends are 1.92 below."""
    y, se = history(120, null=0.6, sd=0.04)
    found = fit_mixture(y, se)

    def log_likelihood(share, mean, sd):
        slab = (1 - share) * stats.norm.pdf(y, mean, np.hypot(sd, se))
        return float(np.log(share * stats.norm.pdf(y, 0, se) + slab).sum())

    assert log_likelihood(found.null_share, found.mean, found.sd) == pytest.approx(found.log_likelihood, abs=1e-8)
    search = optimize.minimize(
        lambda p: -log_likelihood(1 / (1 + math.exp(-p[0])), p[1] / 100, math.exp(p[2])),
        (0, 0, -3.5), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000},
    )  # fmt: skip
    assert found.log_likelihood == pytest.approx(-search.fun, abs=1e-6)
    assert found.null_share == pytest.approx(1 / (1 + math.exp(-search.x[0])), abs=1e-3)
    for end in (found.null_share_low, found.null_share_high):
        at = optimize.minimize(
            lambda p, end=end: -log_likelihood(end, p[0] / 100, math.exp(p[1])), (0, -3.5), method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-12},
        )  # fmt: skip
        assert found.log_likelihood + at.fun == pytest.approx(1.9207, abs=2e-3)


def test_a_planted_mixture_is_found():
    """Three thousand experiments of which 70% do nothing: share, mean and sd come back."""
    found = fit_history(*history(3000, null=0.7, mean=0.01, sd=0.03), shape="mixture")
    assert isinstance(found.prior, MixturePrior)
    assert found.prior.null_share == pytest.approx(0.7, abs=0.04)
    assert found.prior.sd == pytest.approx(0.03, rel=0.08)
    assert found.null_share_interval.low < 0.7 < found.null_share_interval.high


def test_real_experiments_have_small_effects(real_data):
    """ASOS's 45 finished comparisons of their first metric: effects around nothing, with a spread under a percent."""
    last = {}
    with (real_data / "asos.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["metric_id"] == "1":
                last[row["experiment_id"], row["variant_id"]] = row
    effects, errors = [], []
    for row in last.values():
        m, t = float(row["mean_c"]), float(row["mean_t"])
        a, b = float(row["variance_c"]) / float(row["count_c"]), float(row["variance_t"]) / float(row["count_t"])
        effects.append((t - m) / m)
        errors.append(math.sqrt(b + a * (t / m) ** 2) / m)
    found = fit_history(effects, errors)
    assert found.experiments == 45
    search = optimize.minimize_scalar(
        lambda s: -restricted(math.exp(2 * s), np.array(effects), np.array(errors), free_mean=True),
        bounds=(-9, 0),
        options={"xatol": 1e-10},
    )
    assert found.prior.sd == pytest.approx(math.exp(search.x), rel=1e-5)
    assert 0.004 < found.prior.sd < 0.009


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ((SCHOOLS[0], SCHOOLS[1]), "history.too_few"),
        ((np.tile(SCHOOLS[0], 2), np.tile(SCHOOLS[1], 2)), "history.no_spread"),
        ((np.full(12, 0.05), np.full(12, 0.02)), "history.selected"),
        ((np.zeros(12), np.ones(11)), "history.lengths"),
        ((np.array([math.nan] * 12), np.ones(12)), "parameter.not_finite"),
        ((np.zeros(12), np.zeros(12)), "parameter.not_positive"),
    ],
)
def test_a_history_that_cannot_make_a_prior_is_refused(given, code):
    """Too few, no spread beyond the noise (eight schools, twice), winners only, and figures that are none."""
    with pytest.raises(Refused) as refused:
        fit_history(*given)
    assert refused.value.refusals[0].code == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (history(49, null=0.5), "history.too_few"),
        (history(60, null=1.0, seed=3), "history.no_spread"),
        (history(100, mean=0.05, sd=0.03), "history.no_mixture"),
    ],
)
def test_a_mixture_that_is_none_is_refused(given, code):
    """Too few experiments, nothing but nulls, no nulls at all."""
    with pytest.raises(Refused) as refused:
        fit_history(*given, shape="mixture")
    assert refused.value.refusals[0].code == code


def test_cautions_name_what_is_doubtful():
    """A short history says how little it knows of the spread; a gap below significance is noticed."""
    short = fit_history(*history(12, seed=2))
    assert "Fitted to 12 experiments only" in short.cautions[0]
    assert not fit_history(*history(60, seed=2)).cautions
    y, se = history(400, seed=2)
    kept = (np.abs(y / se) >= 1.96) | (np.abs(y / se) < 1.2)
    assert "left out" in " ".join(fit_history(y[kept], se[kept]).cautions)


def test_priors_move_between_scales_and_say_what_they_are():
    """Relative to absolute by control's level and back; words name mean, sd and the share of nulls."""
    prior = MixturePrior(null_share=0.6, mean=0.01, sd=0.02)
    assert on_scale(on_scale(prior, "absolute", 8.0), "relative", 8.0).sd == pytest.approx(0.02)
    assert on_scale(FlatPrior(), "absolute", 8.0) == FlatPrior()
    assert "60%" in said(prior)
    assert "0.02" in said(NormalPrior(sd=0.02))


def interval_of_sd_misses(n, repetitions, seed=10):
    """How often the 95% interval of the effects' sd misses it."""
    misses = 0
    for r in range(repetitions):
        found = fit_normal(*history(n, seed=seed + r))
        misses += not found.sd_low <= 0.02 <= found.sd_high
    return misses


def test_interval_of_the_spread_covers():
    """The 95% profile interval of the effects' sd at 30 experiments, 300 histories."""
    assert within(interval_of_sd_misses(30, 300), 300, 0.05, slack=0.02)
