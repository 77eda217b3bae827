"""Counts that cannot be read: each is refused by a stable code, with the value and a cure, all problems together."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_tools.refusals import Refusal, Refused
from copilot_tools.stats.sources.counts.count_roles import CountColumns
from copilot_tools.stats.sources.counts.source import CountsSource
from copilot_tools.stats.sources.counts.typed_arms import parse_arms
from copilot_tools.stats.spec import AnalysisSpec, Arm, Dialect, Effect, Metric, Segment

MATTERS = Effect(size=0.05, scale="relative")
MEAN = (Metric(name="revenue", role="primary", kind="mean", column="revenue"),)
RATE = (Metric(name="conversion", role="primary", kind="proportion", column="conversion"),)


def spec(**more) -> AnalysisSpec:
    fields = {
        "arms": (Arm(name="control"), Arm(name="b")),
        "control": "control",
        "metrics": RATE,
        "minimum_effect": MATTERS,
    }
    return AnalysisSpec.model_validate(fields | more)


def refusals(call) -> tuple[Refusal, ...]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusals


def only(found: tuple[Refusal, ...], code: str, said: str, cure: str) -> None:
    """Exactly one refusal, of this code, that says this and names this cure."""
    assert [r.code for r in found] == [code]
    assert said in found[0].reason
    assert cure in found[0].cure


def from_file(folder: Path, name: str, content: str | bytes, **options) -> CountsSource:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CountsSource.from_file(file, **options)


TYPED = {
    "no equals sign": ("control", "arm_format", "'control'", "NAME=N:SUCCESSES"),
    "no numbers": ("control=", "arm_format", "'control='", "control=10000:520"),
    "no name": ("=100:5", "arm_format", "'=100:5'", "NAME=N:SUCCESSES"),
    "too many numbers": ("control=1:2:3:4", "arm_format", "1:2:3:4", "NAME=N:SUM:SUM_OF_SQUARES"),
    "unknown key": ("control=10:median=3", "arm_format", "median", "mean=3.2:sd=30"),
    "n twice": ("control=10:5:n=10", "arm_format", "n=10", "NAME=N:SUCCESSES"),
    "n alone": ("control=100", "value_missing", "successes is missing", "n with successes"),
    "mean alone": ("control=100:mean=3", "value_missing", "sd is missing", "mean and sd"),
    "two forms": ("control=100:5:mean=3:sd=1", "two_forms", "contradict", "one of the three"),
    "negative n": ("control=-100:5", "n_negative", "n is -100", "sign"),
    "negative successes": ("control=100:-5", "successes_negative", "successes is -5", "sign"),
    "n not whole": ("control=100.5:5", "n_not_whole", "n is 100.5", "not a rate"),
    "successes not whole": ("control=100:0.052", "successes_not_whole", "0.052", "not a rate"),
    "successes above n": ("control=520:10000", "successes_above_n", "among 520 units", "which number is the count"),
    "n zero": ("control=0:0", "n_zero", "0 units", "wait until"),
    "text": ("control=many:5", "not_a_number", "'many'", "plain number"),
    "thousands": ("control=10,000:520", "not_a_number", "'10,000'", "without thousands separators: 10000"),
    "spaces in thousands": ("control=10 000:520", "not_a_number", "'10 000'", "10000"),
    "percent": ("control=10000:5.2%", "not_a_number", "'5.2%'", "not percentages"),
    "decimal comma": ("control=100:mean=3,25:sd=2", "not_a_number", "'3,25'", "dialect.decimal: ','"),
    "underscore": ("control=10_000:520", "not_a_number", "'10_000'", "plain number"),
    "other digits": ("control=١٠٠:5", "not_a_number", "n is", "plain number"),
    "nan": ("control=100:nan", "not_finite", "'nan'", "finite number"),
    "infinity": ("control=inf:5", "not_finite", "'inf'", "finite number"),
    "too large": ("control=100:mean=1e999:sd=1", "not_a_number", "'1e999'", "1e140"),
    "formula": ("control==cmd():5", "arm_format", "cmd()", "NAME=N:SUCCESSES"),
    "negative sd": ("control=100:mean=3:sd=-1", "sd_negative", "sd is -1", "sign"),
    "sd of one unit": ("control=1:mean=3:sd=1", "sd_of_one", "one unit has none", "set sd to 0"),
    "impossible squares": ("control=100:1000:9999", "sum_of_squares_impossible", "at least 10000", "square of every"),
    "negative squares": ("control=100:0:-1", "sum_of_squares_impossible", "at least 0", "square of every"),
    "lost variance": (
        "control=10000:1e13:1.0000000000000001e22",
        "variance_lost",
        "rounding hides their variance",
        "mean and sd instead",
    ),
}


@pytest.mark.parametrize("case", TYPED)
def test_typed_counts_that_are_none(case):
    """Each mistake in a typed arm is refused with its code, what was typed, and a cure."""
    text, code, said, cure = TYPED[case]
    only(refusals(lambda: parse_arms([text])), f"counts.{code}", said, cure)


def test_a_thousand_million_with_a_standard_deviation_of_one_is_not_read_from_its_squares():
    """At mean 1e9 and sd 1 a double's sum of squares holds no variance: refused, where naive code answers .51."""
    found = refusals(lambda: parse_arms(["b=10000:10000000000000:10000000000000000020000"]))
    assert [r.code for r in found] == ["counts.variance_lost"]
    assert parse_arms(["b=10000:mean=1000000000:sd=1"])[0].moments.variance() == pytest.approx(1)


