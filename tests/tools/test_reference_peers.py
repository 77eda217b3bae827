"""Peers' published numbers where conventions differ: ours where they agree, theirs rebuilt where ours is another."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools import catalogue
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference.always_valid import always_valid_critical, rho_squared
from copilot_tools.stats.inference.compare import compare_arms
from copilot_tools.stats.inference.contingency import independence
from copilot_tools.stats.inference.levels import level_of_linear
from copilot_tools.stats.inference.means import mean_level, welch
from copilot_tools.stats.inference.odds_ratio import fisher
from copilot_tools.stats.inference.pair_estimates import pair_estimates
from copilot_tools.stats.inference.post_stratification import post_stratified
from copilot_tools.stats.inference.proportions import Counts
from copilot_tools.stats.inference.ratios import linear_ratio, linearised_ratio
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric
from copilot_tools.stats.validity.balance import pooled_anova
from tools.published_moments import (
    GROWTHBOOK_MEANS,
    GROWTHBOOK_RATIO,
    TEA_CONTROL,
    TEA_TREATMENT,
    from_sums,
    only,
)

Z = 1.959963984540054
MEAN = Metric(name="m", kind="mean", column="y")
ADJUSTED = Metric(name="m", kind="mean", column="y", covariate="x")
ADJUSTED_RATIO = Metric(name="m", kind="ratio", column="y", denominator="d", covariate="x", covariate_denominator="e")


def ask(tool, **arguments):
    """Run a tool of the catalogue on plain data."""
    return catalogue.find(tool).run(arguments)


def of_counts(control, treatment, **options):
    """The tool's comparison of two arms' counts."""
    (x0, n0), (x1, n1) = control, treatment
    return ask(
        "compare_proportions",
        control={"name": "control", "n": n0, "successes": x0},
        treatments=[{"name": "b", "n": n1, "successes": x1}],
        **options,
    ).comparisons[0]


def delta(control, treatment, *, sides=2, sign=1):
    """The lift by the delta method with Welch's degrees of freedom, from two levels."""
    df = welch(control, treatment).df
    return pair_estimates(control, treatment, df, "Welch", alpha=0.05, sides=sides, sign=sign).delta


# --- proportions and tables ------------------------------------------------------------------------------------------


def test_udacity_one_sided():
    """Udacity's landing page, old below new: p = .90506 (17489 of 145274 against 17264 of 145310)."""
    found = of_counts((17489, 145274), (17264, 145310), sides=1).absolute
    assert (found.statistic, found.p_value) == pytest.approx((-1.3109, 0.90506), abs=1e-4)


def test_lady_tasting_tea_one_sided():
    """R's fisher.test of Fisher's tea (1935), greater: p = .2428571."""
    assert fisher(Counts(1, 4), Counts(3, 4), "greater") == pytest.approx(0.2428571, abs=1e-6)


def test_berkeley_as_a_whole():
    """Bickel, Hammel & O'Connell (1975), table 1: 44% against 35%, chi-square 110.8, with continuity correction."""
    found = of_counts((1494, 4321), (3738, 8442))
    assert (found.control.value, found.treatment.value) == pytest.approx((0.3458, 0.4428), abs=6e-4)
    table = [[3738, 8442 - 3738], [1494, 4321 - 1494]]
    assert independence(table, method="yates").statistic == pytest.approx(110.8, abs=0.06)
    assert independence(table, method="pearson").statistic == pytest.approx(111.25, abs=0.06)


def test_marketing_ab_difference():
    """Kaggle marketing_AB, full data: the difference is .0076925."""
    assert of_counts((420, 23524), (14423, 564577)).absolute.value == pytest.approx(0.0076925, abs=1e-7)


TEA = "e10v/tea-tasting@90306f16, tests/metrics/test_proportion.py and test_mean.py"


@pytest.mark.parametrize(
    ("control", "treatment", "shares", "gap", "lift"),
    [  # TEA, entries 16 to 34: levels, difference and lift
        (
            (163, 502),
            (165, 497),
            (0.3247011952191235, 0.3319919517102616),
            0.007290756491138084,
            0.022453740850008064,
        ),
        ((19, 53), (13, 47), (0.3584905660377358, 0.2765957446808511), -0.08189482135688475, -0.22844344904815217),
        ((13, 47), (19, 53), (0.2765957446808511, 0.3584905660377358), 0.08189482135688475, 0.29608127721335253),
        ((20, 20), (1, 20), (1.0, 0.05), -0.95, -0.95),
    ],
)
def test_tea_tasting_levels_and_effects(control, treatment, shares, gap, lift):
    """tea-tasting's levels, differences and lifts of two proportions are the tool's."""
    found = of_counts(control, treatment)
    assert (found.control.value, found.treatment.value) == pytest.approx(shares, abs=1e-9)
    assert (found.absolute.value, found.relative.value) == pytest.approx((gap, lift), abs=1e-9)


