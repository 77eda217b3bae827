"""Bad numbers through the real path: file, scan, reading, case for the null, verdict; and through the tools."""

from __future__ import annotations

import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from bad_numbers import CASES, effect_and_error
from copilot_tools import catalogue
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Estimate
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import decide
from copilot_tools.stats.reading import read
from copilot_tools.stats.sources.rows.files import open_file
from copilot_tools.stats.spec import AnalysisSpec, Arm, DataPolicy, Effect, Metric
from copilot_tools.stats.validity.case import case_for_null
from copilot_tools.stats.verdict_table import Row

LENIENT = DataPolicy(duplicates="first", two_arms="drop")


def written(case, folder, ending):
    """The case as a file: empty cells are empty, NaN and infinity stand as such."""
    arms = ["b" if a else "control" for a in case.arm]
    units = [f"u{u}" for u in case.unit]
    path = folder / f"data.{ending}"
    if ending == "csv":
        cells = ("" if v is None else repr(v) for v in case.value)
        rows = "".join(f"{u},{a},{v}\n" for u, a, v in zip(units, arms, cells, strict=True))
        path.write_text("user,arm,y\n" + rows, encoding="utf-8")
    else:
        pq.write_table(pa.table({"user": units, "arm": arms, "y": pa.array(list(case.value), pa.float64())}), path)
    return path


def whole_reading(case, path, *, nulls="refuse", policy=None):
    """The comparison and the verdict of the one metric."""
    spec = AnalysisSpec(
        unit="user",
        arm_column="arm",
        arms=(Arm(name="control"), Arm(name="b")),
        control="control",
        metrics=(Metric(name="y", role="primary", kind=case.kind, column="y", nulls=nulls),),
        minimum_effect=Effect(size=0.01, scale="absolute"),
        policy=policy or DataPolicy(),
    )
    evidence = open_file(path).scan(spec, metrics=spec.metrics)
    reading = read(spec, evidence)
    circumstances = Circumstances()
    case_against = case_for_null(spec, evidence, reading, circumstances)
    verdict = decide(spec, circumstances, evidence.total_units, reading, case_against)
    for written_out in (reading, verdict, *case_against):
        told = written_out.model_dump_json()
        assert not {"NaN", "Infinity"} & set(told.replace('"', " ").replace(",", " ").replace(":", " ").split())
    return reading.comparisons[0], verdict


REFUSED_FILES = {
    "two cells NaN": "data.not_finite",
    "two cells NULL": "data.empty_cells",
    "half the cells NULL": "data.empty_cells",
    "one cell infinite": "data.not_finite",
    "empty treatment": "data.one_arm",
}
"""Refused by a plan that says nothing of them, before any outcome is read."""
NO_VERDICT = {
    "one unit in treatment": (Row.INVALID, "data.too_few_units"),
    "no variation, same value": (Row.NOT_ASSESSABLE, "data.no_variance"),
    "no variation, other value": (Row.NOT_ASSESSABLE, "data.no_variance"),
    "all zeros": (Row.NOT_ASSESSABLE, "data.no_variance"),
    "every row ten times": (Row.INVALID, "data.too_few_units"),
    "units in both arms": (Row.INVALID, "data.too_few_units"),
}
"""Read, and found to allow no verdict; where the plan has to decide first, no outcome was opened."""
ANSWERED = [c for c in CASES if c not in REFUSED_FILES and c not in NO_VERDICT]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("name", REFUSED_FILES)
def test_files_that_say_nothing_certain_are_refused(name, ending, tmp_path):
    """NaN, infinity, empty cells nobody has explained, an arm that is not there: a refusal that names the cure."""
    case = CASES[name]()
    with pytest.raises(Refused) as caught:
        whole_reading(case, written(case, tmp_path, ending))
    assert REFUSED_FILES[name] in {r.code for r in caught.value.refusals}
    assert all(r.cure for r in caught.value.refusals)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("name", NO_VERDICT)
