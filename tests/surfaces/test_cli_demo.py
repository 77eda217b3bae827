"""The demo: the whole job on published figures, in a folder of its own."""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path

import pytest

from expcopilot.memory import plan_files

SHIPPED = files("expcopilot.surfaces.cli") / "demo_data"


def test_demo_ends_with_verdict_and_readout(run, tmp_path):
    """The last lines are the verdict and the path of an HTML page that says the same."""
    result = run("demo")
    assert result.exit_code == 0, result.stderr
    *_, verdict, _, path = result.stdout.rstrip().splitlines()
    assert verdict.startswith("Verdict: ")
    page = Path(path.strip())
    assert page.suffix == ".html"
    phrase = verdict.removeprefix("Verdict: ")
    assert phrase.lower() in page.read_text(encoding="utf-8").lower()
    assert page.is_relative_to(tmp_path / "demo")


def test_demo_twice(run, tmp_path):
    """A second demo gets a folder of its own; one that is named and taken is refused."""
    assert run("demo").exit_code == 0
    again = json.loads(run("demo", "--json").stdout)
    assert again["workspace"] == str(tmp_path / "demo-2")
    assert run("demo", "--out", "demo").exit_code == 2


def test_demo_verifies(run):
    """What the demo recorded can be recomputed."""
    run("demo", "--out", "here")
    found = json.loads(run("-C", "here", "verify", "--json").stdout)
    assert found["sound"]
    assert (found["looks"], found["sources"], found["readouts"]) == (1, 1, 1)


def test_the_plan_cites_its_source():
    """The shipped plan names who published the figures."""
    text = (SHIPPED / "plan.yaml").read_text(encoding="utf-8")
    assert "Kevin Hillstrom, MineThatData E-Mail Analytics and Data Mining Challenge, 2008" in text
    assert plan_files.parse(text).attested is not None


@pytest.mark.real_data
def test_shipped_counts_are_the_published_ones(real_data):
    """The typed counts are those of the published file."""
    names = {"No E-Mail": "no-email", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
    counted: dict[str, list[int]] = {name: [0, 0] for name in names.values()}
    with (real_data / "hillstrom.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            counted[names[row["segment"]]][0] += 1
            counted[names[row["segment"]]][1] += int(row["visit"])
    with (SHIPPED / "counts.csv").open(encoding="utf-8", newline="") as file:
        shipped = {row["arm"]: [int(row["n"]), int(row["visits"])] for row in csv.DictReader(file)}
    assert shipped == counted
