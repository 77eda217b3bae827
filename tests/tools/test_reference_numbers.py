"""Published numbers, each typed in with its source, against the tool or function that answers the same question."""

from __future__ import annotations

import math

import pytest

from copilot_tools import catalogue
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.always_valid import always_valid_critical, rho_squared
from copilot_tools.stats.inference.compare import compare_arms
from copilot_tools.stats.inference.cuped import WithCovariate, adjust
from copilot_tools.stats.inference.goodness import two_proportions
from copilot_tools.stats.inference.means import linear_mean
from copilot_tools.stats.inference.omnibus import equal_proportions
from copilot_tools.stats.inference.proportions import Counts, mee, miettinen_nurminen, newcombe, wilson
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.planning.powers import arcsine_power
from copilot_tools.stats.planning.rules import design_effect, rule_of_16
from copilot_tools.stats.spec import Metric
from tools.published_moments import (
    GROWTHBOOK_MEANS,
    GROWTHBOOK_RATIO,
    TEA_CONTROL,
    TEA_TREATMENT,
    from_covariances,
    from_sums,
    only,
)

Z = 1.959963984540054


def ask(tool, **arguments):
    """Run a tool of the catalogue on plain data."""
    return catalogue.find(tool).run(arguments)


def compared(metric, control, treatment, **options):
    """The one comparison of two arms' moments."""
    return compare_arms(metric, {"control": control, "b": treatment}, "control", **options)[0]


MEAN = Metric(name="m", role="primary", kind="mean", column="y")
RATIO = Metric(name="m", role="primary", kind="ratio", column="y", denominator="d")
ADJUSTED_MEAN = Metric(name="m", role="primary", kind="mean", column="y", covariate="x")
ADJUSTED_RATIO = Metric(
    name="m", role="primary", kind="ratio", column="y", denominator="d", covariate="x", covariate_denominator="e"
)


# --- two proportions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "treatment", "z", "p", "tolerance"),
    [
        ((8502, 44700), (8279, 45489), -3.1644, 0.001554, 5e-5),  # Cookie Cats, 7-day retention (DataCamp)
        ((20034, 44700), (20119, 45489), -1.78409, 0.07441, 2e-5),  # Cookie Cats, 1-day retention
        ((17489, 145274), (17264, 145310), -1.3109, 0.18988, 1e-4),  # Udacity, Analyze A/B Test Results
        ((189, 11034), (104, 11037), -math.sqrt(25.014), None, 6e-4),  # Physicians' Health Study (Agresti 2002)
        ((5, 83), (12, 99), 1.4078, 0.15918, 5e-4),  # statsmodels, proportions_ztest
        ((420, 23524), (14423, 564577), 7.3701, None, 2e-4),  # Kaggle marketing_AB, full data
        ((19, 53), (13, 47), -0.87623, 0.3809096823118986, 1e-4),  # tea-tasting, norm without correction
        ((20, 20), (1, 20), -6.01585, 1.789429230619298e-09, 1e-4),  # tea-tasting, norm at the bounds
    ],
)
def test_pooled_z_of_two_proportions(control, treatment, z, p, tolerance):
    """The tool's z and p are those published for the pooled two-sample test."""
    (x0, n0), (x1, n1) = control, treatment
    found = ask(
        "compare_proportions",
        control={"name": "control", "n": n0, "successes": x0},
        treatments=[{"name": "b", "n": n1, "successes": x1}],
        method="score",  # small arms are read exactly by themselves
    ).comparisons[0]
    assert found.absolute.statistic == pytest.approx(z, abs=tolerance)
    if p is not None:
        assert found.absolute.p_value == pytest.approx(p, rel=1e-3)


