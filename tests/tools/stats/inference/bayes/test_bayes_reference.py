"""Published and recomputed Bayesian numbers, each typed in with its source."""

from __future__ import annotations

import math

import pytest

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference.bayes.best import best_of
from copilot_tools.stats.inference.bayes.beta import Beta, BetaEffect, beta_posterior
from copilot_tools.stats.inference.bayes.effects import posterior_of_effect
from copilot_tools.stats.inference.bayes.mean_readings import MeanArm, proportion_figures, read_means
from copilot_tools.stats.inference.bayes.peeking import chance_to_win_false_alarms
from copilot_tools.stats.inference.bayes.posterior import NormalPosterior, central
from copilot_tools.stats.inference.bayes.priors import FlatPrior, NormalPrior
from copilot_tools.stats.inference.bayes.proportion_readings import read_proportions

Z = 1.959963984540054


@pytest.mark.parametrize(
    ("a", "b", "chance"),
    [((49, 100), (51, 100), 0.61077052), ((16, 500), (25, 500), 0.9223944)],
)
def test_chance_to_beat_control(a, b, chance):
    """Miller, Formulas for Bayesian A/B testing: P(p_B > p_A), flat priors; by both routes."""
    arms = beta_posterior(*a), beta_posterior(*b)
    assert best_of(arms).chance[1] == pytest.approx(chance, abs=1e-6)
    assert 1 - BetaEffect(*arms, "absolute").cdf(0.0) == pytest.approx(chance, abs=1e-6)
    assert 1 - BetaEffect(*arms, "relative").cdf(0.0) == pytest.approx(chance, abs=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "loss"),
    [((49, 100), (51, 100), 0.01911646), ((16, 500), (25, 500), 0.00044782)],
)
def test_expected_loss_of_choosing_b(a, b, loss):
    """Stucchio (2014): E[max(p_A - p_B, 0)], flat priors."""
    assert best_of((beta_posterior(*a), beta_posterior(*b))).loss[1] == pytest.approx(loss, abs=3e-5)


def test_normal_with_normal_prior():
    """Closed form: prior N(0, .02^2), estimate .03 with standard error .015."""
    p = posterior_of_effect(0.03, 0.015, NormalPrior(sd=0.02))
    ends = central(p)
    assert (p.mean, p.sd, 1 - p.cdf(0)) == pytest.approx((0.0192, 0.012, 0.9452007), abs=1e-6)
    assert (ends.low, ends.high) == pytest.approx((-0.00431957, 0.04271957), abs=1e-6)


@pytest.mark.parametrize(("looks", "rate"), [(1, 0.1), (10, 0.3417)])
def test_peeking_at_the_chance_to_win(looks, rate):
    """Armitage, McPherson & Rowe's recursion at a nominal 10%: chance to win above 95% or below 5%, K looks."""
    assert chance_to_win_false_alarms(looks) == pytest.approx(rate, abs=1e-3)


def test_bandit_probability_of_being_best():
    """Scott (2010): three beta posteriors."""
    found = best_of([Beta(11, 91), Beta(13, 89), Beta(16, 86)])
    assert found.chance == pytest.approx((0.0971, 0.23833, 0.66457), abs=2e-3)
    assert math.fsum(found.chance) == pytest.approx(1, abs=1e-13)


def test_gaussian_risk_in_closed_form():
    """Gbstats, bayesian/test_tests.py at 8f1db445: mean .1, sd .05; loss of keeping control, of choosing treatment."""
    p = NormalPosterior(0.1, 0.05)
    assert (p.gain, p.loss) == pytest.approx((0.1004245351308, 0.0004245351308), abs=1e-10)


