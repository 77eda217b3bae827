"""What the plan's policy does to rows without an arm, contradictions, units in two arms, repeats and activation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import DataPolicy, Exposure
from tools.stats.sources.row_worlds import BOUGHT, problems, spec, write

# u1 twice in control (the later row first), u2 in both arms, one row without an arm, u4 saw the wrong page.
FAULTS = """user,arm,bought,day,page,before,saw
u1,control,1,2025-03-05,old,3,1
u1,control,0,2025-03-01,old,4,1
u2,control,1,2025-03-01,old,5,1
u2,b,1,2025-03-01,new,6,1
u3,,1,2025-03-01,old,7,1
u4,b,1,2025-03-01,old,8,1
u5,b,0,2025-03-01,new,9,1
u6,b,1,2025-03-01,new,9,0
u7,control,1,2025-03-02,old,2,1
"""
PAGE = Exposure(column="page", expected={"control": "old", "b": "new"})
ALL = DataPolicy(duplicates="first", two_arms="drop", contradictions="drop", missing_arm="drop")


def read(folder: Path, policy: DataPolicy, **changes: Any) -> Evidence:
    """Scan the faulty file under a policy."""
    plan = spec(**({"exposure": PAGE, "covariates": ("before",), "policy": policy} | changes))
    return open_file(write(folder, FAULTS)).scan(plan, metrics=plan.metrics)


def outcomes(evidence: Evidence) -> set[str]:
    """Metrics whose outcomes are in the evidence."""
    return {c.metric for c in evidence.cells}


def test_refusing_policies_count_and_open_nothing(tmp_path: Path) -> None:
    """By default every fault is counted as found, units are counted once, and no outcome is read."""
    evidence = read(tmp_path, DataPolicy())
    quality = evidence.quality
    assert quality.rows == 9
    assert quality.missing_arm == 1
    assert quality.duplicate_rows == {"control": 1, "b": 0}
    assert quality.two_arms == 1
    assert quality.contradictions == {"control": 0, "b": 1}
    assert quality.units_before_policy == {"control": 3, "b": 4}
    assert (evidence.units_of("control"), evidence.units_of("b")) == (3, 4)
    assert outcomes(evidence) == set()
    assert evidence.extremes == ()
    assert evidence.balance == ("before",)
    (said,) = quality.treatment
    assert said.startswith(
        "No outcome was read: the plan's policy does not say what to do about 1 row without an arm, "
    )
    assert said.endswith(
        "1 row whose page contradicts the arm, 1 unit found in more than one arm and 1 row that repeats a unit of the "
        "same arm."
    )


def test_policies_are_applied_in_order_and_said(tmp_path: Path) -> None:
    """Every policy removes what it says, in the design's order, with a sentence each; the found counts stay."""
    evidence = read(tmp_path, ALL, activation="saw")
    assert evidence.quality.treatment == (
        "1 row without an arm was left out.",
        "1 row whose page contradicts the arm was left out (1 in b).",
        "1 unit found in more than one arm was left out with all rows.",
        "1 row that repeats a unit of the same arm was left out; of each unit, the first in the file was kept.",
        "1 unit that could not be affected (by 'saw') was left out.",
    )
    assert evidence.quality.units_before_policy == {"control": 3, "b": 4}
    assert evidence.quality.not_activated == 1
    assert (evidence.units_of("control"), evidence.units_of("b")) == (2, 1)
    found = evidence.moments_of("bought", "control")
    assert found is not None
    assert found.mean == (1.0,)


def test_the_first_row_is_the_earliest(tmp_path: Path) -> None:
    """With a time column the earliest row of a unit is kept, not the first in the file; the sentence says which."""
    evidence = read(tmp_path, ALL, time_column="day")
    found = evidence.moments_of("bought", "control")
    assert found is not None
    assert found.mean == (0.5,)
    assert any("the earliest by day was kept" in s for s in evidence.quality.treatment)


@pytest.mark.parametrize("field", ["duplicates", "two_arms", "contradictions", "missing_arm"])
def test_one_open_question_closes_the_outcomes(field: str, tmp_path: Path) -> None:
    """A single fault whose policy is refuse keeps every outcome closed, though the other policies are applied."""
    evidence = read(tmp_path, ALL.model_copy(update={field: "refuse"}))
    assert outcomes(evidence) == set()
    assert len(evidence.quality.treatment) == 4
    assert outcomes(read(tmp_path, ALL)) == {"bought"}


def test_a_tolerated_share_in_two_arms_is_dropped(tmp_path: Path) -> None:
    """Units in two arms within the plan's tolerance are dropped and counted; beyond it they close the outcomes."""
    rows = "user,arm,bought\n" + "".join(f"u{i},{'b' if i % 2 else 'control'},1\n" for i in range(99))
    path = write(tmp_path, rows + "u1,control,1\n")
    for tolerance, opened in ((0.0, set()), (0.0101, set()), (0.0102, {"bought"})):
        plan = spec(policy=DataPolicy(two_arms_tolerance=tolerance))
        evidence = open_file(path).scan(plan, metrics=plan.metrics)
        # 1 of 99 units is 1.0101%
        assert outcomes(evidence) == opened
        assert evidence.quality.two_arms == 1
    assert evidence.total_units == 98
    assert "1.01% of all units, which the plan tolerates" in evidence.quality.treatment[0]


def test_an_empty_exposure_contradicts_nothing(tmp_path: Path) -> None:
    """A row that says nothing about what was shown is not held against its arm."""
    plan = spec(exposure=PAGE)
    evidence = open_file(write(tmp_path, "user,arm,bought,page\nu1,control,1,old\nu2,b,1,new\nu3,b,0,\n")).scan(
        plan, metrics=plan.metrics
    )
    assert evidence.quality.contradictions == {"control": 0, "b": 0}
    assert outcomes(evidence) == {"bought"}


def test_copies_are_duplicates_and_not_events(tmp_path: Path) -> None:
    """A file in which every row stands ten times is reported as duplicates; its units are counted once."""
    rows = [f"u{i},{'b' if i % 2 else 'control'},{i % 3 % 2}\n" for i in range(50)]
    path = write(tmp_path, "user,arm,bought\n" + "".join(rows * 10))
    assert problems(path, spec()) == {}
    closed = open_file(path).scan(spec(), metrics=(BOUGHT,))
    assert closed.quality.duplicate_rows == {"control": 225, "b": 225}
    assert closed.total_units == 50
    plan = spec(policy=DataPolicy(duplicates="first"))
    opened = open_file(path).scan(plan, metrics=(BOUGHT,)).moments_of("bought", "b")
    assert opened is not None
    assert opened.n == 25
