"""Many experiments in one file: read once; what is wrong with one experiment stays with it."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import numpy as np
import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.many import Group, ManyArms, ManyColumns, parse_group, read_many
from copilot_tools.stats.spec import Dialect

COLUMNS = ManyColumns(by="test", arm="arm", n="seen", successes="clicks")
HEAD = "test,arm,note,seen,clicks,week\n"
SOUND = HEAD + "t1,a,x,100,5,1\nt2,a,y,50,2,7\nt1,b,x,110,9,2\nt2,b,y,55,4,7\n"


def read(folder: Path, text: str, name: str = "many.csv", **options) -> ManyArms:
    (folder / name).write_text(text, encoding="utf-8")
    return read_many(folder / name, COLUMNS, **options)


def test_rows_are_gathered_by_experiment(tmp_path):
    """Interleaved rows come back experiment after experiment, in order of appearance, arms in the file's order."""
    arms = read(tmp_path, SOUND)
    assert arms.tests == ("t1", "t2")
    assert arms.test.tolist() == [0, 0, 1, 1]
    assert arms.arm == ("a", "b", "a", "b")
    assert arms.n.tolist() == [100, 110, 50, 55]
    assert arms.successes.tolist() == [5, 9, 2, 4]
    assert arms.problems == {}
    assert arms.rows_without_test == 0
    assert arms.position.tolist() == [-1, -1]


def test_formats_agree(tmp_path):
    """CSV, gzipped CSV, Parquet with numbers and a declared dialect bring the same arms."""
    expected = read(tmp_path, SOUND)
    (tmp_path / "many.csv.gz").write_bytes(gzip.compress(SOUND.encode()))
    target = tmp_path / "many.parquet"
    with duckdb.connect() as connection:
        connection.read_csv(str(tmp_path / "many.csv")).write_parquet(str(target))
    found = [read_many(tmp_path / "many.csv.gz", COLUMNS), read_many(target, COLUMNS)]
    found.append(read(tmp_path, SOUND.replace(",", ";"), "semi.csv", dialect=Dialect(delimiter=";")))
    for arms in found:
        assert (arms.tests, arms.arm, arms.n.tolist(), arms.successes.tolist()) == (
            expected.tests,
            expected.arm,
            expected.n.tolist(),
            expected.successes.tolist(),
        )


def test_quoted_line_breaks_stay_whole(tmp_path):
    """A headline with a line break, a comma and quotation marks does not split its row."""
    text = HEAD + 't1,a,"He said ""no"",\nthen left",100,5,1\nt1,b,plain,110,9,1\n'
    assert read(tmp_path, text).n.tolist() == [100, 110]


def test_the_group_is_where_any_arm_lies_in_it(tmp_path):
    """Ends belong to the range; an experiment with one arm inside lies inside; an empty cell is not known."""
    text = HEAD + "t1,a,x,9,5,1\nt1,b,x,9,5,3\nt2,a,x,9,5,7\nt2,b,x,9,5,7\nt3,a,x,9,5,\nt3,b,x,9,5,\n"
    arms = read(tmp_path, text, group=Group(column="week", low="3", high="6"))
    assert arms.position.tolist() == [1, 0, -1]


def test_a_group_compares_numbers_as_numbers_and_text_as_text(tmp_path):
    """9 to 10 is a range of numbers, in which the text "9" lies although "9" > "10"; dates compare as text."""
    text = HEAD + "t1,a,x,9,5,9\nt1,b,x,9,5,9\nt2,a,x,9,5,100\nt2,b,x,9,5,100\n"
    assert read(tmp_path, text, group=Group(column="week", low="9", high="10")).position.tolist() == [1, 0]
    dated = text.replace(",9\n", ",2026-01-09\n").replace(",100\n", ",2026-02-01\n")
    group = Group(column="week", low="2026-01-05", high="2026-01-31")
    assert read(tmp_path, dated, group=group).position.tolist() == [1, 0]


@pytest.mark.parametrize(
    "text", ["week 201326..201402", "week=201326..201402", "week: 201326 .. 201402", "  week 201326..201402 "]
)
def test_groups_as_typed(text):
    """The forms a group may be typed in."""
    assert parse_group(text) == Group(column="week", low="201326", high="201402")


@pytest.mark.parametrize(
    ("text", "code", "cure"),
    [
        ("week", "many.group_format", "week 201326..201402"),
        ("week 1-2", "many.group_format", "week 201326..201402"),
        ("..", "many.group_format", "week 201326..201402"),
        ("week 10..9", "many.group_empty", "week 9..10"),
        ("day 2026-02-01..2026-01-01", "many.group_empty", "2026-01-01..2026-02-01"),
    ],
)
def test_groups_that_are_none(text, code, cure):
    """A group that cannot be read, or in which nothing can lie, is refused with the right form."""
    with pytest.raises(Refused) as refused:
        parse_group(text)
    (refusal,) = refused.value.refusals
    assert refusal.code == code
    assert cure in refusal.cure