@pytest.mark.parametrize(
    ("control", "treatment", "critical", "corrected", "low", "high"),
    [  # TEA, entries 28, 30 (one-sided: no upper end), 32 and 34
        ((19, 53), (13, 47), Z, True, -0.5884358933441385, 0.4464320422735124),
        ((13, 47), (19, 53), 1.6448536269514722, True, -0.25445686244444576, None),
        ((19, 53), (13, 47), Z, False, -0.564734653462708, 0.3676703556866048),
        ((20, 20), (1, 20), Z, False, -0.9722709573446269, -0.9098418206834281),
    ],
)
def test_tea_tasting_lifts_of_proportions_are_walds_on_the_log_scale(
    control, treatment, critical, corrected, low, high
):
    """Theirs: z errors under no difference around the log of the ratio, a convention; ours inverts the score test."""
    (x0, n0), (x1, n1) = control, treatment
    pooled, each = (x0 + x1) / (n0 + n1), 1 / n0 + 1 / n1
    half = critical * math.sqrt((1 - pooled) / pooled * each) + corrected * each / 2 / (x0 / n0)
    centre = math.log((x1 / n1) / (x0 / n0))
    assert math.exp(centre - half) - 1 == pytest.approx(low, abs=1e-6)
    if high is not None:
        assert math.exp(centre + half) - 1 == pytest.approx(high, abs=1e-6)
    ours = of_counts(control, treatment, method="score").relative.interval
    assert abs(ours.low - low) > 1e-3
    # What decides between them: at an end of ours the score test of that ratio rejects at just the level.
    assert _score_p(control, treatment, 1 + ours.low) == pytest.approx(0.05, abs=1e-6)


def _score_p(control, treatment, ratio):
    """Koopman's chi-square p of a ratio of shares, the shares fitted by maximum likelihood (brute force)."""
    (x0, n0), (x1, n1) = control, treatment
    a, b, c = (n0 + n1) * ratio, -(n1 * ratio + x1 + n0 + x0 * ratio), x0 + x1
    p0 = (-b - math.sqrt(b * b - 4 * a * c)) / (2 * a)
    p1 = p0 * ratio
    squared = sum(
        (x - n * p) ** 2 / (n * p * (1 - p)) for x, n, p in ((x0, n0, p0), (x1, n1, p1)) if 1e-12 < p < 1 - 1e-12
    )
    return float(stats.chi2.sf(squared, 1))


# --- means and lifts -------------------------------------------------------------------------------------------------


def test_nist_cars_with_pooled_variance():
    """NIST/SEMATECH 1.3.5.3, AUTO83B, pooled: t = -12.62059 on 326 df. Comparisons use Welch; balance checks both."""
    arms = [
        Moments(n=n, mean=(mean,), comoments=((sd * sd * (n - 1),),))
        for n, mean, sd in ((249, 20.14458, 6.4147), (79, 30.48101, 6.10771))
    ]
    expected = 2 * stats.t.sf(12.62059, 326)
    assert pooled_anova(arms) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("control", "treatment", "sides", "sign", "lift", "error", "low", "high", "p"),
    [  # growthbook/growthbook@8f1db4456915, packages/stats/tests: TwoSidedTTest 02 and 21, and both one-sided tests
        (
            (499, 16350.796401289934, 579755.5485352819),
            (501, 17665.78216676358, 685380.2656052428),
            2,
            1,
            0.07611027930586983,
            0.020570952641624594,
            0.0357416184468444,
            0.11647894016489527,
            0.00022780912906128492,
        ),
        (
            (3407, 1396.87, 52377.9767),
            (3461, 2422.7, 134698.29),
            2,
            1,
            0.7073170731707317,
            0.3787943616681428,
            -0.03526008906611777,
            1.449894235407581,
            0.06191182745618362,
        ),
        (
            (3000, 1396.87, 52377.9767),
            (3461, 2422.7, 134698.29),
            1,
            1,
            0.5033610858562358,
            0.3334122146400735,
            -0.045136675850396046,
            math.inf,
            0.06558262868467746,
        ),
        (
            (3000, 1396.87, 52377.9767),
            (3461, 2422.7, 134698.29),
            1,
            -1,
            0.5033610858562358,
            0.3334122146400735,
            -math.inf,
            1.0518588475628676,
            0.9344173713153225,
        ),
    ],
)
def test_growthbook_lifts_by_the_delta_method(control, treatment, sides, sign, lift, error, low, high, p):
    """Lift, error, interval and p by the delta method, one- and two-sided."""
    arms = [mean_level(from_sums(n, (s,), (q,))) for n, s, q in (control, treatment)]
    found = delta(*arms, sides=sides, sign=sign)
    assert (found.value, found.standard_error) == pytest.approx((lift, error), abs=1e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=1e-6)
    assert found.p_value == pytest.approx(p, abs=1e-6)


