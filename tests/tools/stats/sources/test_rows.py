"""One scan of rows against plain Python: moments, units, slices, missing cells, extremes, days, sketch."""

from __future__ import annotations

import csv
import hashlib
import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot_tools.results import Slice
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.moments import Moments
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, Cap, Dialect, Effect, Metric, Segment
from tools.stats.sources.row_worlds import BOUGHT, ROWS, SPEND, spec, write


def world(n: int = 3000, seed: int = 5) -> list[dict[str, Any]]:
    """Seeded units in two arms with yes/no, heavy-tailed, ratio and pre-period columns, some of them empty."""
    rng = random.Random(seed)  # noqa: S311 - seeded
    rows = []
    for i in range(n):
        before = rng.gauss(50, 10)
        rows.append(
            {
                "user": f"u{i:05d}",
                "arm": rng.choice(["control", "b"]),
                "bought": rng.choice(["true", "False", "1", "0"]),
                "spend": "" if rng.random() < 0.1 else f"{rng.lognormvariate(2, 1.5):.2f}",
                "clicks": rng.randint(0, 5),
                "views": rng.randint(5, 20),
                "before": "" if rng.random() < 0.05 else f"{before:.3f}",
                "country": rng.choice(["DE", "FR", "US", ""]),
                "day": f"2025-03-{rng.randint(1, 9):02d}T{rng.randint(0, 23):02d}:00:00Z",
            }
        )
    return rows


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as the text of a CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


METRICS = (
    BOUGHT,
    SPEND.model_copy(update={"nulls": "drop", "covariate": "before"}),
    Metric(name="zeros", kind="mean", column="spend", nulls="zero", cap=Cap(at=40)),
    Metric(name="ctr", kind="ratio", column="clicks", denominator="views"),
)


def expected(rows: list[dict[str, Any]], metric: Metric) -> Moments:
    """Moments of a metric by two passes over its complete rows."""
    block = []
    for row in rows:
        cells = [str(row[c]).lower() for c in metric.columns]
        values = [{"true": 1.0, "false": 0.0, "": None}.get(c, c) for c in cells]
        numbers = [None if v is None else float(v) for v in values]
        if metric.nulls == "zero":
            numbers = [0.0 if v is None else v for v in numbers]
        if all(v is not None for v in numbers):
            if metric.cap is not None and metric.cap.at is not None:
                numbers[0] = min(numbers[0], metric.cap.at)  # type: ignore[type-var]
            block.append([float(v) for v in numbers if v is not None])
    return Moments.of(block)


def close(found: Moments | None, wanted: Moments) -> None:
    """The same moments up to 1e-12."""
    assert found is not None
    assert found.n == wanted.n
    assert found.mean == pytest.approx(wanted.mean, rel=1e-12, abs=1e-14)
    assert np.asarray(found.comoments) == pytest.approx(np.asarray(wanted.comoments), rel=1e-11, abs=1e-9)


def read(path: Path, plan: AnalysisSpec, *cuts: str) -> Evidence:
    """Scan a file with all metrics open."""
    return open_file(path, plan.dialect).scan(plan, metrics=plan.metrics, cuts=cuts)


def test_moments_are_those_of_plain_python(tmp_path: Path) -> None:
    """Every metric's moments, whole and in every slice, match two passes over the same rows in Python."""
    rows = world()
    plan = spec(*METRICS, segments=(Segment(column="country"),), time_column="day")
    evidence = read(write(tmp_path, as_csv(rows)), plan)
    assert evidence.dimensions == ("day", "country")
    for arm in plan.arm_names:
        mine = [r for r in rows if r["arm"] == arm]
        assert evidence.units_of(arm) == len(mine)
        for metric in METRICS:
            close(evidence.moments_of(metric.name, arm), expected(mine, metric))
            for country in ("DE", "FR", "US", ""):
                part = Slice(dimension="country", level=country or "(empty)")
                there = [r for r in mine if r["country"] == country]
                assert evidence.units_of(arm, part) == len(there)
                close(evidence.moments_of(metric.name, arm, part), expected(there, metric))
        for day in evidence.levels("day"):
            there = [r for r in mine if r["day"].startswith(day)]
            close(evidence.moments_of("ctr", arm, Slice(dimension="day", level=day)), expected(there, METRICS[3]))
    assert evidence.levels("day")[0] == "2025-03-01"
    assert [d.isoformat() for d in evidence.days or ()] == ["2025-03-01", "2025-03-09"]


def test_slices_add_up_to_the_whole(tmp_path: Path) -> None:
    """Units and moments of a dimension's levels add up to those of the arm."""
    plan = spec(*METRICS)
    evidence = read(write(tmp_path, as_csv(world())), plan, "country", "before", "spend")
    for dimension in evidence.dimensions:
        parts = [Slice(dimension=dimension, level=x) for x in evidence.levels(dimension)]
        for arm in plan.arm_names:
            assert sum(evidence.units_of(arm, p) for p in parts) == evidence.units_of(arm)
            there = [m for p in parts if (m := evidence.moments_of("ctr", arm, p)) is not None]
            close(Moments.sum(there, 2), evidence.moments_of("ctr", arm) or Moments.empty(2))


