"""A table in a warehouse gives the evidence its file gives, to a billionth, whatever the columns are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from copilot_tools.stats.sources.rows.events import EventsSource, open_events
from copilot_tools.stats.sources.rows.exposed import open_exposed
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.warehouse.source import open_table, open_tables
from copilot_tools.stats.spec import AnalysisSpec, Cap, DataPolicy, Dialect, Exposure, Metric
from tools.stats.sources.warehouse.warehouse_worlds import assert_same, both, in_duckdb, plan, world

DROPS = DataPolicy(duplicates="first", two_arms="drop", contradictions="drop", missing_arm="drop")


def test_user_table(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Every kind of metric, cap, covariate, segment and day: Postgres against the file."""
    path = both(tmp_path, postgres, world())
    spec = plan(activation="eligible", exposure=Exposure(column="variant_seen", expected={"b": "b", "c": "c"}))
    cuts = ("age", "price")
    expected = open_file(path).scan(spec, metrics=spec.metrics, cuts=cuts)
    found = open_table(postgres, "lab.results").scan(spec, metrics=spec.metrics, cuts=cuts)
    assert len(found.cells) > 200
    assert found.quality.contradictions is not None
    assert sum(found.quality.contradictions.values()) > 0
    assert_same(expected, found)
    huge = found.moments_of("huge", "control")
    assert huge is not None
    assert huge.variance() == pytest.approx(1.0, rel=0.1)  # a naive sum of squares of 1e9 keeps nothing of it


