"""One engine may hold several specs at once, and what is read from a file is of the file that was opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.results import Slice
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.sources.rows import scan
from copilot_tools.stats.sources.rows.events import EventsSource
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.rows.frames import from_frame, from_relation
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.spec import AnalysisSpec, DataPolicy, Metric
from copilot_tools.stats.validity.balance import balance
from tools.stats.sources.row_worlds import BOUGHT, SPEND, spec, write

EVENTS = """user,arm,bought,spend,country
u1,control,1,5,DE
u1,control,0,100,FR
u2,control,0,0,FR
u2,control,1,4,FR
u3,b,0,1,DE
u3,b,1,9,DE
u4,b,1,2,DE
u4,b,0,3,DE
"""
KEPT = DataPolicy(duplicates="first", two_arms="drop", contradictions="drop", missing_arm="drop")


def scanned(source: RowsSource | EventsSource, plan: AnalysisSpec, *cuts: str) -> Evidence:
    """Evidence with every metric open."""
    return source.scan(plan, metrics=plan.metrics, cuts=cuts)


def tables(source: RowsSource) -> set[str]:
    """What stands in the engine."""
    found = source.table.connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
    return {name for (name,) in found}


def test_a_metric_cannot_pass_for_a_column_from_before(tmp_path: Path) -> None:
    """An outcome called "before: bought" is closed like any other, and the balance check does not read it."""
    named = BOUGHT.model_copy(update={"name": "before: bought"})
    text = "user,arm,bought\n" + "".join(f"u{i},{'b' if i % 2 else 'control'},{i % 2}\n" for i in range(40))
    plan = spec(named)
    opened = scanned(open_file(write(tmp_path, text)), plan)
    assert opened.balance == ()
    assert balance(plan, opened).severity == "not assessable"
    assert opened.only_metrics(()).cells == ()


def test_columns_from_before_survive_the_closing_of_outcomes(tmp_path: Path) -> None:
    """Moments of covariates stay when no metric is open, and are those of the whole arm."""
    plan = spec(BOUGHT, covariates=("spend",), policy=KEPT)
    closed = scanned(open_file(write(tmp_path, EVENTS)), plan, "country").only_metrics(())
    found = closed.before_of("spend", "control")
    assert found is not None
    assert (found.n, found.mean) == (2, (2.5,))
    assert closed.before_of("spend", "nobody") is None


def test_a_second_spec_does_not_disturb_the_first(tmp_path: Path) -> None:
    """Rows read under one plan, then as events, then under the first again give what they gave at first."""
    first, second = spec(BOUGHT, SPEND, policy=KEPT), spec(SPEND.model_copy(update={"role": "primary"}), policy=KEPT)
    rows = open_file(write(tmp_path, EVENTS))
    alone = scanned(open_file(write(tmp_path, EVENTS, "alone.csv")), first, "country")
    assert rows.problems(first, ("country",)) == ()
    events = EventsSource(rows, {"spend": "sum"})
    assert events.problems(second) == ()
    again = scanned(rows, first, "country")
    assert (again.units, again.cells, again.quality) == (alone.units, alone.cells, alone.quality)
    assert scanned(rows, second).moments_of("spend", "control") == alone.moments_of("spend", "control")
    summed = scanned(events, second).moments_of("spend", "control")
    assert summed is not None
    assert summed.mean == (54.5,)


def test_two_readings_of_one_table_stand_side_by_side(tmp_path: Path) -> None:
    """Two working tables of one engine keep their own columns, and policies applied to one leave the other alone."""
    rows = open_file(write(tmp_path, EVENTS))
    other = RowsSource(rows.table, rows.describe())
    first, second = spec(BOUGHT, policy=KEPT), spec(SPEND.model_copy(update={"role": "primary"}), policy=KEPT)
    assert rows.problems(first) == other.problems(second) == ()
    found = scanned(rows, first).moments_of("bought", "control")
    assert found is not None
    assert found.mean == (0.5,)
    assert {c.metric for c in scanned(other, second).cells} == {"spend"}


def test_nothing_is_left_in_the_engine(tmp_path: Path) -> None:
    """After many specs only the data and the last working table stand in the engine."""
    rows = open_file(write(tmp_path, EVENTS))
    for metrics in ((BOUGHT,), (BOUGHT, SPEND), (BOUGHT,)):
        scanned(rows, spec(*metrics, policy=KEPT))
    assert len(tables(rows)) == 2
    events = EventsSource(rows)
    for metrics in ((BOUGHT,), (BOUGHT, SPEND)):
        scanned(events, spec(*metrics))
    assert len(tables(rows)) == 4  # and the aggregated events with theirs


def world(n: int = 4000) -> pd.DataFrame:
    """Seeded by arithmetic: units with a few cuts of every type."""
    made = pd.DataFrame({"i": range(n)})
    return pd.DataFrame(
        {
            "user": made.i,
            "arm": made.i.map(lambda i: "b" if i * 7919 % 13 % 2 else "control"),
            "bought": made.i * 31 % 7 == 0,
            "spend": (made.i * 104729 % 997) / 8,
            "day": pd.to_datetime("2025-03-01") + pd.to_timedelta(made.i % 29, unit="D"),
            "whole": made.i % 5,
            "broken": (made.i % 4) / 2,
            "many": (made.i * 15485863 % 4001) / 4,
            "yes": made.i % 3 == 0,
            "name": made.i.map(lambda i: f"n{i * 17 % 45}"),
        }
    )


CUTS = ("whole", "broken", "many", "yes", "name")
PLAN = spec(BOUGHT, SPEND.model_copy(update={"covariate": "many"}), time_column="day")


def test_dimensions_packed_together_give_what_each_gives_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grouping several dimensions at once and rolling up changes no count, and no moment beyond rounding."""
    frame = world()
    packed = scanned(from_frame(frame), PLAN, *CUTS)
    monkeypatch.setattr(scan, "_MOST_CELLS", 1)
    alone = scanned(from_frame(frame), PLAN, *CUTS)
    assert packed.units == alone.units
    assert packed.dimensions == ("day", *CUTS)
    for one, other in zip(packed.cells, alone.cells, strict=True):
        assert (one.metric, one.arm, one.slice, one.moments.n) == (
            other.metric,
            other.arm,
            other.slice,
            other.moments.n,
        )
        assert one.moments.mean == pytest.approx(other.moments.mean, rel=1e-13)
        for left, right in zip(one.moments.comoments, other.moments.comoments, strict=True):
            assert left == pytest.approx(right, rel=1e-12, abs=1e-9)
    for level, there in frame.groupby("name"):
        for arm, mine in there.groupby("arm"):
            assert packed.units_of(str(arm), Slice(dimension="name", level=str(level))) == len(mine)