def test_missing_cells_and_treatment_are_counted(tmp_path: Path) -> None:
    """Empty cells are counted per metric and arm before the null policy, and the policy says what it did."""
    rows = world()
    evidence = read(write(tmp_path, as_csv(rows)), spec(*METRICS))
    found = {(m.metric, m.arm): (m.missing, m.units) for m in evidence.quality.missing or ()}
    for arm in ("control", "b"):
        mine = [r for r in rows if r["arm"] == arm]
        assert found["spend", arm] == (sum(not r["spend"] or not r["before"] for r in mine), len(mine))
        assert found["zeros", arm] == (sum(not r["spend"] for r in mine), len(mine))
        assert found["bought", arm] == (0, len(mine))
    dropped = sum(not r["spend"] or not r["before"] for r in rows)
    capped = sum(float(r["spend"] or 0) > 40 for r in rows)
    assert evidence.quality.treatment == (
        f"{dropped} units have an empty cell in spend: left out of this metric.",
        f"{sum(not r['spend'] for r in rows)} units have an empty cell in zeros: counted as zero.",
        f"{capped} values of zeros above 40 were set to it.",
    )


def test_a_quantile_cap_is_taken_over_all_arms(tmp_path: Path) -> None:
    """A cap by quantile is the pooled quantile, and every value above it becomes it."""
    rows = [r for r in world() if r["spend"]]
    metric = SPEND.model_copy(update={"cap": Cap(quantile=0.95)})
    evidence = read(write(tmp_path, as_csv(rows)), spec(BOUGHT, metric))
    cap = float(np.quantile([float(r["spend"]) for r in rows], 0.95))
    for arm in ("control", "b"):
        values = [[min(float(r["spend"]), cap)] for r in rows if r["arm"] == arm]
        close(evidence.moments_of("spend", arm), Moments.of(values))
    assert "(the 95% quantile of all arms)" in evidence.quality.treatment[0]


def test_columns_before_assignment_are_always_read(tmp_path: Path) -> None:
    """While blinded, with no metric open, the evidence holds units, missing cells and pre-assignment columns only."""
    rows = world()
    plan = spec(*METRICS[:3], covariates=("views",))
    evidence = open_file(write(tmp_path, as_csv(rows))).scan(plan, metrics=(), cuts=("country",))
    assert evidence.cells == ()
    assert {c.metric for c in evidence.before} == {"views", "before"}
    assert evidence.balance == ("views", "before")
    assert not evidence.extremes
    assert evidence.quality.missing
    assert not any("spend" in s or "zeros" in s for s in evidence.quality.treatment)
    values = [[float(r["before"])] for r in rows if r["arm"] == "b" and r["before"]]
    close(evidence.before_of("before", "b"), Moments.of(values))


def test_only_the_open_metrics_are_read(tmp_path: Path) -> None:
    """With guardrails alone open, no other outcome is in the evidence."""
    plan = spec(*METRICS)
    evidence = open_file(write(tmp_path, as_csv(world()))).scan(plan, metrics=(METRICS[2],))
    assert {c.metric for c in evidence.cells} == {"zeros"}
    assert {e.metric for e in evidence.extremes} == {"zeros"}


def test_extremes_are_the_ten_largest_complete_rows(tmp_path: Path) -> None:
    """Extremes hold the ten largest rows of the block as it entered the moments, largest first."""
    rows = world()
    evidence = read(write(tmp_path, as_csv(rows)), spec(*METRICS))
    found = {(e.metric, e.arm): e.largest for e in evidence.extremes}
    assert {metric for metric, _ in found} == {"spend", "zeros"}
    for arm in ("control", "b"):
        block = [
            (float(r["spend"]), float(r["before"])) for r in rows if r["arm"] == arm and r["spend"] and r["before"]
        ]
        assert found["spend", arm] == tuple(sorted(block, reverse=True)[:10])
        assert found["zeros", arm] == ((40.0,),) * 10


def test_order_of_rows_does_not_show(tmp_path: Path) -> None:
    """Shuffled rows give the same evidence to 1e-12, and the very same sketch and extremes."""
    rows = world()
    plan = spec(*METRICS, time_column="day")
    first = read(write(tmp_path, as_csv(rows), "a.csv"), plan, "country", "before")
    random.Random(1).shuffle(rows)  # noqa: S311 - seeded
    second = read(write(tmp_path, as_csv(rows), "b.csv"), plan, "country", "before")
    assert first.units == second.units
    assert first.extremes == second.extremes
    assert first.source.sketch == second.source.sketch
    for a, b in zip(first.cells, second.cells, strict=True):
        assert (a.metric, a.arm, a.slice) == (b.metric, b.arm, b.slice)
        close(a.moments, b.moments)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_huge_mean_keeps_its_variance(threads: int, tmp_path: Path) -> None:
    """A mean of 1e9 with a standard deviation of 1 keeps it, on any number of threads."""
    rng = np.random.default_rng(3)
    values = rng.normal(1e9, 1, 20_000)
    text = "arm,spend\n" + "".join(f"{'control' if i % 2 else 'b'},{v!r}\n" for i, v in enumerate(values.tolist()))
    plan = spec(SPEND.model_copy(update={"role": "primary"}), unit=None)
    source = open_file(write(tmp_path, text))
    source.table.connection.execute(f"SET threads = {threads}")
    found = source.scan(plan, metrics=plan.metrics).moments_of("spend", "control")
    assert found is not None
    assert found.variance() == pytest.approx(np.var(values[1::2], ddof=1), rel=1e-9)


