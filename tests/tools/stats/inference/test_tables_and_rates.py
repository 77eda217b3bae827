"""One proportion, 2 x 2 tables, k x m tables and event rates: published numbers, scipy, brute force, simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools import catalogue
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.inference import contingency
from copilot_tools.stats.inference.contingency import independence
from copilot_tools.stats.inference.event_rates import Events, dispersion, rate_interval, rate_ratio
from copilot_tools.stats.inference.odds_ratio import fisher, odds_ratio, woolf
from copilot_tools.stats.inference.proportion_pairs import read_pair
from copilot_tools.stats.inference.proportions import Counts, miettinen_nurminen, pooled_variance
from copilot_tools.stats.inference.single_proportion import proportion_interval
from copilot_tools.stats.inference.unconditional import barnard, boschloo

Z = 1.959963984540054
SMALL = [(3, 7, 9, 12), (0, 8, 5, 8), (15, 15, 7, 15), (1, 4, 3, 4), (2, 30, 9, 25), (6, 6, 2, 9)]
TEA_C, TEA_T = Counts(19, 53), Counts(13, 47)
"""e10v/tea-tasting@90306f16, tests/metrics/test_proportion.py: 19 of 53 in control, 13 of 47 in treatment."""


@pytest.mark.parametrize(("x", "n"), [(0, 1), (0, 20), (81, 263), (3, 7), (20, 20), (999, 1000), (12, 10**9)])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_single_proportions_match_scipy(x, n, alpha):
    """Wilson's is scipy's; Clopper-Pearson's ends have their tails; Jeffreys has the beta posterior's quantiles."""
    ends = stats.binomtest(x, n).proportion_ci(1 - alpha, method="wilson")
    found = proportion_interval(x, n, alpha=alpha, method="wilson")
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), rel=1e-6, abs=1e-15)
    # scipy's own search for the exact ends is loose at a billion: held to the definition, a binomial tail of alpha / 2.
    found = proportion_interval(x, n, alpha=alpha, method="clopper-pearson")
    assert found.low == 0 if x == 0 else stats.binom.sf(x - 1, n, found.low) == pytest.approx(alpha / 2, rel=1e-6)
    assert found.high == 1 if x == n else stats.binom.cdf(x, n, found.high) == pytest.approx(alpha / 2, rel=1e-6)
    found = proportion_interval(x, n, alpha=alpha, method="jeffreys")
    posterior = stats.beta(x + 0.5, n - x + 0.5)
    assert found.low == (0 if x == 0 else pytest.approx(posterior.ppf(alpha / 2), rel=1e-6))
    assert found.high == (1 if x == n else pytest.approx(posterior.isf(alpha / 2), rel=1e-6))


@pytest.mark.parametrize("p", [0.001, 0.02, 0.1, 0.5])
@pytest.mark.parametrize("n", [5, 20, 120])
def test_clopper_pearson_covers_exactly(n, p):
    """Summed over every count, Clopper-Pearson covers at least 95%; Wilson stays above 83%, its known low."""
    covered = {"clopper-pearson": 0.0, "wilson": 0.0}
    for x in range(n + 1):
        for method in covered:
            found = proportion_interval(x, n, method=method)
            covered[method] += stats.binom.pmf(x, n, p) * (found.low <= p <= found.high)
    assert covered["clopper-pearson"] >= 0.95 - 1e-12
    assert covered["wilson"] > 0.83


def test_impossible_counts_are_refused():
    """More successes than units, no units, a level out of range: each refused by name."""
    for arguments, name in (((5, 3), "successes"), ((0, 0), "n"), ((-1, 3), "successes")):
        with pytest.raises(Refused) as refused:
            proportion_interval(*arguments)
        assert refused.value.refusals[0].name == name
    with pytest.raises(Refused, match="alpha"):
        proportion_interval(1, 3, alpha=1.0)


@pytest.mark.parametrize(("x0", "n0", "x1", "n1"), SMALL)
@pytest.mark.parametrize("alternative", ["less", "greater", "two-sided"])
def test_exact_tests_match_scipy(x0, n0, x1, n1, alternative):
    """Fisher, Barnard and Boschloo against scipy; Barnard's two-sided against brute force (scipy's search can miss)."""
    control, treatment = Counts(x0, n0), Counts(x1, n1)
    table = [[x1, x0], [n1 - x1, n0 - x0]]
    expected = stats.fisher_exact(table, alternative=alternative).pvalue
    assert fisher(control, treatment, alternative) == pytest.approx(expected, rel=1e-9)
    expected = stats.boschloo_exact(table, alternative=alternative, n=128).pvalue
    assert boschloo(control, treatment, alternative) == pytest.approx(expected, rel=1e-6)
    found = barnard(control, treatment, alternative)
    assert found >= stats.barnard_exact(table, alternative=alternative, n=128).pvalue * (1 - 1e-9)
    a, b = np.arange(n0 + 1)[None, :], np.arange(n1 + 1)[:, None]
    share = (a + b) / (n0 + n1)
    variance = share * (1 - share) * (1 / n0 + 1 / n1)
    z = np.where(variance > 0, (b / n1 - a / n0) / np.sqrt(np.where(variance > 0, variance, 1)), 0)
    score = {"two-sided": abs(z), "greater": z, "less": -z}[alternative]
    region = (score >= score[x1, x0] - 1e-9).astype(float)
    p = np.linspace(0, 1, 8001)[:, None]
    brute = np.einsum("gi,ij,gj->g", stats.binom.pmf(b.T, n1, p), region, stats.binom.pmf(a, n0, p)).max()
    assert found == pytest.approx(brute, rel=1e-4)


@pytest.mark.parametrize(
    ("p", "found"),
    [  # e10v/tea-tasting@90306f16, Proportion.analyze with each method: entries 18 to 28 and 32
        (0.5306371027665922, lambda: barnard(TEA_C, TEA_T)),
        (0.4000169399363184, lambda: boschloo(TEA_C, TEA_T)),
        (0.3999948918153569, lambda: fisher(TEA_C, TEA_T)),
        (0.5076294534617167, lambda: independence([[19, 34], [13, 34]], method="g-yates").p_value),
        (0.5083165530405195, lambda: independence([[19, 34], [13, 34]], method="yates").p_value),
        (0.3809096823118986, lambda: independence([[19, 34], [13, 34]], method="pearson").p_value),
        (0.3809096823118986, lambda: read_pair(TEA_C, TEA_T, Z, "score").p_value("two-sided")),
        # Entry 30 turns the arms round: the continuity-corrected z, one-sided, is half of Yates's p.
        (2 * 0.2541582765202598, lambda: independence([[13, 34], [19, 34]], method="yates").p_value),
        (1.789429230619298e-09, lambda: read_pair(Counts(20, 20), Counts(1, 20), Z, "score").p_value("two-sided")),
    ],
)
def test_tea_tasting_tests_of_two_proportions(p, found):
    """tea-tasting's p-values by each of its methods, to its six digits."""
    assert found() == pytest.approx(p, abs=1e-6, rel=1e-6)


