"""How many, how long, how small."""

from __future__ import annotations

import json

import pytest

from copilot_tools.stats.planning.outcomes import Proportion
from copilot_tools.stats.planning.size import sample_size
from copilot_tools.stats.spec import Effect


def test_size_is_the_tools_answer(run):
    """The command prints what the planning tool computes, with weeks and a table around it."""
    args = ("size", "--baseline", "4%", "--effect", "+5%", "--traffic-per-week", "20,000")
    expected = sample_size(Proportion(baseline=0.04), Effect(size=0.05, scale="relative"), units_per_week=20000)
    assert json.loads(run(*args, "--json").stdout)["sample_size"] == expected.to_json()
    text = run(*args).stdout
    assert f"{expected.total:,} units" in text
    assert "16 whole weeks" in text
    for row in expected.table:
        assert f"{row.total:,}" in text


def test_list_turns_the_question_around(run):
    """A fixed list gets the smallest effect it can show, in points and relative to today."""
    text = run("size", "--baseline", "10%", "--list", "64,000").stdout
    found = json.loads(run("size", "--baseline", "10%", "--list", "64000", "--json").stdout)[
        "minimum_detectable_effect"
    ]
    assert f"+{found['absolute'] * 100:.2f} points" in text
    assert found["relative"] == pytest.approx(found["absolute"] / 0.1)


def test_options_reach_the_design(run):
    """Arms, alpha, power, sides and a covariate each move the size the way they should."""

    def total(*extra):
        result = run("size", "--mean", "12.40", "--sd", "30", "--effect", "3%", "--json", *extra)
        assert result.exit_code == 0, result.stdout
        return json.loads(result.stdout)["sample_size"]["total"]

    plain = total()
    assert total("--arms", "3") > plain * 1.4
    assert total("--alpha", "1%") > plain
    assert total("--power", "0.9") > plain
    assert total("--sides", "1") < plain
    assert total("--variance-reduction", "30%") == pytest.approx(0.7 * plain, rel=1e-3)


def test_decrease_is_said_by_the_sign(run):
    """A minus asks for a decrease."""
    found = json.loads(run("size", "--baseline", "20%", "--effect", "-10%", "--json").stdout)["sample_size"]
    assert found["treatment_level"] == pytest.approx(0.18)


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("--baseline", "4%"),
        ("--effect", "5%"),
        ("--baseline", "4%", "--sd", "3", "--effect", "5%"),
        ("--baseline", "4%", "--mean", "3", "--effect", "5%"),
        ("--baseline", "4", "--effect", "5%"),
        ("--baseline", "4%", "--effect", "0.2"),
        ("--baseline", "4%", "--effect", "5%", "--arms", "1"),
        ("--baseline", "4%", "--effect", "5%", "--power", "1.2"),
        ("--baseline", "4%", "--effect", "5%", "--alpha", "60%"),
        ("--baseline", "4%", "--effect", "5%", "--traffic-per-week", "0"),
        ("--baseline", "60%", "--effect", "90%"),
        ("--sd", "30", "--effect", "5%"),
        ("--sd", "-1", "--mean", "2", "--effect", "5%"),
        ("--baseline", "4%", "--list", "2"),
    ],
)
def test_bad_questions_are_refused(run, args):
    """Each bad question is refused with a reason and a cure, never answered with a number."""
    result = run("size", *args, "--json")
    assert result.exit_code == 2, result.stdout
    refused = json.loads(result.stdout)["refused"]
    assert all(r["reason"] for r in refused)
    assert run("size", *args).stdout == ""
