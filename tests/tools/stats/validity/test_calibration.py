"""Clean experiments: how often anything serious is said, through the real evidence and the real reading."""

from __future__ import annotations

import collections
import math

import numpy as np
import pytest

from copilot_tools.stats.spec import Effect, Metric
from copilot_tools.stats.validity.levels import LEVELS
from tools.stats.validity.planted import case_of, draw, evidence_of, spec_of

SPEND_FIRST = (
    Metric(name="spend", role="primary", kind="mean", column="spent", unit="$"),
    Metric(name="visit", kind="proportion", column="visited"),
)
CLEAN_TESTS = {
    "null, two arms": {"m": 0.04},
    "null, three arms": {"m": 0.04, "arms": 3, "n": 15_000},
    "null, five arms, sixty days": {"m": 0.06, "arms": 5, "days": 60, "runs": 500},
    "null, 600 units": {"m": 0.15, "n": 600},
    "null, skewed mean": {"m": 0.5, "metrics": SPEND_FIRST},
    "null, skewed mean, 600 units": {"m": 2.0, "n": 600, "metrics": SPEND_FIRST},
    "null, one-sided 2.5%": {"m": 0.04, "sides": 1, "alpha": 0.025},
    "true effect, two arms": {"m": 0.04, "effect": 0.04},
    "true effect, 80% power": {"m": 0.025, "effect": 0.025},
    "true effect, three arms": {"m": 0.04, "effect": 0.04, "arms": 3, "n": 15_000},
}


def _serious(name: str, seeds: range) -> tuple[int, collections.Counter[str]]:
    """Readouts with anything serious or blocking, and by which attack."""
    setting = {k: v for k, v in CLEAN_TESTS[name].items() if k != "runs"}
    size, arms = setting.pop("m"), setting.pop("arms", 2)
    drawn = {k: setting.pop(k) for k in ("n", "effect", "days") if k in setting}
    spec = spec_of(arms, minimum_effect=Effect(size=size, scale="absolute"), **setting)
    hits, by = 0, collections.Counter[str]()
    for seed in seeds:
        units = draw(
            np.random.default_rng([seed, arms]),
            drawn.get("n", 10_000),
            arms,
            **{k: v for k, v in drawn.items() if k != "n"},
        )
        bad = [i for i, o in case_of(spec, evidence_of(spec, units)).items() if o.severity in {"serious", "blocking"}]
        hits += bool(bad)
        by.update(bad)
    return hits, by


@pytest.mark.parametrize("name", ["null, two arms", "true effect, three arms"])
def test_a_clean_test_is_rarely_called_serious(name) -> None:
    """60 seeded clean readouts: serious in no more than a rate of 5% would exceed once in a thousand times."""
    hits, by = _serious(name, range(60))
    assert hits <= 9, by


@pytest.mark.calibrate
@pytest.mark.parametrize("name", CLEAN_TESTS)
def test_clean_tests_stay_under_five_percent(name) -> None:
    """3,000 seeded clean readouts (500 of the slowest kind): serious in under 5%, each attack within its own line."""
    runs = CLEAN_TESTS[name].get("runs", 3000)
    hits, by = _serious(name, range(10_000, 10_000 + runs))
    assert hits / runs < 0.05, by
    for attack, count in by.items():
        allowed = LEVELS[attack].false_alarms
        if attack == "sample-ratio":
            allowed += LEVELS["sample-ratio-slices"].false_alarms
        if attack == "fragility":
            allowed += LEVELS["false-positive-risk"].false_alarms  # the same close calls
        assert count / runs < allowed + 4 * math.sqrt(allowed / runs), (attack, by)