def test_tea_tasting_auto_is_a_conflict_and_pearson_stands():
    """Its "auto" test patches the method away and holds p = .1; the data of it, 163/502 against 165/497, say .806."""
    pair = read_pair(Counts(163, 502), Counts(165, 497), Z)
    assert pair.p_value("two-sided") == pytest.approx(
        stats.chi2_contingency([[163, 339], [165, 332]], correction=False).pvalue, rel=1e-9
    )
    assert pair.p_value("two-sided") == pytest.approx(0.806, abs=2e-3)


@pytest.mark.parametrize(
    ("control", "treatment", "corrected", "ends"),
    [
        (TEA_C, TEA_T, False, (-0.26508010352890086, 0.10129050410043773)),
        (TEA_C, TEA_T, True, (-0.2851524037206986, 0.12136276100692911)),
        (Counts(20, 20), Counts(1, 20), False, (-1.0, -0.640490098153452)),
    ],
)
def test_tea_tasting_intervals_are_walds_with_the_null_variance(control, treatment, corrected, ends):
    """Its interval is the estimate plus and minus z null standard errors (clipped): a convention, not ours."""
    half = Z * math.sqrt(pooled_variance(control.successes + treatment.successes, control.n, treatment.n))
    half += corrected * (1 / control.n + 1 / treatment.n) / 2
    gap = treatment.share - control.share
    assert (max(-1, gap - half), min(1, gap + half)) == pytest.approx(ends, abs=1e-6)
    low, high = read_pair(control, treatment, Z).difference
    assert (low, high) != pytest.approx(ends, abs=1e-4)


