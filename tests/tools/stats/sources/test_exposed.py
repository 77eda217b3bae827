"""Exposures in one file, events in another: what counts, what does not, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.exposed import ExposedSource, open_exposed
from copilot_tools.stats.spec import Metric
from tools.stats.sources.row_worlds import spec, write

# u1 is exposed twice; u3 never buys; u9 buys and is never exposed.
EXPOSURES = """user,arm,at,age,eligible
u1,control,2025-03-01 10:00:00,30,1
u1,control,2025-03-05 10:00:00,31,1
u2,control,2025-03-02 10:00:00,40,1
u3,b,2025-03-01 10:00:00,50,1
u4,b,2025-03-01 10:00:00,60,1
u5,b,2025-03-01 10:00:00,70,0
"""
EVENTS = """customer,time,bought,amount
u1,2025-03-01 09:59:59,1,1000
u1,2025-03-01 10:00:00,1,5
u1,2025-03-08 09:59:59,0,2
u1,2025-03-08 10:00:00,1,100
u2,2025-03-12 10:00:00,1,8
u4,2025-03-03 10:00:00,1,
u4,2025-03-04 10:00:00,0,6
u5,2025-03-04 10:00:00,1,500
u9,2025-03-04 10:00:00,1,700
,2025-03-04 10:00:00,1,900
"""
WEEK = Metric(name="bought in a week", role="primary", kind="proportion", column="bought", window_days=7)
REVENUE = Metric(name="revenue", kind="mean", column="amount")
REVENUE_WEEK = Metric(name="revenue in a week", kind="mean", column="amount", window_days=7)
PLAN = spec(WEEK, REVENUE, REVENUE_WEEK, time_column="at", covariates=("age",), activation="eligible")


def opened(folder: Path, ending: str = "csv", events: str = EVENTS) -> ExposedSource:
    """The two files; as Parquet their times are times and their numbers numbers."""
    one, two = write(folder, EXPOSURES, "exposures.csv"), write(folder, events, "events.csv")
    if ending == "parquet":
        for path in (one, two):
            pq.write_table(pv.read_csv(path), path.with_suffix(".parquet"))
        one, two = one.with_suffix(".parquet"), two.with_suffix(".parquet")
    return open_exposed(one, two, unit="customer", time="time")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_events_from_the_first_exposure_on(tmp_path: Path, ending: str) -> None:
    """An event at the exposure counts, one before does not; a window ends before its last instant."""
    source = opened(tmp_path, ending)
    assert source.problems(PLAN) == ()
    evidence = source.scan(PLAN, metrics=PLAN.metrics)
    whole = {(c.metric, c.arm): (c.moments.n, c.moments.mean[0]) for c in evidence.cells if c.slice.whole}
    assert whole == {
        ("bought in a week", "control"): (2, 0.5),
        ("bought in a week", "b"): (2, 0.5),
        ("revenue", "control"): (2, (5 + 2 + 100 + 8) / 2),
        ("revenue", "b"): (2, 3.0),
        ("revenue in a week", "control"): (2, 3.5),
        ("revenue in a week", "b"): (2, 3.0),
    }
    assert {(c.arm, c.moments.mean[0]) for c in evidence.before} == {("control", 35.0), ("b", 55.0)}
    assert evidence.quality.treatment[0] == (
        "7 of 10 events happened to exposed units from their first exposure on, and count; there are 6 exposures."
    )
    assert evidence.quality.not_activated == 1
    assert evidence.source.name == f"exposures.{ending} + events.{ending}"
    assert evidence.source.opening["events"].endswith(f"events.{ending}")


def test_the_digest_is_of_both(tmp_path: Path) -> None:
    """A change in either file changes what the source is known by."""
    first = opened(tmp_path).describe().digest
    assert opened(tmp_path).describe().digest == first
    assert opened(tmp_path, events=EVENTS.replace("700", "701")).describe().digest != first


@pytest.mark.parametrize(
    ("plan", "events", "code", "name"),
    [
        (PLAN.model_copy(update={"time_column": None}), EVENTS, "data.exposure_undeclared", "time_column"),
        (PLAN, EVENTS.replace("bought", "brought"), "data.column_missing", "bought"),
        (PLAN, EVENTS.replace("u4,2025-03-03 10:00:00", "u4,03.03.2025"), "data.time_unreadable", "time"),
        (PLAN.model_copy(update={"covariates": ("income",)}), EVENTS, "data.column_missing", "income"),
        (
            PLAN,
            EVENTS.replace("u4,2025-03-04 10:00:00,0,6", "u4,2025-03-04 10:00:00,0,six"),
            "data.not_numeric",
            "amount",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, plan: object, events: str, code: str, name: str) -> None:
    """Each names the column and a cure, in problems and in scan alike."""
    source = opened(tmp_path, events=events)
    found = source.problems(plan)  # type: ignore[arg-type]
    assert (code, name) in {(p.code, p.name) for p in found}
    assert all(p.cure for p in found)
    with pytest.raises(Refused):
        source.scan(plan, metrics=PLAN.metrics)  # type: ignore[arg-type]