@pytest.mark.parametrize(
    ("sizes", "most", "sets"),
    [
        ([], 10, [()]),
        ([3], 10, [(0,)]),
        ([2, 5, 3], 10, [(0, 1), (2,)]),
        ([50, 4, 2], 10, [(0,), (1, 2)]),
        ([5, 5, 2, 2], 10, [(0, 2), (1, 3)]),
    ],
)
def test_packing_fills_the_largest_first(sizes: list[int], most: int, sets: list[tuple[int, ...]]) -> None:
    """No set of several dimensions has more cells than allowed, and every dimension is in one of them."""
    assert scan._packed(sizes, most) == sets


def test_types_of_columns_do_not_show(tmp_path: Path) -> None:
    """Numbers, truths and texts of a typed Parquet file give the levels, units and moments of their CSV."""
    frame = world()
    frame.to_parquet(tmp_path / "rows.parquet")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    typed, plain = (scanned(open_file(tmp_path / f"rows.{ending}"), PLAN, *CUTS) for ending in ("parquet", "csv"))
    assert plain.levels("broken") == ("0.0", "0.5", "1.0", "1.5")
    assert typed.levels("broken") == ("0", "0.5", "1", "1.5")
    assert typed.levels("yes") == ("false", "true")
    for dimension in ("day", "whole", "many", "name"):
        assert typed.levels(dimension) == plain.levels(dimension)
    assert typed.source.sketch == plain.source.sketch
    assert [u.units for u in typed.units if u.slice.dimension != "yes"] == [
        u.units for u in plain.units if u.slice.dimension != "yes"
    ]