@pytest.mark.parametrize(("x0", "n0", "x1", "n1"), [*SMALL, (30, 300, 45, 280)])
def test_odds_ratios_match_scipy(x0, n0, x1, n1):
    """Conditional estimate and exact interval are those of scipy.stats.contingency.odds_ratio."""
    found = odds_ratio(Counts(x0, n0), Counts(x1, n1))
    expected = stats.contingency.odds_ratio(np.array([[x1, x0], [n1 - x1, n0 - x0]]))
    ends = expected.confidence_interval(0.95)
    assert found.conditional == pytest.approx(expected.statistic, rel=1e-6)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), rel=1e-6)


def test_physicians_health_study_odds_and_risk():
    """Agresti (2002), sections 2.2 and 3.1: odds ratio 1.8321 (1.4400, 2.3308) by Woolf; chi-square 25.014."""
    aspirin, placebo = Counts(104, 11037), Counts(189, 11034)
    assert odds_ratio(aspirin, placebo).sample == pytest.approx(1.8321, abs=1e-4)
    assert woolf(aspirin, placebo, Z) == pytest.approx((1.44, 2.3308), abs=1e-4)
    assert independence([[104, 10933], [189, 10845]]).statistic == pytest.approx(25.014, abs=6e-4)


@pytest.mark.parametrize("method", ["exact", "baptista-pike"])
def test_odds_interval_and_its_test_agree_and_cover(method):
    """Over every table of 9 and 7 units: 1 is left out exactly when p is at most alpha; coverage at least 95%."""
    tables = {}
    for x0, x1 in itertools.product(range(10), range(8)):
        if 0 < x0 + x1 < 16:
            found = tables[x0, x1] = odds_ratio(Counts(x0, 9), Counts(x1, 7), method=method)
            assert (found.p_value <= 0.05) == (not found.low <= 1 <= found.high)
            assert found.low <= found.conditional <= found.high
    for p0, odds in itertools.product((0.1, 0.5), (0.2, 1.0, 4.0)):
        p1 = odds * p0 / (1 - p0) / (1 + odds * p0 / (1 - p0))
        missed = sum(
            stats.binom.pmf(x0, 9, p0) * stats.binom.pmf(x1, 7, p1) * (not t.low <= odds <= t.high)
            for (x0, x1), t in tables.items()
        )
        assert missed <= 0.05


def test_odds_of_nothing_or_of_an_empty_cell_are_refused():
    """No success anywhere has no odds ratio; Woolf has none with an empty cell; the cures name what has."""
    with pytest.raises(Refused, match="not determined"):
        odds_ratio(Counts(0, 9), Counts(0, 7))
    with pytest.raises(Refused, match="standard error") as refused:
        woolf(Counts(0, 9), Counts(3, 7), Z)
    assert "exact" in refused.value.refusals[0].cure
    found = odds_ratio(Counts(0, 9), Counts(3, 7))
    assert isinstance(found.sample, Refusal)
    assert found.high == math.inf
    with pytest.raises(Refused, match="400,001"):
        odds_ratio(Counts(0, 10**6), Counts(400_000, 10**6))
    assert odds_ratio(Counts(10**6, 10**7), Counts(10**6, 10**7)).method == "log (Woolf)"


def test_large_arms_are_refused_by_the_tests_over_every_table():
    """Two arms of 5,000: 25 million tables, refused with a cure."""
    with pytest.raises(Refused, match="25,010,001") as refused:
        boschloo(Counts(3, 5000), Counts(9, 5000))
    assert "score" in refused.value.refusals[0].cure


