"""Every tool of the catalogue: described, runs its own examples, refuses garbage as refusals."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import copilot_tools
from copilot_tools.catalogue import NAMES, find, tools
from copilot_tools.refusals import Refusal, Refused

TOOLS = {tool.name: tool for tool in tools()}
EXAMPLES = [(name, i) for name, tool in TOOLS.items() for i in range(len(tool.examples))]
INFINITIES = (math.inf, -math.inf)
MAY_BE_EMPTY = {"units", "upper", "looked_at", "units_per_week", "z", "baseline", "end", "fixed_units", "skewness"}
SIGNED = {
    "sums",
    "means",
    "covariances",
    "mean",
    "numerator_mean",
    "correlation",
    "covariate_correlation",
    "z",
    "estimate",
    "low",
    "high",
    "baseline",
    "parameter",
    "skewness",
    "values",  # a list of values: its members go by the list's name
    "control",
    "treatment",
    "sum",
}


def leaves(value, path=()):
    """Paths of all numbers in plain JSON data."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*path, i))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def with_leaf(example, path, value):
    """A copy of ``example`` with one leaf replaced."""
    changed = copy.deepcopy(example)
    here = changed
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return changed


def test_every_name_finds_the_tool_that_bears_it():
    """The catalogue holds each tool once, and each module only the tools it is listed for."""
    assert len(set(NAMES)) == len(NAMES)
    assert [find(name).name for name in NAMES] == list(NAMES)
    for module in {tool.arguments.__module__ for tool in tools()}:
        listed = {tool.name for tool in tools() if tool.arguments.__module__ == module}
        assert {tool.name for tool in sys.modules[module].TOOLS} == listed


@pytest.mark.parametrize("name", NAMES)
def test_each_tool_describes_itself(name):
    """A description is plain JSON, says what and when, documents arguments and result, and shows examples."""
    tool = TOOLS[name]
    described = json.loads(json.dumps(tool.description()))
    assert described["name"] == name
    assert described["summary"].endswith((".", "?"))
    assert described["when"].endswith(".")
    assert described["arguments"]["type"] == "object"
    assert described["arguments"]["additionalProperties"] is False
    assert described["arguments"]["examples"]
    assert described["arguments"]["description"]
    assert described["result"]["description"]


@pytest.mark.parametrize(("name", "i"), EXAMPLES)
def test_each_example_runs(name, i):
    """Every example gives a result that survives JSON both ways, and the same from JSON text."""
    tool = TOOLS[name]
    found = tool.run(tool.examples[i])
    assert isinstance(found, tool.result)
    assert tool.result.model_validate(json.loads(json.dumps(found.to_json()))) == found
    assert tool.run_json(json.dumps(tool.examples[i])) == found


def answer(tool, data):
    """The result, or the refusals; anything else is the program's fault and fails the test."""
    try:
        return tool.run(data)
    except Refused as refused:
        return refused.refusals


@pytest.mark.parametrize(("name", "i"), EXAMPLES)
def test_garbage_in_any_place_is_refused_by_name(name, i):
    """Text, a wrong type, a truth value, NaN or infinity in place of any number: refused, and where."""
    tool = TOOLS[name]
    for path in leaves(tool.examples[i]):
        dotted = ".".join(str(part) for part in path)
        for value in ("many", "0.05", [], {}, True, math.nan, math.inf, -math.inf):
            if (value is True and path[-1] == "sides") or (tool.name == "classify_interval" and value in INFINITIES):
                continue  # true is the literal 1; an interval may be open
            found = answer(tool, with_leaf(tool.examples[i], path, value))
            assert isinstance(found, tuple), (dotted, value)
            assert [r.name for r in found] == [dotted], (dotted, value)
            assert found[0].code.startswith("input.")
            assert found[0].cure or found[0].code == "input.inconsistent"


@pytest.mark.parametrize(("name", "i"), EXAMPLES)
def test_empty_and_negative_figures_are_refused_or_meant(name, i):
    """An empty or negative figure is refused with a reason, or the field is optional or signed and gives a result."""
    tool = TOOLS[name]
    for path in leaves(tool.examples[i]):
        for value in (None, -1, -0.5):
            found = answer(tool, with_leaf(tool.examples[i], path, value))
            if isinstance(found, tuple):
                assert all(isinstance(r, Refusal) and r.reason for r in found)
            else:
                named = next(part for part in reversed(path) if isinstance(part, str))
                assert named in MAY_BE_EMPTY if value is None else named in SIGNED, (path, value)