def test_a_cut_with_nan_is_cut_by_its_text() -> None:
    """A float column with NaN keeps its values as levels, NaN among them."""
    query = "SELECT CASE WHEN i % 2 = 0 THEN 'control' ELSE 'b' END AS arm, i % 3 = 0 AS bought, "
    with duckdb.connect() as connection:
        source = from_relation(
            connection.sql(query + "CASE i % 5 WHEN 0 THEN 'nan'::DOUBLE ELSE i % 2 + 0.5 END AS x FROM range(40) t(i)")
        )
    evidence = scanned(source, spec(unit=None), "x")
    assert evidence.levels("x") == ("0.5", "1.5", "nan")
    assert sum(u.units for u in evidence.units if u.slice.level == "nan") == 8


def test_no_name_of_a_quarter_tells_one_units_value() -> None:
    """The one unit that spent 49,854, and the one that lost 7, are in no name of a level; a shared value may be."""
    base = {"arm": ["control", "b"] * 200, "bought": [0, 1] * 200}
    spread = pd.DataFrame(base | {"x": [-7, *range(1, 399), 49_854]})
    levels = scanned(from_frame(spread), spec(unit=None), "x").levels("x")
    assert levels == ("99 or less", "100 to 199", "200 to 299", "300 or more")
    spike = pd.DataFrame(base | {"x": [0] * 370 + [i + 0.5 for i in range(29)] + [49_854.25]})
    assert scanned(from_frame(spike), spec(unit=None), "x").levels("x") == ("0", "more than 0")


def parquet(folder: Path) -> Path:
    """The world as a file."""
    path = folder / "rows.parquet"
    world().to_parquet(path)
    return path


def test_a_parquet_file_is_read_by_column_when_asked(tmp_path: Path) -> None:
    """Neither opening nor checking copies a cell: the data is a view, and so is what a plan makes of it."""
    source = open_file(parquet(tmp_path))
    assert source.table.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)
    assert source.problems(spec()) == ()
    assert source.table.connection.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (0,)


def test_a_parquet_file_changed_after_opening_is_refused(tmp_path: Path) -> None:
    """What is scanned is what was digested: another file under the name, or none, is refused in checks and scan."""
    path = parquet(tmp_path)
    source = open_file(path)
    world(400).to_parquet(path)
    (refusal,) = source.problems(spec())
    assert refusal.code == "file.changed_while_read"
    with pytest.raises(Refused, match="was changed"):
        scanned(source, spec())
    path.unlink()
    assert [p.code for p in source.problems(spec(SPEND.model_copy(update={"role": "primary"})))] == ["file.missing"]


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    """A Parquet file whose footer is sound but whose pages are not is refused with its name, when they are read."""
    path = parquet(tmp_path)
    data = bytearray(path.read_bytes())
    data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)
    path.write_bytes(data)
    source = open_file(path)
    assert [p.code for p in source.problems(spec())] == ["file.parquet_unreadable"]


def test_frames_do_not_pay_for_workbooks() -> None:
    """Importing what reads a DataFrame imports no reader of workbooks."""
    code = "import sys, copilot_tools.stats.sources.rows.frames; print('openpyxl' in sys.modules)"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "False"


def test_a_metric_of_typed_columns_is_still_checked() -> None:
    """A typed column has no unread text, but a count given as a proportion and an empty cell are still refused."""
    frame = world().assign(bought=range(4000))
    assert {p.code for p in from_frame(frame).problems(spec())} == {"data.proportion_values"}
    gaps = world().assign(spend=lambda f: f.spend.where(f.user % 9 > 0))
    assert {p.code for p in from_frame(gaps).problems(spec(BOUGHT, SPEND))} == {"data.empty_cells"}
    dates = spec(Metric(name="m", role="primary", kind="mean", column="day"))
    assert {p.code for p in from_frame(world()).problems(dates)} >= {"data.not_numeric"}
