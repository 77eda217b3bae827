"""Too few events, or skew that does not cancel: where an interval for large samples is doubtful."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from copilot_tools.stats.validity.levels import LEVELS
from copilot_tools.stats.validity.sparse_data import skew_of_difference
from tools.stats.validity.planted import Units, case_of, counts, evidence_of, spec_of

BOUGHT = Metric(name="bought", role="primary", kind="proportion", column="y")
REVENUE = Metric(name="revenue", role="primary", kind="mean", column="y", unit="$")


def _plan(metric: Metric, share: float = 0.5, size: float = 0.01) -> AnalysisSpec:
    arms = (Arm(name="control", weight=1 - share), Arm(name="b", weight=share))
    effect = Effect(size=size, scale="absolute")
    spec = spec_of(2, metrics=(metric,), minimum_effect=effect, covariates=(), time_column=None, segments=())
    return spec.model_copy(update={"arms": arms})


def _revenue(rng: np.random.Generator, n: int, share: float) -> Units:
    """5% buyers who spend log-normal amounts with sigma 1.5, no effect."""
    zeros = np.zeros(n, dtype=np.int64)
    y = (rng.random(n) < 0.05) * rng.lognormal(3, 1.5, n)
    return Units((rng.random(n) < share).astype(np.int64), zeros, zeros, {"y": y})


def _shares_of(found: list[str]) -> tuple[float, float]:
    """Share that speaks at all, and share that is serious."""
    return sum(s != "none" for s in found) / len(found), sum(s == "serious" for s in found) / len(found)


@pytest.mark.parametrize(
    ("n", "share", "speaks", "serious"),
    [
        pytest.param(2000, 0.1, (0.9, 1.0), (0.01, 0.5), id="2,000 units split 90:10"),
        pytest.param(18_000, 0.5, (0.0, 0.02), (0.0, 0.0), id="18,000 balanced"),
        pytest.param(2000, 0.5, (0.0, 0.1), (0.0, 0.02), id="2,000 balanced"),
    ],
)
def test_revenue_of_few_buyers_is_doubted_in_unequal_arms(n, share, speaks, serious) -> None:
    """Said in most readouts where a tenth of the units is an arm, hardly ever where both arms are alike."""
    spec = _plan(REVENUE, share, 2.0)
    found = []
    for seed in range(150):
        evidence = evidence_of(spec, _revenue(np.random.default_rng([seed, 71]), n, share))
        found.append(case_of(spec, evidence)["sparse-data"].severity)
    any_, bad = _shares_of(found)
    assert speaks[0] <= any_ <= speaks[1]
    assert serious[0] <= bad <= serious[1]


@pytest.mark.parametrize("runs", [250, pytest.param(600, marks=pytest.mark.calibrate)])
def test_the_doubt_is_warranted_where_it_speaks(runs) -> None:
    """Welch's t: 90:10 a loss is "found" far more often than 2.5% where nothing is; balanced, neither end is."""
    rates = {}
    for n, share in ((2000, 0.1), (18_000, 0.5)):
        hits = np.zeros(2)
        for seed in range(runs):
            units = _revenue(np.random.default_rng([seed, 72]), n, share)
            control, treatment = (units.columns["y"][units.arm == i] for i in (0, 1))
            test = stats.ttest_ind(treatment, control, equal_var=False)
            hits += (test.pvalue < 0.05) * np.array([test.statistic < 0, test.statistic > 0])
        rates[share] = hits / runs
    assert rates[0.1][0] > 0.08
    assert rates[0.5].max() < 0.045


def _sparse(control: tuple[int, int], treatment: tuple[int, int], share: float = 0.5) -> tuple[str, str]:
    spec: AnalysisSpec = _plan(BOUGHT, share)
    evidence: Evidence = counts({"control": {"all": control}, "b": {"all": treatment}}, "part", "bought")
    found = case_of(spec, evidence)["sparse-data"]
    return found.severity, found.sentence


def test_fewer_than_five_expected_events_are_doubted() -> None:
    """Below 5 a note, even where a difference is found: the interval is exact. The rarer outcome counts."""
    assert _sparse((4, 1000), (5, 1000))[0] == "note"
    assert _sparse((5, 1000), (5, 1000))[0] == "none"
    severity, sentence = _sparse((0, 1000), (9, 1000))
    assert severity == "note"
    assert "test and interval are exact" in sentence
    assert "4.5 units with bought are expected in the smaller of b and control (1,000 units)" in sentence
    severity, sentence = _sparse((996, 1000), (995, 1000))
    assert severity == "note"
    assert "4.5 units without bought" in sentence
    assert _sparse((90, 9000), (4, 400), 0.05)[0] == "note"