def test_growthbook_ratio_with_a_spread_no_data_has():
    """GrowthBook's ratio 300/500 against 270/510; its denominators' squares are too small for any data."""
    control = from_sums(100, (270.0, 510.0), (848.79, 810.0), (-900.0,))
    treatment = from_sums(120, (300.0, 500.0), (869.0, 800.0), (-905.0,))
    assert control.comoments[1][1] < 0  # 100 values with sum 510 have squares of at least 2601
    found = delta(*(level_of_linear(m, linearised_ratio(m)) for m in (control, treatment)))
    assert (found.value, found.standard_error) == pytest.approx((0.13333333333333328, 0.2615080376577792), abs=1e-6)
    ends = (-0.38207581731519935, 0.648742483981866)
    assert (found.interval.low, found.interval.high) == pytest.approx(ends, abs=1e-6)
    assert found.p_value == pytest.approx(0.6106633393932221, abs=1e-6)


def test_deltas_and_fiellers_interval_of_a_lift():
    """Deng, Knoblich & Lu (2018): a lift of .05 by the delta method, .01318605 to .08681395."""
    arms = [
        mean_level(Moments(n=1000, mean=(mean,), comoments=((sd * sd * 999,),))) for mean, sd in ((10, 4), (10.5, 4.2))
    ]
    found = pair_estimates(*arms, 1e12, "z", alpha=0.05, sides=2, sign=1)
    ends = (found.delta.interval.low, found.delta.interval.high)
    assert ends == pytest.approx((0.01318605, 0.08681395), abs=1e-6)
    assert (found.relative.interval.low, found.relative.interval.high) == pytest.approx(
        (0.01381483, 0.08747669), abs=1e-6
    )


def test_tea_tasting_lift_of_means_is_on_the_log_scale():
    """TEA, orders a user: theirs is Welch's t around the log of the ratio; ours Fieller's, and both are shown."""
    control = Moments(n=53, mean=(0.5660377358490566,), comoments=((0.7888243831640053 * 52,),))
    treatment = Moments(n=47, mean=(0.3829787234042553,), comoments=((0.5023126734505092 * 46,),))
    a, b = mean_level(control), mean_level(treatment)
    relative = [level.variance / level.value**2 for level in (a, b)]
    # Their degrees of freedom are Welch's for the difference of logarithms.
    df = sum(relative) ** 2 / (relative[0] ** 2 / 52 + relative[1] ** 2 / 46)
    half = stats.t.ppf(0.975, df) * math.sqrt(sum(relative))
    ends = [math.exp(math.log(b.value / a.value) + sign * half) - 1 for sign in (-1, 1)]
    assert ends == pytest.approx([-0.6593351111329266, 0.34378920951510406], abs=1e-6)
    ours = compare_arms(MEAN, {"control": control, "b": treatment}, "control")[0]
    # Ours excludes no lift exactly where the difference excludes 0; an interval of its own scale need not.
    assert (ours.relative.interval.low < 0 < ours.relative.interval.high) == (
        ours.absolute.interval.low < 0 < ours.absolute.interval.high
    )


