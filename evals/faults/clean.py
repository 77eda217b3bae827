"""Clean experiments of several shapes: sound in every respect, with and without an effect."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from copilot_tools.stats.spec import Arm, Clusters, Effect, Looks, Metric, Segment
from faults.experiments import CONVERTED, ORDERS, REVENUE, Columns, Experiment, plan_of, users

__all__ = ["CLEAN", "Maker"]

Maker = Callable[[np.random.Generator], Experiment]
"""One seeded experiment."""

_SECOND = Metric(name="revenue", kind="mean", column="revenue", unit="$")
_COMPLAINTS = Metric(
    name="complaints",
    role="guardrail",
    kind="proportion",
    column="complained",
    direction="decrease",
    margin=Effect(size=0.01, scale="absolute"),
)


def no_effect(rng: np.random.Generator) -> Experiment:
    """A proportion, 10,000 users, no effect."""
    return Experiment(plan_of(CONVERTED, _SECOND, matters=0.03), users(rng, 10_000))


def true_effect(rng: np.random.Generator) -> Experiment:
    """A proportion with the effect it was sized for: found 80 times in 100."""
    matters = 2.8 * math.sqrt(2 * 0.3 * 0.7 / 5_000)
    return Experiment(plan_of(CONVERTED, matters=matters), users(rng, 10_000, effect=matters))


def few_users(rng: np.random.Generator) -> Experiment:
    """600 users and rare conversions."""
    return Experiment(plan_of(matters=0.08), users(rng, 600, base=0.08))


def heavy_revenue(rng: np.random.Generator) -> Experiment:
    """Revenue of few buyers with a heavy tail (sigma 1.5), no effect or a tenth more."""
    effect = 0.1 * float(rng.integers(0, 2))
    return Experiment(plan_of(REVENUE, matters=2.0), users(rng, 12_000, effect=effect, tail=1.5))


def unequal_revenue(rng: np.random.Generator) -> Experiment:
    """The same in a split of 90 to 10."""
    arms = (Arm(name="control", weight=9), Arm(name="b", weight=1))
    plan = plan_of(REVENUE, matters=4.0, arms=2).model_copy(update={"arms": arms})
    return Experiment(plan, users(rng, 20_000, weights=(9, 1), tail=1.2))


def ratio(rng: np.random.Generator) -> Experiment:
    """Orders a session, users being assigned."""
    effect = 0.08 * float(rng.integers(0, 2))
    return Experiment(plan_of(ORDERS, CONVERTED_TOO, matters=0.01), users(rng, 12_000, effect=effect))


CONVERTED_TOO = Metric(name="conversion", kind="proportion", column="converted")


def three_arms(rng: np.random.Generator) -> Experiment:
    """Three arms of unequal weight, four weeks, a secondary metric with empty cells and a guardrail."""
    weights = (2.0, 1.0, 1.0)
    rows = users(rng, 16_000, weights=weights, days=28)
    rows["complained"] = (rng.random(16_000) < 0.02).astype(np.int64)
    rows["revenue"] = np.where(rng.random(16_000) < 0.02, np.nan, rows["revenue"])
    arms = tuple(Arm(name=a, weight=w) for a, w in zip(("control", "b", "c"), weights, strict=True))
    metrics = (CONVERTED, _SECOND.model_copy(update={"nulls": "drop"}), _COMPLAINTS)
    plan = plan_of(*metrics, matters=0.03, arms=3)
    return Experiment(plan.model_copy(update={"arms": arms}), rows)


def served(rng: np.random.Generator, rows: Columns) -> Columns:
    """Columns of a test of a model: households, a version that changes with time, who could be affected."""
    n = len(rows["user"])
    return rows | {
        "household": np.sort(rng.integers(0, n // 3, n)),
        "model": np.array(["v1", "v2", "v3"])[np.minimum(rows["day"] // 5, 2)],
        "eligible": (rng.random(n) < 0.7).astype(np.int64),
    }


def model_test(rng: np.random.Generator) -> Experiment:
    """A test of a model: activated users alone, three versions served one after the other, households."""
    effect = 0.04 * float(rng.integers(0, 2))
    plan = plan_of(
        CONVERTED,
        matters=0.04,
        activation="eligible",
        clusters=Clusters(column="household"),
        segments=(Segment(column="device"), Segment(column="model", versions=True)),
    )
    return Experiment(plan, served(rng, users(rng, 14_000, effect=effect)))


def stopped_early(rng: np.random.Generator) -> Experiment:
    """A registered look at half of the units, which an effect half as large again as planned stops."""
    matters = 2.8 * math.sqrt(2 * 0.3 * 0.7 / 10_000)
    plan = plan_of(CONVERTED, matters=matters, looks=Looks(shares=(0.5,)))
    rows = users(rng, 10_000, effect=1.5 * matters)
    return Experiment(plan, rows, committed=20_000, shares=(0.5,))


CLEAN: dict[str, Maker] = {
    "proportion, no effect": no_effect,
    "proportion, 80% power": true_effect,
    "600 users, rare": few_users,
    "heavy-tailed revenue": heavy_revenue,
    "revenue, 90 to 10": unequal_revenue,
    "ratio of sums": ratio,
    "three arms, 28 days": three_arms,
    "test of a model": model_test,
    "stopped at a registered look": stopped_early,
}
"""Shape -> maker."""