def test_without_a_unit_every_row_is_one(tmp_path: Path) -> None:
    """Without a unit column rows are units, and what needs units is not assessable rather than zero."""
    evidence = read(write(tmp_path, ROWS), spec(unit=None))
    assert evidence.total_units == 6
    assert evidence.quality.duplicate_rows is None
    assert evidence.quality.two_arms is None
    assert evidence.source.sketch == ()


def test_the_sketch_is_the_smallest_md5_hashes(tmp_path: Path) -> None:
    """The sketch is 63 bits of the units' MD5, the 256 smallest, whatever engine computes it."""
    rows = world(5000)
    evidence = read(write(tmp_path, as_csv(rows)), spec())
    hashes = sorted(int.from_bytes(hashlib.md5(r["user"].encode()).digest()[8:], "little") >> 1 for r in rows)  # noqa: S324
    assert list(evidence.source.sketch) == hashes[:256]
    few = read(write(tmp_path, as_csv(rows[:40]), "few.csv"), spec())
    assert len(few.source.sketch) == 40


def test_numbers_are_binned_and_names_kept(tmp_path: Path) -> None:
    """Many-valued numbers become quarters named by their ends, few values and codes stay, rare names are pooled."""
    rows = [
        {"arm": "b" if i % 2 else "control", "bought": 0, "n": i, "few": i % 3 + 8, "zip": f"{i % 60:05d}", "x": i / 7}
        for i in range(400)
    ]
    evidence = read(write(tmp_path, as_csv(rows)), spec(unit=None), "n", "few", "zip", "x")
    assert evidence.levels("n") == ("99 or less", "100 to 199", "200 to 299", "300 or more")
    assert evidence.levels("few") == ("8", "9", "10")
    zips = evidence.levels("zip")
    assert len(zips) == 50
    assert zips[-1] == "(other)"
    assert "00007" in zips
    assert evidence.levels("x")[::3] == ("14.1429 or less", "more than 42.7143")
    assert sum(u.units for u in evidence.units if u.slice.dimension == "n") == 400


def test_a_spike_makes_fewer_bins(tmp_path: Path) -> None:
    """Where half of the values are the same, equal quarters fall together and no level is empty or doubled."""
    rows = [{"arm": "b" if i % 2 else "control", "bought": 0, "n": max(0, i - 250)} for i in range(400)]
    evidence = read(write(tmp_path, as_csv(rows)), spec(unit=None), "n")
    assert evidence.levels("n") == ("0", "1 to 49", "50 or more")


def test_days_follow_the_declared_zone(tmp_path: Path) -> None:
    """An offset is converted into the declared zone; a time without one is taken as written there."""
    text = "arm,bought,at\ncontrol,1,2025-03-01T23:30:00Z\nb,0,2025-03-01 23:30:00\n"
    plan = spec(unit=None, time_column="at", dialect=Dialect(timezone="Europe/Berlin"))
    evidence = read(write(tmp_path, text), plan)
    assert evidence.units_of("control", Slice(dimension="at", level="2025-03-02")) == 1
    assert evidence.units_of("b", Slice(dimension="at", level="2025-03-01")) == 1


def test_the_dialect_is_followed(tmp_path: Path) -> None:
    """Semicolons, decimal commas and latin-1 give the same moments as their plain twin."""
    plain = read(write(tmp_path, ROWS), spec(BOUGHT, SPEND))
    german = ROWS.replace(",", ";").replace("12.5", "12,5").replace("7.25", "7,25").replace("u1", "ü1")
    dialect = Dialect(delimiter=";", decimal=",", encoding="latin-1")
    other = read(write(tmp_path, german.encode("latin-1"), "german.csv"), spec(BOUGHT, SPEND, dialect=dialect))
    assert other.cells == plain.cells
    tabs = read(write(tmp_path, ROWS.replace(",", "\t"), "tabs.tsv"), spec(BOUGHT, SPEND))
    assert tabs.cells == plain.cells


def test_an_arm_may_be_a_number(tmp_path: Path) -> None:
    """Arms are compared as text, so that 0 and 1 can be arms."""
    plan = AnalysisSpec(
        arm_column="arm",
        arms=(Arm(name="0"), Arm(name="1")),
        control="0",
        metrics=(BOUGHT,),
        minimum_effect=Effect(size=0.1, scale="relative"),
    )
    evidence = read(write(tmp_path, "arm,bought\n0,1\n1,0\n1,1\n"), plan)
    assert [evidence.units_of(a) for a in ("0", "1")] == [1, 2]
