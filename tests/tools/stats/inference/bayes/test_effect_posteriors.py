"""Posteriors of effects: closed forms, Student t likelihoods and mixtures against brute-force integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.bayes import shared_control
from copilot_tools.stats.inference.bayes.best import Level, best_of
from copilot_tools.stats.inference.bayes.effects import posterior_of_effect
from copilot_tools.stats.inference.bayes.mean_readings import MeanArm, read_means
from copilot_tools.stats.inference.bayes.posterior import NormalPosterior, StudentPosterior, WithNull, highest_density
from copilot_tools.stats.inference.bayes.priors import FlatPrior, MixturePrior, NormalPrior
from copilot_tools.stats.inference.bayes.shared_control import best_given_control


def brute(estimate, se, mean, sd, df, null):
    """Posterior by a fine trapezoid: null weight, mean, sd, P(> 0), E max(x, 0), E max(-x, 0)."""
    x = np.linspace(mean - 14 * sd, mean + 14 * sd, 400_001)
    like = stats.norm.pdf(estimate, x, se) if df is None else stats.t.pdf((estimate - x) / se, df) / se
    f = stats.norm.pdf(x, mean, sd) * like
    at_zero = stats.norm.pdf(estimate, 0, se) if df is None else stats.t.pdf(estimate / se, df) / se
    slab = np.trapezoid(f, x)
    w = null * at_zero / (null * at_zero + (1 - null) * slab)
    f = f / slab
    average = (1 - w) * np.trapezoid(x * f, x)
    second = (1 - w) * np.trapezoid(x * x * f, x)
    up, down = np.maximum(x, 0), np.maximum(-x, 0)
    return (
        w,
        average,
        math.sqrt(second - average**2),
        (1 - w) * np.trapezoid(f * (x > 0), x),
        (1 - w) * np.trapezoid(f * up, x),
        (1 - w) * np.trapezoid(f * down, x),
    )


@pytest.mark.parametrize("df", [None, 2.5, 8.0, 60.0, 1e6])
@pytest.mark.parametrize("null", [0.0, 0.7])
@pytest.mark.parametrize(
    ("estimate", "se", "mean", "sd"), [(0.03, 0.015, 0.0, 0.02), (-1.0, 0.4, 0.5, 0.1), (2, 5, 0, 1)]
)
def test_every_prior_and_likelihood_against_brute_force(estimate, se, mean, sd, df, null):
    """Normal and mixture priors, known and estimated variance, a prior at odds with the data among them."""
    prior = MixturePrior(null_share=null, mean=mean, sd=sd) if null else NormalPrior(mean=mean, sd=sd)
    p = posterior_of_effect(estimate, se, prior, df=df)
    expected = brute(estimate, se, mean, sd, df, null)
    weight = p.null if isinstance(p, WithNull) else 0.0
    assert (weight, p.mean, p.sd) == pytest.approx(expected[:3], rel=1e-6, abs=1e-9)
    assert 1 - p.cdf(0.0) == pytest.approx(expected[3], abs=3e-5)  # the trapezoid's own step at 0
    assert (p.gain, p.loss) == pytest.approx(expected[4:], rel=1e-6, abs=1e-9)
    for share in (0.01, 0.3, 0.5, 0.99):
        at = p.quantile(share)
        assert p.cdf(at - 1e-9 * sd) - 1e-7 <= share <= p.cdf(at) + 1e-7


def test_student_becomes_normal_and_integrated_becomes_closed():
    """With many degrees of freedom the quadrature meets the closed form to 1e-6; far tails keep their digits."""
    closed = posterior_of_effect(0.03, 0.015, NormalPrior(sd=0.02))
    near = posterior_of_effect(0.03, 0.015, NormalPrior(sd=0.02), df=1e9)
    assert (near.mean, near.sd, near.gain) == pytest.approx((closed.mean, closed.sd, closed.gain), rel=1e-8)
    assert highest_density(near).low == pytest.approx(highest_density(closed).low, abs=1e-8)
    tail = NormalPosterior(20.0, 1.0)
    assert tail.loss == pytest.approx(stats.norm.pdf(20) / 400 * (1 - 3 / 400 + 15 / 400**2 - 105 / 400**3), rel=1e-6)


@pytest.mark.parametrize("df", [2.5, 6.0, 200.0])
def test_student_losses_against_scipy(df):
    """E max(x, 0) of a location-scale t against scipy's expectation."""
    p = StudentPosterior(0.4, 1.3, df)
    t = stats.t(df, 0.4, 1.3)
    assert p.gain == pytest.approx(t.expect(lambda v: v, lb=0), rel=1e-7)
    assert p.loss == pytest.approx(t.expect(lambda v: -v, ub=0), rel=1e-7)