def test_cookie_cats_and_physicians_intervals():
    """Published 95% intervals: retention -1.33 to -0.31 points; aspirin's risk ratio 1.43 to 2.31 (Agresti 2002)."""
    cats = ask(
        "compare_proportions",
        control={"name": "gate_30", "n": 44700, "successes": 8502},
        treatments=[{"name": "gate_40", "n": 45489, "successes": 8279}],
    ).comparisons[0]
    assert (cats.absolute.interval.low, cats.absolute.interval.high) == pytest.approx((-0.013282, -0.003121), abs=2e-5)
    heart = ask(
        "compare_proportions",
        control={"name": "aspirin", "n": 11037, "successes": 104},
        treatments=[{"name": "placebo", "n": 11034, "successes": 189}],
    ).comparisons[0]
    assert heart.absolute.value == pytest.approx(0.0077, abs=6e-5)
    assert (heart.absolute.interval.low, heart.absolute.interval.high) == pytest.approx((0.0047, 0.0107), abs=1e-4)
    assert heart.relative.value + 1 == pytest.approx(1.8178, abs=6e-4)
    # Agresti's interval is Wald's on the log scale: Koopman's score interval lies within .002 of it.
    assert (heart.relative.interval.low + 1, heart.relative.interval.high + 1) == pytest.approx(
        (1.433, 2.3059), abs=2e-3
    )


def test_marketing_ab_relative_lift():
    """Kaggle marketing_AB, full data: 2.55% against 1.79%, a lift of 43.1%."""
    found = ask(
        "compare_proportions",
        control={"name": "psa", "n": 23524, "successes": 420},
        treatments=[{"name": "ad", "n": 564577, "successes": 14423}],
    ).comparisons[0]
    assert found.relative.value == pytest.approx(0.43085, abs=5e-5)
    assert (found.control.value, found.treatment.value) == pytest.approx((0.0178541, 0.0255466), abs=5e-7)


@pytest.mark.parametrize(
    ("method", "control", "treatment", "ends"),
    [  # Newcombe (1998), Statistics in Medicine 17, 873-890, table II: methods 10, 5 and 6
        (newcombe, (48, 80), (56, 70), (0.0524, 0.3339)),
        (newcombe, (3, 10), (9, 10), (0.1705, 0.8090)),
        (miettinen_nurminen, (48, 80), (56, 70), (0.0528, 0.3382)),
        (mee, (48, 80), (56, 70), (0.0533, 0.3377)),
    ],
)
def test_intervals_of_a_difference(method, control, treatment, ends):
    """Newcombe's table of intervals for a difference of proportions is reproduced."""
    assert method(Counts(*control), Counts(*treatment), Z) == pytest.approx(ends, abs=1e-4)


@pytest.mark.parametrize(("x", "n", "ends"), [(81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611))])
def test_wilson_intervals(x, n, ends):
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    assert wilson(Counts(x, n), Z) == pytest.approx(ends, abs=1e-4)


def test_small_tables_are_exact():
    """Fisher's lady tasting tea (p = .4857) and scipy's documented table (p = .1026), two-sided."""
    assert two_proportions(3, 4, 1, 4) == pytest.approx(0.4857143, abs=1e-6)
    assert two_proportions(6, 8, 1, 5) == pytest.approx(0.1025641, abs=1e-7)


@pytest.mark.parametrize(
    ("successes", "n", "statistic", "p"),
    [
        ((83, 90, 129, 70), (86, 93, 136, 82), 12.6004, 0.005585),  # R prop.test (Fleiss 1981)
        ((49, 20, 31, 9), (3060, 2982, 3112, 3083), 32.051, 5.1055e-07),  # Upworthy, hecbayes' upworthy_sesame
        ((3738, 1494), (8442, 4321), 111.25, None),  # Berkeley, whole campus, without continuity correction
    ],
)
def test_equal_proportions_over_several_arms(successes, n, statistic, p):
    """Chi-square tests of equal proportions as published."""
    found = equal_proportions(successes, n)
    assert found.statistic == pytest.approx(statistic, abs=0.005)
    if p is not None:
        assert found.p_value == pytest.approx(p, rel=2e-3)


