"""Two one-sided tests: against scipy's t tests, statsmodels, published figures, and by simulation at the margin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from copilot_tools import catalogue
from copilot_tools.refusals import Refused
from copilot_tools.stats.inference.equivalence import equivalence
from copilot_tools.stats.inference.proportions import Counts, mee
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Effect, Metric

MEAN = Metric(name="m", kind="mean", column="y")
SHARE = Metric(name="m", kind="proportion", column="y")


def absolute(size):
    return Effect(size=size, scale="absolute")


def moments_from(n, mean, sd):
    """Moments of one column."""
    return Moments(n=n, mean=(mean,), comoments=((sd * sd * (n - 1),),))


def of(values):
    """Moments of values, without third ones: Welch as it is in the textbooks."""
    return moments_from(len(values), float(np.mean(values)), float(np.std(values, ddof=1)))


@pytest.mark.parametrize(("n0", "n1", "shift", "spread"), [(8, 12, 0.1, 1.0), (50, 20, -0.4, 2.5), (300, 300, 0.0, 1)])
@pytest.mark.parametrize("upper", [None, 0.9])
def test_tost_of_means_is_statsmodels(n0, n1, shift, spread, upper):
    """Welch's TOST has the p-values of statsmodels' ttost_ind with unequal variances, both margins alike or not."""
    rng = np.random.default_rng([n0, n1])
    x, y = rng.normal(0, 1, n0), rng.normal(shift, spread, n1)
    found = equivalence(MEAN, {"a": of(x), "b": of(y)}, "a", "b", absolute(0.5), upper=upper)
    p, first, second = ttost_ind(y, x, -0.5, upper or 0.5, usevar="unequal")
    assert found.p_above_low == pytest.approx(first[1], abs=1e-9)
    assert found.p_below_high == pytest.approx(second[1], abs=1e-9)
    assert found.p_equivalence == pytest.approx(p, abs=1e-9)
    assert found.p_noninferiority == found.p_above_low


def test_relative_margins_test_the_line():
    """On a relative margin the t statistic is that of y - (1 -/+ m) x, control's own noise included (Fieller)."""
    arms = {"a": moments_from(400, 10, 4), "b": moments_from(500, 10.1, 4.2)}
    found = equivalence(MEAN, arms, "a", "b", Effect(size=0.08, scale="relative"))
    for sign, p in ((1, found.p_above_low), (-1, found.p_below_high)):
        slope = 1 - sign * 0.08
        t = sign * (10.1 - slope * 10) / math.sqrt(4.2**2 / 500 + slope**2 * 16 / 400)
        assert p == pytest.approx(stats.t.sf(t, found.estimate.df), abs=1e-9)


def test_negative_control_keeps_its_directions():
    """From -10 to -9.8 is a rise of 2% of control's magnitude: the mirror image of 10 to 9.8."""
    up = equivalence(
        MEAN,
        {"a": moments_from(400, -10, 4), "b": moments_from(500, -9.8, 4.2)},
        "a",
        "b",
        Effect(size=0.08, scale="relative"),
    )
    down = equivalence(
        MEAN,
        {"a": moments_from(400, 10, 4), "b": moments_from(500, 9.8, 4.2)},
        "a",
        "b",
        Effect(size=0.08, scale="relative"),
    )
    assert up.estimate.value == pytest.approx(0.02)
    assert up.p_above_low == pytest.approx(down.p_below_high)
    assert up.p_below_high == pytest.approx(down.p_above_low)


@pytest.mark.parametrize(("x0", "n0", "x1", "n1", "margin"), [(120, 400, 130, 420, 0.1), (500, 1000, 480, 990, 0.03)])
def test_tost_of_proportions_inverts_the_score_interval(x0, n0, x1, n1, margin):
    """At the p-value's own level the score interval just touches the margin, on both sides."""
    arms = {"a": Moments.of_proportion(n0, x0), "b": Moments.of_proportion(n1, x1)}
    found = equivalence(SHARE, arms, "a", "b", absolute(margin))
    for p, side, line in ((found.p_above_low, 0, -margin), (found.p_below_high, 1, margin)):
        assert 0 < p < 0.5
        ends = mee(Counts(x0, n0), Counts(x1, n1), float(stats.norm.isf(p)))
        assert ends[side] == pytest.approx(line, abs=2e-6)