@pytest.mark.parametrize(
    ("control", "treatment", "lift"),
    [(-10, -5, 0.5), (-10, -15, -0.5), (-2, 3, 2.5), (10, 15, 0.5), (10, 5, -0.5)],
)
def test_a_negative_baseline_keeps_its_direction(control, treatment, lift):
    """Gbstats, test_utils.py TestFrequentistDiff: a rise from below zero is a rise."""
    arms = {"a": MeanArm(100, control, 0.01), "b": MeanArm(100, treatment, 0.01)}
    _, (read,) = read_means(arms, FlatPrior(), variance="known")
    assert read.relative.observed == pytest.approx(lift, abs=1e-12)
    assert (read.relative.chance_better > 0.5) == (read.absolute.chance_better > 0.5) == (treatment > control)


def from_sums(n, total, squares):
    """An arm from raw sums, as gbstats' tests give it."""
    return MeanArm(n, total / n, (squares - total * total / n) / (n - 1))


def from_quantile(n, value, low, high):
    """Gbstats' quantile statistic: a standard error from its 95% interval, with n - 1 over n."""
    return MeanArm(n, value, (n - 1) * ((high - low) / (2 * Z)) ** 2)


SMALL = from_sums(10, 100, 1002.25), from_sums(10, 105, 1111.5)
NOISY = from_sums(100, 1000, 200000), from_sums(100, 1100, 200005)
BIG = (
    from_quantile(11054, 7.157987489967789, 7.098780136176828, 7.217194843758751),
    from_quantile(10861, 7.694499927525767, 7.64180598628119, 7.747193868770344),
)
WIDE = (
    from_quantile(11054, 7.157987489967789, 6.157987489967789, 8.15798748996779),
    from_quantile(10861, 7.694499927525767, 6.694499927525767, 8.694499927525767),
)
FLAT = FlatPrior()
VAGUE = NormalPrior(sd=1000.0)  # the stored entries 07, 08 and 11 lost their configuration; this prior reproduces them
UNIT = NormalPrior(sd=1.0)  # likewise 09 and 10

GROWTHBOOK = [
    (
        "01",
        (proportion_figures("a", 100, 49), proportion_figures("b", 100, 51)),
        FLAT,
        "relative",
        0.04081632653061228,
        (-0.24779335974122607, 0.3294260128024506),
        0.6091813095808981,
        (0.0813958491551631, 0.04057952262455082),
        0.14725254573469446,
    ),
    (
        "03",
        SMALL,
        FLAT,
        "relative",
        0.05,
        (-0.020001863604820883, 0.12000186360482087),
        0.9192339081566245,
        (0.05130981716392653, 0.001309817163926532),
        0.03571589282098377,
    ),
    (
        "04",
        SMALL,
        NormalPrior(mean=0.1, sd=math.sqrt(0.1)),
        "relative",
        0.05062977888312217,
        (-0.018929830742817608, 0.12018938850906194),
        0.9231499085772956,
        (0.05185680643342936, 0.001227027546311408),
        0.03549024888958016,
    ),
    (
        "06",
        BIG,
        FLAT,
        "absolute",
        0.5365124375579775,
        (0.4572559589115422, 0.6157689162044128),
        1.0,
        (0.5365124375579775, 5.376045898849783e-43),
        0.040437721953872775,
    ),
    (
        "07",
        BIG,
        VAGUE,
        "absolute",
        0.536512437540855,
        (0.4572559588956844, 0.6157689161860256),
        1.0,
        (0.536512437540855, 5.376045914039923e-43),
        0.04043772195322749,
    ),
    (
        "08",
        BIG,
        VAGUE,
        "relative",
        0.07495297222736319,
        (0.06341005842481906, 0.08649588602990732),
        1.0,
        (0.07495297222736319, 9.586007569205645e-41),
        0.005889349954179343,
    ),
    (
        "09",
        BIG,
        UNIT,
        "absolute",
        0.536495315442269,
        (0.4572401014910488, 0.6157505293934892),
        1.0,
        (0.536495315442269, 5.3912510244867295e-43),
        0.04043707668935512,
    ),
    (
        "10",
        BIG,
        UNIT,
        "relative",
        0.07495037261804469,
        (0.06340765898986044, 0.08649308624622894),
        1.0,
        (0.07495037261804469, 9.61313209064585e-41),
        0.005889247822527199,
    ),
    (
        "11",
        WIDE,
        VAGUE,
        "absolute",
        0.5365124321067777,
        (-0.8776365848422015, 1.9506614490557568),
        0.7714372896411668,
        (0.6322045481507959, 0.09569211604401814),
        0.7215178585441396,
    ),
    (
        "12",
        NOISY,
        NormalPrior(mean=1.0, sd=1.0),
        "absolute",
        3.4863897712194922,
        (-6.815370552107547, 13.788150094546529),
        0.7464320486332121,
        (4.285161493940706, 0.7987717227212136),
        5.256096746973928,
    ),
    (
        "13",
        NOISY,
        NormalPrior(mean=1.0, sd=1.0),
        "relative",
        0.3670998469248227,
        (-0.7006355879379378, 1.4348352817875831),
        0.7497993251004178,
        (0.4484410124979541, 0.08134116557313135),
        0.5447729873022776,
    ),
    (
        "17",
        (from_sums(100, 270, 848.79), from_sums(120, 300, 869)),
        FLAT,
        "relative",
        -0.07407407407407414,
        (-0.17336005810718605, 0.025211909959037757),
        0.0718341677433742,
        (0.0016170568727012565, 0.07569113094677539),
        0.050657045137700016,
    ),
    (
        "18",
        (from_sums(200, 740, 3615.59), from_sums(220, 770, 3571)),
        FLAT,
        "relative",
        -0.0540540540540541,
        (-0.15719648313770518, 0.04908837502959697),
        0.15217205888395424,
        (0.004162321093831818, 0.058216375147885926),
        0.05262465529837558,
    ),
]


