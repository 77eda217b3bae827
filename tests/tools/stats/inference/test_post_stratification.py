"""Post-stratification: against GrowthBook's published tests, a brute-force regression, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.compare import compare_arms
from copilot_tools.stats.inference.post_stratification import post_stratified
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric
from sampling import moments_of, within

MEAN = Metric(name="m", kind="mean", column="y")
SHARE = Metric(name="m", kind="proportion", column="y")
ADJUSTED = Metric(name="m", kind="mean", column="y", covariate="x")


def from_sums(n, total, squares):
    """Moments from raw sums, as GrowthBook's tests give them."""
    return Moments(n=n, mean=(total / n,), comoments=((squares - total * total / n,),))


def world(*strata):
    """Strata of (control, treatment) sums."""
    return {str(i): {"a": from_sums(*a), "b": from_sums(*b)} for i, (a, b) in enumerate(strata)}


FIVE = world(
    ((21, 330.0696210595999, 5377.811252605509), (42, 708.1220000911836, 12249.255519049513)),
    ((65, 1391.96628040659, 30546.63404187155), (75, 1807.4703052657744, 45000.287664918586)),
    ((102, 2916.824124651419, 86396.06886690554), (101, 3104.5399914554023, 98365.40553530994)),
    ((151, 5172.587929941052, 182453.04528037464), (121, 4613.696610070716, 180520.64781229294)),
    ((160, 6539.348445231273, 274981.98909352464), (162, 7431.953259880505, 349244.6690736718)),
)
TWO = world(
    ((175, 188.0319661707135, 501.8913204449768), (175, 299.63429043852784, 861.0349484333065)),
    ((175, 506.41423076347513, 1748.2322349152037), (175, 662.4820101138217, 2854.4018208604734)),
)
TWO_MORE = world(
    ((175, 1223.848778242483, 8902.145582035047), (175, 1403.4670379247032, 11598.22989980456)),
    ((175, 1916.9226474898192, 21236.13825459178), (175, 2089.9655982163963, 25337.209946187293)),
)