@pytest.mark.parametrize(
    ("n", "tuning", "lift", "error", "lower"),
    [  # growthbook/growthbook@8f1db4456915: SequentialTwoSidedTTest 01, 02 and 04 to 09
        (6461, 1000, 0.5033610858562358, 0.3334122146400735, -0.5584405051077315),
        (6461, 5000, 0.5038633516821496, 0.033860214798231224, 0.4009784966859415),
        (200, 5000, -0.0007014833343349333, 0.003907384079294573, -0.02062898572575184),
        (6461, 10, 0.5033610858562358, 0.3334122146400735, -0.7678482306106569),
        (6461, 6461, 0.5033610858562358, 0.3334122146400735, -0.5086146655205721),
        (6461, 10_000, 0.5033610858562358, 0.3334122146400735, -0.5148453538427125),
        (220, 600, -0.07407407407407414, 0.050657045137700016, -0.23332208516976455),
        (420, 600, -0.0540540540540541, 0.05262465529837558, -0.21444029339698167),
    ],
)
def test_growthbook_sequential_lower_ends(n, tuning, lift, error, lower):
    """The asymptotic confidence sequence of Waudby-Smith et al. (2024), tuned as gbstats does: by an approximation."""
    logs = -2 * math.log(0.05)
    horizon = rho_squared(1, 0.05) * tuning / (logs + math.log(logs + 1))
    assert lift - always_valid_critical(n, horizon, 0.05) * error == pytest.approx(lower, abs=1e-6)


