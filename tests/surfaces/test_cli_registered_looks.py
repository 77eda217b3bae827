"""Registered looks on the command line: a plan with three looks, from registration to a stop, and to its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot_tools.stats.sequential.designs import group_sequential
from tests_plan import FINISHED

PLAN = FINISHED.replace("  control: control\n", "  control: control\n  looks:\n    shares: [0.25, 0.5]\n")


def data(result):
    """What a program gets."""
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def looked(run, place):
    """Register the plan; then a function that reads counts and gives the look."""
    plan = place / "plans" / "checkout.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    assert run("register", plan).exit_code == 0

    def look(control, one_page, *more):
        arms = ("--arm", f"control={control}", "--arm", f"one-page={one_page}")
        return data(run("analyze", "checkout", *arms, *more, "--no-readout", "--json"))["look"]

    return look


def test_plan_show_lists_the_boundaries(run, looked):
    """The plan as shown names each look with its units and its boundary, as the published design has it."""
    shown = run("plan", "show", "checkout").stdout
    design = group_sequential((0.25, 0.5, 1.0))
    for look, units in zip(design.looks, ("5,000", "10,000", "20,000"), strict=True):
        assert units in shown
        assert f"{look.efficacy_z:.3f}" in shown
    assert "alpha/2 spent on each side" in " ".join(shown.split())
    assert "committed end" in shown
    del looked


def test_continue_continue_and_on_to_the_end(run, looked):
    """Two looks that go on, a blinded one between them, and the end by the last boundary; everything recomputes."""
    blinded = looked("1000:52", "1010:60")
    assert (blinded["kind"], blinded["verdict"]["row"]) == ("blinded", "not_yet")
    first = looked("2500:130", "2500:150")
    assert (first["kind"], first["verdict"]["row"]) == ("interim", "continue")
    assert "5,000 more until the next registered look at 10,000" in first["verdict"]["sentence"]
    between = looked("3500:180", "3600:215")
    assert (between["kind"], between["reading"]["comparisons"]) == ("blinded", [])
    second = looked("5000:260", "5000:300")
    assert second["verdict"]["row"] == "continue"
    assert "10,000 more until the committed end at 20,000" in second["verdict"]["sentence"]
    end = looked("10000:520", "10000:610")
    assert end["kind"] == "outcome"
    assert end["verdict"]["row"] == "supported_size_unresolved"
    assert end["circumstances"]["information"] == [0.25, 0.5, 1.0]
    final = group_sequential((0.25, 0.5, 1.0)).looks[-1].efficacy_z
    assert end["reading"]["registered"]["boundaries"][-1] == pytest.approx(final, abs=1e-9)
    assert "Read at the end, the last of 3 registered looks (3 of the 3" in end["verdict"]["stamps"][-1]["sentence"]
    assert run("verify").exit_code == 0
    assert run("close", "checkout").exit_code == 0


def test_continue_then_stop(run, looked):
    """A boundary crossed at the second look stops the test: everything opens, the verdict is final, closing is no
    early stop, and the readout shows the looks and the estimate with them reckoned in.
    """
    assert looked("2500:130", "2500:150")["verdict"]["row"] == "continue"
    stop = looked("5000:260", "5000:390")
    assert (stop["kind"], stop["verdict"]["row"]) == ("outcome", "supported")
    assert "Stopped at registered look 2 of 3" in stop["verdict"]["stamps"][-1]["sentence"]
    assert len(stop["objections"]) > 15
    after = stop["reading"]["stage_wise"][0]
    assert after["value"] < after["plain"]
    page = " ".join(run("readout", "checkout").stdout.split())
    assert "Registered looks" in page
    files = data(run("readout", "checkout", "--out", "board", "--json"))["files"]
    written = next(Path(f) for f in files if f.endswith(".md")).read_text(encoding="utf-8")
    assert "Registered looks taken: 2 of 3." in written
    assert "stage-wise ordering" in written
    assert "A registered look stopped the test here." in run("readout", "checkout", "--brief").stdout
    early = run("close", "checkout", "--early", "--reason", "done")
    assert early.exit_code == 2
    said = " ".join(early.stderr.replace("│", " ").split())
    assert "was stopped by its plan at a registered look already (look 2, " in said
    assert "committed end" not in said
    assert run("close", "checkout").exit_code == 0
    assert run("verify").exit_code == 0


def test_going_on_after_a_stop_is_post_hoc(run, looked):
    """The same units read again say the same; further units after a stop cannot support anything."""
    stop = looked("5000:260", "5000:390")
    again = looked("5000:260", "5000:390")
    assert again["verdict"]["row"] == stop["verdict"]["row"] == "supported"
    assert again["reading"]["comparisons"] == stop["reading"]["comparisons"]
    on = looked("8000:420", "8000:600")
    assert on["verdict"]["row"] == "exploratory"
    assert "stopped the test" in on["circumstances"]["post_hoc"]
    brief = run("readout", "checkout", "--brief").stdout
    stands = "A registered look stopped the test at 10,000 units (look 1), and that verdict stands: supported: at least"
    assert stands in brief
    assert run("verify").exit_code == 0


def test_a_late_plan_that_reads_on_after_its_stop_is_told_both(run, place):
    """That it was registered after the first exposure, and that the verdict of the look that stopped it stands."""
    late = PLAN[: PLAN.index("attested:")].replace("units: 20000\n", "units: 20000\n  first_exposure: '2025-01-01'\n")
    (place / "plans" / "late.yaml").write_text(late, encoding="utf-8")
    assert run("register", "plans/late.yaml").exit_code == 0
    for arms in (("5000:260", "5000:390"), ("8000:420", "8000:600")):
        given = ("--arm", f"control={arms[0]}", "--arm", f"one-page={arms[1]}")
        look = data(run("analyze", "checkout", *given, "--no-readout", "--json"))["look"]
    said = look["circumstances"]["post_hoc"]
    assert "after the first exposure on 2025-01-01. Outcomes were read at a registered look" in said
    assert said.endswith("The verdict of look 1 stands.")
    assert "(look 1), and that verdict stands: exploratory" in run("readout", "checkout", "--brief").stdout
    assert run("verify").exit_code == 0


def test_the_same_look_twice_is_one_look(run, looked):
    """The same units at the same registered look show the same and spend nothing more."""
    first = looked("2500:130", "2500:150")
    again = looked("2500:130", "2500:150")
    assert again["verdict"] == first["verdict"]
    assert again["circumstances"]["information"] == [0.25]
    page = " ".join(run("readout", "checkout").stdout.split())
    assert "outcomes by arm were shown at each of these looks, one of them on as many units as before: the same" in page
    second = looked("5000:260", "5000:300")
    assert second["circumstances"]["information"] == [0.25, 0.5]
    assert run("verify").exit_code == 0


def test_continue_shows_the_primary_alone(run, looked):
    """While the test goes on a page holds no case against a result, and a cut or a quick look is refused."""
    looked("2500:130", "2500:150")
    page = run("readout", "checkout").stdout
    assert "Continue" in page
    assert "Every metric" not in page
    refused = run("analyze", "checkout", "--arm", "control=5000:260", "--arm", "one-page=5000:300", "--cut", "device")
    assert refused.exit_code == 2
    assert run("look", "--arm", "control=2500:130", "--arm", "one-page=2500:150").exit_code == 2


def test_new_registers_looks_and_sizes_for_them(run, place):
    """--looks goes into the plan, the committed size grows by the design's inflation, and the person is told."""
    five = [
        "new", "--channel", "landing-page", "--change", "The headline names the price", "--audience", "New visitors",
        "--because", "Twelve of twenty interviews asked for it", "--metric", "sign-up rate", "--matters", "+5%",
        "--baseline", "4%", "--traffic", "50000", "--start", "2030-01-01",
    ]  # fmt: skip
    plain = data(run(*five, "--name", "plain", "--json"))
    early = data(run(*five, "--name", "early", "--looks", "25%, 50%, 75%", "--json"))
    assert early["plan"]["analysis"]["looks"]["shares"] == [0.25, 0.5, 0.75]
    assert "looks" not in plain["plan"]["analysis"]
    inflation = group_sequential((0.25, 0.5, 0.75, 1.0)).inflation
    sizes = [p["plan"]["design"]["committed_units"] for p in (plain, early)]
    assert sizes[1] == pytest.approx(sizes[0] * inflation, abs=2)
    assert "instead of" in early["looking"]
    assert run(*five, "--name", "wrong", "--looks", "50%, 25%", "--json").exit_code == 2
    assert run("plan", "check", place / "plans" / "early.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("shares: [0.25, 0.5]", "shares: [0.5, 0.25]", "order"),
        ("shares: [0.25, 0.5]", "shares: [0.5, 1.5]", "below 1"),
        ("shares: [0.25, 0.5]", "shares: []", "at least 1"),
        ("    shares: [0.25, 0.5]\n", "    shares: [0.5]\n    spending: hwang_shih_decani\n", "gamma"),
        ("    shares: [0.25, 0.5]\n", "    shares: [0.5]\n  goal: aa\n", "A/A"),
        ("  committed_units: 20000\n", "  committed_days: 14\n", "At how many units does the test end?"),
    ],
)
def test_looks_that_cannot_be_are_refused(run, place, old, new, said):
    """Shares out of order or range, spending without its parameter, A/A, and looks without a committed size."""
    plan = place / "plans" / "checkout.yaml"
    plan.write_text(PLAN.replace(old, new), encoding="utf-8")
    result = run("register", plan, "--json")
    assert result.exit_code == 2
    assert said in " ".join(r["reason"] + r["cure"] for r in json.loads(result.stdout)["refused"])
