"""Every kind of metric, every side, both scales: the right method, agreement, refusals, and coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refusal
from copilot_tools.results import Estimate
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.arms import prepare
from copilot_tools.stats.inference.compare import alternative_of, compare, compare_arms
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric
from sampling import moments_of, within

VISIT = Metric(name="visit", kind="proportion", column="visit")
SPEND = Metric(name="spend", kind="mean", column="spend")
CHURN = Metric(name="churn", kind="proportion", column="churn", direction="decrease")
RATE = Metric(name="rate", kind="ratio", column="clicks", denominator="views")
VISIT_BY = Metric(name="visit", kind="proportion", column="visit", covariate="before")
SPEND_BY = Metric(name="spend", kind="mean", column="spend", covariate="before")
RATE_BY = Metric(
    name="rate", kind="ratio", column="clicks", denominator="views", covariate="c0", covariate_denominator="v0"
)


def _shares(*pairs):
    return {name: Moments.of_proportion(n, x) for name, (x, n) in zip("abcd", pairs, strict=False)}


def _one(metric, arms, **options):
    (comparison,) = compare_arms(metric, arms, "a", **options)
    return comparison


def test_cookie_cats_from_its_counts():
    """Cookie Cats, 7-day retention: -0.82 points, z = -3.164, p = .00155, 95% interval -1.33 to -0.31 points."""
    got = _one(VISIT, _shares((8502, 44700), (8279, 45489)))
    assert got.absolute.value == pytest.approx(-0.0082, abs=5e-5)
    assert got.absolute.statistic == pytest.approx(-3.1644, abs=1e-4)
    assert got.absolute.p_value == pytest.approx(0.001554, abs=1e-6)
    assert (got.absolute.interval.low, got.absolute.interval.high) == pytest.approx((-0.013282, -0.003121), abs=2e-5)
    assert (got.control.value, got.treatment.value) == pytest.approx((0.1902, 0.1820), abs=5e-5)
    assert (got.absolute.method, got.relative.method) == ("score (Mee)", "score (Koopman)")
    assert got.simultaneous == "none"
    assert got.absolute.interval.level == pytest.approx(0.95)


@pytest.mark.parametrize("metric", [VISIT, CHURN, SPEND, RATE])
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("seed", range(8))
def test_p_value_and_both_intervals_agree_about_no_effect(metric, sides, seed):
    """The p-value is below alpha exactly when 0 lies outside the absolute interval, and outside the relative one."""
    rng = np.random.default_rng(seed)
    shift = rng.normal(0, 0.12)
    n = 120
    arms = {}
    for name, effect in (("a", 0.0), ("b", shift)):
        if metric.kind == "proportion":
            arms[name] = moments_of((rng.random(n) < 0.4 + effect).astype(float))
        elif metric.kind == "mean":
            arms[name] = moments_of(2 + effect * 4 + rng.standard_normal(n))
        else:
            views = 1 + rng.poisson(3, n)
            arms[name] = moments_of(views * (1 + effect * 4 + rng.standard_normal(n)), views)
    got = _one(metric, arms, sides=sides)
    significant = got.absolute.p_value < 0.05
    for effect in (got.absolute, got.relative):
        assert (not effect.interval.low <= 0 <= effect.interval.high) == significant
        assert effect.p_value == got.absolute.p_value
        assert (effect.value > 0) == (effect.statistic > 0)


@pytest.mark.parametrize(("metric", "alternative"), [(VISIT, "greater"), (CHURN, "less")])
def test_one_sided_plans_look_the_desired_way(metric, alternative):
    """One side bounds the effect from its bad end only, and the p-value is that side's."""
    assert alternative_of(metric, 1) == alternative
    assert alternative_of(metric, 2) == "two-sided"
    both, one = (_one(metric, _shares((400, 1000), (450, 1000)), sides=sides) for sides in (2, 1))
    interval = one.absolute.interval
    assert math.isinf(interval.high if alternative == "greater" else interval.low)
    assert math.isinf(one.relative.interval.high if alternative == "greater" else one.relative.interval.low)
    half = both.absolute.p_value / 2
    assert one.absolute.p_value == pytest.approx(half if alternative == "greater" else 1 - half)
    assert one.critical_value == pytest.approx(stats.norm.isf(0.05))


def test_several_arms_share_the_error():
    """With three arms the critical value is Dunnett's for their sizes; Bonferroni's is larger; alone it is plain."""
    arms = _shares((100, 1000), (120, 1000), (90, 1000))
    dunnett, bonferroni, alone = (
        compare_arms(VISIT, arms, "a", adjustment=adjustment) for adjustment in ("dunnett", "bonferroni", "none")
    )
    assert [c.treatment.arm for c in dunnett] == ["b", "c"]
    assert dunnett[0].critical_value == pytest.approx(2.2121, abs=1e-3)
    assert bonferroni[0].critical_value == pytest.approx(stats.norm.isf(0.0125))
    assert alone[0].critical_value == pytest.approx(1.95996, abs=1e-5)
    assert (dunnett[0].simultaneous, alone[0].simultaneous) == ("dunnett", "none")
    assert dunnett[0].absolute.interval.level == pytest.approx(1 - 2 * stats.norm.sf(2.2121), abs=1e-4)
    assert dunnett[0].absolute.p_value == alone[0].absolute.p_value