def test_berkeley_and_kidney_stones_reverse():
    """Six departments of Berkeley (R, UCBAdmissions: p .2323, odds ratio .9046968); Charig et al. (1986)."""
    men = {"A": (512, 825), "B": (353, 560), "C": (120, 325), "D": (138, 417), "E": (53, 191), "F": (22, 373)}
    women = {"A": (89, 108), "B": (17, 25), "C": (202, 593), "D": (131, 375), "E": (94, 393), "F": (24, 341)}
    berkeley = ask(
        "compare_within_strata",
        strata=[
            {
                "name": k,
                "control": {"successes": women[k][0], "n": women[k][1]},
                "treatment": {"successes": men[k][0], "n": men[k][1]},
            }
            for k in men
        ],
    )
    assert berkeley.overall_difference == pytest.approx(0.44519 - 0.30354, abs=1e-5)
    assert berkeley.p_value == pytest.approx(0.2323, abs=1e-4)
    assert berkeley.odds_ratio == pytest.approx(0.9046968, abs=1e-7)
    stones = ask(
        "compare_within_strata",
        strata=[
            {"name": "small", "control": {"n": 270, "successes": 234}, "treatment": {"n": 87, "successes": 81}},
            {"name": "large", "control": {"n": 80, "successes": 55}, "treatment": {"n": 263, "successes": 192}},
        ],
    )
    assert stones.overall_difference == pytest.approx(0.78 - 0.8257, abs=6e-4)
    assert stones.reversed


# --- means, ratios, covariates ---------------------------------------------------------------------------------------


def test_nist_cars_by_welch():
    """NIST/SEMATECH e-Handbook 1.3.5.3, AUTO83B: t = -12.94627 on 136.875 degrees of freedom."""
    found = ask(
        "compare_means",
        control={"name": "Japan", "n": 79, "mean": 30.48101, "sd": 6.10771},
        treatments=[{"name": "US", "n": 249, "mean": 20.14458, "sd": 6.4147}],
    ).comparisons[0]
    assert found.absolute.statistic == pytest.approx(-12.94627, abs=2e-4)
    assert found.absolute.df == pytest.approx(136.875, abs=2e-3)


def test_sleep_and_rosetta_by_welch():
    """R's t.test on Student's sleep data, and Rosetta Code's Welch example."""
    one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    sleep = compared(MEAN, Moments.of([[v] for v in two]), Moments.of([[v] for v in one])).absolute
    assert isinstance(sleep, Estimate)
    assert (sleep.statistic, sleep.df) == pytest.approx((-1.8608, 17.776), abs=5e-4)
    assert (sleep.interval.low, sleep.interval.high) == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)
    x = Moments.of([[v] for v in (30.02, 29.99, 30.11, 29.97, 30.01, 29.99)])
    y = Moments.of([[v] for v in (29.89, 29.93, 29.72, 29.98, 30.02, 29.98)])
    rosetta = compared(MEAN, x, y).absolute
    assert isinstance(rosetta, Estimate)
    assert rosetta.p_value == pytest.approx(0.090773324285671, abs=1e-9)


def test_nist_numacc1_keeps_its_spread():
    """NIST StRD NumAcc1: 10000001, 10000003, 10000002 have mean 10000002 and standard deviation 1, in one pass too."""
    values = [10000001.0, 10000003.0, 10000002.0]
    for found in (Moments.of([[v] for v in values]), Moments.sum((Moments.of([[v]]) for v in values), 1)):
        assert (found.mean[0], math.sqrt(found.variance())) == (10000002.0, 1.0)


def test_delta_method_of_a_ratio_and_of_a_lift():
    """Deng, Knoblich & Lu (2018): a ratio over ten users; a lift with its delta error and Fieller's (1954) interval."""
    orders, sessions = [0, 2, 1, 5, 3, 0, 4, 1, 2, 2], [1, 3, 2, 6, 4, 1, 5, 2, 2, 3]
    arm = Moments.of(list(zip(orders, sessions, strict=True)))
    ratio = compared(RATIO, arm, arm).control
    assert (ratio.value, ratio.standard_error) == pytest.approx((0.689655172, 0.0601622385), abs=1e-9)
    lift = (
        ask(
            "compare_means",
            control={"name": "a", "n": 1000, "mean": 10.0, "sd": 4.0},
            treatments=[{"name": "b", "n": 1000, "mean": 10.5, "sd": 4.2}],
        )
        .comparisons[0]
        .relative
    )
    assert (lift.value, lift.standard_error) == pytest.approx((0.05, 0.018782971), abs=1e-8)
    # Published with z; Welch's t on 1,993 degrees of freedom reaches .06% farther.
    assert (lift.interval.low, lift.interval.high) == pytest.approx((0.01381483, 0.08747669), abs=3e-5)


