"""The faults: each planted in a sound experiment at a size that its attack can be expected to find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot_tools.stats.spec import Clusters, Segment
from faults.clean import Maker, served
from faults.experiments import CONVERTED, REVENUE, Columns, Experiment, plan_of, users

__all__ = ["FAULTS", "Fault"]


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        made: A seeded experiment with the fault in it.
        caught_by: Ids of the objections, or codes of the refusals, one of which must be raised (serious or blocking).
        planted: What was planted, and how large.
        detectable: Why that is to be found.
    """

    made: Maker
    caught_by: tuple[str, ...]
    planted: str
    detectable: str


def _kept(rows: Columns, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Columns:
    return {name: values[keep] for name, values in rows.items()}


def sample_ratio(rng: np.random.Generator) -> Experiment:
    """Users of one arm are lost, the more active ones first."""
    rows = users(rng, 20_000)
    loss = rng.uniform(0.07, 0.15) * (0.5 + rows["visits_before"] / 6.0)
    return Experiment(plan_of(), _kept(rows, ~((rows["arm"] == 1) & (rng.random(20_000) < loss))))


def two_arms(rng: np.random.Generator) -> Experiment:
    """Some users have a row in each arm."""
    rows = users(rng, 10_000)
    again = rng.random(10_000) < rng.uniform(0.002, 0.02)
    return Experiment(
        plan_of(),
        {k: np.concatenate([v, (1 - v[again]) if k == "arm" else v[again]]) for k, v in rows.items()},
    )


def differential_loss(rng: np.random.Generator) -> Experiment:
    """Cells of the outcome are empty more often in treatment, and there rather for those who did not convert."""
    n = 12_000
    rows = users(rng, n)
    extra = rng.uniform(0.02, 0.04) * (rows["arm"] == 1) * (1.2 - 0.6 * rows["converted"])
    gone = rng.random(n) < 0.01 + extra
    rows["converted"] = np.where(gone, np.nan, rows["converted"].astype(float))
    return Experiment(plan_of(CONVERTED.model_copy(update={"nulls": "drop"})), rows)


def novelty(rng: np.random.Generator) -> Experiment:
    """An effect that begins high and has worn off, or turned, by the end of two weeks."""
    n = 40_000
    rows = users(rng, n)
    fade = rng.uniform(0.10, 0.14)
    rate = 0.3 + (rows["arm"] == 1) * (0.04 + fade * (0.5 - rows["day"] / 13))
    rows["converted"] = (rng.random(n) < rate).astype(np.int64)
    return Experiment(plan_of(), rows)


def outlier(rng: np.random.Generator) -> Experiment:
    """One user's revenue is 40 to 120 times the largest of all others."""
    rows = users(rng, 12_000)
    rows["revenue"][rng.integers(0, 12_000)] = round(float(rows["revenue"].max() * rng.uniform(40, 120)), 2)
    return Experiment(plan_of(REVENUE, matters=2.0), rows)


def simpson(rng: np.random.Generator) -> Experiment:
    """Treatment is ramped up in a bad week: it wins within every day and loses over everyone."""
    n = 20_000
    rows = users(rng, n)
    late = rows["day"] >= 7
    low, high = rng.uniform(0.15, 0.3), rng.uniform(0.7, 0.85)
    rows["arm"] = (rng.random(n) < np.where(late, high, low)).astype(np.int64)
    rate = np.where(late, 0.2, 0.4) + 0.04 * rows["arm"]
    rows["converted"] = (rng.random(n) < rate).astype(np.int64)
    return Experiment(plan_of(), rows)


def _households(rng: np.random.Generator, n: int) -> Columns:
    """Users in households of four who share habits."""
    rows = users(rng, n)
    rows["household"] = np.arange(n) // 4
    rows["habit"] = rng.normal(0, 0.1, n // 4)[rows["household"]]
    return rows


def spillover(rng: np.random.Generator) -> Experiment:
    """Control users do better the more of their household are treated."""
    n = 16_000
    rows = _households(rng, n)
    treated = np.bincount(rows["household"], rows["arm"])[rows["household"]] - rows["arm"]
    spill = rng.uniform(0.13, 0.2)
    rate = 0.3 + rows.pop("habit") + 0.05 * rows["arm"] + spill * (1 - rows["arm"]) * treated / 3
    rows["converted"] = (rng.random(n) < rate).astype(np.int64)
    return Experiment(plan_of(clusters=Clusters(column="household")), rows)


def kept_together(rng: np.random.Generator) -> Experiment:
    """Whole households were assigned, although the plan says users were."""
    n = 4_000
    rows = _households(rng, n)
    rows["arm"] = rng.integers(0, 2, n // 4)[rows["household"]]
    rate = np.clip(0.3 + rows.pop("habit"), 0, 1)
    rows["converted"] = (rng.random(n) < rate).astype(np.int64)
    return Experiment(plan_of(clusters=Clusters(column="household")), rows)


def torn(rng: np.random.Generator) -> Experiment:
    """The plan says that whole households were assigned; in the data some are in two arms, or none but finer rows."""
    experiment = kept_together(rng)
    rows = experiment.rows
    if rng.random() < 0.5:
        moved = rng.random(len(rows["arm"])) < 0.01
        rows["arm"] = np.where(moved, 1 - rows["arm"], rows["arm"])
    return Experiment(plan_of(clusters=Clusters(column="household", assigned="clusters")), rows)


def version_drift(rng: np.random.Generator) -> Experiment:
    """The effect falls from version to version of the model under test."""
    n = 30_000
    rows = served(rng, users(rng, n))
    step = rng.uniform(0.04, 0.06)
    version = np.minimum(rows["day"] // 5, 2)
    rate = 0.3 + rows["arm"] * (0.03 + step * (1 - version))
    rows["converted"] = (rng.random(n) < rate).astype(np.int64)
    return Experiment(plan_of(segments=(Segment(column="model", versions=True),)), rows)


def imbalance(rng: np.random.Generator) -> Experiment:
    """The arms already differed before exposure, by an eighth to a fifth of a standard deviation."""
    rows = users(rng, 12_000)
    rows["age"] = rows["age"] + 12 * rng.uniform(0.125, 0.2) * (rows["arm"] == 1)
    return Experiment(plan_of(), rows)


def underpowered_winner(rng: np.random.Generator) -> Experiment:
    """A test a seventh as large as it had to be, among many like it the one that won."""
    matters = 0.03
    for _ in range(1000):
        rows = users(rng, 1_000, effect=matters)
        arm, converted = rows["arm"], rows["converted"]
        levels = [converted[arm == a].mean() for a in (0, 1)]
        error = np.sqrt(converted.var() * (1 / (arm == 0).sum() + 1 / (arm == 1).sum()))
        if (levels[1] - levels[0]) / error > 2.05:
            return Experiment(plan_of(matters=matters), rows)
    raise AssertionError("a test with a power of one in six did not win once in a thousand")


FAULTS: dict[str, Fault] = {
    "sample ratio": Fault(
        sample_ratio,
        ("sample-ratio",),
        "7 to 15% of one arm lost, the more active users first; 20,000 users",
        "7% are 5 standard errors of the split",
    ),
    "users in two arms": Fault(
        two_arms, ("two-arms",), "0.2 to 2% of 10,000 users have a row in each arm", "counted, not estimated"
    ),
    "differential loss": Fault(
        differential_loss,
        ("missing-by-arm",),
        "2 to 4 points more empty cells in treatment, over 1% in control; 12,000 users",
        "2 points are 8 standard errors",
    ),
    "novelty": Fault(
        novelty,
        ("novelty",),
        "the effect falls by 10 to 14 points over 14 days; 40,000 users",
        "10 points are 6.8 standard errors of the slope, 3.3 being serious",
    ),
    "outlier": Fault(
        outlier, ("outliers",), "one user's revenue 40 to 120 times the largest other", "a gap that no tail foretells"
    ),
    "Simpson's reversal": Fault(
        simpson,
        ("simpson",),
        "treatment ramped from 15-30% to 70-85% in a week with half the conversion; +4 points within days",
        "the whole turns round, and the mix of days differs beyond doubt",
    ),
    "spillover in households": Fault(
        spillover,
        ("interference",),
        "control gains 13 to 20 points from no treated neighbour to all; 4,000 households of 4",
        "13 points are 7 standard errors that follow the households",
    ),
    "households kept together": Fault(
        kept_together,
        ("clusters",),
        "1,000 households assigned as a whole, users by plan",
        "of 1,000 households of 4, 125 would lie in one arm",
    ),
    "plan and clusters disagree": Fault(
        torn,
        ("clusters.in_two_arms", "clusters.finer_unit"),
        "whole households by plan: 1% of users in the other arm, or one row a user",
        "counted, and refused before any outcome is read",
    ),
    "model-version drift": Fault(
        version_drift,
        ("versions",),
        "the effect falls by 4 to 6 points with each of three versions; 30,000 users",
        "8 points between the first and the last are 6 standard errors",
    ),
    "imbalance before": Fault(
        imbalance,
        ("balance",),
        "age differs by 0.125 to 0.2 standard deviations; 12,000 users",
        "0.125 are 6.8 standard errors",
    ),
    "underpowered winner": Fault(
        underpowered_winner,
        ("exaggeration",),
        "a power of one in six at the effect that matters, and significant",
        "such a win overstates the effect 2.3 times on average",
    ),
}
"""Name -> fault."""
