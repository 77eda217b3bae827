"""Proportions watched as they come in: exact sequences, the race for conversions, and where the normal one begins."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference import always_valid as av
from copilot_tools.stats.inference import conversion_race as race
from copilot_tools.stats.inference.bernoulli_sequence import bernoulli_interval, bernoulli_mixture_log
from copilot_tools.stats.inference.odds_ratio_sequence import ArmsSoFar, odds_ratio_sequence

# --- one proportion --------------------------------------------------------------------------------------------------


def test_confseqs_bernoulli_interval():
    """Howard et al. (2021), confseq's tests: 700 of 1000, alpha .05, tightest at 100."""
    assert bernoulli_interval(700, 1000, 0.05, 100) == pytest.approx((0.651629, 0.745949), abs=1e-5)


@pytest.mark.parametrize(("x", "n", "p"), [(3, 10, 0.5), (0, 40, 0.1), (7, 7, 0.6)])
def test_the_mixture_is_a_martingale(x, n, p):
    """Under p, the mixture expected after one more unit is the mixture now: what Ville's inequality needs."""
    now, up, down = (math.exp(bernoulli_mixture_log(*c, p, 50)) for c in ((x, n), (x + 1, n + 1), (x, n + 1)))
    assert p * up + (1 - p) * down == pytest.approx(now, rel=1e-12)
    assert bernoulli_mixture_log(0, 0, p, 50) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("p", "last", "horizon"), [(0.001, 3000, 1000), (0.05, 400, 100), (0.5, 300, 20)])
def test_exact_error_of_one_proportion(p, last, horizon):
    """By dynamic programming over every path: the chance that the mixture ever reaches 20 is below 5%."""
    alive, crossed = np.array([1.0]), 0.0
    for n in range(1, last + 1):
        grown = np.zeros(len(alive) + 1)
        grown[:-1] += alive * (1 - p)
        grown[1:] += alive * p
        for x in np.flatnonzero(grown > 1e-14):
            if bernoulli_mixture_log(int(x), n, p, horizon) >= math.log(20):
                crossed += grown[x]
                grown[x] = 0.0
        alive = grown[: max(60, int(n * p * 3) + 60)]
    assert 0.0005 < crossed < 0.05


@pytest.mark.parametrize(("x", "n"), [(0, 1), (1, 1), (0, 500), (500, 500), (1, 10**9), (10**9 - 1, 10**9)])
def test_edges_of_one_proportion(x, n):
    """Nothing or everything converted, one of a billion: ends within 0 and 1 that hold the rate; mirrored alike."""
    low, high = bernoulli_interval(x, n, 0.05, 1000)
    assert 0 <= low <= x / n <= high <= 1
    assert (1 - high, 1 - low) == pytest.approx(bernoulli_interval(n - x, n, 0.05, 1000), abs=1e-12)


# --- two proportions -------------------------------------------------------------------------------------------------


def looks_of(*rows):
    return [ArmsSoFar(*row) for row in rows]


def test_two_looks_against_integration():
    """The mixture of noncentral hypergeometric likelihoods by scipy, integrated, at both looks."""
    found = odds_ratio_sequence(looks_of((100, 3, 90, 9), (210, 8, 200, 17)), mixing_sd=0.5)
    increments = [(100, 3, 90, 9), (110, 5, 110, 8)]

    def likelihood(theta, upto):
        return math.prod(
            stats.nchypergeom_fisher.pmf(xt, nc + nt, nt, xc + xt, math.exp(theta))
            for nc, xc, nt, xt in increments[:upto]
        )

    for upto in (1, 2):
        whole, _ = integrate.quad(
            lambda t, k=upto: likelihood(t, k) * stats.norm.pdf(t, scale=0.5), -2.5, 2.5, epsrel=1e-9
        )
        # The nodes end at five standard deviations, and sum to one.
        assert found.log_ratio[upto - 1] == pytest.approx(math.log(whole / likelihood(0.0, upto)), abs=1e-5)
    for end in (found.low, found.high):
        assert likelihood(math.log(end), 2) == pytest.approx(
            0.05 * math.exp(found.log_ratio[-1]) * likelihood(0.0, 2), rel=1e-6
        )


def test_the_estimate_is_fishers_conditional_one():
    """One look: the conditional maximum likelihood odds ratio of scipy."""
    found = odds_ratio_sequence(looks_of((80, 7, 90, 15)))
    table = [[15, 75], [7, 73]]
    assert found.odds_ratio == pytest.approx(
        stats.contingency.odds_ratio(table, kind="conditional").statistic, rel=1e-6
    )