GROWTHBOOK = "growthbook/growthbook@8f1db4456915, packages/stats/tests"


@pytest.mark.parametrize(
    ("control", "treatment", "value", "error", "ends", "p"),
    [  # GROWTHBOOK, TwoSidedTTest on absolute differences: (n, sum, sum of squares)
        (
            (3407, 1396.87, 52377.9767),
            (3461, 2422.7, 134698.29),
            0.29,
            0.12478363158758794,
            (0.04537789255929012, 0.5346221074407098),
            0.020158402643587037,
        ),
        (
            (499, 16350.796401289934, 579755.5485352819),
            (501, 17665.78216676358, 685380.2656052428),
            2.493915192335848,
            0.6529740415719011,
            (1.2125118420298755, 3.7753185426418208),
            0.00014231734227942994,
        ),
        (
            (350, 694.4461969341886, 2250.1235553601805),
            (350, 962.1163005523496, 3715.43676929378),
            0.7647717246233172,
            0.1261191353895995,
            (0.5171489068308427, 1.0123945424157919),
            2.1868959976245606e-09,
        ),
        (
            (350, 3140.7714257323023, 30138.283836626826),
            (350, 3493.4326361410995, 36935.43984599185),
            1.0076034583108502,
            0.18143058952237948,
            (0.6513878776763672, 1.363819038945333),
            3.980254392743632e-08,
        ),
    ],
)
def test_growthbook_absolute_differences(control, treatment, value, error, ends, p):
    """GrowthBook's Welch tests from sums: difference, standard error, interval and p."""
    arms = [from_sums(n, (s,), (q,)) for n, s, q in (control, treatment)]
    found = compared(MEAN, *arms).absolute
    assert isinstance(found, Estimate)
    assert (found.value, found.standard_error) == pytest.approx((value, error), rel=1e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx(ends, rel=1e-5)
    assert found.p_value == pytest.approx(p, rel=1e-5)


@pytest.mark.parametrize(
    ("control", "treatment", "lift", "error"),
    [  # GROWTHBOOK, relative lifts with the delta method's standard error; the last three with a negative baseline
        ((3407, 1396.87, 52377.9767), (3461, 2422.7, 134698.29), 0.7073170731707317, 0.3787943616681428),
        ((3000, 1396.87, 52377.9767), (3461, 2422.7, 134698.29), 0.5033610858562358, 0.3334122146400735),
        (
            (499, 16350.796401289934, 579755.5485352819),
            (501, 17665.78216676358, 685380.2656052428),
            0.07611027930586983,
            0.020570952641624594,
        ),
        ((100, 270.0, 848.79), (120, 300.0, 869.0), -0.07407407407407414, 0.050657045137700016),
        ((200, 740.0, 3615.59), (220, 770.0, 3571.0), -0.0540540540540541, 0.05262465529837558),
        ((1000, -10000.0, 104000.0), (1000, -5000.0, 29000.0), 0.5, 0.007074605999633481),
        ((1000, -10000.0, 104000.0), (1000, -15000.0, 229000.0), -0.5, 0.011407459407340888),
        ((1000, -2000.0, 8000.0), (1000, 3000.0, 13000.0), 2.5, None),
    ],
)
def test_growthbook_relative_lifts(control, treatment, lift, error):
    """GrowthBook's lifts keep their direction where control is negative, and their errors are ours."""
    found = compared(MEAN, *(from_sums(n, (s,), (q,)) for n, s, q in (control, treatment))).relative
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(lift, rel=1e-9)
    if error is not None:
        assert found.standard_error == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize(
    ("control", "treatment", "value"),
    [  # GROWTHBOOK, TestEffectMomentsNegativeBaseline, absolute: each with standard error .08948747402853657
        ((1000, -10000.0, 104000.0), (1000, -5000.0, 29000.0), 5.0),
        ((1000, -10000.0, 104000.0), (1000, -15000.0, 229000.0), -5.0),
        ((1000, -2000.0, 8000.0), (1000, 3000.0, 13000.0), 5.0),
    ],
)
def test_growthbook_negative_baselines(control, treatment, value):
    """Absolute differences around a negative control."""
    found = compared(MEAN, *(from_sums(n, (s,), (q,)) for n, s, q in (control, treatment))).absolute
    assert isinstance(found, Estimate)
    assert (found.value, found.standard_error) == pytest.approx((value, 0.08948747402853657), rel=1e-9)


def test_growthbook_one_sided():
    """GrowthBook's one-sided test of an absolute difference: p = .0355, lower end .0208, no upper end."""
    arms = (from_sums(3000, (1396.87,), (52377.9767,)), from_sums(3461, (2422.7,), (134698.29,)))
    found = compared(MEAN, *arms, sides=1).absolute
    assert isinstance(found, Estimate)
    assert (found.value, found.standard_error) == pytest.approx((0.23437666666666668, 0.12983081254184736))
    assert (found.interval.low, found.interval.high) == (pytest.approx(0.020791480063255735, rel=1e-5), math.inf)
    assert found.p_value == pytest.approx(0.03554272489873023, rel=1e-5)


@pytest.mark.parametrize(("n0", "n1"), [(3, 1), (0, 0)])
def test_where_growthbook_answers_p_of_1_there_is_a_refusal(n0, n1):
    """Where GrowthBook's gbstats returns effect 0 and p = 1 (one unit or none), there is no estimate."""
    control = Moments.of([[-3.0], [5.0], [18.0]]) if n0 else Moments.empty(1)
    treatment = Moments.of([[1.0]]) if n1 else Moments.empty(1)
    found = compared(MEAN, control, treatment)
    assert isinstance(found.absolute, Refusal)
    assert isinstance(found.relative, Refusal)


def test_growthbook_cuped():
    """GrowthBook's regression-adjusted means from sums: lift to .2%, its error to 2.1%."""
    # There the slope is pooled otherwise and the lift is over control as observed, not as adjusted.
    found = compared(ADJUSTED_MEAN, *GROWTHBOOK_MEANS)
    assert isinstance(found.absolute, Estimate)
    assert isinstance(found.relative, Estimate)
    assert found.absolute.value / 0.09996667777 == pytest.approx(-0.2817071538457276, rel=2e-3)
    assert found.relative.standard_error == pytest.approx(0.09710487644510962, rel=0.021)


def test_growthbook_cuped_ratio():
    """GrowthBook's regression-adjusted ratio: .0800 with standard error .01226 (unstratified)."""
    found = compared(ADJUSTED_RATIO, *GROWTHBOOK_RATIO).absolute
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.0800470965025103, rel=1e-4)
    assert found.standard_error == pytest.approx(0.01225941010905754, rel=1e-4)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.05598779990, 0.10410638900), rel=1e-3)


