"""Typed columns read where they stand: the same evidence as from text, what a footer says, and what it does not."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.rows.frames import from_frame
from copilot_tools.stats.sources.rows.sketch import MOST_NUMBER, SIZE, number_hash
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.sources.rows.survey import survey
from copilot_tools.stats.sources.rows.unique_units import unique_units
from copilot_tools.stats.spec import AnalysisSpec, Cap, DataPolicy, Metric
from tools.stats.sources.row_worlds import BOUGHT, SPEND, spec

METRICS = (
    BOUGHT,
    SPEND.model_copy(update={"nulls": "drop", "covariate": "history"}),
    Metric(name="capped", kind="mean", column="spend", nulls="zero", cap=Cap(at=40)),
    Metric(name="visits", kind="mean", column="visits", covariate="visits_before"),
    Metric(name="ctr", kind="ratio", column="clicks", denominator="views"),
)


def frame(n: int = 4000, seed: int = 3) -> pd.DataFrame:
    """Seeded units: whole numbers, cents, empty cells, names, days."""
    rng = np.random.default_rng(seed)
    spend = np.round(rng.lognormal(2, 1.5, n), 2)
    history = np.round(rng.normal(50, 10, n), 3)
    return pd.DataFrame(
        {
            "user": rng.permutation(n) + 10,
            "arm": rng.choice(["control", "b"], n),
            "bought": rng.integers(0, 2, n),
            "spend": np.where(rng.random(n) < 0.1, np.nan, spend),
            "history": np.where(rng.random(n) < 0.05, np.nan, history),
            "visits": rng.poisson(3, n),
            "visits_before": rng.poisson(3, n),
            "clicks": rng.integers(0, 5, n),
            "views": rng.integers(1, 20, n),
            "country": rng.choice(["DE", "FR", "US", None, " "], n),
            "day": pd.Timestamp("2026-03-02") + pd.to_timedelta(rng.integers(0, 7, n), unit="D"),
        }
    )


def parquet(folder: Path, data: pd.DataFrame, name: str = "data.parquet") -> Path:
    """The frame as Parquet, NaN as NULL, in row groups of a thousand."""
    path = folder / name
    data.to_parquet(path, index=False, row_group_size=1000)
    return path


def plan(**changes: Any) -> AnalysisSpec:
    """All metrics, days and a segment's column."""
    return spec(*METRICS, time_column="day", covariates=("history",), **changes)


def scanned(source: RowsSource, asked: AnalysisSpec, *cuts: str) -> Evidence:
    """Evidence with all metrics open."""
    return source.scan(asked, metrics=asked.metrics, cuts=cuts)


def assert_same(one: Evidence, other: Evidence) -> None:
    """The same counts, sentences, days, sketch and largest values; moments up to rounding."""
    assert one.units == other.units
    assert one.quality == other.quality
    assert one.extremes == other.extremes
    assert one.days == other.days
    assert (one.source.sketch, one.source.numbers_hashed) == (other.source.sketch, other.source.numbers_hashed)
    for kind in ("cells", "before"):
        ours, theirs = getattr(one, kind), getattr(other, kind)
        assert [(c.metric, c.arm, c.slice) for c in ours] == [(c.metric, c.arm, c.slice) for c in theirs]
        for a, b in zip(ours, theirs, strict=True):
            assert a.moments.close_to(b.moments, tolerance=1e-12), (a, b)
            assert (a.moments.thirds is None) == (b.moments.thirds is None)


@pytest.mark.parametrize("cuts", [(), ("country",), ("country", "visits", "history")])
def test_parquet_read_in_place_gives_the_evidence_of_a_csv(cuts: tuple[str, ...], tmp_path: Path) -> None:
    """A view over typed columns and a table of parsed text bring back the same evidence, sliced or not."""
    data = frame()
    data.to_csv(tmp_path / "data.csv", index=False)
    typed, text = open_file(parquet(tmp_path, data)), open_file(tmp_path / "data.csv")
    assert_same(scanned(typed, plan(), *cuts), scanned(text, plan(), *cuts))
    without = plan(unit=None)
    assert_same(scanned(typed, without, *cuts), scanned(text, without, *cuts))