def chance_at_least_as_extreme(x0, n0, x1, n1, margin, relative):
    """Of an effect at the lower margin, over a fine grid of control's share: every table weighed by scipy."""
    i, j = np.arange(n0 + 1), np.arange(n1 + 1)

    def statistic(a, b):
        total = a + b
        if relative:
            p0 = np.minimum(total / (n0 + n1 * (1 + margin)), min(1, 1 / (1 + margin)))
            gap, p1 = b / n1 - (1 + margin) * a / n0, p0 * (1 + margin)
            spread = p1 * (1 - p1) / n1 + (1 + margin) ** 2 * p0 * (1 - p0) / n0
        else:
            p0 = np.clip((total - n1 * margin) / (n0 + n1), max(0, -margin), min(1, 1 - margin))
            gap, p1 = b / n1 - a / n0 - margin, np.clip(p0 + margin, 0, 1)
            spread = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
        with np.errstate(divide="ignore", invalid="ignore"):
            z = gap / np.sqrt(spread)
        return np.where(spread > 0, z, np.where(np.abs(gap) < 1e-12, 0, np.sign(gap) * 1e9))

    extreme = statistic(i[:, None], j[None, :]) >= statistic(np.array(x0), np.array(x1)) - 1e-9
    # Berger & Boos: where both arms' own counts let the shares lie but for a chance of 1e-10.
    regions = [
        (stats.beta.ppf(2.5e-11, x, n - x + 1) if x else 0.0, stats.beta.isf(2.5e-11, x + 1, n - x))
        for x, n in ((x0, n0), (x1, n1))
    ]
    (low0, high0), (low1, high1) = regions
    back = (lambda p: p / (1 + margin)) if relative else (lambda p: p - margin)
    low, high = max(low0, back(low1)), min(high0, back(high1), 1.0)
    shares = np.linspace(low, high, 2001)
    treated = shares * (1 + margin) if relative else shares + margin
    return max(
        float(stats.binom.pmf(i, n0, p) @ extreme @ stats.binom.pmf(j, n1, q))
        for p, q in zip(shares, np.clip(treated, 0, 1), strict=True)
    )


@pytest.mark.parametrize(
    ("x0", "n0", "x1", "n1", "scale", "margin"),
    [
        (2, 12, 3, 11, "absolute", 0.2),
        (0, 20, 0, 25, "absolute", 0.3),
        (2, 60, 3, 40, "absolute", 0.1),
        (9, 12, 9, 12, "relative", 0.5),
        (3, 40, 4, 30, "relative", 0.9),
    ],
)
def test_few_counts_are_held_against_every_table(x0, n0, x1, n1, scale, margin):
    """With exact counts p is the chance, at the margin, of a table at least as extreme: by weighing every table."""
    arms = {"a": Moments.of_proportion(n0, x0), "b": Moments.of_proportion(n1, x1)}
    found = equivalence(SHARE, arms, "a", "b", Effect(size=margin, scale=scale))
    assert "exact" in found.estimate.method
    expected = chance_at_least_as_extreme(x0, n0, x1, n1, -margin, scale == "relative")
    assert found.p_above_low == pytest.approx(expected, rel=2e-3, abs=2e-10)


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_exact_claims_never_go_beyond_the_exact_interval(scale):
    """Over many small tables: whatever is claimed stands in the interval too, and hardly ever is it the other way."""
    timid = looked_at = 0
    for x0 in range(1, 5):
        for x1 in range(5):
            for margin in (0.1, 0.25, 0.6, 1.5 if scale == "relative" else 0.9):
                arms = {"a": Moments.of_proportion(21, x0), "b": Moments.of_proportion(17, x1)}
                found = equivalence(SHARE, arms, "a", "b", Effect(size=margin, scale=scale))
                if "exact" not in found.estimate.method:
                    continue
                looked_at += 1
                inside = found.estimate.interval.low > -margin
                assert found.noninferior <= inside, (x0, x1, margin)
                timid += found.noninferior < inside
    assert looked_at > 60
    assert timid <= 2


def test_an_impossible_margin_settles_it():
    """No treatment loses more than all of control, so a margin beyond that is met by any table."""
    arms = {"a": Moments.of_proportion(20, 2), "b": Moments.of_proportion(20, 1)}
    found = equivalence(SHARE, arms, "a", "b", Effect(size=1.5, scale="relative"))
    assert found.p_above_low < 1e-9
    arms = {"a": Moments.of_proportion(20, 2), "b": Moments.of_proportion(20, 0)}
    assert equivalence(SHARE, arms, "a", "b", Effect(size=1.0, scale="relative")).p_above_low == 1


def test_claims_agree_with_the_interval_and_with_the_direction():
    """Equivalent where the 90% interval lies inside; a better treatment is non-inferior only; harm is neither."""

    def read(mean, direction="increase"):
        metric = MEAN.model_copy(update={"direction": direction})
        return equivalence(
            metric, {"a": moments_from(400, 0, 1), "b": moments_from(400, mean, 1)}, "a", "b", absolute(0.3)
        )

    for mean in np.linspace(-0.5, 0.5, 21):
        found = read(float(mean))
        inside = found.estimate.interval.low > -0.3 and found.estimate.interval.high < 0.3
        assert found.estimate.interval.level == pytest.approx(0.9)
        assert found.equivalent == inside
        assert found.noninferior == (found.estimate.interval.low > -0.3)
    assert read(0.5).noninferior
    assert not read(0.5, "decrease").noninferior
    assert read(-0.9).p_above_low > 0.999
    assert read(0.0).p_above_low == pytest.approx(read(0.0, "decrease").p_below_high)


