"""Row data that cannot be read as the plan says: each fault has its code, names what was found, and says the cure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import Dialect, Exposure, Metric
from tools.stats.sources.row_worlds import BOUGHT, ROWS, SPEND, problems, spec, write

CTR = Metric(name="ctr", role="primary", kind="ratio", column="clicks", denominator="views")
COMMA = Dialect(delimiter=";", decimal=",")


@dataclass(frozen=True)
class Bad:
    """A file, the plan it is read under, the refusal expected, and words its reason and its cure must hold."""

    name: str
    text: str
    code: str
    reason: str
    cure: str
    metrics: tuple[Metric, ...] = (BOUGHT,)
    changes: dict[str, Any] = field(default_factory=dict)
    cuts: tuple[str, ...] = ()


def spend(*values: str) -> str:
    """A file with these cells as spend, arms alternating."""
    rows = [f"u{i},{'control' if i % 2 else 'b'},0,{v}" for i, v in enumerate(values, 1)]
    return "user,arm,bought,spend\n" + "\n".join(rows) + "\n"


def arms(*names: str) -> str:
    """A file with these arms."""
    return "user,arm,bought\n" + "".join(f"u{i},{a},1\n" for i, a in enumerate(names))


MONEY = (BOUGHT, SPEND)
BAD = [
    Bad("column missing", "user,arm,bougth\nu1,control,1\nu2,b,0\n", "data.column_missing", "'bought'", "'bougth'"),
    Bad("column in capitals", "user,arm,Bought\nu1,control,1\nu2,b,0\n", "data.column_missing", "'bought'", "capitals"),
    Bad("column with a space", "user,arm, bought\nu1,control,1\nu2,b,0\n", "data.column_missing", "'bought'", "spaces"),
    Bad(
        "arm column missing",
        "user,variant,bought\nu1,control,1\n",
        "data.column_missing",
        "as the arm",
        "'user', 'variant', 'bought'",
    ),
    Bad(
        "no arm column in the plan",
        ROWS,
        "data.arm_column_undeclared",
        "no arm column",
        "arm_column",
        changes={"arm_column": None},
    ),
    Bad("semicolons", ROWS.replace(",", ";"), "data.delimiter", "one single column", "';'"),
    Bad("no header", "u1,control,1\nu2,b,0\n", "data.header_missing", "'control'", "first line"),
    Bad("header only", "user,arm,bought\n", "data.no_rows", "no row", "with its rows"),
    Bad("planned arm absent", arms("control", "control", "c"), "data.arm_absent", "'b'", "'control', 'c'"),
    Bad("unknown arm", arms("control", "b", "Total"), "data.arm_unknown", "'Total' (line 4)", "'control', 'b'"),
    Bad("many unknown arms", arms("control", "b", *"cdefghijklmn"), "data.arm_unknown", "12 values", "right column"),
    Bad("one arm", arms("control", "control"), "data.one_arm", "needs two", "control included"),
    Bad("arm column empty", arms("", " "), "data.arm_column_empty", "empty", "'control', 'b'"),
    Bad("arm in capitals", arms("Control", "b"), "data.arm_spelling", "'Control' (line 2)", "capitals or spaces"),
    Bad("arm with a space", arms("control", "b", "b "), "data.arm_spelling", "'b ' (line 4)", "capitals or spaces"),
    Bad("text metric", spend("3", "lots"), "data.not_numeric", "'lots' in line 3", "plain numbers", MONEY),
    Bad("decimal commas", spend('"3,5"', '"12,25"'), "data.decimal_comma", "2 cells", "dialect.decimal: ','", MONEY),
    Bad("thousands", spend("3", '"1,234.50"'), "data.decimal_mark", "1,234.50", "thousands", MONEY),
    Bad(
        "points under a declared comma",
        spend("3,5", "1.234,5").replace(",", ";").replace("3;5", "3,5").replace("4;5", "4,5"),
        "data.decimal_mark",
        "1.234,5",
        "decimal mark is ','",
        MONEY,
        {"dialect": COMMA},
    ),
    Bad("percent signs", spend("3", "12%"), "data.not_numeric", "'12%'", "0.12", MONEY),
    Bad("currency signs", spend("$3", "$4"), "data.not_numeric", "'$3'", "dialect.currency", MONEY),
    Bad("the word NULL", spend("3", "NULL"), "data.not_numeric", "'NULL'", "nulls", MONEY),
    Bad("underscores", spend("3", "1_000"), "data.not_numeric", "'1_000'", "plain numbers", MONEY),
    Bad("NaN", spend("3", "nan", "4", "NaN"), "data.not_finite", "2 cells", "empty", MONEY),
    Bad("infinity", spend("3", "-inf"), "data.not_finite", "1 cell", "empty", MONEY),
    Bad("too large for a double", spend("3", "1e999"), "data.not_finite", "'inf'", "empty", MONEY),
    Bad("empty cells", spend("3", "", "5"), "data.empty_cells", "1 cell", "drop", MONEY),
    Bad("empty metric", spend("", ""), "data.column_empty", "Every cell", "Export", MONEY),
    Bad("yes and no", ROWS.replace(",1,", ",yes,"), "data.not_numeric", "'yes'", "1 or true"),
    Bad(
        "counts as a proportion",
        ROWS.replace("u5,control,1", "u5,control,3"),
        "data.proportion_values",
        "'3.0' in line 6",
        "a mean",
    ),
    Bad(
        "negative denominator",
        "user,arm,clicks,views\nu1,control,1,5\nu2,b,1,-5\n",
        "data.denominator_negative",
        "'-5.0' in line 3",
        "cannot be negative",
        (CTR,),
    ),
    Bad(
        "denominator always zero",
        "user,arm,clicks,views\nu1,control,1,5\nu2,b,0,0\n",
        "data.denominator_zero",
        "arm 'b'",
        "right column",
        (CTR,),
    ),
    Bad(
        "day before month",
        ROWS.replace("2025-03-02", "31/03/2025"),
        "data.time_unreadable",
        "'31/03/2025' in line 4",
        "2025-03-31",
        changes={"time_column": "day"},
    ),
    Bad(
        "no time",
        ROWS.replace("2025-03-02", ""),
        "data.time_empty",
        "2 cells",
        "time_column",
        changes={"time_column": "day"},
    ),
    Bad(
        "time column missing", ROWS, "data.column_missing", "time of exposure", "'day'", changes={"time_column": "dayy"}
    ),
    Bad(
        "no such time zone",
        ROWS,
        "data.timezone_unknown",
        "'Berlin'",
        "Europe/Berlin",
        changes={"dialect": Dialect(timezone="Berlin")},
    ),
    Bad("unit empty", ROWS.replace("u3", ""), "data.unit_empty", "line 4", "fill these in"),
    Bad("unit in scientific notation", ROWS.replace("u3", "1.23E+11"), "data.unit_scientific", "1.23E+11", "text"),
    Bad("unit is the arm", ROWS, "data.column_reused", "'arm'", "unit", changes={"unit": "arm"}),
    Bad(
        "metric is the arm",
        ROWS,
        "data.column_reused",
        "the arm column",
        "values",
        (Metric(name="x", role="primary", kind="mean", column="arm"),),
    ),
    Bad(
        "outcome as its own covariate",
        ROWS,
        "data.covariate_is_outcome",
        "'spend'",
        "before assignment",
        (BOUGHT, SPEND.model_copy(update={"covariate": "spend"})),
    ),
    Bad(
        "outcome of another metric as covariate",
        ROWS,
        "data.covariate_is_outcome",
        "'bought'",
        "before assignment",
        (BOUGHT, SPEND.model_copy(update={"covariate": "bought"})),
    ),
    Bad(
        "outcome in the balance check",
        ROWS,
        "data.covariate_is_outcome",
        "'bought'",
        "before assignment",
        changes={"covariates": ("bought",)},
    ),
    Bad("text covariate", ROWS, "data.not_numeric", "'DE'", "a segment", changes={"covariates": ("country",)}),
    Bad(
        "covariate after assignment",
        "user,arm,clicks,views,c,v\nu1,control,1,5,1,1\nu2,b,1,5,1,1\n",
        "data.covariate_after_assignment",
        "'v'",
        "after_assignment",
        (CTR.model_copy(update={"covariate": "c", "covariate_denominator": "v"}),),
        {"after_assignment": ("v",)},
    ),
    Bad("activation words", ROWS, "data.activation_values", "'DE'", "Write 1", changes={"activation": "country"}),
    Bad(
        "activation empty",
        ROWS.replace(",DE", ","),
        "data.activation_empty",
        "3 cells",
        "every row",
        changes={"activation": "country"},
    ),
    Bad(
        "exposure that never occurs",
        ROWS,
        "data.exposure_never_matches",
        "'new'",
        "exposure.expected",
        changes={"exposure": Exposure(column="country", expected={"b": "new"})},
    ),
    Bad("cut missing", ROWS, "data.column_missing", "a cut", "'country'", cuts=("contry",)),
    Bad("cut by unit", ROWS, "data.cut_by_key", "'user'", "many units", cuts=("user",)),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda b: b.name)
def test_each_fault_is_refused_with_its_cure(bad: Bad, tmp_path: Path) -> None:
    """Each kind of unreadable row data is refused by its own code, with the value in the reason and a cure."""
    plan = spec(*bad.metrics, **bad.changes)
    found = problems(write(tmp_path, bad.text), plan, *bad.cuts)
    assert bad.code in found, found
    assert bad.reason in found[bad.code].reason
    assert bad.cure in found[bad.code].cure


def test_all_problems_come_together(tmp_path: Path) -> None:
    """Every fault of a file is listed at once, and scanning raises the same list."""
    text = "user,arm,spend,day\nu1,control,12%,2025-03-01\n,b,3,yesterday\nu3,B,inf,2025-03-02\n"
    plan = spec(BOUGHT, SPEND, time_column="day")
    source = open_file(write(tmp_path, text))
    found = source.problems(plan)
    assert {p.code for p in found} == {
        "data.column_missing",
        "data.not_numeric",
        "data.not_finite",
        "data.unit_empty",
        "data.time_unreadable",
        "data.arm_spelling",
    }
    with pytest.raises(Refused) as refused:
        source.scan(plan, metrics=plan.metrics)
    assert refused.value.refusals == found


def test_a_clean_file_has_no_problem(tmp_path: Path) -> None:
    """The file the faults are made from has none, so that it is the fault that is refused."""
    assert problems(write(tmp_path, ROWS), spec(BOUGHT, SPEND, time_column="day"), "country") == {}


def test_plan_and_file_dialect_must_agree(tmp_path: Path) -> None:
    """A file opened with another delimiter than the plan declares is refused, not read twice differently."""
    source = open_file(write(tmp_path, ROWS))
    found = source.problems(spec(dialect=Dialect(delimiter=";")))
    assert "data.dialect_changed" in {p.code for p in found}


def test_empty_cells_of_rows_that_do_not_count_are_no_problem(tmp_path: Path) -> None:
    """Only activated rows must have their outcomes."""
    text = "user,arm,bought,saw\nu1,control,1,1\nu2,b,0,1\nu3,b,,0\n"
    assert "data.empty_cells" in problems(write(tmp_path, text), spec())
    assert problems(write(tmp_path, text), spec(activation="saw")) == {}


def test_hostile_names_stay_data(tmp_path: Path) -> None:
    """Quotes, semicolons and terminal escapes in headers and cells are quoted in messages and never run as SQL."""
    text = 'user,arm,bought,"x\'; DROP TABLE raw; --"\nu1,control,1,a\nu2,b,0,b\nu3,"\x1b[31m\'); --",0,c\n'
    plan = spec()
    source = open_file(write(tmp_path, text))
    (unknown,) = source.problems(plan, ("x'; DROP TABLE raw; --",))
    assert unknown.code == "data.arm_unknown"
    assert "\x1b" not in unknown.reason
    assert source.table.connection.execute("SELECT count(*) FROM raw").fetchone() == (3,)