@pytest.mark.parametrize("runs", [120, pytest.param(400, marks=pytest.mark.calibrate)])
def test_a_balanced_test_of_few_events_is_seldom_serious(runs) -> None:
    """Sound, balanced, three events expected an arm: a note always or nearly, anything serious in under 5%."""
    rng = np.random.default_rng(5)
    spec = _plan(BOUGHT, size=0.03)
    serious, spoke = 0, 0
    for _ in range(runs):
        table = {arm: {"all": (int(rng.binomial(200, 0.015)), 200)} for arm in spec.arm_names}
        case = case_of(spec, counts(table, "part", "bought"))
        spoke += case["sparse-data"].severity in {"note", "serious"}
        serious += any(o.severity == "serious" for o in case.values())
    assert spoke > 0.75 * runs
    assert serious <= 0.05 * runs


def test_small_arms_of_a_mean_are_a_note() -> None:
    """Under 30 units in an arm the interval of a mean takes near-normal values, and the reader is told so."""
    spec = _plan(REVENUE, 0.5, 2.0)
    units = _revenue(np.random.default_rng(1), 50, 0.5)
    units.columns["y"] = np.random.default_rng(2).normal(10, 1, 50)
    found = case_of(spec, evidence_of(spec, units))["sparse-data"]
    assert found.severity == "note"
    assert "fewer than 30" in found.sentence


def test_tame_values_are_not_doubted_in_unequal_arms() -> None:
    """Normal values split 95:5 leave the statistic symmetric: nothing is found."""
    spec = _plan(REVENUE, 0.05, 2.0)
    for seed in range(30):
        rng = np.random.default_rng([seed, 73])
        units = _revenue(rng, 2000, 0.05)
        units.columns["y"] = rng.normal(10, 3, 2000)
        assert case_of(spec, evidence_of(spec, units))["sparse-data"].severity == "none"


def test_a_mean_without_its_largest_values_cannot_be_judged() -> None:
    """Typed means keep no single values: not assessable, and it says what is missing."""
    spec = _plan(REVENUE, 0.5, 2.0)
    evidence = evidence_of(spec, _revenue(np.random.default_rng(1), 4000, 0.5)).model_copy(update={"extremes": ()})
    found = case_of(spec, evidence)["sparse-data"]
    assert found.severity == "not assessable"
    assert "largest values of revenue were not kept" in found.sentence


def test_the_skewness_of_a_difference_agrees_with_simulated_ones() -> None:
    """Exponential values (skewness 2) in arms of 20 and 80, 200,000 seeded differences."""
    rng = np.random.default_rng(6)
    a = rng.exponential(1, (200_000, 20)).mean(axis=1)
    b = rng.exponential(1, (200_000, 80)).mean(axis=1)
    assert skew_of_difference(2.0, 20, 80) == pytest.approx(stats.skew(a - b), abs=0.02)


def test_levels_know_their_direction() -> None:
    """P-values speak below, shares above, counts of units down to their threshold; the worst is capped on demand."""
    assert [LEVELS["sample-ratio"].severity(p) for p in (0.5, 0.01, 0.0099, 0.0009)] == [
        *("none", "none"),
        *("serious", "blocking"),
    ]
    assert [LEVELS["fragility"].severity(n) for n in (11, 10, 4, 3)] == ["none", "note", "note", "serious"]
    assert [LEVELS["duplicates"].severity(x) for x in (0.0, 0.05, 0.06)] == ["none", "note", "serious"]
    assert LEVELS["exaggeration"].severity(2.0) == "serious"
    assert LEVELS["exaggeration"].severity(2.0, "note") == "note"


@pytest.mark.parametrize(("n", "severity"), [(2000, {"none", "note"}), (200, {"none", "note", "serious"})])
def test_a_widened_interval_is_a_note(n, severity) -> None:
    """With third moments the interval is widened: 90:10 a note is left, serious only below 30 units in the arm."""
    spec = _plan(REVENUE, 0.1, 2.0)
    said = []
    for seed in range(60):
        units = _revenue(np.random.default_rng([seed, 75]), n, 0.1)
        evidence = evidence_of(spec, units)
        cells = []
        for cell in evidence.cells:
            y = units.columns["y"][units.arm == (cell.arm != "control")]
            known = cell.slice.whole and cell.moments.n == len(y)
            thirds = (float(((y - y.mean()) ** 3).sum()),) if known else None
            cells.append(cell.model_copy(update={"moments": cell.moments.model_copy(update={"thirds": thirds})}))
        found = case_of(spec, evidence.model_copy(update={"cells": tuple(cells)}))["sparse-data"]
        said.append(found)
        if found.value is not None and found.value > 0.3 and found.severity == "note":
            assert "for which the interval was widened" in found.sentence
    assert {o.severity for o in said} <= severity
    assert sum(o.severity != "none" for o in said) > 50
