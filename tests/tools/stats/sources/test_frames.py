"""DataFrames, relations, Parquet and Excel give the evidence their CSV gives."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.sources.rows.frames import from_frame, from_relation
from copilot_tools.stats.sources.rows.source import RowsSource
from copilot_tools.stats.spec import Dialect
from tools.stats.sources.row_worlds import BOUGHT, ROWS, SPEND, spec, write

PLAN = spec(BOUGHT, time_column="day", covariates=("spend",))


def frame() -> pd.DataFrame:
    """The shared rows as a DataFrame with real types."""
    made = pd.read_csv(io.StringIO(ROWS), parse_dates=["day"])
    return made.assign(bought=made["bought"].astype(bool), country=made["country"].astype("category"))


def content(source: RowsSource) -> Evidence:
    """Everything a source's scan brings back but where it came from, save the units' sketch."""
    evidence = source.scan(PLAN, metrics=PLAN.metrics, cuts=("country",))
    info = evidence.source.model_copy(
        update={"kind": "rows", "name": "", "location": None, "digest": "", "columns": {}}
    )
    return evidence.model_copy(update={"source": info})


def test_every_holder_gives_the_same_evidence(tmp_path: Path) -> None:
    """CSV, gzip, Parquet, Excel, DataFrame and relation of the same rows give the same evidence and sketch."""
    plain = content(open_file(write(tmp_path, ROWS)))
    made = frame()
    made.to_parquet(tmp_path / "rows.parquet")
    made.to_excel(tmp_path / "rows.xlsx", index=False)
    made.to_csv(tmp_path / "rows.csv.gz", index=False)
    for name in ("rows.parquet", "rows.xlsx", "rows.csv.gz"):
        assert content(open_file(tmp_path / name)) == plain, name
    assert content(from_frame(made)) == plain
    with duckdb.connect() as connection:
        connection.register("made", made)
        assert content(from_relation(connection.sql("SELECT * FROM made"))) == plain


def test_a_digest_is_of_the_content() -> None:
    """Two frames of the same rows share a digest in any order; another value, name or row gives another."""
    made = frame()
    digest = from_frame(made).describe().digest
    assert len(digest) == 64
    assert from_frame(made.sample(frac=1, random_state=1)).describe().digest == digest
    changed = made.copy()
    changed.loc[2, "spend"] = 7.26
    others = (changed, made.rename(columns={"spend": "money"}), made.iloc[:-1], pd.concat([made, made.iloc[:1]]))
    assert len({digest, *(from_frame(o).describe().digest for o in others)}) == 5


def test_a_files_digest_is_of_its_bytes(tmp_path: Path) -> None:
    """A file is recognized by SHA-256 of its bytes and found again by its absolute path."""
    import hashlib  # noqa: PLC0415 - the independent computation

    path = write(tmp_path, ROWS)
    info = open_file(path).describe()
    assert info.digest == hashlib.sha256(ROWS.encode()).hexdigest()
    assert info.location == str(path.resolve())
    assert (info.kind, info.name) == ("rows", "data.csv")


def test_empty_cells_of_a_frame_are_empty() -> None:
    """NaN, None, NaT and NA are empty cells, as pandas means them, and fall under the null policy."""
    made = frame().assign(spend=[1.0, float("nan"), 2, 3, 4, 5], note=[None, "x", pd.NA, "y", "z", 1])
    (problem,) = from_frame(made).problems(spec(BOUGHT, SPEND))
    assert problem.code == "data.empty_cells"
    assert problem.value == 1
    plan = spec(BOUGHT, SPEND.model_copy(update={"nulls": "drop"}))
    evidence = from_frame(made).scan(plan, metrics=plan.metrics, cuts=("note",))
    found = evidence.moments_of("spend", "control")
    assert found is not None
    assert found.n == 2
    assert evidence.levels("note") == ("1", "x", "y", "z", "(empty)")


def test_infinity_in_a_frame_is_refused() -> None:
    """An infinite number is refused and its row is named."""
    made = frame().assign(spend=[1.0, 2, float("inf"), 3, 4, 5])
    (problem,) = from_frame(made).problems(spec(BOUGHT, SPEND))
    assert problem.code == "data.not_finite"
    assert "row 3" in problem.reason


def test_unfit_frames_and_relations_are_refused() -> None:
    """Two columns of one name, no column at all, and a relation that fails are refused."""
    made = frame()
    with pytest.raises(Refused, match="several columns called 'arm'"):
        from_frame(made.rename(columns={"country": "arm"}))
    with pytest.raises(Refused, match="no header"):
        from_frame(pd.DataFrame())
    with duckdb.connect() as connection, pytest.raises(Refused, match="cannot be executed"):
        from_relation(connection.sql("SELECT error('broken') AS arm"))


def test_whole_numbers_held_as_floats_are_the_same_units() -> None:
    """A unit 101.0 (as pandas holds a column with gaps) has the sketch of the unit 101."""
    plain = pd.DataFrame({"user": [101, 102], "arm": ["control", "b"], "bought": [0, 1]})
    sketches = [
        from_frame(f).scan(spec(), metrics=(BOUGHT,)).source.sketch
        for f in (plain, plain.assign(user=[101.0, 102.0]), plain.assign(user=["101", "102"]))
    ]
    assert sketches[0] == sketches[1] == sketches[2]
    assert len(sketches[0]) == 2


def test_excel_cells_keep_their_meaning(tmp_path: Path) -> None:
    """Spreadsheet dates, booleans and mixed columns are read as what they are; an error cell is shown and refused."""
    made = frame().astype({"spend": object})
    made.loc[1, "spend"] = "#DIV/0!"
    made.to_excel(tmp_path / "rows.xlsx", index=False)
    source = open_file(tmp_path / "rows.xlsx")
    types = source.describe().columns
    assert (types["day"], types["bought"], types["spend"]) == ("timestamp", "boolean", "text")
    (problem,) = source.problems(spec(BOUGHT, SPEND, time_column="day"))
    assert problem.code == "data.not_numeric"
    assert "'#DIV/0!' in line 3" in problem.reason


@pytest.mark.parametrize(
    ("column", "day"),
    [
        (pd.Series(["2025-03-01 23:30"] * 2), "2025-03-01"),
        (pd.Series(["2025-03-01T23:30:00Z"] * 2), "2025-03-02"),
        (pd.Series(["2025-03-01 23:30:00-05:00"] * 2), "2025-03-02"),
        (pd.Series(["2025/3/1"] * 2), "2025-03-01"),
        (pd.to_datetime(pd.Series(["2025-03-01 23:30"] * 2)), "2025-03-01"),
        (pd.to_datetime(pd.Series(["2025-03-01 23:30"] * 2)).dt.tz_localize("America/New_York"), "2025-03-02"),
        (pd.Series([dt.date(2025, 3, 1)] * 2), "2025-03-01"),
    ],
    ids=["text", "text UTC", "text offset", "text slashes", "naive", "aware", "date"],
)
def test_moments_in_time_fall_on_days_of_the_zone(column: pd.Series, day: str) -> None:
    """Times with a zone are converted to the declared one, times without are taken as written, whatever the type."""
    made = pd.DataFrame({"user": [1, 2], "arm": ["control", "b"], "bought": [0, 1], "at": column})
    plan = spec(time_column="at", dialect=Dialect(timezone="Europe/Berlin"))
    assert from_frame(made).scan(plan, metrics=(BOUGHT,)).levels("at") == (day,)


@pytest.mark.parametrize("value", ["epoch", "infinity", "2025-13-01", "20250301", "1740870000", "2025-03-01 25:00"])
def test_what_is_no_date_is_no_time(value: str) -> None:
    """Words the engine would take for a date, impossible dates and bare numbers are refused."""
    made = pd.DataFrame({"user": [1, 2], "arm": ["control", "b"], "bought": [0, 1], "at": ["2025-03-01", value]})
    (problem,) = from_frame(made).problems(spec(time_column="at"))
    assert problem.code == "data.time_unreadable"
    assert problem.value == value