# --- covariates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rho", "multiplier"),
    [(0.3, 1.0989010989010988), (0.5, 1.3333333333333333), (0.7, 1.9607843137254901), (0.9, 5.263157894736843)],
)
def test_cuped_multiplies_the_units(rho, multiplier):
    """Deng et al. (2013): without the covariate a test needs 1 / (1 - rho^2) times the units, in the size tool too."""
    arm = Moments(n=5000, mean=(10.0, 10.0), comoments=((4.0 * 4999, 2 * rho * 4999), (2 * rho * 4999, 4999.0)))
    removed = compare_arms(ADJUSTED, {"control": arm, "b": arm}, "control")[0].variance_reduction
    assert 1 / (1 - removed) == pytest.approx(multiplier, abs=1e-9)
    question = {
        "outcome": {"kind": "mean", "sd": 2.0, "method": "normal"},
        "effect": {"size": 0.1, "scale": "absolute"},
    }
    plain = ask("sample_size", **question).unrounded_control
    adjusted = ask("sample_size", **question, design={"covariate_correlation": rho}).unrounded_control
    assert plain / adjusted == pytest.approx(multiplier, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cuped_identity(seed):
    """Deng et al. (2013), equation 5: what is left of a sample's variance is exactly 1 - its squared correlation."""
    rng = np.random.default_rng(seed)
    x = rng.gamma(2, 3, 400)
    y = 0.4 * x + rng.exponential(2, 400)
    arm = Moments.of(np.column_stack([y, x]).tolist())
    removed = compare_arms(ADJUSTED, {"control": arm, "b": arm}, "control")[0].variance_reduction
    assert 1 - removed == pytest.approx(1 - np.corrcoef(y, x)[0, 1] ** 2, abs=1e-9)


def test_cuped_identity_at_the_published_value():
    """Of a covariate that correlates by sqrt(1 - .6480877471), .6480877471 of the variance is left."""
    rho = math.sqrt(1 - 0.6480877471)
    arm = Moments(n=5000, mean=(10.0, 10.0), comoments=((4.0, 2 * rho), (2 * rho, 1.0)))
    found = compare_arms(ADJUSTED, {"control": arm, "b": arm}, "control")[0]
    assert 1 - found.variance_reduction == pytest.approx(0.6480877471, abs=1e-9)


def test_growthbook_adjusted_ratio():
    """GrowthBook's regression-adjusted ratio, strata put together: every published figure of the difference."""
    control, treatment = GROWTHBOOK_RATIO
    found = compare_arms(ADJUSTED_RATIO, {"control": control, "b": treatment}, "control")[0].absolute
    assert (found.value, found.standard_error) == pytest.approx((0.0800470965025103, 0.01225941010905754), abs=1e-6)
    ends = (0.05598780399972119, 0.1041063890052994)
    assert (found.interval.low, found.interval.high) == pytest.approx(ends, abs=1e-6)
    assert found.p_value == pytest.approx(1.0840950359636281e-10, abs=1e-6)


@pytest.mark.parametrize(
    ("control", "treatment", "published"),
    [  # growthbook/growthbook@8f1db4456915: TwoSidedTTest 18 (strata put together) and 25
        (*GROWTHBOOK_RATIO, 0.10536840395852777),
        (
            from_sums(
                100,
                (485.112236689623, 679.9093275844917, 192.59138069991536, 290.1398399750233),
                (2715.484666118136, 4939.424001640236, 460.076026390857, 920.9461385038898),
                (
                    3602.146836776702,
                    1113.6215759318352,
                    1559.2878434944676,
                    1460.3181079276983,
                    2130.9404074446747,
                    634.239482353647,
                ),
            ),
            from_sums(
                100,
                (514.7757826608777, 705.4090874383759, 206.94157227402536, 302.54389139107326),
                (2994.897482705013, 5291.36604146392, 514.2903702246757, 994.4506208125663),
                (
                    3918.1561431600717,
                    1237.0953021125997,
                    1701.0287270040265,
                    1604.0759503266522,
                    2292.081739775257,
                    698.4173425817908,
                ),
            ),
            -0.0007014833343349333,
        ),
    ],
)
def test_growthbook_adjusted_lifts_of_ratios_differ_in_the_base_alone(control, treatment, published):
    """Theirs is over control's ratio as observed, ours over the adjusted one; the difference is the same."""
    found = compare_arms(ADJUSTED_RATIO, {"control": control, "b": treatment}, "control")[0]
    assert found.absolute.value / found.control.value == pytest.approx(published, abs=1e-6)
    assert found.relative.value == pytest.approx(published, rel=0.015)


@pytest.mark.parametrize(
    ("control", "treatment", "published"),
    [  # growthbook/growthbook@8f1db4456915: TwoSidedTTest 31 and 32 (whose proportions no data has)
        (*GROWTHBOOK_MEANS, -0.2817071538457276),
        (
            from_sums(3001, (300.0, 210.0), (300.0, 210.0), (-20.0,)),
            from_sums(3000, (222.0, 120.0), (222.0, 120.0), (-10.0,)),
            -0.3162021601662899,
        ),
    ],
)
def test_growthbook_adjusted_lifts_of_means_differ_in_slope_and_base(control, treatment, published):
    """Theirs: the slope over all rows, the base as observed. Ours: the slope within arms, the base adjusted."""
    whole = control + treatment
    slope = whole.comoments[0][1] / whole.comoments[1][1]
    adjusted = [m.mean[0] - slope * m.mean[1] for m in (control, treatment)]
    assert (adjusted[1] - adjusted[0]) / control.mean[0] == pytest.approx(published, abs=1e-6)
    ours = compare_arms(ADJUSTED, {"control": control, "b": treatment}, "control")[0].relative
    assert ours.value == pytest.approx(published, rel=0.03)
    assert ours.value != pytest.approx(published, abs=1e-6)


def _values(metric, moments):
    """Outcome and covariate of an arm: means, or ratios of them."""
    m = moments.mean
    return (m[0] / m[1], m[2] / m[3]) if metric.kind == "ratio" else (m[0], m[1])


def _linear_parts(metric, moments):
    """Gradients of outcome and covariate by column, at these means."""
    if metric.kind != "ratio":
        return {0: 1.0}, {1: 1.0}
    return linear_ratio(moments, 0, 1).gradient, linear_ratio(moments, 2, 3).gradient


def _covariance(moments, a, b):
    """Covariance of two linear combinations of columns (up to the divisor, which cancels)."""
    return sum(u * v * moments.comoments[i][j] for i, u in a.items() for j, v in b.items())


@pytest.mark.parametrize(
    ("columns", "published", "statistic", "p", "equal"),
    [  # TEA: orders a session (entry 04, less, z) and orders a user (entry 12, greater, z, variances taken as equal)
        ((0, 1, 2, 3), (0.25572348175909, 0.23549786496156164), -0.3573188986307705, 0.3604265417728262, False),
        ((0, 2), (0.5100734580887644, 0.44608737704884016), -0.5621015572216813, 0.712976586281156, True),
    ],
)
def test_tea_tasting_adjusted_levels_differ_in_the_slope_alone(columns, published, statistic, p, equal):
    """With its slope, over both arms together, tea-tasting's levels, statistic and p come out of the same moments."""
    arms = [only(m, columns) for m in (TEA_CONTROL, TEA_TREATMENT)]
    whole = arms[0] + arms[1]
    metric = ADJUSTED if len(columns) == 2 else ADJUSTED_RATIO
    outcome, covariate = _linear_parts(metric, whole)
    slope = _covariance(whole, outcome, covariate) / _covariance(whole, covariate, covariate)
    centre = _values(metric, whole)[1]
    levels, variances = [], []
    for m in arms:
        value, before = _values(metric, m)
        y, x = _linear_parts(metric, m)
        levels.append(value - slope * (before - centre))
        own = _covariance(m, y, y) - 2 * slope * _covariance(m, y, x) + slope**2 * _covariance(m, x, x)
        variances.append(own / (m.n - 1))
    assert levels == pytest.approx(published, abs=1e-6)
    a, b = arms
    if equal:
        pooled = (variances[0] * (a.n - 1) + variances[1] * (b.n - 1)) / (a.n + b.n - 2)
        variances = [pooled, pooled]
    z = (levels[1] - levels[0]) / math.sqrt(variances[0] / a.n + variances[1] / b.n)
    assert z == pytest.approx(statistic, abs=1e-6)
    assert (stats.norm.sf(z) if equal else stats.norm.cdf(z)) == pytest.approx(p, abs=1e-6)
    ours = compare_arms(metric, {"control": a, "b": b}, "control")[0]
    assert ours.absolute.value == pytest.approx(levels[1] - levels[0], rel=0.04)


# --- what cannot be answered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "treatment"),
    [  # growthbook/growthbook@8f1db4456915: TwoSidedTTest 24, 30 and 34, where it answers effect 0, p = 1
        (Moments.empty(1), Moments.empty(1)),
        (from_sums(3, (20.0,), (443.0,)), from_sums(1, (1.0,), (1.0,))),
    ],
)
def test_too_few_units_are_refused(control, treatment):
    """No estimate on either scale, each with its reason and cure."""
    found = compare_arms(MEAN, {"control": control, "b": treatment}, "control")[0]
    for refused in (found.absolute, found.relative):
        assert isinstance(refused, Refusal)
        assert refused.cure


