"""Event rows: told apart from duplicates, and brought to one row a unit as the plan and the rules say."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.results import Slice
from copilot_tools.stats.sources.rows.events import EventsSource, open_events
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, DataPolicy, Metric
from tools.stats.sources.row_worlds import problems, spec, write

# u1 buys on days 0, 3 and 8 after the first exposure, u2 never, u3 on day 7 to the minute, u4 has an empty event.
EVENTS = """user,arm,at,bought,amount,country,age
u1,control,2025-03-01 10:00:00,1,5,DE,30
u1,control,2025-03-09 10:00:00,1,100,FR,31
u1,control,2025-03-04 10:00:00,1,7,DE,
u2,control,2025-03-02 10:00:00,0,0,FR,40
u2,control,2025-03-03 10:00:00,0,,FR,40
u3,b,2025-03-01 10:00:00,0,0,DE,50
u3,b,2025-03-08 10:00:00,1,9,DE,50
u4,b,2025-03-05 10:00:00,,,DE,60
u4,b,2025-03-06 10:00:00,1,2,DE,60
"""
WEEK = Metric(name="bought in a week", role="primary", kind="proportion", column="bought", window_days=7)
REVENUE = Metric(name="revenue", kind="mean", column="amount")
REVENUE_WEEK = Metric(name="revenue in a week", kind="mean", column="amount", window_days=7)
PLAN = spec(WEEK, REVENUE, REVENUE_WEEK, time_column="at", covariates=("age",))


def means(path: Path, plan: AnalysisSpec, **rules: str) -> dict[tuple[str, str], tuple[int, float]]:
    """(metric, arm) -> (units, mean) of the whole."""
    evidence = open_events(path, aggregate=rules).scan(plan, metrics=plan.metrics)  # type: ignore[arg-type]
    cells = [c for c in evidence.cells if c.slice.whole]
    found = {(c.metric, c.arm): (c.moments.n, c.moments.mean[0]) for c in cells}
    return found | {(f"{c.metric} before", c.arm): (c.moments.n, c.moments.mean[0]) for c in evidence.before}


def test_events_are_told_from_duplicates(tmp_path: Path) -> None:
    """Units with several different rows are refused as events, and the cure offers to aggregate them."""
    path = write(tmp_path, EVENTS)
    found = problems(path, spec(WEEK, time_column="at", policy=DataPolicy()))
    assert "4 of 4 units (100%)" in found["data.event_rows"].reason
    assert "aggregated to one row a unit" in found["data.event_rows"].cure
    kept = spec(WEEK.model_copy(update={"nulls": "zero"}), time_column="at", policy=DataPolicy(duplicates="first"))
    assert problems(path, kept) == {}


def test_events_become_units(tmp_path: Path) -> None:
    """Any for proportions, sum for means, first for the rest; windows run from each unit's first event."""
    found = means(write(tmp_path, EVENTS), PLAN)
    assert found["bought in a week", "control"] == (2, 0.5)
    assert found["bought in a week", "b"] == (2, 0.5)  # u3 bought exactly 7 days after: no longer within them
    assert found["revenue", "control"] == (2, 56.0)
    assert found["revenue", "b"] == (2, 5.5)
    assert found["revenue in a week", "control"] == (2, 6.0)
    assert found["revenue in a week", "b"] == (2, 1.0)
    assert found["age before", "control"] == (2, 35.0)


def test_the_evidence_says_what_was_done(tmp_path: Path) -> None:
    """The treatment names the aggregation and the units whose window was still open; rows are the events read."""
    source = open_events(write(tmp_path, EVENTS))
    evidence = source.scan(PLAN, metrics=PLAN.metrics, cuts=("country",))
    assert evidence.quality.rows == 9
    assert evidence.quality.treatment == (
        "9 events were brought to 4 rows, one a unit and arm.",
        "1 of 4 units had not had their full 7 days when the data ended; what they did later is not in it.",
    )
    assert source.describe().kind == evidence.source.kind == "events"
    assert len(evidence.source.sketch) == 4
    assert evidence.units_of("control", Slice(dimension="country", level="DE")) == 1
    assert evidence.units_of("control", Slice(dimension="at", level="2025-03-01")) == 1


def test_rules_can_be_given(tmp_path: Path) -> None:
    """A column's own rule takes the place of the default."""
    path = write(tmp_path, EVENTS)
    assert means(path, PLAN, amount="first")["revenue", "control"] == (2, 2.5)
    assert means(path, PLAN, amount="any")["revenue", "b"] == (2, 1.0)


def test_order_of_events_does_not_show(tmp_path: Path) -> None:
    """Events in any order of the file give the same units."""
    head, *lines = EVENTS.strip().split("\n")
    turned = "\n".join([head, *reversed(lines)]) + "\n"
    assert means(write(tmp_path, turned, "b.csv"), PLAN) == means(write(tmp_path, EVENTS), PLAN)


def test_a_unit_in_two_arms_stays_in_two(tmp_path: Path) -> None:
    """Aggregation goes by unit and arm, so that a unit that changed arms is found, not mixed."""
    path = write(tmp_path, EVENTS.replace("u1,control,2025-03-09", "u1,b,2025-03-09"))
    evidence = open_events(path).scan(PLAN, metrics=PLAN.metrics)
    assert evidence.quality.two_arms == 1
    assert evidence.cells == ()
    assert evidence.balance == ("age",)


@pytest.mark.parametrize(
    ("change", "rules", "code"),
    [
        ({"unit": None}, {}, "data.unit_undeclared"),
        ({}, {"amout": "sum"}, "data.column_missing"),
        ({}, {"amount": "average"}, "data.rule_unknown"),
        ({"time_column": "when"}, {}, "data.column_missing"),
        ({"covariates": ("country",)}, {}, "data.not_numeric"),
        ({}, {"bought": "sum"}, "data.proportion_values"),
    ],
)
def test_unreadable_events_are_refused(change: dict, rules: dict, code: str, tmp_path: Path) -> None:
    """What events cannot be aggregated by is refused with its code, in problems and in scan alike."""
    plan = AnalysisSpec.model_validate(PLAN.model_dump() | change)
    source = open_events(write(tmp_path, EVENTS), aggregate=rules)
    found = source.problems(plan)
    assert code in {p.code for p in found}
    assert all(p.cure for p in found)
    with pytest.raises(Refused):
        source.scan(plan, metrics=plan.metrics)


def test_rows_can_be_taken_as_events(tmp_path: Path) -> None:
    """A file opened as rows and refused as events is read on without opening it again."""
    rows = open_file(write(tmp_path, EVENTS))
    assert {p.code for p in rows.problems(PLAN)} >= {"data.event_rows"}
    assert EventsSource(rows, {"amount": "sum"}).problems(PLAN) == ()