@pytest.mark.parametrize("name", NAMES)
def test_missing_and_unknown_keys_are_refused(name):
    """No argument at all and an argument too many are refused, an almost right key with the right one."""
    tool = TOOLS[name]
    required = tool.description()["arguments"].get("required", [])
    if required:
        with pytest.raises(Refused) as refused:
            tool.run({})
        assert {r.name for r in refused.value.refusals} == set(required)
        assert {r.code for r in refused.value.refusals} == {"input.missing"}
    known = next(iter(tool.examples[0]))
    for extra in ("nonsense", known[:-1] + "zz"):
        with pytest.raises(Refused) as refused:
            tool.run({**tool.examples[0], extra: 1})
        assert [(r.code, r.name) for r in refused.value.refusals] == [("input.unknown_key", extra)]
        assert refused.value.refusals[0].cure.startswith(("Did you mean", "Known here"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"a": 1, "a": 2}', "NaN", "[" * 50_000])
def test_text_that_is_no_object_is_refused(name, text):
    """Broken JSON, a JSON value that is no object, a key said twice: refused with an example of what would do."""
    with pytest.raises(Refused) as refused:
        TOOLS[name].run_json(text)
    assert refused.value.refusals[0].code in {"tool.not_json", "tool.not_an_object"}
    assert "{" in refused.value.refusals[0].cure


def test_what_json_cannot_hold_is_refused():
    """A Python object among the arguments is refused, not guessed at."""
    with pytest.raises(Refused, match="cannot be written as JSON"):
        find("runtime").run({"units": {1, 2}, "units_per_week": 5})


def test_an_unknown_tool_is_answered_with_the_nearest():
    """A misspelt name is refused with the right one; a strange one with all."""
    with pytest.raises(Refused, match="Did you mean sample_size"):
        find("sample_sise")
    with pytest.raises(Refused, match="The tools are"):
        find("xyzzy")


magnitudes = st.builds(
    lambda sign, digits, power: sign * digits * 10.0**power,
    st.sampled_from([1, 1, 1, -1]),
    st.floats(1, 9.99),
    st.integers(-12, 12),
)


@given(st.sampled_from([e for e in EXAMPLES if any(leaves(TOOLS[e[0]].examples[e[1]]))]), st.data())
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_any_figures_give_a_result_or_a_refusal(which, data):
    """Figures of any size and sign in any places: a finite result or a refusal, never a traceback."""
    tool = TOOLS[which[0]]
    changed = tool.examples[which[1]]
    paths = list(leaves(changed))
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3)):
        value = data.draw(magnitudes)
        here = changed
        for part in path:
            here = here[part]
        changed = with_leaf(changed, path, round(value) if isinstance(here, int) else value)
    found = answer(tool, changed)
    if isinstance(found, tuple):
        assert all(r.reason for r in found)
    else:
        json.dumps(found.to_json(), allow_nan=False)


def test_the_answers_are_the_published_ones():
    """Through JSON the tools still give the numbers of their sources."""
    size = {"outcome": {"kind": "proportion", "baseline": 0.5}, "effect": {"size": 0.25, "scale": "absolute"}}
    assert find("sample_size").run({**size, "power": 0.9}).per_arm == (77, 77)
    # Kohavi, Tang & Xu (2020), chapter 21: 821,588 against 815,482 users.
    assert find("sample_ratio").run(TOOLS["sample_ratio"].examples[0]).p_value == pytest.approx(1.8e-6, rel=0.02)
    # Armitage, McPherson & Rowe (1969), table 2.
    for looks, rate in ((1, 0.05), (2, 0.083), (3, 0.107), (5, 0.142)):
        assert find("peeking").run({"looks": looks}).rate == pytest.approx(rate, abs=5e-4)
    # Kohavi, Deng & Vermeer (2022), table 2.
    for win_rate, risk in ((1 / 3, 0.059), (0.2, 0.111), (0.1, 0.22), (0.08, 0.264)):
        assert find("false_positive_risk").run({"win_rate": win_rate}).of_rule == pytest.approx(risk, abs=6e-4)
    # Charig et al. (1986), kidney stones: better in both strata, worse overall.
    stones = find("compare_within_strata").run(TOOLS["compare_within_strata"].examples[0])
    assert stones.reversed
    assert stones.against == ("small", "large")
    # NIST/SEMATECH e-Handbook, 7.3.1: Auto83b, t = -12.94627 pooled; Welch by its printed means and deviations.
    cars = find("compare_means").run(
        {
            "control": {"name": "usa", "n": 249, "mean": 20.14458, "sd": 6.41470},
            "treatments": [{"name": "japan", "n": 79, "mean": 30.48101, "sd": 6.10771}],
        }
    )
    assert cars.comparisons[0].absolute.statistic == pytest.approx(12.9463, abs=1e-3)


