"""Sound experiments of awkward shapes: skewed columns, 90:10 splits, one-sided plans, small tests, few buyers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.stats import reading
from copilot_tools.stats.inference.goodness import counts_against_weights
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Arm, Effect, Metric
from copilot_tools.stats.validity.balance import pooled_anova, welch_anova
from copilot_tools.stats.validity.exaggeration import design_errors
from copilot_tools.stats.validity.outliers import BY_CHANCE, chance_of_gap
from tools.stats.validity.planted import Units, case_of, evidence_of, spec_of

NINE_TO_ONE = (Arm(name="control", weight=9), Arm(name="variant b", weight=1))


def _moments(values):
    return Moments(n=len(values), mean=(values.mean(),), comoments=((((values - values.mean()) ** 2).sum(),),))


def _units(rng, n, columns, share=0.5):
    """Units of two arms by a share of treatment, one day, one device."""
    zeros = np.zeros(n, dtype=np.int64)
    arm = (rng.random(n) < share).astype(np.int64)
    return Units(arm, zeros, zeros, columns(arm))


def _seriously(seeds, spec, n, columns, share=0.5):
    """Per attack, in how many sound experiments it is serious; and in how many any is."""
    counted = {"any": 0}
    for seed in range(seeds):
        rng = np.random.default_rng([seed, 404])
        units = _units(rng, n, lambda arm, rng=rng: columns(rng, arm), share)
        bad = [i for i, o in case_of(spec, evidence_of(spec, units)).items() if o.severity in {"serious", "blocking"}]
        counted["any"] += bool(bad)
        for attack in bad:
            counted[attack] = counted.get(attack, 0) + 1
    return counted


def _plan(size, kind="proportion", **changes):
    metric = Metric(name="primary", role="primary", kind=kind, column="y")
    given = {"covariates": (), "time_column": None, "segments": (), "metrics": (metric,)}
    return spec_of(minimum_effect=Effect(size=size, scale="absolute"), **(given | changes))


@pytest.mark.parametrize(
    ("plan", "n", "base", "effect"),
    [
        pytest.param({"sides": 1}, 20_000, 0.05, 0.0078, id="one side, 5%"),
        pytest.param({"alpha": 0.1}, 20_000, 0.05, 0.0078, id="two sides, 10%"),
        pytest.param({"win_rate": 0.1}, 20_000, 0.05, 0.0088, id="one idea in ten works"),
        pytest.param({}, 200, 0.1, 0.15, id="200 units"),
    ],
)
@pytest.mark.parametrize(("runs", "most"), [(80, 11), pytest.param(300, 26, marks=pytest.mark.calibrate)])
def test_a_true_effect_of_any_plan_is_rarely_called_serious(plan, n, base, effect, runs, most):
    """With a true effect found 4 times in 5, under 5% of readouts may be serious (12 to 54% before)."""

    def columns(rng, arm):
        return {"y": (rng.random(n) < base + effect * arm).astype(float)}

    counted = _seriously(runs, _plan(effect, **plan), n, columns)
    assert counted["any"] <= most, counted  # what a rate of 5% exceeds once in a thousand times


def test_skewed_columns_in_unequal_arms_are_balanced():
    """Rare, skewed spend before exposure, split 90:10: serious in about 0.1% of sound experiments, not in 4%."""
    spec = _plan(0.05, covariates=("spend", "visits")).model_copy(update={"arms": NINE_TO_ONE})

    def columns(rng, arm):
        n = len(arm)
        return {
            "y": (rng.random(n) < 0.3).astype(float),
            "spend": (rng.random(n) < 0.03) * rng.lognormal(2, 1.2, n),
            "visits": rng.lognormal(0, 2, n),
        }

    counted = _seriously(200, spec, 2000, columns, share=0.1)
    assert counted.get("balance", 0) <= 2, counted


def test_a_real_imbalance_is_still_found_in_unequal_arms():
    """Where the small arm truly had spent half as much again, both analyses of variance say so."""
    rng = np.random.default_rng(8)
    arms = [_moments(rng.lognormal(1, 1, 18_000)), _moments(1.5 * rng.lognormal(1, 1, 2000))]
    assert max(welch_anova(arms) or 1, pooled_anova(arms) or 1) < 1e-6


def test_pooled_anova_agrees_with_scipy():
    """Fisher's analysis of variance from moments alone; None where nothing varies."""
    rng = np.random.default_rng(5)
    groups = [rng.normal(0.1 * i, 1 + i, 20 + 30 * i) for i in range(3)]
    assert pooled_anova([_moments(g) for g in groups]) == pytest.approx(stats.f_oneway(*groups).pvalue, rel=1e-10)
    assert pooled_anova([_moments(np.ones(5)), _moments(np.ones(9))]) is None


def test_revenue_of_few_buyers_has_no_serious_outlier():
    """Thirty log-normal purchases with sigma 1.5 an arm: a large one is a note, hardly ever serious (7% before)."""

    def columns(rng, arm):
        return {"y": (rng.random(len(arm)) < 0.05) * rng.lognormal(3, 1.5, len(arm))}

    counted = _seriously(300, _plan(30.0, kind="mean"), 600, columns)
    assert counted.get("outliers", 0) <= 2, counted


