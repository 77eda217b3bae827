"""Planted faults through the product's own path: a sample with the other tests, all of them under calibration."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from evals.evals_at_hand import faults_score as score


@pytest.mark.parametrize("name", score.FAULTS)
def test_a_sample_of_every_fault_is_called(name) -> None:
    """Two seeded experiments with a fault are called by the attack that belongs to it."""
    row = score.planted(name, range(2))
    assert (row.runs, row.called) == (2, 2), row.raised


def test_a_sample_of_clean_experiments_is_left_in_peace() -> None:
    """Two seeded experiments of every clean shape: not one is called serious, blocked or refused."""
    rows = [score.clean(name, range(2)) for name in score.CLEAN]
    assert sum(row.called for row in rows) == 0, [(r.name, r.raised) for r in rows]


def test_a_fault_taken_out_is_not_called() -> None:
    """The same units without the fault raise nothing: it is the fault that is called, not the experiment."""
    experiment = score.FAULTS["imbalance before"].made(np.random.default_rng([score.SEED, 0, 0]))
    whole = experiment.rows["arm"] == 1
    cured = experiment.rows | {"age": experiment.rows["age"] - whole * _shift(experiment)}
    assert score.case_alarms(experiment) == ("balance",)
    assert score.case_alarms(score.Experiment(experiment.spec, cured)) == ()


def _shift(experiment: score.Experiment) -> float:
    age, arm = experiment.rows["age"], experiment.rows["arm"]
    return float(age[arm == 1].mean() - age[arm == 0].mean())


def test_the_page_shows_both_tables() -> None:
    """The page names every fault with what was planted, and what clean experiments raised."""
    shown = score.page([score.planted("users in two arms", range(1))], [score.clean("600 users, rare", range(1))])
    assert "| users in two arms | 0.2 to 2% of 10,000 users" in shown
    assert "| all | 1 | 0.0% | |" in shown


@pytest.mark.calibrate
def test_planted_faults_are_called_and_clean_experiments_are_not() -> None:
    """1,200 planted faults: each attack calls 95% of its own. 1,800 clean ones: under 5% raise anything serious."""
    faults = [score.planted(name, range(100)) for name in score.FAULTS]
    sound = [score.clean(name, range(200)) for name in score.CLEAN]
    sys.stdout.write(score.page(faults, sound) + "\n")
    for row in faults:
        assert row.share >= 0.95, row
    made = sum(row.runs for row in sound)
    assert sum(row.called for row in sound) / made < 0.05
    for row in sound:
        assert row.share < 0.05 + 3 * math.sqrt(0.05 * 0.95 / row.runs), row