def test_arms_swapped_mirror_the_reading():
    """Swapping the arms turns the odds ratio over and leaves ratio and p-values alone."""
    rows = [(500, 9, 400, 14), (900, 15, 800, 25)]
    one = odds_ratio_sequence(looks_of(*rows))
    other = odds_ratio_sequence(looks_of(*[(c, d, a, b) for a, b, c, d in rows]))
    assert one.p_values == pytest.approx(other.p_values, rel=1e-9)
    assert (one.low, one.high) == pytest.approx((1 / other.high, 1 / other.low), rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "low", "high"),
    [(((50, 0, 50, 0),), 0, math.inf), (((50, 0, 50, 20),), None, math.inf), (((50, 20, 50, 0),), 0, None)],
)
def test_open_ends_of_the_odds_ratio(rows, low, high):
    """Without conversions nothing is bounded; with none in one arm, one side is open and the other is not."""
    found = odds_ratio_sequence(looks_of(*rows), mixing_sd=1.0)
    assert found.low == low if low is not None else found.low > 1
    assert found.high == high if high is not None else found.high < 1
    assert found.p_values[-1] == 1.0 if (low, high) == (0, math.inf) else found.p_values[-1] < 0.05


def test_a_billion_units_keep_their_digits():
    """30 against 60 conversions among a billion units: the reading of the Poisson limit, a binomial split."""
    found = odds_ratio_sequence(looks_of((10**9, 30, 10**9, 60)), mixing_sd=0.5)
    nodes = np.linspace(-2.5, 2.5, 4001)
    weight = stats.norm.pdf(nodes, scale=0.5)
    split = stats.binom.pmf(60, 90, 1 / (1 + np.exp(-nodes)))
    expected = math.log((split * weight).sum() / weight.sum() / stats.binom.pmf(60, 90, 0.5))
    assert found.log_ratio[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((), "looks.none"),
        (((10, 11, 10, 1),), "parameter.successes_above_n"),
        (((10, 5, 10, 5), (12, 4, 12, 5)), "looks.not_cumulative"),
        (((10, 5, 10, 5), (10, 6, 12, 5)), "looks.not_cumulative"),
        (((10**6, 2 * 10**5, 10**6, 2 * 10**5),), "odds_ratio_sequence.too_many"),
    ],
)
def test_bad_looks_are_refused(rows, code):
    """No looks, more successes than units, counts that fall, outcomes that change, too many: refused by name."""
    with pytest.raises(Refused) as refused:
        odds_ratio_sequence(looks_of(*rows))
    assert refused.value.refusals[0].code == code


def _exact_error(rate, share, *, repetitions, seed, drift=1.0, looks=20, units=2000):
    """Share of tests without effect that the exact sequence and the plain z reject at some look; and misses of 1."""
    rng = np.random.default_rng(seed)
    exact = plain = missed = 0
    nt = max(1, round(units * share))
    nc = units - nt
    for _ in range(repetitions):
        rates = rate * drift ** np.arange(looks)
        c, t = np.cumsum(rng.binomial(nc, rates)), np.cumsum(rng.binomial(nt, rates))
        rows = [ArmsSoFar(nc * k, int(c[k - 1]), nt * k, int(t[k - 1])) for k in range(1, looks + 1)]
        found = odds_ratio_sequence(rows, mixing_sd=0.5)
        exact += found.p_values[-1] <= 0.05
        missed += not found.low <= 1 <= found.high
        z = []
        for row in rows:
            p0, p1 = row.control / row.n_control, row.treatment / row.n_treatment
            error = p0 * (1 - p0) / row.n_control + p1 * (1 - p1) / row.n_treatment
            z.append(abs(p1 - p0) / math.sqrt(error) if error > 0 else 0.0)
        plain += max(z) > 1.96
    return exact / repetitions, plain / repetitions, missed / repetitions


@pytest.mark.parametrize(("rate", "share", "drift"), [(0.001, 0.5, 1.0), (0.002, 0.1, 1.0), (0.01, 0.3, 1.1)])
@pytest.mark.parametrize("repetitions", [25, pytest.param(1500, marks=pytest.mark.calibrate)])
def test_exact_sequence_keeps_the_error(record_property, rate, share, drift, repetitions):
    """Rare conversions, uneven arms, rates that drift: at most 5% over 20 looks; plain peeking loses far more."""
    exact, plain, missed = _exact_error(rate, share, repetitions=repetitions, seed=31, drift=drift)
    record_property("row", f"| {rate} | {share} | {drift} | {exact:.4f} | {missed:.4f} | {plain:.4f} |")
    assert exact <= 0.05
    assert missed <= 0.05
    assert plain > 0.1


# --- the normal sequence on rates ------------------------------------------------------------------------------------


