"""The score method: published intervals, an independent inversion, and agreement of test and interval."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats import proportion as sm

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import proportions as pr
from copilot_tools.stats.inference.proportions import Counts
from copilot_tools.stats.moments import Moments

Z = 1.959963984540054
SMALL = [
    (Counts(x0, n0), Counts(x1, n1))
    for n0, n1 in [(1, 1), (3, 2), (7, 9), (12, 30)]
    for x0 in range(n0 + 1)
    for x1 in range(n1 + 1)
]


def test_wilson_matches_newcombe_1998_table_one():
    """81/263 and 0/20: Newcombe (1998), Statistics in Medicine 17:857, table I, method 3."""
    assert pr.wilson(Counts(81, 263), Z) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert pr.wilson(Counts(0, 20), Z) == pytest.approx((0, 0.1611), abs=1e-4)


@pytest.mark.parametrize(("x", "n"), [(0, 1), (1, 1), (3, 7), (999, 1000), (20, 20)])
def test_wilson_matches_scipy(x, n):
    """Wilson's interval is scipy's, ends at 0 and 1 included."""
    ends = stats.binomtest(x, n).proportion_ci(0.95, method="wilson")
    assert pr.wilson(Counts(x, n), Z) == pytest.approx((ends.low, ends.high), abs=1e-12)


@pytest.mark.parametrize(
    ("method", "treatment", "control", "ends"),
    [
        (pr.newcombe, (56, 70), (48, 80), (0.0524, 0.3339)),
        (pr.newcombe, (9, 10), (3, 10), (0.1705, 0.8090)),
        (pr.miettinen_nurminen, (56, 70), (48, 80), (0.0528, 0.3382)),
        (pr.mee, (56, 70), (48, 80), (0.0533, 0.3377)),
    ],
)
def test_difference_intervals_match_newcombe_1998_table_two(method, treatment, control, ends):
    """Newcombe (1998), Statistics in Medicine 17:873, table II: methods 10, 6 and 5."""
    assert method(Counts(*control), Counts(*treatment), Z) == pytest.approx(ends, abs=1e-4)


@pytest.mark.parametrize(
    ("control", "treatment", "z", "p"),
    [
        # Cookie Cats, 7-day and 1-day retention (Tactile Entertainment's teaching data; z as widely reproduced).
        ((8502, 44700), (8279, 45489), -3.1644, 0.001554),
        ((20034, 44700), (20119, 45489), -1.78409, 0.07441),
        # Udacity "Analyze A/B test results", cleaned: statsmodels' z with its sign for new minus old.
        ((17489, 145274), (17264, 145310), -1.3109, 0.18988),
        # statsmodels, docstring of proportions_ztest.
        ((12, 99), (5, 83), -1.4078, 0.159),
    ],
)
def test_pooled_z_matches_published_tests(control, treatment, z, p):
    """The pooled z of four published tests."""
    got = pr.pooled_z(Counts(*control), Counts(*treatment))
    assert got == pytest.approx(z, abs=2e-4)
    assert 2 * stats.norm.sf(abs(got)) == pytest.approx(p, abs=5e-4 if p == 0.159 else 2e-5)


def test_cookie_cats_difference_interval():
    """Cookie Cats, 7-day retention: -1.33 to -0.31 percentage points."""
    low, high = pr.mee(Counts(8502, 44700), Counts(8279, 45489), Z)
    assert (low, high) == pytest.approx((-0.013282, -0.003121), abs=2e-5)


def test_physicians_health_study():
    """Agresti (2002), sections 2.2 and 3.1: difference .0077 (.0047, .0107), ratio 1.818 (1.433, 2.306)."""
    aspirin, placebo = Counts(104, 11037), Counts(189, 11034)
    assert pr.mee(aspirin, placebo, Z) == pytest.approx((0.0047, 0.0107), abs=6e-4)
    assert pr.koopman(aspirin, placebo, Z) == pytest.approx((1.433, 2.306), abs=2e-3)


@pytest.mark.parametrize("critical", [0.7, 1.2815, 1.96, 2.5, 4.1])
def test_test_and_intervals_never_contradict(critical):
    """Over every small table, |z| exceeds the critical value exactly when either interval excludes no effect."""
    for control, treatment in SMALL:
        z = pr.pooled_z(control, treatment)
        low, high = pr.mee(control, treatment, critical)
        assert low <= treatment.share - control.share <= high
        if z is None:
            assert low < 0 < high
            continue
        rejected = abs(z) > critical
        assert rejected == (not low <= 0 <= high)
        low, high = pr.koopman(control, treatment, critical)
        assert rejected == (not low <= 1 <= high)


def _profile(control, treatment, to_treatment, span):
    """Constrained maximum likelihood by numerical search: no formula shared with the product."""
    (x0, n0), (x1, n1) = control, treatment

    def loss(p):
        q = to_treatment(p)
        terms = ((x0, p), (n0 - x0, 1 - p), (x1, q), (n1 - x1, 1 - q))
        return -sum(k * math.log(max(v, 1e-300)) for k, v in terms if k)

    p = optimize.minimize_scalar(loss, bounds=span, method="bounded", options={"xatol": 1e-12}).x
    return p, to_treatment(p)


CASES = [((3, 20), (9, 25)), ((0, 20), (5, 20)), ((20, 20), (13, 15)), ((50, 1000), (61, 900)), ((1, 8), (8, 8))]


@pytest.mark.parametrize(("control", "treatment"), CASES)
def test_difference_ends_satisfy_the_score_equation(control, treatment):
    """At each end the score statistic, with shares found by numerical search, equals the critical value."""
    control, treatment = Counts(*control), Counts(*treatment)
    observed = treatment.share - control.share
    for end in pr.mee(control, treatment, Z):
        p, q = _profile(control, treatment, lambda v, d=end: v + d, (max(0, -end), min(1, 1 - end)))
        score = (observed - end) / math.sqrt(p * (1 - p) / control.n + q * (1 - q) / treatment.n)
        assert abs(score) == pytest.approx(Z, rel=1e-4)


@pytest.mark.parametrize(("control", "treatment"), CASES)
def test_ratio_ends_satisfy_the_score_equation(control, treatment):
    """The same for the ratio's finite ends."""
    control, treatment = Counts(*control), Counts(*treatment)
    for end in pr.koopman(control, treatment, Z):
        if not 0 < end < math.inf:
            continue
        p, q = _profile(control, treatment, lambda v, r=end: v * r, (0, min(1, 1 / end)))
        spread = q * (1 - q) / treatment.n + end**2 * p * (1 - p) / control.n
        assert abs(treatment.share - end * control.share) / math.sqrt(spread) == pytest.approx(Z, rel=1e-4)