def test_what_allows_no_verdict_gets_none(name, ending, tmp_path):
    """No variation, one unit, copies, users in two arms: no estimate, no p-value, and the verdict says why."""
    case = CASES[name]()
    comparison, verdict = whole_reading(case, written(case, tmp_path, ending))
    row, code = NO_VERDICT[name]
    assert verdict.row is row
    assert isinstance(comparison.absolute, Refusal)
    assert isinstance(comparison.relative, Refusal)
    assert comparison.absolute.code == code
    assert comparison.absolute.cure


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("name", [*ANSWERED, "two cells NULL", "half the cells NULL", "every row ten times"])
def test_what_can_be_answered_is_answered_right(name, ending, tmp_path):
    """Under a plan that says what to do: the exact difference, error and p-value, however far out or however small."""
    case = CASES[name]()
    comparison, _ = whole_reading(case, written(case, tmp_path, ending), nulls="drop", policy=LENIENT)
    found = comparison.absolute
    assert isinstance(found, Estimate)
    effect, error = effect_and_error(case)
    # A mean of 1e9 is known to half a step of a double there: 6e-8.
    assert found.value == pytest.approx(effect, abs=2.4e-7 if "1e9" in name else 2e-10)
    assert found.p_value is not None
    assert 0 < found.p_value < 1
    if "exact" in found.method:
        return  # a table of 0/20 and 5/20 has no Welch error; its p-value is held against every table elsewhere
    if "skewness-corrected" in found.method:
        assert found.standard_error > error  # only ever widened
        return
    assert found.standard_error == pytest.approx(error, rel=1e-9)
    expected = 2 * stats.t.sf(abs(effect) / error, found.df)
    assert found.p_value == pytest.approx(expected, rel=1e-4)


def test_what_each_answer_rests_on(tmp_path):
    """Half empty: 1,000 units an arm, not 2,000. Ten copies: 300. Two arms: nobody of the 50."""

    def units(name):
        case = CASES[name]()
        comparison, _ = whole_reading(case, written(case, tmp_path, "csv"), nulls="drop", policy=LENIENT)
        return comparison.control.n, comparison.treatment.n

    assert units("half the cells NULL") == (1000, 1000)
    assert units("every row ten times") == (300, 300)
    assert units("units in both arms") == (450, 450)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_lift_over_nothing_is_refused_alone(ending, tmp_path):
    """Control all zeros: the difference stands, the relative lift is refused; so for counts."""
    for name, code in (
        ("control all zeros", "relative.control_near_zero"),
        ("proportions 0/20 and 5/20", "relative.control_zero"),
    ):
        case = CASES[name]()
        comparison, _ = whole_reading(case, written(case, tmp_path, ending))
        assert isinstance(comparison.absolute, Estimate)
        assert isinstance(comparison.relative, Refusal)
        assert comparison.relative.code == code


def test_up_is_up_from_below_zero(tmp_path):
    """From -2 to -1.5 is a rise of a quarter of control's size, not a fall."""
    case = CASES["control mean below 0"]()
    comparison, verdict = whole_reading(case, written(case, tmp_path, "csv"))
    assert comparison.relative.value == pytest.approx(0.2510453795476303, rel=1e-9)
    assert comparison.relative.interval.low > 0
    assert verdict.row is Row.SUPPORTED


def mean_arms(control, treatment):
    """Arguments of a tool from (n, mean, sd) twice."""
    a, b = (dict(zip(("n", "mean", "sd"), x, strict=True)) for x in (control, treatment))
    return {"control": {"name": "a", **a}, "treatments": [{"name": "b", **b}]}


def one_pair(arguments):
    """The same for the tools that take one treatment."""
    return {"control": arguments["control"], "treatment": arguments["treatments"][0]}