@pytest.mark.parametrize(
    "table", [[[3, 1], [1, 3]], [[6, 2], [1, 4]], [[1, 2, 3], [4, 0, 1], [0, 3, 2]], [[8, 2, 1, 0], [3, 3, 2, 6]]]
)
def test_freeman_halton_by_listing_every_table(table):
    """Against a plain enumeration in Python: the sum over tables no likelier than the one seen."""
    rows, columns = [sum(r) for r in table], [sum(c) for c in zip(*table, strict=True)]

    def chance(cells):
        top = sum(math.lgamma(v + 1) for v in (*rows, *columns)) - math.lgamma(sum(rows) + 1)
        return math.exp(top - sum(math.lgamma(v + 1) for row in cells for v in row))

    def tables(left, sizes):
        if not sizes:
            if not any(left):
                yield ()
            return
        for row in itertools.product(*(range(min(room, sizes[0]) + 1) for room in left)):
            if sum(row) == sizes[0]:
                for rest in tables([a - b for a, b in zip(left, row, strict=True)], sizes[1:]):
                    yield (row, *rest)

    seen = chance(table)
    expected = sum(c for c in map(chance, tables(columns, rows)) if c <= seen * (1 + 1e-7))
    assert independence(table, method="exact").p_value == pytest.approx(expected, rel=1e-9)


def test_drawn_tables_agree_with_listed_ones_and_say_how_sure_they_are(monkeypatch):
    """The same table listed and drawn: within four standard errors; drawn twice, the same number."""
    table = [[10, 2, 1, 4], [3, 5, 2, 6], [1, 1, 4, 3]]
    listed = independence(table, method="exact")
    assert listed.standard_error is None
    monkeypatch.setattr("copilot_tools.stats.inference.contingency.MOST_LISTED", 10)
    drawn = independence(table, method="exact")
    assert drawn == independence(table, method="exact")
    assert "draws" in drawn.method
    assert abs(drawn.p_value - listed.p_value) < 4 * drawn.standard_error


@pytest.mark.parametrize(
    "table",
    [
        [[838662, 3], [0, 1]],
        [[1, 3], [792464, 1]],
        [[420, 8465924, 19], [395, 70, 40]],
        [[420, 0, 19], [0, 769903, 40]],
    ],
)
def test_the_exact_test_lists_no_more_tables_than_there_are(monkeypatch, table):
    """A margin of millions is never walked through: the tables listed are those the small margins leave."""
    found = []
    plain = contingency._listed

    def spy(rows, columns, most):
        found.append(plain(rows, columns, most))
        return found[-1]

    monkeypatch.setattr(contingency, "_listed", spy)
    result = independence(table, method="exact")
    assert result.standard_error is None
    smaller = min(map(sum, table))
    columns = sorted(map(sum, zip(*table, strict=True)))[:-1]
    ways = sum(sum(row) <= smaller for row in itertools.product(*(range(min(c, smaller) + 1) for c in columns)))
    # The largest column takes what is left of the smaller row.
    assert len(found[0]) == ways
    if len(table[0]) == 2:
        assert result.p_value == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)


def test_a_table_too_large_for_the_exact_test(monkeypatch):
    """Draws keep to a budget of cells; beyond it Pearson's where the expected counts allow it, else a refusal."""
    wide = [[1 + (i + j) % 2 for j in range(20)] for i in range(20)]
    assert "(10,000 draws)" in independence(wide).method
    assert independence([[6_000_000, 6_000_000], [9, 11]], method="exact").method == "Pearson chi-square"
    with pytest.raises(Refused, match="10,000,000") as refused:
        independence([[12_000_000, 3], [4, 1]])
    assert "Merge" in refused.value.refusals[0].cure
    monkeypatch.setattr(contingency, "MOST_DRAWN", 399 * 999)
    with pytest.raises(Refused, match="400 cells is not computed above 399") as refused:
        independence(wide)
    assert refused.value.refusals[0].code == "table.too_many_cells"