def test_ratio_matches_statsmodels():
    """Koopman's interval against statsmodels' score interval without its N / (N - 1)."""
    ends = sm.confint_proportions_2indep(56, 70, 48, 80, compare="ratio", method="score", correction=False)
    assert pr.koopman(Counts(48, 80), Counts(56, 70), Z) == pytest.approx(ends, rel=1e-4)


def test_nothing_but_failures_or_successes_still_bounds_the_difference():
    """0 of n in both arms leaves c^2 / (n + c^2) on either side, mirrored for n of n; the z test does not exist."""
    low, high = pr.mee(Counts(0, 100), Counts(0, 300), Z)
    assert (low, high) == pytest.approx((-(Z**2) / (100 + Z**2), Z**2 / (300 + Z**2)))
    assert pr.mee(Counts(100, 100), Counts(300, 300), Z) == pytest.approx((-high, -low))
    assert pr.pooled_z(Counts(0, 100), Counts(0, 300)) is None
    assert pr.standard_error(Counts(0, 100), Counts(0, 300)) > 0


@pytest.mark.parametrize("counts", [(0, 0), (100, 300)])
def test_a_ratio_of_nothing_is_refused(counts):
    """All failures or all successes have no relative effect, and the refusal says how to go on."""
    with pytest.raises(Refused, match="absolute terms") as refused:
        pr.koopman(Counts(counts[0], 100), Counts(counts[1], 300), Z)
    assert refused.value.refusals[0].code == "relative.no_variation"


