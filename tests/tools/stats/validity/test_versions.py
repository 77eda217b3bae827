"""Versions of what is tested: held against each other by Cochran's Q, and called where they differ."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.spec import Metric, Segment
from tools.stats.validity.planted import Units, case_of, draw, evidence_of, spec_of

MODELS = (Segment(column="device"), Segment(column="model", versions=True))
SPEND = Metric(name="spend", role="primary", kind="mean", column="spent", unit="$")


def _by_version(spec, units: Units) -> Evidence:
    """Evidence sliced by three versions that follow each other in time."""
    return evidence_of(spec, units, extra=[("model", np.minimum(units.day // 5, 2))])


def test_one_effect_is_one_effect() -> None:
    """Versions with one effect raise nothing, and the p-value is that of Q computed apart."""
    spec, units = spec_of(segments=MODELS), draw(np.random.default_rng(2), 20_000, effect=0.03)
    found = case_of(spec, _by_version(spec, units))["versions"]
    assert found.severity == "none"
    effects, variances = [], []
    version = np.minimum(units.day // 5, 2)
    for v in range(3):
        a, b = (units.columns["visited"][(version == v) & (units.arm == arm)] for arm in (0, 1))
        p = np.concatenate([a, b]).mean()
        effects.append(b.mean() - a.mean())
        variances.append(p * (1 - p) * (1 / len(a) + 1 / len(b)))
    w = 1 / np.array(variances)
    q = float((w * (effects - (w * effects).sum() / w.sum()) ** 2).sum())
    assert found.value == pytest.approx(stats.chi2.sf(q, 2), rel=1e-9)


@pytest.mark.parametrize("metric", [None, SPEND])
def test_a_version_that_lost_the_effect_is_serious(metric) -> None:
    """The effect of the last version gone: called, with the effect under both; for shares and for averages."""
    spec = spec_of(segments=MODELS, **({"metrics": (metric,)} if metric else {}))
    units = draw(np.random.default_rng(3), 30_000)
    rng = np.random.default_rng(4)
    early = (units.arm == 1) & (units.day < 10)
    units.columns["visited"] = np.maximum(units.columns["visited"], (early & (rng.random(30_000) < 0.12)).astype(float))
    units.columns["spent"] = units.columns["spent"] * (1 + 0.5 * early)
    found = case_of(spec, _by_version(spec, units))["versions"]
    assert found.severity == "serious"
    assert "under level 2" in found.sentence
    assert len(found.details) == 3


def test_versions_that_control_never_had_are_not_assessable() -> None:
    """Where control carries no version there is nothing to hold a version against, and it says so."""
    spec, units = spec_of(segments=MODELS), draw(np.random.default_rng(5), 4_000)
    served = np.where(units.arm == 1, 1 + units.day // 7, 0)
    found = case_of(spec, evidence_of(spec, units, extra=[("model", served)]))["versions"]
    assert found.severity == "not assessable"
    assert "in control and in a treatment arm" in found.sentence


@pytest.mark.calibrate
@pytest.mark.parametrize("effect", [0.0, 0.05])
def test_versions_with_one_effect_are_seldom_called(effect) -> None:
    """3,000 seeded tests with one effect: serious no more often than in one of a thousand, note in one of a hundred."""
    spec, severities = spec_of(segments=MODELS), []
    for seed in range(3000):
        units = draw(np.random.default_rng([seed, 77]), 6_000, effect=effect)
        severities.append(case_of(spec, _by_version(spec, units))["versions"].severity)
    assert severities.count("serious") <= 9
    assert severities.count("note") <= 27 + 4 * 27**0.5