COUNTS = {"control": {"name": "a", "n": 20, "successes": 0}, "treatments": [{"name": "b", "n": 20, "successes": 5}]}
ZERO_COUNTS = {
    "control": {"name": "a", "n": 20, "successes": 0},
    "treatments": [{"name": "b", "n": 20, "successes": 0}],
}
MARGIN = {"margin": {"size": 0.3, "scale": "absolute"}}

BAD_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("compare_means", mean_arms((100, math.nan, 1), (100, 2, 1))),
    ("compare_means", mean_arms((100, 2, math.inf), (100, 2, 1))),
    ("compare_means", mean_arms((100, -math.inf, 1), (100, 2, 1))),
    ("compare_means", mean_arms((1, 2, 1), (100, 2, 1))),
    ("compare_means", mean_arms((100, 5, 0), (100, 5, 0))),
    ("compare_means", mean_arms((100, 5, 0), (100, 6, 0))),
    ("compare_means", mean_arms((100, 0, 0), (100, 0, 0))),
    ("compare_means", mean_arms((100, 2, -1), (100, 2, 1))),
    ("equivalence_test", {"means": one_pair(mean_arms((100, 5, 0), (100, 5, 0))), **MARGIN}),
    ("equivalence_test", {"means": one_pair(mean_arms((100, math.nan, 1), (100, 5, 1))), **MARGIN}),
    (
        "compare_proportions",
        {"control": {"name": "a", "n": 20, "successes": 21}, "treatments": [{"name": "b", "n": 20, "successes": 1}]},
    ),
    (
        "compare_proportions",
        {"control": {"name": "a", "n": 0, "successes": 0}, "treatments": [{"name": "b", "n": 20, "successes": 1}]},
    ),
]


@pytest.mark.parametrize(("name", "arguments"), BAD_CALLS)
def test_tools_refuse_bad_figures(name, arguments):
    """Typed figures that are no figures, or leave nothing to judge by, are refused with a cure, on every tool."""
    with pytest.raises(Refused) as caught:
        catalogue.find(name).run(arguments)
    assert all(r.reason for r in caught.value.refusals)
    assert any(r.cure for r in caught.value.refusals)


def test_tools_keep_their_digits():
    """A mean of 1e9 with a spread of 1, and z = 22 and 37: the error and the tiny p-value survive the tool's JSON."""
    tool = catalogue.find("compare_means")

    def absolute(control, treatment):
        told = tool.run(mean_arms(control, treatment)).model_dump_json()
        return json.loads(told)["comparisons"][0]["absolute"]

    far = absolute((50_000, 1e9, 1), (50_000, 1e9 + 0.0625, 1))
    assert far["standard_error"] == pytest.approx(math.sqrt(2 / 50_000), rel=1e-12)
    assert far["p_value"] == pytest.approx(2 * stats.t.sf(0.0625 / math.sqrt(2 / 50_000), 99_998), rel=1e-9)
    for z in (22, 37):
        found = absolute((5000, 0, 1), (5000, z * math.sqrt(2 / 5000), 1))
        assert found["p_value"] == pytest.approx(2 * stats.t.sf(z, 9998), rel=1e-6)
        assert found["p_value"] > 0


def test_tools_on_counts_near_nothing():
    """0/20 and 5/20: Barnard's .0167 and no lift; 0/20 and 0/20: no p-value at all, but a bounded difference."""
    tool = catalogue.find("compare_proportions")
    (found,) = tool.run(COUNTS).comparisons
    assert found.absolute.p_value == pytest.approx(0.0167147, abs=1e-6)
    assert isinstance(found.relative, Refusal)
    (none,) = tool.run(ZERO_COUNTS).comparisons
    assert none.absolute.p_value is None
    low, high = none.absolute.interval.low, none.absolute.interval.high
    # At least what treatment alone allows if control's rate is 0 (Clopper-Pearson); exactness costs a little more.
    assert 1 - 0.025 ** (1 / 20) < high < 0.25
    assert low == pytest.approx(-high)
    assert isinstance(none.relative, Refusal)