def test_chance_of_a_gap_is_calibrated_on_power_tails():
    """On Pareto tails the chance is uniform; a value far beyond a tight tail has none; too few values say nothing."""
    rng = np.random.default_rng(2)
    chances = [chance_of_gap(np.sort(1 + rng.pareto(1.2, 400))[::-1][:10].tolist()) for _ in range(2000)]
    assert stats.kstest(chances, "uniform").pvalue > 0.001
    # The ten largest of Cookie Cats' gate_30: one player of 49,854 rounds.
    assert chance_of_gap([49_854, 2961, 2438, 2251, 2156, 1906, 1714, 1705, 1544, 1528]) < BY_CHANCE
    assert chance_of_gap([5.0, 1.0]) == 1.0
    assert chance_of_gap([2.0, 1.0, 1.0, 1.0]) == 0.0


def test_other_arms_tell_the_shape_of_a_tail():
    """With the largest values of three arms the chance stays uniform, and a value far out has less of it."""
    rng = np.random.default_rng(3)
    arms = [[np.sort(1 + rng.pareto(1.2, 400))[::-1][:10].tolist() for _ in range(3)] for _ in range(2000)]
    chances = [chance_of_gap(own, others) for own, *others in arms]
    assert stats.kstest(chances, "uniform").pvalue > 0.001
    # One buyer of $60,000 where the next spent $500: by its own nine neighbours alone that was no serious outlier.
    own = [60_382, 501, 258, 251, 246, 124, 112, 108, 105, 101]
    other = [310, 262, 240, 221, 180, 166, 150, 131, 122, 117]
    assert chance_of_gap(own, [other]) < BY_CHANCE < chance_of_gap(own)
    assert chance_of_gap([5.0, 1.0], [other]) == 1.0


@pytest.mark.parametrize(("weights", "n"), [((9, 1), 60), ((9, 1), 200), ((99, 1), 700), ((1, 99), 2000)])
def test_splits_of_unequal_weights_hold_their_level(weights, n):
    """Summed over every split that chance can give, p falls below .001 in no more than .001 (.0023 by chi-square)."""
    share = weights[1] / sum(weights)
    splits = np.arange(n + 1)
    p = np.array([counts_against_weights([n - k, k], weights) for k in splits.tolist()])
    chance = stats.binom.pmf(splits, n, share)
    for level in (0.01, 0.001, 3e-5):
        assert chance[p < level].sum() <= level * (1 + 1e-9)
    few = splits[:: max(n // 40, 1)]
    exact = [stats.binomtest(int(k), n, share).pvalue for k in few]
    assert p[few] == pytest.approx(np.array(exact), rel=1e-6, abs=1e-300)


def test_an_effect_out_of_reach_is_refused():
    """One degree of freedom at alpha .01 asks for 63.7 standard errors: no power, so nothing to say of its winners."""
    with pytest.raises(Refused, match="never reaches significance"):
        design_errors(0.001, 1.0, 63.66)


def test_two_units_an_arm_do_not_break_the_case():
    """The smallest test there is, at a strict alpha, ends in objections that say what is missing."""
    spec = _plan(1e-6, kind="mean", alpha=1e-4)
    zeros = np.zeros(4, dtype=np.int64)
    units = Units(np.array([0, 0, 1, 1]), zeros, zeros, {"y": np.array([1.0, 1.0, 2.0, 2.5])})
    assert case_of(spec, evidence_of(spec, units))["exaggeration"].severity == "not assessable"


def test_a_small_arm_without_its_large_values_is_no_alarm():
    """Revenue in a 10% arm, looked at on 20 days: hardly ever a false stop (13% before, where 2.5% were meant)."""
    guardrail = Metric(name="g", role="guardrail", kind="mean", column="g", margin=Effect(size=1e-9, scale="absolute"))
    primary = Metric(name="p", role="primary", kind="proportion", column="p")
    spec = _plan(0.1, metrics=(primary, guardrail)).model_copy(update={"arms": NINE_TO_ONE})
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng([seed, 12])
        so_far = {"control": Moments.empty(1), "variant b": Moments.empty(1)}
        for _ in range(20):
            for arm, n in (("control", 900), ("variant b", 100)):
                so_far[arm] = so_far[arm] + _moments((rng.random(n) < 0.05) * rng.lognormal(3, 1.5, n))
            arms = reading.prepare(guardrail, so_far, "control")
            found = reading._always_valid(spec, arms, "variant b", 20_000)
            if not isinstance(found, reading.Interval):
                continue
            if found.high < 0:
                alarms += 1
                break
    assert alarms <= 5


def test_equal_arms_pay_nothing_for_the_pooled_width():
    """In arms of one size the pooled standard error is Welch's, so the always-valid interval is as narrow as before."""
    rng = np.random.default_rng(1)
    guardrail = Metric(name="g", role="guardrail", kind="mean", column="g", margin=Effect(size=1.0, scale="absolute"))
    a, b = rng.normal(10, 1, 500), rng.normal(10, 4, 500)
    arms = reading.prepare(guardrail, {"control": _moments(a), "variant b": _moments(b)}, "control")
    assert reading._pooled_width(arms, "variant b") == pytest.approx(1.0, abs=1e-12)
    small = reading.prepare(guardrail, {"control": _moments(b), "variant b": _moments(a[:50])}, "control")
    error = np.sqrt(b.var(ddof=1) / 500 + a[:50].var(ddof=1) / 50)
    pooled = np.sqrt((499 * b.var(ddof=1) + 49 * a[:50].var(ddof=1)) / 548 * (1 / 500 + 1 / 50))
    assert reading._pooled_width(small, "variant b") == pytest.approx(pooled / error)
