"""Plan files of a workspace by the api: kept to the letter, never overwritten unseen, sized as they would be made."""

from __future__ import annotations

import datetime as dt

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.spec import Effect
from expcopilot.api import Copilot
from expcopilot.memory import plan_files
from tests_plan import plan

FIVE = {
    "change": "The headline names the price",
    "audience": "New visitors from search",
    "because": "Price was the first question",
    "metric": "sign-up rate",
    "matters": Effect(size=0.1, scale="relative"),
}


@pytest.fixture
def copilot(tmp_path):
    made = Copilot.init(tmp_path / "lab", person="Ada")
    yield made
    made.workspace.close()


def codes(refused) -> set[str]:
    return {r.code for r in refused.value.refusals}


def test_a_file_begins_once_and_says_so(copilot):
    """Beginning a plan writes its file and a line of the record; a second time it is refused, and nothing is lost."""
    text = "# by hand\n" + plan_files.render(plan())
    file = copilot.begin_plan(text)
    assert (file.text, file.plan) == (text, plan())
    with pytest.raises(Refused) as refused:
        copilot.begin_plan(plan(units=9000))
    assert codes(refused) == {"plan.exists"}
    said = [t.record.text for t in copilot.experiment("checkout").turns]
    assert said == ["/new", "A plan for checkout: plans/checkout.yaml"]
    assert copilot.plan_file("checkout") == file


def test_only_what_was_seen_is_replaced(copilot):
    """A file changed by somebody else meanwhile is not overwritten, nor is a file that was not there before."""
    file = copilot.begin_plan(plan())
    assert copilot.keep_plan("checkout", plan(units=9000), seen=file.digest).plan == plan(units=9000)
    for seen in (file.digest, "", "x"):
        with pytest.raises(Refused) as refused:
            copilot.keep_plan("checkout", plan(units=8000), seen=seen)
        assert codes(refused) == {"plan.file_changed"}
    assert plan_files.load(copilot.workspace.plans / "checkout.yaml") == plan(units=9000)
    with pytest.raises(Refused):
        copilot.keep_plan("another", plan("another"), seen="x")


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "", "\x00", "A", "x" * 81])
def test_only_a_plans_name_leads_to_a_file(copilot, name):
    """What cannot be the name of a plan finds no file and makes none."""
    assert copilot.plan_file(name) is None
    with pytest.raises(Refused) as refused:
        copilot.plan_name(name)
    assert codes(refused) == {"plan.name"}
    with pytest.raises(Refused):
        copilot.keep_plan(name, plan(), seen="")


def test_a_file_that_holds_no_plan_is_shown_with_its_faults(copilot):
    """Broken, of another experiment, or too large: the text is there, the plan is not, and why is said."""
    path = copilot.workspace.plans / "checkout.yaml"
    broken = {
        "experiment: [": "plan.not_yaml",
        plan_files.render(plan("other")): "plan.other_experiment",
        "#" * 300_000: "plan.too_large",
    }
    for text, code in broken.items():
        path.write_text(text, encoding="utf-8")
        file = copilot.plan_file("checkout")
        assert file is not None
        assert file.plan is None
        assert file.text == text
        assert {r.code for r in file.faults} == {code}
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused) as refused:
        copilot.plan_file("checkout")
    assert codes(refused) == {"plan.unreadable"}


def test_what_was_decided_elsewhere_is_written_into_the_file(copilot):
    """Where, when and by whom, all three; nothing said takes it out again."""
    file = copilot.begin_plan(plan())
    said = {"where": "The wiki page", "when": "2026-01-05", "by": "Grace"}
    file = copilot.attest_plan("checkout", said, seen=file.digest)
    assert file.plan is not None
    assert file.plan.attested is not None
    assert file.plan.attested.when == dt.date(2026, 1, 5)
    with pytest.raises(Refused):
        copilot.attest_plan("checkout", {**said, "by": ""}, seen=file.digest)
    file = copilot.attest_plan("checkout", dict.fromkeys(said, ""), seen=file.digest)
    assert file.plan == plan()
    with pytest.raises(Refused):
        copilot.attest_plan("nobody", said, seen="")


def test_a_size_is_that_of_the_plan_it_becomes(copilot):
    """Sized with words still missing, the numbers are those of the finished plan; the curve is at its units."""
    known = {"matters": FIVE["matters"], "baseline": 0.04, "traffic_per_week": 20_000, "looks": (0.5,)}
    sizing, made = copilot.size(**known), copilot.new(**{**FIVE, **known})
    assert sizing.drafted.size == made.size
    assert sizing.drafted.plan.design == made.plan.design
    assert sizing.curve is not None
    assert sizing.curve.units == made.plan.design.committed_units
    assert sizing.curve.power == pytest.approx(0.8, abs=0.002)
    assert sizing.stretched > 1
    assert copilot.size(matters=FIVE["matters"]).curve is None
    with pytest.raises(Refused):
        copilot.size(baseline=0.04)
    assert copilot.experiments() == ()


def test_the_curve_of_a_short_list_reaches_what_it_shows(copilot):
    """Where a list shows only effects far beyond what matters, the curve goes as far as those."""
    sizing = copilot.size(matters=Effect(size=0.02, scale="relative"), baseline=0.04, list_size=9000)
    assert sizing.curve is not None
    assert sizing.drafted.detectable is not None
    assert sizing.drafted.detectable.relative is not None
    assert sizing.curve.points[-1].effect.size > sizing.drafted.detectable.relative
    assert sizing.curve.points[-1].power > 0.8