def _normal_on_rates(rate, share, fewest, *, repetitions, seed):
    """Error of the asymptotic sequence on a rate, judged from so many conversions an arm: both, upward, downward."""
    rng = np.random.default_rng(seed)
    last = int(100 / rate / share)
    looks = np.unique(np.concatenate([[60], np.geomspace(60, last, 150).astype(int)]))
    nt = np.maximum((looks * share).astype(int), 1)
    nc = looks - nt
    c = np.zeros(repetitions)
    t = np.zeros(repetitions)
    hit = np.zeros((3, repetitions), dtype=bool)
    for k, n in enumerate(looks):
        c += rng.binomial(nc[k] - (nc[k - 1] if k else 0), rate, repetitions)
        t += rng.binomial(nt[k] - (nt[k - 1] if k else 0), rate, repetitions)
        if min(nc[k], nt[k]) < av.MIN_UNITS:
            continue
        p0, p1 = c / nc[k], t / nt[k]
        error = np.sqrt(p0 * (1 - p0) / nc[k] + p1 * (1 - p1) / nt[k])
        z = np.divide(p1 - p0, error, out=np.zeros(repetitions), where=error > 0)
        judged = np.minimum(c, t) >= fewest
        two, one = (av.always_valid_critical(int(n), 10_000, 0.05, sides) for sides in (2, 1))
        hit |= judged & np.vstack([np.abs(z) > two, z > one, z < -one])
    return hit.mean(axis=1)


@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("repetitions", [1500, pytest.param(20_000, marks=pytest.mark.calibrate)])
def test_the_normal_sequence_holds_from_ten_conversions(record_property, rate, share, repetitions):
    """From 10 conversions in each arm on, the asymptotic sequence keeps 5% on rates, one- and two-sided."""
    from_ten = _normal_on_rates(rate, share, av.MIN_CONVERSIONS, repetitions=repetitions, seed=17)
    from_start = _normal_on_rates(rate, share, 0, repetitions=repetitions, seed=17)
    shown = [" / ".join(f"{x:.3f}" for x in found) for found in (from_start, from_ten)]
    record_property("row", f"| {rate} | {share} | {shown[0]} | {shown[1]} |")
    assert from_ten.max() <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / repetitions) * (repetitions < 2000)
    if share == 0.1:
        assert from_start[0] > 0.1  # why it is refused before


# --- the race --------------------------------------------------------------------------------------------------------


def brute(n, lead, p=0.5, sides=1):
    """Chance of a winner by walking through every state."""
    at, won = {0: 1.0}, 0.0
    for _ in range(n):
        after: dict[int, float] = {}
        for place, chance in at.items():
            for step, q in ((1, p), (-1, 1 - p)):
                if place + step >= lead or (sides == 2 and place + step <= -lead):
                    won += chance * q
                else:
                    after[place + step] = after.get(place + step, 0.0) + chance * q
        at = after
    return won


def test_evan_millers_example():
    """evanmiller.org/sequential-ab-testing.html: N = 808 with 2 root N = 57 has an error of 4.487%, below 5%."""
    assert race.rule_of_thumb(808) == 57
    assert race.race_error(808, 57) == pytest.approx(0.04487, abs=1e-4)
    assert race.rule_of_thumb(808, 2) == 64
    assert race.race_error(808, 64, 2) < 0.05


@pytest.mark.parametrize(("n", "lead"), [(1, 1), (7, 2), (30, 5), (31, 6), (60, 1), (5, 9)])
@pytest.mark.parametrize("sides", [1, 2])
def test_race_against_every_path(n, lead, sides):
    """Error and power by reflection are those of every path, odd and even, one- and two-sided."""
    assert race.race_error(n, lead, sides) == pytest.approx(brute(n, lead, sides=sides), abs=1e-12)
    for lift in (0.3, 1.5, -0.4):
        p = (1 + lift) / (2 + lift)
        assert race.race_power(n, lead, lift) == pytest.approx(brute(n, lead, p), abs=1e-12)


@pytest.mark.parametrize(("lift", "sides"), list(itertools.product([0.1, 0.5, 2.0], [1, 2])))
def test_a_designed_race_keeps_its_promises(lift, sides):
    """Error at most alpha, power reached, and one conversion fewer would not reach it."""
    found = race.design_race(lift, sides=sides)
    assert found.error <= 0.05
    assert found.power >= 0.8
    assert race.race_power(found.conversions - 1, found.lead, lift) < 0.8
    assert found.lead >= race.least_lead(found.conversions, sides=sides)
    assert race.race_error(found.conversions, race.least_lead(found.conversions, sides=sides), sides) <= 0.05


def test_a_race_that_cannot_be_is_refused():
    """No lead keeps alpha in a race of four; a tiny lift takes too long; zero lead is none."""
    for call in (lambda: race.least_lead(4), lambda: race.design_race(1e-5), lambda: race.race_error(10, 0)):
        with pytest.raises(Refused):
            call()
