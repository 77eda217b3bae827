"""Plans and records from before there were registered looks keep the digests they had."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import tests_plan
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import Looks
from expcopilot.memory import plan_files
from expcopilot.records.digest import digest
from expcopilot.records.plan import Plan

# As printed by the version before analysis.looks existed.
BEFORE = {
    "cookie_cats.yaml": "6f3610c8d7a2fac81e0725142f07a63452f5a930e75d66765e84cba48af626a6",
    "hillstrom.yaml": "d84164088054ffc9919cdb8c17fb28c8e47f9235118e1be22c95ad2c3338077e",
    "udacity_landing.yaml": "978d8fd137e1b96e1919b6db0eccb3af086dd9cff3b2d82b5a95b80d668bf6ca",
    "udacity_landing_policy.yaml": "05df07575c8f46628529483abc89138431d87421f12ed73c5a628ebb19a7f755",
}
EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(("file", "was"), BEFORE.items())
def test_a_plan_without_looks_keeps_its_digest(file: str, was: str) -> None:
    """The example plans have the very digests they were registered under."""
    assert plan_files.load(EXAMPLES / file).digest == was


def test_typed_plans_keep_theirs() -> None:
    """A plan from code and one from text, likewise."""
    written = plan_files.parse(tests_plan.FINISHED)
    assert written.digest == "0ef5a9c5668902ce3a78e3ebeedfd596250b879af7c36a20201563ee85ab5165"
    made = tests_plan.plan(start=dt.date(2025, 1, 1))
    assert made.digest == "cfa8be6678238a38fa428862a8ec161757dc79b6e19098d9ad6ba402377e3c2a"


def test_circumstances_and_readings_without_looks_say_nothing_of_them() -> None:
    """Readouts made before rebuild to their digests: what came later is left out where it says nothing."""
    before = "a0c731d24606f1b73901a175b2352856bf75da158e16d8b7187d7ea3d436f92b"
    assert digest(Circumstances(committed_units=1000).to_json()) == before
    assert set(Reading(comparisons=()).to_json()) == {"comparisons", "cuts", "guardrails", "trajectory"}


def test_looks_change_the_digest_and_come_back() -> None:
    """Registered looks are part of the plan, in its file and in its JSON."""
    plain = tests_plan.plan()
    looked = tests_plan.plan(looks=Looks(shares=(0.25, 0.5), spending="pocock"))
    assert looked.digest != plain.digest
    assert Plan.model_validate(looked.to_json()) == looked
    assert plan_files.parse(plan_files.render(looked)).digest == looked.digest
    assert "looks" not in plan_files.render(plain)