def test_every_typed_problem_is_told_at_once():
    """Three bad arms, one of them bad twice: four refusals together."""
    found = refusals(lambda: parse_arms(["control=x:y", "b=5:10", "c"]))
    assert [r.code for r in found] == [
        "counts.not_a_number",
        "counts.not_a_number",
        "counts.successes_above_n",
        "counts.arm_format",
    ]


AGAINST_PLAN = {
    "unknown arm": (["control=10:2", "b=10:2", "B=10:3"], {}, "arm_unknown", "'B'", "Did you mean 'b'?"),
    "missing arm": (
        ["control=10:2", "b=10:2"],
        {"arms": (Arm(name="control"), Arm(name="b"), Arm(name="c"))},
        "arm_missing",
        "'c'",
        "Give its counts",
    ),
    "one arm": (["control=10:2"], {}, "one_arm", "'control'", "control, b"),
    "arm twice": (["control=10:2", "b=10:2", "b=11:3"], {}, "duplicate_row", "'b' is given 2 times", "stratum"),
    "no arms": ([], {}, "file_empty", "no counts", "one row an arm"),
    "a mean for a proportion": (
        ["control=10:mean=2:sd=1", "b=10:mean=2:sd=1"],
        {},
        "metric_kind",
        "is a proportion",
        "successes",
    ),
    "successes for a mean": (["control=10:2", "b=10:2"], {"metrics": MEAN}, "metric_kind", "is a mean", "mean and sd"),
    "a ratio": (
        ["control=10:2", "b=10:2"],
        {"metrics": (Metric(name="ctr", role="primary", kind="ratio", column="clicks", denominator="views"),)},
        "metric_unsupported",
        "ctr is a ratio",
        "one row a unit",
    ),
    "a covariate": (
        ["control=10:mean=2:sd=1", "b=10:mean=2:sd=1"],
        {"metrics": (MEAN[0].model_copy(update={"covariate": "before"}),)},
        "covariate_unsupported",
        "before",
        "one row a unit",
    ),
    "a second metric": (
        ["control=10:2", "b=10:2"],
        {"metrics": (*RATE, Metric(name="signup", kind="proportion", column="signup"))},
        "metric_missing",
        "'signup'",
        "column 'signup' of successes",
    ),
    "a segment": (
        ["control=10:2", "b=10:2"],
        {"segments": (Segment(column="device"),)},
        "stratum_missing",
        "'device'",
        "by device",
    ),
}


@pytest.mark.parametrize("case", AGAINST_PLAN)
def test_counts_that_do_not_fit_the_plan(case):
    """Each way counts miss the plan is listed by problems(), raised by scan(), and told with a cure."""
    texts, changed, code, said, cure = AGAINST_PLAN[case]
    source, plan = CountsSource.of(parse_arms(texts)), spec(**changed)
    only(source.problems(plan), f"counts.{code}", said, cure)
    assert refusals(lambda: source.scan(plan, metrics=())) == source.problems(plan)