def test_zero_cells_open_the_ratio():
    """Without successes in control the ratio has no upper end; without any in treatment its lower end is 0."""
    low, high = pr.koopman(Counts(0, 20), Counts(5, 20), Z)
    assert low > 1
    assert high == math.inf
    low, high = pr.koopman(Counts(5, 20), Counts(0, 20), Z)
    assert low == 0
    assert high < 1


@pytest.mark.parametrize("critical", [-1.0, -0.0, 0.0, 1e-300])
def test_a_ratio_at_no_confidence_is_a_point(critical):
    """At a critical value of 0 the interval is the ratio itself; an open end stays open, and nothing is searched on."""
    assert pr.koopman(Counts(50, 1000), Counts(60, 1000), critical) == pytest.approx((1.2, 1.2), rel=1e-8)
    assert pr.koopman(Counts(0, 1000), Counts(60, 1000), critical)[1] == math.inf
    assert pr.koopman(Counts(60, 1000), Counts(0, 1000), critical)[0] == 0
    low, high = pr.koopman(Counts(1, 10), Counts(1, 10), 1e9)
    assert 0 <= low < 1 < high


def test_rare_events_among_a_billion_keep_their_digits():
    """1 against 3 events among 1e9 give the ends of the Poisson score interval."""
    low, high = pr.mee(Counts(1, 10**9), Counts(3, 10**9), Z)

    def poisson(d):
        rate = optimize.brentq(lambda r: 1 / r + 3 / (r + d) - 2, max(0, -d) + 1e-9, 50)
        return (2 - d) ** 2 - Z**2 * (2 * rate + d)

    assert low * 1e9 == pytest.approx(optimize.brentq(poisson, -20, 1.9), rel=1e-5)
    assert high * 1e9 == pytest.approx(optimize.brentq(poisson, 2.1, 30), rel=1e-5)


def test_moments_of_zeros_and_ones_are_counts_again():
    """Moments give back the counts they came from, even for ten million units."""
    for x, n in [(0, 1), (3, 7), (1_234_567, 10_000_000), (20, 20)]:
        assert pr.counts_of(Moments.of_proportion(n, x)) == (x, n)


def test_values_other_than_zero_and_one_are_refused():
    """A column of 0, 1 and 2 is no proportion, though its mean may look like one."""
    with pytest.raises(Refused, match="must all be 0 or 1"):
        pr.counts_of(Moments.of([[0.0], [0.0], [0.0], [2.0]]))
    with pytest.raises(Refused, match="at least 1 unit"):
        pr.counts_of(Moments.empty(1))


def test_typed_counts_are_checked():
    """Successes above n are refused with both numbers."""
    assert Counts.checked(3, 5) == (3, 5)
    with pytest.raises(Refused, match="more than the 5 units"):
        Counts.checked(6, 5)


@pytest.mark.parametrize(("p0", "p1", "n0", "n1"), [(0.1, 0.3, 18, 24), (0.5, 0.5, 15, 15), (0.05, 0.05, 25, 12)])
def test_exact_coverage_of_the_difference(p0, p1, n0, n1):
    """Over all tables of small arms the interval covers the difference about as often as it says."""
    pmf = np.multiply.outer(stats.binom.pmf(range(n0 + 1), n0, p0), stats.binom.pmf(range(n1 + 1), n1, p1))
    covered = 0.0
    for x0, x1 in itertools.product(range(n0 + 1), range(n1 + 1)):
        low, high = pr.mee(Counts(x0, n0), Counts(x1, n1), Z)
        covered += pmf[x0, x1] * (low <= p1 - p0 <= high)
    assert 0.935 < covered <= 0.995