@pytest.mark.parametrize("entry", GROWTHBOOK, ids=[e[0] for e in GROWTHBOOK])
def test_growthbook_bayesian_effects(entry):
    """Gbstats at 8f1db445, EffectBayesianABTest: effect, interval, chance to win, risks and standard error."""
    _, (a, b), prior, scale, expected, ends, chance, risk, se = entry
    _, (read,) = read_means({"a": a, "b": b}, prior, variance="known")
    found = getattr(read, scale)
    assert found.shrunken == pytest.approx(expected, abs=1e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx(ends, abs=1e-6)
    assert found.chance_better == pytest.approx(chance, abs=1e-6)
    assert (found.loss_if_not, found.loss_if_chosen) == pytest.approx(risk, abs=1e-6)
    assert found.loss_if_chosen == pytest.approx(risk[1], rel=1e-6)  # far tails keep their digits
    assert found.sd == pytest.approx(se, abs=1e-6)


def test_no_data_is_refused():
    """Gbstats' entries 02 and 05: without units there is no answer, where the peer reports a chance to win of .5."""
    with pytest.raises(Refused) as proportions:
        read_proportions({"a": (0, 0), "b": (0, 0)})
    with pytest.raises(Refused) as means:
        read_means({"a": MeanArm(0, 0.0, 0.0), "b": MeanArm(0, 0.0, 0.0)}, FLAT, variance="known")
    assert proportions.value.refusals[0].name == "n"
    assert means.value.refusals[0].code == "bayes.too_few_units"


def test_control_without_a_level_has_no_lift():
    """A control rate of 0, and a control mean too near to 0: the difference stands, the lift is refused."""
    _, (rates,) = read_proportions({"a": (100, 0), "b": (100, 3)})
    _, (means,) = read_means({"a": MeanArm(50, 0.1, 1.0), "b": MeanArm(50, 0.4, 1.0)}, FLAT)
    for read in (rates, means):
        assert isinstance(read.relative, Refusal)
        assert 0.5 < read.absolute.chance_better < 1
    with pytest.raises(Refused, match="cannot be told from 0"):
        read_means({"a": MeanArm(50, 0.1, 1.0), "b": MeanArm(50, 0.4, 1.0)}, NormalPrior(sd=0.1))