def test_post_stratified_ratios_are_refused():
    """GrowthBook's TwoSidedTTest 17 (.1393) and 19 (.1040) adjust a ratio within strata; here there is a refusal."""
    strata = {"s": {"control": GROWTHBOOK_RATIO[0], "b": GROWTHBOOK_RATIO[1]}}
    with pytest.raises(Refused) as caught:
        post_stratified(ADJUSTED_RATIO, strata, "control", "b")
    assert caught.value.refusals[0].code == "strata.ratio"
    assert "CUPED" in str(caught.value.refusals[0].cure)


def test_counts_that_no_data_has_are_refused():
    """GrowthBook's EffectMoments 02 and 03: minus seven conversions of four users; it answers effect 0, error 0."""
    with pytest.raises(Refused) as caught:
        of_counts((-7, 4), (1, 3))
    assert "successes" in str(caught.value)


@pytest.mark.real_data
def test_hillstroms_spend(real_data):
    """Hillstrom (2008), Mens E-Mail: spend .7698272 (.145247) more; by history, theta .0012229, .767438 (.145215)."""
    with (real_data / "hillstrom.csv").open(encoding="utf-8", newline="") as file:
        rows = [(r["segment"], float(r["spend"]), float(r["history"])) for r in csv.DictReader(file)]
    arms = {
        name: Moments.of([[spend, history] for arm, spend, history in rows if arm == segment])
        for name, segment in (("control", "No E-Mail"), ("b", "Mens E-Mail"))
    }
    plain = compare_arms(MEAN, {name: only(m, (0,)) for name, m in arms.items()}, "control")[0]
    assert (plain.control.value, plain.treatment.value) == pytest.approx((0.6527894, 1.422617), abs=1e-5)
    assert (plain.absolute.value, plain.absolute.standard_error) == pytest.approx((0.7698272, 0.145247), abs=1e-5)
    welch_alone = {name: only(m, (0, 1)) for name, m in arms.items()}
    adjusted = compare_arms(ADJUSTED, welch_alone, "control")[0]
    whole = arms["control"] + arms["b"]
    slope = whole.comoments[0][1] / whole.comoments[1][1]
    assert slope == pytest.approx(0.0012229, abs=1e-5)
    # Published with this slope, over both arms together; ours, within arms, is a hundredth smaller.
    moved = arms["b"].mean[1] - arms["control"].mean[1]
    assert plain.absolute.value - slope * moved == pytest.approx(0.767438, abs=1e-5)
    assert (adjusted.absolute.value, adjusted.absolute.standard_error) == pytest.approx((0.767438, 0.145215), abs=2e-5)
    assert 0 < adjusted.variance_reduction < 0.01
    # With third moments, as files give them, the interval is the wider one that allows for skewness.
    skewed = compare_arms(ADJUSTED, arms, "control")[0].absolute
    assert skewed.interval.low < adjusted.absolute.interval.low < adjusted.absolute.interval.high < skewed.interval.high