def test_a_cut_that_is_no_stratum():
    """An exploratory cut by a column the counts do not have is refused by name."""
    source = CountsSource.of(parse_arms(["control=10:2", "b=10:2"]))
    only(source.problems(spec(), ("browser",)), "counts.stratum_missing", "'browser'", "by browser")


HEAD = "arm,device,n,successes\n"
TABLES = {
    "column misspelt": ("arm,n,sucesses\ncontrol,9,1\nb,9,2\n", "column_missing", "successes", "'sucesses'"),
    "no n": ("arm,units,successes\ncontrol,9,1\nb,9,2\n", "column_missing", "'n'", "'units'"),
    "text for a number": ("arm,n,successes\ncontrol,nine,1\nb,9,2\n", "not_a_number", "line 2", "plain number"),
    "empty cell": ("arm,n,successes\ncontrol,9,\nb,9,2\n", "value_missing", "line 2: successes", "n with successes"),
    "empty arm": ("arm,n,successes\ncontrol,9,1\nb,9,2\n,18,3\n", "arm_empty", "line 4", "rows of totals"),
    "empty n": ("arm,n,successes\ncontrol,,1\nb,9,2\n", "value_missing", "n is missing", "n with successes"),
    "same row twice": (
        HEAD + "control,p,9,1\nb,p,9,2\ncontrol,p,9,1\n",
        "duplicate_row",
        "line 2; c.csv, line 4",
        "Keep one row",
    ),
    "totals beside parts": (
        HEAD + "control,p,9,1\nb,p,9,2\ncontrol,w,5,1\nb,w,5,2\ncontrol,Total,14,2\nb,Total,14,4\n",
        "mixed_totals",
        "'Total'",
        "Remove the rows of totals",
    ),
    "totals without a name": (
        HEAD + "control,p,9,1\nb,p,9,2\ncontrol,w,5,1\nb,w,5,2\ncontrol,,14,2\nb,,14,4\n",
        "mixed_totals",
        "level ''",
        "totals only",
    ),
    "totals under another name": (
        HEAD + "control,p,9,1\nb,p,8,2\ncontrol,w,5,1\nb,w,5,2\ncontrol,t,3,0\nb,t,3,1\ncontrol,x,17,2\nb,x,16,5\n",
        "mixed_totals",
        "'x'",
        "Remove the rows of totals",
    ),
    "a rate as a stratum": (
        "arm,n,successes,rate\ncontrol,100,10,10%\nb,100,12,12%\n",
        "stratum_not_shared",
        "rate",
        "Remove the column",
    ),
    "an arm missing in a stratum": (
        HEAD + "control,p,9,1\nb,p,9,2\ncontrol,w,5,1\n",
        "stratum_incomplete",
        "'b' for device = 'w'",
        "n = 0",
    ),
    "an arm without any unit": (
        HEAD + "control,p,9,1\nb,p,0,0\ncontrol,w,5,1\nb,w,0,0\n",
        "n_zero",
        "'b' has 0 units",
        "Wait",
    ),
    "a value without units": (
        HEAD + "control,p,9,1\nb,p,9,2\ncontrol,w,5,1\nb,w,0,2\n",
        "successes_above_n",
        "among 0 units",
        "which number",
    ),
    "ragged": ("arm,n,successes\ncontrol,9,1\nb,10,000,2\n", "ragged_row", "4 cells under 3", "thousands separators"),
    "header twice": ("arm,n,n,successes\ncontrol,9,9,1\nb,9,9,2\n", "header_twice", "'n'", "its own name"),
    "header empty": (",arm,n,successes\n1,control,9,1\n2,b,9,2\n", "header_empty", "without a name", "Name every"),
    "wrong delimiter": ("arm;n;successes\ncontrol;9;1\nb;9;2\n", "one_column", "single column", "delimiter: ';'"),
    "empty file": ("", "file_empty", "no row", "one row an arm"),
    "blank file": (" \n\n", "file_empty", "no row", "one row an arm"),
    "header alone": ("arm,n,successes\n", "file_empty", "no row", "one row an arm"),
    "wrong encoding": ("arm,n,successes\nkontröll,9,1\n".encode("latin-1"), "file_encoding", "utf-8", "latin-1"),
    "utf-16": ("arm,n,successes\ncontrol,9,1\n".encode("utf-16-le"), "file_encoding", "null", "utf-16"),
    "too large": (b"arm,n,successes\n" + b"control,9,1\n" * 400_000, "file_too_large", "bytes", "read it as rows"),
}