@pytest.mark.parametrize("table", [[[20, 30, 50], [35, 30, 35]], [[83, 3], [90, 3], [129, 7], [70, 12]]])
def test_chi_square_and_g_match_scipy(table):
    """Statistic, degrees of freedom and p-value of both tests are scipy's."""
    for method, power in (("pearson", "pearson"), ("g", "log-likelihood")):
        expected = stats.chi2_contingency(table, correction=False, lambda_=power)
        if expected.expected_freq.min() < 5:
            with pytest.raises(Refused, match="expected"):
                independence(table, method=method)
            continue
        found = independence(table, method=method)
        assert (found.statistic, found.df) == pytest.approx((expected.statistic, expected.dof))
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
        assert found.cramers_v == pytest.approx(stats.contingency.association(np.array(table)), rel=1e-9)


def test_tables_without_an_answer_are_refused():
    """Ragged, empty margin, a correction for a larger table, few expected: refused; z of 22 keeps its tail."""
    for table, code in (
        ([[1, 2], [3]], "table.not_rectangular"),
        ([[1, 2]], "table.not_rectangular"),
        ([[0, 0], [3, 4]], "table.empty_margin"),
        ([[0, 3], [0, 4]], "table.empty_margin"),
    ):
        with pytest.raises(Refused) as refused:
            independence(table)
        assert refused.value.refusals[0].code == code
    with pytest.raises(Refused, match="2 x 2"):
        independence([[20, 30, 50], [35, 30, 35]], method="yates")
    assert independence([[1, 9], [4, 6]]).method == "Fisher's exact test"
    assert independence([[10**11, 10**11], [10**11, 10**11 + 7 * 10**6]]).p_value == pytest.approx(
        2 * stats.norm.sf(7e6 / 2 / math.sqrt(10**11)), rel=0.01
    )
    assert 0 < independence([[1000, 200], [200, 1000]]).p_value < 1e-200


@pytest.mark.parametrize(("x0", "t0", "x1", "t1"), [(15, 19.017, 41, 28.010), (0, 5.0, 4, 5.0), (9, 90.0, 3, 10.0)])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_exact_rate_ratios_match_scipys_conditional_binomial(x0, t0, x1, t1, alternative):
    """One-sided p-values are the binomial test's given the total; the ends its Clopper-Pearson ends, transformed."""
    found = rate_ratio(Events(x0, t0), Events(x1, t1), method="exact", alternative=alternative)
    test = stats.binomtest(x1, x0 + x1, t1 / (t0 + t1), alternative="less" if alternative == "less" else "greater")
    if alternative != "two-sided":
        assert found.p_value == pytest.approx(test.pvalue, rel=1e-9)
        assert (found.interval.low > 1) == (alternative == "greater" and found.p_value < 0.05)
        return
    ends = stats.binomtest(x1, x0 + x1).proportion_ci(0.95)
    expected = [math.inf if e == 1 else e / (1 - e) * t0 / t1 for e in (ends.low, ends.high)]
    assert (found.interval.low, found.interval.high) == pytest.approx(expected, rel=1e-9)
    assert (found.p_value <= 0.05) == (not found.interval.low <= 1 <= found.interval.high)


def test_garwood_and_scipys_poisson_means():
    """10 events: 4.795 to 18.39 (Garwood 1936); none in 3 units of exposure: 0 to 3.689 / 3."""
    assert rate_interval(Events(10, 1.0)).low == pytest.approx(stats.chi2.ppf(0.025, 20) / 2)
    assert rate_interval(Events(10, 1.0)).high == pytest.approx(18.39, abs=5e-3)
    assert rate_interval(Events(0, 3.0)).high == pytest.approx(3.689 / 3, abs=1e-3)