def test_growthbook_theta():
    """GrowthBook's pooled slope on post = 2, 1, 5, 3 and pre = .3, .5, .9, 22, both arms alike: .01864."""
    rows = list(zip((2.0, 1.0, 5.0, 3.0), (0.3, 0.5, 0.9, 22.0), strict=True))
    arm = Moments.of(rows * 20)  # repeated, as a slope needs units enough; repetition leaves it as it is
    found = adjust({a: WithCovariate(arm, linear_mean(arm), linear_mean(arm, 1)) for a in "ab"}, 5.925)
    assert found is not None
    assert found.theta == pytest.approx(0.01864, abs=5e-6)


@pytest.mark.parametrize("rho", [0.3, 0.5, 0.7, 0.9])
def test_cuped_removes_the_square_of_the_correlation(rho):
    """Deng et al. (2013), equation 5: what is left of the variance is 1 - rho^2."""
    arm = from_covariances(5000, (10.0, 10.0), ((4.0, 2 * rho), (2 * rho, 1.0)))
    assert compared(ADJUSTED_MEAN, arm, arm).variance_reduction == pytest.approx(rho**2, abs=1e-9)


TEA = "e10v/tea-tasting@90306f16, tests/metrics/test_mean.py"


def test_tea_tasting_orders():
    """TEA, orders a user by Welch: levels, difference, interval, lift, p and statistic."""
    found = compared(MEAN, only(TEA_CONTROL, (0,)), only(TEA_TREATMENT, (0,)))
    assert isinstance(found.absolute, Estimate)
    assert isinstance(found.relative, Estimate)
    assert found.absolute.value == pytest.approx(-0.18305901244480127)
    assert (found.absolute.interval.low, found.absolute.interval.high) == pytest.approx(
        (-0.5004359360464881, 0.13431791115688552)
    )
    assert found.absolute.p_value == pytest.approx(0.2551230546709907)
    assert found.absolute.statistic == pytest.approx(-1.1447678040118034)
    assert found.relative.value == pytest.approx(-0.32340425531914896)