@pytest.mark.parametrize("case", TABLES)
def test_tables_that_cannot_be_read(tmp_path, case):
    """Each broken CSV is refused with its code, where it is broken, and a cure."""
    content, code, said, cure = TABLES[case]
    found = refusals(lambda: from_file(tmp_path, "c.csv", content).scan(spec(), metrics=()))
    only(found, f"counts.{code}", said, cure)


def test_a_broken_line_does_not_hide_another(tmp_path):
    """Every problem of a table is told at once, and what is merely unreadable is not called missing as well."""
    source = from_file(tmp_path, "c.csv", "arm,n,successes\ncontrol,9,12\nc,x,1\nd,-4,1\nb,5,1\n")
    assert [r.code for r in source.problems(spec())] == [
        "counts.successes_above_n",
        "counts.not_a_number",
        "counts.n_negative",
    ]


def test_dates_as_text_in_the_time_column(tmp_path):
    """A time column that holds no ISO dates is refused, once a value."""
    rows = "arm,day,n,successes\ncontrol,5 Jan,9,1\nb,5 Jan,9,2\n"
    found = from_file(tmp_path, "c.csv", rows).problems(spec(time_column="day"))
    only(found, "counts.not_a_date", "'5 Jan'", "YYYY-MM-DD")


def test_a_point_under_a_declared_comma(tmp_path):
    """With a declared decimal comma a decimal point is refused, not read as thousands."""
    rows = "arm;n;mean;sd\ncontrol;100;3.25;2\nb;100;3,5;2\n"
    source = from_file(tmp_path, "c.csv", rows, dialect=Dialect(delimiter=";", decimal=","))
    only(source.problems(spec(metrics=MEAN)), "counts.not_a_number", "'3.25'", "dialect.decimal: '.'")


def test_a_column_with_two_meanings(tmp_path):
    """A column named both as a stratum and as the successes is refused."""
    columns = CountColumns(strata=("successes",))
    source = from_file(tmp_path, "c.csv", "arm,n,successes\ncontrol,9,1\nb,9,2\n", columns=columns)
    only(source.problems(spec()), "counts.column_twice", "successes", "one meaning")


def test_a_declared_stratum_that_is_not_there(tmp_path):
    """A declared stratum missing from the file is refused with the nearest name."""
    columns = CountColumns(strata=("devise",))
    source = from_file(tmp_path, "c.csv", HEAD + "control,p,9,1\nb,p,9,2\n", columns=columns)
    only(source.problems(spec()), "counts.column_missing", "'devise'", "'device'")


def test_an_empty_metric_name(tmp_path):
    """A row that names no metric is refused, not given to the primary."""
    rows = "arm,metric,n,successes\ncontrol,conversion,9,1\nb,conversion,9,1\nb,,9,1\n"
    only(from_file(tmp_path, "c.csv", rows).problems(spec()), "counts.metric_empty", "line 4", "Name the metric")


YAMLS = {
    "unreadable": ("arms: {control: {n: 1", "yaml_unreadable", "line 1", "Mend the line"),
    "arm twice": ("b: {n: 9, successes: 1}\nb: {n: 9, successes: 1}\n", "yaml_unreadable", "duplicate", "once"),
    "a number": ("12\n", "yaml_shape", "neither", "Write arms:"),
    "another key": ("arms: {b: {n: 9, successes: 1}}\nalpha: 0.05\n", "yaml_shape", "neither", "Write arms:"),
    "arms of text": ("arms: {control: 10000, b: 10100}\n", "yaml_shape", "arm 'control'", "Write arms:"),
    "a nested number": ("arms: {b: {n: [9], successes: 1}}\n", "yaml_shape", "arm 'b'", "Write arms:"),
    "null": ("control: {n: ~, successes: 1}\nb: {n: 9, successes: 1}\n", "not_finite", "'~'", "finite number"),
    "misspelt": ("control: {n: 9, sucesses: 1}\nb: {n: 9, sucesses: 1}\n", "column_missing", "successes", "sucesses"),
    "nothing": ("# nothing\n", "yaml_shape", "neither", "Write arms:"),
    "no arms": ("arms: {}\n", "file_empty", "no row", "one row an arm"),
}