def test_score_ends_satisfy_the_score_equation():
    """At each end of the Poisson score interval the score statistic with constrained rates is the critical value."""
    (x0, t0), (x1, t1) = (120, 1000.0), (171, 1100.0)
    found = rate_ratio(Events(x0, t0), Events(x1, t1))
    assert found.method == "Poisson, score"
    for r in (found.interval.low, found.interval.high):
        rate = (x0 + x1) / (t0 + r * t1)
        score = (x1 / t1 - r * x0 / t0) / math.sqrt(r * rate / t1 + r * r * rate / t0)
        assert abs(score) == pytest.approx(Z, rel=1e-9)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_rate_ratio_test_and_interval_agree(seed, alternative):
    """By whichever method, the interval leaves 1 out exactly when p is at most alpha."""
    rng = np.random.default_rng(seed)
    arms = []
    for n, shape in ((400, 0.8), (int(rng.choice([60, 400])), 0.8 if seed % 2 else 1e9)):
        mean = rng.gamma(shape, rng.choice([0.3, 0.5]) / shape, n)
        y = rng.poisson(mean)
        known = seed % 3 > 0
        arms.append(Events(int(y.sum()), float(n), n if known else None, float(y.std(ddof=1)) if known else None))
    found = rate_ratio(*arms, alternative=alternative)
    assert (found.p_value <= 0.05) == (not found.interval.low <= 1 <= found.interval.high)
    assert found.interval.low <= found.ratio <= found.interval.high


def test_overdispersed_counts_are_not_read_as_poisson():
    """A variance three times the mean: Poisson by name is refused, "auto" is quasi-Poisson with a wider interval."""
    control, treatment = (Events(e, 1000.0, 1000, math.sqrt(3 * e / 1000)) for e in (500, 570))
    assert dispersion(control).factor == pytest.approx(3)
    for method in ("exact", "score"):
        with pytest.raises(Refused, match="vary more") as refused:
            rate_ratio(control, treatment, method=method)
        assert "quasi" in refused.value.refusals[0].cure
    found = rate_ratio(control, treatment)
    assert not found.assumes_poisson
    assert found.p_value > 0.15
    plain = rate_ratio(Events(500, 1000.0), Events(570, 1000.0))
    assert plain.p_value < 0.05
    wide, narrow = (math.log(f.interval.high / f.interval.low) for f in (found, plain))
    assert wide / narrow == pytest.approx(math.sqrt(3), rel=0.01)


def test_rates_without_an_answer_are_refused():
    """No event; quasi-Poisson without spread or with too few units or events; half-given spread."""
    for arms, method, code in (
        ((Events(0, 1.0), Events(0, 2.0)), "auto", "counts.no_events"),
        ((Events(5, 1.0), Events(9, 2.0)), "quasi-poisson", "counts.dispersion_unknown"),
        ((Events(50, 9.0, 9, 9.0), Events(9, 9.0, 9, 3.0)), "auto", "counts.dispersion_unknown"),
        ((Events(20, 90.0, 90, 2.1), Events(25, 90.0, 90, 2.3)), "auto", "counts.too_few_events"),
    ):
        with pytest.raises(Refused) as refused:
            rate_ratio(*arms, method=method)
        assert refused.value.refusals[0].code == code
    with pytest.raises(Refused, match="belong together"):
        Events.checked(5, 1.0, units=9)
    assert isinstance(rate_ratio(Events(0, 5.0), Events(9, 5.0)).ratio, Refusal)


RATE_WORLDS = [(0.5, 200, 200, None), (0.05, 900, 100, None), (0.02, 100, 100, None), (0.6, 500, 500, 0.7)]


def rate_simulation(mean, n0, n1, shape, runs):
    """Size at no effect and coverage at a ratio of 1.4; counts Poisson, or negative binomial with this shape."""
    rng = np.random.default_rng([n0, n1, int(mean * 1000)])
    size = missed = read = 0
    for ratio in (1.0, 1.4):
        for _ in range(runs):
            arms = []
            for n, m in ((n0, mean), (n1, mean * ratio)):
                y = rng.poisson(m if shape is None else rng.gamma(shape, m / shape, n), n)
                spread = (None, None) if shape is None else (n, float(y.std(ddof=1)))
                arms.append(Events(int(y.sum()), float(n), *spread))
            try:
                found = rate_ratio(*arms)
            except Refused:
                continue
            if ratio == 1:
                size += found.p_value <= 0.05
            else:
                read += 1
                missed += not found.interval.low <= ratio <= found.interval.high
    return size / runs, missed / read