@pytest.mark.parametrize(
    ("strata", "scale", "value", "error", "ends"),
    [  # growthbook/growthbook@8f1db4456915, packages/stats/tests/test_post_strat.py
        (FIVE, "relative", 0.10994584851937336, 0.012225394656480164, (0.08595460128094631, 0.1339370957578004)),
        (FIVE, "absolute", 3.548094377986586, 0.37634374823059685, (2.809553319465361, 4.286635436507811)),
        (TWO, "absolute", 0.764771724623317, 0.10251128023553648, (0.5635006646130938, 0.9660427846335402)),
        (TWO_MORE, "absolute", 1.0076034583108497, 0.10338811014731325, (0.8046142281938177, 1.210592688427882)),
    ],
)
def test_growthbook(strata, scale, value, error, ends):
    """Estimate and standard error are GrowthBook's; its interval too but for its own rule of degrees of freedom."""
    read = post_stratified(MEAN, strata, "a", "b")
    found = read.absolute if scale == "absolute" else read.relative_delta
    assert found.value == pytest.approx(value, abs=1e-6)
    assert found.standard_error == pytest.approx(error, abs=1e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx(ends, abs=0.005 * error)


def test_one_stratum_is_welch():
    """With a single stratum nothing is left but Welch's t test, Fieller's interval included."""
    arms = {"a": moments_of(np.arange(20.0)), "b": moments_of(np.arange(30.0) * 0.9 + 1)}
    plain = compare_arms(MEAN, arms, "a")[0]
    for shares in (None, {"s": 3.0}):
        found = post_stratified(MEAN, {"s": arms}, "a", "b", shares=shares)
        for mine, theirs in ((found.absolute, plain.absolute), (found.relative, plain.relative)):
            assert mine.value == pytest.approx(theirs.value)
            assert mine.df == pytest.approx(theirs.df)
            assert (mine.interval.low, mine.interval.high) == pytest.approx((theirs.interval.low, theirs.interval.high))
        assert found.variance_reduction == pytest.approx(0, abs=1e-12)


def test_known_shares_are_a_weighted_sum():
    """With known shares the variance is that of a weighted sum of independent means, and nothing more."""
    shares = {"0": 0.1, "1": 0.2, "2": 0.3, "3": 0.3, "4": 0.1}
    found = post_stratified(MEAN, FIVE, "a", "b", shares=shares).absolute
    value = sum(w * (FIVE[s]["b"].mean[0] - FIVE[s]["a"].mean[0]) for s, w in shares.items())
    variance = sum(w * w * (FIVE[s][a].variance() / FIVE[s][a].n) for s, w in shares.items() for a in "ab")
    assert (found.value, found.standard_error) == pytest.approx((value, math.sqrt(variance)))
    scaled = post_stratified(MEAN, FIVE, "a", "b", shares={s: 10 * w for s, w in shares.items()}).absolute
    assert scaled == found


@pytest.mark.parametrize("repetitions", [800, pytest.param(20_000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize("kind", ["mean", "proportion", "cuped"])
@pytest.mark.parametrize("known", [False, True])
def test_coverage(repetitions, kind, known):
    """The 95% interval covers the population's effect with effects that differ by stratum, and unequal arms."""
    rng = np.random.default_rng([23, len(kind), known, repetitions])
    weights = np.array([0.2, 0.5, 0.3])
    levels, effects = np.array([0.1, 0.3, 0.6]), np.array([0.0, 0.05, 0.15])
    truth = float(weights @ effects)
    metric = {"mean": MEAN, "proportion": SHARE, "cuped": ADJUSTED}[kind]
    missed, gain = 0, 0.0
    for _ in range(repetitions):
        sizes = {"a": rng.multinomial(600, weights), "b": rng.multinomial(300, weights)}
        strata = {}
        for h in range(3):
            strata[str(h)] = {}
            for arm in "ab":
                n, mean = int(sizes[arm][h]), levels[h] + (effects[h] if arm == "b" else 0)
                if kind == "proportion":
                    strata[str(h)][arm] = Moments.of_proportion(n, int(rng.binomial(n, mean)))
                    continue
                x = rng.standard_normal(n)
                y = mean + 0.3 * x + 0.2 * rng.standard_normal(n)
                strata[str(h)][arm] = moments_of(y, x) if kind == "cuped" else moments_of(y)
        shares = dict(zip("012", weights.tolist(), strict=True)) if known else None
        found = post_stratified(metric, strata, "a", "b", shares=shares)
        missed += not found.absolute.interval.low <= truth <= found.absolute.interval.high
        gain += found.variance_reduction / repetitions
    assert within(missed, repetitions, 0.05, slack=0.006)
    assert gain > (0.5 if kind == "cuped" else 0.1)


REFUSED = [
    ({"s": {"a": Moments.of_proportion(5, 2)}}, None, "strata.too_few_units"),
    ({}, None, "strata.no_strata"),
    (FIVE, {"0": 1.0}, "strata.shares"),
    (TWO, {"0": 1.0, "1": 0.0}, "parameter.not_positive"),
    ({"s": {"a": from_sums(5, 5.0, 5.0), "b": from_sums(5, 5.0, 5.0)}}, None, "data.no_variance"),
]


@pytest.mark.parametrize(("strata", "shares", "code"), REFUSED)
def test_refusals(strata, shares, code):
    """Strata without both arms, no strata, shares that do not fit, nothing that varies."""
    with pytest.raises(Refused) as caught:
        post_stratified(MEAN, strata, "a", "b", shares=shares)
    assert caught.value.refusals[0].code == code


def test_ratios_are_refused():
    """A ratio of sums is no average of the strata's ratios."""
    ratio = Metric(name="m", kind="ratio", column="y", denominator="d")
    with pytest.raises(Refused) as caught:
        post_stratified(ratio, FIVE, "a", "b")
    assert caught.value.refusals[0].code == "strata.ratio"