@pytest.mark.parametrize("case", YAMLS)
def test_yaml_that_cannot_be_read(tmp_path, case):
    """Each broken YAML is refused with its code, where it is broken, and a cure."""
    content, code, said, cure = YAMLS[case]
    found = refusals(lambda: from_file(tmp_path, "c.yaml", content).scan(spec(), metrics=()))
    assert {r.code for r in found} == {f"counts.{code}"}
    assert said in found[0].reason
    assert cure in found[0].cure


def test_no_such_file_and_no_such_format(tmp_path):
    """A path that is not there and an ending that is unknown are refused."""
    only(refusals(lambda: CountsSource.from_file(tmp_path / "no.csv")), "counts.file_missing", "no.csv", "path")
    only(refusals(lambda: CountsSource.from_file(tmp_path)), "counts.file_format", "ends in", "CSV or YAML")
    (tmp_path / "folder.csv").mkdir()
    only(refusals(lambda: CountsSource.from_file(tmp_path / "folder.csv")), "counts.file_missing", "folder", "file")


def test_control_characters_come_out_inert(tmp_path):
    """A terminal escape in a cell is shown escaped in the refusal's sentence."""
    found = from_file(tmp_path, "c.csv", "arm,n,successes\ncontrol,\x1b[31m9,1\nb,9,2\n").problems(spec())
    assert "\x1b" not in found[0].reason
    assert "\\x1b" in found[0].reason


def test_arms_of_a_file_without_their_column(tmp_path):
    """Asking for the arms of a file that has no arm column is refused with the nearest name."""
    source = from_file(tmp_path, "c.csv", "Arms,n,successes\ncontrol,9,1\nb,9,2\n")
    only(refusals(source.arms), "counts.column_missing", "'arm'", "'Arms'")


@pytest.mark.parametrize(
    ("typed", "name", "meant"),
    [
        ("control=10.000:5", "n", "10000"),
        ("control=10000:1.250", "successes", "1250"),
        ("control=10000:32.000:9100000", "sum", "32000"),
    ],
)
def test_points_between_thousands_are_not_taken_for_decimals(typed: str, name: str, meant: str) -> None:
    """10.000 typed as a count is refused, as it is ten thousand in half of the world; the cure writes both out."""
    (refusal,) = refusals(lambda: parse_arms([typed, "b=10000:5" if name != "sum" else "b=10000:32000:9100000"]))
    assert (refusal.code, refusal.name) == ("counts.thousands", name)
    assert f"{int(meant):,}" in refusal.reason
    assert meant in refusal.cure


@pytest.mark.parametrize(
    ("dialect", "n"),
    [
        (Dialect(), "10.000"),
        (Dialect(delimiter=";", decimal=","), "10.000"),
        (Dialect(delimiter=";", decimal=","), "10,000"),
        (Dialect(delimiter=";"), "10,000"),
    ],
)
def test_a_file_may_not_mark_thousands_either(dialect: Dialect, n: str, tmp_path: Path) -> None:
    """In a file of counts a point or comma before three digits is refused under either decimal mark."""
    text = f"arm,n,successes\ncontrol,{n},5\nb,10000,6\n"
    if dialect.delimiter == ";":
        text = f"arm;n;successes\ncontrol;{n};5\nb;10000;6\n"
    source = from_file(tmp_path, "counts.csv", text, dialect=dialect)
    (refusal,) = [r for r in source.problems(spec(dialect=dialect)) if r.name == "n"]
    assert refusal.code in {"counts.thousands", "counts.not_a_number"}
    assert "without" in refusal.cure
    assert "10000" in refusal.cure


def test_decimals_that_can_only_be_decimals_are_read() -> None:
    """A mean with three decimals, a whole number with one, and a sum with decimals stay what they are."""
    assert parse_arms(["a=100.0:5", "b=100:mean=3.200:sd=1.500"])[1].moments.mean == (3.2,)
    assert parse_arms(["a=100:32.125:91.5", "b=100:0.000:0.000"])[0].moments.mean == (0.32125,)