BROKEN = {
    "one arm": ("bad,a,x,100,5,1\n", ["one_arm"], "'bad' has a single arm"),
    "arm twice": ("bad,a,x,100,5,1\nbad,a,x,90,5,1\n", ["arm_twice"], "more than one row of the arm 'a'"),
    "arm empty": ("bad,a,x,100,5,1\nbad,,x,90,5,1\n", ["arm_empty"], "a row without an arm"),
    "n zero": ("bad,a,x,100,5,1\nbad,b,x,0,0,1\n", ["n_zero"], "arm 'b': seen '0'"),
    "n negative": ("bad,a,x,100,5,1\nbad,b,x,-4,-5,1\n", ["n_negative", "successes_negative"], "seen '-4'"),
    "n empty": ("bad,a,x,100,5,1\nbad,b,x,,5,1\n", ["not_a_number"], "arm 'b': seen ''"),
    "n text": ("bad,a,x,100,5,1\nbad,b,x,many,5,1\n", ["not_a_number"], "'many'"),
    "n nan": ("bad,a,x,100,5,1\nbad,b,x,nan,5,1\n", ["not_a_number"], "'nan'"),
    "n infinite": ("bad,a,x,100,5,1\nbad,b,x,inf,5,1\n", ["not_a_number"], "'inf'"),
    "n not whole": ("bad,a,x,100,5,1\nbad,b,x,99.5,5,1\n", ["not_whole"], "'99.5'"),
    "successes not whole": ("bad,a,x,100,5,1\nbad,b,x,99,.05,1\n", ["not_whole"], "clicks '.05'"),
    "successes text": ("bad,a,x,100,5%,1\nbad,b,x,99,5,1\n", ["not_a_number"], "clicks '5%'"),
    "successes above n": ("bad,a,x,100,5,1\nbad,b,x,9,10,1\n", ["successes_above_n"], "clicks '10'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_one_experiment_stays_with_it(tmp_path, case):
    """Every problem of a broken experiment is collected with its cure; the sound experiments are untouched."""
    rows, codes, said = BROKEN[case]
    arms = read(tmp_path, SOUND + rows)
    assert arms.tests == ("t1", "t2", "bad")
    assert list(arms.problems) == [2]
    assert [r.code for r in arms.problems[2]] == [f"many.{code}" for code in codes]
    assert said in arms.problems[2][0].reason
    assert all(r.cure for r in arms.problems[2])
    assert np.isfinite(arms.n[:4]).all()


def test_rows_that_name_no_experiment_are_counted(tmp_path):
    """A row without an experiment belongs to none: left out and counted, not made an experiment of its own."""
    arms = read(tmp_path, SOUND + ",a,x,7,1,1\n  ,b,x,7,1,1\n")
    assert arms.tests == ("t1", "t2")
    assert arms.rows_without_test == 2


FILES = {
    "missing column": (SOUND.replace("seen", "Seen"), "many.column_missing", "'seen'", "'Seen'"),
    "no experiment named": (HEAD + ",a,x,7,1,1\n", "many.no_test", "'test' is empty", "one row an arm"),
    "header alone": (HEAD, "many.no_test", "0 rows", "one row an arm"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_hold_no_experiments(tmp_path, case):
    """A file without the columns or without experiments is refused as a whole."""
    text, code, said, cure = FILES[case]
    with pytest.raises(Refused) as refused:
        read(tmp_path, text)
    (refusal,) = refused.value.refusals
    assert refusal.code == code
    assert said in refusal.reason
    assert cure in refusal.cure


def test_every_missing_column_is_told(tmp_path):
    """All missing columns are refused together, the group's as well."""
    with pytest.raises(Refused) as refused:
        read(tmp_path, "a,b\n1,2\n", group=Group(column="week", low="1", high="2"))
    assert {r.name for r in refused.value.refusals} == {"test", "arm", "seen", "clicks", "week"}


def test_files_that_are_not_there_or_of_another_kind(tmp_path):
    """A missing file and an unknown format are refused."""
    for name, code in (("no.csv", "file.missing"), ("many.doc", "file.format_unknown")):
        if name == "many.doc":
            (tmp_path / name).write_text(SOUND)
        with pytest.raises(Refused) as refused:
            read_many(tmp_path / name, COLUMNS)
        assert refused.value.refusals[0].code == code


@pytest.mark.parametrize(("decimal", "n"), [(".", "10.000"), (",", "10,000")])
def test_marked_thousands_stay_with_their_experiment(decimal, n, tmp_path):
    """A count written 10.000 is refused in its own experiment; the same as a declared type is a number."""
    dialect = Dialect(delimiter=";", decimal=decimal)
    text = SOUND.replace(",", ";").replace(";110;", f";{n};")
    arms = read(tmp_path, text, dialect=dialect)
    assert [r.code for r in arms.problems[0]] == ["many.thousands"]
    assert 1 not in arms.problems
    with duckdb.connect() as connection:
        table = connection.read_csv(str(tmp_path / "many.csv"), sep=";", dtype={"seen": "VARCHAR"})
        table.project("test, arm, CAST(replace(seen, ',', '.') AS DECIMAL(10, 3)) AS seen, clicks").write_parquet(
            str(tmp_path / "many.parquet")
        )
    assert read_many(tmp_path / "many.parquet", COLUMNS).problems == {}
