"""The plain difference that several attacks recompute, against numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from copilot_tools.refusals import Refused
from copilot_tools.results import Slice
from copilot_tools.stats.evidence import Evidence, MetricCell, Quality, SourceInfo, UnitCell
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.spec import Metric
from copilot_tools.stats.validity._contrast import difference, level
from tools.stats.validity.planted import case_of, spec_of

RATE = Metric(name="rate", role="primary", kind="ratio", column="clicks", denominator="views")
SPEND = Metric(name="spend", kind="mean", column="spent")
VISIT = Metric(name="visit", kind="proportion", column="visited")


def test_means_and_proportions_give_the_known_statistics() -> None:
    """Welch's t and the pooled z, from moments alone."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(3, 1, 80), rng.normal(3.3, 2, 120)
    found = difference(SPEND, *(Moments.of([[float(x)] for x in v]) for v in (a, b)))
    assert found.z == pytest.approx(stats.ttest_ind(b, a, equal_var=False).statistic, rel=1e-9)
    cookie = difference(VISIT, Moments.of_proportion(44700, 8502), Moments.of_proportion(45489, 8279))
    assert cookie.z == pytest.approx(-3.1644, abs=1e-4)


def _pairs(rng: np.random.Generator, n: int, rate: float) -> list[list[float]]:
    views = rng.integers(1, 20, n)
    return [[float(c), float(v)] for c, v in zip(rng.binomial(views, rate), views, strict=True)]


def test_a_ratio_has_its_delta_method_variance() -> None:
    """The variance of a difference of ratios agrees with 2,000 seeded repetitions."""
    rng = np.random.default_rng(2)
    drawn = [difference(RATE, *(Moments.of(_pairs(rng, 60, 0.2)) for _ in range(2))) for _ in range(2000)]
    assert np.var([d.effect for d in drawn]) == pytest.approx(np.mean([d.variance for d in drawn]), rel=0.1)


def test_what_has_no_value_is_refused() -> None:
    """No units, a denominator of zero, and values that never vary are refused."""
    constant = Moments.of([[1.0], [1.0]])
    with pytest.raises(Refused, match="same for every unit"):
        difference(SPEND, constant, constant)
    with pytest.raises(Refused, match="sums to 0"):
        level(RATE, Moments.of([[1.0, 0.0], [2.0, 0.0]]))
    with pytest.raises(Refused, match="no units"):
        level(SPEND, Moments.empty(1))


def test_a_ratio_as_primary_gets_its_case() -> None:
    """Drift and reversal are computed for a ratio; single units are not, and it says so."""
    rng = np.random.default_rng(3)
    spec = spec_of(metrics=(RATE,), covariates=(), minimum_effect={"size": 0.01, "scale": "absolute"})
    cells, units = [], []
    for arm in spec.arm_names:
        days = {
            Slice(dimension="day", level=f"2026-03-{d:02d}"): Moments.of(_pairs(rng, 200, 0.2)) for d in range(1, 8)
        }
        parts = {Slice(): Moments.sum(days.values(), 2)} | days
        cells += [MetricCell(metric="rate", arm=arm, slice=part, moments=m) for part, m in parts.items()]
        units += [UnitCell(arm=arm, slice=part, units=m.n) for part, m in parts.items()]
    source = SourceInfo(kind="frame", name="made", digest="0" * 64)
    case = case_of(spec, Evidence(source=source, units=tuple(units), cells=tuple(cells), quality=Quality(rows=2800)))
    assert case["novelty"].severity == "none"
    assert case["simpson"].severity == "none"
    assert case["fragility"].severity == "not assessable"
    assert case["outliers"].value == 0
