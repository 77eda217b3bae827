"""Many experiments in one file."""

from __future__ import annotations

import json

import pytest

UPWORTHY = ("--by", "test_id", "--n", "impressions", "--successes", "clicks", "--in", "week:201326-201402")


@pytest.mark.real_data
@pytest.mark.usefixtures("place")
def test_upworthy(run, real_data, tmp_path):
    """The 2,444 headline tests: broken randomization inside the known weeks, few wins left after correction."""
    args = ("look", real_data / "upworthy.csv.gz", *UPWORTHY, "--out", tmp_path / "tests.csv")
    found = json.loads(run(*args, "--json").stdout)
    assert found["found"] == 2444
    ratio = {c["where"]: c for c in found["failed_sample_ratio"]}
    assert ratio["inside"]["share"] > 0.5
    assert ratio["outside"]["share"] == pytest.approx(0.01, abs=0.005)
    assert found["wins"]["uncorrected"] > found["wins"]["benjamini_hochberg"] > found["wins"]["holm"] > 0
    assert len((tmp_path / "tests.csv").read_text(encoding="utf-8").splitlines()) == 2445
    people = run(*args)
    assert people.exit_code == 0
    assert "inside week 201326 to 201402" in people.stdout
    assert "before correction" in people.stdout
    assert [e["kind"] for e in json.loads(run("log", "--json").stdout)] == ["surveyed", "surveyed"]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--by", "test"), "many.no_file"),
        (("many.csv", "--by", "nothing"), "many.column_missing"),
        (("many.csv", "--by", "test", "--in", "week"), "many.group_format"),
        (("many.csv", "--by", "test", "--alpha", "5"), "input.not_a_share"),
        (("none.csv", "--by", "test"), "file.missing"),
    ],
)
def test_refusals(run, tmp_path, args, code):
    """What cannot be read is refused with its code, and nothing is recorded."""
    (tmp_path / "many.csv").write_text("test,arm,n,successes\na,x,100,5\na,y,100,9\n", encoding="utf-8")
    result = run("look", *args, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["refused"][0]["code"] == code
    assert json.loads(run("log", "--json").stdout) == []


@pytest.mark.usefixtures("place")
def test_out_needs_many(run):
    """--out and --in mean nothing to a single quick look, and are not silently ignored."""
    assert run("look", "--arm", "control=10:1", "--arm", "b=10:2", "--out", "x.csv").exit_code == 2