def test_policies_hold_in_place(tmp_path: Path) -> None:
    """Rows without an arm, repeated units and units in two arms are treated the same in place as in a table."""
    data = frame(1500)
    data.loc[:4, "arm"] = None
    data.loc[10:19, "user"] = data.loc[20:29, "user"].to_numpy()
    asked = plan(policy=DataPolicy(missing_arm="drop", duplicates="first", two_arms="drop"))
    data.to_csv(tmp_path / "data.csv", index=False)
    typed = scanned(open_file(parquet(tmp_path, data)), asked, "country")
    assert_same(typed, scanned(open_file(tmp_path / "data.csv"), asked, "country"))
    assert typed.quality.missing_arm == 5
    assert (typed.quality.two_arms or 0) + sum((typed.quality.duplicate_rows or {}).values()) > 0


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("spend", np.inf, "data.not_finite"),
        ("spend", -np.inf, "data.not_finite"),
        ("history", np.inf, "data.not_finite"),
        ("bought", 2, "data.proportion_values"),
        ("bought", -1, "data.proportion_values"),
        ("views", -3, "data.denominator_negative"),
        ("arm", "B", "data.arm_spelling"),
        ("arm", "other", "data.arm_unknown"),
        ("day", None, "data.time_empty"),
    ],
)
def test_one_bad_cell_is_found_in_place(column: str, value: object, code: str, tmp_path: Path) -> None:
    """One cell in the last row group is refused with its place, whatever the footer says."""
    data = frame(3500)
    data.loc[3456, column] = value
    (refusal,) = open_file(parquet(tmp_path, data)).problems(plan())
    assert refusal.code == code
    assert "row 3,457" in refusal.reason


def test_nan_is_found_though_footers_leave_it_out(tmp_path: Path) -> None:
    """A NaN that Parquet holds as such (not as an empty cell) is refused."""
    path = tmp_path / "nan.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i AS \"user\", CASE WHEN i % 2 = 0 THEN 'control' ELSE 'b' END AS arm, i % 2 AS bought, "
            "CASE WHEN i = 2500 THEN CAST('nan' AS DOUBLE) ELSE i / 7.0 END AS spend FROM range(3000) AS t(i)) "
            f"TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 1000)"
        )
    (refusal,) = open_file(path).problems(spec(BOUGHT, SPEND))
    assert (refusal.code, refusal.name) == ("data.not_finite", "spend")
    assert "row 2,501" in refusal.reason


def test_finite_values_whose_sum_is_not_are_read_cell_by_cell(tmp_path: Path) -> None:
    """A column whose plain sum overflows has no cell that offends: nothing is refused for it."""
    data = frame(2000)
    data["history"] = 1e305
    problems = open_file(parquet(tmp_path, data)).problems(spec(BOUGHT, covariates=("history",)))
    assert problems == ()


def test_a_denominator_of_zeros_in_one_arm_is_found(tmp_path: Path) -> None:
    """The first rows prove a denominator only where they show every arm above 0."""
    data = frame(3000)
    data.loc[data["arm"] == "b", "views"] = 0
    (refusal,) = open_file(parquet(tmp_path, data)).problems(plan())
    assert (refusal.code, refusal.value) == ("data.denominator_zero", "b")


def test_the_same_file_gives_the_same_bits(tmp_path: Path) -> None:
    """Two scans of a file, on one thread and on four, bring back the very same moments where nothing is sliced."""
    path, asked = parquet(tmp_path, frame(150_000)), spec(*METRICS)
    found = []
    for threads in (1, 4, 4):
        source = open_file(path)
        source.table.connection.execute(f"SET threads = {threads}")
        found.append(scanned(source, asked))
    assert found[0].cells == found[1].cells == found[2].cells
    assert found[0].before == found[1].before == found[2].before


def test_whole_numbers_are_exact_whatever_the_cuts(tmp_path: Path) -> None:
    """Moments of whole numbers are the same bits on any number of threads and with any cuts beside them."""
    path, asked = parquet(tmp_path, frame(60_000)), spec(BOUGHT, METRICS[3], METRICS[4], time_column="day")
    found = []
    for threads, cuts in ((1, ()), (4, ("country",)), (3, ("country", "visits"))):
        source = open_file(path)
        source.table.connection.execute(f"SET threads = {threads}")
        found.append([c for c in scanned(source, asked, *cuts).cells if c.slice.whole])
    assert found[0] == found[1] == found[2]


def test_extremes_with_ties_are_the_largest_rows() -> None:
    """The ten largest rows, ties ordered by the covariate, though most of the rows tie with them."""
    data = frame(250_000, seed=8)
    data["visits"] = np.where(data["visits"] > 2, 3, data["visits"])
    data.loc[249_990, ["visits", "visits_before"]] = [7, 1]
    asked = spec(BOUGHT, METRICS[3])
    found = {e.arm: e.largest for e in scanned(from_frame(data), asked).extremes}
    for arm, mine in data.groupby("arm"):
        pairs = sorted(zip(mine["visits"], mine["visits_before"], strict=True), reverse=True)[:10]
        assert found[str(arm)] == tuple((float(a), float(b)) for a, b in pairs)


@pytest.mark.parametrize(
    "kind", ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UINTEGER", "UBIGINT", "HUGEINT", "VARCHAR"]
)
@pytest.mark.parametrize(
    ("factor", "repeat"), [(1, None), (1, 63), (10_000_000_000_000, None), (10_000_000_000_000, 63)]
)
def test_units_are_unique_or_not(kind: str, factor: int, repeat: int | None) -> None:
    """Close and scattered units of every type, with and without one that repeats; empty cells do not count."""
    if factor > 1 and kind in {"TINYINT", "SMALLINT", "INTEGER", "UINTEGER"}:
        factor = 1
    values = [i * factor for i in range(64)] + ([repeat * factor] if repeat is not None else [])
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT CAST(x AS {kind}) AS unit FROM unnest({values}) AS u(x)")
        connection.execute("INSERT INTO t VALUES (NULL), (NULL)")
        ends = (0, max(values)) if kind != "VARCHAR" else None
        assert unique_units(connection, "t", len(values), ends) is (repeat is None)
        assert unique_units(connection, "t", len(values)) is (repeat is None)