def test_a_hopeless_distance_keeps_its_digits():
    """A p-value far out is tiny, neither 0 nor NaN."""
    found = equivalence(
        MEAN, {"a": moments_from(10**6, 0, 1), "b": moments_from(10**6, 0, 1)}, "a", "b", absolute(0.03)
    )
    assert found.p_equivalence == pytest.approx(stats.norm.sf(0.03 / math.sqrt(2e-6)), rel=1e-3)


CASES = [
    ("mean", 15, 15, "absolute"),
    ("mean", 200, 60, "relative"),
    ("skewed", 400, 100, "absolute"),
    ("proportion", 300, 300, "absolute"),
    ("proportion", 500, 250, "relative"),
]


@pytest.mark.parametrize("repetitions", [100, pytest.param(4000, marks=pytest.mark.calibrate)])
@pytest.mark.parametrize(("kind", "n0", "n1", "scale"), CASES)
@pytest.mark.parametrize("side", [1, -1])
def test_error_at_the_margin(repetitions, kind, n0, n1, scale, side):
    """With the truth exactly on a margin, equivalence is claimed in at most 5% of tests."""
    rng = np.random.default_rng([17, n0, n1, repetitions, side + 1])
    claimed = 0
    level = 0.3 if kind == "proportion" else 10.0
    width = {"mean": 4.0, "skewed": 1.5, "proportion": 0.15}[kind] if n1 < 100 or kind != "mean" else 3.0
    margin = Effect(size=width if scale == "absolute" else width / level, scale=scale)
    for _ in range(repetitions):
        arms = {}
        for arm, n, mean in (("a", n0, level), ("b", n1, level + side * width)):
            if kind == "proportion":
                arms[arm] = Moments.of_proportion(n, int(rng.binomial(n, mean)))
            elif kind == "mean":
                arms[arm] = moments_from(
                    n, mean + rng.normal(0, 4 / math.sqrt(n)), 4 * math.sqrt(rng.chisquare(n - 1) / (n - 1))
                )
            else:
                values = mean - 3 + 3 * rng.exponential(1.0, n)
                third = float(((values - values.mean()) ** 3).sum())
                arms[arm] = of(values).model_copy(update={"thirds": (third,)})
        found = equivalence(MEAN if kind != "proportion" else SHARE, arms, "a", "b", margin)
        claimed += found.equivalent
    assert claimed / repetitions <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / repetitions) + 0.003


REFUSED = [
    ({"a": moments_from(1, 0, 0), "b": moments_from(9, 0, 1)}, "absolute", "data.too_few_units"),
    ({"a": moments_from(9, 1, 0), "b": moments_from(9, 1, 0)}, "absolute", "data.no_variance"),
    ({"a": moments_from(9, 0.01, 1), "b": moments_from(9, 1, 1)}, "relative", "relative.control_near_zero"),
]


@pytest.mark.parametrize(("arms", "scale", "code"), REFUSED)
def test_refusals(arms, scale, code):
    """Too few units, nothing that varies, a control near zero under a relative margin."""
    with pytest.raises(Refused) as caught:
        equivalence(MEAN, arms, "a", "b", Effect(size=0.1, scale=scale))
    assert caught.value.refusals[0].code == code


def test_the_tool_says_what_is_shown():
    """Shown, shown on one side, not shown: three sentences; one kind of arms at a time."""
    tool = catalogue.find("equivalence_test")

    def ask(mean, **more):
        arms = {
            "control": {"name": "control", "n": 400, "mean": 10.0, "sd": 1.0},
            "treatment": {"name": "b", "n": 400, "mean": mean, "sd": 1.0},
        }
        return tool.run({"means": arms, "margin": {"size": 0.3, "scale": "absolute"}, **more})

    assert "equivalence is shown" in ask(10.0).sentence
    assert "Non-inferiority is shown" in ask(10.4).sentence
    assert "Neither" in ask(9.6).sentence
    assert "Non-inferiority is shown" in ask(9.6, direction="decrease").sentence
    with pytest.raises(Refused) as caught:
        tool.run({"margin": {"size": 0.3, "scale": "absolute"}})
    assert "as proportions, means or ratios" in caught.value.refusals[0].reason
    small = {"control": {"name": "a", "n": 12, "successes": 2}, "treatment": {"name": "b", "n": 11, "successes": 3}}
    found = tool.run({"proportions": small, "margin": {"size": 0.2, "scale": "absolute"}}).result
    assert "exact" in found.estimate.method
    assert not found.equivalent