def test_tea_tasting_covariates():
    """TEA, orders a session less what the period before explains: theirs takes the slope over arms (3%)."""
    found = compared(ADJUSTED_RATIO, TEA_CONTROL, TEA_TREATMENT).absolute
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(-0.02022561679752835, rel=0.03)
    assert found.statistic == pytest.approx(-0.3573188986307705, rel=0.03)


# --- planning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("baseline", "difference", "n", "tolerance"),
    [(0.2, 0.05, 1030, 1), (0.05, 0.005, 30244, 2), (0.1, 0.01, 14313, 2)],
)
def test_evan_millers_calculator(baseline, difference, n, tolerance):
    """evanmiller.org/ab-testing/sample-size.html, alpha 5%, power 80%."""
    found = ask(
        "sample_size",
        outcome={"kind": "proportion", "baseline": baseline, "method": "baseline"},
        effect={"size": difference, "scale": "absolute"},
    )
    assert found.unrounded_control == pytest.approx(n, abs=tolerance)


def test_r_power_tables():
    """R's help pages: power.prop.test, power.t.test (two- and one-sided), pwr.2p.test (Cohen 1988, 6.1)."""
    half = {"kind": "proportion", "baseline": 0.5}
    quarter = {"size": 0.25, "scale": "absolute"}
    assert ask("power", outcome=half, units=100, effect=quarter).power == pytest.approx(0.74, abs=1e-3)
    size = ask("sample_size", outcome=half, effect=quarter, power=0.9)
    assert size.unrounded_control == pytest.approx(76.7, abs=0.06)
    unit, one = {"kind": "mean", "sd": 1.0}, {"size": 1.0, "scale": "absolute"}
    assert ask("power", outcome=unit, units=40, effect=one).power == pytest.approx(0.8689528, abs=1e-6)
    both = ask("sample_size", outcome=unit, effect=one, power=0.9)
    assert both.unrounded_control == pytest.approx(22.0211, abs=1e-4)
    single = ask("sample_size", outcome=unit, effect=one, power=0.9, design={"sides": 1})
    assert single.unrounded_control == pytest.approx(17.84713, abs=1e-4)
    assert arcsine_power(0.3, 80, 80, tails.critical_value(0.05, 1)) == pytest.approx(0.5996777, abs=1e-6)


@pytest.mark.parametrize(("d", "power", "n"), [(0.5, 0.8, 64), (0.5, 0.95, 105), (0.2, 0.8, 394)])
def test_cohen_and_gpower(d, power, n):
    """Cohen (1988), table 2.4.1, and the G*Power manual: units per group of the two-sample t test."""
    found = ask(
        "sample_size", outcome={"kind": "mean", "sd": 1.0}, effect={"size": d, "scale": "absolute"}, power=power
    )
    assert found.per_arm == (n, n)


@pytest.mark.parametrize(
    ("units", "lift", "power"), [(5000, 0.05, 0.18), (10_000, 0.05, 0.31), (5000, 0.1, 0.54), (10_000, 0.1, 0.83)]
)
def test_tea_tasting_power(units, lift, power):
    """TEA, solve_power: orders a user (mean .47, variance .6557), two-sided 5%, printed in whole percent."""
    found = ask(
        "power",
        outcome={"kind": "mean", "baseline": 0.47, "sd": math.sqrt(0.6556565656565659)},
        units=units,
        effect={"size": lift, "scale": "relative"},
    )
    assert found.power == pytest.approx(power, abs=0.00501)