def test_losing_an_arm_never_narrows_the_others():
    """An arm without units still counts in the correction."""
    full = compare_arms(SPEND, _means((10, 10, 10)), "a")
    lost = compare_arms(SPEND, {**_means((10, 10, 10)), "c": Moments.empty(1)}, "a")
    assert isinstance(lost[1].absolute, Refusal)
    assert lost[0].critical_value == pytest.approx(full[0].critical_value, rel=0.02)
    assert lost[0].critical_value > tails.critical_value(0.05, 2, lost[0].absolute.df) + 0.1


def _means(levels, n=40):
    rng = np.random.default_rng(9)
    return {name: moments_of(m + rng.standard_normal(n)) for name, m in zip("abcd", levels, strict=False)}


def test_an_empty_arm_has_no_level_and_no_effect():
    """No units: no value, no error, no interval; the refusal names metric and arm."""
    got = _one(SPEND, {"a": moments_of([1, 2, 3]), "b": Moments.empty(1)})
    assert (got.treatment.n, got.treatment.value, got.treatment.standard_error) == (0, None, None)
    assert got.treatment.interval is None
    assert got.control.value == pytest.approx(2)
    assert isinstance(got.absolute, Refusal)
    assert isinstance(got.relative, Refusal)
    assert "spend in b" in got.absolute.reason
    assert got.critical_value is None
    share = _one(VISIT, {"a": Moments.empty(1), "b": Moments.of_proportion(10, 3)})
    assert "visit in a" in share.absolute.reason
    assert share.control.value is None


def test_one_unit_has_a_level_but_no_effect():
    """A single unit's value is shown without an interval; a comparison needs two."""
    got = _one(SPEND, {"a": moments_of([1, 2, 3]), "b": moments_of([5])})
    assert (got.treatment.value, got.treatment.standard_error) == (5, None)
    assert got.absolute.code == "data.too_few_units"


def test_a_control_without_successes_has_an_absolute_effect_only():
    """0 of n in control: the difference stands, the relative effect is refused with its cure."""
    got = _one(VISIT, _shares((0, 400), (9, 400)))
    assert isinstance(got.absolute, Estimate)
    assert got.absolute.interval.low > 0
    assert got.relative.code == "relative.control_zero"
    assert "absolute" in got.relative.cure


def test_a_treatment_without_successes_lost_everything():
    """9 of 400 against 0 of 400 is minus 100%, with a lower end there and an error above 0."""
    got = _one(VISIT, _shares((9, 400), (0, 400)))
    assert got.relative.value == -1
    assert got.relative.interval.low == -1
    assert got.relative.interval.high < 0
    assert got.relative.standard_error > 0


def test_no_event_at_all_bounds_the_difference_without_a_test():
    """0 of n in both arms: an interval, no statistic, no p-value, and no relative effect."""
    got = _one(VISIT, _shares((0, 1000), (0, 1000)))
    assert (got.absolute.statistic, got.absolute.p_value) == (None, None)
    assert got.absolute.interval.low < 0 < got.absolute.interval.high
    assert got.absolute.standard_error > 0
    assert got.relative.code == "relative.no_variation"
    assert got.control.interval.high > 0


def test_constant_means_are_refused():
    """Where no unit varies there is no estimate on either scale."""
    got = _one(SPEND, {"a": moments_of([5.0] * 9), "b": moments_of([5.0] * 9)})
    assert got.absolute.code == got.relative.code == "data.no_variance"
    assert (got.control.value, got.control.interval) == (5.0, None)


def test_a_control_mean_near_zero_keeps_its_absolute_effect():
    """Profit around 0: the difference stands, the lift is refused."""
    rng = np.random.default_rng(2)
    got = _one(SPEND, {"a": moments_of(rng.standard_normal(50)), "b": moments_of(1 + rng.standard_normal(50))})
    assert isinstance(got.absolute, Estimate)
    assert got.relative.code == "relative.control_near_zero"