def test_a_comparison_that_cannot_be_made_is_refused():
    """No conversions at all leave nothing to compare on the relative scale; no variation at all is refused whole."""
    with pytest.raises(Refused) as refused:
        find("compare_means").run(
            {
                "control": {"name": "a", "n": 10, "mean": 3, "sd": 0},
                "treatments": [{"name": "b", "n": 10, "mean": 4, "sd": 0}],
            }
        )
    assert refused.value.refusals[0].code == "data.no_variance"


@pytest.mark.parametrize(
    ("name", "given_", "word"),
    [
        (
            "compare_proportions",
            {
                "control": {"name": "a", "n": 10, "successes": 11},
                "treatments": [{"name": "b", "n": 10, "successes": 1}],
            },
            "more than the 10 units",
        ),
        (
            "compare_proportions",
            {"control": {"name": "a", "n": 10, "successes": 1}, "treatments": [{"name": "a", "n": 10, "successes": 1}]},
            "share a name",
        ),
        ("classify_interval", {"low": 2, "high": 1, "minimum_effect": 1}, "above high"),
        ("classify_interval", {"low": "inf", "high": "inf", "minimum_effect": 1}, "at least one number"),
        ("peeking", {}, "either looks"),
        ("peeking", {"looks": 2, "units_at_looks": [1]}, "either looks"),
        ("minimum_detectable_effect", {"outcome": {"kind": "mean", "sd": 1}}, "either units"),
        (
            "minimum_detectable_effect",
            {"outcome": {"kind": "mean", "sd": 1}, "units": 10, "units_per_week": 5, "weeks": 2},
            "either units",
        ),
        (
            "always_valid_interval",
            {"estimate": 1, "standard_error": 1, "units": 59, "horizon": 100},
            "at least 30 in each",
        ),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(name, given_, word):
    """What no single field can know is refused with the contradiction named."""
    with pytest.raises(Refused, match=word):
        find(name).run(given_)


def test_open_ends_are_read_and_written_as_text():
    """An open end goes in and comes out as "inf" or "-inf", and the mirrored one keeps its side."""
    found = find("classify_interval").run(
        {"low": "-inf", "high": -0.02, "minimum_effect": 0.01, "direction": "decrease"}
    )
    assert found.to_json()["high"] == "inf"
    assert found.phrase == "supported: at least what matters"
    one_sided = find("always_valid_interval").run({**TOOLS["always_valid_interval"].examples[0], "sides": 1})
    assert one_sided.to_json()["interval"]["high"] == "inf"


def test_listing_the_catalogue_imports_nothing_heavy():
    """Names, descriptions and schemas need neither numpy nor scipy nor pandas nor duckdb."""
    code = (
        "import sys; from copilot_tools.catalogue import tools; [t.description() for t in tools()];"
        "heavy = {'numpy', 'scipy', 'pandas', 'duckdb', 'langgraph'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    root = str(Path(copilot_tools.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": root}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_an_always_valid_interval_says_its_level_and_its_open_end():
    """Alpha .005 is 99.5%, never 100%; one side leaves no upper (or lower) limit, never "inf"."""
    tool = find("always_valid_interval")
    example = {**TOOLS["always_valid_interval"].examples[0]}
    assert "The 99.5% interval +" in tool.run({**example, "alpha": 0.005}).sentence
    assert "The 99.999% interval " in tool.run({**example, "alpha": 0.00001}).sentence
    for direction, end in (("increase", "to no upper limit holds"), ("decrease", "no lower limit to +")):
        sentence = tool.run({**example, "sides": 1, "direction": direction}).sentence
        assert end in sentence
        assert "inf" not in sentence