def test_a_database_of_duckdb(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """The same description on a DuckDB connection that is passed in gives the same again."""
    data = world(1_500)
    path = both(tmp_path, postgres, data)
    spec = plan()
    with in_duckdb(tmp_path / "shop.duckdb", data) as connection:
        found = open_table(connection, "results", dialect="duckdb").scan(spec, metrics=spec.metrics)
    assert_same(open_file(path).scan(spec, metrics=spec.metrics), found)


def test_repeated_and_crossed_units(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Duplicates, units in two arms and rows without an arm are counted, kept and left out alike."""
    data = world(1_200)
    later = pc.add(data["at"], pa.scalar(3_600_000_000, pa.duration("us")))
    again = data.set_column(data.schema.get_field_index("at"), "at", later).slice(0, 60)
    crossed = data.slice(100, 25).set_column(1, "arm", pa.array(["control"] * 25))
    unarmed = data.slice(200, 5).set_column(1, "arm", pa.nulls(5, pa.string()))
    users = pa.array([f"x{i}" for i in range(5)])
    path = both(tmp_path, postgres, pa.concat_tables([data, again, crossed, unarmed.set_column(0, "user", users)]))
    for policy in (DROPS, DataPolicy(), DROPS.model_copy(update={"duplicates": "refuse"})):
        spec = plan(policy=policy)
        expected = open_file(path).scan(spec, metrics=spec.metrics)
        found = open_table(postgres, "lab.results").scan(spec, metrics=spec.metrics)
        assert found.quality.two_arms
        assert found.quality.missing_arm == 5
        assert bool(found.cells) == (policy == DROPS)
        assert_same(expected, found)


@pytest.mark.parametrize("quantile", [0.9, 0.95, 0.999])
def test_caps_of_ties(tmp_path: Path, postgres: psycopg.Connection, quantile: float) -> None:
    """A quantile that falls among equal values cuts none of them, on either engine."""
    g = np.random.default_rng(3)
    n = 1_000
    data = pa.table(
        {
            "user": pa.array(range(n)),
            "arm": pa.array(g.choice(["control", "b", "c"], n)),
            "spend": pa.array(np.minimum(np.round(g.exponential(20, n), 1), 49.9)),
        }
    )
    path = both(tmp_path, postgres, data)
    capped = Metric(name="spend", role="primary", kind="mean", column="spend", cap=Cap(quantile=quantile))
    spec = plan(metrics=(capped,), segments=(), covariates=(), time_column=None)
    expected = open_file(path).scan(spec, metrics=spec.metrics)
    found = open_table(postgres, "lab.results").scan(spec, metrics=spec.metrics)
    assert_same(expected, found)


def test_text_is_read_as_in_a_csv(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Numbers, truths and times held as text mean on Postgres what they mean in a CSV."""
    lines = ["user,arm,bought,spend,at,code"]
    spends = ["1", " 2.5 ", "1e3", "-.5", "7.", "+3", "", "0"]
    times = [
        "2025-03-01",
        "2025/3/2 17:05",
        "2025-03-03T17:05:09Z",
        "2025-02-28 23:30:00+00:30",
        "2024-02-29 01:02:03.5",
    ]
    for i in range(400):
        arm = ("control", "b", "c")[i % 3]
        bought = ("true", "0", "False", "1")[i % 4]
        lines.append(f"{i},{arm},{bought},{spends[i % 8]},{times[i % 5]},0{i % 7}")
    path = tmp_path / "texts.csv"
    path.write_text("\n".join(lines) + "\n")
    postgres.execute('CREATE TABLE lab.texts ("user" text, arm text, bought text, spend text, at text, code text)')
    with postgres.cursor().copy("COPY lab.texts FROM STDIN") as copy:
        for line in lines[1:]:
            copy.write_row([cell or None for cell in line.split(",")])
    spec = plan(
        metrics=(
            Metric(name="bought", role="primary", kind="proportion", column="bought"),
            Metric(name="spend", kind="mean", column="spend", nulls="zero"),
        ),
        segments=(),
        covariates=(),
        dialect=Dialect(timezone="Europe/Berlin"),
    )
    expected = open_file(path).scan(spec, metrics=spec.metrics, cuts=("code",))
    found = open_table(postgres, "lab.texts").scan(spec, metrics=spec.metrics, cuts=("code",))
    assert len({u.slice for u in found.units if u.slice.dimension == "at"}) == 4  # half past eleven, half an hour east
    assert_same(expected, found)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_days_in_the_plans_zone(tmp_path: Path, postgres: psycopg.Connection, zone: str) -> None:
    """Moments with a zone fall on the days of the plan's zone, whatever zone the session had."""
    data = world(600)
    aware = pc.assume_timezone(data["at"], "UTC")
    path = both(tmp_path, postgres, data.set_column(data.schema.get_field_index("at"), "at", aware))
    postgres.execute("SET TimeZone = 'Asia/Tokyo'")
    spec = plan(dialect=Dialect(timezone=zone))
    source = open_table(postgres, "lab.results")
    assert_same(open_file(path).scan(spec, metrics=spec.metrics), source.scan(spec, metrics=spec.metrics))


def event_world(seed: int = 8) -> tuple[pa.Table, pa.Table]:
    """Exposures (some repeated) and events (some before them, some of strangers, some long after)."""
    g = np.random.default_rng(seed)
    units, events = 700, 6_000
    start = np.datetime64("2025-03-01T00:00:00", "us")
    first = start + (g.random(units) * 10 * 86_400e6).astype("timedelta64[us]")
    arm = g.choice(["control", "b", "c"], units)
    again = g.integers(0, units, 200)
    who = np.concatenate([np.arange(units), again])
    at = np.concatenate([first, first[again] + np.timedelta64(5, "h")])
    exposures = pa.table(
        {
            "user": pa.array(who),
            "arm": pa.array(arm[who]),
            "at": pa.array(at),
            "before": pa.array(np.round(g.normal(20, 4, units), 2)[who]),
            "country": pa.array(g.choice(["DE", "FR"], units)[who]),
            "eligible": pa.array((np.arange(units) % 10 > 0)[who]),
        }
    )
    whose = g.integers(0, units + 60, events)
    happened = start + (g.random(events) * 20 * 86_400e6 - 2 * 86_400e6).astype("timedelta64[us]")
    # One exactly at the exposure counts; one exactly seven days later is outside of seven days.
    whose[:2], happened[0], happened[1] = 0, first[0], first[0] + np.timedelta64(7, "D")
    happenings = pa.table(
        {
            "customer": pa.array(whose),
            "time": pa.array(happened),
            "bought": pa.array((g.random(events) < 0.3).astype(int)),
            "amount": pa.array(np.where(g.random(events) < 0.1, None, np.round(g.exponential(30, events), 2)).tolist()),
        }
    )
    return exposures, happenings


EVENT_METRICS = (
    Metric(name="bought in a week", role="primary", kind="proportion", column="bought", window_days=7),
    Metric(name="revenue", kind="mean", column="amount", covariate="before", nulls="drop"),
    Metric(name="revenue in a week", kind="mean", column="amount", window_days=7, cap=Cap(quantile=0.95)),
    Metric(name="amount a purchase", kind="ratio", column="amount", denominator="bought"),
)


def event_plan(**changes: object) -> AnalysisSpec:
    """The plan of ``event_world``."""
    fields = {"metrics": EVENT_METRICS, "covariates": ("before",), "segments": (), "activation": "eligible"}
    return plan(**(fields | changes))


def test_exposures_and_events(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """Two tables with conversion windows: Postgres against files, and both against counting by hand."""
    exposures, happenings = event_world()
    one, two = both(tmp_path, postgres, exposures, "exposures"), both(tmp_path, postgres, happenings, "happenings")
    spec = event_plan()
    by_file = open_exposed(one, two, unit="customer", time="time")
    by_table = open_tables(postgres, "lab.exposures", "lab.happenings", unit="customer", time="time")
    assert by_table.problems(spec, ("country",)) == ()
    expected = by_file.scan(spec, metrics=spec.metrics, cuts=("country",))
    found = by_table.scan(spec, metrics=spec.metrics, cuts=("country",))
    assert_same(expected, found)
    frame, happened = exposures.to_pandas(), happenings.to_pandas()
    unit = frame.groupby("user").agg(at=("at", "min"), arm=("arm", "first"), eligible=("eligible", "max"))
    joined = happened.merge(unit, left_on="customer", right_index=True)
    after = joined[joined["time"] >= joined["at"]]
    week = after[(after["time"] - after["at"]).dt.total_seconds() < 7 * 86_400]
    for arm, units in unit[unit["eligible"]].groupby("arm"):
        for metric, events in (("revenue", after), ("revenue in a week", week)):
            if metric == "revenue":
                total = events.groupby("customer")["amount"].sum().reindex(units.index).fillna(0)
                moments = found.moments_of(metric, str(arm))
                assert moments is not None
                assert moments.n == len(units)
                assert moments.mean[0] == pytest.approx(total.mean(), rel=1e-12)
                assert moments.variance() == pytest.approx(total.var(), rel=1e-9)
        bought = week[week["bought"] == 1]["customer"].unique()
        moments = found.moments_of("bought in a week", str(arm))
        assert moments is not None
        assert round(moments.mean[0] * moments.n) == units.index.isin(bought).sum()


def test_one_row_an_event(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """A single table of events is brought to units as a file of events is."""
    g = np.random.default_rng(4)
    n = 3_000
    who = g.integers(0, 500, n)
    data = pa.table(
        {
            "user": pa.array(who),
            "arm": pa.array(np.array(["control", "b", "c"])[who % 3]),
            "at": pa.array(np.datetime64("2025-03-01", "us") + (g.random(n) * 20 * 86_400e6).astype("timedelta64[us]")),
            "bought": pa.array((g.random(n) < 0.3).astype(int)),
            "amount": pa.array(np.round(g.exponential(30, n), 2)),
            "before": pa.array(np.where(g.random(n) < 0.3, None, np.round(g.normal(20, 4, n), 2)).tolist()),
            "country": pa.array(np.where(g.random(n) < 0.3, None, g.choice(["DE", "FR"], n)).tolist()),
        }
    )
    path = both(tmp_path, postgres, data)
    spec = event_plan(activation=None)
    expected = open_events(path, aggregate={"amount": "sum"}).scan(spec, metrics=spec.metrics, cuts=("country",))
    found = EventsSource(open_table(postgres, "lab.results"), {"amount": "sum"}).scan(
        spec, metrics=spec.metrics, cuts=("country",)
    )
    assert_same(expected, found)


def test_blinded(tmp_path: Path, postgres: psycopg.Connection) -> None:
    """While blinded no outcome is summed in the warehouse, and units and what was before are as in the file."""
    path = both(tmp_path, postgres, world(800))
    spec = plan()
    found = open_table(postgres, "lab.results").scan(spec, metrics=())
    assert found.cells == ()
    assert found.extremes == ()
    assert_same(open_file(path).scan(spec, metrics=()), found)