def test_proportion_with_a_covariate_is_adjusted():
    """A proportion with a covariate is compared by Welch on adjusted values; its level stays the observed share."""
    rng = np.random.default_rng(4)
    arms = {}
    for name, base in (("a", 0.3), ("b", 0.35)):
        before = rng.random(800)
        arms[name] = moments_of((rng.random(800) < base + 0.5 * (before - 0.5)).astype(float), before)
    got = _one(VISIT_BY, arms)
    assert got.absolute.method == "Welch, CUPED"
    assert got.absolute.df is not None
    assert got.control.value == pytest.approx(arms["a"].mean[0])
    assert got.variance_reduction > 0.02
    few = {a: moments_of([1, 0, 1, 0, 0], [1, 2, 3, 4, 5]) for a in "ab"}
    assert _one(VISIT_BY, few).absolute.method == "exact (Barnard, Chan-Zhang), covariate unused"


def test_a_given_critical_value_sets_the_width():
    """The caller's critical value is the one used and recorded, at its own level."""
    arms = prepare(SPEND, _means((10, 11)), "a")
    got = compare(arms, "b", lambda _df: 3.0)
    assert got.critical_value == 3.0
    half = (got.absolute.interval.high - got.absolute.interval.low) / 2
    assert half == pytest.approx(3 * got.absolute.standard_error)
    assert got.absolute.interval.level == pytest.approx(1 - 2 * stats.t(got.absolute.df).sf(3.0))


REPETITIONS = [150, pytest.param(5000, marks=pytest.mark.calibrate)]


def _normal(rng, sizes, means, spreads):
    return {
        k: moments_of(m + s * rng.standard_normal(n)) for k, n, m, s in zip("abcd", sizes, means, spreads, strict=False)
    }


def _binomial(rng, sizes, shares):
    return {
        k: Moments.of_proportion(n, int(rng.binomial(n, p))) for k, n, p in zip("abcd", sizes, shares, strict=False)
    }


def _correlated(rng, sizes, lift):
    arms = {}
    for i, n in enumerate(sizes):
        before = rng.standard_normal(n)
        arms["abcd"[i]] = moments_of(10 * (1 + lift * i) + 3 * (0.9 * before + 0.44 * rng.standard_normal(n)), before)
    return arms


def _clicks(rng, sizes, lift, *, covariate=False):
    arms = {}
    for i, n in enumerate(sizes):
        taste, views = rng.normal(1, 0.2, n), 1 + rng.poisson(4, n)
        columns = [views * (taste + lift * i) + rng.normal(0, 0.5, n), views]
        if covariate:
            earlier = 1 + rng.poisson(4, n)
            columns += [earlier * taste, earlier]
        arms["abcd"[i]] = moments_of(*columns)
    return arms


WORLDS = {
    "mean, equal": (SPEND, lambda g: _normal(g, (50, 50), (10, 11), (3, 3)), [1.0], 10),
    "mean, tiny and unequal": (SPEND, lambda g: _normal(g, (6, 11), (10, 11), (3, 1)), [1.0], 10),
    "mean, negative control": (SPEND, lambda g: _normal(g, (60, 60), (-10, -8), (3, 3)), [2.0], 10),
    "mean, three arms": (SPEND, lambda g: _normal(g, (15, 40, 25), (10, 11, 12), (3, 1, 5)), [1.0, 2.0], 10),
    "proportion": (VISIT, lambda g: _binomial(g, (700, 500), (0.1, 0.12)), [0.02], 0.1),
    "proportion, decrease": (CHURN, lambda g: _binomial(g, (700, 500), (0.3, 0.3)), [0.0], 0.3),
    "proportion, four arms": (
        VISIT,
        lambda g: _binomial(g, (600, 400, 900, 500), (0.2, 0.2, 0.25, 0.2)),
        [0, 0.05, 0],
        0.2,
    ),
    "cuped": (SPEND_BY, lambda g: _correlated(g, (120, 250), 0.1), [1.0], 10),
    "cuped, lift of 100%": (SPEND_BY, lambda g: _correlated(g, (150, 150), 1.0), [10.0], 10),
    "ratio": (RATE, lambda g: _clicks(g, (100, 300), 0.1), [0.1], 1),
    "ratio, cuped": (RATE_BY, lambda g: _clicks(g, (150, 150), 0.1, covariate=True), [0.1], 1),
}


@pytest.mark.parametrize("repetitions", REPETITIONS)
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("world", WORLDS)
def test_intervals_cover_as_often_as_they_say(world, sides, repetitions):
    """On both scales, all of an experiment's intervals hold their true effects in 95% of experiments."""
    metric, draw, truths, base = WORLDS[world]
    rng = np.random.default_rng([len(world), sides])
    missed = {"absolute": 0, "relative": 0}
    for _ in range(repetitions):
        comparisons = compare_arms(metric, draw(rng), "a", sides=sides)
        for scale in missed:
            ends = [c.effect(scale).interval for c in comparisons]
            true = truths if scale == "absolute" else [t / base for t in truths]
            missed[scale] += any(not e.low <= t <= e.high for e, t in zip(ends, true, strict=True))
    for scale, misses in missed.items():
        assert within(misses, repetitions, 0.05, slack=0.008), f"{scale}: {misses} of {repetitions}"