def test_hashes_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all hashes fit at once, a repeated unit is found in whichever part it falls."""
    monkeypatch.setattr("copilot_tools.stats.sources.rows.unique_units._AT_A_TIME", 100)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 'u' || i AS unit FROM range(1000) AS r(i)")
        assert unique_units(connection, "t", 1000)
        for repeated in ("u0", "u500", "u999"):
            connection.execute(f"CREATE OR REPLACE TABLE s AS FROM t UNION ALL SELECT '{repeated}'")
            assert not unique_units(connection, "s", 1001)


def _by_hand(units: list[str]) -> tuple[int, ...]:
    hashes = {
        number_hash(int(u))
        if u.isdigit() and str(int(u)) == u and int(u) <= MOST_NUMBER
        else int.from_bytes(hashlib.md5(u.encode()).digest()[8:], "little") >> 1  # noqa: S324 - no secret
        for u in units
    }
    return tuple(sorted(hashes)[:SIZE])


@pytest.mark.parametrize("first", [0, 3_000_000_000, MOST_NUMBER - 150, -150])
def test_a_sketch_is_of_the_text_and_not_of_the_type(first: int, tmp_path: Path) -> None:
    """Whole numbers, the same as text and the same in a CSV have the sketch that plain Python computes."""
    data = frame(600).assign(user=np.arange(600) + first)
    data.to_csv(tmp_path / "data.csv", index=False)
    wanted = _by_hand([str(u) for u in data["user"]])
    texts = data.assign(user=data["user"].astype(str))
    for source in (from_frame(data), from_frame(texts), open_file(tmp_path / "data.csv")):
        found = scanned(source, spec()).source
        assert found.sketch == wanted
        assert found.numbers_hashed


def test_names_beside_numbers_are_hashed_each_in_its_way() -> None:
    """Leading zeros, signs and letters make a name of a unit; the sketch holds both kinds."""
    units = (
        [f"{i:04d}" for i in range(300)] + [str(i) for i in range(300)] + [f"u{i}" for i in range(300)] + ["+7", "-7"]
    )
    found = scanned(from_frame(frame(len(units)).assign(user=units)), spec()).source
    assert found.sketch == _by_hand(units)
    assert found.numbers_hashed
    names = scanned(from_frame(frame(300).assign(user=units[600:900])), spec()).source
    assert not names.numbers_hashed


@pytest.mark.parametrize("chosen", ["u % 10 < 5", "u % 2 = 0", "u < 30000", "u % 1000 < 500"])
def test_number_hashes_are_even_whatever_the_split(chosen: str) -> None:
    """Half of the units, however regularly chosen, hold half of the 256 smallest hashes, within 4.5 standard errors."""
    split = {
        "u % 10 < 5": lambda u: u % 10 < 5,
        "u % 2 = 0": lambda u: u % 2 == 0,
        "u < 30000": lambda u: u < 30_000,
        "u % 1000 < 500": lambda u: u % 1000 < 500,
    }[chosen]
    smallest = sorted(range(60_000), key=number_hash)[:SIZE]
    inside = sum(split(u) for u in smallest)
    assert abs(inside - SIZE / 2) < 4.5 * (SIZE / 4) ** 0.5


def test_number_hashes_are_spread_evenly() -> None:
    """Hashes of consecutive numbers fill 64 equal bins as random ones would (chi-square, 63 degrees of freedom)."""
    counts = np.bincount([number_hash(u) >> 57 for u in range(64_000)], minlength=64)
    assert len({number_hash(u) for u in range(64_000)}) == 64_000
    assert float(((counts - 1000.0) ** 2 / 1000).sum()) < 130  # p = 1e-6


def test_a_survey_tells_blank_names_from_plain_ones() -> None:
    """Blank names count as empty; a column of many names is not listed."""
    data = pd.DataFrame(
        {"a": ["x", " ", "", None, "y", "x"], "b": [f"n{i}" for i in range(6)], "x": [1, 2, 3, 4, 5, 6]}
    )
    table = from_frame(pd.concat([data] * 1, ignore_index=True)).table
    facts = survey(table, ["x"], ["a", "b"])
    assert facts.counted("a") == {"x": 2, "y": 1, None: 3}
    assert not facts.plain("a")
    assert facts.plain("b")
    assert facts.full("x")
    assert facts.within("x", 1, 6)
    assert not facts.within("x", 2)
    many = from_frame(pd.DataFrame({"b": [f"n{i}" for i in range(60)]})).table
    assert survey(many, [], ["b"]).counted("b") is None