def test_flat_prior_is_welch():
    """Flat prior, variance estimated: credible interval = Welch's interval, chance to be worse = its one-sided p."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(10, 2, 12), rng.normal(11, 5, 7)
    arms = {"a": MeanArm(12, a.mean(), a.var(ddof=1)), "b": MeanArm(7, b.mean(), b.var(ddof=1))}
    _, (read,) = read_means(arms, FlatPrior())
    welch = stats.ttest_ind(b, a, equal_var=False)
    ends = welch.confidence_interval(0.95)
    assert (read.absolute.interval.low, read.absolute.interval.high) == pytest.approx((ends.low, ends.high), rel=1e-9)
    one_sided = stats.ttest_ind(b, a, equal_var=False, alternative="greater").pvalue
    assert 1 - read.absolute.chance_better == pytest.approx(one_sided, rel=1e-9)


def test_best_of_student_levels_against_draws():
    """Three arms of four to nine units: chances and losses against a million draws, more and less wanted."""
    levels = [Level(10, 0.5, 3), Level(10.4, 0.4, 8), Level(10.3, 0.9, 5)]
    rng = np.random.default_rng(8)
    draws = np.array([v.mean + v.scale * rng.standard_t(v.df, 1_000_000) for v in levels])
    for fewest, sign in ((False, 1), (True, -1)):
        found = best_of(levels, fewest=fewest)
        best = (sign * draws).argmax(axis=0)
        assert found.chance == pytest.approx([(best == i).mean() for i in range(3)], abs=2e-3)
        top = (sign * draws).max(axis=0)
        assert found.loss == pytest.approx([(top - sign * d).mean() for d in draws], abs=5e-3)
        assert math.fsum(found.chance) == pytest.approx(1, abs=1e-9)


def drawn(control, treatments, prior, n, seed):
    """Effects from the joint posterior, by weighting draws of control's level by how well it foretells all arms."""
    rng = np.random.default_rng(seed)
    level = rng.normal(*control, n)
    null = getattr(prior, "null_share", 0.0)
    weight, effects = np.ones(n), []
    for y, se in treatments:
        slab = (1 - null) * stats.norm.pdf(y - level, prior.mean, math.hypot(prior.sd, se))
        spike = null * stats.norm.pdf(y - level, 0, se)
        weight *= slab + spike
        precision = 1 / prior.sd**2 + 1 / se**2
        centre = (prior.mean / prior.sd**2 + (y - level) / se**2) / precision
        effect = rng.normal(centre, precision**-0.5)
        effects.append(np.where(rng.random(n) < spike / (slab + spike), 0.0, effect))
    return weight / weight.sum(), np.array(effects)


@pytest.mark.parametrize("fewest", [False, True])
@pytest.mark.parametrize("null", [None, 0.6])
def test_several_arms_around_one_control_against_draws(null, fewest):
    """Chances and losses under a prior on effects, unequal arms: against weighted draws; ties go to control."""
    prior = NormalPrior(mean=0.05, sd=0.2) if null is None else MixturePrior(null_share=null, mean=0.05, sd=0.2)
    control, treatments = (10.0, 0.15), [(10.2, 0.1), (9.9, 0.3), (10.25, 0.2)]
    found = best_given_control(control, treatments, prior, fewest=fewest)
    weight, effects = drawn(control, treatments, prior, 600_000, 4)
    signed = -effects if fewest else effects
    best = np.where(signed.max(axis=0) > 0, signed.argmax(axis=0) + 1, 0)
    assert found.chance == pytest.approx([weight[best == i].sum() for i in range(4)], abs=4e-3)
    top = np.maximum(signed.max(axis=0), 0)
    assert found.loss == pytest.approx([weight @ (top - s) for s in (0, *signed)], abs=2e-3)
    assert math.fsum(found.chance) == pytest.approx(1, abs=1e-10)


def test_one_treatment_around_control_is_its_own_posterior():
    """With one treatment the joint answer is the closed form of the pair."""
    for prior in (NormalPrior(mean=0.1, sd=0.2), MixturePrior(null_share=0.3, mean=0.1, sd=0.2)):
        joint = best_given_control((10.0, 0.15), [(10.2, 0.1)], prior)
        pair = posterior_of_effect(0.2, math.hypot(0.15, 0.1), prior)
        assert joint.chance[1] == pytest.approx(1 - pair.cdf(0), abs=1e-10)
        assert joint.loss == pytest.approx((pair.gain, pair.loss), abs=1e-10)


