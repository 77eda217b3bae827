"""The audit of assignment: recomputed by GrowthBook's own SDK; planted routing faults; clean logs stay quiet."""

from __future__ import annotations

import numpy as np
import pytest
from growthbook import Experiment, GrowthBook

from copilot_tools.refusals import Refused
from copilot_tools.stats.assignment.split import Split, WeightedArm
from copilot_tools.stats.personalization.routing import routing_audit

SPLIT = Split(seed="model-test", arms=(WeightedArm(name="control"), WeightedArm(name="model")))


def log(start, n, split=SPLIT):
    """Units and their true arms."""
    units = [f"u{i}" for i in range(start, start + n)]
    return units, [str(arm) for arm in split.assign_all(units)]


def test_what_growthbook_served_is_what_the_audit_recomputes():
    """A log written by GrowthBook's SDK has no mismatch; under another seed it has nothing to do with the hash."""
    units = [f"visitor-{i}" for i in range(300)]
    experiment = Experiment(
        key="k", variations=["control", "model"], seed="model-test", hashVersion=2, weights=[0.5, 0.5]
    )
    served = [GrowthBook(attributes={"id": u}).run(experiment).value for u in units]
    found = routing_audit(SPLIT, units, served)
    assert (found.mismatches, found.severity, found.units) == (0, "none", 300)
    other = routing_audit(SPLIT.model_copy(update={"seed": "another"}), units, served)
    assert other.unrelated
    assert other.severity == "blocking"
    assert "nothing to do with this hash" in other.sentence


def test_a_fallback_in_one_version_is_found_there():
    """3% of one version's units fall back to control: found, blocking, and pinned on that version and crossing."""
    rng = np.random.default_rng(1)
    units, arms = log(0, 6000)
    versions = ["v1" if i % 2 else "v2" for i in range(6000)]
    served = ["control" if v == "v2" and rng.random() < 0.06 else arm for arm, v in zip(arms, versions, strict=True)]
    found = routing_audit(SPLIT, units, served, versions)
    assert found.severity == "blocking"
    assert found.versions[0].version == "v2"
    assert found.versions[0].rate == pytest.approx(0.03, abs=0.01)
    assert found.versions[1].mismatches == 0
    assert (found.crossings[0].assigned, found.crossings[0].logged) == ("model", "control")


@pytest.mark.parametrize("logs", [20, pytest.param(60, marks=pytest.mark.calibrate)])
def test_clean_logs_stay_quiet_and_planted_faults_are_found(logs):
    """Logs of 2,000 units each way: shares or balance off in under 5% of clean ones, routed ones nearly always."""
    rng = np.random.default_rng(2)
    alarms = lost = unlike = 0
    for i in range(logs):
        units, arms = log(i * 2000, 2000)
        spend = rng.exponential(10, 2000)
        alarms += routing_audit(SPLIT, units, arms, before={"spend": spend.tolist()}).severity in {
            "serious",
            "blocking",
        }
        kept = [k for k in range(2000) if arms[k] == "control" or rng.random() > 0.25]
        found = routing_audit(SPLIT, [units[k] for k in kept], [arms[k] for k in kept])
        lost += found.severity in {"serious", "blocking"}
        # A router that sends heavy buyers to the model: those it takes out of the test are not alike any more.
        kept = [k for k in range(2000) if arms[k] == "control" or rng.random() < min(1.0, 0.2 + spend[k] / 15)]
        chosen = routing_audit(
            SPLIT, [units[k] for k in kept], [arms[k] for k in kept], before={"spend": [float(spend[k]) for k in kept]}
        )
        unlike += chosen.balance[0].severity == "serious"
    assert alarms <= 0.05 * logs
    assert lost >= 0.95 * logs
    assert unlike >= 0.95 * logs


def test_a_version_that_serves_all_arms_keeps_the_shares():
    """Units picked by arm for one version, though nobody is lost over all: found in that version's shares."""
    rng = np.random.default_rng(3)
    units, arms = log(0, 8000)
    versions = ["new" if rng.random() < (0.3 if arm == "model" else 0.2) else "old" for arm in arms]
    found = routing_audit(SPLIT, units, arms, versions)
    assert found.mismatches == 0
    assert found.severity == "blocking"
    assert {v.version for v in found.versions if v.shares_p is not None and v.shares_p < 0.001} >= {"new"}
    # Versions that only ever serve the treatment have no shares to keep.
    own = ["" if arm == "control" else "v1" for arm in arms]
    assert routing_audit(SPLIT, units, arms, own).severity == "none"


def test_repeats_strangers_and_outsiders_are_counted():
    """A repeated entry counts once; an unknown arm and a unit that takes no part are mismatches; two arms are told."""
    half = SPLIT.model_copy(update={"coverage": 0.5})
    units, arms = log(0, 400, half)
    outsider = units[arms.index("None")]
    insider, arm = next((u, a) for u, a in zip(units, arms, strict=True) if a != "None")
    found = routing_audit(half, [insider, insider, insider, outsider], [arm, arm, "fallback", "control"])
    assert (found.units, found.mismatches, found.several_arms) == (3, 2, 1)
    assert {c.assigned for c in found.crossings} == {arm, "takes no part"}
    assert found.severity == "blocking"


@pytest.mark.parametrize(
    ("units", "logged", "before", "word"),
    [
        ([], [], {}, "no unit"),
        (["a", ""], ["control", "model"], {}, "empty"),
        (["a"], ["control", "model"], {}, "2 entries"),
        (["a"], ["control"], {"x": [1.0, 2.0]}, "2 entries"),
        (["a"], ["control"], {"x": [float("nan")]}, "no finite number"),
    ],
)
def test_a_log_that_cannot_be_audited_is_refused(units, logged, before, word):
    """No units, unnamed ones, lists of different lengths, a number that is none."""
    with pytest.raises(Refused, match=word):
        routing_audit(SPLIT, units, logged, before=before)