def test_tea_tasting_power_one_sided_and_adjusted():
    """TEA, one-sided: 90% at 10,000 units; with a covariate 11% at 100. Smallest effect at 10,000: .0454."""
    spread = {"kind": "mean", "baseline": 0.47, "sd": math.sqrt(0.6556565656565659)}
    tenth = {"size": 0.1, "scale": "relative"}
    plain = ask("power", outcome=spread, units=10_000, effect=tenth, design={"sides": 1})
    assert plain.power == pytest.approx(0.90, abs=0.00501)
    rho = 0.6146464646464648 / math.sqrt(0.6556565656565659 * 1.0580808080808082)
    adjusted = ask(
        "power",
        outcome={**spread, "method": "normal"},
        units=100,
        effect=tenth,
        design={"sides": 1, "covariate_correlation": rho},
    )
    assert adjusted.power == pytest.approx(0.11, abs=0.00501)
    smallest = ask("minimum_detectable_effect", outcome=spread, units=10_000)
    assert smallest.absolute == pytest.approx(0.0454, abs=5.1e-5)


def test_rules_of_thumb():
    """Kohavi et al. (2009): 16 variances over the squared difference; Kish (1965): the design effect."""
    assert rule_of_16(0.05 * 0.95, 0.05 * 0.05) == pytest.approx(121_600, abs=1)
    assert rule_of_16(30**2, 3.75 * 0.05) == pytest.approx(409_600, abs=1)
    assert design_effect(100, 0.01) == pytest.approx(1.99, abs=1e-12)


# --- doubts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "p", "tolerance"),
    [
        ((821588, 815482), 1.8e-6, 1e-7),  # Kohavi, Tang & Xu (2020), chapter 21
        ((600, 400), 2.54e-10, 5e-13),  # Wikipedia, Sample ratio mismatch
        ((44000, 45000), 0.0008, 5e-5),  # srm.osc.garden
        ((21306, 21307, 21387), 0.90369, 2e-3),  # Hillstrom
        ((502000, 498000), 6.334e-05, 1e-7),  # Kohavi's 50.2% of a million (not 1 in 500,000, as is quoted)
        ((53, 47), 0.6172994135892524, 1e-6),  # tea-tasting, SampleRatio by the exact binomial
    ],
)
def test_sample_ratios(counts, p, tolerance):
    """Published p-values of splits that should have been even."""
    found = ask("sample_ratio", arms=[{"name": f"arm {i}", "units": n} for i, n in enumerate(counts)])
    assert found.p_value == pytest.approx(p, abs=tolerance)


@pytest.mark.parametrize(("wins", "risk"), [(1 / 3, 0.059), (0.2, 0.111), (0.15, 0.15), (0.1, 0.22), (0.08, 0.264)])
def test_false_positive_risks(wins, risk):
    """Kohavi, Deng & Vermeer (2022), table 2: Microsoft, Avinash Kaushik, Bing, Booking/Google/Netflix, Airbnb."""
    assert ask("false_positive_risk", win_rate=wins).of_rule == pytest.approx(risk, abs=6e-4)


@pytest.mark.parametrize(
    ("tests", "alpha", "chance"),
    [  # 1 - (1 - alpha)^m; the first two are GrowthBook's documentation of A/A tests (10% a metric)
        (2, 0.1, 0.19),
        (5, 0.1, 0.40951),
        (2, 0.05, 0.0975),
        (5, 0.05, 0.226219),
        (10, 0.05, 0.401263),
        (20, 0.05, 0.641514),
        (10, 0.1, 0.651322),
    ],
)
def test_chance_of_any_false_alarm(tests, alpha, chance):
    """The chance of at least one false positive among independent tests of nothing."""
    found = ask("adjust_p_values", p_values=[0.5] * tests, alpha=alpha)
    assert found.any_false_alarm == pytest.approx(chance, abs=1e-6)


BH = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459)
BH_ALL = (*BH, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0)