@pytest.mark.parametrize("runs", [200, pytest.param(4000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize(("mean", "n0", "n1", "shape"), RATE_WORLDS)
def test_rates_hold_their_error_and_cover(mean, n0, n1, shape, runs, record_property):
    """Poisson with few and many events, unequal arms, and negative binomial counts: size and coverage."""
    size, missed = rate_simulation(mean, n0, n1, shape, runs)
    record_property("size", size)
    record_property("missed", missed)
    for rate in (size, missed):
        assert rate <= 0.055 + 4 * math.sqrt(0.05 * 0.95 / runs)


def test_every_method_is_reachable_by_its_tool():
    """compare_proportions, proportion_interval, contingency_table and compare_counts pass their methods through."""
    arms = {
        "control": {"name": "a", "n": 80, "successes": 48},
        "treatments": [{"name": "b", "n": 70, "successes": 56}],
    }
    found = catalogue.find("compare_proportions").run({**arms, "method": "miettinen-nurminen"}).comparisons[0]
    assert (found.absolute.interval.low, found.absolute.interval.high) == pytest.approx((0.0528, 0.3382), abs=1e-4)
    ends = miettinen_nurminen(Counts(48, 80), Counts(56, 70), Z)
    assert (found.absolute.interval.low, found.absolute.interval.high) == pytest.approx(ends)
    few = catalogue.find("compare_proportions").run(
        {"control": {"name": "a", "n": 20, "successes": 0}, "treatments": [{"name": "b", "n": 20, "successes": 5}]}
    )
    assert few.comparisons[0].absolute.method == "exact (Barnard, Chan-Zhang)"
    table = catalogue.find("contingency_table").run({"table": [[1, 3], [3, 1]], "odds_ratio_method": "baptista-pike"})
    assert table.p_value == pytest.approx(0.4857143, abs=1e-6)
    assert table.odds_ratio.method == "exact conditional (Baptista-Pike)"
    assert catalogue.find("proportion_interval").run({"n": 20, "successes": 0}).interval.high == pytest.approx(
        0.1611, abs=1e-4
    )
    counts = catalogue.find("compare_counts").run(
        {
            "control": {"name": "a", "events": 500, "exposure": 1000.0},
            "treatments": [
                {"name": "b", "events": 570, "exposure": 1000.0},
                {"name": "c", "events": 520, "exposure": 1000.0},
            ],
        }
    )
    assert counts.comparisons[0].interval.level == pytest.approx(0.975)
    assert "Poisson" in counts.assumption


@pytest.mark.parametrize(
    ("control", "treatment", "levels", "difference", "error"),
    [  # Hillstrom (2008), Men's E-Mail against no e-mail: visits and conversions of 21,307 and 21,306 customers
        ((2262, 21306), (3894, 21307), (0.1061673, 0.1827568), 0.07658956, 0.00338589),
        ((122, 21306), (267, 21307), (0.005726087, 0.01253109), 0.006805007, 0.000920873),
    ],
)
def test_hillstroms_mens_email(control, treatment, levels, difference, error):
    """Levels, difference and standard error of both yes/no outcomes, by the tool."""
    (x0, n0), (x1, n1) = control, treatment
    found = (
        catalogue.find("compare_proportions")
        .run(
            {
                "control": {"name": "none", "n": n0, "successes": x0},
                "treatments": [{"name": "mens", "n": n1, "successes": x1}],
            }
        )
        .comparisons[0]
    )
    assert (found.control.value, found.treatment.value) == pytest.approx(levels, abs=1e-7)
    assert found.absolute.value == pytest.approx(difference, abs=1e-7)
    assert found.absolute.standard_error == pytest.approx(error, abs=1e-6)


def test_tea_tastings_sample_ratio_by_z_is_decided_for_the_exact_test():
    """53 against 47: its z gives .5485, its binomial test .6173; below 100 expected ours is the exact one."""
    assert stats.chisquare([53, 47]).pvalue == pytest.approx(0.5485062355001472, abs=1e-9)
    found = catalogue.find("sample_ratio").run({"arms": [{"name": "a", "units": 53}, {"name": "b", "units": 47}]})
    assert found.p_value == pytest.approx(0.6172994135892524, abs=1e-6)