def test_decrease_goals_mirror():
    """Where less is better, chances and losses are those of the mirrored arms; effects keep their sign."""
    prior = MixturePrior(null_share=0.4, mean=-0.02, sd=0.05)
    arms = {"a": MeanArm(200, 5.0, 1.0), "b": MeanArm(150, 4.8, 1.2)}
    _, (down,) = read_means(arms, prior, fewest=True)
    mirrored = {k: MeanArm(v.n, -v.mean, v.variance) for k, v in arms.items()}
    _, (up,) = read_means(mirrored, prior.model_copy(update={"mean": 0.02}))
    assert down.absolute.chance_better == pytest.approx(up.absolute.chance_better, rel=1e-9)
    assert down.absolute.loss_if_chosen == pytest.approx(up.absolute.loss_if_chosen, rel=1e-9)
    assert down.absolute.shrunken == pytest.approx(-up.absolute.shrunken, rel=1e-9)
    assert down.absolute.chance_better + down.absolute.chance_null < 1


def test_a_mean_of_a_billion_keeps_its_spread():
    """A mean of 1e9 with a standard deviation of 1: the effect's sd is that of the spread, not of rounding."""
    arms = {"a": MeanArm(50_000, 1e9, 1.0), "b": MeanArm(50_000, 1e9 + 0.01, 1.0)}
    _, (read,) = read_means(arms, FlatPrior())
    assert read.absolute.sd == pytest.approx(math.sqrt(2 / 50_000), rel=1e-4)


@pytest.mark.parametrize(
    ("arm", "options", "code"),
    [
        (MeanArm(100, 5.0, 0.0), {}, "data.no_variance"),
        (MeanArm(3, 5.0, 1.0), {}, "bayes.too_few_units"),
        (MeanArm(1, 5.0, 1.0), {"variance": "known"}, "bayes.too_few_units"),
        (MeanArm(100, float("nan"), 1.0), {}, "parameter.not_finite"),
        (MeanArm(100, 5.0, float("inf")), {}, "parameter.not_finite"),
        (MeanArm(100, 5.0, 1.0), {"level": 1.0}, "parameter.out_of_range"),
    ],
)
def test_bad_arms_are_refused(arm, options, code):
    """No variation, too few units, numbers that are none, a level that is none."""
    with pytest.raises(Refused) as refused:
        read_means({"a": MeanArm(100, 4.0, 1.0), "b": arm}, FlatPrior(), **options)
    assert refused.value.refusals[0].code == code


def test_arms_beyond_integration_are_refused():
    """One arm a million times as precise as control, beside another: refused, not answered coarsely."""
    with pytest.raises(Refused, match="too far apart"):
        best_given_control((10, 1.0), [(10, 1e-6), (10, 1.0)], NormalPrior(sd=1.0))
    with pytest.raises(Refused, match="degrees of freedom"):
        posterior_of_effect(1.0, 1.0, FlatPrior(), df=2.0)


def test_an_arm_that_cannot_win_costs_nothing():
    """A treatment far below control, known very finely, sets no grid: few values are looked up, the chances stay."""
    prior = NormalPrior(sd=0.0026)
    arms = (0.052, 0.00222), [(0.0575, 0.00232), (0.00147, 0.0000632)]
    given = shared_control._GivenControl(*arms, prior, 1.0)
    assert given.rivals == [0]
    found = best_given_control(*arms, prior)
    assert found.chance[2] == 0
    assert math.fsum(found.chance) == pytest.approx(1, abs=1e-12)


def test_more_values_than_can_be_weighed_are_refused():
    """Two finely known rivals of a vague control, and a vague one: counted beforehand, and refused with the cure."""
    with pytest.raises(Refused, match="30,000,000 values") as refused:
        best_given_control((10, 1.0), [(10, 0.015), (10, 0.9), (10, 0.015)], NormalPrior(sd=1.0))
    assert "by itself" in refused.value.refusals[0].cure


def test_a_prior_needs_ten_units_where_the_variance_is_estimated():
    """Below ten units an arm the intervals under an informative prior miss more than they say: refused, flat is not."""
    arms = {"a": MeanArm(9, 4.0, 1.0), "b": MeanArm(9, 5.0, 1.0)}
    with pytest.raises(Refused, match="at least 10"):
        read_means(arms, NormalPrior(sd=0.1))
    assert read_means(arms, FlatPrior())[1][0].absolute.chance_better > 0.9


def test_a_prior_that_has_nothing_to_do_with_the_data_is_refused():
    """A prior in another unit, a million standard errors away: refused rather than believed."""
    with pytest.raises(Refused, match="nothing to do"):
        posterior_of_effect(1.0, 1e-3, NormalPrior(mean=1e6, sd=1e-3))
    with pytest.raises(Refused, match="too far apart"):
        best_of([Level(0.0, 1.0), Level(0.0, 1e20)])