@pytest.mark.parametrize(
    ("method", "rejected"), [("benjamini-hochberg", 4), ("bonferroni", 3), ("hochberg", 3), ("holm", 3)]
)
def test_benjamini_and_hochbergs_example(method, rejected):
    """Benjamini & Hochberg (1995), section 3.2: how many of 15 hypotheses each procedure rejects at 5%."""
    assert ask("adjust_p_values", p_values=list(BH_ALL), method=method).after == rejected


def test_adjusted_p_values():
    """Benjamini & Hochberg's example adjusted, and R's p.adjust on .01 to .05."""
    found = ask("adjust_p_values", p_values=list(BH_ALL), method="benjamini-hochberg").adjusted
    expected = (0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.0638571, 0.0638571, 0.0645, 0.0765)
    assert found[:9] == pytest.approx(expected, abs=1e-6)
    for method, adjusted in {
        "holm": (0.05, 0.08, 0.09, 0.09, 0.09),
        "hochberg": (0.05,) * 5,
        "benjamini-hochberg": (0.05,) * 5,
        "bonferroni": (0.05, 0.1, 0.15, 0.2, 0.25),
        "benjamini-yekutieli": (0.1141667,) * 5,
    }.items():
        given = ask("adjust_p_values", p_values=[0.01, 0.02, 0.03, 0.04, 0.05], method=method)
        assert given.adjusted == pytest.approx(adjusted, abs=1e-6), method


@pytest.mark.parametrize(("looks", "rate"), [(1, 0.05), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193)])
def test_peeking(looks, rate):
    """Armitage, McPherson & Rowe (1969), table 2: repeated tests at 5%."""
    assert ask("peeking", looks=looks).rate == pytest.approx(rate, abs=5e-4)


# --- intervals that hold at every look -------------------------------------------------------------------------------


def test_howards_normal_mixture():
    """Howard et al. (2021), gostevehoward/confseq@70b1ef30: best rho 12.60056 and boundary 30.35209 at v = 100."""
    logs = -2 * math.log(0.05)
    best = 100 / (logs + math.log(logs + 1))  # the approximation of the best rho; the tool's is exact
    assert best == pytest.approx(12.60056, abs=1e-5)
    critical = always_valid_critical(100, best * rho_squared(1, 0.05), 0.05)
    assert critical * math.sqrt(100) == pytest.approx(30.35209, abs=1e-5)
    found = ask("always_valid_interval", estimate=0.0, standard_error=1.0, units=100, horizon=100)
    assert 30.3 < found.critical_value * math.sqrt(100) <= 30.35209


@pytest.mark.parametrize(
    ("n", "tuning", "lift", "error", "upper"),
    [  # GROWTHBOOK, SequentialTwoSidedTTest
        (6461, 1000, 0.5033610858562358, 0.3334122146400735, 1.5651626768202032),
        (6461, 10, 0.5033610858562358, 0.3334122146400735, 1.7745704023231286),
        (6461, 6461, 0.5033610858562358, 0.3334122146400735, 1.5153368372330438),
        (6461, 10_000, 0.5033610858562358, 0.3334122146400735, 1.5215675255551842),
        (6461, 5000, 0.5038633516821496, 0.033860214798231224, 0.6067482066783576),
        (200, 5000, -0.0007014833343349333, 0.003907384079294573, 0.01922601905708197),
        (220, 600, -0.07407407407407414, 0.050657045137700016, 0.08517393702161626),
        (420, 600, -0.0540540540540541, 0.05262465529837558, 0.10633218528887346),
    ],
)
def test_growthbook_sequential(n, tuning, lift, error, upper):
    """The same sequence, where its rho is the approximation gbstats tunes with instead of the exact optimum."""
    logs = -2 * math.log(0.05)
    rho = (logs + math.log(logs + 1)) / tuning
    horizon = rho_squared(1, 0.05) / rho
    assert lift + always_valid_critical(n, horizon, 0.05) * error == pytest.approx(upper, rel=1e-6)


def test_too_few_units_for_a_sequence_are_refused():
    """An interval for every look says so where the normal approximation does not hold yet."""
    with pytest.raises(Refused, match="at least 30"):
        ask("always_valid_interval", estimate=0.1, standard_error=0.1, units=40, horizon=100)
